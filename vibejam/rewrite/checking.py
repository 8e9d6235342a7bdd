"""A big LLM asked which of its own versions say something else: it sees half of what is wrong, and hardly anything that is right.

Of 837 whole sentences in eight people's manner, sorted by readers, another reading of this question named 41 of the 81 that said
something else or were no English, and 15 of the 756 others (ABLATIONS.md).  An answer that is no list of numbers counts as none.
Left out: a second question about what is left, and any trust without the guards.
"""

import re
from collections.abc import Callable, Sequence

from vibejam.drafts import DraftWriter
from vibejam.errors import UserError

SYSTEM = "You compare texts, strictly. Answer with numbers alone."
INSTRUCTION = (
    "In each numbered pair, A is a sentence or two of a draft and B the same in one person's manner. The manner may differ as it "
    "likes. Which B could not stand for its A: says something else, more or less than A does (a fact, who, when, how much, how "
    "sure, why, a condition), or is not good English? Answer with the numbers alone, separated by commas, or with: none.\n\n{pairs}"
)
ROOM = 1000  # tokens, for a model that thinks first
_NO_LIST = re.compile(r"[^\d,;.\s]")


def wrong_ones(writer: DraftWriter, pairs: Sequence[tuple[str, str]], stop: Callable[[], bool]) -> set[int]:
    """Which of the pairs of a draft's sentences and a version, counted from 0, the writer says differ; none where it fails."""
    if not pairs or stop():
        return set()
    asked = "\n\n".join(f"{number}.\nA: {draft.strip()}\nB: {version.strip()}" for number, (draft, version) in enumerate(pairs, 1))
    try:
        answer = writer.write(INSTRUCTION.format(pairs=asked), max_new_tokens=ROOM, stop=stop, system=SYSTEM).text
    except UserError:
        return set()  # the versions came, and guards look at them all the same
    named = [] if _NO_LIST.search(answer.replace(" and ", ", ")) else re.findall(r"\d+", answer)
    return {int(number) - 1 for number in named if len(number) < 4 and 0 < int(number) <= len(pairs)}
