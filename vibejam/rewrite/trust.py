"""Whether a change that a model proposes may be trusted: a language model reads it, by itself, beside the draft.

Each change is looked at alone, in the draft's sentence.  A sum over all that a version changes would refuse many small changes
that are right, and let one pass that is wrong.  What counts is what was lost of the draft, how well the sentence still reads, and
how likely the model finds it.  Of 536 changes to drafts that nothing was learnt from, which the guards had let pass and readers
then sorted, three in ten said something else or were no English; of what may stand, three or four in a hundred (ABLATIONS.md).
A change that only takes a word of weight away, or makes another of an article, was wrong in every other case, and reads well.
A big LLM writes sentences that are sentences: of 90 whole ones none was wrong, so one that has half of the draft's content words
is not looked at (proposers.py).
Left out: how the reading is done (reverse.py), and what needs none, such as edits of a table.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vibejam.rewrite.guards import Refusal
from vibejam.rewrite.words import FUNCTION

SAMPLES = 16  # of a model, by which it is counted how often one says a change
LIMIT = 3.0  # nats from which on a change may not stand
LOST = 0.7  # what a nat of meaning weighs against one of fluency
ARTICLES = {"the", "a", "an"}
_WORD = re.compile(r"\w+(?:['’]\w+)*")


class Read(NamedTuple):
    """What a language model makes of a version beside the draft, in nats: 0 as the draft's own words, below 0 for worse."""

    meaning: float
    fluency: float


Meaning = Callable[[str, Sequence[str]], list[Read]]  # of a draft and versions of it


def takes_away(old: str, new: str) -> bool:
    """Whether a change only takes words of weight away, or only makes another of an article."""
    gone, come = (Counter(word.lower() for word in _WORD.findall(part)) for part in (old, new))
    gone, come = gone - come, come - gone
    return (not come and any(word not in FUNCTION for word in gone)) or {*gone, *come} <= ARTICLES and gone != come


def doubts(read: Read, said: float) -> tuple[Refusal, ...]:
    """Why a change that was read so, and that so many of SAMPLES `said`, may not stand; empty where it may."""
    lost, broken = LOST * min(0.0, read.meaning), min(0.0, read.fluency)
    if lost + broken + math.log(said) > -LIMIT:
        return ()
    if lost < broken:
        return (Refusal("meaning", "what the draft says cannot be told from it again"),)
    return (Refusal("fluency", "it reads much worse than the draft"),)
