"""Stopping and going on: an interrupted run ends where an uninterrupted one does, bit for bit."""

import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from learning import PLAN, TOKENIZER, Saves, dataset, same, small, train_some, weights

from vibejam import train as module
from vibejam.checkpoint import load_state, save_state
from vibejam.errors import UserError
from vibejam.sample import generate_text
from vibejam.train import TrainState, train_lm

pytestmark = pytest.mark.faults


@pytest.fixture(params=[torch.float32, torch.bfloat16, torch.float16], ids=["fp32", "bf16", "fp16"])
def precision(request, monkeypatch):
    monkeypatch.setattr(module, "compute_dtype", lambda device: request.param)
    return request.param


@pytest.mark.parametrize("stop_at", [1, 19, 20, 27])
def test_forty_steps_equal_a_part_a_break_and_the_rest_bit_for_bit(stop_at, precision, tmp_path):
    """The consumer breaks out, at a measurement and between two; other objects go on from the files."""
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
    from learning import PLAN, dataset, small
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


def test_a_measurement_is_recorded_before_its_state_is_saved():
    """Killed between the two, a run does the measurement over again; the other way round its curve would lack it for good."""
    order = []
    plan = replace(PLAN, max_iters=8)
    events = list(
        train_lm(
            small(),
            dataset(),
            plan,
            save=lambda kind, model, state: order.append((kind, state.numbers["counters"]["iteration"])),
            record=lambda event: order.append(event),
        )
    )
    measured = [event for event in events if event.val_loss is not None]
    assert [entry for entry in order if not isinstance(entry, tuple)] == measured
    for event in measured:
        place = order.index(event)
        assert event.iteration not in [step for _, step in (e for e in order[:place] if isinstance(e, tuple))]
        assert ("last", event.iteration) in order[place:]
