"""Write: what is dropped or pasted is read, kept, counted, shown as text and removed again."""

from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from app_hands import ME, ROOT, give_writing, shown, text_of
from writing import essay

from pages import review, tokens, write
from vibejam.workspace import Workspace


def test_files_are_read_into_the_workspace_and_the_uploaded_copies_are_deleted(tmp_path):
    paths = []
    for name, data in {"a.txt": essay(1).encode(), "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(200)}.items():
        (tmp_path / name.replace(".", "-")).mkdir()
        path = tmp_path / name.replace(".", "-") / name
        path.write_bytes(data)
        paths.append(str(path))
    updates = write.take_files(ME, paths)
    assert [entry.document.source for entry in Workspace(ME).writing()] == ["a.txt"]
    assert not any(Path(path).parent.exists() for path in paths)
    report = text_of(updates[5]["value"])
    assert "Read 1 piece" in report and "picture.png: a picture" in report.replace(" :", ":")
    assert updates[0]["value"] is None  # the drop zone is free again


def test_every_nasty_file_is_read_or_refused_with_a_reason(shared_corpora, tmp_path):
    paths = []
    for source in sorted((shared_corpora / "nasty").iterdir()):
        if source.is_file() and source.suffix not in (".py", ".sh"):
            path = tmp_path / source.name
            path.write_bytes(source.read_bytes())
            paths.append(str(path))
    report = text_of(write.take_files(ME, paths)[5]["value"])
    assert Workspace(ME).writing()
    assert "empty.txt" in report and "Traceback" not in report and "Error" not in report


def test_pasted_writing_is_kept_and_what_could_not_be_used_stays_in_the_box():
    updates = write.take_pasted(ME, essay(3))
    assert updates[1]["value"] == "" and len(Workspace(ME).writing()) == 1
    updates = write.take_pasted(ME, "   ")
    assert "value" not in updates[1] and shown(updates[5]) and len(Workspace(ME).writing()) == 1


def test_a_piece_given_twice_counts_once_and_the_page_says_so():
    write.take_pasted(ME, essay(3))
    report = text_of(write.take_pasted(ME, essay(3))[5]["value"])
    assert "here already" in report and len(Workspace(ME).writing()) == 1


def test_the_sample_writing_is_one_click_and_offered_only_while_there_is_none():
    assert shown(write.show(ME)[2]) and not shown(write.show(ME)[4])
    updates = write.take_sample(ME)
    assert len(Workspace(ME).writing()) == len(list((ROOT / "assets/sample").glob("*.txt"))) > 20
    assert not shown(updates[2]) and shown(updates[4])
    assert "words" in text_of(updates[6]) and 'role="meter"' in updates[6]


def test_removing_one_piece_removes_that_one_and_an_unknown_one_is_told():
    give_writing(pieces=2)
    first = Workspace(ME).writing()[0]
    write.remove_piece(ME, gr.EventData(None, {"id": first.id}))
    assert first.id not in {entry.id for entry in Workspace(ME).writing()} and len(Workspace(ME).writing()) == 2
    updates = write.remove_piece(ME, gr.EventData(None, {"id": "../../etc/passwd"}))
    assert "no longer here" in updates[5]["value"] and len(Workspace(ME).writing()) == 2
    write.remove_everything(ME)
    assert Workspace(ME).writing() == []


def test_what_people_wrote_is_text_on_the_page_and_never_code():
    evil = (
        '<img src=x onerror="alert(1)"> ${alert(2)} {{lookup this "constructor"}} </p><script>alert(3)</script> '
        + essay(2)
    )
    write.take_pasted(ME, evil)
    listing = write.show(ME)[7]
    assert "<img" not in listing and "<script" not in listing and "&lt;img" in listing
    assert "<b>x" not in write.report_html(0, 0, [SimpleNamespace(source="<b>x", reason="<i>")])
    for page in (
        tokens.text_html("<i>", "<b>"),
        "".join(review.columns("<b> a", "<i> a")),
    ):
        assert "<b>" not in page.replace("<b>", "", 0) or "&lt;b&gt;" in page


@pytest.mark.parametrize("characters", [0, 100, 20_000, 99_000, 300_000, 5_000_000])
def test_the_meter_never_runs_over_and_never_back(characters):
    assert 0 <= write.fullness(characters) <= 100
    assert write.fullness(characters) <= write.fullness(characters + 1000)
