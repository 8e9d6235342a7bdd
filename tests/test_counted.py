"""What is counted: the slow, obvious Kneser-Ney is held against it, and a tuned model predicts by it without learning by it."""

import math
from collections import Counter, defaultdict

import pytest
import torch
from learning import TOKENIZER, dataset, same, small, train_some
from runs import refused
from safetensors.torch import load_file, save_file
from test_distil import batch

from vibejam.checkpoint import load_model, save_model
from vibejam.config import ModelConfig, SampleConfig
from vibejam.counted import LEAST, count, kept
from vibejam.distil import held_still, loss_beside
from vibejam.errors import SettingError
from vibejam.rewrite.copying import add_copying
from vibejam.sample import stream_ids
from vibejam.token_view import _logits

V = 6
KINDS = {"transformer": {"counted": 5}, "tuned": {"arch": "tuned", "grams": 2, "gram_rows": 64, "counted": 5}}
EACH = pytest.mark.parametrize("kind", KINDS)


def documents(seed=3, lengths=(60, 41, 1, 25)):
    """Texts of few tokens, so that n-grams of every length come again; each begins with a token of its own, as texts do."""
    dice = torch.Generator().manual_seed(seed)
    return [torch.cat([torch.tensor([V - 1]), torch.randint(V - 1, (n,), generator=dice) // 2]) for n in lengths]


class Obvious:
    """Interpolated Kneser-Ney with three discounts, written as the paper has it, on tuples; short n-grams alone if said once."""

    def __init__(self, texts, longest):
        said = Counter(tuple(t[i : i + n]) for t in texts for n in range(1, longest + 1) for i in range(len(t) - n + 1))
        self.counts = {n: {gram: c for gram, c in said.items() if len(gram) == n} for n in (longest,)}
        for n in range(1, longest):  # by how many different tokens stand before it
            before = defaultdict(set)
            for gram in said:
                if len(gram) == n + 1:
                    before[gram[1:]].add(gram[0])
            self.counts[n] = {gram: len(kinds) for gram, kinds in before.items()}
        self.longest = longest

    def discount(self, n, c):
        kinds = Counter(self.counts[n].values())
        part = kinds[1] / max(1, kinds[1] + 2 * kinds[2])
        k = min(c, 3)
        return min(max(LEAST, k - (k + 1) * part * kinds[k + 1] / max(1, kinds[k])), k - LEAST)

    def likely(self, token, context):
        below = self.likely(token, context[1:]) if context else 1 / V
        n = len(context) + 1
        after = {gram[-1]: c for gram, c in self.counts[n].items() if gram[:-1] == context}
        shares = {t: (c - self.discount(n, c)) / sum(after.values()) for t, c in after.items() if n <= 3 or c > 1}
        return shares.get(token, 0) + (1 - sum(shares.values())) * below


@pytest.mark.parametrize("longest", [1, 2, 3, 5])
def test_it_says_what_the_obvious_kneser_ney_says(longest):
    texts = documents()
    counted, obvious = count(texts, V, longest), Obvious([t.tolist() for t in texts], longest)
    x = documents(seed=8, lengths=(30,))[0]
    found = counted.log_probabilities(x[None], torch.full((1, 8), -1))[0].exp()  # (31, V)
    for place in range(len(x)):
        context = tuple(x[max(0, place + 2 - longest) : place + 1].tolist()) if longest > 1 else ()
        wanted = [obvious.likely(token, context) for token in range(V)]
        assert found[place].tolist() == pytest.approx(wanted, abs=1e-5), (place, context)


def test_nothing_is_impossible_and_all_of_it_together_is_certain():
    for texts in (documents(), [torch.tensor([2])], [torch.tensor([1] * 7)], [torch.empty(0).long(), torch.tensor([3, 0])]):
        found = count(texts, V, 5).log_probabilities(torch.randint(V, (3, 20)), torch.full((3, 3), -1))
        assert torch.isfinite(found).all()
        torch.testing.assert_close(found.exp().sum(-1), torch.ones(3, 20), atol=1e-4, rtol=0)


def test_in_pieces_it_says_what_it_says_of_the_whole():
    counted, x = count(documents(), V, 5), torch.stack([documents(seed)[0][:24] for seed in (4, 5)])
    whole = counted.log_probabilities(x, torch.full((2, 3), -1))
    later = counted.log_probabilities(x[:, 9:], x[:, 6:9])
    torch.testing.assert_close(later, whole[:, 9:])


def test_no_n_gram_reaches_from_one_text_into_the_next_and_the_order_of_texts_is_nothing():
    texts, x = documents(), documents(seed=9)[0][None]
    one, other = (count(order, V, 5).log_probabilities(x, torch.full((1, 3), -1)) for order in (texts, texts[::-1]))
    assert torch.equal(one, other)


def test_what_the_text_says_once_is_not_kept_beyond_three_tokens():
    counted = count([torch.tensor([0, 1, 2, 3, 4, 0, 1, 2, 3, 5, 1])], V, 4)
    assert [len(table.tokens) for table in counted.tables[2:]] == [7, 1], "of four tokens only 0 1 2 3 is said twice"
    assert counted.tables[3].tokens.tolist() == [3]


def test_n_grams_grow_no_longer_than_numbers_hold():
    assert len(count(documents(), 50_000, 8).tables) == 3 and len(count(documents(), 100, 8).tables) == 8


def test_with_nothing_to_count_it_says_so():
    with pytest.raises(ValueError, match="nothing to count"):
        count([], V, 3)


# in a model


def knowing(kind="transformer", seed=0, **settings):
    model = small(seed, **KINDS[kind], **settings).eval()
    model.look_over(dataset().train_documents)
    return model


@EACH
def test_a_model_predicts_better_by_what_it_counted(kind):
    model = small(**KINDS[kind]).eval()
    x, y = dataset().get_batch("val", 4)
    before = model(x, y)[1]
    model.look_over(dataset().train_documents)
    assert model(x, y)[1] < 0.8 * before


@EACH
def test_what_it_counted_is_not_what_it_learns_by(kind):
    plain, model, (x, y) = small(**KINDS[kind], dropout=0.0), knowing(kind, dropout=0.0), batch()
    assert torch.equal(model.loss(x, y), plain.loss(x, y)), "it would have learnt the answer"
    teachers = knowing(kind, seed=5, dropout=0.0), small(5, **KINDS[kind], dropout=0.0)
    for taught in (model, plain):
        assert torch.equal(*(loss_beside(held_still(teacher, False), taught, x, y)[0] for teacher in teachers))
    assert not torch.equal(model(x)[0], plain(x)[0])


@EACH
def test_it_writes_what_it_predicts_and_shows_it_in_colours(kind):
    model, x = knowing(kind), dataset().get_batch("train", 2)[0]
    with torch.no_grad():
        full = model(x)[0]
        cache = model.new_cache(2, 16)
        pieces = list(x.split([3, 1, 12], dim=1))
        read = [(model.forward_cached(piece, cache), torch.cat(pieces[: n + 1], 1)) for n, piece in enumerate(pieces)]
        cached = [model.predicted(*each) for each in read]
        torch.testing.assert_close(torch.cat(cached, dim=1), full, atol=1e-5, rtol=1e-5)
    ids = x[0, :5].tolist()
    written = list(stream_ids(model, ids, SampleConfig(max_new_tokens=30, temperature=0)))  # beyond the context too
    assert written[:11] == model.generate(x[:1, :5], 11, temperature=0)[0, 5:].tolist()
    network = small(**KINDS[kind]).eval()
    assert written != list(stream_ids(network, ids, SampleConfig(max_new_tokens=30, temperature=0)))
    shown = _logits(model, ids + written[:11], 0, 5, 16)
    assert [int(row.argmax()) for row in shown] == written[:11]


def test_it_is_kept_with_the_weights(tmp_path):
    model, x = train_some(until=3, model=knowing()), dataset().get_batch("val", 2)[0]
    save_model(tmp_path, model, TOKENIZER)
    again, _ = load_model(tmp_path)
    assert torch.equal(again(x)[0], model(x)[0])
    assert same(again.counted.tensors(), model.counted.tensors())


def spoilt(tensors, name, change):
    return {**tensors, name: change(tensors[name].clone())}


def set_first(value):
    def change(tensor):
        tensor[0] = value
        return tensor

    return change


@pytest.mark.security
@pytest.mark.parametrize(
    "name, change",
    [
        ("2.contexts", lambda t: t.flip(0)),
        ("2.contexts", lambda t: t[:-1]),
        ("2.starts", set_first(7)),
        ("2.starts", lambda t: torch.cat([t[:-1], t[-1:] + 10**9])),
        ("2.starts", lambda t: t.flip(0)),
        ("2.tokens", set_first(-1)),
        ("2.tokens", set_first(10**9)),
        ("2.tokens", lambda t: t.float()),
        ("2.shares", set_first(math.nan)),
        ("2.shares", set_first(1e30)),
        ("2.shares", lambda t: t[:, None]),
        ("2.rest", set_first(-0.5)),
        ("0.contexts", lambda t: t[:0]),
        ("9.rest", None),
    ],
)
def test_counts_that_make_no_sense_are_refused(tmp_path, name, change):
    save_model(tmp_path, knowing(), TOKENIZER)
    tensors = load_file(tmp_path / "model.safetensors")
    found = spoilt(tensors, f"counted.{name}", change) if change else {**tensors, f"counted.{name}": torch.ones(3)}
    save_file({name: tensor.contiguous() for name, tensor in found.items()}, tmp_path / "model.safetensors")
    refused(lambda: load_model(tmp_path), "is damaged: what it has counted makes no sense")


def test_a_model_that_counts_nothing_takes_no_counts(tmp_path):
    save_model(tmp_path, small(), TOKENIZER)
    tensors = load_file(tmp_path / "model.safetensors")
    save_file(tensors | {"counted.0.rest": torch.ones(3)}, tmp_path / "model.safetensors")
    refused(lambda: load_model(tmp_path), "what it has counted makes no sense")


def test_tables_of_another_number_are_refused():
    tensors = count(documents(), V, 3).tensors()
    for wrong in ({}, {name: t for name, t in tensors.items() if name != "1.rest"}, tensors | {"3.rest": torch.ones(1)}):
        with pytest.raises(ValueError, match="not those that its settings name"):
            kept(wrong, V, 3)
    with pytest.raises(ValueError, match="not those that its settings name"):
        kept(tensors, V, 2)


@pytest.mark.parametrize("counted", [-1, 99, 1.5])
def test_what_can_t_be_counted_is_refused(counted):
    with pytest.raises(SettingError, match="counted lies between 0 and 16"):
        ModelConfig(V, counted=counted)


def test_a_model_without_it_is_what_it_was():
    model, x = small(arch="tuned", grams=2, gram_rows=64).eval(), dataset().get_batch("val", 2)[0]
    model.look_over(dataset().train_documents)
    assert model.counted is None and torch.equal(model(x)[0], model.head(model.hidden_states(x)))


def test_a_taught_voice_goes_on_predicting_by_what_was_counted(tmp_path):
    model, x = small(counted=5), dataset().get_batch("val", 2)[0]
    model.look_over(dataset().train_documents)
    copying = add_copying(model.eval(), tmp_path)
    assert torch.equal(copying.plain().eval()(x)[0], model(x)[0])
