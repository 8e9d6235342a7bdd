"""The tuned transformer's own parts: n-gram tables that look back only, and what moves them row by row."""

from collections import Counter

import pytest
import torch
from learning import PLAN, TOKENIZER, Saves, dataset, same, small, train_some, weights

from vibejam import train as module
from vibejam.checkpoint import load_model, save_model
from vibejam.config import ModelConfig, SampleConfig
from vibejam.errors import SettingError
from vibejam.model import build_model
from vibejam.optim import Masters, Mixed, build_optimizer, orthogonal, set_rate
from vibejam.sample import stream_ids
from vibejam.tuned import DISCOUNT, gram_keys, row_of

MUON = {"muon_lr": 0.02}
TEXT = [torch.tensor([1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3, 4, 6]), torch.tensor([1, 2, 3, 4, 7]), torch.tensor([2, 3])]


def tuned(seed=0, **settings):
    """A tiny one whose tables say something."""
    model = small(seed, arch="tuned", grams=3, gram_rows=64, **settings)
    torch.manual_seed(seed)
    with torch.no_grad():
        for table in model.row_tables():
            table.normal_(std=0.5)
    return model


def gram_rows(idx, before, rows):
    return [row_of(keys, rows) for keys in gram_keys(idx, before)]


def plan(**settings):
    return module.TrainConfig(**{**vars(PLAN), **MUON, **settings})


# n-grams


def test_an_n_grams_row_is_of_the_last_n_tokens_and_of_no_other():
    x = torch.randint(50, (1, 12), generator=torch.Generator().manual_seed(1))
    rows = gram_rows(x, torch.full((1, 3), -1), 1009)
    for n, found in enumerate(rows, start=2):
        for place in range(12):
            for changed in range(12):
                other = x.clone()
                other[0, changed] += 1
                same_row = bool(gram_rows(other, torch.full((1, 3), -1), 1009)[n - 2][0, place] == found[0, place])
                assert same_row is not (place - n < changed <= place), (n, place, changed)


def test_rows_in_pieces_are_those_of_the_whole():
    x = torch.randint(50, (2, 12), generator=torch.Generator().manual_seed(2))
    whole = gram_rows(x, torch.full((2, 3), -1), 97)
    later = gram_rows(x[:, 5:], x[:, 2:5], 97)
    assert all(torch.equal(a[:, 5:], b) for a, b in zip(whole, later, strict=True))
    assert all(0 <= int(rows.min()) and int(rows.max()) < 97 for rows in whole)


def test_with_tables_the_future_changes_nothing_and_the_cache_equals_the_full_pass():
    model, x = tuned().eval(), torch.arange(16)[None].repeat(2, 1)
    with torch.no_grad():
        full = model(x)[0]
        changed = x.clone()
        changed[:, 9] += 1
        after = model(changed)[0]
        torch.testing.assert_close(after[:, :9], full[:, :9], atol=1e-6, rtol=0)
        assert not torch.allclose(after[:, 12], full[:, 12], atol=1e-3), "the 4-gram of a place looks three back"
        for pieces in ([1] * 16, [16], [3, 1, 12]):
            cache = model.new_cache(2, 16)
            cached = torch.cat([model.forward_cached(piece, cache) for piece in x.split(pieces, dim=1)], dim=1)
            torch.testing.assert_close(cached, full, atol=1e-5, rtol=1e-5)
    greedy = SampleConfig(max_new_tokens=11, temperature=0)
    assert list(stream_ids(model, x[0, :5].tolist(), greedy)) == model.generate(x[:1, :5], 11, temperature=0)[0, 5:].tolist()


def test_a_cache_keeps_the_texts_it_is_told_to():
    model, x = tuned().eval(), torch.stack([torch.arange(10), torch.arange(10) + 20, torch.arange(10) + 40])
    with torch.no_grad():
        cache = model.new_cache(3, 16)
        model.forward_cached(x[:, :6], cache)
        cache.keep([2, 0])
        torch.testing.assert_close(model.forward_cached(x[[2, 0], 6:], cache), model(x[[2, 0]])[0][:, 6:], atol=1e-5, rtol=1e-5)


def test_it_is_saved_with_its_tables_and_shortens_its_context(tmp_path):
    model = tuned().eval()
    save_model(tmp_path, model, TOKENIZER)
    again, _ = load_model(tmp_path)
    assert torch.equal(again(torch.arange(16)[None])[0], model(torch.arange(16)[None])[0])
    again.shorten_context(8)
    torch.testing.assert_close(again(torch.arange(8)[None])[0], model(torch.arange(16)[None])[0][:, :8], atol=1e-6, rtol=1e-5)


def test_an_n_gram_is_believed_by_how_often_the_text_says_it():
    model = tuned(gram_slots=4096)
    model.look_over(TEXT)
    for n, table in enumerate(model.grams, start=2):
        times = Counter(tuple(ids[i : i + n].tolist()) for ids in TEXT for i in range(len(ids) - n + 1))
        for said, count in times.items():
            keys = gram_keys(torch.tensor([said]), torch.full((1, 3), -1))[n - 2][:, -1:]  # (1, 1)
            row = table.weight[row_of(keys, 64)[0, 0]]
            torch.testing.assert_close(table(keys)[0, 0], row * max(0, 1 - DISCOUNT / count))
    assert times[(1, 2, 3, 4)] == 3 and times[(2, 3, 4, 1)] == 1, "the text has both kinds"


