"""Whether a change that a model proposes may be trusted: a language model reads it, by itself, beside the draft.

Each change is looked at alone, in the draft's sentence.  A sum over all that a version changes would refuse many small changes
that are right, and let one pass that is wrong.  What counts is what was lost of the draft, how well the sentence still reads, and
how likely the model finds it.  Of 536 changes to drafts that nothing was learnt from, which the guards had let pass and readers
then sorted, three in ten said something else or were no English; of what may stand, three or four in a hundred (ABLATIONS.md).
What it reads as well as the draft and is wrong all the same, small words above all, is refused unread (slips.py).
A big LLM's sentences are English and nearly always right, in other words than the guards know: of 688 that guards refused, one in
ten said something else, of 149 that passed one in twenty.  What tells those apart is how much of the draft is lost on whoever reads
them, by its length: within the limit it was one in fifty of both together.
Left out: how the reading is done (reverse.py), and what needs none, such as edits of a table.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vibejam.rewrite.guards import Refusal

SAMPLES = 16  # of a model, by which it is counted how often one says a change
LIMIT = 3.0  # nats from which on a change may not stand
LOST = 0.7  # what a nat of meaning weighs against one of fluency
LOST_A_WORD = 0.65  # nats of meaning, for a word of the draft's sentence, from which on a big LLM's may not stand


class Read(NamedTuple):
    """What a language model makes of a version beside the draft, in nats: 0 as the draft's own words, below 0 for worse."""

    meaning: float
    fluency: float


Meaning = Callable[[str, Sequence[str]], list[Read]]  # of a draft and versions of it


_NOT_TOLD = Refusal("meaning", "what the draft says cannot be told from it again")


def doubts_of_sentences(read: Read, old: str) -> tuple[Refusal, ...]:
    """Why sentences of a big LLM that were read so may not stand for `old`; empty where they may."""
    return () if read.meaning > -LOST_A_WORD * len(old.split()) else (_NOT_TOLD,)


def doubts(read: Read, said: float) -> tuple[Refusal, ...]:
    """Why a change that was read so, and that so many of SAMPLES `said`, may not stand; empty where it may."""
    lost, broken = LOST * min(0.0, read.meaning), min(0.0, read.fluency)
    if lost + broken + math.log(said) > -LIMIT:
        return ()
    if lost < broken:
        return (_NOT_TOLD,)
    return (Refusal("fluency", "it reads much worse than the draft"),)
