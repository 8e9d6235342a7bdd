"""PDF → paragraphs: lines rejoined, hyphens at line ends undone, running heads and page numbers dropped.

A PDF knows where its letters stand and nothing of paragraphs, so those are told from the gaps between lines.  Pictures
of text (scans) are not read.
"""

import io
import logging
import re
from collections import Counter
from dataclasses import dataclass
from statistics import median

from pypdf import PageObject, PdfReader

from vibejam.reading.decoding import NotText

_MOST_PAGES = 3_000
_EDGE = 2  # lines at the top and bottom of a page among which running heads are looked for
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite|[-–—|·•\s])*\s*(?:\d{1,4}|[ivxlc]{1,7})\s*(?:(?:of|/)\s*\d{1,4})?[-–—|·•\s]*$", re.IGNORECASE
)
_PARAGRAPH_GAP = 1.3  # times the usual distance between lines
_SHORT_LINE = 0.75  # of the usual length: the last line of a paragraph
_HYPHENED = re.compile("[a-zà-ÿ][-\u2010\u00ad]$")
_SENTENCE_END = re.compile(r"""[.!?:…]["'”’)]*$""")


@dataclass
class _Line:
    text: str
    gap: float  # to the line above, in line distances of its page; 0 where there is none
    left: float


def pdf_text(data: bytes) -> str:
    """A PDF's bytes → paragraphs separated by blank lines.  Raises NotText for damage, passwords and scans."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its complaints about a file are no news to the person
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise NotText("a PDF locked with a password")
        if len(reader.pages) > _MOST_PAGES:
            raise NotText(f"a PDF of more than {_MOST_PAGES:,} pages")
        pages = [_lines(page) for page in reader.pages]
    except NotText:
        raise
    except Exception:  # a damaged PDF raises anything from ValueError to KeyError inside pypdf
        raise NotText("a damaged PDF: cut off, or not a PDF at all") from None
    if not pages:
        raise NotText("a damaged PDF: no pages in it")
    lines = [line for page in _without_running_heads(pages) for line in page]
    if not any(re.search(r"\w", line.text) for line in lines):
        raise NotText("a PDF with no text in it (a scan?)")
    return _paragraphs(lines)


def _lines(page: PageObject) -> list[_Line]:
    lines: list[tuple[str, float, float]] = []  # text, height, left edge
    pending: list[str] = []
    place: list[float] = []

    def visit(text: str, matrix: list[float], text_matrix: list[float], _font: object, _size: float) -> None:
        for number, piece in enumerate(text.split("\n")):
            if number and pending:
                lines.append(("".join(pending), *(place or [0.0, 0.0])))
                pending.clear()
                place.clear()
            if piece.strip() and not place:
                x, y = text_matrix[4], text_matrix[5]
                place[:] = [matrix[1] * x + matrix[3] * y + matrix[5], matrix[0] * x + matrix[2] * y + matrix[4]]
            if piece:
                pending.append(piece)

    page.extract_text(visitor_text=visit)
    if pending:
        lines.append(("".join(pending), *(place or [0.0, 0.0])))
    lines = [line for line in lines if line[0].strip()]
    falls = [above[1] - below[1] for above, below in zip(lines, lines[1:], strict=False)]
    usual = median([fall for fall in falls if fall > 1] or [1.0])
    return [_Line(text.strip(), fall / usual, left) for (text, _, left), fall in zip(lines, [0.0, *falls], strict=False)]


def _without_running_heads(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Lines at the edges of pages go where they are only a page number or come back, numbers aside, on other pages."""
    edges = [{_shape(line) for line in page[:_EDGE] + page[-_EDGE:]} for page in pages]
    count = Counter(shape for page in edges for shape in page)
    written = sum(1 for page in pages if page)
    # Left and right pages often carry different heads, and chapters have their own: three pages are enough.
    common = {shape for shape, pages_with in count.items() if pages_with >= min(3, max(2, written / 3))}
    kept = []
    for page in pages:
        last = len(page) - 1
        body = [
            line
            for number, line in enumerate(page)
            if not (
                (number < _EDGE or number > last - _EDGE)
                and (_shape(line) in common or _PAGE_NUMBER.fullmatch(line.text))
            )
        ]
        if body:
            body[0].gap = 0.0
        kept.append(body)
    return kept


def _shape(line: _Line) -> str:
    return re.sub(r"\d+", "#", line.text.casefold())


def _paragraphs(lines: list[_Line]) -> str:
    usual = sorted(len(line.text) for line in lines)[len(lines) * 3 // 4]
    compounds = Counter(re.findall(r"\w+-\w+", " ".join(line.text.casefold() for line in lines)))
    out: list[list[str]] = []
    previous: _Line | None = None
    for line in lines:
        if previous is None or _new_paragraph(previous, line, usual):
            out.append([line.text])
        else:
            out[-1][-1:] = _joined(out[-1][-1], line.text, compounds)
        previous = line
    return "\n\n".join("".join(pieces) for pieces in out)


def _new_paragraph(before: _Line, line: _Line, usual: int) -> bool:
    lower = line.text[:1].islower()
    if _HYPHENED.search(before.text) and lower:
        return False
    ended = _SENTENCE_END.search(before.text) is not None
    if line.gap > _PARAGRAPH_GAP:
        return ended or not lower
    short = len(before.text) < _SHORT_LINE * usual
    indented = line.left - before.left > 5 and line.gap > 0  # points
    return not lower and (short and (ended or line.gap > 0) or ended and indented)


def _joined(before: str, after: str, compounds: Counter[str]) -> list[str]:
    """The pieces of one line and the next; a hyphen that only broke a word at the end of a line is taken out."""
    if _HYPHENED.search(before) and after[:1].islower():
        first = re.search(r"\w+$", before[:-1])
        second = re.match(r"\w+", after)
        compound = f"{first[0]}-{second[0]}".casefold() if first and second else ""
        return [before if compounds[compound] else before[:-1], after]
    attached = before.endswith(("—", "--", "/")) or before.endswith("-") and after.startswith("-")
    return [before, after] if attached else [before, " ", after]
