"""Files, folders and pasted text become Documents of the person's own words, or a Skipped with a reason."""

import io
import json
import os
import zipfile

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from vibejam.errors import UserError
from vibejam.readers import LARGEST_FILE, Document, Skipped, read_bytes, read_pasted, read_path


def text_of(name: str, content: str | bytes) -> str:
    results = read_bytes(name, content.encode() if isinstance(content, str) else content)
    assert len(results) == 1 and isinstance(results[0], Document), results
    return results[0].text


def reason_of(name: str, content: str | bytes) -> str:
    results = read_bytes(name, content.encode() if isinstance(content, str) else content)
    assert len(results) == 1 and isinstance(results[0], Skipped), results
    return results[0].reason


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


def test_other_alphabets_without_utf8():
    russian = "Я держу ключ от сарая на гвозде уже одиннадцать лет, и одиннадцать лет ищу его сначала в пальто. " * 3
    assert text_of("letter.txt", russian.encode("cp1251")) == russian.strip()
    assert text_of("letter.txt", "plain words without a mark".encode("utf-16-le")) == "plain words without a mark"


# --- Markdown and HTML


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('+++\ntitle = "x"\n+++\nWords.', "Words."),
        ("One line\nwrapped here\n\nNext.", "One line wrapped here\n\nNext."),
        (
            "See [the nail][1] and [the key].\n[1]: http://a.example\n[the key]: http://b.example",
            "See the nail and the key.",
        ),
        ("Words.[^a b]\n\n[^a b]: More words.", "Words.\n\nMore words."),
        ("A dash &mdash; and *emphasis* and ~~not this~~ that.", "A dash — and emphasis and  that."),
        ("Run `git push` now.\n\n    indented code\n\n~~~\nfenced\n~~~\n", "Run git push now."),
        ("{{< youtube abc >}}\n\nWords {% include x %}here.", "Words here."),
        ("{% highlight c %}\nint x;\n{% endhighlight %}\n\nWords.", "Words."),
        ("<blockquote>\n\nnot mine\n\n</blockquote>\n\nMine.", "Mine."),
        ("<table>\n\n<tr><td>1</td></tr>\n\n</table>\n\nMine.", "Mine."),
        ('<video\n  src="x.webm"\n  loop\n></video>\n\nMine.', "Mine."),
        ("<div><small>A caption\nof mine</small></div>\n\nMine.", "A caption of mine\n\nMine."),
        ("3. three\n4. four\n\n- a\n  - b", "3. three\n4. four\n- a\n- b"),
        ("It costs $5 and then $10.\n\n$$\nx^2\n$$", "It costs $5 and then $10."),
        ("One<br>two\\\nthree", "One\ntwo\nthree"),
        ("# Title #\n\nSub\n---\n\nWords\n\n***\n", "Title\n\nSub\n\nWords"),
    ],
)
def test_markdown_keeps_prose(source, expected):
    assert text_of("a.md", source) == expected


@pytest.mark.parametrize(
    "source", ["[" * 50_000 + " words", "> " * 2_000 + "\n\nwords", "<a " * 20_000, "{{ " * 50_000 + "words"]
)
def test_hostile_markdown_comes_to_an_end(source):
    assert read_bytes("a.md", source.encode())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>One\n two&nbsp;three<p>Four<br>five", "One two three\n\nFour\nfive"),
        (
            "<header>Site</header><main><header><h1>Title</h1></header><p>Words</main><footer>x</footer>",
            "Title\n\nWords",
        ),
        ("<ul><li><p>a</p><li>b</ul><ol><li>c</ol>", "- a\n- b\n\n- c"),
        ("<table><tr><td><p>Laid out with a table.</p><td>menu</table>", "Laid out with a table.\n\nmenu"),
        ("<p>The 2<sup>nd</sup> note<sup>1</sup><sup><a href=#n>a</a></sup>.", "The 2nd note."),
        ("<p>Words<table><tr><td>1</table><div class='comments'>strangers</div>", "Words"),
        ("<p hidden>x</p><div role=navigation>y</div><p>He said <q>no</q>.<!-- z -->", "He said “no”."),
        ("<meta charset=iso-8859-7><p>\xf0".encode("latin-1").decode("latin-1"), "π"),
    ],
)
def test_html_keeps_the_article(source, expected):
    assert text_of("a.html", source.encode("latin-1")) == expected


def test_deep_and_broken_html_comes_to_an_end():
    assert text_of("a.html", "<div>" * 20_000 + "words") == "words"
    assert read_bytes("a.html", b'<a b="' * 50_000)


# --- office files


