"""The one dial: characters and minutes in, a shape and a way to learn out, with reasons; and what it will take."""

from dataclasses import replace

import pytest
import torch

from vibejam import recipe as module
from vibejam.config import DataConfig, ModelConfig, TrainConfig
from vibejam.errors import SettingError
from vibejam.model import ARCHITECTURES, build_model
from vibejam.recipe import CHARACTERS_A_PIECE, ENOUGH, ENOUGH_TOKENS, foretell, memory_of, plan_run
from vibejam.tokenizer import BPE_FROM

SMALL = {"n_layer": 1, "n_head": 2, "n_embd": 32, "block_size": 16}


@pytest.fixture(autouse=True)
def a_plain_core(monkeypatch):
    monkeypatch.setattr(module, "compute_dtype", lambda device: torch.bfloat16)
    monkeypatch.setattr(module, "pick_device", lambda asked=None: torch.device("cpu"))


def test_the_oftener_a_text_is_read_the_more_is_done_against_learning_it_by_heart():
    tuned = {"arch": "tuned"}
    planned = [plan_run(400_000, minutes=minutes, shape=tuned) for minutes in (0.1, 0.5, 1, 2, 10, 60)]
    plans = [recipe.shape | {"first_turn": recipe.train.first_turn} for recipe in planned]
    for name in ("gram_dropout", "dropout"):
        strengths = [plan[name] for plan in plans if not plan["first_turn"]]
        assert strengths == sorted(strengths) and strengths[0] == 0 < strengths[-1] < 1
    assert [plan["first_turn"] > 0 for plan in plans] == [False] * 4 + [True] * 2, "with a teacher less need be passed over"
    assert [plan["n_layer"] for plan in plans] == sorted(plan["n_layer"] for plan in plans)
    plain = [plan_run(400_000, minutes=minutes).shape["dropout"] for minutes in (0.1, 1, 10)]
    assert plain == sorted(plain) and plain[0] == 0 < plain[-1]
    sizes = (0, 500, 30_000, 300_000, 3_000_000)
    tables = [plan_run(characters, minutes=1, shape=tuned).shape["gram_rows"] for characters in sizes]
    assert tables == sorted(tables) and tables[0] == 1024 and tables[-1] == 32_768


@pytest.mark.parametrize("characters", [0, 200, 30_000, 2_000_000, 10**9])
@pytest.mark.parametrize("limit", [{"minutes": 0.01}, {"minutes": 600.0}, {"max_iters": 1}, {"max_iters": 10**7}, {}])
def test_every_plan_can_be_built_and_gives_its_reasons(characters, limit):
    for arch, reasons in (("transformer", 3), ("tuned", 4)):
        recipe = plan_run(characters, **limit, shape={"arch": arch})
        config = recipe.model_config(300, 64)
        assert config.arch == arch and recipe.train.muon_lr > 0
        reasons += (recipe.train.first_turn > 0) + (recipe.train.max_iters > limit.get("max_iters", 0))
        assert all(reason.endswith(".") for reason in recipe.reasons) and len(recipe.reasons) == reasons


def test_what_is_set_by_hand_wins_and_the_plain_transformer_is_what_nobody_asks_for():
    recipe = plan_run(10**6, minutes=1, shape={"n_layer": 7, "dropout": 0.4}, train={"lr": 1e-4, "muon_lr": 0.0})
    assert (recipe.shape["n_layer"], recipe.shape["dropout"], recipe.train.lr, recipe.train.muon_lr) == (7, 0.4, 1e-4, 0.0)
    assert recipe.shape["arch"] == "transformer"
    for arch in set(ARCHITECTURES) - {"tuned", "transformer"}:
        plain = plan_run(10**6, minutes=1, shape={"arch": arch})
        assert plain.shape["arch"] == arch and not plain.shape.get("grams") and plain.train.muon_lr == 0
    with pytest.raises(SettingError):
        plan_run(10**6, shape={"arch": "telepathy"})


def test_a_plain_model_that_has_little_time_takes_twice_as_many_steps():
    short, long = (plan_run(400_000, minutes).train.batch_size for minutes in (0.3, 5))
    assert 2 * short == long == plan_run(400_000, max_iters=10).train.batch_size
    assert long == plan_run(400_000, 0.3, shape={"arch": "tuned"}).train.batch_size
    anew = plan_run(30_000, 5).train
    assert anew.anew and anew.batch_size == short, "one that begins anew has little time twice"


def test_what_is_read_often_is_learnt_gently_in_two_turns_and_at_last_from_nothing():
    plans = [plan_run(100_000, minutes=minutes).train for minutes in (0.3, 0.45, 1, 10)]
    assert [plan.first_turn > 0 for plan in plans] == [False, False, True, True]
    assert plans[0].lr == 2 * plans[1].lr == 2 * plans[3].lr
    assert [plan.anew for plan in plans] == [False, False, False, True]
    assert plan_run(100_000, minutes=0.45, shape={"arch": "tuned"}).train.first_turn > 0
    assert plan_run(100_000, minutes=10, train={"first_turn": 0.0}).train.first_turn == 0
    for arch in set(ARCHITECTURES) - {"tuned", "transformer"}:
        assert plan_run(100_000, minutes=10, shape={"arch": arch}).train.first_turn == 0


