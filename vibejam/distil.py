"""Learning in two turns: what the model expects after the first one is part of what it is to learn in the second.

A text that is read ten times and more is learnt by heart, whatever is dropped.  It says one token in each place; the model of the
first turn, held still as a teacher, says what else could have stood there, and whoever learns to say that too comes further.  Where
there is much time, from nothing again (born-again networks: https://arxiv.org/abs/1805.04770; measured in ABLATIONS.md).
Left out: when a turn ends (train_state.py), and several teachers.
"""

import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.model import BaseLM


@dataclass(frozen=True)
class Teacher:
    """A model that learns no more, and how much of what another is to learn is what it expects: 0 to 1."""

    model: BaseLM
    share: float


def held_still(model: BaseLM, anew: bool) -> Teacher:
    """`model` as it is now, in the precision of what it writes with; who begins `anew` has more to hear from it."""
    still = copy.deepcopy(model).to(model.head.weight.dtype).requires_grad_(False).eval()
    return Teacher(still, 0.5 if anew else 0.35)


@torch.no_grad()
def begin_anew(model: BaseLM) -> None:
    """Give what a model learns the values that one of its shape begins with; for a model that began from nothing."""
    fresh = type(model)(model.config)
    for own, new in zip(model.parameters(), fresh.parameters(), strict=True):
        if own.requires_grad:
            own.copy_(new)


def losses(model: BaseLM, teacher: Teacher | None, *batch: Tensor) -> tuple[Tensor, Tensor]:
    """What `model` is to make small, and its mean loss in nats a token, as `BaseLM.loss` has it, to be told: () each."""
    if teacher is not None:
        return loss_beside(teacher, model, *batch)
    loss = model.loss(*batch)
    return loss, loss


def loss_beside(teacher: Teacher, model: BaseLM, idx: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """What `model` is to make small, and its mean loss in nats a token, as `BaseLM.loss` has it, to be told: () each.

    Tokens and targets (B, T); targets of -1 do not count.
    """
    counted = targets.flatten() >= 0
    said = F.log_softmax(_logits(model, idx)[counted].float(), dim=-1)  # (n, V)
    with torch.no_grad():
        expected = _logits(teacher.model, idx)[counted].float().softmax(-1)  # (n, V)
    nats = F.nll_loss(said, targets.flatten()[counted], reduction="sum") / counted.sum().clamp(min=1)
    unlike = -(expected * said).sum() / counted.sum().clamp(min=1)
    return (1 - teacher.share) * nats + teacher.share * unlike, nats.detach()


def _logits(model: BaseLM, idx: Tensor) -> Tensor:
    """(B*T, V), of the network alone: what was counted of a text knows it by heart."""
    return model.head(model.hidden_states(idx)).flatten(0, 1)
