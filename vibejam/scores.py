"""What is measured of one rewrite for the person who reads it: meaning kept, facts kept, style reached, and all sides' habits.

None of it chose the rewrite: meaning is MiniLM's (without it, the draft's content words), style the distance of the profile in
voice.py.  Everything is measured on the very text that is shown, so of a short one chance says much.
Left out: means over many rewrites with their intervals, which are judge.py's.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vibejam.embed import Embedder, load_embedder
from vibejam.facts_kept import Kept, kept_facts
from vibejam.fetch import base_path
from vibejam.measures import kept_meaning
from vibejam.voice import MARKS, Profile, background_drafts

OWN_PASSAGES = 24  # of the person's, as long as the draft, whose distance is the yardstick
SHORT = 150  # words under which a distance is mostly chance
MOST_MEASURED = 60  # changed sentences whose meaning is looked at in one go; each takes MiniLM a tenth of a second
Unit = tuple[str, str]  # a sentence of the draft and what stands for it


@dataclass(frozen=True)
class Axis:
    """One habit on all sides; `own` is None where nothing of the person's is at hand."""

    name: str
    unit: str
    draft: float
    rewrite: float
    own: float | None


@dataclass(frozen=True)
class Scores:
    """`meaning`, 0 to 1, is the mean over all units; `weakest` the number of the changed unit with the least, and how much.

    `by_minilm` says who measured that.  The distances are means over habits, in spreads of the person's own pages, and None where
    none of their writing is at hand.
    """

    meaning: float
    weakest: tuple[int, float] | None
    by_minilm: bool
    facts: Kept
    draft_distance: float | None
    rewrite_distance: float | None
    own_distance: float | None
    words: int
    axes: tuple[Axis, ...]


def scores(
    units: Sequence[Unit], draft: str, rewrite: str, profile: Profile | None, own: Sequence[str], known: dict[Unit, float]
) -> Scores:
    """Of a rewrite, cut in `units`.  `profile` and `own` texts are the person's.

    `known` holds what MiniLM measured before and takes what is new, so that one decision costs one sentence.
    """
    alike = _likenesses(units, known)
    found = [(number, alike[unit]) for number, unit in enumerate(units) if unit in alike]
    same = [1.0 for before, after in units if before == after]
    likenesses = [likeness for _, likeness in found] + same
    words = len(draft.split())
    return Scores(
        meaning=sum(likenesses) / len(likenesses) if likenesses else 1.0,
        weakest=min(found, key=lambda one: one[1], default=None),
        by_minilm=base_path("minilm") is not None,
        facts=kept_facts(draft, rewrite, _ordinary_words()),
        draft_distance=profile.distance([draft]) if profile else None,
        rewrite_distance=profile.distance([rewrite]) if profile else None,
        own_distance=_own_distance(profile, own, words) if profile else None,
        words=words,
        axes=axes(draft, rewrite, profile),
    )


def axes(draft: str, rewrite: str, profile: Profile | None) -> tuple[Axis, ...]:
    """The same habits of the draft, the rewrite and the person; those that none of them has are left out."""
    sides = [Profile.of([text], [""]) if any(map(str.isalpha, text)) else None for text in (draft, rewrite)]
    if None in sides:
        return ()
    sides.append(profile)
    rows = [
        ("words a sentence", "", [side.sentences.mean if side else None for side in sides]),
        ("contractions", "% of the places for one", [100 * side.contractions if side else None for side in sides]),
        ("school years", "to read it", [max(0.0, side.readability) if side else None for side in sides]),
    ]
    for mark in MARKS[1:]:
        rows.append((mark, "in 1,000", [1000 * _share(side, mark) if side else None for side in sides]))
    return tuple(Axis(name, unit, *values) for name, unit, values in rows if any(values))


def _share(side: Profile, token: str) -> float:
    return side.counts[side.tokens.index(token)] / max(side.size, 1) if token in side.tokens else 0.0


def _likenesses(units: Sequence[Unit], known: dict[Unit, float]) -> dict[Unit, float]:
    """How much of what each changed unit says is still there, as far as it was looked at."""
    changed = list(dict.fromkeys(unit for unit in units if unit[0] != unit[1]))
    folder = base_path("minilm")
    if folder is None:
        return {unit: kept_meaning(*unit) for unit in changed}
    new = [unit for unit in changed if unit not in known][:MOST_MEASURED]
    if new:
        vectors = _embedder(folder).embed([text for unit in new for text in unit])  # (2n, D)
        known.update({unit: float(vectors[2 * i] @ vectors[2 * i + 1]) for i, unit in enumerate(new)})
    return {unit: known[unit] for unit in changed if unit in known}


@lru_cache(maxsize=1)
def _embedder(folder: Path) -> Embedder:
    found = load_embedder()
    assert found is not None and found.folder == folder
    return found


@lru_cache(maxsize=1)
def _ordinary_words() -> frozenset[str]:
    """Words known in lower case, so that one that opens a sentence is no name."""
    return frozenset(word for text in background_drafts() for word in text.split() if word.isalpha() and word.islower())


def _own_distance(profile: Profile, own: Sequence[str], words: int) -> float | None:
    """Of the person's own passages of so many words, the mean; None where there is too little to cut some out."""
    stream = [word for text in own for word in text.split()]
    if not words or len(stream) < 4 * words:
        return None
    dice = random.Random(1)
    starts = [dice.randrange(len(stream) - words) for _ in range(OWN_PASSAGES)]
    return sum(profile.distance([" ".join(stream[start : start + words])]) for start in starts) / len(starts)
