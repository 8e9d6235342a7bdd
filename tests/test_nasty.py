"""Every row of "Files to learn from" of the nasty inputs' README: what a good importer makes of each of them."""

import re
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from vibejam.corpus import build_corpus, check_trainable, load_corpus, split_corpus
from vibejam.errors import UserError
from vibejam.readers import Document, Skipped, read_path
from vibejam.reading.cautions import mask_secrets

CHECKS: dict[str, Callable[[Path], None]] = {}


def row(*names: str) -> Callable:
    def register(check: Callable[[Path], None]) -> Callable[[Path], None]:
        for name in names:
            assert name not in CHECKS
            CHECKS[name] = check
        return check

    return register


@pytest.fixture
def nasty(shared_corpora) -> Path:
    return shared_corpora / "nasty"


def only(path: Path) -> Document:
    results = read_path(path)
    assert len(results) == 1, results
    assert isinstance(results[0], Document), results
    return results[0]


def skipped(path: Path) -> str:
    results = read_path(path)
    assert len(results) == 1 and isinstance(results[0], Skipped), results
    assert results[0].source == path.name
    reason = results[0].reason
    assert reason and "\n" not in reason and not reason.endswith("."), reason
    return reason


def paragraphs(path: Path) -> tuple[str, str, str]:
    """The three paragraphs, as typed, that most of the files are made of."""
    return tuple((path.parent / "identical-a.txt").read_text("utf-8").strip().split("\n\n"))


def smart(path: Path) -> str:
    return (path.parent / "utf8-bom.txt").read_bytes()[3:].decode("utf-8").strip()


# --- size and emptiness


@row("empty.txt", "whitespace-only.txt")
def nothing_in_it(path):
    assert skipped(path) == "empty"
    with pytest.raises(UserError, match="^No text found in ") as error:
        load_corpus(path)
    assert path.name in str(error.value)


@row("three-chars.txt", "one-line.txt")
def too_little_to_train(path):
    text = path.read_text("utf-8")
    corpus = load_corpus(path)
    assert [document.text for document in corpus.documents] == [text]
    assert split_corpus(corpus) == ([text], [])
    with pytest.raises(UserError) as error:
        check_trainable(corpus)
    assert str(len(text)) in str(error.value) and "200" in str(error.value) and "add" in str(error.value)


@row("front-matter-only.md")
def only_front_matter(path):
    assert "front matter" in skipped(path)


@row("code-block-only.md")
def only_code(path):
    assert "code" in skipped(path)


@row("repeated-line.txt")
def one_line_many_times(path):
    document = only(path)
    assert document.text.count("Jack") == 1
    assert any("repeated" in warning for warning in document.warnings)
    with pytest.raises(UserError, match="repeated lines"):
        check_trainable(build_corpus([document]))


@row("one-character-repeated.txt")
def one_character_many_times(path):
    document = only(path)
    assert any("information" in warning for warning in document.warnings)
    with pytest.raises(UserError, match="nothing to learn"):
        check_trainable(build_corpus([document]))


# --- encodings


@row("utf16le-bom.txt", "utf16be-bom.txt", "utf8-bom.txt", "cp1252-smart-quotes.txt")
def same_text_in_every_encoding(path):
    document = only(path)
    assert document.text == smart(path)
    assert "\ufeff" not in document.text and set("“”’—…€œŒ") & set(document.text) >= set("“”’—…€Œ")
    assert {"utf1": "UTF-16", "utf8": "UTF-8", "cp12": "Windows-1252"}[path.name[:4]] in document.encoding


@row("latin1.txt")
def latin1(path):
    document = only(path)
    assert document.text.startswith("Déjà vu à la crème brûlée, £5 on the Bösinger Straße. Olé!\n\n")
    assert "Windows-1252" in document.encoding and "assumed" in document.encoding


@row("mojibake.txt")
def mojibake(path):
    document = only(path)
    assert document.text.startswith(smart(path).split("\n")[0])
    assert "â€" not in document.text and "Ã" not in document.text
    assert any("repaired" in warning for warning in document.warnings)


