"""A document cut into pieces, losslessly: the sentences that may be rewritten, and all that passes byte for byte.

What is prose the Markdown parser says by its blocks.  Code, tables, quotations, headings, list markers, images, link definitions,
HTML, front matter, addresses on the web, greetings and sign-offs are not, nor are lines without a Latin letter.  A sentence that is
too long for a model is cut at its clauses.  Every step is linear in the text's length.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

LONGEST = 60  # words of a piece, where there is a boundary to cut at
WRAPPED = 60  # characters from which a line may have been broken for its length
QUOTED = 400  # characters of a quotation or a bracket that is not cut

_PARSER = MarkdownIt("commonmark", {"maxNesting": 30}).enable("table").use(front_matter_plugin)
_PARSER.core.ruler.enableOnly(["normalize", "block"])
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]")


@dataclass(frozen=True)
class Piece:
    """A stretch of the document.  `prose`: whether it may be rewritten.  A line that stands by itself counts as a paragraph."""

    text: str
    prose: bool
    paragraph: int


@dataclass(frozen=True)
class Unit:
    """One or two sentences of one paragraph: the pieces from `first` to `end`, not counting `end`, as one text."""

    text: str
    first: int
    end: int


def split_document(text: str) -> list[Piece]:
    """The pieces of a document in order; joined they are the document."""
    pieces: list[Piece] = []
    at = 0
    for paragraph, (start, end) in enumerate(_paragraphs(text)):
        for sentence_start, sentence_end in _sentences(text, start, end):
            if at < sentence_start:
                pieces.append(Piece(text[at:sentence_start], False, paragraph))
            sentence = text[sentence_start:sentence_end]
            pieces.append(Piece(sentence, bool(_LATIN.search(sentence)), paragraph))
            at = sentence_end
    if at < len(text):
        pieces.append(Piece(text[at:], False, pieces[-1].paragraph if pieces else 0))
    return pieces


def group_units(pieces: Sequence[Piece], words: int = 45) -> list[Unit]:
    """Units of one sentence, or of two neighbours of a paragraph that have at most `words` words together."""
    units: list[Unit] = []
    at = 0
    while at < len(pieces):
        if not pieces[at].prose:
            at += 1
            continue
        end = at + 1
        if end + 1 < len(pieces):
            between, after = pieces[end : end + 2]
            together = len(pieces[at].text.split()) + len(after.text.split())
            if after.prose and after.paragraph == pieces[at].paragraph and not between.text.strip() and together <= words:
                end += 2
        units.append(Unit("".join(piece.text for piece in pieces[at:end]), at, end))
        at = end
    return units


def put_back(pieces: Sequence[Piece], units: Sequence[Unit], texts: Sequence[str]) -> str:
    """The document with `texts` in the places of `units`, one for each."""
    out, at = [], 0
    for unit, text in zip(units, texts, strict=True):
        out += [piece.text for piece in pieces[at : unit.first]]
        out.append(text)
        at = unit.end
    return "".join(out + [piece.text for piece in pieces[at:]])


def is_english(text: str) -> bool:
    """Whether the prose in it is English, by its commonest words."""
    words = re.findall(r"[a-z]+", text.lower())
    return len(words) < 8 or sum(word in _ENGLISH for word in words) > 0.1 * len(words)


_ENGLISH = frozenset("the a and of to in is it i you he she we they that this for on with as at by not be was are have".split())


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Where paragraphs of prose begin and end, in order."""
    starts = [line.start() for line in _LINE.finditer(text)] + [len(text)]
    quoted = 0
    for token in _PARSER.parse(text):
        quoted += token.nesting if token.type.startswith("blockquote") else 0
        if token.type == "paragraph_open" and not quoted:
            first, last = token.map
            marker = re.match(r"(?:[ \t]*(?:[-+*]|\d{1,9}[.)])(?=[ \t]))*[ \t]*", text[starts[first] : starts[first] + 200])
            yield starts[first] + marker.end(), starts[last]


_STOP = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)")


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the sentences of a paragraph begin and end, without the whitespace around them."""
    cuts = [stop.end() for stop in _STOP.finditer(text, start, end)] + [end]
    for cut in cuts:
        sentence = text[start:cut]
        left, right = len(sentence) - len(sentence.lstrip()), len(sentence.rstrip())
        if left < right:
            yield start + left, start + right
        start = cut
