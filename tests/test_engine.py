"""The one door: sampling, rewriting, and what is said where there is nothing to do it with."""

import pytest
import torch
from writing import essay

from vibejam.checkpoint import save_model
from vibejam.config import SampleConfig
from vibejam.copied import save_phrases
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.measures import kept_meaning
from vibejam.model import build_model
from vibejam.rewrite.manner import learn_manner, save_manner
from vibejam.tokenizer import CharTokenizer


@pytest.fixture
def voice(tmp_path):
    """A random voice: what it says is noise, and how it says it is what these tests are about."""
    torch.manual_seed(0)
    tokenizer = CharTokenizer.train(["the quick brown fox jumps over the lazy dog. Draft: Rewrite:\n"])
    model = build_model(vocab_size=tokenizer.vocab_size, block_size=64, n_layer=1, n_head=2, n_embd=32)
    save_model(tmp_path / "voice", model, tokenizer)
    return tmp_path / "voice"


def test_a_sample_says_how_much_of_it_was_copied(voice):
    assert StyleEngine(voice).sample("the", SampleConfig(max_new_tokens=5, seed=1)).longest_copied_run is None
    save_phrases(voice, ["the quick brown fox jumps"])
    engine = StyleEngine(voice)
    assert engine.copied("a quick brown fox jumps up") == 4
    assert engine.sample("the", SampleConfig(max_new_tokens=5, seed=1)).longest_copied_run == 0


@pytest.mark.parametrize("draft", ["", " \n\t "])
def test_nothing_to_rewrite_is_said(voice, draft):
    save_manner(voice, learn_manner([essay(n) for n in range(4)], [], [essay(9)]))
    with pytest.raises(UserError, match="nothing to rewrite"):
        StyleEngine(voice).rewrite(draft)


def test_a_run_without_a_manner_says_what_to_do(voice):
    with pytest.raises(UserError, match="learn anew"):
        StyleEngine(voice).rewrite("Please confirm the order.")


def test_without_a_writer_a_draft_is_refused_with_the_next_step(voice):
    with pytest.raises(UserError, match="OPENAI_API_KEY"):
        StyleEngine(voice).generate("Write to the bank.")


def test_the_name_changes_with_the_weights(voice):
    before = StyleEngine(voice).name
    engine = StyleEngine(voice)
    with torch.no_grad():
        engine.model.embed.weight.add_(1)
    save_model(voice, engine.model, engine.tokenizer)
    assert StyleEngine(voice).name != before


def test_kept_meaning_counts_content_words():
    assert kept_meaning("The boiler is broken.", "My boiler, alas, is broken!") == 1
    assert kept_meaning("The boiler is broken.", "The weather is fine.") == 0
    assert kept_meaning("It is.", "") == 1


def test_a_broken_engine_door_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="no vibejam model"):
        StyleEngine(tmp_path / "nowhere")
