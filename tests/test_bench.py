"""The bench at tiny sizes: that it runs, compares like with like and says what is missing.  No speed is asserted."""

import pytest
import torch

from vibejam.bench import FIGURES, candidates, from_scratch, one_stream, stepwise_nats
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


def test_the_loss_step_by_step_is_that_of_the_whole():
    text = "The gate was open. " * 3
    tokenizer = CharTokenizer.train([text])
    model = small(tokenizer.vocab_size)
    ids = torch.tensor([tokenizer.doc_end, *tokenizer.encode(text)])
    nats, _ = score_ids(model, ids, tokenizer.doc_end, 64)
    found, size = stepwise_nats(Decoder(model, "fp32"), tokenizer, text)
    assert size == len(text.encode()) and len(found) == len(ids) - 1
    assert float(found.sum()) == pytest.approx(nats, rel=1e-5)


def test_side_by_side_each_stretch_is_scored_by_itself():
    text = "The gate was open. "
    tokenizer = CharTokenizer.train([text])
    decoder = Decoder(small(tokenizer.vocab_size), "fp32")
    alone, size = stepwise_nats(decoder, tokenizer, text)
    together, whole = stepwise_nats(decoder, tokenizer, text * 3, rows=3)
    assert whole == 3 * size and torch.allclose(together.view(-1, 3), alone[:, None].expand(-1, 3), atol=1e-4)


def test_without_the_base_the_command_says_how_to_get_it(capsys):
    with pytest.raises(UserError, match="vibejam fetch-base"):
        one_stream()
    assert main(["bench", "--what", "decode", "--json"]) == 2
    assert "vibejam fetch-base smollm2-135m" in capsys.readouterr().err


def test_every_figure_can_be_asked_for_by_name():
    for name in FIGURES:
        assert build_parser().parse_args(["bench", "--what", name]).what == name
