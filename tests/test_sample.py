"""Writing: the cached stream against reading everything again, the filters against loops, stopping, seeds."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from writing import essay

from vibejam.config import SampleConfig
from vibejam.model import build_model
from vibejam.sample import distribution, draw, generate_text, stream_ids, stream_text, unused_ids
from vibejam.tokenizer import BPETokenizer, CharTokenizer, Tokenizer

TOKENIZER = CharTokenizer.train([essay(0), "🦊"])
BLOCK = 16


def small(block=BLOCK, seed=0):
    """Weights large enough that what comes next hangs on what came before."""
    torch.manual_seed(seed)
    model = build_model(
        vocab_size=TOKENIZER.vocab_size, block_size=block, n_layer=2, n_head=2, n_embd=32, tie_embeddings=False
    )
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() >= 2:
                parameter.mul_(24)
    return model.eval()


MODEL = small()
GREEDY = SampleConfig(max_new_tokens=50, temperature=0.0)


@torch.no_grad()
def slow_greedy(model, ids, count):
    """The likeliest token again and again, all read anew each time; a full context goes on from its newer half."""
    block, written = model.config.block_size, []
    context = list(ids[-block:])
    for _ in range(count):
        token = int(model(torch.tensor([context]))[0][0, -1].argmax())
        written.append(token)
        context.append(token)
        if len(context) > block:
            context = context[-max(1, block // 2) :]
    return written


@pytest.mark.parametrize("block", [1, 2, 7, BLOCK])
@pytest.mark.parametrize("prompt", [1, 5, BLOCK - 1, BLOCK, BLOCK + 1, 60])
def test_the_cached_stream_writes_what_reading_everything_again_writes(block, prompt):
    """Beyond the context's end, too: 50 tokens pass it several times."""
    model = small(block)
    ids = torch.randint(TOKENIZER.vocab_size, (prompt,), generator=torch.Generator().manual_seed(1)).tolist()
    written = list(stream_ids(model, ids, GREEDY))
    assert written == slow_greedy(model, ids, 50)
    assert block == 1 or len(set(written)) > 3, "a model that always says the same would prove nothing"


def slow_distribution(logits, config):
    """The rules one token at a time, in plain floats."""
    if config.temperature == 0:
        best = max(range(len(logits)), key=lambda i: (logits[i], -i))
        return [float(i == best) for i in range(len(logits))]
    top = max(logits)
    weights = [math.exp((x - top) / config.temperature) for x in logits]
    p = [w / math.fsum(weights) for w in weights]
    kept, reached = [], 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=lambda i: (-p[i], i))):
        inside_k = not config.top_k or rank < config.top_k
        inside_p = config.top_p == 1 or reached < config.top_p
        inside_min = p[i] >= config.min_p * max(p)
        if rank == 0 or (inside_k and inside_p and inside_min):
            kept.append(i)
        reached += p[i]
    mass = math.fsum(p[i] for i in kept)
    return [p[i] / mass if i in kept else 0.0 for i in range(len(p))]


CONFIGS = st.builds(
    SampleConfig,
    temperature=st.sampled_from([0.0, 0.1, 0.8, 1.0, 3.0]) | st.floats(0.05, 5),
    top_k=st.integers(0, 12),
    top_p=st.sampled_from([1.0, 0.95, 0.5, 0.01]) | st.floats(0.01, 1),
    min_p=st.sampled_from([0.0, 0.05, 1.0]) | st.floats(0, 1),
)


@settings(deadline=None, max_examples=300)
@given(logits=st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=10, unique=True), config=CONFIGS)
def test_the_filters_do_what_they_say(logits, config):
    found = distribution(torch.tensor(logits), config)
    slow = slow_distribution(logits, config)
    assert found.sum().item() == pytest.approx(1.0) and found.min() >= 0
    cut = [abs(a - b) > 1e-6 for a, b in zip(found.tolist(), slow, strict=True)]
    if any(cut):  # a token that stands exactly on an edge may fall either way by the last bit of a sum
        assert on_an_edge(logits, config)


