"""A model too large for each of several processes: every one holds a part of its weights, gradients and moments (FSDP2).

A block's weights are brought together while it computes and let go of after
(https://docs.pytorch.org/docs/stable/distributed.fsdp.fully_shard.html); what is learnt is the same but for rounding.
Left out: torch.compile; a model that no process can hold even once, as it is built; learning in two turns; reading a step in more
parts where memory runs out, for all processes must compute alike; and the state as a run is broken off, for all would have to be
there: what the last measurement saved is what such a run goes on from.
"""

import atexit
import copy
import math
import os

import torch
from torch import Tensor

from vibejam.distil import losses
from vibejam.model import BaseLM
from vibejam.parallel import Group
from vibejam.runtime import memory_of_device

ROOM = 0.5  # the share of a process's memory that a model may take as it learns; one that takes more is sharded
LEARNING = 18  # bytes a weight then: fp32, its gradient, two moments, and the copy that computes


def too_large(model: BaseLM, group: Group) -> bool:
    """Whether each process of `group` should hold a part of `model` and not all of it."""
    if group.size == 1:
        return False
    held = sum(parameter.numel() * (LEARNING if parameter.requires_grad else 4) for parameter in model.parameters())
    device = next(model.parameters()).device
    sharing = int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if device.type == "cpu" else 1
    return held > ROOM * (memory_of_device(device) or math.inf) / sharing


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor of which each process holds a part, for each that calls this, and all must; any other as it is."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor  # importing DTensor takes half a second


def sharded_like(like: Tensor, tensor: Tensor) -> Tensor:
    """Of `tensor`, which all processes have, this one's part, as it has one of `like`; where it has all of that, `tensor`."""
    if not hasattr(like, "full_tensor") or like.shape != tensor.shape:
        return tensor
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(tensor, like.device_mesh, like.placements, src_data_rank=None)


class ShardedMasters:
    """What `optim.Masters` is, of a model that is sharded over the processes of `group`; all of them make one at once.

    Tables of rows are not sharded, for their gradients are sparse.
    """

    sharded, scaled = True, False

    def __init__(self, model: BaseLM, dtype: torch.dtype, group: Group) -> None:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard, register_fsdp_forward_method

        self._size, self._dtype, self._device = group.size, dtype, next(model.parameters()).device
        self._plain = copy.deepcopy(model).cpu() if group.first else None
        mesh = init_device_mesh(self._device.type, (group.size,))
        # torch keeps every mesh for good, and a mesh its group, whose threads must end before Python does (parallel.py)
        atexit.register(getattr(mesh, "_pg_registry", {}).clear)
        # fp16 would want its loss scaled, and is older than the machines that hold models of this size
        computes = torch.bfloat16 if dtype == torch.bfloat16 else torch.float32
        precision = MixedPrecisionPolicy(param_dtype=computes, reduce_dtype=torch.float32)
        for block in model.blocks:
            fully_shard(block, mesh=mesh, mp_policy=precision)
        fully_shard(model, mesh=mesh, mp_policy=precision, ignored_params=set(model.row_tables()))
        register_fsdp_forward_method(model, "loss")
        self.model = self.worker = model
        self.losses = losses

    def backward(self, loss: Tensor, scale: float = 1.0) -> None:
        """Add the gradients of `loss` () to the model's: of all processes together, so all must call this."""
        (loss * self._size).backward()  # FSDP2 takes the mean

    def unscale(self, scale: float) -> None:
        """Of the tables of rows FSDP2 takes no mean."""
        for table in self.model.row_tables():
            if table.grad is not None:
                table.grad.mul_(1 / self._size)

    def distribute(self) -> None:
        """The worker is the model."""

    @torch.no_grad()
    def plain(self) -> BaseLM | None:
        """All of the model as it is now, in fp32 and ordinary memory, for the first process; all must call this."""
        held = dict(self._plain.named_parameters()) if self._plain is not None else {}
        for name, parameter in self.model.named_parameters():
            full = whole(parameter)
            if held:
                held[name].copy_(full)
        return self._plain

    def readable(self) -> BaseLM | None:
        """The same, where and in what it computes, to be measured and sampled from."""
        full = self.plain()
        return full and copy.deepcopy(full).to(self._device, self._dtype)
