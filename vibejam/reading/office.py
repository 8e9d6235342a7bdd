"""Word and RTF documents → their paragraphs in order, without headers, footers, tables, comments or deleted text."""

import io
import re
import zipfile
from collections.abc import Iterator

import docx
from docx.oxml.ns import qn
from striprtf.striprtf import rtf_to_text

from vibejam.reading.decoding import NotText

_LARGEST_UNPACKED = 200_000_000  # bytes; a small file that unpacks to more is an attack, or no letter
_LARGEST_XML = 40_000_000
_NOT_OWN = frozenset(map(qn, ("w:tbl", "w:txbxContent", "w:moveFrom", "w:del", "w:drawing", "w:pict")))
_STRANGE_STYLE = re.compile(r"\b(?:quote|zitat|citation|cita|code|preformatted|macro|toc ?\d|caption)\b", re.IGNORECASE)


def docx_text(data: bytes) -> str:
    """A .docx file's bytes → paragraphs separated by blank lines.  Raises NotText for damage, bombs and emptiness."""
    _check_size(data)
    try:
        document = docx.Document(io.BytesIO(data))
        names = {style.style_id: style.name or "" for style in document.styles}
        blocks = list(_blocks(document.element.body, names))
    except Exception:  # zipfile, lxml and python-docx each raise their own for a damaged file
        raise NotText("a damaged Word document: cut off, or not a Word document at all") from None
    pieces: list[str] = []
    previous_is_item = False
    for text, is_item in blocks:
        pieces += ["\n" if is_item and previous_is_item else "\n\n", text]
        previous_is_item = is_item
    if not pieces:
        raise NotText("a Word document without text of its own")
    return "".join(pieces[1:])


def rtf_text(data: bytes) -> str:
    """An .rtf file's bytes → its text.  Raises NotText for damage and empty documents."""
    try:
        text = rtf_to_text(data.decode("cp1252", errors="replace"), encoding="cp1252", errors="ignore")
    except Exception:  # striprtf names no exception of its own
        raise NotText("a damaged RTF document; open it and save it as .docx or .txt") from None
    if not text.strip():
        raise NotText("an RTF document without text")
    return re.sub(r"\n+", "\n\n", text.strip("\n"))


def _check_size(data: bytes) -> None:
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise NotText("a damaged Word document: cut off, or not a Word document at all") from None
    names = {entry.filename for entry in entries}
    if "word/document.xml" not in names:
        raise NotText("an archive (zip), which is not unpacked; add the files in it one by one")
    # zipfile never reads more of an entry than it declares, so the declared sizes bound what is unpacked.
    unpacked = sum(entry.file_size for entry in entries)
    xml = max(entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels")))
    if unpacked > _LARGEST_UNPACKED or xml > _LARGEST_XML or len(entries) > 10_000:
        raise NotText("a Word document that unpacks to far more than a letter or a book")


def _blocks(body, names: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """(text, whether it is a list item) of each paragraph, in the order of the document."""
    waiting = [body]
    while waiting:
        element = waiting.pop()
        if element.tag in _NOT_OWN:
            continue
        if element.tag != qn("w:p"):
            waiting.extend(reversed(element))
            continue
        properties = element.find(qn("w:pPr"))
        style = properties.find(qn("w:pStyle")) if properties is not None else None
        name = names.get(style.get(qn("w:val")), "") if style is not None else ""
        text = _paragraph(element).strip()
        if text and not _STRANGE_STYLE.search(name):
            numbered = properties is not None and properties.find(qn("w:numPr")) is not None
            is_item = numbered and not name.lower().startswith("heading") or name.lower().startswith("list")
            yield ("- " + text if is_item else text), is_item


def _paragraph(paragraph) -> str:
    pieces: list[str] = []
    waiting = list(reversed(paragraph))
    while waiting:
        element = waiting.pop()
        if element.tag in _NOT_OWN or element.tag == qn("w:instrText"):
            continue
        if element.tag == qn("w:t"):
            pieces.append(element.text or "")
        elif element.tag in (qn("w:br"), qn("w:cr")):
            pieces.append("\n")
        elif element.tag == qn("w:tab"):
            pieces.append(" ")
        elif element.tag == qn("w:noBreakHyphen"):
            pieces.append("-")
        else:
            waiting.extend(reversed(element))
    return "".join(pieces)