def on_an_edge(logits, config):
    p = sorted(
        torch.softmax((torch.tensor(logits).double() - max(logits)) / config.temperature, 0).tolist(), reverse=True
    )
    sums = [sum(p[:i]) for i in range(1, len(p) + 1)]
    return any(abs(s - config.top_p) < 1e-9 for s in sums) or any(abs(x - config.min_p * p[0]) < 1e-9 for x in p)


def test_each_filter_alone_on_a_distribution_known_by_heart():
    logits = torch.tensor([0.5, 0.25, 0.15, 0.1]).log()

    def kept(**config):
        return distribution(logits, SampleConfig(temperature=1.0, **{"top_p": 1.0, **config})).gt(0).tolist()

    assert kept() == [True] * 4
    assert kept(top_k=2) == [True, True, False, False]
    assert kept(top_p=0.6) == [True, True, False, False], "the fewest that reach it, the one that crosses included"
    assert kept(top_p=0.4) == [True, False, False, False]
    assert kept(min_p=0.4) == [True, True, False, False], "relative to the likeliest: 0.25 is half of 0.5"
    assert kept(top_k=3, top_p=0.6, min_p=0.9) == [True, False, False, False]
    assert distribution(logits, SampleConfig(temperature=1.0, top_p=0.6)).tolist() == pytest.approx(
        [2 / 3, 1 / 3, 0, 0]
    )
    assert distribution(logits, SampleConfig(temperature=0.5, top_p=1.0))[0] == pytest.approx(0.25 / 0.345)


@pytest.mark.parametrize("temperature", [1e-3, 1e-30, 1e-300, 5e-324])
def test_a_tiny_temperature_is_nearly_none_and_stays_finite(temperature):
    config = SampleConfig(temperature=temperature)
    for logits in ([3.0, 9.0, -2.0], [-800.0, -700.0, -750.0], [1e30, 2e30, 0.0], [-math.inf, 5.0, 4.0]):
        found = distribution(torch.tensor(logits), config)
        assert found.argmax() == torch.tensor(logits).argmax() and found.max() == 1
        assert draw(torch.tensor(logits), config) == int(torch.tensor(logits).argmax())


def test_of_equally_likely_tokens_the_first_ones_are_kept():
    assert distribution(
        torch.zeros(1000), SampleConfig(temperature=1.0, top_k=3, top_p=1.0)
    ).nonzero().flatten().tolist() == [0, 1, 2]


def test_draws_follow_the_probabilities():
    logits, dice = torch.tensor([0.5, 0.3, 0.2]).log(), torch.Generator().manual_seed(0)
    config = SampleConfig(temperature=1.0, top_p=1.0)
    counts = torch.bincount(torch.tensor([draw(logits, config, dice) for _ in range(4000)]), minlength=3) / 4000
    assert (counts - torch.tensor([0.5, 0.3, 0.2])).abs().max() < 0.03


def test_the_same_seed_writes_the_same_text_and_others_others():
    def text(seed):
        return generate_text(MODEL, TOKENIZER, "The gate", SampleConfig(max_new_tokens=40, temperature=1.0, seed=seed))

    assert text(1) == text(1) and len({text(n) for n in range(5)}) > 1
    torch.manual_seed(0)
    one = text(None)
    assert one != text(None), "without a seed each text is new"


def test_a_seeded_text_leaves_the_global_dice_alone():
    before = torch.get_rng_state()
    generate_text(MODEL, TOKENIZER, "The gate", SampleConfig(max_new_tokens=20, seed=3))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("prompt", ["", "T", "The gate was open. " * 20])
