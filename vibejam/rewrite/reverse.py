"""Whether a rewrite still says what the draft says: how well the draft can be told from it again.

The neutraliser, which knows how anybody's words become a machine's draft, is asked how likely the draft is after a candidate, and
after the draft itself; what a candidate left out or changed, it cannot tell.  Candidates of a model need it, for guards know words
and no sense.  Left out: where the base model is not on this machine (engine.py goes without), and what must never change (guards.py).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from vibejam.rewrite.neutraliser import PROMPT, loaded

WORDING = 0.5  # nats a candidate may cost for its other words alone


@torch.inference_mode()
def reverse_score(draft: str, candidates: Sequence[str]) -> list[float]:
    """log P(draft | candidate) - log P(draft | draft) in nats for each, at most 0; the draft itself has 0.

    Raises UserError where the base or the neutraliser's correction is missing.
    """
    model, tokenizer = loaded()
    answer = [*tokenizer.inner.encode(" " + draft, add_special_tokens=False).ids, tokenizer.doc_end]
    rows = [[tokenizer.doc_end, *tokenizer.encode(PROMPT.format(text=text)), *answer] for text in [draft, *candidates]]
    longest = max(map(len, rows))
    if longest > model.config.block_size:
        return [0.0 if text == draft else -float("inf") for text in candidates]
    x = torch.tensor([row + [tokenizer.doc_end] * (longest - len(row)) for row in rows])  # (B, T); what is causal sees no padding
    states = model.hidden_states(x.to(next(model.parameters()).device))  # (B, T, C)
    told = torch.stack([of[len(row) - len(answer) - 1 : len(row) - 1] for of, row in zip(states, rows, strict=True)])  # (B, A, C)
    logits = model.head(told).float()  # (B, A, V): of the answers alone, for the vocabulary is large
    targets = torch.tensor(answer, device=logits.device).expand(len(rows), -1)  # (B, A)
    nats = -F.cross_entropy(logits.transpose(1, 2), targets, reduction="none").sum(1).cpu()  # (B,)
    costs = (nats[1:] - nats[0] + WORDING).clamp(max=0.0).tolist()
    return [0.0 if text == draft else cost for text, cost in zip(candidates, costs, strict=True)]
