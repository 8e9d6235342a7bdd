"""Where a text points: "this book" that became "that book", "this week" that became "next week".

Both read as well as the draft, and no word of weight is lost.  Left out: "it" and "they", which name nothing (guards.py counts
them).
"""

from collections.abc import Iterator
from itertools import pairwise

from vibejam.rewrite import words
from vibejam.rewrite.facts import Facts

_NEAR, _FAR = ("this", "these"), ("that", "those")
_WHEN = {"this": 0, "next": 1, "coming": 1, "following": 1, "last": -1, "past": -1, "previous": -1}
_TIMES = frozenset(
    "second minute hour day night evening afternoon morning week weekend fortnight month quarter season year term semester decade "
    "century spring summer autumn fall winter monday tuesday wednesday thursday friday saturday sunday january february march "
    "april may june july august september october november december".split()
)


def pointing(draft: Facts, candidate: Facts) -> Iterator[str]:
    """A guard: what the candidate points at elsewhere."""
    before, after = (set(pairwise(facts.words)) for facts in (draft, candidate))
    for some, other in ((_NEAR, _FAR), (_FAR, _NEAR)):
        for word, thing in before - after:
            moved = any((instead, thing) in after - before for instead in other)
            if word in some and moved and thing.isalpha() and thing not in words.FUNCTION:
                yield f"“{word} {thing}” points elsewhere now"
                return
    when, when_after = _times(before), _times(after)
    for time in when.keys() & when_after.keys():
        if not when[time] & when_after[time]:
            yield f"it is about another {time}"
            return


def _times(pairs: set[tuple[str, str]]) -> dict[str, set[int]]:
    """Of each stretch of time that is pointed at, whether it is the last, this or the next."""
    found: dict[str, set[int]] = {}
    for word, time in pairs:
        if word in _WHEN and time in _TIMES:
            found.setdefault(time, set()).add(_WHEN[word])
    return found
