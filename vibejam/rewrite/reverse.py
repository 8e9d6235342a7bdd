"""Whether a rewrite still says what the draft says, and reads as well: what a language model makes of both.

The neutraliser, which knows how anybody's words become a machine's draft, is asked how likely the draft is after a candidate, and
after the draft itself; what a candidate left out or changed, it cannot tell.  On its way there it reads the candidate, and how
likely it finds each word shows where a sentence is broken.  Candidates of a model need both, for guards know words and no sense.
Left out: where the base model is not on this machine (engine.py goes without), and what must never change (guards.py).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.model import BaseLM
from vibejam.rewrite.neutraliser import PROMPT, loaded
from vibejam.rewrite.trust import Read

SAME = Read(0.0, 0.0)
AT_ONCE = 1024  # tokens: logits of 200 MB


@torch.inference_mode()
def reverse_score(draft: str, candidates: Sequence[str]) -> list[Read]:
    """For each candidate log P(draft | candidate) - log P(draft | draft) and log P(candidate) - log P(draft), in nats.

    Both are 0 for the draft itself.  Raises UserError where the base or the neutraliser's correction is missing.
    """
    model, tokenizer = loaded()
    before, after = (len(tokenizer.encode(part)) for part in PROMPT.split(" {text}"))
    answer = [*tokenizer.inner.encode(" " + draft, add_special_tokens=False).ids, tokenizer.doc_end]
    prompts = [[tokenizer.doc_end, *tokenizer.encode(PROMPT.format(text=text))] for text in [draft, *candidates]]
    longest = max(map(len, prompts)) + len(answer)
    if longest > model.config.block_size:
        return [SAME if text == draft else Read(-float("inf"), 0.0) for text in candidates]
    rows = [ids + answer + [tokenizer.doc_end] * (longest - len(ids) - len(answer)) for ids in prompts]
    x = torch.tensor(rows, device=next(model.parameters()).device)  # (B, T); what is causal sees no padding
    states = model.hidden_states(x)  # (B, T, C)
    told = [(row, len(ids), len(ids) + len(answer)) for row, ids in enumerate(prompts)]
    sound = [(row, 1 + before, len(ids) - after) for row, ids in enumerate(prompts)]
    nats = _nats(model, states, x, told + sound)
    told, sound = nats[: len(prompts)], nats[len(prompts) :]
    found = [Read(a - told[0], b - sound[0]) for a, b in zip(told[1:], sound[1:], strict=True)]
    return [SAME if text == draft else read for text, read in zip(candidates, found, strict=True)]


def _nats(model: BaseLM, states: Tensor, x: Tensor, spans: Sequence[tuple[int, int, int]]) -> list[float]:
    """How likely the tokens x (B, T) of each span (row, start, end) are after what stands before them in states (B, T, C)."""
    said = torch.cat([states[row, start - 1 : end - 1] for row, start, end in spans])  # (n, C)
    words = torch.cat([x[row, start:end] for row, start, end in spans])  # (n,)
    lost = [  # the vocabulary is large: all tokens at once, but for what would fill the memory
        F.cross_entropy(model.head(some).float(), those, reduction="none")
        for some, those in zip(said.split(AT_ONCE), words.split(AT_ONCE), strict=True)
    ]
    return [-float(part.sum()) for part in torch.cat(lost).split([end - start for _, start, end in spans])]
