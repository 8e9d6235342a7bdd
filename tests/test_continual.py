"""Writing that arrives over years: periods in order of time, what each method may see and change, and the measures' signs."""

import json
from pathlib import Path

import pytest
import torch
from writing import essay

from vibejam.cli import main
from vibejam.commands import labs as commands
from vibejam.config import ModelConfig, TrainConfig
from vibejam.errors import UserError
from vibejam.labs import continual
from vibejam.labs.continual import METHODS, Course, Period, date_of, in_periods, run_course, table

SHAPE = {"n_layer": 3, "n_head": 2, "n_embd": 16, "block_size": 16}
PLAN = TrainConfig(max_iters=6, batch_size=2)


def write_years(folder: Path, count: int = 24) -> Path:
    """Essays of 2001 onwards, one a year: odd ones dated by their name, even ones by front matter; names in no order of time."""
    folder.mkdir(parents=True)
    for number in range(count):
        text, date = essay(number), f"{2001 + number}-03-04"
        if number % 2:
            (folder / f"{date}-essay.md").write_text(text, encoding="utf-8")
        else:
            (folder / f"{chr(122 - number)}-essay.md").write_text(f"---\ntitle: It\ndate: {date}\n---\n\n{text}", encoding="utf-8")
    return folder


def periods(count=3):
    return [Period(f"{n}", f"{n}", [essay(4 * n), essay(4 * n + 1)], [essay(4 * n + 2)]) for n in range(count)]


def test_periods_are_in_order_of_time_of_like_length_and_hold_whole_documents_out(tmp_path):
    found = in_periods(write_years(tmp_path / "years"), 3)
    assert [period.first[:4] for period in found] == ["2001", "2009", "2017"] and found[-1].last == "2024-03-04"
    assert all(a.last < b.first for a, b in zip(found, found[1:], strict=False))
    sizes = [sum(map(len, period.learn + period.measure)) for period in found]
    assert max(sizes) < 1.3 * min(sizes)
    everything = [text for period in found for text in period.learn + period.measure]
    assert len(everything) == len(set(everything)) == 24 and all(period.measure for period in found)
    assert not any("date:" in text for text in everything)


def test_writing_without_dates_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "undated.txt").write_text(essay(0), encoding="utf-8")
    with pytest.raises(UserError, match="0 documents .* carry a date.*`date: 2024-05-31`"):
        in_periods(tmp_path)
    assert date_of(tmp_path, "undated.txt") is None and date_of(tmp_path, "on 2020-01-02.txt") == "2020-01-02"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_the_new_period_and_scores_all(method):
    course = run_course(method, periods(), SHAPE, TrainConfig(max_iters=12, batch_size=4, lr=1e-2))
    assert [len(row) for row in course.scores] == [3, 3, 3]
    assert course.scores[2][2] < course.scores[1][2], "the last period is better known after it was learnt"
    assert course.tokens == (12 * 5 if method == "retrain" else 12 * 2) * 4 * 16


def test_all_start_from_the_same_model_of_the_first_period():
    firsts = [run_course(method, periods(2), SHAPE, PLAN).scores[0] for method in METHODS]
    assert all(first == firsts[0] for first in firsts)
    assert run_course("naive", periods(2), SHAPE, TrainConfig(max_iters=6, batch_size=2, seed=2)).scores[0] != firsts[0]


@pytest.mark.parametrize(
    "method, seen",
    [("naive", [{0}, {1}, {2}]), ("retrain", [{0}, {0, 1}, {0, 1, 2}]), ("lora", [{0}, {1}, {2}]), ("nested", [{0}, {1}, {2}])],
)
def test_a_method_sees_the_periods_it_may_and_never_what_is_held_out(method, seen, monkeypatch):
    learnt, given = [], periods()
    honest = continual._data

    def watched(tokenizer, texts, shape, config):
        learnt.append({n for n, period in enumerate(given) if set(texts) & set(period.learn)})
        assert not any(set(texts) & set(period.measure) for period in given)
        return honest(tokenizer, texts, shape, config)

    monkeypatch.setattr(continual, "_data", watched)
    run_course(method, given, SHAPE, PLAN)
    assert learnt == seen


