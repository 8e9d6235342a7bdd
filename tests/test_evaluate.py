"""Scores: every token once, whatever the batches and strides; one currency for all tokenizers."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from writing import essay

from vibejam import evaluate
from vibejam.config import ModelConfig
from vibejam.data import TokenDataset, join
from vibejam.errors import UserError
from vibejam.evaluate import Score, estimate_loss, score_ids, score_texts
from vibejam.model import BaseLM, build_model
from vibejam.tokenizer import BPETokenizer, CharTokenizer

T, V, DOC_END = 8, 13, 12


def small(vocab_size=V, block_size=T):
    torch.manual_seed(0)
    model = build_model(vocab_size=vocab_size, block_size=block_size, n_layer=1, n_head=2, n_embd=16)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
    return model.eval()


class Uniform(BaseLM):
    """A model that knows nothing: every token is as likely as any other."""

    def __init__(self, vocab_size, block_size):
        super().__init__()
        self.config = ModelConfig(vocab_size=vocab_size, block_size=block_size)
        self.head = nn.Linear(1, vocab_size, bias=False)

    def hidden_states(self, idx):
        return torch.zeros(*idx.shape, 1)

    def new_cache(self, batch_size, length):
        return None  # there is nothing to remember

    def forward_cached(self, idx, cache):
        return self(idx)[0]


def random_ids(n, seed=0):
    return torch.randint(V, (n,), generator=torch.Generator().manual_seed(seed))  # document ends among them


@torch.no_grad()
def brute_force(model, ids, stride):
    """One token at a time: which window predicts it is told by walking, and its loss by a pass of that window alone."""
    nats, tokens, last = 0.0, 0, len(ids) - 1
    for target in range(1, len(ids)):
        start = 0
        while start + T < target:  # predictions of a window at `start` reach to start + T
            start = min(start + stride, last - T)
        if ids[target] == DOC_END:
            continue
        logits = model(ids[start:target][None])[0][0, -1]
        nats += F.cross_entropy(logits, ids[target]).item()
        tokens += 1
    return nats, tokens


@pytest.mark.parametrize("stride", [1, 3, 4, 5, T])
@pytest.mark.parametrize("length", [2, 3, T, T + 1, T + 2, 2 * T, 2 * T + 1, 29])
def test_every_token_is_scored_once_as_a_slow_walk_scores_it(length, stride):
    model, ids = small(), random_ids(length)
    nats, tokens = score_ids(model, ids, DOC_END, stride)
    slow_nats, slow_tokens = brute_force(model, ids, stride)
    assert tokens == slow_tokens == int((ids[1:] != DOC_END).sum())
    assert nats == pytest.approx(slow_nats, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("length", [0, 1])
def test_a_text_with_nothing_to_predict_scores_nothing(length):
    assert score_ids(small(), random_ids(length), DOC_END, 4) == (0.0, 0)


@pytest.mark.parametrize("stride", [0, -1, T + 1])
def test_a_stride_that_skips_tokens_or_never_ends_is_refused(stride):
    with pytest.raises(ValueError, match="stride"):
        score_ids(small(), random_ids(30), DOC_END, stride)


@pytest.mark.parametrize("at_once", [1, T, 3 * T, 10**6])
def test_batches_do_not_change_the_figure(monkeypatch, at_once):
    model, ids = small(), random_ids(77)
    one = score_ids(model, ids, DOC_END, 3)
    monkeypatch.setattr(evaluate, "TOKENS_AT_ONCE", at_once)
    other = score_ids(model, ids, DOC_END, 3)
    assert other[1] == one[1] and other[0] == pytest.approx(one[0], rel=1e-5)


def test_a_model_that_knows_nothing_needs_log2_of_the_vocabulary_for_each_token():
    tokenizer = CharTokenizer.train(["abcdefg"])
    model = Uniform(tokenizer.vocab_size, T)
    score = score_texts(model, tokenizer, ["abcabcgfeed", "gfé"])
    assert score.tokens == 11 + 2 + 2, "é is two bytes, and two tokens here"
    assert score.nats / math.log(2) == pytest.approx(score.tokens * math.log2(tokenizer.vocab_size))
    assert score.bits_per_byte == pytest.approx(score.nats / math.log(2) / score.bytes)
    assert score.loss == pytest.approx(math.log(tokenizer.vocab_size))


def test_bits_per_byte_refer_to_the_same_bytes_whatever_a_token_is():
    texts = [essay(1), "Straße 😀, naïve.", ""]
    size = sum(len(text.encode()) for text in texts)
    scores = {}
    for tokenizer in (CharTokenizer.train(texts), BPETokenizer.train(texts, 400)):
        score = score_texts(Uniform(tokenizer.vocab_size, T), tokenizer, texts)
        assert score.bytes == size
        assert score.tokens == sum(len(tokenizer.encode(text)) for text in texts)
        scores[tokenizer.kind] = score
    assert scores["bpe"].tokens < scores["char"].tokens
    expected = scores["char"].tokens * math.log2(CharTokenizer.train(texts).vocab_size) / size
    assert scores["char"].bits_per_byte == pytest.approx(expected)


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_no_text_is_a_sentence(texts):
    with pytest.raises(UserError, match="no text to measure on"):
        score_texts(small(300), CharTokenizer.train(["ab"]), texts)


def test_a_broken_character_is_scored_as_the_mark_it_is_read_as():
    tokenizer = CharTokenizer.train(["ab"])
    model = Uniform(tokenizer.vocab_size, T)
    assert score_texts(model, tokenizer, ["a\udcffb"]) == score_texts(model, tokenizer, ["a\ufffdb"])


def quick_dataset(val):
    tokenizer = CharTokenizer.train([essay(0), *val])
    return TokenDataset(tokenizer, [essay(0)], val, T)


@pytest.mark.parametrize("length", [T, T + 1, 2 * T, 2 * T + 3, 101])
def test_the_quick_look_scores_all_of_a_short_text_tail_included(length):
    data = quick_dataset([(essay(1))[:length]])
    model = small(data.tokenizer.vocab_size)
    nats, tokens = score_ids(model, data.val_ids, data.tokenizer.doc_end, T)
    score = estimate_loss(model, data)
    assert score.tokens == tokens == length and score.bytes == data.val_bytes
    assert tokens % T == 0 or length > T
    if length % T == 0:  # then side by side and with a stride of the context are the same windows
        assert score.nats == pytest.approx(nats, rel=1e-5)
    assert score.nats == pytest.approx(side_by_side(model, data), rel=1e-5)


@torch.no_grad()
def side_by_side(model, data):
    ids, nats = data.val_ids, 0.0
    for start in range(0, len(ids) - 1, T):
        x, y = ids[start : start + T], ids[start + 1 : start + T + 1]
        losses = F.cross_entropy(model(x[None])[0][0, : len(y)], y, reduction="none")
        nats += losses[y != data.tokenizer.doc_end].sum().item()
    return nats


def test_the_quick_look_thins_a_long_text_and_its_bytes_alike():
    data = quick_dataset([essay(n) for n in range(3)])
    model = small(data.tokenizer.vocab_size)
    whole, thinned = estimate_loss(model, data), estimate_loss(model, data, max_tokens=300)
    assert 150 < thinned.tokens <= 300 < whole.tokens
    assert thinned.bytes / thinned.tokens == pytest.approx(whole.bytes / whole.tokens, rel=0.02)
    assert thinned.loss == pytest.approx(whole.loss, rel=0.1)
    assert estimate_loss(model, data, max_tokens=300) == thinned, "the same windows each time"


def test_the_quick_look_is_nothing_where_nothing_was_held_out():
    assert estimate_loss(small(), quick_dataset([])) is None


def test_measuring_turns_dropout_off_and_leaves_the_model_as_it_was():
    torch.manual_seed(0)
    model = build_model(vocab_size=V, block_size=T, n_layer=1, n_head=2, n_embd=16, dropout=0.5).train()
    ids = random_ids(40)
    dice = torch.get_rng_state()
    assert score_ids(model, ids, DOC_END, 4) == score_ids(model, ids, DOC_END, 4)
    assert model.training and torch.equal(dice, torch.get_rng_state())
    assert all(p.requires_grad and not p.is_inference() for p in model.parameters())


def test_a_score_is_its_own_arithmetic():
    score = Score(nats=10.0, tokens=4, bytes=5)
    assert score.loss == 2.5 and score.bits_per_byte == pytest.approx(10 / math.log(2) / 5)
    assert len(join(["ab"], CharTokenizer.train(["ab"]))) == 3
