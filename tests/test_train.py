"""Learning: the loss falls, an event tells what happened, and a run that fails or no longer gets better says so."""

import math
import shutil
from dataclasses import fields, replace

import pytest
import torch
from learning import PLAN, TEXTS, TOKENIZER, Saves, dataset, same, small, weights

from vibejam import train as module
from vibejam.config import TrainConfig
from vibejam.data import TokenDataset
from vibejam.errors import UserError
from vibejam.model import GPTModel
from vibejam.optim import Masters, build_optimizer, lr_at
from vibejam.parallel import ALONE
from vibejam.step import gradients
from vibejam.train import TrainEvent, estimate_loss, train_lm
from vibejam.train_state import SCALE_STEPS, Counters, capture


@pytest.fixture(params=[torch.float32, torch.bfloat16, torch.float16], ids=["fp32", "bf16", "fp16"])
def precision(request, monkeypatch):
    monkeypatch.setattr(module, "compute_dtype", lambda device: request.param)
    return request.param


# learning


def test_the_loss_falls_on_a_small_text(precision):
    model, data = small(dropout=0.0), dataset()
    before = estimate_loss(model, data).loss
    events = list(train_lm(model, data, replace(PLAN, max_iters=150, batch_size=8)))
    after = estimate_loss(model, data).loss
    assert before > math.log(TOKENIZER.vocab_size) - 0.5 and after < 3.0
    assert events[-1].train_loss < events[0].train_loss / 1.7
    assert events[-1].val_loss == pytest.approx(after, rel=0.02), "the figure is the model's own"
    assert not model.training and all(p.dtype == torch.float32 for p in model.parameters())


def test_an_event_tells_where_the_run_stands():
    model, data = small(), dataset()
    events = list(train_lm(model, data, PLAN, sample=lambda m: "a sample"))
    assert [e.iteration for e in events] == list(range(1, 41))
    assert [e.progress for e in events] == [pytest.approx(n / 40) for n in range(1, 41)]
    assert all(math.isfinite(e.train_loss) and e.tokens_per_second > 0 and 0 < e.lr <= PLAN.lr for e in events)
    assert all(a.seconds <= b.seconds for a, b in zip(events, events[1:], strict=False))
    measured = [e for e in events if e.val_loss is not None]
    assert [e.iteration for e in measured] == [10, 20, 30, 40], "as often as asked, evenly, and at the end"
    assert measured == [e for e in events if e.sample == "a sample"] == [e for e in events if e.val_bits_per_byte]
    score = estimate_loss(model, data)
    assert measured[-1].val_bits_per_byte / measured[-1].val_loss == pytest.approx(score.bits_per_byte / score.loss)
    best = math.inf
    for event in events:
        assert event.best is (event.val_loss is not None and event.val_loss < best)
        best = min(best, event.val_loss or best)
    assert not any(e.note or e.stopped_early for e in events)
    assert {f.name for f in fields(TrainEvent)} >= {"iteration", "train_loss", "val_loss", "sample", "note"}


def test_the_same_seed_learns_the_same_and_another_seed_something_else():
    ends = []
    for seed in (1, 1, 2):
        model, data = small(), TokenDataset(TOKENIZER, TEXTS, [], 16, seed)
        list(train_lm(model, data, replace(PLAN, max_iters=8, seed=seed)))
        ends.append(weights(model))
    assert same(ends[0], ends[1]) and not same(ends[0], ends[2])


def test_without_held_out_text_a_run_still_learns_and_keeps_the_latest():
    saves, model = Saves(), small()
    events = list(train_lm(model, dataset(val=[]), PLAN, save=saves))
    assert all(e.val_loss is None and e.val_bits_per_byte is None for e in events)
    assert [e.iteration for e in events if e.best] == [10, 20, 30, 40]
    assert same(saves.last("best")[1], weights(model)) and not same(saves.last("best")[1], weights(small()))


