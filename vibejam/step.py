"""The gradients of one step: a batch in parts that fit into memory, shared out among the processes that learn together.

Whichever way a step's passages are parted, what comes of them is the same but for rounding: each part counts by how many of the
targets are its own.  Left out: what is done with the gradients (train.py, optim.py).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from vibejam.distil import Teacher
from vibejam.optim import Masters
from vibejam.parallel import Group
from vibejam.runtime import is_out_of_memory
from vibejam.sharded import ShardedMasters


def gradients(
    masters: Masters | ShardedMasters,
    batch: Sequence[Tensor],
    parts: int,
    group: Group,
    teacher: Teacher | None = None,
    scale: float = 1.0,
) -> tuple[Tensor, int]:
    """The mean loss of this process's share of `batch`, as its part of the whole's (), and in how many parts it was read.

    With a `teacher` the batch has no weights, and the gradients are of what `distil.py` says; the loss told is the model's own.
    The gradients lie with the model's parameters then.  Where memory runs out the parts are halved and all is read again, with the
    same dice; with one passage a part, or where other processes hold parts of the model, the error goes on to the caller.
    `scale`: how much larger the gradients are on their way, where they are half precision.
    """
    mine, dice = group.share(batch), torch.get_rng_state()
    if masters.sharded:
        mine = _filled_up(mine, batch, -(-len(batch[0]) // group.size))
    while True:
        try:
            loss = _read(masters, mine, parts, _counted(batch), teacher, scale)
            masters.unscale(scale)
            return loss, parts
        except (MemoryError, RuntimeError) as error:
            if masters.sharded or parts >= len(mine[0]) or not is_out_of_memory(error):
                raise
        for parameter in [*masters.model.parameters(), *masters.worker.parameters()]:
            parameter.grad = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        torch.set_rng_state(dice)
        parts = min(2 * parts, len(mine[0]))


def add_up(masters: Masters | ShardedMasters, loss: Tensor, seconds: float, group: Group) -> tuple[float, float]:
    """Gradients and loss over all processes, and the seconds that the first one counts.  Raises WorkerLost."""
    if group.size == 1:
        return loss.item(), seconds
    tables = masters.model.row_tables()  # where the model is sharded, its other gradients are added up already
    learning = tables if masters.sharded else [p for p in masters.model.parameters() if p.requires_grad]
    for parameter in learning:
        if parameter.grad is None:  # this process had no passage
            sparse = any(parameter is table for table in tables)
            parameter.grad = _no_rows(parameter) if sparse else torch.zeros_like(parameter)
    rows = [p for p in learning if p.grad.is_sparse]
    for parameter in rows:
        parameter.grad = _all_rows(parameter.grad.coalesce(), group)
    learning = [p for p in learning if not p.grad.is_sparse]
    told = torch.stack([loss.float(), loss.new_tensor(seconds if group.first else 0.0)])
    group.add_up([*(p.grad for p in learning), told])
    return float(told[0]), float(told[1])


def _all_rows(grad: Tensor, group: Group) -> Tensor:
    """A sparse gradient with the rows of all processes."""
    indices, values = grad.indices()[0], grad.values()  # (n,), (n, C)
    places = torch.cat(group.gather(indices[:, None]))[:, 0]
    return torch.sparse_coo_tensor(places[None], torch.cat(group.gather(values)), grad.shape, check_invariants=False)


def _no_rows(table: Tensor) -> Tensor:
    """The sparse gradient of a table (n, C) of which nothing was read: zeros_like would make one that is sparse in both."""
    places = torch.zeros(1, 0, dtype=torch.long, device=table.device)
    return torch.sparse_coo_tensor(places, table.new_zeros(0, table.shape[1]), table.shape, check_invariants=False)


def _read(
    masters: Masters | ShardedMasters, rows: Sequence[Tensor], parts: int, total: Tensor, teacher: Teacher | None, scale: float
) -> Tensor:
    device = next(masters.worker.parameters()).device
    whole = torch.zeros((), device=device)
    if not len(rows[0]):
        return whole
    for part in zip(*(tensor.tensor_split(min(parts, len(tensor))) for tensor in rows), strict=True):
        share = (_counted(part) / total).to(device)
        part = [tensor.to(device, non_blocking=True) for tensor in part]
        loss, told = masters.losses(masters.worker, teacher, *part)
        masters.backward(loss * share, scale)
        whole = whole + (told.detach() * share).float()
    return whole


def _filled_up(mine: Sequence[Tensor], batch: Sequence[Tensor], rows: int) -> list[Tensor]:
    """`mine` in `rows` rows: where a model is sharded all processes compute alike, some what doesn't count."""
    missing = rows - len(mine[0])
    filled = [torch.cat([part, whole[:1].expand(missing, -1)]) for part, whole in zip(mine, batch, strict=True)]
    filled[1][rows - missing :] = -1
    return filled


def _counted(batch: Sequence[Tensor]) -> Tensor:
    """How much the targets of a batch count together, as `BaseLM.loss` divides by it."""
    counts = batch[1] >= 0
    return (batch[2][counts] if len(batch) > 2 else counts).sum().clamp(min=1).float()
