"""Learning: the loss falls, an interrupted run ends where an uninterrupted one does, and a run that fails says so."""

import math
import subprocess
import sys
import textwrap
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from writing import essay

from vibejam import train as module
from vibejam.checkpoint import load_state, save_state
from vibejam.config import TrainConfig
from vibejam.data import TokenDataset
from vibejam.errors import UserError
from vibejam.model import GPTModel, build_model
from vibejam.optim import build_optimizer, lr_at
from vibejam.sample import generate_text
from vibejam.tokenizer import CharTokenizer
from vibejam.train import TrainEvent, TrainState, estimate_loss, train_lm

TEXTS = [essay(n) for n in range(4)]
TOKENIZER = CharTokenizer.train(TEXTS)
PLAN = TrainConfig(max_iters=40, batch_size=4, lr=5e-3, evals=4, patience=0)


def small(seed=0, **settings):
    torch.manual_seed(seed)
    shape = dict(block_size=16, n_layer=2, n_head=2, n_embd=32, dropout=0.2)
    return build_model(vocab_size=TOKENIZER.vocab_size, **{**shape, **settings})


def dataset(val=(essay(7),), block=16):
    return TokenDataset(TOKENIZER, TEXTS, list(val), block)


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


class Saves:
    """Keeps what a run saves, as copies, in the order it came."""

    def __init__(self):
        self.all = []

    def __call__(self, kind, model, state):
        tensors = {name: tensor.clone() for name, tensor in state.tensors.items()}
        self.all.append((kind, weights(model), TrainState(tensors, state.numbers)))

    def last(self, kind):
        return next(entry for entry in reversed(self.all) if entry[0] == kind)


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
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
    for event in train_lm(small(), dataset(), replace(PLAN, max_iters=5)):
        clock.now += 3600
    assert event.seconds < 1


# stopping and going on


def train_some(until=None, state=None, model=None, save=lambda *a: None, plan=PLAN, sample=None):
    """Train, breaking out after step `until`; the model."""
    model, data = model or small(), dataset()
    for event in train_lm(model, data, plan, state=state, save=save, sample=sample):
        if event.iteration == until:
            break
    return model


@pytest.mark.parametrize("stop_at", [1, 19, 20, 27])
def test_forty_steps_equal_a_part_a_break_and_the_rest_bit_for_bit(stop_at, precision, tmp_path):
    """The consumer breaks out, at a measurement and between two; another model, dataset and optimiser go on from the files."""
    whole = Saves()
    model = train_some(save=whole)

    def keep(kind, model, state):
        if kind == "last":
            save_state(tmp_path, state)

    train_some(until=stop_at, save=keep)
    saved = load_state(tmp_path)
    assert saved.numbers["counters"]["iteration"] == stop_at, "the last state is saved on the way out"
    rest = Saves()
    resumed = train_some(state=saved, model=small(seed=99), save=rest)
    assert same(weights(resumed), weights(model))
    ours, theirs = rest.last("last")[2], whole.last("last")[2]
    assert same(ours.tensors, theirs.tensors), "the optimiser and the dice too"
    assert ours.numbers["data"] == theirs.numbers["data"]
    timeless = ("seconds", "learning_seconds")
    assert {k: v for k, v in ours.numbers["counters"].items() if k not in timeless} == {
        k: v for k, v in theirs.numbers["counters"].items() if k not in timeless
    }


CHILD = textwrap.dedent(
    """
    import sys, torch
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from test_train import PLAN, dataset, small
    from vibejam.checkpoint import load_state, save_state
    from vibejam.train import train_lm
    folder = Path({folder!r})
    save = lambda kind, model, state: kind == "last" and save_state(folder, state)
    state = load_state(folder) if {resume} else None
    for event in train_lm(small(seed=0 if state is None else 99), dataset(), PLAN, state=state, save=save):
        if state is None:
            print(event.iteration, flush=True)
            sys.stdin.readline()  # the test says when to go on
    """
)