def test_a_run_given_minutes_ends_when_they_are_over(monkeypatch):
    clock = Clock(monkeypatch, step=0.25)
    events = list(train_lm(small(), dataset(), TrainConfig(minutes=0.5, batch_size=2, evals=3)))
    assert events[-1].progress == 1 and 20 <= events[-1].seconds <= 40 and clock.now >= 30
    assert all(e.progress < 1 for e in events[:-1]) and events[-1].lr < events[len(events) // 2].lr
    assert sum(e.val_loss is not None for e in events) == 3


class Clock:
    """A clock that moves on by `step` seconds each time it is looked at."""

    def __init__(self, monkeypatch, step):
        self.now, self.step = 1000.0, step
        monkeypatch.setattr(module.time, "monotonic", self)

    def __call__(self):
        self.now += self.step
        return self.now


def test_the_time_between_events_is_not_the_runs(monkeypatch):
    clock = Clock(monkeypatch, step=0.001)
    for last in train_lm(small(), dataset(), replace(PLAN, max_iters=5)):
        clock.now += 3600
        assert last.seconds < 1


# ending early, and failing


def test_a_run_that_gets_no_better_stops_early_says_so_and_keeps_the_best():
    """Held-out text that is nothing like the rest: learning makes it less likely."""
    saves, model = Saves(), small(dropout=0.0)
    data = dataset(val=["ZQX ZXQ QZX " * 20])
    events = list(train_lm(model, data, replace(PLAN, max_iters=400, evals=40, patience=3), save=saves))
    last = events[-1]
    assert last.stopped_early and last.progress < 1 and not any(e.stopped_early for e in events[:-1])
    best = [e for e in events if e.best][-1]
    assert (
        last.note.startswith("Stopped early") and f"step {best.iteration}" in last.note and last.note.endswith("kept.")
    )
    assert sum(e.val_loss is not None for e in events if e.iteration > best.iteration) == 3
    kind, kept, state = saves.last("best")
    assert state.numbers["counters"]["iteration"] == best.iteration and not same(kept, weights(model))
    kept_model = small(dropout=0.0)
    kept_model.load_state_dict(kept, strict=False)
    assert estimate_loss(kept_model, data).loss == pytest.approx(best.val_loss, rel=0.02)
    plan = replace(PLAN, max_iters=400, evals=40, patience=3)
    more = [e for e in train_lm(small(dropout=0.0), data, plan, state=saves.last("last")[2])]
    assert more[0].iteration == last.iteration + 1 and len(more) == 30, (
        "whoever resumes it wants it to go on: patience anew"
    )


def spoil(monkeypatch, steps):
    """The loss of these steps is not a number."""
    honest, step = GPTModel.loss, iter(range(1, 10**6))

    def loss(self, idx, targets):
        value = honest(self, idx, targets)
        return value * math.nan if next(step) in steps else value

    monkeypatch.setattr(GPTModel, "loss", loss)


def test_a_step_without_a_finite_number_is_skipped_in_a_sentence_and_the_next_ones_are_smaller(monkeypatch, precision):
    spoil(monkeypatch, {5, 6})
    model, before, events = small(), {}, []
    for event in train_lm(model, dataset(), replace(PLAN, warmup=0.0)):
        if event.iteration in (5, 6):
            assert "skipped" in event.note and event.note.endswith(".") and math.isnan(event.train_loss)
            assert same(weights(model), before), "the weights stay as they were"
        else:
            assert event.note is None and not same(weights(model), before)
        before = weights(model)
        events.append(event)
    lr = {e.iteration: e.lr / (1 - (e.iteration - 1) / 40) for e in events}
    assert (
        lr[5] == pytest.approx(PLAN.lr) and lr[6] == pytest.approx(PLAN.lr / 2) and lr[7] == pytest.approx(PLAN.lr / 4)
    )
    assert all(torch.isfinite(w).all() for w in before.values()) and events[-1].val_loss < events[9].val_loss


def test_a_run_whose_loss_stays_no_number_ends_in_a_sentence_and_keeps_the_best(monkeypatch):
    spoil(monkeypatch, range(13, 100))
    saves, events, model = Saves(), [], small()
    with pytest.raises(UserError, match="lower learning rate"):
        events.extend(train_lm(model, dataset(), PLAN, save=saves))
    kept = saves.last("best")
    assert kept[2].numbers["counters"]["iteration"] == 10
    assert saves.all[-1][0] == "last" and all(torch.isfinite(w).all() for w in saves.all[-1][1].values())
    assert not model.training


@pytest.mark.parametrize("lr", [1e20, 1e38])
def test_an_absurd_learning_rate_ends_in_a_sentence(lr, precision):
    with pytest.raises(UserError, match="lower learning rate"):
        list(train_lm(small(), dataset(), replace(PLAN, lr=lr, warmup=0.0)))


# the optimiser


def test_the_learning_rate_climbs_and_then_falls_to_zero():
    plan = TrainConfig(max_iters=100, lr=1.0, warmup=0.1)
    rates = [lr_at(step / 100, plan) for step in range(101)]
    assert 0 < rates[0] < 0.02 and rates[10] == max(rates) == 1.0 and rates[100] == 0
    assert rates[:11] == sorted(rates[:11]) and rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[55] == pytest.approx(0.5)
    assert lr_at(0.0, replace(plan, warmup=0.0)) == 1.0


def test_tables_and_matrices_decay_and_gains_do_not():
    model = small()
    decayed, kept = build_optimizer(model, PLAN).param_groups
    assert decayed["weight_decay"] == PLAN.weight_decay and kept["weight_decay"] == 0
    assert {id(p) for p in kept["params"]} == {id(p) for n, p in model.named_parameters() if "norm" in n}
    assert len(decayed["params"]) + len(kept["params"]) == len(list(model.parameters()))


# half precision


def test_gradients_too_small_for_fp16_arrive_all_the_same():
    """A loss of a ten-thousandth leaves gradients that fp16 rounds to nothing, unless they are made larger on their way."""
    x, y = dataset().get_batch("train", 4)  # (B, T) each

    def learnt(dtype, scale):
        model = small(dropout=0.0)
        masters = Masters(model, dtype)
        masters.backward(masters.worker.loss(x, y) * 1e-4, scale)
        masters.unscale(scale)
        return model.blocks[0].attention.query.weight.grad

    exact, scaled, lost = learnt(torch.float32, 1.0), learnt(torch.float16, 2.0**16), learnt(torch.float16, 1.0)
    assert float((lost - exact).norm() / exact.norm()) > 0.05
    assert float((scaled - exact).norm() / exact.norm()) < 0.01


def test_gradients_too_large_for_fp16_are_skipped_quietly_and_fit_the_next_time(monkeypatch):
    monkeypatch.setattr(module, "compute_dtype", lambda device: torch.float16)
    saves = Saves()
    plan = replace(PLAN, max_iters=6, evals=6)
    events = list(train_lm(small(), dataset(), plan, save=saves, state=_scaled(2.0**40)))
    assert not any(event.note for event in events), "it is no fault of the run's"
    scales = [state.numbers["counters"]["loss_scale"] for kind, _, state in saves.all if kind == "last"][:6]
    assert scales[0] == 2.0**39 and scales == sorted(scales, reverse=True)
    begun = weights(small())
    kept = [saved for kind, saved, _ in saves.all if kind == "last"]
    assert same(kept[0], begun), "no step was taken"
    assert all(bool(tensor.isfinite().all()) for tensor in kept[-1].values())


def test_the_scale_grows_after_many_good_steps_and_halves_at_a_bad_one():
    counters = Counters()
    for _ in range(SCALE_STEPS):
        counters.scale_on(True)
    assert counters.loss_scale == 2.0**17
    counters.scale_on(True)
    counters.scale_on(False)
    assert (counters.loss_scale, counters.scaled_well) == (2.0**16, 0)


def test_a_state_whose_scale_would_make_nothing_of_the_loss_is_refused():
    with pytest.raises(UserError, match="damaged"):
        next(train_lm(small(), dataset(), PLAN, state=_scaled(0.0)))


def _scaled(scale):
    """The state of a run before its first step, with a scale of its own."""
    model, data = small(), dataset()
    return capture(model, None, build_optimizer(model, PLAN), data, Counters(loss_scale=scale))


# translated


@pytest.mark.skipif(shutil.which("g++") is None, reason="NOT RUN: torch.compile wants a C++ compiler on a CPU")
def test_a_translated_model_learns_the_same(monkeypatch):
    """Both turns of it."""
    monkeypatch.setattr(module, "compute_dtype", lambda device: torch.float32)
    shape = {"dropout": 0.0, "arch": "tuned", "grams": 2, "gram_rows": 64}
    plan = replace(PLAN, max_iters=12, first_turn=0.5)
    honest, asked = torch.compile, []
    monkeypatch.setattr(torch, "compile", lambda function: asked.append(function) or honest(function))
    losses = [e.train_loss for e in train_lm(small(**shape), dataset(), plan)]
    assert not asked
    translated = [e.train_loss for e in train_lm(small(**shape), dataset(), replace(plan, compile=True))]
    assert asked and translated == pytest.approx(losses, abs=1e-4)


# memory


def limited(monkeypatch, rows):
    """A machine whose memory holds `rows` passages at once; how many each attempt asked for."""
    honest, asked = GPTModel.loss, []

    def loss(self, idx, targets):
        asked.append(len(idx))
        if len(idx) > rows:
            torch.rand(3)  # it threw dice before it gave up
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes")
        return honest(self, idx, targets)

    monkeypatch.setattr(GPTModel, "loss", loss)
    return asked


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_a_step_read_in_parts_learns_the_same(parts, monkeypatch):
    monkeypatch.setattr(module, "compute_dtype", lambda device: torch.float32)
    plan = replace(PLAN, max_iters=20, batch_size=5)
    whole, parted = small(dropout=0.0), small(dropout=0.0)
    losses = [e.train_loss for e in train_lm(whole, dataset(), plan)]
    assert [e.train_loss for e in train_lm(parted, dataset(), replace(plan, accumulate=parts))] == pytest.approx(losses, abs=1e-4)


def test_targets_with_weights_count_the_same_in_parts():
    torch.manual_seed(0)
    x, y, weights_ = torch.randint(20, (4, 16)), torch.randint(20, (4, 16)), torch.rand(4, 16)
    y[0, :14], y[3] = -1, -1
    grads = []
    for parts in (1, 2, 4):
        model = small(dropout=0.0)
        loss, _ = gradients(Masters(model, torch.float32), (x, y, weights_), parts, ALONE)
        grads.append((loss.item(), model.blocks[0].attention.query.weight.grad.clone()))
    for loss, grad in grads[1:]:
        assert loss == pytest.approx(grads[0][0], rel=1e-5)
        torch.testing.assert_close(grad, grads[0][1], atol=1e-7, rtol=1e-4)


def test_where_memory_runs_out_the_passages_are_parted_and_nothing_is_learnt_otherwise(monkeypatch, precision):
    plan, planned, given = replace(PLAN, max_iters=8), small(), small()
    list(train_lm(planned, dataset(), replace(plan, accumulate=4)))
    asked, saves = limited(monkeypatch, 1), Saves()
    events = list(train_lm(given, dataset(), plan, save=saves))
    assert asked[:7] == [4, 2, 1, 1, 1, 1, 1] and set(asked[3:]) == {1}
    assert "in 4 parts" in events[0].note and events[0].note.endswith(".") and not any(e.note for e in events[1:])
    assert same(weights(given), weights(planned)), "with the dice it would have had"
    assert saves.last("last")[2].numbers["counters"]["parts"] == 4, "and a resumed run remembers"


def test_where_not_even_one_passage_fits_the_error_goes_on(monkeypatch):
    limited(monkeypatch, 0)
    with pytest.raises(RuntimeError, match="not enough memory"):
        list(train_lm(small(), dataset(), PLAN))


def test_an_error_in_a_step_leaves_the_state_between_two_steps(monkeypatch):
    until, whole = Saves(), Saves()
    for event in train_lm(small(), dataset(), PLAN, save=whole):
        if event.iteration == 6:
            break
    honest, step = GPTModel.loss, iter(range(1, 100))

    def loss(self, idx, targets):
        if next(step) == 7:
            torch.rand(5)
            raise RuntimeError("a fault")
        return honest(self, idx, targets)

    monkeypatch.setattr(GPTModel, "loss", loss)
    with pytest.raises(RuntimeError, match="a fault"):
        list(train_lm(small(), dataset(), PLAN, save=until))
    ours, theirs = until.last("last")[2], whole.last("last")[2]
    assert same(ours.tensors, theirs.tensors) and ours.numbers["data"] == theirs.numbers["data"]


def test_a_longer_plan_is_told_with_the_rate_it_goes_on_from():
    saves = Saves()
    list(train_lm(small(), dataset(), PLAN, save=saves))
    events = list(train_lm(small(), dataset(), replace(PLAN, max_iters=60), state=saves.last("last")[2]))
    note = events[0].note
    assert "ends after 60 steps" in note and "67% are done" in note and f"{events[0].lr:.2g}" in note
    again = list(train_lm(small(), dataset(), replace(PLAN, max_iters=60), state=saves.all[0][2]))
    assert "17% are done" in again[0].note and not any(e.note for e in again[1:])
    assert next(train_lm(small(), dataset(), PLAN, state=saves.all[0][2])).note is None, "the same plan is no news"
