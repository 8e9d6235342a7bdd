"""Who moves the weights: AdamW in two parameter groups, the plan of the learning rate, and fp32 masters for bf16 compute."""

import copy

import torch

from vibejam.config import TrainConfig
from vibejam.model import BaseLM


def build_optimizer(model: BaseLM, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW (https://arxiv.org/abs/1711.05101); matrices and tables decay, the norms' gains do not."""
    decayed = [p for p in model.parameters() if p.requires_grad and p.dim() >= 2]
    kept = [p for p in model.parameters() if p.requires_grad and p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": kept, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.lr, betas=(0.9, 0.99), fused=True)


def lr_at(progress: float, config: TrainConfig) -> float:
    """The learning rate when `progress` of the run (0 to 1) is done: a short climb, then a straight line down to zero."""
    if progress < config.warmup:
        return config.lr * max(progress, 0.01 * config.warmup) / config.warmup
    return config.lr * max(0.0, 1 - progress) / (1 - config.warmup)


class Masters:
    """A model in fp32 that learns, and its worker in a faster precision that computes.

    bf16 keeps 8 bits of a number: a step of 1e-4 added to a bf16 weight is rounded away.  So the gradients are made by a bf16
    copy and the steps are taken in fp32 (https://arxiv.org/abs/1710.03740).  In fp32 the worker is the model itself.
    """

    def __init__(self, model: BaseLM, dtype: torch.dtype) -> None:
        self.model = model
        self.worker = model if dtype == torch.float32 else copy.deepcopy(model).to(dtype)
        self._pairs = [
            (master, copied)
            for master, copied in zip(model.parameters(), self.worker.parameters(), strict=True)
            if master is not copied and master.requires_grad
        ]

    def collect(self) -> None:
        """Bring the worker's gradients to the model."""
        for master, copied in self._pairs:
            master.grad, copied.grad = copied.grad.to(master.dtype), None

    @torch.no_grad()
    def distribute(self) -> None:
        """Bring the model's weights to the worker."""
        if self._pairs:
            masters, copies = zip(*self._pairs, strict=True)
            torch._foreach_copy_(copies, masters)
