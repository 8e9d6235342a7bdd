"""What a word of a class does where it stands: "should" is a duty, and none in "I should think" or "should it rain".

words.py knows the classes that a word may be of; here its neighbours have their say.
Left out: what a class, once found, means for a rewrite (guards.py).
"""

from collections.abc import Sequence

from vibejam.rewrite import figures
from vibejam.rewrite.tense import HELPERS
from vibejam.rewrite.words import FUNCTION

ENDS = frozenset(".!?…")  # what ends a sentence
BREAKS = frozenset(". ! ? … ; : , ( ) — – -- ...".split())
_BEING = frozenset("is are am was were be been being 's not".split())
_OF_PLACE = frozenset("at by for from in on to with".split())
_MUCH = frozenset("much far even considerably significantly substantially vastly".split())
_LITTLE = frozenset("slightly somewhat marginally".split())
_I_SHOULD = frozenset("guess think say like imagine suppose call prefer advise hope".split())


def in_place(name: str, words: Sequence[str], at: int, end: int, clause_end: int) -> str:
    """The class that the words from `at` to `end` are of there, given that they may be of class `name`; "" for none."""
    word, before = words[at], words[at - 1] if at else ""
    after = words[end] if end < len(words) else ""
    if name == "about" and word in ("about", "around") or name == "at most" and word == "up":
        return name if numeral(after) else ""
    if name == "about" and word == "or" and after and after not in BREAKS:  # "40 or so", and not "slow or so dull"
        return ""
    if name == "only" and word == "but" and before not in HELPERS:  # "is but a child", and not "an egg but a stale one"
        return "but"
    if name == "both" and _is_emphatic(words[at + 1 : clause_end]):
        return ""
    if before in HELPERS and (name == "used to" or name == "if" and words[end - 1] == "provided"):  # "is used to wait"
        return ""
    if word == "should":
        if not before or before in BREAKS:  # "should it rain"
            return "if"
        return "would" if name == "should" and before in ("i", "we") and after in _I_SHOULD else name
    if word == "supposed" and _BEING.isdisjoint(words[max(0, at - 2) : at]):  # "which I had supposed to be"
        return ""
    if word == "nor" and "neither" in words[:at]:  # one negation, neither … nor
        return ""
    return name


def _is_emphatic(after: Sequence[str]) -> bool:
    """Whether a "both" says nothing that the "and" behind it does not: "both dull and sudden"."""
    return "and" in after[1:] and (after[0] not in FUNCTION or after[0] in _OF_PLACE)


def degree_before(words: Sequence[str], at: int) -> str:
    """Whether the comparison at `at` is "by much", "by little", or neither: "far larger", "a bit larger", "larger"."""
    last, two = words[at - 1] if at else "", " ".join(words[max(0, at - 2) : at])
    if last in _MUCH or two in ("great deal", "good deal", "a lot"):
        return "by much"
    return "by little" if last in _LITTLE or two in ("a little", "a bit") else ""


def clause_begins(words: Sequence[str], at: int) -> int:
    """The first word of the clause that the word `at` is in."""
    while at and words[at - 1] not in BREAKS:
        at -= 1
    return at


def numeral(word: str) -> bool:
    """Whether a number begins with it."""
    return word[:1].isdigit() or word in figures.WORDS or word in ("$", "£", "€")
