"""ONNX Runtime as one more decoder: the model's own words through it, the same dice, and what happens where it fails.

How fast it is, is no test: `vibejam bench` measures that.
"""

import gc
import sys
import weakref

import onnxruntime
import pytest
import torch
from base_models import smollm2, smollm2_gguf, smollm2_home  # noqa: F401  (fixtures)
from test_decoder import BLOCK, SHAPES, VOCABULARY, model_of, reference, some_ids, step_by_step

from vibejam import compiled as module
from vibejam.bench import STORY, rounded_against_exact
from vibejam.compiled import CompiledDecoder, compiled
from vibejam.config import RopeScaling, SampleConfig
from vibejam.decoder import Decoder
from vibejam.fetch import load_base
from vibejam.gguf_model import read_gguf, write_gguf
from vibejam.lora import add_low_rank
from vibejam.sample import stream_ids
from vibejam.tokenizer import CharTokenizer

GREEDY = SampleConfig(max_new_tokens=30, temperature=0)


def rounded_model(**shape):
    model = model_of(**shape)
    model.rounded = True
    return model


def spread(found, expected):
    return (found - expected).square().mean().sqrt() / expected.std()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("prompt", [1, 7, BLOCK])
def test_its_logits_are_the_models_and_in_eight_bits_nearly(shape, prompt):
    ids = some_ids(BLOCK)
    expected = reference(model_of(**shape), ids)[prompt - 1 :]
    torch.testing.assert_close(step_by_step(CompiledDecoder(model_of(**shape)), ids, prompt), expected, atol=2e-5, rtol=1e-4)
    assert spread(step_by_step(CompiledDecoder(rounded_model(**shape)), ids, prompt), expected) < 0.06


