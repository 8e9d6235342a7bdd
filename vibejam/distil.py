"""Learning in two turns: what the model expects after the first one is half of what it is to learn in the second.

A text that is read ten times and more is learnt by heart, whatever is dropped.  It says one token in each place; the model of the
first turn, held still as a teacher, says what else could have stood there, and whoever learns to say that too comes further.  Where
there is much time, from nothing again (born-again networks: https://arxiv.org/abs/1805.04770; measured in ABLATIONS.md).
Left out: when a turn ends (train_state.py), and several teachers.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.model import BaseLM

WORD = 0.5  # of what is to be learnt, how much is the teacher's


def held_still(model: BaseLM) -> BaseLM:
    """A copy of `model` as it is now, in the precision of what it writes with, that learns no more."""
    return copy.deepcopy(model).to(model.head.weight.dtype).requires_grad_(False).eval()


@torch.no_grad()
def begin_anew(model: BaseLM) -> None:
    """Give what a model learns the values that one of its shape begins with; for a model that began from nothing."""
    fresh = type(model)(model.config)
    for own, new in zip(model.parameters(), fresh.parameters(), strict=True):
        if own.requires_grad:
            own.copy_(new)


def loss_beside(teacher: BaseLM, model: BaseLM, idx: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """What `model` is to make small, and its mean loss in nats a token, as `BaseLM.loss` has it, to be told: () each.

    Tokens and targets (B, T); targets of -1 do not count.
    """
    counted = targets.flatten() >= 0
    said = F.log_softmax(model(idx)[0].flatten(0, 1)[counted].float(), dim=-1)  # (n, V)
    with torch.no_grad():
        expected = teacher(idx)[0].flatten(0, 1)[counted].float().softmax(-1)  # (n, V)
    nats = F.nll_loss(said, targets.flatten()[counted], reduction="sum") / counted.sum().clamp(min=1)
    unlike = -(expected * said).sum() / counted.sum().clamp(min=1)
    return (1 - WORD) * nats + WORD * unlike, nats.detach()
