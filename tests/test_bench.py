"""The bench at tiny sizes: that it runs, compares like with like and says what is missing.  No speed is asserted."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from writing import essay

from vibejam import nanogpt
from vibejam.bench import FIGURES, candidates, from_scratch, one_stream, stepwise_nats
from vibejam.bench_dial import dial
from vibejam.bench_training import read, training
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
    figure = from_scratch(n_layer=1, n_embd=96, block_size=32, tokens=40, rounds=2)
    assert figure["same_first_tokens"]["vibejam"] >= 32, "as long as the context is not full"
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


def test_training_beside_nanogpt_at_a_second_each(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(essay(number) for number in range(12)), encoding="utf-8")
    figure = training(text, minutes=0.02, seeds=2)
    assert figure["text"]["held_out"] == pytest.approx(len(text.read_text()) / 10, abs=1)
    assert figure["nanogpt"]["parameters"] > 790_000 and 0 < figure["nanogpt"]["loss"] < 4.5
    short = figure["vibejam"]["tuned, characters, a thirtieth of the time"]
    assert short["seeds"] == 2 and short["loss"]["lowest"] <= short["loss"]["mean"] <= short["loss"]["highest"]
    for run in figure["vibejam"].values():
        assert run["steps"] >= 1 and run["start_up_seconds"] > 0
        assert run["bits_per_byte"]["mean"] == pytest.approx(run["loss"]["mean"] / math.log(2), rel=1e-3), "this text is ASCII"


def test_the_dial_beside_what_is_set_by_hand_at_a_second_each(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(essay(number) for number in range(12)), encoding="utf-8")
    said = []
    figure = dial(text, minutes=0.01, say=said.append)
    for kind, runs in figure["bits_per_byte"].items():
        assert len(runs) >= 8 and runs["as planned"] != runs["width 192"], "what is set by hand is another run"
        beside = figure["planned_beside_the_best_of_its_kind"][kind]
        assert beside == pytest.approx(runs["as planned"] / min(runs.values()), abs=1e-3) and beside >= 1
    assert figure["planned_without_a_knob_beside_the_best"] >= figure["planned_beside_the_best_of_its_kind"]["transformer"]
    assert len(said) == sum(map(len, figure["bits_per_byte"].values()))
    assert figure["seconds"]["foretold"] > 0 < figure["seconds"]["took"]


@pytest.mark.parametrize("held", [None, "folder"])
def test_what_is_held_out_is_the_last_tenth_or_what_is_given(tmp_path, held):
    (tmp_path / "text.txt").write_text("abcdefghij" * 1000)
    (tmp_path / "held").mkdir()
    for number in range(2):
        (tmp_path / "held" / f"{number}.txt").write_text(f"{number}" * 600)
    texts = read(tmp_path / "text.txt", tmp_path / "held" if held else None)
    if held:
        assert texts.held == ["0" * 600, "1" * 600] and texts.held_characters == 1200 and len(texts.learnt[0]) == 10_000
    else:
        assert len(texts.learnt[0]) == 9000 and "".join(texts.learnt + texts.held) == "abcdefghij" * 1000


def test_too_little_text_to_measure_on_is_refused(tmp_path, capsys):
    (tmp_path / "text.txt").write_text("Too little.")
    for path in ("text.txt", "nothing"):
        assert main(["bench", "--what", "training", "--text-path", str(tmp_path / path)]) == 2
        assert capsys.readouterr().err.splitlines()[-1].startswith("vibejam: ")
    assert main(["bench", "--what", "training", "--seeds", "0"]) == 2


def test_the_yardstick_scores_all_of_a_split_but_its_first_character():
    torch.manual_seed(0)
    run = replace(nanogpt.CPU_RUN, block_size=8)
    model, ids = nanogpt.NanoGPT(11, run).eval(), torch.randint(11, (30,))
    with torch.no_grad():
        pieces = [ids[start : start + 9] for start in range(0, 29, 8)]
        nats = [F.cross_entropy(model(p[None, :-1])[0], p[1:], reduction="sum") for p in pieces]
    assert nanogpt.whole_split(model, ids, 8) == pytest.approx(float(sum(nats)) / 29, rel=1e-5)


def test_the_yardstick_learns_and_looks_at_no_future():
    torch.manual_seed(0)
    run = replace(nanogpt.CPU_RUN, block_size=8, n_layer=2, n_embd=32, iterations=150)
    model, ids = nanogpt.NanoGPT(5, run), torch.arange(400) % 5
    losses = [loss for _, loss in nanogpt.train(model, ids, run.iterations)]
    assert len(losses) == 151 and losses[-1] < 0.5 < 1.4 < losses[0]
    x = torch.arange(8)[None] % 5
    changed = x.clone()
    changed[0, 5] = (x[0, 5] + 1) % 5
    assert torch.allclose(model(x)[:, :5], model(changed)[:, :5], atol=1e-6)


def test_the_yardsticks_learning_rate_is_as_published():
    rates = [nanogpt.lr_of(step, 2000) for step in range(2001)]
    assert rates[99] == pytest.approx(1e-3 * 100 / 101) and max(rates) == pytest.approx(1e-3)
    assert rates[1050] == pytest.approx(5.5e-4, rel=1e-3) and rates[2000] == pytest.approx(1e-4)