@pytest.mark.parametrize("rule", [RopeScaling(8.0, 1.0, 4.0, 16)], ids=["llama3"])
def test_stretched_positions_are_stretched_there_too(rule):
    model, ids = model_of(**SHAPES["plain"], rope_scaling=rule), some_ids(BLOCK)
    found = step_by_step(CompiledDecoder(model), ids, 7)
    torch.testing.assert_close(found, reference(model, ids)[6:], atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("width", [32, 96, 160])
def test_rows_that_no_whole_blocks_fill_are_rounded_too(width):
    shape, ids = {"n_head": 2, "n_embd": width, "n_hidden": width + 30}, some_ids(BLOCK)
    assert spread(step_by_step(CompiledDecoder(rounded_model(**shape)), ids, 7), reference(model_of(**shape), ids)[6:]) < 0.06


def test_two_texts_at_a_time_do_not_meet():
    decoder, ids, others = CompiledDecoder(model_of()), some_ids(20), some_ids(20, seed=2)
    alone = step_by_step(decoder, ids, 4)
    (mine, logits), (theirs, _) = decoder.read(ids[:4], 16), decoder.read(others[:4], 16)
    found = [logits]
    for my_token, their_token in zip(ids[4:], others[4:], strict=True):
        found.append(decoder.step(torch.tensor([my_token]), mine))
        decoder.step(torch.tensor([their_token]), theirs)
    assert torch.equal(torch.cat(found), alone)


def test_what_does_not_fit_is_refused():
    decoder = CompiledDecoder(model_of())
    for ids, room in ([], 3), (some_ids(BLOCK), 1), (some_ids(BLOCK + 1), 0):
        with pytest.raises(ValueError, match="do not fit"):
            decoder.read(ids, room)
    memory, _ = decoder.read(some_ids(3), 1)
    decoder.step(torch.tensor([5]), memory)
    with pytest.raises(ValueError, match="memory holds 4 tokens and is full"):
        decoder.step(torch.tensor([5]), memory)


def test_the_stream_takes_it_and_draws_as_ever():
    """A seed, a ban and a full context mean the same: what is drawn is drawn from its logits by sample.py."""
    model, ids = model_of(), some_ids(9)
    assert isinstance(compiled(model), CompiledDecoder) and compiled(model) is compiled(model)
    config = SampleConfig(max_new_tokens=2 * BLOCK, temperature=1.0, top_k=40, top_p=0.9, seed=3)
    text = list(stream_ids(model, ids, config, banned=[7]))
    assert text == list(stream_ids(model, ids, config, banned=[7], decoder=Decoder(model))) and 7 not in text, "to the letter"
    assert len(text) == 2 * BLOCK and text != list(stream_ids(model, ids, SampleConfig(**{**vars(config), "seed": 4})))
    assert compiled(model).weights.startswith("fp32") and compiled(rounded_model()).weights.startswith("8 bits")
    assert compiled(model_of(n_head=2, n_embd=48)) is None, "heads of 24 are none of its sizes"
    corrected = rounded_model()
    add_low_rank(corrected, 4)
    assert compiled(corrected) is None


def test_weights_that_move_are_seen_and_nothing_is_left_behind():
    model, ids = model_of(), some_ids(12)
    first = compiled(model)
    with torch.no_grad():
        model.blocks[1].feed_forward.up.weight.mul_(1.5)
    assert compiled(model) is not first
    torch.testing.assert_close(step_by_step(compiled(model), ids, 4), reference(model, ids)[3:], atol=2e-5, rtol=1e-4)
    gone = weakref.ref(model), weakref.ref(compiled(model))
    del model, first
    gc.collect()
    assert gone[0]() is None and gone[1]() is None


def falls_back(model, capfd):
    ids = some_ids(9)
    expected = list(stream_ids(model, ids, GREEDY, decoder=Decoder(model)))
    assert compiled(model) is None and list(stream_ids(model, ids, GREEDY)) == expected
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("ONNX Runtime can't write here (")
    return lines[0]


@pytest.mark.parametrize("error", [OSError("onnxruntime.so: wrong\nkind"), RuntimeError(), AttributeError("x")])
def test_an_installation_that_does_not_load_is_named_once_and_torch_writes(monkeypatch, capfd, error):
    def load(*_, **more):
        raise error

    monkeypatch.setattr(onnxruntime, "InferenceSession", load)
    line = falls_back(model_of(), capfd)
    assert type(error).__name__ in line or str(error).split()[0] in line


@pytest.mark.parametrize("package", ["onnxruntime", "onnx"])
def test_without_a_package_torch_writes(monkeypatch, capfd, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert package in falls_back(model_of(), capfd)


@pytest.mark.parametrize("model", [model_of, rounded_model], ids=["fp32", "8 bits"])
def test_one_that_computes_something_else_does_not_write(monkeypatch, capfd, model):
    """As one would that turned positions another way: its weights here are those of another model."""
    other, graph = model(), module._Graph
    with torch.no_grad():
        other.blocks[0].attention.value.weight.neg_()
    monkeypatch.setattr(module, "_Graph", lambda model, rounded: graph(other, rounded))
    assert "not the model's" in falls_back(model(), capfd)


def test_one_that_crawls_does_not_write(monkeypatch, capfd):
    """As one does on a machine that lacks the products in 8 bits."""
    monkeypatch.setattr(module, "SLOWER", 1e-9)
    assert "times as long as torch" in falls_back(rounded_model(), capfd)


def test_a_file_in_eight_bits_reads_back_near(tmp_path):
    """Blocks of 32 with a scale each: half a step off at most, but for the scale's own rounding."""
    tokenizer = CharTokenizer.train(["The gate was open."])
    model = model_of(**SHAPES["plain"])
    assert tokenizer.vocab_size <= VOCABULARY
    write_gguf(tmp_path / "small.gguf", model, tokenizer, in_8_bits=True)
    write_gguf(tmp_path / "whole.gguf", model, tokenizer)
    assert (tmp_path / "small.gguf").stat().st_size < 0.4 * (tmp_path / "whole.gguf").stat().st_size
    again, _ = read_gguf(tmp_path / "small.gguf")
    for (name, ours), theirs in zip(model.named_parameters(), again.parameters(), strict=True):
        if ours.dim() == 1:
            assert torch.equal(ours, theirs), name
        else:
            step = ours.view(-1, 32).abs().amax(1, keepdim=True) / 127
            assert ((theirs - ours).view(-1, 32).abs() <= 0.56 * step).all(), name
            assert not torch.equal(ours, theirs)


def test_smollm2_through_it_loses_at_most_half_a_per_cent(smollm2):  # noqa: F811
    model, tokenizer = load_base("smollm2-135m")
    model.shorten_context(256)
    figure = rounded_against_exact(CompiledDecoder(model), Decoder(model, "fp32"), tokenizer, [STORY], rows=1)
    assert 0.5 < figure["exact"] < 2 and figure["per_cent_worse"] < 0.5
