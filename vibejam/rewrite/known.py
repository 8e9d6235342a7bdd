"""Exchanges of the tables (table.py), found between a draft and a version of it, and put back.

Guards know words one by one: to them "because" for "in light of the fact that" is a reason that was added, and "thanks for" for
"thank you for" a "you" that was lost.  Who wrote the tables knew better.  So what a guard holds against a version is looked at
once more with such exchanges undone.  Left out: numbers, names and denials, which whoever checks a rewrite counts, however they
are said.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from vibejam.rewrite.moves import raised
from vibejam.rewrite.table import contractions, exchanges
from vibejam.rewrite.tokens import PLAIN, expanded, tokens_of

MOST = 8  # exchanges that are undone
NEAR = 6  # words by which the places of a phrase and of what stands for it may differ, counted from either end
Words = tuple[str, ...]


def with_known_exchanges_undone(draft: str, version: str) -> str:
    """The version with the draft's own phrase wherever one of its ways of saying the same stands for it."""
    old = [part for *_, part in _parts(draft)]
    for _ in range(MOST):
        found = next(_undoable(old, _parts(version)), None)
        if found is None:
            break
        start, end, phrase = found
        version = version[:start] + (raised(phrase) if version[start].isupper() else phrase) + version[end:]
    return version


def _undoable(old: list[str], parts: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Where in a version, by characters, ways came for phrases of `old` that went, and the phrases; the longest ways first."""
    ways, new = _phrases_of_ways(), [part for *_, part in parts]
    starts, ends = [start for start, *_ in parts], [end for _, end, _ in parts]
    for size in range(_longest(), 0, -1):
        for at in range(len(new) - size + 1):
            if at and starts[at] == starts[at - 1] or at + size < len(new) and ends[at + size] == ends[at + size - 1]:
                continue  # half of a contraction is no word to put back
            way = tuple(new[at : at + size])
            for phrase, text in ways.get(way, {}).items():
                went = _count(old, phrase) > _count(new, phrase)
                if went and _count(new, way) > _count(old, way) and _stood_near(old, phrase, at, len(new) - at - size):
                    yield starts[at], ends[at + size - 1], text


def _stood_near(old: list[str], phrase: Words, before: int, after: int) -> bool:
    """Whether `phrase` stands in `old` about as many words from its beginning or from its end."""
    size = len(phrase)
    places = (i for i in range(len(old) - size + 1) if tuple(old[i : i + size]) == phrase)
    return any(min(abs(i - before), abs(len(old) - i - size - after)) <= NEAR for i in places)


def _count(words: Sequence[str], phrase: Words) -> int:
    return sum(tuple(words[i : i + len(phrase)]) == phrase for i in range(len(words) - len(phrase) + 1))


@cache
def _phrases_of_ways() -> dict[Words, dict[Words, str]]:
    """What each way may stand for, word by word and as it is written."""
    found: dict[Words, dict[Words, str]] = {}
    for ways in [*exchanges(), *contractions()]:
        for phrase in ways.ways:
            for way in ways.others(phrase):
                one, other = (tuple(part for *_, part in _parts(text)) for text in (phrase, way))
                if one != other:
                    found.setdefault(other, {})[one] = phrase
    return found


@cache
def _longest() -> int:
    return max(map(len, _phrases_of_ways()))


def _parts(text: str) -> list[tuple[int, int, str]]:
    """Words and marks in lower case, contractions written out, each with the place of what it is a part of."""
    tokens = tokens_of(text.translate(PLAIN))
    return [(token.start(), token.end(), part) for token in tokens for part in expanded(token[0].lower())]
