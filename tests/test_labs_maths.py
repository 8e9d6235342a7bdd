"""The labs' fast forms against their recurrences, and both against the papers' own formulas, written out here in float64."""

import math

import pytest
import torch
import torch.nn.functional as F

from vibejam.config import ModelConfig
from vibejam.errors import UserError
from vibejam.labs import mamba, recurrent, xlstm
from vibejam.labs.gated_attention import GatedHeads
from vibejam.model import Heads, build_model, rotary_tables

B, H, P, N, D = 2, 3, 5, 7, 6


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


def draw(*shape, seed=0, dtype=torch.float32):
    return torch.randn(shape, generator=dice(seed), dtype=torch.float64).to(dtype)


def close(ours, theirs):
    torch.testing.assert_close(ours, theirs.to(ours.dtype), atol=1e-5, rtol=1e-5)


# Mamba-2


def of_mamba(T, dtype=torch.float32, empty=False):
    """Values, steps, rates, keys, queries and a memory; steps from hardly any to enough to forget all."""
    step = torch.exp(2 * draw(B, T, H, seed=1, dtype=dtype) - 2)
    memory = draw(B, H, P, N, seed=4, dtype=dtype) * (not empty)
    rate = torch.tensor([0.5, 2.0, 16.0], dtype=dtype)
    return draw(B, T, H, P, dtype=dtype), step, rate, draw(B, T, N, seed=2, dtype=dtype), draw(B, T, N, seed=3, dtype=dtype), memory


@pytest.mark.parametrize("T", [1, 31, 32, 33, 100])
def test_mambas_scan_equals_its_recurrence(T):
    given = of_mamba(T)
    for ours, theirs in zip(mamba.scan(*given), mamba.step_by_step(*given), strict=True):
        close(ours, theirs)


def test_mambas_scan_has_the_gradients_of_its_recurrence():
    def gradients(way):
        given = [part.requires_grad_() for part in of_mamba(70, torch.float64)]
        y, memory = way(*given)
        ((y * draw(*y.shape, seed=8, dtype=torch.float64)).sum() + (memory**2).sum()).backward()
        return [part.grad for part in given]

    for ours, theirs in zip(gradients(mamba.scan), gradients(mamba.step_by_step), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-9, rtol=1e-7)


def test_mamba_is_the_papers_masked_attention():
    """Y = (L o C B') X: L[t, s] is the product of what every place after s up to t keeps (structured state-space duality)."""
    x, step, rate, b, c, memory = of_mamba(40, torch.float64, empty=True)
    kept = torch.exp(-step * rate)  # (B, T, H)
    theirs = torch.zeros_like(x)
    for t in range(40):
        for s in range(t + 1):
            fade = kept[:, s + 1 : t + 1].prod(dim=1)  # (B, H)
            score = (c[:, t] * b[:, s]).sum(-1)[:, None] * fade * step[:, s]  # (B, H)
            theirs[:, t] += score[..., None] * x[:, s]
    close(mamba.scan(x, step, rate, b, c, memory)[0], theirs)
    close(mamba.step_by_step(x, step, rate, b, c, memory)[0], theirs)


def test_a_fresh_mambas_steps_lie_where_the_paper_starts_them():
    torch.manual_seed(0)
    block = build_model(arch="mamba", vocab_size=9, n_layer=1, n_head=32, n_embd=64).blocks[0]
    steps, rates = F.softplus(block.step_bias), block.log_rate.exp()
    assert 0.00099 < steps.min() < 0.01 < steps.max() < 0.1001 and 1 <= rates.min() < 4 and 8 < rates.max() <= 16


@pytest.mark.parametrize("arch", ["mamba", "xlstm"])
def test_the_memory_after_16_thousand_tokens_is_as_large_as_after_one_thousand_and_the_transformers_is_not(arch):
    def after(arch, length):
        torch.manual_seed(0)
        model = build_model(arch=arch, vocab_size=11, block_size=16_384, n_layer=2, n_head=2, n_embd=8).eval()
        cache = model.new_cache(1, length)
        with torch.no_grad():
            for piece in torch.randint(11, (1, length)).split(1024, dim=1):
                model.forward_cached(piece, cache)
        parts = [cache.keys, cache.values] if arch == "transformer" else [part for state in cache for part in state]
        assert all(torch.isfinite(part).all() for part in parts)
        return sum(part.untyped_storage().nbytes() for part in parts)

    assert after(arch, 1024) == after(arch, 16_384)
    assert after("transformer", 16_384) == 16 * after("transformer", 1024)


