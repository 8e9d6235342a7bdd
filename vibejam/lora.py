"""Low-rank adaptation (LoRA, https://arxiv.org/abs/2106.09685): learn a small correction to each matrix and leave the rest alone.

    y = W x + scale * B (A x)        W (out, in) fixed; A (r, in) and B (out, r) learn, B from zero

A pretrained model keeps what it knows, the optimiser holds a hundredth of the numbers, and the correction is added into W when the
model is saved, so that what is saved is a plain model again.
"""

import math

import torch
from torch import Tensor, nn

from vibejam.model import BaseLM

ALPHA = 2.0  # scale of the correction at any rank: alpha / r with alpha = 2 r, as most published recipes have it


class LowRank(nn.Module):
    """A linear layer that is fixed, and its correction of rank `rank`.  Takes (..., in), gives (..., out)."""

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.down = nn.Parameter(torch.empty(rank, linear.in_features, device=linear.weight.device))
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank, device=linear.weight.device))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + ALPHA * (x @ self.down.T) @ self.up.T

    def merged(self) -> Tensor:
        """W with the correction added (out, in)."""
        return self.linear.weight + ALPHA * self.up @ self.down


def add_low_rank(model: BaseLM, rank: int) -> None:
    """Fix all of `model` but a correction of rank `rank` to every matrix inside its blocks; tables and norms stay as they are."""
    model.requires_grad_(False)
    for module in list(model.blocks.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear) and not isinstance(module, LowRank):
                setattr(module, name, LowRank(child, rank))


@torch.no_grad()
def merged_weights(model: BaseLM) -> dict[str, Tensor]:
    """The parameters of the plain model that `model` computes as, by their plain names; of a model without corrections, its own."""
    corrected = {name: module for name, module in model.named_modules() if isinstance(module, LowRank)}
    weights = {}
    for name, parameter in model.named_parameters():
        owner = name.rpartition(".")[0]
        if owner in corrected:  # the correction's own two matrices
            continue
        if owner.endswith(".linear") and owner.removesuffix(".linear") in corrected:
            weights[owner.removesuffix("linear") + "weight"] = corrected[owner.removesuffix(".linear")].merged()
        else:
            weights[name] = parameter.detach()
    return weights


def corrections(model: BaseLM) -> dict[str, Tensor]:
    """What was learnt, apart from the model it corrects: of each corrected matrix, `<name>.down` and `<name>.up`."""
    parts = {}
    for name, module in model.named_modules():
        if isinstance(module, LowRank):
            parts |= {f"{name}.down": module.down.detach(), f"{name}.up": module.up.detach()}
    return parts


@torch.no_grad()
def merge_corrections(model: BaseLM, parts: dict[str, Tensor]) -> None:
    """Add `corrections` to the matrices of a plain model, in place.  Raises ValueError where they do not fit it."""
    try:
        for name in sorted({name.rpartition(".")[0] for name in parts}):
            weight, change = model.get_parameter(f"{name}.weight"), parts[f"{name}.up"].float() @ parts[f"{name}.down"].float()
            if weight.shape != change.shape:
                raise ValueError("a matrix of another shape")
            weight += ALPHA * change.to(weight)
    except (AttributeError, KeyError, RuntimeError, ValueError) as error:
        raise ValueError("these corrections are of another model") from error
