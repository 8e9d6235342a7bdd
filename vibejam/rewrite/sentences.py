"""Where the sentences of a paragraph begin and end, and the clauses of a sentence that is too long for a model.

Rules, not a model: a stop ends a sentence unless an abbreviation or an initial has it, what follows goes on in lower case, or it
stands inside a short quotation, bracket or piece of code.  Linear in the text's length.
"""

import re
from collections.abc import Iterator

LONGEST = 60  # words of a sentence that stays whole
QUOTED = 400  # characters of a quotation, a bracket or code that is not cut

_STOP = re.compile(r"[.!?…]+[\"'”’»)\]*_]*(?=\s)")
# Before a stop: what is never a sentence's last word, and what may be one where a word that often opens a sentence follows.
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Rev|Hon|Capt|Col|Gen|Lt|Sgt|Gov|Sen|Rep|St|Mt|Ft|Messrs|Mme|Mlle|vs|cf|viz|approx|no|nos|vol|pp?"
    r"|fig|figs|ch|sec|op|ed|eds|e\.g|i\.e|al|ca)|(?<![\w'’])(?-i:[A-HJ-Z]))\Z",
    re.IGNORECASE,
)
_OFTEN_LAST = re.compile(r"\b(?:a\.m|p\.m|etc|inc|ltd|co|corp|jr|sr|u\.s|u\.k|u\.s\.a|ph\.d|b\.c|a\.d|esq)\Z", re.IGNORECASE)
_NUMBERED = frozenset("no nos fig figs p pp vol ch sec op ed".split())  # an abbreviation before a number, else a word
_OPENER = re.compile(
    r"\s+[\"“‘(]?(?:The|A|An|It|He|She|We|They|You|I|This|That|These|Those|There|But|And|So|In|On|At|If|When|My|Our|His|Her|Their|Its|"
    r"As|For|What|Who|Why|How|Then|No|Not|One|Some|All|However|After|Before|Since|While|Although|To|By|From|With)\b"
)
_NEXT = re.compile(r"\s+[\"'“‘«(\[*_]*(.)")
_SPAN = re.compile(  # quotations, brackets and code: a stop in them ends nothing
    rf"“[^“”]{{0,{QUOTED}}}”|(?<!\w)\"(?=\S)[^\"]{{0,{QUOTED}}}\"(?!\w)"
    rf"|\([^()]{{0,{QUOTED}}}\)|\[[^\[\]]{{0,{QUOTED}}}\]|`[^`\n]{{0,{QUOTED}}}`"
)
_CLAUSE = re.compile(
    r"(?<=[;:])\s+|(?<!\s)\s{0,20}—\s{0,20}|(?<!\s)\s{1,20}[–-]{1,2}\s+"
    r"|(?<=,)\s+(?=(?:and|but|or|so|yet|which|who|while|although|because|where)\b)"
)


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences between two places of a text, as places without the whitespace around them; long ones in clauses."""
    for first, last in _whole(text, start, end):
        if last - first <= LONGEST * 3 or len(text[first:last].split()) <= LONGEST:
            yield first, last
        else:
            yield from _clauses(text, first, last)


def _whole(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    spans = [span.span() for span in _SPAN.finditer(text, start, end)]
    at = 0
    for stop in _STOP.finditer(text, start, end):
        while at < len(spans) and spans[at][1] <= stop.start():
            at += 1
        place = stop.end()
        if at < len(spans) and spans[at][0] < stop.start() and place < spans[at][1]:
            continue
        if _ends(text, stop, start, end):
            yield from _trimmed(text, start, place)
            start = place
    yield from _trimmed(text, start, end)


def _ends(text: str, stop: re.Match[str], start: int, end: int) -> bool:
    """Whether a stop with whitespace after it ends a sentence."""
    after = _NEXT.match(text, stop.end(), min(end, stop.end() + 200))
    if after is None:
        return True
    if after[1].islower():
        return False
    if stop[0] == ".":
        before = text[max(start, stop.start() - 12) : stop.start()]
        if _OFTEN_LAST.search(before):
            return _OPENER.match(text, stop.end()) is not None
        if abbreviation := _ABBREVIATION.search(before):
            return abbreviation[0].lower() in _NUMBERED and not after[1].isdigit()
    return True


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and (text[start].isspace() or text[start] == "\ufeff"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A long sentence in runs of clauses of up to LONGEST words each, where it has clauses."""
    spans = [span.span() for span in _SPAN.finditer(text, start, end)]
    cut: tuple[int, int] | None = None  # the last boundary that might be cut at
    words, since, read, at = 0, 0, start, 0  # words from `start` to `read`, and those of them since `cut`
    for boundary in [*(found.span() for found in _CLAUSE.finditer(text, start, end)), (end, end)]:
        while at < len(spans) and spans[at][1] <= boundary[0]:
            at += 1
        if at < len(spans) and spans[at][0] < boundary[0]:
            continue
        more = len(text[read : boundary[0]].split())
        words, since, read = words + more, since + more, boundary[1]
        if cut and words > LONGEST:
            yield from _trimmed(text, start, cut[0])
            start, words = cut[1], since
        cut, since = boundary, 0
    yield from _trimmed(text, start, end)