@row("invalid-utf8.txt")
def a_few_bad_bytes(path):
    document = only(path)
    first, second, _ = paragraphs(path)
    assert document.text.startswith(first) and document.text.endswith(second)
    assert document.text.isascii() and "broken here:" in document.text and "and on." in document.text
    assert any("unreadable" in warning for warning in document.warnings)


@row("nul-bytes.txt")
def nul_bytes(path):
    first, second, _ = paragraphs(path)
    assert only(path).text == first + second


@row("picture-renamed.txt")
def picture(path):
    assert "picture" in skipped(path)


@row("crlf.txt", "cr-only.txt")
def old_line_ends(path):
    assert only(path).text == only(path.parent / "identical-a.txt").text == "\n\n".join(paragraphs(path))


@row("mixed-newlines.txt")
def every_line_end(path):
    first, second, third = paragraphs(path)
    assert only(path).text == "\n\n".join([first, second, third, first, second])


@row("control-and-ansi.txt")
def escape_codes(path):
    text = only(path).text
    assert text.startswith("red bell backspace del tab end\n")
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c != "\n"]


@row("invisible-characters.txt")
def invisible(path):
    assert only(path).text.split("\n")[0] == (
        "softhyphen zerowidth wordjoiner nb space BOM-in-the-middle RTL override done"
    )


# --- scripts


@row("emoji-zwj-rtl-cjk.txt")
def every_script(path):
    assert only(path).text == unicodedata.normalize("NFC", path.read_text("utf-8")).strip()
    assert "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" in only(path).text


@row("nfc-and-nfd.txt")
def composed_and_decomposed(path):
    composed, decomposed = only(path).text.split("\n")
    assert composed == decomposed == unicodedata.normalize("NFC", composed)


@row("zalgo.txt")
def stacked_marks(path):
    document = only(path)
    assert not re.search("[\u0300-\u036f]{3}", document.text)
    assert "".join(c for c in document.text if not unicodedata.combining(c)).split() == ["Zalgo"] * 40
    assert document.warnings


# --- markup and containers


@row("page.html")
def web_page(path):
    text = only(path).text
    for paragraph in paragraphs(path):
        assert paragraph in text
    assert "“Fine.” & that was that." in text
    for strange in (
        "DO NOT LEARN",
        "Home",
        "About",
        "Copyright",
        "hidden comment",
        "Somebody else",
        "x = 1",
        "<",
        "color",
    ):
        assert strange not in text


@row("markdown-everything.md")
def markdown(path):
    text = only(path).text
    first, _, third = paragraphs(path)
    assert first in text.split("\n\n") and third in text.split("\n\n")
    assert "link and https://example.org and" in text and "bold" in text
    for strange in ("title:", "---", "|", "pic.png", "alt text", "someone else", "{%", "liquid", "$$", "e^", "[^",
                    "](", "`", "*", "<details", "~~"):  # fmt: skip
        assert strange not in text


@row("chat-export.json")
def chat(path):
    document = only(path)
    assert document.text == "can u make this email nicer pls\n\nno thats worse lol. just say im late"


@row("notes.rtf")
def rtf(path):
    assert only(path).text == f"I wrote this in WordPad, don’t laugh. Café.\n\n{paragraphs(path)[1]}"


@row("table.csv")
def table(path):
    assert only(path).text == 'Rain again, and the roof knows it.\n\nHe said "no", twice.'


SAMS_LETTER = (
    "I painted it red. You can stop sending me photographs of your pegboard, we all know about your pegboard. "
    "It’s a nail, Aled.\n\nCome for tea anyway.\n\nSam"
)


@row("message.eml")
def letter(path):
    assert only(path).text == SAMS_LETTER


@row("mail.mbox")
def mailbox(path):
    results = read_path(path)
    assert [result.text for result in results if isinstance(result, Document)] == [
        SAMS_LETTER,
        "Nobody came, so I seconded myself. Carried. The biscuits were café noir.",
        "From the road you can see it. Picture attached.",
    ]
    (left_out,) = [result for result in results if isinstance(result, Skipped)]
    assert "1 message by other people" in left_out.reason and "sam@example.org" in left_out.reason
    assert not (path.parent.parent.parent / "nail.png").exists() and not Path("nail.png").exists()


