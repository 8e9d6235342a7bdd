"""A run on disk: what is saved comes back the same, whole or not at all."""

import json
import os

import pytest
import torch
from runs import SHAPE, TOKENIZER, refused, small
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from writing import essay

from vibejam.checkpoint import append_metrics, load_model, load_state, read_metrics, save_model, save_state
from vibejam.config import RopeScaling
from vibejam.model import ARCHITECTURES, build_model
from vibejam.tokenizer import BPETokenizer
from vibejam.train import TrainState

pytestmark = pytest.mark.faults


@pytest.fixture
def folder(tmp_path):
    """A sound run."""
    save_model(tmp_path / "run", small(), TOKENIZER)
    return tmp_path / "run"


# there and back


@pytest.mark.parametrize("arch", list(ARCHITECTURES))
@pytest.mark.parametrize("tie", [True, False], ids=["tied", "untied"])
def test_a_saved_model_gives_the_same_logits(tmp_path, arch, tie):
    model, x = small(arch=arch, tie_embeddings=tie), torch.arange(16)[None]
    save_model(tmp_path, model, TOKENIZER)
    dice = torch.get_rng_state()
    again, tokenizer = load_model(tmp_path)
    assert torch.equal(again(x)[0], model(x)[0]) and again.config == model.config
    assert not again.training and all(p.requires_grad for p in again.parameters())
    assert again.parameter_count() == model.parameter_count(), "tables that shared one memory share it again"
    assert tokenizer.fingerprint == TOKENIZER.fingerprint and tokenizer.encode("gate") == TOKENIZER.encode("gate")
    assert torch.equal(dice, torch.get_rng_state()), "loading beside a run in training does not touch its dice"


def test_every_setting_of_the_shape_comes_back(tmp_path):
    stretch = RopeScaling(factor=2.0, original_context=8)
    model = small(n_kv_head=1, n_hidden=48, dropout=0.1, norm_eps=1e-6, rope_theta=500.0, rope_scaling=stretch)
    save_model(tmp_path, model, TOKENIZER)
    again, _ = load_model(tmp_path)
    assert again.config == model.config and torch.equal(again.cos, model.cos)


def test_a_bpe_tokenizer_travels_too(tmp_path):
    tokenizer = BPETokenizer.train([essay(0)], 300)
    save_model(tmp_path, small(vocab_size=tokenizer.vocab_size), tokenizer)
    assert load_model(tmp_path)[1].encode("the gate") == tokenizer.encode("the gate")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_read(folder, dtype):
    path = folder / "model.safetensors"
    save_file({name: w.to(dtype) for name, w in load_file(path).items()}, path)
    model, _ = load_model(folder)
    logits, _ = model(torch.arange(16)[None])
    torch.testing.assert_close(logits.float(), small()(torch.arange(16)[None])[0], atol=0.05, rtol=0.05)
    as_asked, _ = load_model(folder, dtype=torch.float32)
    assert {p.dtype for p in as_asked.parameters()} == {torch.float32}


def test_a_loaded_model_does_not_hang_on_its_file(folder):
    model, _ = load_model(folder)
    before = model(torch.arange(16)[None])[0]
    save_model(folder, build_model(**SHAPE), TOKENIZER)
    assert torch.equal(model(torch.arange(16)[None])[0], before)


def test_a_state_comes_back_bit_for_bit(tmp_path):
    tensors = {
        "model.a": torch.randn(3, 4),
        "optimizer.step.a": torch.tensor(7.0),
        "odd": torch.randn(4, 6).t()[::2],
        "half": torch.randn(5).bfloat16(),
        "rng.cpu": torch.get_rng_state(),
    }
    numbers = {"counters": {"best_loss": float("inf"), "seconds": 0.1 + 0.2, "finished": False}, "data": {"epoch": 3}}
    save_state(tmp_path, TrainState(tensors, numbers))
    again = load_state(tmp_path)
    assert again.numbers == numbers and again.tensors.keys() == tensors.keys()
    assert all(torch.equal(again.tensors[n], t) and again.tensors[n].dtype == t.dtype for n, t in tensors.items())


def test_what_is_done_to_a_loaded_state_does_not_reach_its_file(tmp_path):
    save_state(tmp_path, TrainState({"a": torch.zeros(4)}, {}))
    load_state(tmp_path).tensors["a"] += 1
    assert load_state(tmp_path).tensors["a"].sum() == 0


# writing


@pytest.mark.skipif(not hasattr(os, "fork"), reason="NOT RUN: only POSIX limits a file's size this way")
def test_a_full_disk_is_a_sentence_and_the_old_weights_stay(folder):
    """The limit on a file's size stands in for the full disk."""
    import resource

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    model = build_model(**SHAPE)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, old[1]))  # the tokenizer has room, the weights do not
    try:
        refused(lambda: save_model(folder, model, TOKENIZER), "model.safetensors", "free some space")
        refused(lambda: save_state(folder, TrainState({"a": torch.zeros(99_999)}, {})), "train_state.safetensors")
        refused(
            lambda: [append_metrics(folder, {"iteration": n, "note": "x" * 9000}) for n in range(20)], "metrics.jsonl"
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    curve = after.pop("metrics.jsonl")
    assert after == before and len(curve) <= 50_000
    assert [e["iteration"] for e in read_metrics(folder)] == [0, 1, 2, 3, 4]


def test_nothing_in_a_run_is_a_pickle(folder):
    save_state(folder, TrainState({"a": torch.zeros(4)}, {}))
    for path in folder.iterdir():
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        else:
            with safe_open(path, framework="pt") as file:
                assert list(file.keys())


# the loss curve


def test_the_curve_comes_back_in_order(tmp_path):
    assert read_metrics(tmp_path) == []
    events = [{"iteration": n, "train_loss": 3.0 - n, "sample": "é 😀\u2028\x85\x0c line\r\n two"} for n in range(4)]
    for event in events:
        append_metrics(tmp_path, event)
    assert read_metrics(tmp_path) == events


def test_a_line_cut_short_by_a_crash_is_left_out_and_takes_no_other_with_it(tmp_path):
    append_metrics(tmp_path, {"iteration": 1})
    append_metrics(tmp_path, {"iteration": 2})
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-6])
    assert read_metrics(tmp_path) == [{"iteration": 1}]
    append_metrics(tmp_path, {"iteration": 3})
    assert read_metrics(tmp_path) == [{"iteration": 1}, {"iteration": 3}]


def test_what_a_killed_run_wrote_after_its_last_save_is_replaced_by_what_the_resumed_one_does(tmp_path):
    for n in (10, 20, 24, 29):
        append_metrics(tmp_path, {"iteration": n, "sitting": 1})
    for n in (21, 23):  # the state was saved at 20
        append_metrics(tmp_path, {"iteration": n, "sitting": 2})
    assert [(e["iteration"], e["sitting"]) for e in read_metrics(tmp_path)] == [(10, 1), (20, 1), (21, 2), (23, 2)]


def test_lines_that_are_no_events_are_left_out(tmp_path):
    lines = ["", "null", "[1]", "{}", '{"iteration": "7"}', "[" * 50_000, "\x00", '{"iteration": 7}']
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert read_metrics(tmp_path) == [{"iteration": 7}]
    (tmp_path / "metrics.jsonl").write_bytes(b'{"iteration": 1}\n\xff\xfe\n{"iteration": 2}\n')
    assert [e["iteration"] for e in read_metrics(tmp_path)] == [1, 2]
