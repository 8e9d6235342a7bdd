"""Settings: each explained in a sentence, each refused outside its range."""

import dataclasses
import inspect
import math

import pytest

from vibejam import config
from vibejam.config import DataConfig, ModelConfig, RopeScaling, SampleConfig, TrainConfig, default_of, help_for
from vibejam.errors import SettingError, UserError

CONFIGS = [c for _, c in inspect.getmembers(config, dataclasses.is_dataclass) if c.__module__ == config.__name__]
FIELDS = [(c, f.name) for c in CONFIGS for f in dataclasses.fields(c)]


def test_every_config_is_found():
    assert {ModelConfig, TrainConfig, DataConfig, SampleConfig, RopeScaling} <= set(CONFIGS)


@pytest.mark.parametrize("cls, name", FIELDS, ids=[f"{c.__name__}.{n}" for c, n in FIELDS])
def test_every_setting_has_one_plain_sentence(cls, name):
    sentence = help_for(cls, name)
    assert sentence == sentence.strip() and sentence.endswith(".")
    assert ". " not in sentence and "\n" not in sentence, "one sentence, not several"
    assert sentence[0].isupper() and 15 <= len(sentence) <= 130


def test_defaults_are_told_and_unknown_names_refused():
    assert default_of(SampleConfig, "temperature") == SampleConfig().temperature
    assert default_of(ModelConfig, "vocab_size") is None
    for ask in (help_for, default_of):
        with pytest.raises(KeyError):
            ask(ModelConfig, "colour")


@pytest.mark.parametrize(
    "cls, settings",
    [
        (ModelConfig, dict(vocab_size=0)),
        (ModelConfig, dict(vocab_size=9, n_head=0)),
        (ModelConfig, dict(vocab_size=9, n_layer=-1)),
        (ModelConfig, dict(vocab_size=9, n_embd=30, n_head=4)),
        (ModelConfig, dict(vocab_size=9, n_embd=12, n_head=4)),
        (ModelConfig, dict(vocab_size=9, n_head=4, n_kv_head=3)),
        (ModelConfig, dict(vocab_size=9, n_hidden=-5)),
        (ModelConfig, dict(vocab_size=9, dropout=1.0)),
        (ModelConfig, dict(vocab_size=9, dropout=math.nan)),
        (ModelConfig, dict(vocab_size=9, norm_eps=math.nan)),
        (ModelConfig, dict(vocab_size=9, rope_theta=0.0)),
        (ModelConfig, dict(vocab_size=9, block_size=10**12)),
        (ModelConfig, dict(vocab_size=9, n_layer=10**9)),
        (RopeScaling, dict(factor=0.0)),
        (RopeScaling, dict(low_freq_factor=4.0, high_freq_factor=4.0)),
        (TrainConfig, dict()),
        (TrainConfig, dict(minutes=math.nan)),
        (TrainConfig, dict(minutes=math.inf)),
        (TrainConfig, dict(minutes=-1.0, max_iters=5)),
        (TrainConfig, dict(max_iters=5, lr=0.0)),
        (TrainConfig, dict(max_iters=5, lr=math.nan)),
        (TrainConfig, dict(max_iters=5, warmup=1.0)),
        (TrainConfig, dict(max_iters=5, grad_clip=0.0)),
        (TrainConfig, dict(max_iters=5, seed=2**70)),
        (DataConfig, dict(tokenizer="words")),
        (DataConfig, dict(val_fraction=1.0)),
        (DataConfig, dict(val_fraction=math.nan)),
        (SampleConfig, dict(temperature=-0.1)),
        (SampleConfig, dict(temperature=math.nan)),
        (SampleConfig, dict(temperature=math.inf)),
        (SampleConfig, dict(top_p=0.0)),
        (SampleConfig, dict(min_p=1.1)),
        (SampleConfig, dict(top_k=-1)),
        (SampleConfig, dict(seed=-1)),
        (SampleConfig, dict(seed=2**70)),
    ],
)
def test_a_setting_outside_its_range_is_refused_in_words(cls, settings):
    with pytest.raises(SettingError) as refusal:
        cls(**settings)
    assert isinstance(refusal.value, UserError), "so that both faces print the sentence and nothing else"
    assert len(str(refusal.value)) > 10


def test_the_largest_seed_really_seeds():
    import torch

    from vibejam.data import TokenDataset
    from vibejam.tokenizer import CharTokenizer

    TokenDataset(CharTokenizer.train(["abc"]), ["abc" * 9], [], 4, config.MAX_SEED).get_batch("train", 1)
    torch.Generator().manual_seed(config.MAX_SEED)


def test_widths_are_worked_out_where_they_are_not_given():
    shape = ModelConfig(vocab_size=9, n_embd=128, n_head=4)
    assert (shape.head_dim, shape.kv_heads, shape.hidden) == (32, 4, 352)
    assert ModelConfig(vocab_size=9, n_embd=128, n_head=4, n_kv_head=2, n_hidden=100).hidden == 100