@row("essay.docx")
def word_document(path):
    text = only(path).text
    first, second, third = paragraphs(path)
    assert (
        text.index("The nail") < text.index(first) < text.index(second) < text.index("Saturday\n") < text.index(third)
    )
    assert "painted the nail red." in text and "buy a smaller coat" in text
    for strange in ("page header", "Confidential", "pocket\n", "key?", "Sam Pritchard"):
        assert strange not in text


@row("truncated.docx", "truncated.pdf")
def cut_off(path):
    assert "damaged" in skipped(path)


@row("really-text.docx")
def wrong_ending(path):
    assert only(path).text == paragraphs(path)[0]


@row("letter.pdf")
def pdf(path):
    text = only(path).text
    first, second, third = paragraphs(path)
    assert text == "\n\n".join([first, second, third, first.replace("key", "spanner"), "It is ridiculous, of course."])


@row("scan-no-text.pdf")
def scan(path):
    assert "no text in it (a scan?)" in skipped(path)


@row("zip-slip.zip")
def archive(path):
    assert "not unpacked" in skipped(path)
    names = zipfile.ZipFile(path).namelist()
    assert any(name.startswith("/") for name in names) and any(name.startswith("..") for name in names)
    for name in names:
        for folder in (path.parent, Path.cwd()):
            assert not (folder / name).exists() and not (folder / name.replace("\\", "/")).exists()


@row(".hidden.txt")
def hidden(path):
    assert any(result.source == ".hidden.txt" and isinstance(result, Skipped) for result in read_path(path.parent))


@row("identical-a.txt", "identical-b.txt")
def identical(path):
    corpus = build_corpus([only(path.parent / "identical-a.txt"), only(path.parent / "identical-b.txt")])
    assert len(corpus.documents) == 1
    assert [(copy.source, copy.of, copy.kind) for copy in corpus.duplicates] == [
        ("identical-b.txt", "identical-a.txt", "exact")
    ]


@row("nearly-identical-c.txt")
def nearly_identical(path):
    corpus = build_corpus([only(path.parent / "identical-a.txt"), only(path)])
    assert len(corpus.documents) == 1 and [copy.kind for copy in corpus.duplicates] == ["near"]


@row("special-tokens.txt")
def special_tokens(path):
    assert only(path).text == path.read_text("utf-8").strip()


@row("secrets-and-contacts.txt")
def secrets(path):
    document = only(path)
    (warning,) = document.warnings
    for kind in ("a card number", "a key", "a password", "a phone number", "an e-mail address", "a postal address"):
        assert kind in warning
    masked = mask_secrets(document.text)
    for secret in ("4111", "hunter2", "KEY-FAKE", "correct-horse", "01632", "aled@", "AB12", "Made-up Lane"):
        assert secret in document.text and secret not in masked
    assert paragraphs(path)[0] in masked and len(masked) == len(document.text)


@row("mostly-quotations.md")
def quotations(path):
    document = only(path)
    assert document.text == "I liked that.\n\nThat too."
    assert any("quotations" in warning for warning in document.warnings)


@row("machine-written.md")
def machine_written(path):
    assert any("machine" in warning for warning in only(path).warnings)


# --- the table itself


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_nasty_file(nasty, name):
    CHECKS[name](nasty / name)


def test_every_row_of_the_table_and_every_file_is_covered(nasty):
    table = (nasty / "README.md").read_text("utf-8").split("## Files to learn from")[1].split("\n## ")[0]
    firsts = [line.split("|")[1] for line in table.split("\n") if line.startswith("|")]
    named = {
        name for cell in firsts for name in re.findall(r"`([^`]+)`", cell) if not name.startswith(("make_", "odd name"))
    }
    own_tests = {"-rf.txt", "../../evil.txt"}  # test_nasty_folder.py
    assert named - own_tests == set(CHECKS)
    files = {path.name for path in nasty.iterdir() if path.is_file()}
    assert files - {"README.md", "make_nasty.py", "make_big_line.py", "make_odd_tree.sh"} == set(CHECKS)
