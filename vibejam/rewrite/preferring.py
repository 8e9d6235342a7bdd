"""Learning from what was turned down: direct preference optimization (DPO, https://arxiv.org/abs/2305.18290) beside the rewrites.

Of a version that a person took and one that they did not want, the first shall become likelier against the second than both were
when the run began.  DPO alone may make both of them rarer; the version that was taken is learnt as any rewrite is at the same time,
which keeps it likely (https://arxiv.org/abs/2404.19733).  What was turned down is never a target.
Left out: who turned what down (decisions.py), and sums divided by length, for versions of one sentence are of like length.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.model import BaseLM
from vibejam.rewrite.pair_data import Example, PairData, encode_example, stacked
from vibejam.rewrite.pairs import PROMPT, Pair
from vibejam.runtime import compute_dtype
from vibejam.tokenizer import Tokenizer

ENOUGH = 24  # rewrites with a version turned down, from which on they are learnt from: fewer say more of chance than of a taste
BETA = 0.1  # how dear it is to move away from the start: the paper's


def preference_loss(taken: Tensor, other: Tensor, taken_before: Tensor, other_before: Tensor, beta: float = BETA) -> Tensor:
    """Equation 7 of the paper for each of B preferences (B,), given log p of the version taken and of the other (B,), now and in
    the start."""
    return -F.logsigmoid(beta * ((taken - taken_before) - (other - other_before)))


def log_probabilities(model: BaseLM, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Of tokens x (B, T) and targets y (B, T; -1 does not count): log p of each target that counts (N,), and of each row (B,)."""
    counted = y >= 0
    logits = model.head(model.hidden_states(x)[counted]).float()  # (N, V)
    each = -F.cross_entropy(logits, y[counted], reduction="none")  # (N,)
    return each, each.new_zeros(len(x)).index_add(0, counted.nonzero()[:, 0], each)


class Preferring(BaseLM):
    """A model that learns by both."""

    def __init__(self, model: BaseLM) -> None:
        super().__init__()
        self.model, self.config = model, model.config

    def hidden_states(self, idx: Tensor) -> Tensor:
        return self.model.hidden_states(idx)

    def new_cache(self, batch_size: int, length: int) -> object:
        return self.model.new_cache(batch_size, length)

    def forward_cached(self, idx: Tensor, cache: object) -> Tensor:
        return self.model.forward_cached(idx, cache)

    def loss(self, x: Tensor, y: Tensor, weights: Tensor, other_x: Tensor, other_y: Tensor, before: Tensor) -> Tensor:
        """The weighted mean of the rewrites' nats a token, with each row's preference, if it has one, added for its share of it.

        x, y and weights (B, T) as in `BaseLM.loss`; the versions turned down (B, S), all -1 where there is none; before (B, 2).
        """
        each, taken = log_probabilities(self.model, x, y)  # (N,), (B,)
        total = -(each * weights[y >= 0]).sum()
        rows = (other_y >= 0).any(1)
        if rows.any():
            _, other = log_probabilities(self.model, other_x[rows], other_y[rows])
            losses = preference_loss(taken[rows], other, *before[rows].unbind(1))  # (R,)
            total = total + (losses * (weights * (y >= 0)).sum(1)[rows]).sum()
        return total / weights[y >= 0].sum().clamp(min=1)


class PreferenceData(PairData):
    """Pairs, some of which have versions turned down: another of them in each epoch."""

    def get_batch(self, split: str, batch_size: int) -> tuple[Tensor, ...]:
        """The next batch as `PairData` has it, and after it what `Preferring.loss` needs: (B, S), (B, S) and (B, 2)."""
        examples = self.next_examples(split, batch_size)
        chosen = [self.epoch % len(e.others) if e.others else None for e in examples]
        others = [_other(e, n) if n is not None else _nothing(self.doc_end) for e, n in zip(examples, chosen, strict=True)]
        before = [(e.before[0], e.before[1 + n]) if n is not None else (0.0, 0.0) for e, n in zip(examples, chosen, strict=True)]
        return *stacked(examples, self.doc_end), *stacked(others, self.doc_end)[:2], torch.tensor(before)


def with_preferences(
    model: BaseLM, tokenizer: Tokenizer, pairs: Sequence[Pair], examples: Sequence[Example]
) -> tuple[list[Example], int]:
    """The pairs' examples with what was turned down and how likely `model`, the start, has it all; and how many that are.

    Where there are fewer than ENOUGH, all are as they were.
    """
    block = model.config.block_size
    others = [_others(tokenizer, pair, block) for pair in pairs]
    count = sum(map(bool, others))
    if count < ENOUGH:
        return list(examples), 0
    device = next(model.parameters()).device
    start = copy.deepcopy(model).to(compute_dtype(device)).eval()  # as precise as what learns, or rounding would look like taste
    return [
        replace(example, others=tuple(e.ids for e in found), before=_before(start, [example, *found], tokenizer.doc_end))
        if found
        else example
        for example, found in zip(examples, others, strict=True)
    ], count


@torch.no_grad()
def _before(start: BaseLM, examples: Sequence[Example], doc_end: int) -> tuple[float, ...]:
    device = next(start.parameters()).device
    x, y, _ = stacked(examples, doc_end)
    return tuple(log_probabilities(start, x.to(device), y.to(device))[1].tolist())


def _others(tokenizer: Tokenizer, pair: Pair, block: int) -> list[Example]:
    """What was turned down and fits the context, each once."""
    texts = [text for text in dict.fromkeys(text.strip() for text in pair.rejected) if text and text != pair.rewrite]
    encoded = [encode_example(tokenizer, PROMPT.format(draft=pair.draft), pair.draft, text) for text in texts]
    return [example for example in encoded if len(example.weights) <= block]


def _other(example: Example, number: int) -> Example:
    """The version turned down, whose prompt is as long as the example's."""
    ids = example.others[number]
    asked = int((example.weights == 0).sum())
    return Example(ids, (torch.arange(len(ids) - 1) >= asked).float(), 0)


def _nothing(doc_end: int) -> Example:
    return Example(torch.tensor([doc_end, doc_end]), torch.zeros(1), 0)
