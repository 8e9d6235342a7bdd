"""When what a text says takes place, as far as single words show it: "is" and "was", verbs with "-ed" and without.

Left out: participles and what stands in a compound, which are of any time; and grammar.
"""

from collections import Counter
from collections.abc import Sequence

from vibejam.rewrite.words import PAST

_BE = {"is": "is", "are": "is", "am": "is", "was": "was", "were": "was", "has": "has", "have": "has", "had": "had", "do": "do",
       "does": "do", "did": "did", "'s": "'s", "'s?": "'s", "'d": "'d"}  # fmt: skip
HELPERS = frozenset("is are am was were be been being has have had having get got 's".split())
_ARTICLES = frozenset("a an the this that these those my your his her its our their very more most no any some".split())
_BEFORE_BASE = frozenset("to will would can could may might must shall should do does did not let the a an of 'd".split())
_AFTER_PAST = frozenset("to did would could 'd".split())
_ONE = frozenset("i he she it this that one".split())


def tense_of(words: Sequence[str], contents: Sequence[str]) -> tuple[Counter[str], set[str], set[str]]:
    """Counts of "be:is", "be:was" and the like; stems of verbs in the past; and of what may be a verb in the present.

    `words` in lower case, marks among them; `contents`: for each its stem, "" where it carries no content.
    """
    helpers: Counter[str] = Counter()
    past: set[str] = set()
    present: set[str] = set()
    for at, word in enumerate(words):
        if "-" in words[at + 1 : at + 2] or at and words[at - 1] == "-":  # "self-hosted"
            continue
        if word == "were" and at and words[at - 1] in _ONE:  # "as if it were"
            continue
        if word in _BE:
            helpers["be:" + _BE[word]] += 1
        elif contents[at] and word.isalpha():
            before = words[max(0, at - 2) : at]
            if word in PAST or (word.endswith("ed") and len(word) > 4):
                if HELPERS.isdisjoint(before) and not (before and before[-1] in _ARTICLES):  # else a participle
                    past.add(contents[at])
            elif word.endswith("ing") and HELPERS.isdisjoint(before):  # "removing them": of any time
                continue
            elif not (before and before[-1] in _BEFORE_BASE) and _AFTER_PAST.isdisjoint(before):
                present.add(contents[at])
    return helpers, past, present
