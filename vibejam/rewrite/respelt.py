"""A draft on the person's side of the Atlantic: nobody writes "favourite" in one paragraph and "criticize" in the next.

So it is no matter of choosing among versions, as what is said is, but comes first, for every word of it, as what they always
change does (habits.py); and versions that others propose are spelt alike.  Left out: which words have a side (spelling.py), and
what a side spells both ways ("learned", "learnt": tables/spellings.txt, edits.py).
"""

import re

from vibejam.rewrite.guards import refusals
from vibejam.rewrite.manner import Manner
from vibejam.rewrite.spelling import SIDES, Spelt, sides, spelt
from vibejam.rewrite.taste import ALL

_IN_A_NAME = re.compile(r"(?:[\w@#$=/\\]|[\w)\]]\.|(?:^|\s)-+)$"), re.compile(r"[\w@=/\\(]|\.\w")  # "color.js", "--flavor"
_STYLES = re.compile(r"colou?r|cent(?:er|re)")  # with a hyphen a style sheet's: "background-color", but "gray-haired"


def with_their_spelling(text: str, manner: Manner) -> str:
    """A text in which every word that has a side is on the person's, where theirs is known and nothing guarded is touched."""
    for word in reversed(list(spelt(text))):
        if _is_theirs(word, manner) or _in_a_name(text, word):
            continue
        new = text[: word.start] + word.other + text[word.end :]
        if not refusals(text.lower(), new.lower()):  # in small letters, for what opens a sentence is no name
            text = new
    return text


def _is_theirs(word: Spelt, manner: Manner) -> bool:
    """Whether they spell so or nobody knows: by the words of its class, or by all where it has too few."""
    for kind in (word.kind, ALL) if word.kind != "ize" else (word.kind,):  # of which Britain has both
        for side in SIDES:
            if manner.mostly(sides(kind), f"{kind}: {side}"):
                return side == word.side
    return True


def _in_a_name(text: str, word: Spelt) -> bool:
    before, after = text[: word.start], text[word.end :]
    if _IN_A_NAME[0].search(before) or _IN_A_NAME[1].match(after):
        return True
    return (before.endswith("-") or after.startswith("-")) and bool(_STYLES.match(text, word.start))