def test_what_was_not_said_often_changes_nothing_and_is_not_learnt():
    model = tuned(gram_slots=4096).eval()
    model.look_over(TEXT)
    once, often = torch.tensor([[7, 6, 5, 4]]), torch.tensor([[1, 2, 3, 4]])
    without = tuned(gram_slots=4096).eval()
    without.look_over(TEXT)
    with torch.no_grad():
        for table in without.row_tables():
            table.zero_()
        assert torch.equal(model(once)[0], without(once)[0])
        assert not torch.allclose(model(often)[0][:, 1:], without(often)[0][:, 1:], atol=1e-3)
    model.loss(once, once).backward()
    assert all(not table.grad.coalesce().values().any() for table in model.row_tables())


def test_what_it_believes_is_kept_and_goes_with_the_cache(tmp_path):
    model = tuned(gram_slots=4096).eval()
    model.look_over(TEXT)
    save_model(tmp_path, model, TOKENIZER)
    again, _ = load_model(tmp_path)
    x = TEXT[0][None]
    with torch.no_grad():
        full, cache = again(x)[0], again.new_cache(1, 16)
        assert torch.equal(full, model(x)[0])
        cached = torch.cat([again.forward_cached(piece, cache) for piece in x.split(2, dim=1)], dim=1)
        torch.testing.assert_close(cached, full, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "settings", [{"grams": -1}, {"grams": 99}, {"gram_rows": 0}, {"gram_rows": 10**9}, {"gram_slots": -1}, {"gram_slots": 10**9}]
)
def test_absurd_tables_are_refused(settings):
    with pytest.raises(SettingError, match="grams"):
        ModelConfig(vocab_size=9, **settings)


def test_shared_heads_are_refused():
    with pytest.raises(SettingError, match="n_kv_head"):
        build_model(vocab_size=9, arch="tuned", n_kv_head=2)


# what moves them


def test_a_step_moves_the_rows_it_has_touched_and_no_other():
    model, config = tuned(), plan()
    optimizer, before = build_optimizer(model, config), weights(model)
    set_rate(optimizer, config.lr)
    x = torch.arange(8)[None]
    model.loss(x, x + 1).backward()
    optimizer.step()
    for n, (table, rows) in enumerate(zip(model.row_tables(), gram_rows(x, torch.full((1, 3), -1), 64), strict=True)):
        moved = (table != before[f"grams.{n}.weight"]).any(dim=1)
        assert set(moved.nonzero()[:, 0].tolist()) == set(rows.flatten().tolist())
    assert all(not torch.equal(w, before[name]) for name, w in weights(model).items())


def test_every_weight_has_one_mover_and_only_matrices_in_blocks_go_to_muon():
    model = tuned()
    optimizer = build_optimizer(model, plan())
    groups = {group.get("rule", "adamw"): {id(p) for p in group["params"]} for group in optimizer.param_groups}
    assert isinstance(optimizer, Mixed) and set(groups) == {"adamw", "muon", "rows"}
    assert groups["rows"] == {id(table) for table in model.row_tables()}
    assert groups["muon"] == {id(p) for n, p in model.named_parameters() if n.startswith("blocks.")}
    assert sum(map(len, groups.values())) == len(list(model.parameters()))
    set_rate(optimizer, 1e-3)
    assert next(g["lr"] for g in optimizer.param_groups if g.get("rule") == "muon") == pytest.approx(1e-3 * 0.02 / PLAN.lr)


@pytest.mark.parametrize("shape", [(3, 40, 24), (2, 24, 40), (1, 32, 32)])
def test_a_matrix_is_brought_near_the_nearest_orthogonal_one(shape):
    torch.manual_seed(0)
    matrices = torch.randn(shape)
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    found = orthogonal(matrices)
    values = torch.linalg.svdvals(found)
    assert 0.6 < values.min() and values.max() < 1.3
    assert torch.nn.functional.cosine_similarity(found.flatten(1), (u @ v).flatten(1)).min() > 0.95


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_worker_shares_the_tables_and_copies_the_rest(dtype):
    model = tuned()
    worker = Masters(model, dtype).worker
    for table, shared in zip(model.row_tables(), worker.row_tables(), strict=True):
        assert table is shared
    assert worker.embed.weight.dtype == dtype and model.embed.weight.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_learns_and_goes_on_bit_for_bit(dtype, monkeypatch):
    monkeypatch.setattr(module, "compute_dtype", lambda device: dtype)
    whole, config = Saves(), plan()
    before = module.estimate_loss(tuned(), dataset()).loss
    model = train_some(model=tuned(), plan=config, save=whole)
    part = Saves()
    train_some(until=17, model=tuned(), plan=config, save=part)
    rest = train_some(state=part.last("last")[2], model=tuned(seed=9), plan=config)
    assert same(weights(rest), weights(model))
    assert module.estimate_loss(model, dataset()).loss < before - 2