def docx_bytes(fill) -> bytes:
    document = docx.Document()
    fill(document)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_word_quotations_and_deleted_text_are_left_out_and_inserted_text_stays():
    def fill(document):
        document.add_paragraph("Mine.")
        document.add_paragraph("Theirs.", style="Intense Quote")
        paragraph = document.add_paragraph("Before ")
        for tag, text in (("w:ins", "inserted"), ("w:moveFrom", "moved away")):
            change = paragraph._p.makeelement(docx.oxml.ns.qn(tag), {})
            change.append(document.add_paragraph().add_run(text)._r)
            paragraph._p.append(change)
        document.add_paragraph("one\ntwo")

    assert text_of("a.docx", docx_bytes(fill)) == "Mine.\n\nBefore inserted\n\none\ntwo"


def test_a_zip_bomb_is_not_unpacked():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<w:document>" + bytes(60_000_000))
    assert len(file.getvalue()) < 200_000
    assert "unpacks to far more" in reason_of("a.docx", file.getvalue())
    assert "not unpacked" in reason_of("a.zip", file.getvalue())


def pdf_bytes(pages: list[list[tuple[float, float, str]]]) -> bytes:
    """A PDF of lines at (x, y) in points."""
    writer = PdfWriter()
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica", "/Encoding": "/WinAnsiEncoding"}
    named = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
    for lines in pages:
        page = writer.add_blank_page(400, 600)
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(named)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data("\n".join(f"BT /F1 10 Tf {x} {y} Td ({text}) Tj ET" for x, y, text in lines).encode("cp1252"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_pdf_paragraphs_by_indent_running_heads_and_hyphens():
    days = (("On Monday", "that day"), ("A week later", "at noon"), ("In the spring", "with me"))
    pages = [
        [
            (180, 580, f"Letters, volume {number}"),
            (40, 540, f"{opening} I went to the shed and I looked there for a well-"),
            (40, 528, "known key, which hung on its nail, where a well-known key ought"),
            (40, 516, "to hang, and it was a most ridicu-"),
            (40, 504, "lous sight to see on a morning so wet, I said."),
            (52, 492, "My neighbour did not think so, he said, and he looked again and"),
            (40, 480, f"again {end}."),
            (190, 20, f"Page {number} of 3"),
        ]
        for number, (opening, end) in enumerate(days, 1)
    ]
    day = (
        "{} I went to the shed and I looked there for a well-known key, which hung on its nail, where a well-known key "
        "ought to hang, and it was a most ridiculous sight to see on a morning so wet, I said."
    )
    rest = "My neighbour did not think so, he said, and he looked again and again {}."
    assert text_of("a.pdf", pdf_bytes(pages)).split("\n\n") == [
        paragraph for opening, end in days for paragraph in (day.format(opening), rest.format(end))
    ]


# --- mail


def letter(body: str, head: str = "From: Sam <sam@example.org>\nSubject: x\n") -> str:
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{body}"


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ("Yes.\n\nOn Mon, 3 Mar 2021 at 10:00, Aled\n<a@b.example> wrote:\n> Red?", "Yes."),
        ("Hi,\n\nOn Monday Aled wrote:\n> Red?\n\nYes.\n\n> Blue?\n\nNo.", "Hi,\n\nYes.\n\nNo."),
        ("Yes.\n\n-----Original Message-----\nFrom: Aled\nSent: Monday\nTo: Sam\n\nRed?", "Yes."),
        ("Yes.\n\nFrom: Aled <a@b.example>\nSent: Monday\nTo: Sam\nSubject: nail\n\nRed?", "Yes."),
        ("Gerne.\n\nAm 3. März 2021 um 10:00 schrieb Aled <a@b.example>:\n> rot?", "Gerne."),
        ("Yes.\n\nBest regards,\nSam\nManager of Sheds\n01632 960123", "Yes.\n\nBest regards,\nSam"),
        (
            "Thanks, Aled, that was kind of you.\n\nI was in the shed.\n\nSam",
            "Thanks, Aled, that was kind of you.\n\nI was in the shed.\n\nSam",
        ),
        ("To buy:\n- paint\n- a coat\n\nSent from my iPhone", "To buy:\n- paint\n- a coat"),
        ("On the whole I agree: from here to there is far.", "On the whole I agree: from here to there is far."),
    ],
)
def test_only_the_senders_words_are_kept(body, own):
    assert text_of("a.eml", letter(body)) == own


def test_mail_in_html_only_and_mail_without_own_words():
    page = "<p>Yes.</p><div class=gmail_quote>On Monday Aled wrote:<blockquote>Red?</blockquote></div>"
    assert text_of("a.eml", letter(page).replace("text/plain", "text/html")) == "Yes."
    assert "own" in reason_of("a.eml", letter("> Red?\n"))
    assert "headers" in reason_of("a.eml", "just words")


def test_flowed_mail_is_joined():
    body = letter("I painted it red and \nthen I went in.\n-- \nSam").replace("utf-8", "utf-8; format=flowed")
    assert text_of("a.eml", body) == "I painted it red and then I went in."


