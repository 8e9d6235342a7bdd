"""Where a run stands, and all that one which was broken off needs to go on: counters, weights, moments, dice.

Left out: the steps themselves (train.py) and the files it is kept in (checkpoint.py).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vibejam.config import TrainConfig
from vibejam.data import TrainingData
from vibejam.distil import Teacher, held_still
from vibejam.errors import UserError
from vibejam.model import BaseLM
from vibejam.optim import Masters, check_moments
from vibejam.sharded import sharded_like, whole

SCALE_STEPS = 2_000
DAMAGED = "The saved state is damaged or of another model; start the run anew."


@dataclass(frozen=True)
class TrainState:
    """All that an interrupted run needs to go on as if nothing had happened: tensors, and plain numbers."""

    tensors: dict[str, Tensor]
    numbers: dict[str, object]


@dataclass
class Counters:
    """Where a run stands; saved as plain numbers."""

    iteration: int = 0
    seconds: float = 0.0
    tokens: int = 0
    learning_seconds: float = 0.0
    measured: int = 0  # measurements done
    best_loss: float = math.inf
    best_iteration: int = 0
    since_best: int = 0
    turned: int = 0  # the step after which the second turn began, and the seconds; 0: none has
    turned_seconds: float = 0.0
    turn_best: float = math.inf  # the lowest validation loss of this turn
    lr_scale: float = 1.0
    loss_scale: float = 2.0**16  # where gradients are half precision: how much larger they are made on their way
    scaled_well: int = 0  # steps since it changed
    parts: int = 1  # in which a step's passages are read
    minutes: float = 0.0  # the end that was planned
    max_iters: int = 0
    finished: bool = False
    stopped_early: bool = False

    def check(self) -> None:
        """Raises ValueError where a number is none that a run can have come to."""
        for name, plain in vars(Counters()).items():
            value = getattr(self, name)
            kinds = {bool: (bool,), int: (int,)}.get(type(plain), (int, float))
            if type(value) not in kinds or not 0 <= value < (math.inf if plain == math.inf else 2**53) and value != plain:
                raise ValueError(f"{name} is {value!r}")
        if not self.parts or not self.loss_scale:
            raise ValueError("a step is read in no part, or its loss made nothing of")

    def progress(self, config: TrainConfig) -> float:
        """Share of the run that is done, 0 to 1, by time or by steps, whichever is further."""
        return _share(self.iteration, self.seconds, config)

    def turn_progress(self, config: TrainConfig) -> float:
        """Share of this turn that is done, which is what the learning rate goes by."""
        done = self.progress(config)
        if self.turned:
            before = _share(self.turned, self.turned_seconds, config)
            return (done - before) / max(1 - before, 1e-9)
        return min(1.0, done / config.first_turn) if config.first_turn else done

    def turn_is_over(self, config: TrainConfig) -> bool:
        """Whether the second turn begins here: where the first has had its share, or gets no better."""
        if not config.first_turn or self.turned or not self.iteration:
            return False
        return self.turn_progress(config) >= 1 or 0 < config.patience <= self.since_best

    def scale_on(self, fit: bool) -> None:
        """A step's gradients did, or did not, `fit` into half precision: twice as large after 2,000 that did, half at once if not
        (https://arxiv.org/abs/1710.03740)."""
        self.scaled_well = self.scaled_well + 1 if fit else 0
        if not fit:
            self.loss_scale /= 2
        elif self.scaled_well == SCALE_STEPS:
            self.loss_scale, self.scaled_well = self.loss_scale * 2, 0

    def turn(self) -> None:
        self.turned, self.turned_seconds = self.iteration, self.seconds
        self.turn_best, self.since_best = math.inf, 0


def _share(steps: int, seconds: float, config: TrainConfig) -> float:
    by_time = seconds / (config.minutes * 60) if config.minutes else 0.0
    by_steps = steps / config.max_iters if config.max_iters else 0.0
    return min(1.0, max(by_time, by_steps))


def capture(
    model: BaseLM, teacher: Teacher | None, optimizer: torch.optim.Optimizer, data: TrainingData, counters: Counters
) -> TrainState:
    """The state as it is now; where processes hold parts of the model, all must call this."""
    tensors = {f"model.{name}": _kept(p.detach()) for name, p in model.named_parameters() if p.requires_grad}
    tensors |= {f"teacher.{name}": p for name, p in teacher.model.named_parameters()} if teacher else {}
    names = {p: name for name, p in model.named_parameters()}
    for parameter, moments in optimizer.state.items():
        for key, value in moments.items():
            tensors[f"optimizer.{key}.{names[parameter]}"] = _kept(value)
    tensors["rng.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["rng.cuda"] = torch.cuda.get_rng_state()
    return TrainState(tensors, {"counters": vars(counters).copy(), "data": data.state()})


def _kept(tensor: Tensor) -> Tensor:
    """The tensor, or where it is sharded all of it in ordinary memory: on the device there may be no room for it."""
    full = whole(tensor)
    return tensor if full is tensor else full.cpu()


def teacher_again(state: TrainState, masters: Masters, config: TrainConfig) -> Teacher:
    """Who told the model what it said in the first turn.  Raises UserError where the state has it not."""
    teacher = held_still(masters.worker, config.anew)
    try:
        for name, parameter in teacher.model.named_parameters():
            parameter.copy_(state.tensors[f"teacher.{name}"])
            if not bool(parameter.isfinite().all()):
                raise ValueError("weights that are no numbers")
    except (KeyError, ValueError, RuntimeError) as error:
        raise UserError(DAMAGED) from error
    return teacher


def restore(state: TrainState, model: BaseLM, optimizer: torch.optim.Optimizer, data: TrainingData) -> Counters:
    """Put everything back where it stood.  Raises UserError where the state is not one of this model."""
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    try:
        with torch.no_grad():
            for name, parameter in named.items():
                parameter.copy_(sharded_like(parameter, state.tensors[f"model.{name}"]))
                if not bool(parameter.isfinite().all()):
                    raise ValueError("weights that are no numbers")
        for key, value in state.tensors.items():
            if key.startswith("optimizer."):
                _, moment, name = key.split(".", 2)
                # the fused AdamW keeps all of it, its count of steps too, beside the weights
                optimizer.state[named[name]][moment] = sharded_like(named[name], value.to(named[name].device, copy=True))
        check_moments(optimizer)
        torch.set_rng_state(state.tensors["rng.cpu"].cpu())
        if "rng.cuda" in state.tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(state.tensors["rng.cuda"].cpu())
        counters = Counters(**state.numbers["counters"])
        counters.check()
        if not all(type(number) is int and 0 <= number < 2**53 for number in state.numbers["data"].values()):
            raise ValueError("a place in the data that is none")
        data.restore(state.numbers["data"])
        return counters
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise UserError(DAMAGED) from error
