"""A rewrite of a whole passage cut into rewrites of its units: which sentences of the answer stand for which unit.

A dynamic programme over runs of sentences, in order: what two texts share of content words, names and numbers, and how well their
lengths fit.  Sentences joined by a semicolon may part there.  A piece that took over what another unit says, or left to another
piece what its own unit says, is none: put beside the draft's other sentences it would say something twice, or not at all.
Left out: an answer that changes the order of what is said.
"""

import math
import re
from collections.abc import Sequence

from vibejam.rewrite.facts import facts_of
from vibejam.rewrite.sentences import sentences

RUN = 6  # sentences of an answer that may stand for one unit
ALIKE = 0.2  # of a unit's and its piece's weights that they share, at least
EVEN = 0.25  # what a word of like length is worth without anything shared
WITHIN = 1.0  # words that parting at a semicolon costs
SMUGGLED = 3.0  # weight from which on what belongs to another unit makes a piece unusable
NAME, NUMBER = 2.0, 3.0  # what a name and a number weigh against a content word
_PART = re.compile(r"(?<=;)\s+")
_STRAIGHT = str.maketrans("‘’“”", "''\"\"")
_WHOLE = re.compile(r"[.!?…;][\"'”’)\]*_]*\Z")

Weights = dict[str, float]


def align(units: Sequence[str], answer: str) -> list[str | None]:
    """For each unit its rewrite in `answer`, None where it has none of its own.  The pieces are in order and do not overlap."""
    text = " ".join(answer.split())
    atoms = _atoms(text)
    own = [_weights(unit) for unit in units]
    theirs = [_weights(text[first:last]) for first, last in atoms]
    pieces: list[str | None] = [None] * len(units)
    said: list[Weights] = [{} for _ in units]
    for unit, (first, last) in _matched(units, text, atoms, own, theirs).items():
        said[unit] = _together(theirs[first:last])
        pieces[unit] = _typed(_mended(text[atoms[first][0] : atoms[last - 1][1]], units[unit]), "\n".join(units))
    return [piece if piece and _usable(unit, own, said) else None for unit, piece in enumerate(pieces)]


def _atoms(text: str) -> list[tuple[int, int]]:
    """Sentences, and what stands between their semicolons, as places in the text."""
    found: list[tuple[int, int]] = []
    for first, last in sentences(text, 0, len(text)):
        ends = [(gap.start(), gap.end()) for gap in _PART.finditer(text, first, last)]
        for end, after in [*ends, (last, last)]:
            if found and not _WHOLE.search(text[: found[-1][1]][-8:]):
                found[-1] = (found[-1][0], end)  # the clause of a long sentence
            else:
                found.append((first, end))
            first = after
    return found


def _weights(text: str) -> Weights:
    """What a text is about: its content words, and weightier ones for names and numbers."""
    facts = facts_of(text)
    weights = dict.fromkeys(facts.stems, 1.0)
    weights |= dict.fromkeys(("name " + name for name in facts.names), NAME)
    return weights | dict.fromkeys(("number " + value for value in facts.numbers), NUMBER)


def _together(parts: Sequence[Weights]) -> Weights:
    return {key: weight for part in parts for key, weight in part.items()}


def _alike(one: Weights, other: Weights) -> float:
    """Between 0 and 1."""
    total = sum(one.values()) + sum(other.values())
    return 2 * sum(one[key] for key in one.keys() & other.keys()) / total if total else 0.0


def _matched(
    units: Sequence[str], text: str, atoms: list[tuple[int, int]], own: list[Weights], theirs: list[Weights]
) -> dict[int, tuple[int, int]]:
    """Each unit that is alone in its match, to the run of sentences that stands for it."""
    words = [len(unit.split()) for unit in units]
    longs = [len(text[first:last].split()) for first, last in atoms]
    inner = [0.0, *(WITHIN * (text[last - 1] == ";") for _, last in atoms)]  # [j]: the cost of a cut before sentence j
    inner[-1] = 0.0

    best = [[0.0] * (len(atoms) + 1) for _ in range(len(units) + 1)]  # of the first i units and the first j sentences
    came: dict[tuple[int, int], tuple[int, int]] = {}
    for i in range(len(units) + 1):
        for j in range(len(atoms) + 1):
            if (i, j) == (0, 0):
                continue
            ways = [(best[i - 1][j], (i - 1, j))] if i else []
            ways += [(best[i][j - 1], (i, j - 1))] if j else []
            for back in (1, 2)[:i]:
                for start in range(max(0, j - RUN), j) if back == 1 else range(j)[-1:]:  # two units in one sentence
                    length, long = sum(words[i - back : i]), sum(longs[start:j])
                    alike = _alike(_together(own[i - back : i]), _together(theirs[start:j]))
                    gain = (length + long) / 2 * (alike + EVEN - EVEN * abs(math.log((long or 1) / (length or 1))))
                    ways.append((best[i - back][start] + gain - inner[start] - inner[j], (i - back, start)))
            best[i][j], came[i, j] = max(ways)
    found, at = {}, (len(units), len(atoms))
    while at != (0, 0):
        before = came[at]
        if at[0] - before[0] == 1 and at[1] > before[1]:
            found[before[0]] = (before[1], at[1])
        at = before
    return found


def _usable(unit: int, own: list[Weights], said: list[Weights]) -> bool:
    """Whether the piece says what its unit says: nothing of another unit's, and leaving nothing of its own to another piece."""
    others = _together([weights for i, weights in enumerate(own) if i != unit])
    elsewhere = _together([weights for i, weights in enumerate(said) if i != unit])
    taken = {key: w for key, w in said[unit].items() if key in others and key not in own[unit]}
    given = {key: w for key, w in own[unit].items() if key in elsewhere and key not in said[unit] and key not in others}
    return _alike(own[unit], said[unit]) >= ALIKE and max(sum(taken.values()), sum(given.values())) < SMUGGLED


def _mended(piece: str, unit: str) -> str:
    """A piece that was parted at a semicolon as a sentence of its own, where its unit is one."""
    if piece.endswith(";") and unit.rstrip()[-1:] in (".", "!", "?"):
        piece = piece[:-1] + "."
    if unit[:1].isupper() and piece[:1].islower():
        piece = piece[0].upper() + piece[1:]
    return piece


def _typed(piece: str, draft: str) -> str:
    """A piece with the draft's kind of apostrophes and quotation marks, where it has but one: nobody types two in a text."""
    curly, straight = re.search("[‘’“”]", draft), re.search("['\"]", draft)
    if straight and not curly:
        return piece.translate(_STRAIGHT)
    return re.sub(r"(?<=\w)'(?=\w)", "’", piece) if curly and not straight else piece
