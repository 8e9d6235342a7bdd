"""A document cut into pieces, losslessly: the sentences that may be rewritten, and all that passes byte for byte.

What is prose the Markdown parser says by its blocks.  Code, tables, quotations, headings, list markers, pictures, link definitions,
HTML, front matter, addresses of the web, greetings and sign-offs are not, nor what has no Latin letter or is written in another
language.  Every step is linear in the text's length.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

from vibejam.rewrite.sentences import QUOTED, sentences

FEW = 5  # words from which on what ends without a mark may be a sentence
WRAPPED = 60  # characters from which a line may have been broken for its length

_PARSER = MarkdownIt("commonmark", {"maxNesting": 30}).enable("table").use(front_matter_plugin)
_PARSER.core.ruler.enableOnly(["normalize", "block"])
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]")
_MARKER = re.compile(r"(?:[ \t]*(?:[-+*•]|\d{1,9}[.)]|\[[ xX]\]|\[\^[^\]\n]{1,40}\]:)(?=[ \t]))*[ \t]*")
_KEPT_BREAK = re.compile(r"  +[\r\n]")  # by Markdown
_FIRST_WORD = re.compile(r"\S{1,100}")
_ALONE = re.compile(  # a line of its own that is no sentence
    r"\s*(?:"
    r"<?(?:https?://|www\.)\S+>?"  # an address
    r"|(?:!\[[^\]\n]*\]\([^)\n]*\)\s*)+"  # pictures
    r"|\[[^\]\n]+\]:\s*\S+.*"  # a link's definition
    r"|(?:dear|hi|hello|hey|greetings|good (?:morning|afternoon|evening))\b[^.!?\n]{0,40}[,:!]?"  # a greeting
    r"|(?:(?:kind|best|warm|warmest|many)\s)?(?:regards|wishes|thanks)(?:\s(?:again|in advance))?[,.!]?(?:\s[^.!?\n]{0,40})?"
    r"|(?:yours(?: (?:sincerely|faithfully|truly|ever))?|sincerely|cheers|love|best|all the best|thank you)[,.!]?"
    r"(?:\s[A-Z][^.!?\n]{0,40})?"
    r"|(?:--|—|–)\s?[A-Z][^.!?\n]{0,40}"  # — Sam
    r")\s*\Z",
    re.IGNORECASE,
)
_QUOTATION = re.compile(r"“[^“”]*”|(?<!\w)\"(?=\S)[^\"]*\"(?!\w)")
_ENGLISH = frozenset(
    """
    the a an and of to in is it i you he she we they that this for on with as at by not be was are have has had but or if from will
    would can there their his her my your our its were been do does did so what when who which all no please me us
    """.split()
)
_FOREIGN = frozenset(  # what is common in other languages and no word of English
    """
    le la les des du une est et que qui dans pas vous je nous avec il elle sont ce cette der das und ist nicht ein eine ich
    sie wir mit auf für von zu dem el los las que por para una del esta más pero como se um uma não com os het een niet
    dat zijn en ik je di che è sono gli della och att det som är för og ikke jest nie się na w z ve bir bu
    """.split()
) - _ENGLISH  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")


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
        quotations = [q.span() for q in _QUOTATION.finditer(text, start, end) if q.end() - q.start() > QUOTED]
        passed = 0
        for first, last in sentences(text, start, end):
            if at < first:
                pieces.append(Piece(text[at:first], False, paragraph))
            while passed < len(quotations) and quotations[passed][1] <= first:
                passed += 1
            quoted = passed < len(quotations) and quotations[passed][0] < last
            sentence = text[first:last]
            pieces.append(Piece(sentence, not quoted and _is_prose(sentence), paragraph))
            at = last
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
    out: list[str] = []
    at = 0
    for unit, text in zip(units, texts, strict=True):
        out += [piece.text for piece in pieces[at : unit.first]]
        out.append(text)
        at = unit.end
    return "".join(out + [piece.text for piece in pieces[at:]])


def is_english(text: str) -> bool:
    """Whether its prose is English, by its commonest words; a few words that could be any language's count as English."""
    prose = " ".join(piece.text for piece in split_document(text) if piece.prose)
    return _is_english(prose or text)


def _is_english(text: str) -> bool:
    words = _WORD.findall(text.lower())
    latin = sum(_LATIN.match(word) is not None for word in words)
    if latin < 0.5 * len(words) or not words:
        return False
    ours, theirs = sum(word in _ENGLISH for word in words), sum(word in _FOREIGN for word in words)
    return ours > theirs or (not theirs and len(words) < 12)


def _is_prose(sentence: str) -> bool:
    """Whether there is anything to say otherwise in it."""
    if not _LATIN.search(sentence) or len(sentence) < 300 and _ALONE.match(sentence):
        return False
    if len(sentence) < 80 and len(sentence.split()) < FEW and sentence.rstrip("\"'”’)*_")[-1:] not in tuple(".!?…:;,"):
        return False  # a title, a name under a letter
    return len(sentence) > 20_000 or _is_english(sentence)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Where paragraphs of prose begin and end, in order; lines that stand by themselves come one by one."""
    starts = [line.start() for line in _LINE.finditer(text)] + [len(text)]
    quoted, before = 0, None
    for token in _PARSER.parse(text):
        if token.type.startswith("blockquote"):
            quoted += token.nesting
        if token.type == "inline" and before is not None and not quoted and token.map:
            underlined = before.type == "heading_open" and before.markup in ("-", "=")
            if before.type == "paragraph_open" or underlined and token.content.rstrip()[-1:] in tuple(".!?…"):
                first, last = token.map
                lines = zip(starts[first:last], starts[first + 1 : last + 1], token.content.split("\n"), strict=False)
                yield from _joined(text, [_place(at, text[at:after], content) for at, after, content in lines])
        before = token


def _place(start: int, line: str, content: str) -> tuple[int, int]:
    """Where in the document a line's content lies, which the parser gives without what stands before it."""
    end = start + len(line.rstrip())
    begin = end - len(content.rstrip()) if line.rstrip().endswith(content.rstrip()) else end  # else: nothing to rewrite in it
    marker = _MARKER.match(content)
    return min(end, begin + (marker.end() if marker else 0)), end


def _joined(text: str, places: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lines of a paragraph as one, where they were broken for their length; else one by one."""
    width = max([WRAPPED, *(end - start for start, end in places)])
    start, end = places[0]
    for line, after in zip(places, places[1:], strict=False):
        if _goes_on(text, line, after, width):
            end = after[1]
        else:
            yield start, end
            start, end = after
    yield start, end


def _goes_on(text: str, line: tuple[int, int], after: tuple[int, int], width: int) -> bool:
    if line[0] == line[1] or after[0] == after[1] or _KEPT_BREAK.match(text, line[1]):
        return False
    if any(end - start < 300 and _ALONE.match(text[start:end]) for start, end in (line, after)):
        return False
    if text[after[0]].islower():
        return True
    word = _FIRST_WORD.match(text, after[0], after[1])
    return line[1] - line[0] + 1 + (word.end() - word.start() if word else 0) > width
