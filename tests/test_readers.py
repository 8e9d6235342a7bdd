"""Files, folders and pasted text become Documents of the person's own words, or a Skipped with a reason."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import reason_of, text_of

from vibejam.errors import UserError
from vibejam.readers import LARGEST_FILE, Document, Skipped, read_bytes, read_pasted, read_path

# --- whatever comes, nothing is raised


NAMES = "a.txt a.md a.html a.docx a.pdf a.eml a.mbox a.rtf a.csv a.json a.jsonl a a.png a.zip _chat.txt".split()
STARTS = [
    b"",
    b"%PDF-1.4\n",
    b"PK\x03\x04word/document.xml",
    b"{\\rtf1 ",
    b"\xff\xfe",
    b"From a@b Sat\nFrom: a@b\n\n",
    b"<html><p>",
    b'[{"role":',
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(STARTS), st.binary(max_size=400))
def test_any_bytes_under_any_name_give_documents_or_reasons(name, start, rest):
    results = read_bytes(name, start + rest)
    assert results
    for result in results:
        assert isinstance(result, Document) and result.text or isinstance(result, Skipped) and result.reason
        if isinstance(result, Document):
            result.text.encode("utf-8")


@pytest.mark.parametrize("name", ["", "/", "../..", "a\x1b[31m\n.txt", "x" * 5000, "\udcff.txt"])
def test_any_name_is_safe_to_print(name):
    (document,) = read_bytes(name, b"Some words.")
    assert document.source and document.source.isprintable() and "/" not in document.source
    document.source.encode("utf-8")


def test_a_file_that_is_too_large_is_named():
    assert "too large" in reason_of("a.txt", bytes(LARGEST_FILE + 1))


@pytest.mark.parametrize(
    "name", ["tune.mp3", "prog.py", "photo.JPG", "old.doc", "slides.pptx", "book.epub", "model.safetensors"]
)
def test_what_is_not_writing_is_named(name):
    assert reason_of(name, "words of some kind")


def test_a_name_without_a_known_ending_is_read_by_its_content():
    assert text_of("README", "Some words.") == text_of("letter.2021", "Some words.") == "Some words."
    assert "binary" in reason_of("letter.dat", bytes(range(256)) * 4)


@pytest.mark.parametrize("start", ["%PDF-1.4", "ID3", "GIF89a", "RIFF", "{\\rtf", "MZ", "PK", "From "])
def test_a_note_may_begin_like_another_kind_of_file(start):
    assert text_of("note.txt", f"{start} is how such a file begins.") == f"{start} is how such a file begins."


def test_other_alphabets_without_utf8():
    russian = "Я держу ключ от сарая на гвозде уже одиннадцать лет, и одиннадцать лет ищу его сначала в пальто. " * 3
    assert text_of("letter.txt", russian.encode("cp1251")) == russian.strip()
    assert text_of("letter.txt", "plain words without a mark".encode("utf-16-le")) == "plain words without a mark"


# --- pasted text and folders


def test_pasted_text():
    (document,) = read_pasted("  Two words.\r\n\r\n\r\nMore.\u200b ")
    assert (document.source, document.text) == ("pasted text", "  Two words.\n\nMore.")
    assert read_pasted(" \n") == [Skipped("pasted text", "empty")]


def test_a_folder_is_read_in_order_with_paths_inside_it(tmp_path):
    for name in (
        "b.txt",
        "sub/a.txt",
        "sub/deeper/c.md",
        "a.txt",
        "node_modules/x/README.md",
        ".git/HEAD",
        "sub/.DS_Store",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Words in {path.name}.")
    results = read_path(tmp_path)
    assert [r.source for r in results if isinstance(r, Document)] == ["a.txt", "b.txt", "sub/a.txt", "sub/deeper/c.md"]
    assert [r.source for r in results if isinstance(r, Skipped)] == [".git", "node_modules", "sub/.DS_Store"]


@pytest.mark.skipif(os.name != "posix", reason="NOT RUN: needs POSIX links")
def test_links_in_a_folder_are_not_followed_but_a_named_one_is(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("Words outside.")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.txt").symlink_to(outside)
    assert read_path(folder) == [Skipped("link.txt", "a link that leads outside this folder, not followed")]
    assert read_path(folder / "link.txt")[0].text == "Words outside."
    (tmp_path / "to-folder").symlink_to(folder)
    assert [result.source for result in read_path(tmp_path / "to-folder")] == ["link.txt"]


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="nowhere.txt does not exist; check the path"):
        read_path(tmp_path / "nowhere.txt")
    assert read_path(tmp_path) == []
