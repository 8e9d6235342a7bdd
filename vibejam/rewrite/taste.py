"""Taste: which of several ways of saying the same a person likes, by how often each stands in their writing and in drafts.

The ways are those of the tables (table.py) and of the moves (moves.py).  What counts is not whether a person mostly says it so but
whether they say it so more than a draft would: who joins one sentence in five with a semicolon, where drafts join none, likes
semicolons.  How much of it a document bears is for the selector, which holds the rates.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from vibejam.rewrite.clauses import CLAUSES
from vibejam.rewrite.commas import COMMAS
from vibejam.rewrite.company import COMPANY
from vibejam.rewrite.joints import JOINTS
from vibejam.rewrite.moves import places
from vibejam.rewrite.ngrams import START, framed, words_of
from vibejam.rewrite.reasons import REASONS
from vibejam.rewrite.spelling import KINDS, sides, spelt
from vibejam.rewrite.table import contractions, exchanges, openers, plain
from vibejam.rewrite.turns import TURNS

OPENER = "^"  # before a phrase that opens a sentence
PRIOR = 4.0  # how many sightings of the drafts' habits stand against the person's own, where these are few
LEAST = 0.08  # share of a way in the person's writing below which it is not theirs
MOST = 2.0  # nats that a liking counts at most
DRAFTS = "drafts"  # before what is of machines' drafts
ALL, SHOWN = "all", 2  # words of a class from which on its side is known; else that of all classes is
PAGE = 200  # words that moves are looked for in at once
MOST_PAGES = 400  # that they are looked for in
MOVES = CLAUSES + REASONS + TURNS + COMPANY + JOINTS + COMMAS


def learn_taste(texts: list[str], drafts: list[str]) -> dict[str, float]:
    """Log share of each way among the ways of its set, in the person's writing and in drafts, for `leaning` to be asked."""
    taste: dict[str, float] = {}
    for (ways, own), (_, world) in zip(_counted(texts), _counted(drafts), strict=True):
        taste |= _shares(ways, own, world)
    return taste | _sides(texts)


def with_drafts(taste: Mapping[str, float], drafts: list[str]) -> dict[str, float]:
    """The taste after more `drafts`, beside which those of before count as PRIOR sightings of each set."""
    found = dict(taste)
    for ways, world in _counted(drafts):
        total = sum(world[way] for way in ways)
        for way in ways:
            key = _key(DRAFTS, ways, way)
            if key in taste:  # a manner that was kept by an older vibejam knows fewer sets
                found[key] = math.log((world[way] + PRIOR * math.exp(taste[key])) / (total + PRIOR))
    return found


def _counted(texts: list[str]) -> Iterator[tuple[Sequence[str], Counter[str]]]:
    """Each set of ways of saying the same, and how often each stands in `texts`."""
    phrases, moves = _phrases(texts, _wanted()), _moves(texts)
    yield from ((ways, phrases) for ways in _sets())
    yield from ((ways, moves) for ways in kinds().values())


def leaning(taste: Mapping[str, float], ways: Sequence[str], before: str, after: str) -> float:
    """By how many nats the person leans from `before` to `after`, two of the `ways` of saying the same, more than drafts do.

    -inf where `after` is not theirs; 0 where nothing is known of these ways.
    """
    own, own_before, drafts, drafts_before = (
        taste.get(_key(side, ways, way), 0.0) for side in ("", DRAFTS) for way in (after, before)
    )
    if own < math.log(LEAST):
        return -math.inf
    return max(-MOST, min(MOST, own - own_before - drafts + drafts_before))


def mostly(taste: Mapping[str, float], ways: Sequence[str], way: str, share: float = 0.5) -> bool:
    """Whether `way` is more than a `share` of the person's `ways` of saying the same: half unless told."""
    return taste.get(_key("", ways, way), -math.inf) > math.log(share)


def gained(taste: Mapping[str, float], before: str, after: str) -> float:
    """By how many nats the person leans to the phrases that came into a text for others of their sets that went.

    What came or went and was not exchanged says nothing here; nor do moves, whose marks and words the rates count.
    """
    old, new = (_phrases([text], _wanted()) for text in (before, after))
    went, came = old - new, new - old
    likings: dict[tuple[str, str], float] = {}
    for phrase in went:
        for ways in _sets_of()[phrase]:
            for other in came.keys() & set(ways):  # some are exchanged in several sets
                liking = leaning(taste, ways, phrase, other)
                likings[phrase, other] = max(-MOST, liking, likings.get((phrase, other), -MOST))
    return sum(liking * min(went[phrase], came[other]) for (phrase, other), liking in likings.items())


