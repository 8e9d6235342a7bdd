"""Candidates taken apart into single changes, which are put together anew.

Whoever says a sentence anew gets one thing wrong in most versions and nothing wrong in most places.  So what versions say otherwise
than the draft is cut into changes; those that are trusted are tried one by one and together by a beam search, as the learned edits
are (edits.py).  A change lies between words that draft and candidate share.
Left out: where candidates come from (proposers.py), what is trusted (trust.py), and choosing (selector.py).
"""

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from vibejam.rewrite.aligning import align
from vibejam.rewrite.manner import Manner
from vibejam.rewrite.sentences import sentences

Change = tuple[int, int, str]  # the unit's characters from the first to the second become the text

BEAM, ROUNDS = 6, 8  # texts kept after each round; changes made to a unit at most
SOUND = 0.2  # what a nat by which the words follow one another worse costs, against a logit of the person's style
APART = (3, 5)  # words between two changes up to which they are one: cut finer, and half of what was changed stands alone
LONGEST = 8  # words of the draft that one change may replace: beyond that it is another sentence
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,:/]\d+)*%?|\.\.\.|…|--|[^\w\s]")


def changes_of(unit: str, said: Mapping[str, float], allowed: Callable[[str], bool]) -> dict[Change, float]:
    """The single changes of versions of the unit, and each version as a whole, that are allowed by themselves; how often each is
    said."""
    votes: dict[Change, float] = defaultdict(float)
    for text, often in said.items():
        if text != unit:
            for change in {(0, len(unit), text)}.union(*(changes(unit, text, apart) for apart in APART)):
                votes[change] += often
    return {change: often for change, often in votes.items() if allowed(changed(unit, [change]))}


def sentences_of(unit: str, said: Iterable[str]) -> list[Change]:
    """Versions of the unit as changes: each as a whole, and sentence by sentence where it says the unit's one by one."""
    spans = list(sentences(unit, 0, len(unit)))
    found: dict[Change, None] = {}
    for text in said:
        found[0, len(unit), text] = None
        if len(spans) > 1:
            pieces = align([unit[start:end] for start, end in spans], text)
            found.update({(start, end, piece): None for (start, end), piece in zip(spans, pieces, strict=True) if piece})
    return [(start, end, text) for start, end, text in found if text != unit[start:end]]


def gains(unit: str, found: Iterable[Change], manner: Manner) -> list[float]:
    """What each change alone brings, in logits of the person's style."""
    style, plain = manner.style(unit), manner.words.log_probability(unit)
    return [_worth(changed(unit, [change]), plain, manner) - style for change in found]


def splice(unit: str, found: Sequence[Change], manner: Manner, allowed: Callable[[str], bool], count: int = 8) -> list[str]:
    """Up to `count` versions of `unit`, best first, made of changes that were found."""
    plain = manner.words.log_probability(unit)
    beam: list[list[Change]] = [[]]
    made_of: dict[str, float] = {}
    seen = {unit}
    for _ in range(ROUNDS):
        grown = []
        for made in beam:
            for change in found:
                if any(change[0] < end and start < change[1] for start, end, _ in made):
                    continue
                text = changed(unit, [*made, change])
                if text not in seen:
                    seen.add(text)
                    grown.append((_worth(text, plain, manner), text, [*made, change]))
        beam = []
        for value, text, made in sorted(grown, key=lambda one: -one[0]):
            if len(beam) < BEAM and allowed(text):
                beam.append(made)
                made_of[text] = value
        if not beam:
            break
    return sorted(made_of, key=lambda text: -made_of[text])[:count]


def _worth(text: str, plain: float, manner: Manner) -> float:
    worse = min(0.0, manner.words.log_probability(text) - plain)
    return manner.style(text) + SOUND * worse


def changes(unit: str, candidate: str, apart: int = 0) -> list[Change]:
    """What `candidate` says otherwise, in the unit's places; changes with up to `apart` words between them are one.

    Where words were only put in or left out, a neighbour that both share is taken along, so that a change replaces something.
    """
    ours, theirs = ([match.span() for match in _WORD.finditer(text)] for text in (unit, candidate))
    a, b = [unit[start:end] for start, end in ours], [candidate[start:end] for start, end in theirs]
    spans: list[list[int]] = []  # first and last + 1 of the unit's words, and of the candidate's
    for kind, i, i_end, j, j_end in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if i == i_end or j == j_end:
            if i and j:
                i, j = i - 1, j - 1
            elif i_end < len(a) and j_end < len(b):
                i_end, j_end = i_end + 1, j_end + 1
            else:
                continue
        if spans and i - spans[-1][1] <= apart and j - spans[-1][3] <= apart:
            spans[-1][1], spans[-1][3] = i_end, j_end
        else:
            spans.append([i, i_end, j, j_end])
    return [
        (ours[i][0], ours[i_end - 1][1], candidate[theirs[j][0] : theirs[j_end - 1][1]])
        for i, i_end, j, j_end in spans
        if i_end - i <= LONGEST
    ]


def changed(unit: str, made: Sequence[Change]) -> str:
    """The unit with the changes, which do not overlap, made."""
    for start, end, text in sorted(made, reverse=True):
        unit = unit[:start] + text + unit[end:]
    return unit