# xLSTM


def of_mlstm(T, dtype=torch.float32, empty=False, wild=1.0):
    q, k, v = (draw(B, H, T, D, seed=seed, dtype=dtype) for seed in range(3))
    come, forget = (wild * draw(B, H, T, seed=seed, dtype=dtype) for seed in (3, 4))
    memory = [draw(B, H, D, D, seed=5, dtype=dtype), draw(B, H, D, seed=6, dtype=dtype), draw(B, H, seed=7, dtype=dtype)]
    return q, k, v, come, forget + 2, tuple(part * (not empty) for part in memory)


@pytest.mark.parametrize("T, at_once", [(1, 256), (40, 256), (40, 16), (33, 32)])
def test_the_mlstms_parallel_form_equals_its_recurrence(T, at_once, monkeypatch):
    monkeypatch.setattr(xlstm, "AT_ONCE", at_once)
    given = of_mlstm(T, torch.float64)
    ours, theirs = xlstm.all_at_once(*given), xlstm.step_by_step(*given)
    close(ours[0], theirs[0])
    for a, b in zip(ours[1], theirs[1], strict=True):
        close(a, b)


def test_the_mlstms_parallel_form_has_the_gradients_of_its_recurrence():
    def gradients(way):
        *parts, memory = of_mlstm(30, torch.float64)
        given = [part.requires_grad_() for part in (*parts, *memory)]
        h = way(*given[:5], tuple(given[5:]))[0]
        (h * draw(*h.shape, seed=8, dtype=torch.float64)).sum().backward()
        return [part.grad for part in given[:5]]

    for ours, theirs in zip(gradients(xlstm.all_at_once), gradients(xlstm.step_by_step), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-8, rtol=1e-6)


def test_the_mlstm_is_the_papers_without_the_stabiliser():
    """C = f C + i v k', n = f n + i k, h = C q / max(|n'q|, 1) with i = exp and f = sigmoid, and k over the root of its size."""
    q, k, v, come, forget, state = of_mlstm(25, torch.float64, empty=True)
    i, f, k = torch.exp(come), torch.sigmoid(forget), k / math.sqrt(D)
    theirs = torch.zeros_like(q)
    for row in range(B):
        for head in range(H):
            C, n = torch.zeros(D, D, dtype=torch.float64), torch.zeros(D, dtype=torch.float64)
            for t in range(25):
                at = row, head, t
                C = f[at] * C + i[at] * torch.outer(v[at], k[at])
                n = f[at] * n + i[at] * k[at]
                theirs[at] = C @ q[at] / max(abs(float(n @ q[at])), 1.0)
    close(xlstm.step_by_step(q, *of_mlstm(25, torch.float64, empty=True)[1:])[0], theirs)
    close(xlstm.all_at_once(q, *of_mlstm(25, torch.float64, empty=True)[1:])[0], theirs)


@pytest.mark.parametrize("way", [xlstm.step_by_step, xlstm.all_at_once])
def test_exponents_that_would_overflow_do_not(way):
    h, state = way(*of_mlstm(64, wild=200.0, empty=True))
    assert torch.isfinite(h).all() and all(torch.isfinite(part).all() for part in state)


def of_slstm(T, dtype=torch.float64, wild=1.0):
    return wild * draw(B, T, H, 4, D, dtype=dtype), 0.5 * draw(H, D, 4 * D, seed=1, dtype=dtype)


def empty_cells(dtype=torch.float64):
    cells = torch.zeros(4, B, H, D, dtype=dtype)
    cells[3] = -1e4
    return tuple(cells.unbind())


