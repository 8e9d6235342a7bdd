"""The transformer's own promises: attention two ways, grouped heads, tied tables, rotary positions."""

import pytest
import torch
import torch.nn.functional as F
from test_contract import SMALL, T, V, small, tokens

from vibejam import model as module
from vibejam.config import ModelConfig, RopeScaling
from vibejam.errors import UserError
from vibejam.model import GPTModel, attend, build_model, rotary_tables


def test_reading_beyond_the_cache_is_refused_in_words():
    model = small()
    cache = model.new_cache(1, 10)
    with pytest.raises(ValueError, match="holds 10 tokens, 11"), torch.no_grad():
        model.forward_cached(tokens(1, 11), cache)
    assert model.new_cache(1, 10**9).length == T, "a cache is never longer than the context"


def test_tied_tables_share_their_memory_and_untied_ones_do_not():
    tied, untied = small(tie_embeddings=True), small(tie_embeddings=False)
    assert tied.head.weight.data_ptr() == tied.embed.weight.data_ptr()
    assert untied.head.weight.data_ptr() != untied.embed.weight.data_ptr()
    assert untied.parameter_count() - tied.parameter_count() == V * SMALL["n_embd"]


@pytest.mark.parametrize("kv_heads", [1, 2])
def test_grouped_queries_equal_full_heads_whose_keys_and_values_repeat(kv_heads):
    grouped, full = small(n_kv_head=kv_heads), small()
    weights = {name: p.detach().clone() for name, p in grouped.named_parameters()}
    D, repeat = SMALL["n_embd"] // SMALL["n_head"], SMALL["n_head"] // kv_heads
    for name, weight in weights.items():
        if name.endswith(("attention.key.weight", "attention.value.weight")):
            weights[name] = weight.view(kv_heads, D, -1).repeat_interleave(repeat, dim=0).flatten(0, 1)
    full.load_state_dict(weights | {"head.weight": weights["embed.weight"]})
    x, y = tokens(seed=1), tokens(seed=2)
    for a, b in ((grouped, full), (grouped.train(), full.train())):  # the fused and the written-out way
        with torch.set_grad_enabled(a.training):
            torch.testing.assert_close(a(x, y)[0], b(x, y)[0], atol=1e-4, rtol=1e-4)
    with torch.no_grad():
        cache = grouped.new_cache(2, T)
        assert cache.keys.shape == (2, 2, kv_heads, T, D), "the cache keeps a group's keys once"
        cached = torch.cat([grouped.eval().forward_cached(step, cache) for step in x.split(5, dim=1)], dim=1)
        torch.testing.assert_close(cached, full.eval()(x)[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("heads, groups", [(4, 4), (4, 2), (4, 1)])
@pytest.mark.parametrize("t, s", [(9, 9), (1, 9), (4, 9), (1, 1)])
def test_attention_written_out_and_fused_equal_a_loop_over_places(heads, groups, t, s):
    dice = torch.Generator().manual_seed(0)
    q = torch.randn(2, heads, t, 8, generator=dice)
    k, v = torch.randn(2, groups, s, 8, generator=dice), torch.randn(2, groups, s, 8, generator=dice)
    slow = torch.empty_like(q)
    for head in range(heads):
        keys, values = k[:, head * groups // heads], v[:, head * groups // heads]  # (B, S, D)
        for place in range(t):
            seen = s - t + place + 1
            scores = torch.einsum("bd,bsd->bs", q[:, head, place], keys[:, :seen]) / 8**0.5
            slow[:, head, place] = torch.einsum("bs,bsd->bd", scores.softmax(-1), values[:, :seen])
    torch.testing.assert_close(attend(q, k, v), slow, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(attend(q.requires_grad_(), k, v), slow, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("groups", [4, 2])
def test_attention_written_out_has_the_gradients_of_the_fused_one(groups):
    def gradients(way):
        dice = torch.Generator().manual_seed(0)
        shapes = [(2, 4, 9, 8), (2, groups, 9, 8), (2, groups, 9, 8)]
        inputs = [torch.randn(shape, generator=dice).requires_grad_() for shape in shapes]
        (way(*inputs) * torch.randn(2, 4, 9, 8, generator=dice)).sum().backward()
        return [x.grad for x in inputs]

    def fused(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)

    for ours, theirs in zip(gradients(attend), gradients(fused), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_training_and_reading_see_the_same_model():
    """The written-out attention of training and the fused one of everything else."""
    model, x = small(), tokens()
    trained = model(x)[0].detach()
    with torch.no_grad():
        torch.testing.assert_close(model(x)[0], trained, atol=1e-5, rtol=1e-5)


def test_dropout_acts_while_learning_only():
    model, x = small(dropout=0.5), tokens()
    assert torch.equal(model(x)[0], model(x)[0])
    model.train()
    assert not torch.allclose(model(x)[0], model(x)[0])


def test_rotary_attention_depends_on_distance_alone():
    config = ModelConfig(vocab_size=V, block_size=64, n_embd=32, n_head=4)
    cos, sin = rotary_tables(config)
    q, k = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))

    def score(i, j):
        return (
            module.rotate(q.view(1, 1, 1, 8), cos[i], sin[i]).flatten()
            @ module.rotate(k.view(1, 1, 1, 8), cos[j], sin[j]).flatten()
        )

    torch.testing.assert_close(score(5, 2), score(60, 57), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(score(0, 0), q @ k, atol=1e-5, rtol=1e-5)
    assert abs(score(5, 2) - score(5, 3)) > 1e-3


def test_stretched_positions_slow_long_waves_only():
    shape = dict(vocab_size=V, block_size=512, n_embd=128, n_head=2, rope_theta=500_000.0)
    scaling = RopeScaling(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_context=256)
    frequency = 500_000.0 ** -(torch.arange(0, 64, 2, dtype=torch.float64) / 64)
    stretched = module.stretch(frequency, scaling)
    wavelength = 2 * torch.pi / frequency
    torch.testing.assert_close(stretched[wavelength < 64], frequency[wavelength < 64])
    torch.testing.assert_close(stretched[wavelength > 256], frequency[wavelength > 256] / 8)
    between = (wavelength > 64) & (wavelength < 256)
    assert between.any() and ((stretched < frequency) & (stretched > frequency / 8))[between].all()
    plain, long = rotary_tables(ModelConfig(**shape))[0], rotary_tables(ModelConfig(**shape, rope_scaling=scaling))[0]
    assert torch.equal(plain[:, 0], long[:, 0]) and not torch.equal(plain[:, 31], long[:, 31])


def test_names_of_the_first_notes_stay():
    model = GPTModel(ModelConfig(**SMALL))
    logits, loss = model(tokens(), tokens())
    assert logits.shape == (2, T, V) and loss.ndim == 0
    with pytest.raises(UserError):
        ModelConfig(vocab_size=V, n_embd=31)


def test_texts_of_different_length_side_by_side_are_read_as_each_is_alone():
    torch.manual_seed(0)
    model = build_model(vocab_size=50, block_size=32, n_layer=2, n_head=4, n_kv_head=2, n_embd=32).eval()
    texts = [torch.randint(50, (length,)) for length in (12, 7, 10, 1)]
    cache = model.new_cache(4, 15)
    cache.hidden = torch.tensor([[place < 12 - len(text) for place in range(15)] for text in texts])
    rows = torch.stack([torch.cat([torch.zeros(12 - len(text), dtype=torch.long), text]) for text in texts])
    more = torch.randint(50, (4, 3))
    with torch.no_grad():
        read = [model.forward_cached(rows, cache)[:, -1], model.forward_cached(more[:, :2], cache)[:, -1]]
        cache.keep([0, 2, 3])
        read.append(model.forward_cached(more[[0, 2, 3], 2:], cache)[:, -1])
        for row, text in enumerate(texts):
            alone = model(torch.cat([text, more[row]])[None])[0][0]  # (T, V)
            torch.testing.assert_close(read[0][row], alone[len(text) - 1], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(read[1][row], alone[len(text) + 1], atol=1e-5, rtol=1e-4)
        for row, text in ((0, texts[0]), (2, texts[2]), (3, texts[3])):
            alone = model(torch.cat([text, more[row]])[None])[0][0, -1]
            torch.testing.assert_close(read[2][[0, None, 1, 2][row]], alone, atol=1e-5, rtol=1e-4)