def test_a_mailbox_belongs_to_its_commonest_sender():
    mails = [
        ("sam@a.example", "Mine."),
        ("aled@b.example", "His."),
        ("Sam <SAM@a.example>", "Mine\n\n>From habit."),
        ("sam@a.example", "> x"),
    ]
    box = "".join(
        f"From x Sat Mar  6 10:11:12 2021\n{letter(body, f'From: {who}{chr(10)}')}\n\n" for who, body in mails
    )
    results = read_bytes("in.mbox", box.encode())
    assert [(r.source, r.text) for r in results if isinstance(r, Document)] == [
        ("in.mbox, message 1", "Mine."),
        ("in.mbox, message 3", "Mine\n\nFrom habit."),
    ]
    assert "1 message by other people" in results[-1].reason and "1 without words" in results[-1].reason


# --- exports


def chatgpt(*turns: tuple[str, str], current: bool = True) -> dict:
    mapping = {"root": {"id": "root", "message": None, "parent": None, "children": ["0"]}}
    for number, (role, text) in enumerate(turns):
        message = {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}
        mapping[str(number)] = {
            "message": message,
            "parent": str(number - 1) if number else "root",
            "children": [str(number + 1)],
        }
    return {"title": "A title", "mapping": mapping} | ({"current_node": str(len(turns) - 1)} if current else {})


@pytest.mark.parametrize("current", [True, False])
def test_chatgpt_export_gives_the_users_turns_of_each_conversation(current):
    first = chatgpt(
        ("system", "Be kind."),
        ("user", "hello there"),
        ("assistant", "Certainly!"),
        ("user", "no thanks"),
        current=current,
    )
    second = chatgpt(("user", "another one"), ("assistant", "Of course!"))
    results = read_bytes("conversations.json", json.dumps([first, second]).encode())
    assert [(r.source, r.text) for r in results] == [
        ("conversations.json, chat 1", "hello there\n\nno thanks"),
        ("conversations.json, chat 2", "another one"),
    ]


@pytest.mark.parametrize(
    "export",
    [
        {"messages": [{"role": "user", "content": "mine"}, {"role": "assistant", "content": "its"}]},
        [{"messages": [{"role": "user", "content": [{"type": "text", "text": "mine"}]}]}],
        [{"chat_messages": [{"sender": "human", "text": "mine"}, {"sender": "assistant", "text": "its"}]}],
        [{"conversations": [{"from": "human", "value": "mine"}, {"from": "gpt", "value": "its"}]}],
        {
            "name": "Aled",
            "messages": [{"from": "Sam", "text": "mine"}, {"from": "Sam", "text": ""}, {"action": "joined"}],
        },
    ],
)
def test_other_chat_exports(export):
    assert text_of("chat.json", json.dumps(export)) == "mine"


def test_json_lines_and_json_that_is_no_chat():
    lines = "\n".join(
        json.dumps({"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "its"}]})
        for text in "ab"
    )
    assert [r.text for r in read_bytes("a.jsonl", lines.encode())] == ["a", "b"]
    for other in ('{"a": 1}', "[1, 2]", '"words"', "[]", '[{"role": "assistant", "content": "its"}]'):
        assert "not a chat" in reason_of("a.json", other)
    for broken in ('[{"role": "user", "cont', "[" * 100_000):
        assert "JSON" in reason_of("a.json", broken)


def test_a_whatsapp_export_gives_whoever_wrote_most():
    export = (
        "12/03/2021, 10:11 - Messages are end-to-end encrypted\n12/03/2021, 10:11 - Sam: hi there\nand more\n"
        "12/03/2021, 10:12 - Aled: hello: you\n"
        "[12/03/2021, 10:13:01 PM] Sam: bye\n12/03/2021, 10:14 - Sam: <Media omitted>\n"
    )
    (document,) = read_bytes("WhatsApp Chat with Aled.txt", export.encode())
    assert document.text == "hi there\nand more\n\nbye" and any("Sam" in warning for warning in document.warnings)


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("a.csv", "id;body;n\n1;Rain again, it says.;2\n2;And snow; 3\n", "Rain again, it says.\n\nAnd snow"),
        ("a.tsv", "date\tnote\n2020\tI went out to see it\n", "I went out to see it"),
        (
            "a.csv",
            "2020-01-01,I went out to see it\n2020-01-02,It was not there at all\n",
            "I went out to see it\n\nIt was not there at all",
        ),
        ("a.csv", 'text\n"one ""two""\nthree four"\n', 'one "two"\nthree four'),
    ],
)
def test_a_table_gives_its_column_of_prose(name, source, expected):
    assert text_of(name, source) == expected


def test_a_table_of_numbers_gives_nothing():
    assert "prose" in reason_of("a.csv", "a,b\n1,2\n3,4\n")


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