def test_the_slstm_is_the_papers_without_the_stabiliser():
    """c = f c + i tanh(z), n = f n + i, h = sigmoid(o) c / n; each gate of a head also hears that head's last h, no other's."""
    T = 20
    gates, again = of_slstm(T)
    theirs = torch.zeros(B, T, H, D, dtype=torch.float64)
    for row in range(B):
        for head in range(H):
            c = n = h = torch.zeros(D, dtype=torch.float64)
            for t in range(T):
                raw = gates[row, t, head] + (h @ again[head]).view(4, D)
                i, f, z, o = raw[0].exp(), raw[1].sigmoid(), raw[2].tanh(), raw[3].sigmoid()
                c, n = f * c + i * z, f * n + i
                h = theirs[row, t, head] = o * c / n
    close(xlstm.slstm(gates, again, empty_cells())[0], theirs)


def test_the_slstm_in_two_pieces_equals_one():
    gates, again = of_slstm(12)
    whole, end = xlstm.slstm(gates, again, empty_cells())
    first, state = xlstm.slstm(gates[:, :5], again, empty_cells())
    second, state = xlstm.slstm(gates[:, 5:], again, state)
    close(torch.cat([first, second], dim=1), whole)
    for a, b in zip(state, end, strict=True):
        close(a, b)


def test_the_slstms_exponents_do_not_overflow_and_its_gradients_are_those_of_the_plain_formula():
    gates, again = of_slstm(30, torch.float32, wild=200.0)
    h, _ = xlstm.slstm(gates.requires_grad_(), again, empty_cells(torch.float32))
    h.sum().backward()
    assert torch.isfinite(h).all() and torch.isfinite(gates.grad).all()
    small = [part.requires_grad_() for part in of_slstm(4)]
    torch.autograd.gradcheck(lambda gates, again: xlstm.slstm(gates, again, empty_cells())[0], small)


def test_the_second_of_eight_blocks_is_an_slstm():
    kinds = [type(b).__name__ for b in build_model(arch="xlstm", vocab_size=9, n_layer=10, n_head=2, n_embd=8).blocks]
    assert [n for n, kind in enumerate(kinds) if kind == "SLSTMBlock"] == [1, 9]


# what they share


def test_the_short_convolution_is_torchs():
    conv = recurrent.CausalConv(5)
    x = draw(B, 9, 5)
    y, last = conv(x, conv.empty_state(B, x))
    theirs = F.conv1d(F.pad(x.mT, (3, 0)), conv.weight.T[:, None], conv.bias, groups=5).mT
    close(y, F.silu(theirs))
    assert torch.equal(last, x[:, -3:])


def test_a_matrix_of_blocks_is_a_matrix_with_zeros_elsewhere():
    linear = xlstm.BlockLinear(12, 3)
    x = draw(B, 4, 12)
    close(linear(x), x @ torch.block_diag(*linear.weight))


@pytest.mark.parametrize("arch, width", [("mamba", 65), ("xlstm", 66)])
def test_an_inner_width_that_heads_cannot_share_is_refused_in_words(arch, width):
    with pytest.raises(UserError, match=f"n_hidden is {width}, but a {arch} of 4 heads needs a multiple of"):
        build_model(arch=arch, vocab_size=9, n_layer=1, n_head=4, n_embd=32, n_hidden=width)


# gated attention


def test_a_gate_scales_its_own_head_by_what_its_place_holds():
    config = ModelConfig(vocab_size=9, block_size=8, n_head=4, n_embd=32)
    torch.manual_seed(0)
    gated, plain = GatedHeads(config), Heads(config)
    plain.load_state_dict({name: w for name, w in gated.state_dict().items() if name != "gate.weight"})
    x, rotary = draw(B, 8, 32), rotary_tables(config)
    alone = plain.answers(x, rotary, None, None)  # (B, H, T, D)
    ours = gated(x, rotary, None, None)
    heads = []
    for head in range(4):
        gate = torch.sigmoid((x * gated.gate.weight[head]).sum(-1))  # (B, T)
        heads.append(alone[:, head] * gate[..., None])
    close(ours, torch.cat(heads, dim=-1) @ gated.out.weight.T)