def test_replay_reads_as_much_of_the_old_as_of_the_new():
    old = [essay(n) for n in range(20)]
    chosen = continual._as_much(old, len(essay(30)) * 3, seed=1)
    assert len(essay(30)) * 3 <= sum(map(len, chosen)) < len(essay(30)) * 5 and set(chosen) < set(old)
    assert continual._as_much(old, len(essay(30)) * 3, seed=2) != chosen


def learn(every=None, penalty=None, steps=16):
    model = continual._fresh(ModelConfig(vocab_size=300, **SHAPE), PLAN)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    tokenizer = continual.train_tokenizer([essay(0)], "char", None)

    def data():
        return continual.TokenDataset(tokenizer, [essay(0)], [], 16)

    held = penalty(model, data()) if penalty else None
    continual._learn(model, data(), TrainConfig(max_iters=steps, batch_size=2), held, every)
    return model, {name: float((p.detach() - before[name]).norm()) for name, p in model.named_parameters()}


def test_slow_weights_wait_and_then_move():
    model = continual._fresh(ModelConfig(vocab_size=300, **SHAPE), PLAN)
    every = continual._speeds(model)
    assert {every[f"blocks.{n}.feed_forward.up.weight"] for n in range(3)} == {1, 4, 16} and len(every) == 9
    _, moved = learn(every, steps=15)
    assert moved["blocks.2.feed_forward.up.weight"] == 0 < moved["blocks.1.feed_forward.up.weight"] < moved["embed.weight"]
    assert learn(every, steps=16)[1]["blocks.2.feed_forward.up.weight"] > 0


def test_a_weight_that_the_past_needs_stays_nearer_to_where_it_was():
    free, held = learn()[1], learn(penalty=lambda model, data: needed(model, data, 1e3))[1]
    assert sum(held.values()) < 0.7 * sum(free.values())
    unheld = learn(penalty=lambda model, data: needed(model, data, 0.0))[1]
    assert unheld == free, "what is not needed is free"


def needed(model, data, times):
    return {name: (was, times * need) for name, (was, need) in continual._held(model, data, PLAN, None).items()}


def test_what_the_past_needs_adds_up_over_periods():
    model = continual._fresh(ModelConfig(vocab_size=300, **SHAPE), PLAN)
    tokenizer = continual.train_tokenizer([essay(0)], "char", None)
    once = continual._held(model, continual.TokenDataset(tokenizer, [essay(0)], [], 16), PLAN, None)
    twice = continual._held(model, continual.TokenDataset(tokenizer, [essay(0)], [], 16), PLAN, once)
    for name, (_, need) in once.items():
        torch.testing.assert_close(twice[name][1], 2 * need)
        assert (need >= 0).all() and need.sum() > 0


def test_the_measures_have_their_signs():
    course = Course("naive", 1, [[2.0, 4.0, 4.0], [2.5, 2.0, 3.0], [3.0, 2.5, 2.0]], 100, 1.0)
    assert course.average == 2.5 and course.forgetting == 1.0
    assert course.backward_transfer == pytest.approx(((3.0 - 2.0) + (2.5 - 2.0)) / 2)
    other = Course("naive", 2, [[2.0, 4.0, 4.0], [2.5, 2.0, 3.0], [3.0, 2.5, 2.3]], 300, 3.0)
    assert "| naive | 2.550 ± 0.071 | 0.750 ± 0.000 | 1.000 ± 0.000 | 200 | 2 |" in table([course, other], periods())


def test_the_command_writes_every_score_and_a_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(commands, "CONTINUAL_SHAPE", SHAPE)
    args = ["continual", "--text-path", str(write_years(tmp_path / "years")), "--periods", "2", "--max-iters", "2", "--seeds", "1"]
    assert main([*args, "--out", str(tmp_path / "out"), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out.splitlines()[-1])["courses"]) == len(METHODS)
    assert len(json.loads((tmp_path / "out" / "continual.json").read_text())["courses"][0]["scores"]) == 2
    assert (tmp_path / "out" / "continual.md").read_text(encoding="utf-8").count("\n| ") == len(METHODS)
    assert main([*args, "--out", str(tmp_path / "out")]) == 2 and "already holds" in capsys.readouterr().err
