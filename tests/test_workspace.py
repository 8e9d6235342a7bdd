"""One owner's folder: looked up by name, never joined from what a browser sends."""

import pytest

from vibejam import workspace
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.readers import Document
from vibejam.workspace import Workspace, new_visitor

pytestmark = pytest.mark.security

LETTER = Document("letter.txt", "The gate was open.", "utf-8", ("a warning",))


def test_everything_lies_under_the_home_the_person_named(home):
    space = Workspace()
    space.add(LETTER)
    space.new_run("My first!")
    assert {path.name for path in home.iterdir()} == {"data", "checkpoints"}


def test_writing_is_kept_whole_and_removed_by_its_id():
    space = Workspace()
    first, second = space.add(LETTER), space.add(Document("b.txt", "Soup.", "cp1252"))
    assert [entry.document for entry in space.writing()] == [LETTER, Document("b.txt", "Soup.", "cp1252")]
    space.remove(first)
    assert [entry.id for entry in Workspace().writing()] == [second]


def test_the_same_document_twice_is_kept_once():
    space = Workspace()
    assert space.add(LETTER) == space.add(LETTER)
    assert len(space.writing()) == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "", "nothing", "a\0b", "C:\\x"])
def test_names_that_are_not_in_the_listing_are_refused(name):
    space = Workspace()
    space.add(LETTER)
    space.new_run()
    with pytest.raises(UserError):
        space.remove(name)
    with pytest.raises(UserError):
        space.run(name)


@pytest.mark.parametrize("owner", ["..", "me/../x", "", "ME", "0" * 31, "g" * 32, "0" * 32 + "\n"])
def test_an_owner_is_the_person_or_a_token_made_here(owner):
    with pytest.raises(ValueError):
        Workspace(owner)


def test_visitors_do_not_reach_each_other():
    one, other = Workspace(new_visitor()), Workspace(new_visitor())
    one.add(LETTER)
    folder = one.new_run()
    write_json(folder / "run.json", {"status": "done"})
    assert other.writing() == [] and Workspace().writing() == []
    assert one.run(folder.name) == folder
    for stranger in (other, Workspace()):
        with pytest.raises(UserError):
            stranger.run(folder.name)


def test_runs_are_listed_newest_first_and_never_share_a_folder():
    space = Workspace()
    folders = [space.new_run("same name") for _ in range(3)]
    assert len(set(folders)) == 3
    for folder in folders:
        write_json(folder / "run.json", {})
    assert space.runs() == folders[::-1]


def test_a_damaged_file_does_not_hide_the_others():
    space = Workspace()
    space.add(LETTER)
    (space.writing_folder / "0000.json").write_text("{", encoding="utf-8")
    (space.writing_folder / "0001.json").write_text("[]", encoding="utf-8")
    assert len(space.writing()) == 1


def test_without_a_home_of_ones_own_the_checkout_is_home(monkeypatch):
    monkeypatch.delenv("VIBEJAM_HOME")
    assert (workspace.home() / "vibejam").is_dir()
