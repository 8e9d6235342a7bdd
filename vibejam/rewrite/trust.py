"""Whether a change that a model proposes may be trusted: a language model reads it, by itself, beside the draft.

Each change is looked at alone, in the draft's sentence.  A sum over all that a version changes would refuse many small changes
that are right, and let one pass that is wrong.  What counts is what was lost of the draft, how well the sentence still reads, and
how likely the model finds it.  Of 536 changes to drafts that nothing was learnt from, which the guards had let pass and readers
then sorted, three in ten said something else or were no English; of what may stand, three or four in a hundred (ABLATIONS.md).
What it reads as well as the draft and is wrong all the same, small words above all, is refused unread (slips.py).
A big LLM's sentences are English and nearly always right, in other words than the guards know.  What tells those that are not is
how much of the draft is lost on whoever reads them, and how much worse they read, by its length: of 214 that had been chosen before
somebody read them so, 3 of the 130 within the limit were wrong or broken, 15 of the 84 others.  No guard of classes of words told
more, so such a guard minds only what is exchanged there (guards.FORGIVING).
Left out: how the reading is done (reverse.py), and what needs none, such as edits of a table.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vibejam.rewrite.guards import Refusal

SAMPLES = 16  # of a model, by which it is counted how often one says a change
LIMIT = 3.0  # nats from which on a change may not stand
LOST = 0.7  # what a nat of meaning weighs against one of fluency
BROKEN = 0.4  # what a nat of fluency weighs against one of meaning in a big LLM's sentence
COST_A_WORD = 0.9  # nats of both, for a word of the draft's sentence, from which on it may not stand


class Read(NamedTuple):
    """What a language model makes of a version beside the draft, in nats: 0 as the draft's own words, below 0 for worse."""

    meaning: float
    fluency: float


Meaning = Callable[[str, Sequence[str]], list[Read]]  # of a draft and versions of it


_NOT_TOLD = Refusal("meaning", "what the draft says cannot be told from it again")
_READS_WORSE = Refusal("fluency", "it reads much worse than the draft")


def doubts_of_sentences(read: Read, old: str) -> tuple[Refusal, ...]:
    """Why sentences of a big LLM that were read so may not stand for `old`; empty where they may."""
    lost, broken = min(0.0, read.meaning), BROKEN * min(0.0, read.fluency)
    if lost + broken > -COST_A_WORD * len(old.split()):
        return ()
    return (_NOT_TOLD if lost < broken else _READS_WORSE,)


def doubts(read: Read, said: float) -> tuple[Refusal, ...]:
    """Why a change that was read so, and that so many of SAMPLES `said`, may not stand; empty where it may."""
    lost, broken = LOST * min(0.0, read.meaning), min(0.0, read.fluency)
    if lost + broken + math.log(said) > -LIMIT:
        return ()
    if lost < broken:
        return (_NOT_TOLD,)
    return (_READS_WORSE,)
