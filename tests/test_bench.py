"""The bench at tiny sizes: that it runs, compares like with like and says what is missing.  No speed is asserted."""

import math

import pytest
import torch

from vibejam.bench import FIGURES, candidates, from_scratch, one_stream, stepwise_bits_per_byte
from vibejam.cli import build_parser, main
from vibejam.decoder import Decoder
from vibejam.errors import UserError
from vibejam.evaluate import score_ids
from vibejam.model import build_model
from vibejam.tokenizer import CharTokenizer


def small(vocab_size=65):
    torch.manual_seed(0)
    return build_model(vocab_size=vocab_size, block_size=64, n_layer=2, n_head=2, n_embd=32).eval()


def test_a_small_model_from_scratch_writes_the_same_text_both_ways():
    figure = from_scratch(n_layer=1, n_embd=48, block_size=32, tokens=8, rounds=2)
    assert figure["same_text"]["vibejam fp32"] is True
    ratio = figure["times_reading_again"]["vibejam"]
    assert 0 < ratio["lowest"] <= ratio["median"] <= ratio["highest"]


def test_candidates_together_and_in_turn():
    figure = candidates(count=3, tokens=5, rounds=1, model=small())
    assert figure["candidates"] == 3 and figure["tokens"] == 5
    assert set(figure["seconds"]) == {"together", "in turn"} and figure["times_in_turn"]["median"] > 0


def test_bits_per_byte_step_by_step_are_those_of_the_whole():
    text = "The gate was open. " * 3
    tokenizer = CharTokenizer.train([text])
    model = small(tokenizer.vocab_size)
    ids = torch.tensor([tokenizer.doc_end, *tokenizer.encode(text)])
    nats, _ = score_ids(model, ids, tokenizer.doc_end, 64)
    found = stepwise_bits_per_byte(Decoder(model, "fp32"), tokenizer, text)
    assert found == pytest.approx(nats / math.log(2) / len(text.encode()), rel=1e-5)


def test_side_by_side_each_stretch_is_scored_by_itself():
    text = "The gate was open. "
    tokenizer = CharTokenizer.train([text])
    decoder = Decoder(small(tokenizer.vocab_size), "fp32")
    alone = stepwise_bits_per_byte(decoder, tokenizer, text)
    assert stepwise_bits_per_byte(decoder, tokenizer, text * 3, rows=3) == pytest.approx(alone, rel=1e-5)


def test_without_the_base_the_command_says_how_to_get_it(capsys):
    with pytest.raises(UserError, match="vibejam fetch-base"):
        one_stream()
    assert main(["bench", "--what", "decode", "--json"]) == 2
    assert "vibejam fetch-base smollm2-135m" in capsys.readouterr().err


def test_every_figure_can_be_asked_for_by_name():
    for name in FIGURES:
        assert build_parser().parse_args(["bench", "--what", name]).what == name