@pytest.mark.parametrize("arch, characters", [("transformer", 114_000), ("tuned", 114_000), ("tuned", 3000)])
def test_more_minutes_than_a_little_text_is_worth_change_nothing(arch, characters):
    three, ten, hour = (plan_run(characters, minutes=minutes, shape={"arch": arch}) for minutes in (3, 10, 60))
    enough = max(ENOUGH * characters / (CHARACTERS_A_PIECE if characters >= BPE_FROM else 1), ENOUGH_TOKENS[arch])
    step = ten.train.batch_size * ten.shape["block_size"]
    assert enough <= ten.train.max_iters * step < enough + step and ten.train.minutes == 10
    assert replace(hour.train, minutes=10) == ten.train and hour.shape == ten.shape
    assert three.shape == ten.shape and three.train.lr == ten.train.lr and three.train.anew == ten.train.anew
    narrow = plan_run(characters, minutes=10, shape={"arch": arch, "block_size": 64}, train={"batch_size": 4})
    assert enough <= narrow.train.max_iters * 4 * 64 < enough + 4 * 64, "in passages that are set by hand"
    assert not plan_run(3_000_000, minutes=10, shape={"arch": arch}).train.max_iters, "where there is much, time decides"
    assert plan_run(characters, 10, 10**6, shape={"arch": arch}).train.max_iters == 10**6, "who says how many steps has them"


def test_characters_and_pieces_are_read_at_their_own_pace():
    """A piece is some characters, so in the same time more of the text is read."""
    tuned = {"arch": "tuned"}
    kinds = {kind: plan_run(400_000, 1, shape=tuned, data=DataConfig(tokenizer=kind)).shape for kind in ("char", "bpe")}
    assert kinds["bpe"]["gram_dropout"] > kinds["char"]["gram_dropout"] and kinds["char"]["grams"] > kinds["bpe"]["grams"]


def test_a_forecast_counts_learning_and_measuring(monkeypatch):
    monkeypatch.setattr(module, "measure_speed", lambda *a: 1000.0)
    by_minutes = foretell(plan_run(100_000, minutes=2, shape=SMALL), 100_000)
    assert 120 < by_minutes.seconds < 200 and "minutes" in by_minutes.sentence and "MB" in by_minutes.sentence
    one, two = (foretell(plan_run(100_000, max_iters=n, shape=SMALL, train={"batch_size": 4}), 100_000) for n in (100, 200))
    assert two.seconds - one.seconds == pytest.approx(100 * 4 * 16 / 1000)
    held_out = foretell(plan_run(10**6, max_iters=100, shape=SMALL, train={"batch_size": 4}), 10**6)
    assert held_out.seconds > one.seconds and "seconds" in one.sentence
    turns = {"batch_size": 4, "first_turn": 0.25}
    taught = foretell(plan_run(100_000, max_iters=100, shape=SMALL, train=turns), 100_000)
    teaching = module.READ_BESIDE * 0.75 * 100 * 4 * 16 / 1000
    assert taught.seconds - one.seconds == pytest.approx(teaching), "three quarters of its steps hear a teacher too"


def test_a_speed_is_measured_on_the_model_itself():
    assert module.measure_speed(plan_run(5000, max_iters=3, shape=SMALL), "cpu", 300, steps=2) > 0
    assert foretell(plan_run(5000, max_iters=3, shape=SMALL), 5000, "cpu").tokens_per_second > 0


def test_the_memory_foretold_grows_with_what_takes_it():
    shape, plan = ModelConfig(vocab_size=500), TrainConfig(max_iters=1, batch_size=8)
    usual = memory_of(shape, plan)
    assert memory_of(ModelConfig(vocab_size=500, n_layer=8), plan) > 1.7 * usual
    assert memory_of(shape, TrainConfig(max_iters=1, batch_size=16)) > 1.7 * usual
    taught = TrainConfig(max_iters=1, batch_size=8, first_turn=0.25)
    assert memory_of(shape, taught) > usual + 2 * build_model(shape).parameter_count()
    assert memory_of(shape, TrainConfig(max_iters=1, batch_size=16, accumulate=2)) == usual
    tables = ModelConfig(vocab_size=500, arch="tuned", grams=3, gram_rows=1024)
    without = ModelConfig(vocab_size=500, arch="tuned")
    assert memory_of(tables, plan) - memory_of(without, plan) == 3 * 1024 * 128 * 6
    assert memory_of(shape, plan) > 16 * build_model(shape).parameter_count()


def test_what_begins_from_nothing_counts_by_pieces_or_characters():
    for arch in ("transformer", "tuned"):
        assert plan_run(500_000, 1.0, shape={"arch": arch}).shape["counted"] == 5
        assert plan_run(20_000, 1.0, shape={"arch": arch}).shape["counted"] == 7, "characters say less each"
    for plan in (plan_run(500_000, 1.0, shape={"arch": "mamba"}), plan_run(500_000, 1.0, base="smollm2-135m")):
        assert not plan.shape.get("counted")
