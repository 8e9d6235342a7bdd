"""What is shown of a token is what the sampler saw: the same contexts, the same probabilities, the same cuts."""

import pytest
import torch
import torch.nn.functional as F
from runs import refused

from vibejam.config import SampleConfig
from vibejam.model import build_model
from vibejam.sample import distribution, prompt_ids, stream_ids, stream_tokens, unused_ids
from vibejam.token_view import logits_at, place, tokens_of
from vibejam.tokenizer import CharTokenizer

TEXT = "The gate was open when I came down, and the dog was in the lane again; it rained."


@pytest.fixture(scope="module")
def voice():
    tokenizer = CharTokenizer.train([TEXT])
    torch.manual_seed(3)
    model = build_model(vocab_size=tokenizer.vocab_size, block_size=16, n_layer=2, n_head=2, n_embd=32)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)  # untrained weights are so small that every token is as likely as the next
    return model.eval(), tokenizer


def written(voice, prompt: str, count: int, temperature: float = 0.0) -> tuple[list[int], int]:
    model, tokenizer = voice
    ids = prompt_ids(tokenizer, prompt)
    config = SampleConfig(count, temperature, top_p=1.0, seed=5)
    return [*ids, *stream_ids(model, ids, config, unused_ids(tokenizer), decoder=None)], len(ids)


@pytest.mark.parametrize("prompt", ["The gate", "The gate was open when I came down, and so on, far beyond the context"])
def test_each_token_is_seen_after_the_context_that_the_sampler_gave_it(voice, prompt):
    """Without dice the likeliest token is written, so beyond the context too every one of them is the first in rank."""
    model, tokenizer = voice
    ids, given = written(voice, prompt, 60)
    tokens = tokens_of(model, tokenizer, ids, given)
    assert len(tokens) == 60 > 2 * model.config.block_size
    assert [token.rank for token in tokens] == [0] * 60
    assert "".join(token.text for token in tokens) == tokenizer.decode(ids[given:])


def test_a_text_that_ends_in_half_a_character_shows_all_of_it(voice):
    model, tokenizer = voice
    half = tokenizer.encode("é")[:1]  # a character that was never seen is written in bytes
    ids = [*prompt_ids(tokenizer, "The gate"), *tokenizer.encode(" was"), *half]
    given = len(ids) - len(half) - 4
    assert "".join(token.text for token in tokens_of(model, tokenizer, ids, given)) == tokenizer.decode(ids[given:]) == " was\ufffd"


def test_a_probability_is_the_plain_forward_pass_s(voice):
    model, tokenizer = voice
    ids, given = written(voice, "The", 10, temperature=1.0)
    for position, token in enumerate(tokens_of(model, tokenizer, ids, given), given):
        logits = model(torch.tensor([ids[:position]]))[0][0, -1].detach()
        logits[unused_ids(tokenizer)] = -torch.inf
        own = F.softmax(logits.double(), -1)
        assert token.probability == pytest.approx(float(own[ids[position]]), rel=1e-4)
        assert token.rank == int((logits > logits[ids[position]]).sum())
        assert torch.allclose(logits_at(model, tokenizer, ids, given, position), logits, atol=1e-4)


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0, 1.5])
@pytest.mark.parametrize("top_k", [0, 1, 7, 500])
@pytest.mark.parametrize("top_p", [0.05, 0.9, 1.0])
def test_what_is_drawn_as_cut_is_what_the_sampler_never_draws(voice, temperature, top_k, top_p):
    model, tokenizer = voice
    logits = logits_at(model, tokenizer, prompt_ids(tokenizer, "The"), 4, 4)
    config = SampleConfig(10, temperature, top_k, top_p)
    found = place(logits, tokenizer, config, shown=len(logits))
    drawn = distribution(logits, config)
    assert found.kept == int((drawn > 0).sum()) and found.of == int(torch.isfinite(logits).sum()) == len(found.options)
    for option in found.options:
        assert option.drawn == pytest.approx(float(drawn[option.id])) and bool(option.cut) == (drawn[option.id] == 0)
    if temperature:
        warm = F.softmax(logits.double() / temperature, -1)
        kept = float(warm[drawn > 0].sum())
        assert kept + found.by_top_k + found.by_top_p == pytest.approx(1)
        assert (found.by_top_k == 0) == (top_k in (0, 500))
        assert {option.cut for option in found.options[max(1, top_k or found.of) :]} <= {"top-k"}
    assert found.options == tuple(sorted(found.options, key=lambda option: -option.probability))


def test_a_place_that_is_not_there_is_one_sentence(voice):
    model, tokenizer = voice
    ids, given = written(voice, "The", 5)
    for at in (given - 1, len(ids) + 1, -1, "7", None, True):
        refused(lambda at=at: logits_at(model, tokenizer, ids, given, at), "write on again")


def test_going_on_from_another_token_keeps_what_stands_before_it(voice):
    model, tokenizer = voice
    ids, given = written(voice, "The", 12)
    other = tokenizer.encode("x")[0] if ids[given + 3] != tokenizer.encode("x")[0] else tokenizer.encode("y")[0]
    branch = [*ids[: given + 3], other]
    further = list(stream_tokens(model, tokenizer, branch, SampleConfig(6, 0.0)))
    assert tokens_of(model, tokenizer, [*branch, *further], given)[3].rank > 0
