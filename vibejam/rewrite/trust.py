"""Whether a change that a model proposes may be trusted: a language model reads it, by itself, beside the draft.

Each change is looked at alone, in the draft's sentence.  A sum over all that a version changes would refuse many small changes
that are right, and let one pass that is wrong.  What counts is what was lost of the draft, how well the sentence still reads, and
how many samples say so.  The measure was set on 1,081 changes to drafts that nothing was learnt from, which the guards had let
pass and readers then sorted: of what a tuned model samples, three in ten were wrong; of what may stand, three in a hundred.  A big
LLM writes sentences that are sentences: of 90 whole ones of one that the guards had let pass none was wrong, so they are not looked
at; of 176 parts of such, set into the draft's sentence, 23 were, all beyond the limit but three.
Left out: how the reading is done (reverse.py), and what needs none, such as edits of a table.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vibejam.rewrite.guards import Refusal

LIMIT = 2.25  # nats from which on a change may not stand
CREDIT = 2.5  # more nats that a part of what a big LLM wrote may cost
LOST = 0.7  # what a nat of meaning weighs against one of fluency


class Read(NamedTuple):
    """What a language model makes of a version beside the draft, in nats: 0 as the draft's own words, below 0 for worse."""

    meaning: float
    fluency: float


Meaning = Callable[[str, Sequence[str]], list[Read]]  # of a draft and versions of it


def doubts(read: Read, said: int, credit: float = 0.0) -> tuple[Refusal, ...]:
    """Why a change that was read so, that `said` samples made and whose proposer has `credit`, may not stand; or nothing."""
    lost, broken = LOST * min(0.0, read.meaning), min(0.0, read.fluency)
    if lost + broken + math.log(said) + credit > -LIMIT:
        return ()
    if lost < broken:
        return (Refusal("meaning", "what the draft says cannot be told from it again"),)
    return (Refusal("fluency", "it reads much worse than the draft"),)
