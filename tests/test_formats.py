"""Markdown, web pages, Word, PDF: the prose stays, in order; markup, tables, code and strangers' words go."""

import io
import zipfile

import docx
import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject
from reading import reason_of, text_of

from vibejam.readers import read_bytes

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
        ("<header><p>Site</p></header><div><p>Words</div>", "Words"),
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