@cache
def _wanted() -> frozenset[str]:
    return frozenset(_sets_of())


@cache
def _sets_of() -> dict[str, list[tuple[str, ...]]]:
    """Each phrase to the sets of ways of saying the same that it is in."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for ways in _sets():
        for way in ways:
            found.setdefault(way, []).append(ways)
    return found


@cache
def _sets() -> tuple[tuple[str, ...], ...]:
    """The phrases of every set of the tables; an opener after OPENER."""
    sets = [tuple(plain(way) for way in ways.ways) for ways in [*exchanges(), *contractions()]]
    return (*sets, *(tuple(OPENER + way.lower() for way in ways.ways if way) for ways in openers()))


def _key(side: str, ways: Sequence[str], way: str) -> str:
    return f"{side} {' | '.join(ways)}: {way}"


@cache
def kinds() -> dict[str, tuple[str, ...]]:
    """The kinds of all moves, each with the ways of it that a pattern finds and that can be counted."""
    ways: dict[str, dict[str, None]] = {}
    for move in MOVES:
        ways.setdefault(move.kind, {})[f"{move.kind}: {move.before}"] = None
    return {kind: tuple(found) for kind, found in ways.items()}


def _shares(ways: Sequence[str], own: Mapping[str, int], world: Mapping[str, int]) -> dict[str, float]:
    own_total, world_total = sum(own[way] for way in ways), sum(world[way] + 0.5 for way in ways)
    shares = {}
    for way in ways:
        drafts = (world[way] + 0.5) / world_total
        shares[_key(DRAFTS, ways, way)] = math.log(drafts)
        shares[_key("", ways, way)] = math.log((own[way] + PRIOR * drafts) / (own_total + PRIOR))
    return shares


def _sides(texts: Iterable[str]) -> dict[str, float]:
    """Log share of each side of the Atlantic in each class of words, and in all under ALL, where the person shows it."""
    counts = Counter(f"{word.kind}: {word.side}" for text in texts for word in spelt(text))
    taste = {}
    for kind in KINDS:
        for name, whole in zip(sides(kind), sides(ALL), strict=True):
            counts[whole] += counts[name] * (kind != "ize")  # of which Britain has both
    for ways in map(sides, (*KINDS, ALL)):
        total = sum(counts[way] for way in ways)
        if total >= SHOWN:
            taste |= {_key("", ways, way): math.log((counts[way] + 0.1) / (total + 0.2)) for way in ways}
    return taste


def _phrases(texts: Iterable[str], wanted: frozenset[str]) -> Counter[str]:
    """How often each of the `wanted` phrases stands in `texts`; those that begin with OPENER, at the start of a sentence."""
    longest = _longest(wanted)
    counts: Counter[str] = Counter()
    for text in texts:
        words = framed(words_of(text))
        for i in range(len(words)):
            opening = words[i] == START
            for n in range(1, longest + 1):
                gram = words[i + opening : i + opening + n]
                phrase = OPENER + _glued(gram) if opening else " ".join(gram)
                if phrase in wanted:
                    counts[phrase] += 1
    return counts


@cache
def _longest(wanted: frozenset[str]) -> int:
    return max(len(phrase.split()) for phrase in wanted)


def _moves(texts: Iterable[str]) -> Counter[str]:
    """How often each way of a move stands in `texts` where the other might, by the names that `kinds` has."""
    lines = (line.split(" ") for text in texts for line in text.splitlines() if line.strip())
    pages = [" ".join(words[i : i + PAGE]) for words in lines for i in range(0, len(words), PAGE)]  # a line may be a book
    counts: Counter[str] = Counter()
    for page in pages[:: max(1, -(-len(pages) // MOST_PAGES))]:
        found = {(f"{move.kind}: {move.before}", match.start()) for move, match, _ in places(page, MOVES)}
        counts.update(name for name, _ in found)
    return counts


def _glued(words: list[str]) -> str:
    """Words and marks as they are typed: a comma follows its word at once."""
    return " ".join(words).replace(" ,", ",")