def test_any_prompt_is_gone_on_from_and_not_repeated(prompt):
    config = SampleConfig(max_new_tokens=30, temperature=0.0)
    ids = [TOKENIZER.doc_end, *TOKENIZER.encode(prompt)]
    expected = slow_greedy(MODEL, ids, 30)
    if TOKENIZER.doc_end in expected:
        expected = expected[: expected.index(TOKENIZER.doc_end)]
    assert generate_text(MODEL, TOKENIZER, prompt, config) == TOKENIZER.decode(expected)


def only(*ids):
    """A model that, whatever it reads, goes through `ids` over and over."""
    model = small()

    class Fixed(type(model)):
        def forward_cached(self, idx, cache):
            logits = torch.full((1, idx.shape[1], TOKENIZER.vocab_size), -10.0)
            logits[0, -1, ids[self.read % len(ids)]] = 10.0
            self.read += 1
            return logits

    model.__class__, model.read = Fixed, 0
    return model


def test_a_text_ends_at_the_end_of_the_document():
    a, b = TOKENIZER.encode("ab")
    config = SampleConfig(max_new_tokens=20, temperature=0.0)
    assert generate_text(only(a, b, TOKENIZER.doc_end), TOKENIZER, "x", config) == "ab"
    assert generate_text(only(TOKENIZER.doc_end), TOKENIZER, "x", config) == ""
    assert generate_text(only(a), TOKENIZER, "x", config) == "a" * 20


def test_a_typed_document_end_in_the_prompt_is_read_as_text():
    assert generate_text(MODEL, TOKENIZER, "<|doc_end|>", GREEDY) != generate_text(MODEL, TOKENIZER, "", GREEDY)


def test_an_emoji_cut_in_half_by_the_limit_is_marked_and_pieces_are_whole_characters():
    spelt = CharTokenizer.train(["ab"]).encode("🦊")  # four bytes, the same ids in every char tokenizer
    pieces = list(stream_text(only(*spelt), TOKENIZER, "x", SampleConfig(max_new_tokens=6, temperature=0.0)))
    assert pieces[0] == "🦊" and set(pieces[1]) == {"\ufffd"} and len(pieces) == 2


def test_stop_is_asked_before_each_token():
    asked = []
    assert generate_text(MODEL, TOKENIZER, "The", GREEDY, stop=lambda: asked.append(1) or True) == ""
    assert len(asked) == 1
    a = TOKENIZER.encode("a")[0]
    model, written = only(a), []
    for piece in stream_text(model, TOKENIZER, "x", GREEDY, stop=lambda: len(written) >= 3):
        written.append(piece)
    assert written == ["a"] * 3 and model.read <= 4, "no token is computed after the stop"


def test_no_tokens_asked_for_is_no_text():
    assert generate_text(MODEL, TOKENIZER, "The", SampleConfig(max_new_tokens=0)) == ""


def test_control_tokens_other_than_the_end_are_never_written():
    from tokenizers import AddedToken

    tokenizer = Tokenizer.from_json(TOKENIZER.to_json())
    tokenizer.inner.add_special_tokens([AddedToken("<|im_start|>", special=True)])
    assert unused_ids(tokenizer) == [tokenizer.inner.token_to_id("<|im_start|>")]
    assert unused_ids(TOKENIZER) == []
    banned = slow_greedy(MODEL, [3, 4], 1)
    first = next(stream_ids(MODEL, [3, 4], GREEDY, banned=banned))
    assert first not in banned


def test_writing_makes_no_graph_and_leaves_the_model_as_it_was():
    model = small().train()
    generate_text(model, TOKENIZER, "The", SampleConfig(max_new_tokens=5))
    assert model.training and all(p.grad is None for p in model.parameters())


def test_a_bpe_voice_writes_too():
    tokenizer = BPETokenizer.train([essay(0)], 300)
    torch.manual_seed(0)
    model = build_model(vocab_size=tokenizer.vocab_size, block_size=8, n_layer=1, n_head=2, n_embd=16).eval()
    text = generate_text(model, tokenizer, "The gate", SampleConfig(max_new_tokens=30, temperature=1.0, seed=1))
    assert isinstance(text, str) and text
