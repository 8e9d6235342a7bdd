"""Who moves the weights: AdamW in two parameter groups, and the plan of the learning rate over a run."""

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