def test_a_run_killed_in_mid_run_goes_on_in_a_new_process_and_ends_the_same_bit_for_bit(tmp_path):
    def child(resume):
        code = CHILD.format(tests=str(Path(__file__).parent), folder=str(tmp_path), resume=resume)
        return [sys.executable, "-c", code]

    killed = subprocess.Popen(child(False), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(22):
            line = killed.stdout.readline()
            killed.stdin.write("go\n")
            killed.stdin.flush()
        assert line.strip() == "22"
    finally:
        killed.kill()  # SIGKILL: no handler, no `finally`
        killed.communicate()
    assert killed.returncode != 0
    assert load_state(tmp_path).numbers["counters"]["iteration"] == 20, "the state of the last measurement"
    subprocess.run(child(True), check=True, timeout=120)
    model = small()
    whole = Saves()
    train_some(model=model, save=whole)
    assert same(load_state(tmp_path).tensors, whole.last("last")[2].tensors)


def test_a_finished_run_goes_on_with_a_longer_plan():
    saves = Saves()
    train_some(save=saves)
    assert list(train_lm(small(), dataset(), PLAN, state=saves.last("last")[2])) == [], "nothing is left to do"
    longer = list(train_lm(small(), dataset(), replace(PLAN, max_iters=60), state=saves.last("last")[2]))
    assert [e.iteration for e in longer] == list(range(41, 61)) and longer[-1].progress == 1
    assert [e.iteration for e in longer if e.val_loss] == [45, 60]


def test_a_sample_in_mid_run_does_not_change_what_is_learnt():
    """A sampler without a seed throws the same dice that dropout does."""
    written = []

    def sample(model):
        assert not model.training
        torch.rand(7)
        written.append(generate_text(model, TOKENIZER, "The"))
        return written[-1]

    plan = replace(PLAN, max_iters=12)
    assert same(weights(train_some(plan=plan, sample=sample)), weights(train_some(plan=plan)))
    assert len(written) == 4


def test_a_run_that_is_broken_off_before_any_measurement_is_kept_all_the_same():
    saves = Saves()
    model = train_some(until=3, save=saves)
    assert [kind for kind, *_ in saves.all] == ["best", "last"] and same(saves.all[0][1], weights(model))


def test_measurements_save_the_last_state_and_the_best_model_only_when_it_is_better():
    saves, model = Saves(), small()
    events = list(train_lm(model, dataset(), PLAN, save=saves))
    assert [kind for kind, *_ in saves.all].count("best") == sum(e.best for e in events)
    assert [kind for kind, *_ in saves.all].count("last") == 4 + 1, "at each measurement and once more at the end"


def test_a_state_of_another_model_or_without_its_numbers_is_refused_in_a_sentence():
    saves = Saves()
    train_some(until=2, save=saves)
    state = saves.last("last")[2]
    less = {k: v for k, v in state.tensors.items() if k != "model.norm.weight"}
    for broken in (
        TrainState(less, state.numbers),
        TrainState(state.tensors | {"model.norm.weight": torch.ones(7)}, state.numbers),
        TrainState(state.tensors | {"optimizer.exp_avg.ghost": torch.ones(7)}, state.numbers),
        TrainState(state.tensors | {"rng.cpu": torch.zeros(3)}, state.numbers),
        TrainState(state.tensors, {}),
        TrainState(state.tensors, state.numbers | {"counters": {"mood": 1}}),
        TrainState(state.tensors, state.numbers | {"counters": None}),
        TrainState(state.tensors, state.numbers | {"data": []}),
    ):
        with pytest.raises(UserError, match="start the run anew"):
            next(train_lm(small(), dataset(), PLAN, state=broken))


# ending early, and failing


def test_a_run_that_gets_no_better_stops_early_says_so_and_keeps_the_best():
    """Held-out text that is nothing like the rest: learning makes it less likely."""
    saves, model = Saves(), small(dropout=0.0)
    data = dataset(val=["ZQX ZXQ QZX " * 20])
    events = list(train_lm(model, data, replace(PLAN, max_iters=400, evals=40, patience=3), save=saves))
    last = events[-1]
    assert last.stopped_early and last.progress < 1 and not any(e.stopped_early for e in events[:-1])
    best = [e for e in events if e.best][-1]
    assert last.note.startswith("Stopped early") and f"step {best.iteration}" in last.note and last.note.endswith("kept.")
    assert sum(e.val_loss is not None for e in events if e.iteration > best.iteration) == 3
    kind, kept, state = saves.last("best")
    assert state.numbers["counters"]["iteration"] == best.iteration and not same(kept, weights(model))
    kept_model = small(dropout=0.0)
    kept_model.load_state_dict(kept, strict=False)
    assert estimate_loss(kept_model, data).loss == pytest.approx(best.val_loss, rel=0.02)
    plan = replace(PLAN, max_iters=400, evals=40, patience=3)
    more = [e for e in train_lm(small(dropout=0.0), data, plan, state=saves.last("last")[2])]
    assert more[0].iteration == last.iteration + 1 and len(more) == 30, "whoever resumes it wants it to go on: patience anew"


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
    assert lr[5] == pytest.approx(PLAN.lr) and lr[6] == pytest.approx(PLAN.lr / 2) and lr[7] == pytest.approx(PLAN.lr / 4)
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
