"""What every architecture promises.  A new one joins by standing in ARCHITECTURES, as the example of the README does here."""

from dataclasses import replace

import learning
import pytest
import torch
import torch.nn.functional as F

from vibejam import model as module
from vibejam.checkpoint import load_model, save_model
from vibejam.config import SampleConfig
from vibejam.errors import UserError
from vibejam.model import ARCHITECTURES, BaseLM, architecture, build_model
from vibejam.sample import generate_text, stream_ids, stream_text

V, T = 37, 24
SMALL = dict(vocab_size=V, block_size=T, n_layer=2, n_head=4, n_embd=32)
EXAMPLE = "fading-average"
EACH = pytest.mark.parametrize("arch", [*ARCHITECTURES, EXAMPLE])


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """One file, and this one line: that is all a new architecture takes."""
    monkeypatch.setitem(ARCHITECTURES, EXAMPLE, "example_architecture:FadingAverage")


def small(arch="transformer", seed=0, **settings) -> BaseLM:
    """A tiny model whose weights are large enough that tokens tell."""
    torch.manual_seed(seed)
    model = build_model(**{**SMALL, **settings}, arch=arch).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() >= 2:
                parameter.mul_(5)
    return model


def tokens(batch=2, length=T, seed=1):
    return torch.randint(V, (batch, length), generator=torch.Generator().manual_seed(seed))


@EACH
def test_a_changed_future_token_changes_no_past_logit(arch):
    model, x = small(arch), tokens(1)
    before = model(x)[0]
    for t in (1, T // 2, T - 1):
        changed = x.clone()
        changed[:, t:] = (x[:, t:] + 1) % V
        after = model(changed)[0]
        assert torch.equal(before[:, :t], after[:, :t]) or torch.allclose(before[:, :t], after[:, :t], atol=1e-6)
        assert not torch.allclose(before[:, t:], after[:, t:], atol=1e-3), "what is read must tell"


@EACH
def test_every_past_token_can_tell(arch):
    """Causal the lazy way, by looking at nothing, does not count: the last logits hear of the first token."""
    model, x = small(arch), tokens(1)
    changed = x.clone()
    changed[:, 0] = (x[:, 0] + 1) % V
    assert not torch.allclose(model(x)[0][:, -1], model(changed)[0][:, -1], atol=1e-5)


@EACH
def test_texts_of_a_batch_do_not_hear_each_other(arch):
    model, x = small(arch), tokens(3)
    together = model(x)[0]
    for row in range(3):
        torch.testing.assert_close(together[row : row + 1], model(x[row : row + 1])[0], atol=1e-5, rtol=1e-5)


@EACH
def test_logits_and_loss_have_their_shapes_and_loss_is_cross_entropy(arch):
    model, x, y = small(arch), tokens(seed=1), tokens(seed=2)
    y[0, :5] = -1
    logits, loss = model(x, y)
    assert logits.shape == (2, T, V) and loss.shape == ()
    torch.testing.assert_close(loss, F.cross_entropy(logits.reshape(-1, V), y.reshape(-1), ignore_index=-1))
    assert model(x)[1] is None


@EACH
@pytest.mark.parametrize("rows", [1, 7, 48])
def test_the_loss_in_chunks_is_the_same_in_value_and_gradients(arch, rows, monkeypatch):
    model, x, y = small(arch), tokens(seed=1), tokens(seed=2)
    y[1, 3:9] = -1
    model(x, y)[1].backward()
    whole = {n: p.grad.clone() for n, p in model.named_parameters()}
    model.zero_grad()
    monkeypatch.setattr(module, "LOSS_CHUNK", rows * V)
    loss = model.loss(x, y)
    torch.testing.assert_close(loss, model(x, y)[1])
    loss.backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, whole[name], atol=1e-6, rtol=1e-4, msg=lambda m, n=name: f"{n}: {m}")


@EACH
def test_where_no_target_counts_the_loss_is_zero_however_it_is_computed(arch, monkeypatch):
    model, x = small(arch), tokens()
    nothing = torch.full_like(x, -1)
    assert model(x, nothing)[1] == 0 == model.loss(x, nothing)
    monkeypatch.setattr(module, "LOSS_CHUNK", V)
    loss = model.loss(x, nothing)
    loss.backward()
    assert loss == 0 and all(torch.isfinite(p.grad).all() for p in model.parameters())


@EACH
def test_a_single_target_counts_in_full(arch):
    model, x, y = small(arch), tokens(), torch.full((2, T), -1)
    y[1, 3] = 5
    logits, loss = model(x, y)
    torch.testing.assert_close(loss, -logits[1, 3].log_softmax(-1)[5])
    torch.testing.assert_close(model.loss(x, y), loss)


@EACH
@pytest.mark.parametrize(
    "pieces", [[1] * T, [T], [10, 14], [7, 1, 1, 8, 7]], ids=["steps", "whole", "halves", "uneven"]
)
def test_reading_with_the_cache_equals_the_full_pass(arch, pieces):
    model, x = small(arch), tokens(3)
    with torch.no_grad():
        full = model(x)[0]
        cache = model.new_cache(3, T)
        cached = torch.cat([model.forward_cached(piece, cache) for piece in x.split(pieces, dim=1)], dim=1)
    torch.testing.assert_close(cached, full, atol=1e-5, rtol=1e-5)


