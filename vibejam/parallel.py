"""Several processes that learn one model: each reads its share of a step's passages, and all take the same step.

    torchrun --nproc-per-node 2 -m vibejam.cli train-lm --text-path letters/ --ckpt-path voice

torchrun (https://docs.pytorch.org/docs/stable/elastic/run.html) starts the processes, on one machine or several, and says in the
environment which is which.  The first one alone writes files and measures.  Each holds all of the model, if it isn't too large for
that (sharded.py).  Left out: anything pickled; tensors of plain numbers are all that is ever sent.
"""

import atexit
import gc
import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from vibejam.errors import UserError


class WorkerLost(UserError):
    """Another process of the group has ended in the middle of a step."""

    def __init__(self) -> None:
        super().__init__("Another of the processes that learn together has ended; the last checkpoint is whole, so resume from it.")


def is_connection(error: BaseException) -> bool:
    """Whether `error` says that another process can't be reached, as what shares a model out (sharded.py) lets it through."""
    if not dist.is_available():
        return False
    return isinstance(error, WorkerLost | dist.DistError) or "gloo" in str(error)


@dataclass(frozen=True)
class Group:
    """The processes that learn together: this one's number, from 0, and how many there are."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def share(self, batch: Sequence[Tensor]) -> list[Tensor]:
        """This process's rows of a batch that all have drawn alike, every `size`th; maybe none."""
        return [part[self.rank :: self.size] for part in batch] if self.size > 1 else list(batch)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Each tensor becomes its sum over all processes, in place, in one message.  Raises WorkerLost."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.detach().float().flatten() for tensor in tensors])
        try:
            dist.all_reduce(flat)
        except RuntimeError as error:  # the others' connection is closed
            raise WorkerLost from error
        for tensor, total in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.detach().copy_(total.view_as(tensor))

    def gather(self, rows: Tensor) -> list[Tensor]:
        """Every process's rows (n, ...), of which each may have another number.  Raises WorkerLost."""
        count = torch.zeros(self.size, dtype=torch.long, device=rows.device)
        count[self.rank] = len(rows)
        try:
            dist.all_reduce(count)
            most = int(count.max())
            padded = torch.cat([rows, rows.new_zeros(most - len(rows), *rows.shape[1:])])
            found = [torch.empty_like(padded) for _ in range(self.size)]
            dist.all_gather(found, padded)
        except RuntimeError as error:
            raise WorkerLost from error
        return [part[:n] for part, n in zip(found, count.tolist(), strict=True)]

    def from_first(self, values: Sequence[float], device: torch.device) -> list[float]:
        """What the first process says, to all.  Raises WorkerLost."""
        if self.size == 1:
            return list(values)
        sent = torch.tensor(values, dtype=torch.float32 if device.type == "mps" else torch.float64, device=device)
        try:
            dist.broadcast(sent, 0)
        except RuntimeError as error:
            raise WorkerLost from error
        return sent.tolist()

    def alike(self, tensors: Sequence[Tensor]) -> None:
        """Every process's tensors become the first one's, in place.  Raises WorkerLost."""
        if self.size == 1:
            return
        try:
            for tensor in tensors:
                dist.broadcast(tensor.detach(), 0)
        except RuntimeError as error:
            raise WorkerLost from error


ALONE = Group()


def under_torchrun() -> bool:
    return "WORLD_SIZE" in os.environ and "RANK" in os.environ


def take_part(device: str | None = None) -> tuple[Group, str | None]:
    """The group that torchrun started this process in, and the device it computes on; without torchrun alone, on `device`."""
    if not under_torchrun() or int(os.environ["WORLD_SIZE"]) == 1:
        return ALONE, device
    rank, size, here = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    if device in (None, "", "auto", "cuda") and torch.cuda.is_available():
        device = f"cuda:{here}"
        torch.cuda.set_device(here)
    else:
        device = device or "cpu"
    if not dist.is_initialized():
        # torch imports it sooner or later, and its functions would hold the group that they find, which then never ends
        from torch.distributed.nn import functional  # noqa: F401

        backend = "nccl" if device.startswith("cuda") else "gloo"
        dist.init_process_group(backend, store=_meeting_place(rank, size), rank=rank, world_size=size)
        atexit.register(_end)
    return Group(rank, size), device


def _end() -> None:
    """The group's threads may still hold a tensor: they end before Python does, or the process aborts as they let go of it."""
    gc.collect()  # whatever still holds the group keeps them
    dist.destroy_process_group()


def _meeting_place(rank: int, size: int) -> dist.Store:
    """Where the processes find each other: a part of torchrun's own store for each try, or they would call those that are gone."""
    hosted = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    where = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    store = dist.TCPStore(*where, size, is_master=rank == 0 and not hosted, wait_for_workers=False)
    return dist.PrefixStore(f"vibejam/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)


def is_first() -> bool:
    """Whether this process is the one that speaks and writes."""
    return int(os.environ.get("RANK", "0")) == 0 or not under_torchrun()


def restarted() -> bool:
    """Whether torchrun started this process again after one of the group was lost."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
