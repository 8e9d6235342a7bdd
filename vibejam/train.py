"""The training loop, as a generator of events.

    for event in train_lm(model, data, TrainConfig(max_iters=500)):
        print(event.iteration, event.train_loss, event.val_loss)

Break out of the loop whenever you like: the last state is saved on the way out.  The loop knows nothing of files, screens or
sampling: who calls it gives `save` and `sample` functions.  Left out: the step's gradients (step.py), mixed objectives.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch

from vibejam.config import TrainConfig
from vibejam.data import TrainingData
from vibejam.distil import begin_anew, held_still
from vibejam.errors import UserError
from vibejam.evaluate import Score, estimate_loss
from vibejam.model import BaseLM
from vibejam.optim import Masters, build_optimizer, lr_at, set_rate
from vibejam.parallel import ALONE, Group
from vibejam.runtime import compute_dtype
from vibejam.sharded import ShardedMasters, too_large, whole
from vibejam.step import add_up, gradients
from vibejam.train_state import Counters, TrainState, capture, restore, teacher_again

__all__ = ["TrainEvent", "TrainState", "estimate_loss", "train_lm"]

APART = 7_919  # between the seeds of processes that learn together
FAILED_STEPS = 8  # steps in a row without a finite loss after which a run gives up
TURN = "From here on it also learns to say what it said until now, so that it doesn't learn your writing by heart."
ANEW = "From here on a second model learns, from your writing and from what the first expects there; the better one is kept."
RECOVERY = 2 ** (1 / 50)  # what a rate that was halved grows by with every good step, until it is whole again


@dataclass(frozen=True)
class TrainEvent:
    """What one step brought.  The validation figures and the sample are there at measurements only."""

    iteration: int  # steps done so far
    progress: float  # share of the planned run, 0 to 1
    train_loss: float  # nats a token, this batch
    lr: float
    tokens_per_second: float  # while learning, measurements not counted
    seconds: float  # spent so far, measurements and earlier sittings included
    val_loss: float | None = None  # nats a token
    val_bits_per_byte: float | None = None
    best: bool = False  # the lowest validation loss so far
    turn: int | None = None  # 2 where there is a teacher (distil.py)
    stopped_early: bool = False  # the run ends here because it no longer gets better
    sample: str | None = None
    note: str | None = None  # one sentence for the person


def train_lm(
    model: BaseLM,
    data: TrainingData,
    config: TrainConfig,
    *,
    state: TrainState | None = None,
    save: Callable[[str, BaseLM, TrainState], None] = lambda kind, model, state: None,
    sample: Callable[[BaseLM], str] | None = None,
    measure: Callable[[BaseLM, TrainingData], Score | None] = estimate_loss,
    record: Callable[[TrainEvent], None] = lambda event: None,
    group: Group = ALONE,
    clock: Callable[[], float] | None = None,
) -> Iterator[TrainEvent]:
    """Train `model` in place and yield an event a step.

    `save("best" | "last", model, state)` is called at measurements (best: the validation loss, or without held-out text the
    latest) and once more at the end, however that comes.  `sample(model)` writes the sample of a measurement, and
    `measure(model, data)` scores what is held out.  `record(event)` is told of a measurement before its state is saved: a run that
    goes on from there never comes by it again.  `state` goes on with a saved run: on a CPU, bit for bit where the end was
    given in steps.  In a `group` every process calls this with equal arguments; the first alone measures, samples and saves.
    `clock()` counts the seconds, those on the wall unless it is given.
    Raises UserError where the loss stays NaN or infinite, or a process of the group is lost.
    """
    device = next(model.parameters()).device
    dtype = compute_dtype(device)
    group.alike(list(model.parameters()))
    if too_large(model, group):
        masters, config = ShardedMasters(model, dtype, group), replace(config, first_turn=0.0)
    else:
        masters = Masters(model, dtype, config.compile)
    optimizer = build_optimizer(model, config)
    torch.manual_seed(config.seed + APART * group.rank)
    counters, note = Counters(parts=config.accumulate), None
    if state is not None:
        counters = restore(state, model, optimizer, data)
        masters.distribute()
        note = _replan(counters, config)
        if not group.first:  # the dice that were saved are the first one's
            torch.manual_seed(config.seed + APART * group.rank + counters.iteration)
    counters.minutes, counters.max_iters = config.minutes, config.max_iters
    teacher = teacher_again(state, masters, config) if counters.turned and not masters.sharded else None
    now = clock or time.monotonic  # monotonic: setting the clock back changes nothing
    start = now() - counters.seconds
    failed = 0
    masters.worker.train()
    try:
        while not counters.finished:
            if counters.turn_is_over(config):
                teacher, note = held_still(masters.worker, config.anew), ANEW if config.anew else TURN
                if config.anew:
                    begin_anew(model)
                    group.alike(list(model.parameters()))
                    masters.distribute()
                    optimizer = build_optimizer(model, config)
                counters.turn()
            began, place, dice = now(), data.state(), torch.get_rng_state()
            lr = lr_at(counters.turn_progress(config), config) * counters.lr_scale
            set_rate(optimizer, lr)
            try:
                batch = data.get_batch("train", config.batch_size)  # (B, T) each
                optimizer.zero_grad(set_to_none=True)
                loss, parts = gradients(masters, batch, counters.parts, group, teacher, counters.loss_scale)
                train_loss, counters.seconds = add_up(masters, loss, now() - start, group)
            except BaseException:  # what is saved on the way out is the state between two steps
                data.restore(place)
                torch.set_rng_state(dice)
                raise
            if parts > counters.parts:
                counters.parts = parts
                note = f"Memory ran out, so a step's passages are read in {parts} parts from here on; what is learnt is the same."
            dense = [p for p in model.parameters() if p.grad is not None and not p.grad.is_sparse]
            norm = whole(torch.nn.utils.clip_grad_norm_(dense, config.grad_clip))
            finite = bool(torch.isfinite(norm)) and math.isfinite(train_loss)
            too_long = masters.scaled and not finite and math.isfinite(train_loss) and counters.loss_scale > 1
            if masters.scaled:
                counters.scale_on(finite)
            if finite:
                optimizer.step()
                masters.distribute()
                failed, counters.lr_scale = 0, min(1.0, counters.lr_scale * RECOVERY)
            elif not too_long:  # a gradient beyond half precision is no fault, and fits the next time
                failed, counters.lr_scale = failed + 1, counters.lr_scale / 2
                note = "A step gave no finite number, so it was skipped and the learning rate halved for a while."
                if failed >= FAILED_STEPS:
                    raise UserError(
                        "The loss is no longer a number; start again with a lower learning rate. The best model so far is kept."
                    )
            counters.iteration += 1
            counters.tokens += batch[0].numel()
            counters.learning_seconds += now() - began
            progress = counters.progress(config)
            counters.finished = progress >= 1
            event = dict(
                iteration=counters.iteration,
                progress=progress,
                train_loss=train_loss,
                lr=lr,
                tokens_per_second=counters.tokens / max(counters.learning_seconds, 1e-9),
                note=note,
                turn=2 if teacher else None,
            )
            note = None
            if counters.finished or progress >= (counters.measured + 1) / config.evals:
                event |= _measure(masters, data, config, counters, sample, measure, group)
                counters.seconds = group.from_first([now() - start], device)[0]
                if group.first:
                    record(TrainEvent(seconds=counters.seconds, **event))
                if group.first or masters.sharded:
                    reached, plain = capture(model, teacher, optimizer, data, counters), masters.plain()
                if group.first:
                    if event["best"]:
                        save("best", plain, reached)
                    save("last", plain, reached)
            paused = now()
            yield TrainEvent(seconds=counters.seconds, **event)
            start += now() - paused  # what the caller does between events is not part of the run
    finally:
        if counters.iteration and group.first and not masters.sharded:
            if not counters.best_iteration:  # ended before the first measurement: what there is, is the best there is
                save("best", model, capture(model, teacher, optimizer, data, counters))
            save("last", model, capture(model, teacher, optimizer, data, counters))
        model.eval()


def _replan(counters: Counters, config: TrainConfig) -> str | None:
    """Fit a restored run to its plan, which may be a longer one now; the sentence that says so.

    What changes is how much is left to do, hence the learning rate, and when to measure next.
    """
    progress = counters.progress(config)
    counters.finished = progress >= 1
    counters.measured = int(progress * config.evals + 1e-9)
    if counters.stopped_early:  # whoever resumes such a run wants it to go on
        counters.stopped_early, counters.since_best = False, 0
    known = counters.minutes or counters.max_iters  # runs of earlier versions did not keep their plan
    if not known or (counters.minutes, counters.max_iters) == (config.minutes, config.max_iters):
        return None
    ends = [f"{config.minutes:g} minutes"] * bool(config.minutes) + [f"{config.max_iters} steps"] * bool(config.max_iters)
    return (
        f"The run now ends after {' or '.join(ends)}, of which {progress:.0%} are done, so its learning rate goes on from "
        f"{lr_at(counters.turn_progress(config), config):.2g} and falls to zero then."
    )


def _measure(
    masters: Masters | ShardedMasters,
    data: TrainingData,
    config: TrainConfig,
    counters: Counters,
    sample: Callable[[BaseLM], str] | None,
    measure: Callable[[BaseLM, TrainingData], Score | None],
    group: Group,
) -> dict[str, object]:
    """Measure on the held-out text and write a sample; what the event says of it."""
    counters.measured += 1
    reader = masters.readable()
    score = _score(measure, reader, data, group, next(masters.model.parameters()).device)
    found: dict[str, object] = {"best": score is None or score.loss < counters.best_loss}
    if score is not None:
        found |= {"val_loss": score.loss, "val_bits_per_byte": score.bits_per_byte}
    if found["best"]:
        counters.best_loss = score.loss if score is not None else math.inf
        counters.best_iteration = counters.iteration
    better = score is None or score.loss < counters.turn_best
    if better:
        counters.turn_best, counters.since_best = score.loss if score is not None else math.inf, 0
    else:
        counters.since_best += 1
        last_turn = counters.turned or not config.first_turn
        if last_turn and config.patience and counters.since_best >= config.patience and not counters.finished:
            counters.finished = counters.stopped_early = found["stopped_early"] = True
            found["note"] = (
                f"Stopped early: the held-out text has not been predicted better for {counters.since_best} measurements, "
                f"so the model of step {counters.best_iteration} is kept."
            )
    if sample is not None and group.first:
        rng = torch.get_rng_state()  # a sample must not change what is learnt next
        reader.eval()
        found["sample"] = sample(reader)
        reader.train()
        torch.set_rng_state(rng)
    return found


def _score(
    measure: Callable[[BaseLM, TrainingData], Score | None],
    reader: BaseLM | None,
    data: TrainingData,
    group: Group,
    device: torch.device,
) -> Score | None:
    """What the first process measures, so that all come to the same decisions."""
    score = measure(reader, data) if group.first else None
    if group.size == 1:
        return score
    told = [score.nats, score.tokens, score.bytes] if score is not None else [0.0, 0, 0]
    nats, tokens, size = group.from_first(told, device)
    return Score(nats, int(tokens), int(size)) if tokens else None