@EACH
def test_one_batch_can_be_learnt_by_heart(arch):
    torch.manual_seed(0)
    model, x = build_model(**SMALL, arch=arch).train(), tokens(2, T + 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-2)
    for _ in range(60):
        optimizer.zero_grad()
        loss = model.loss(x[:, :-1], x[:, 1:])
        loss.backward()
        optimizer.step()
    assert loss < 0.05


@EACH
def test_every_parameter_gets_a_finite_gradient(arch):
    torch.manual_seed(0)
    model = build_model(**SMALL, arch=arch, dropout=0.1).train()
    model.loss(tokens(seed=1), tokens(seed=2)).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, f"{name} learns nothing"


@EACH
def test_a_fresh_model_expects_every_token_alike(arch):
    torch.manual_seed(0)
    loss = build_model(**SMALL, arch=arch).eval()(tokens(8, seed=1), tokens(8, seed=2))[1]
    assert abs(loss.item() - torch.tensor(float(V)).log().item()) < 0.1


@EACH
@pytest.mark.parametrize("length", [0, T + 1])
def test_a_text_of_the_wrong_length_is_refused_in_words(arch, length):
    model, x = small(arch), tokens(1, length)
    for read in (lambda: model(x), lambda: model(x, x), lambda: model.loss(x, x)):
        with pytest.raises(ValueError, match=f"{length} tokens given.* 1 to {T}"):
            read()


@EACH
@pytest.mark.parametrize("start, temperature", [(1, 1.0), (T, 1.0), (5, 0.0)])
def test_generate_adds_tokens_of_the_vocabulary_and_goes_beyond_the_context(arch, start, temperature):
    x = tokens(2, start)
    out = small(arch).generate(x, T, temperature=temperature)
    assert out.shape == (2, start + T) and torch.equal(out[:, :start], x)
    assert out.min() >= 0 and out.max() < V


@EACH
def test_generate_at_temperature_zero_takes_the_likeliest(arch):
    model, x = small(arch), tokens(1, 4)
    out = model.generate(x, 5, temperature=0)
    for t in range(4, 9):
        assert out[0, t] == model(out[:, :t])[0][0, -1].argmax()


@EACH
def test_an_architecture_is_built_by_its_name(arch):
    model = build_model(**SMALL, arch=arch)
    assert isinstance(model, BaseLM) and type(model) is architecture(arch)
    assert build_model(model.config, n_layer=1).config.n_layer == 1
    assert model.parameter_count() == sum(p.numel() for p in {id(p): p for p in model.parameters()}.values())


@EACH
def test_the_same_seed_builds_the_same_model(arch):
    one, two, other = small(arch), small(arch), small(arch, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_an_unknown_architecture_is_refused_with_the_names_of_those_there_are():
    with pytest.raises(UserError, match="no architecture called 'telepathy'.*transformer, tuned, gated-attention, mamba, xlstm"):
        build_model(**SMALL, arch="telepathy")


@EACH
def test_half_the_precision_computes_nearly_the_same(arch):
    model, x, y = small(arch), tokens(seed=1), tokens(seed=2)
    exact = model.loss(x, y)
    rounded = model.to(torch.bfloat16).loss(x, y)
    rounded.backward()
    assert rounded.item() == pytest.approx(exact.item(), rel=0.03)
    assert all(p.grad.dtype == torch.bfloat16 and torch.isfinite(p.grad).all() for p in model.parameters())


def of_text(arch, **settings):
    """A tiny model of the characters that `learning` learns."""
    return learning.small(arch=arch, **settings)


@EACH
def test_it_learns_with_the_same_loop_as_all_others(arch):
    model, data = of_text(arch, dropout=0.0), learning.dataset()
    events = list(learning.train_lm(model, data, learning.PLAN))
    assert events[-1].train_loss < events[0].train_loss - 0.5 and events[-1].val_loss < events[0].train_loss - 0.5


@EACH
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(arch):
    plan = replace(learning.PLAN, max_iters=8, evals=2)
    whole = learning.train_some(model=of_text(arch), plan=plan)
    saves = learning.Saves()
    learning.train_some(until=5, model=of_text(arch), plan=plan, save=saves)
    rest = learning.train_some(state=saves.last("last")[2], model=of_text(arch, seed=9), plan=plan)
    assert learning.same(learning.weights(whole), learning.weights(rest))


@EACH
def test_a_saved_model_is_the_same_when_it_is_loaded(arch, tmp_path):
    model, x = of_text(arch).eval(), torch.arange(16)[None]
    save_model(tmp_path, model, learning.TOKENIZER)
    dice = torch.get_rng_state()
    again, _ = load_model(tmp_path)
    assert torch.equal(again(x)[0], model(x)[0]) and type(again) is type(model)
    assert torch.equal(dice, torch.get_rng_state()), "loading beside a run in training does not touch its dice"


@EACH
def test_it_writes_what_reading_everything_again_for_each_token_would_write(arch):
    model, x = small(arch), tokens(1, 5)
    greedy = SampleConfig(max_new_tokens=T - 5, temperature=0)
    assert list(stream_ids(model, x[0].tolist(), greedy)) == model.generate(x, T - 5, temperature=0)[0, 5:].tolist()


@EACH
def test_a_text_comes_in_pieces_and_goes_on_beyond_the_context(arch):
    model, config = of_text(arch).eval(), SampleConfig(max_new_tokens=40, seed=3, top_p=1.0)
    whole = generate_text(model, learning.TOKENIZER, "The", config)
    assert whole and "".join(stream_text(model, learning.TOKENIZER, "The", config)) == whole
