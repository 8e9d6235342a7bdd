"""Who moves the weights: AdamW, Muon for the matrices, the plan of the learning rate, and fp32 masters for faster compute."""

import copy

import torch
from torch import Tensor, nn

from vibejam.config import TrainConfig
from vibejam.distil import losses
from vibejam.model import BaseLM
from vibejam.runtime import compute_dtype
from vibejam.sharded import sharded_like, whole

MOMENTUM = 0.95  # Muon's, and its five steps of Newton-Schulz with their coefficients: as published with it
ROWS_TIMES, ROWS_BETA = 2.5, 0.99  # the rows' rate, as a multiple of AdamW's; how much of their past they remember
MOMENTS = {None: {"step", "exp_avg", "exp_avg_sq"}, "muon": {"momentum"}, "rows": {"square", "times"}}  # remembered, by rule
NEVER_NEGATIVE = {"step", "exp_avg_sq", "square", "times"}
STEPS, COEFFICIENTS = 5, (3.4445, -4.775, 2.0315)


def build_optimizer(model: BaseLM, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW (https://arxiv.org/abs/1711.05101); matrices and tables decay, the norms' gains do not.

    With `config.muon_lr` Muon moves the matrices inside the blocks; and `row_tables` move row by row.
    """
    tables = {id(p) for p in model.row_tables()}
    inside = {id(p) for p in model.blocks.parameters() if p.dim() == 2} if config.muon_lr else set()
    learning = [p for p in model.parameters() if p.requires_grad]
    plain = [p for p in learning if id(p) not in tables | inside]
    groups = [
        {"params": [p for p in plain if p.dim() >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in plain if p.dim() < 2], "weight_decay": 0.0},
        {
            "params": [p for p in learning if id(p) in inside],
            "weight_decay": config.weight_decay,
            "times": config.muon_lr / config.lr,
            "rule": "muon",
        },
        {"params": [p for p in learning if id(p) in tables], "weight_decay": 0.0, "times": ROWS_TIMES, "rule": "rows"},
    ]
    groups = [group for group in groups if group["params"]]
    kind = Mixed if any("rule" in group for group in groups) else torch.optim.AdamW
    return kind(groups, lr=config.lr, betas=(0.9, 0.99), fused=True)


def check_moments(optimizer: torch.optim.Optimizer) -> None:
    """Raises ValueError where what was put into its state is not what its rules remember of the weights."""
    for group in optimizer.param_groups:
        expected = MOMENTS[group.get("rule")]
        for parameter in group["params"]:
            found = optimizer.state.get(parameter) or {}
            shapes = (parameter.shape, torch.Size(), (*parameter.shape[:1], 1))
            fit = all(moment.shape in shapes and moment.is_floating_point() for moment in found.values())
            if found and found.keys() != expected or not fit or not all(_may_be(*moment) for moment in found.items()):
                raise ValueError("moments of other weights")


def _may_be(name: str, moment: torch.Tensor) -> bool:
    return bool(moment.isfinite().all()) and (name not in NEVER_NEGATIVE or bool((moment >= 0).all()))


def set_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every group the rate `lr`, or its multiple of it."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group.get("times", 1.0)


class Mixed(torch.optim.AdamW):
    """AdamW, but for groups with a rule of their own: "muon" for matrices, "rows" for tables with sparse gradients."""

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            rule = {"muon": self._muon, "rows": self._rows}.get(group.get("rule"))
            if rule is not None:
                rule(group, [p for p in group["params"] if p.grad is not None])
                for parameter in group["params"]:
                    parameter.grad = None  # so that AdamW leaves it alone
        super().step()

    def _muon(self, group: dict, matrices: list[nn.Parameter]) -> None:
        """Muon (https://kellerjordan.github.io/posts/muon/): the momentum of the gradients with all of its singular values brought
        near 1, so that no direction drowns another."""
        alike: dict[torch.Size, list[nn.Parameter]] = {}
        for matrix in matrices:
            alike.setdefault(matrix.shape, []).append(matrix)
        for shape, same in alike.items():  # those of one shape in one product each
            for matrix in same:
                self.state[matrix].setdefault("momentum", torch.zeros_like(matrix)).lerp_(matrix.grad, 1 - MOMENTUM)
            # Nesterov's (N, out, in); what several processes hold parts of is put together, and each takes its part of the step
            ahead = torch.stack([whole(m.grad.lerp(self.state[m]["momentum"], MOMENTUM)) for m in same])
            longer = max(1.0, shape[0] / shape[1]) ** 0.5
            for matrix, step in zip(same, orthogonal(ahead), strict=True):
                step = sharded_like(matrix, step)
                matrix.mul_(1 - group["lr"] * group["weight_decay"]).add_(step, alpha=-group["lr"] * longer)

    def _rows(self, group: dict, tables: list[nn.Parameter]) -> None:
        """Of each table only the rows that a step has touched: every row by its gradient over the root of the mean square of its
        own gradients so far.  One number a row is remembered, and how often it was touched."""
        for table in tables:
            touched = table.grad.coalesce()
            rows, grads = touched.indices()[0], touched.values()  # (n,), (n, C)
            state = self.state[table]
            if not state:
                state["square"], state["times"] = (torch.zeros(len(table), 1, device=table.device) for _ in range(2))
            times = state["times"][rows] + 1
            square = state["square"][rows].lerp(grads.square().mean(1, keepdim=True), 1 - ROWS_BETA)  # (n, 1)
            state["times"][rows], state["square"][rows] = times, square
            length = (square / (1 - ROWS_BETA**times)).sqrt_().add_(1e-10)
            table.index_add_(0, rows, grads / length, alpha=-group["lr"])


def orthogonal(matrices: Tensor) -> Tensor:
    """(N, out, in), each nearly as its singular value decomposition with all values between 0.7 and 1.2: Newton-Schulz."""
    x = matrices / (matrices.norm(dim=(-2, -1), keepdim=True) + 1e-7)  # before it is rounded: fp16 has no small numbers
    x = x.to(compute_dtype(matrices.device))
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    a, b, c = COEFFICIENTS
    for _ in range(STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).to(matrices.dtype)


def lr_at(progress: float, config: TrainConfig) -> float:
    """The learning rate when `progress` of the run (0 to 1) is done: a short climb, then a straight line down to zero."""
    if progress < config.warmup:
        return config.lr * max(progress, 0.01 * config.warmup) / config.warmup
    return config.lr * max(0.0, 1 - progress) / (1 - config.warmup)


class Masters:
    """A model in fp32 that learns, and its worker in a faster precision that computes.

    bf16 keeps 8 bits of a number: a step of 1e-4 added to a bf16 weight is rounded away.  So the gradients are made by a bf16
    copy and the steps are taken in fp32 (https://arxiv.org/abs/1710.03740).  In fp32 the worker is the model itself.  What is
    too small for fp16's gradients is made larger first, by the `scale` that `backward` is given, and smaller again in fp32.
    """

    sharded = False  # whether other processes hold parts of the model (sharded.py)

    def __init__(self, model: BaseLM, dtype: torch.dtype, compiled: bool = False) -> None:
        self.model = model
        self.losses = torch.compile(losses) if compiled else losses
        self.scaled = dtype == torch.float16
        self.worker = model if dtype == torch.float32 else copy.deepcopy(model).to(dtype)
        shared = {id(table) for table in model.row_tables()}
        for name, parameter in list(model.named_parameters()):
            if id(parameter) in shared:  # a copy of all its rows a step would cost more than the step
                owner, _, own = name.rpartition(".")
                setattr(self.worker.get_submodule(owner), own, parameter)
        self._pairs = [
            (master, copied)
            for master, copied in zip(model.parameters(), self.worker.parameters(), strict=True)
            if master is not copied and master.requires_grad
        ]

    def backward(self, loss: Tensor, scale: float = 1.0) -> None:
        """Add the gradients of `loss` () to the model's, all of them `scale` times as large."""
        (loss * scale if self.scaled else loss).backward()
        for master, copied in self._pairs:
            if copied.grad is not None:
                found = copied.grad.to(master.dtype)
                master.grad = found if master.grad is None else master.grad.add_(found)
                copied.grad = None

    def unscale(self, scale: float) -> None:
        """Make the model's gradients as large as they are, where `backward` made them larger."""
        if self.scaled:
            for parameter in self.model.parameters():
                if parameter.grad is not None:
                    parameter.grad.mul_(1 / scale)

    @torch.no_grad()
    def distribute(self) -> None:
        """Bring the model's weights to the worker."""
        if self._pairs:
            masters, copies = zip(*self._pairs, strict=True)
            torch._foreach_copy_(copies, masters)

    def readable(self) -> BaseLM:
        """The model as it is now, to be measured and sampled from."""
        return self.worker

    def plain(self) -> BaseLM:
        """The model as it is now, in fp32, to be kept."""
        return self.model
