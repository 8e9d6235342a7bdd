"""A draft on the person's side of the Atlantic: nobody writes "favourite" in one paragraph and "criticize" in the next.

So it is no matter of choosing among versions, as what is said is, but comes first, for every word of the prose, as what they always
change does (habits.py); and versions that others propose are spelt alike.  Left out: which words have a side (spelling.py), and
what a side spells both ways ("learned", "learnt": tables/spellings.txt, edits.py).
"""

import re
from collections.abc import Sequence

from vibejam.rewrite.guards import refusals
from vibejam.rewrite.manner import Manner
from vibejam.rewrite.spelling import SIDES, Spelt, sides, spelt
from vibejam.rewrite.taste import ALL

SURE = 0.9  # share of one side in all words that have one, from which on it is taken for a class that the person hardly uses
_OF_SPELLING = re.compile(r"\b(?:mis)?spel(?:t|led|ling)", re.I)


def with_their_spelling(text: str, manner: Manner) -> str:
    """A text in which every word that has a side is on the person's, where theirs is known and nothing guarded is touched."""
    found = list(spelt(text))
    said = set(re.findall(r"[a-z]+", text.lower()))
    if not found or _OF_SPELLING.search(text) or any(word.other.lower() in said for word in found):
        return text  # the spelling is what it is about
    others = [word for word in found if not _is_theirs(word, manner)]
    new = _respelt(text, others)
    if _may_stand(text, new):
        return new
    for word in reversed(others):
        new = _respelt(text, [word])
        text = new if _may_stand(text, new) else text
    return text


def _respelt(text: str, words: Sequence[Spelt]) -> str:
    for word in reversed(words):
        text = text[: word.start] + word.other + text[word.end :]
    return text


def _may_stand(text: str, new: str) -> bool:
    return not refusals(text.lower(), new.lower())  # in small letters, for what opens a sentence is no name


def _is_theirs(word: Spelt, manner: Manner) -> bool:
    """Whether they spell so or nobody knows: by the words of its class, or by all where it has too few."""
    for kind in (word.kind, ALL) if word.kind != "ize" else (word.kind,):  # of which Britain has both
        for side in SIDES:
            if manner.mostly(sides(kind), f"{kind}: {side}", SURE if kind == ALL else 0.5):
                return side == word.side
    return True
