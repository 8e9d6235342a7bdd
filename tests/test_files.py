"""Writing a file: whole or not at all."""

import json
import os
import subprocess
import sys

import pytest

from vibejam.errors import UserError
from vibejam.files import write_atomically, write_json, write_text

pytestmark = pytest.mark.faults


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("failure", [ValueError("a bug"), OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, failure):
    target = tmp_path / "notes.txt"
    write_text(target, "old")

    def half_then_fail(temporary):
        temporary.write_text("ne")
        raise failure

    with pytest.raises(UserError if isinstance(failure, OSError) else type(failure)):
        write_atomically(target, half_then_fail)
    assert target.read_text() == "old" and names(tmp_path) == ["notes.txt"]


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "notes.txt"
    write_text(target, "old")

    def watch(temporary):
        temporary.write_text("new")
        assert target.read_text() == "old"

    write_atomically(target, watch)
    assert target.read_text() == "new" and names(tmp_path) == ["notes.txt"]


def test_a_folder_that_cannot_be_written_is_a_sentence_that_names_it(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with pytest.raises(UserError, match="notes.txt") as refusal:
        write_text(in_the_way / "notes.txt", "text")
    assert str(in_the_way) in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_process_killed_in_the_middle_of_a_write_leaves_the_old_file_whole(tmp_path):
    target = tmp_path / "notes.txt"
    write_text(target, "old")
    code = (
        "import os, sys; from vibejam.files import write_atomically\n"
        "def write(t): t.write_text('ne'); print(t.read_text(), flush=True); sys.stdin.readline()\n"
        f"write_atomically({str(target)!r}, write)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "ne\n"
    writer.kill()
    writer.communicate()
    assert target.read_text() == "old"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="NOT RUN: the administrator may write everywhere")
def test_a_folder_without_permission_is_a_sentence(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(UserError, match="notes.txt"):
        write_text(folder / "notes.txt", "text")


def test_missing_folders_are_made(tmp_path):
    write_text(tmp_path / "a" / "b" / "notes.txt", "text")
    assert (tmp_path / "a" / "b" / "notes.txt").read_text() == "text"


def test_text_is_written_as_it_is_with_the_same_line_ends_everywhere(tmp_path):
    text = "é 😀\nline\r\nend"
    write_text(tmp_path / "notes.txt", text)
    assert (tmp_path / "notes.txt").read_bytes() == text.encode()


def test_json_comes_back_as_it_went_even_half_a_surrogate_pair(tmp_path):
    value = {"é": ["😀", 1.5, None], "broken": "a\udcffb", "line": "one\u2028two"}
    write_json(tmp_path / "x.json", value)
    raw = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(raw) == value and "é" in raw, "readable by eye"
