"""What was turned down is learnt from: the paper's formula, the start stays the yardstick, and a target it never is."""

import copy
import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from test_finetune import PAIRS, TOKENIZERS, example, tiny
from tiny_base import lay_tiny_base

from vibejam.checkpoint import load_model, read_json
from vibejam.lora import add_low_rank
from vibejam.rewrite import preferring
from vibejam.rewrite.finetune import finetune, plan_finetune, split_pairs
from vibejam.rewrite.pair_data import stacked
from vibejam.rewrite.pairs import Pair
from vibejam.rewrite.preferring import (
    ENOUGH,
    PreferenceData,
    Preferring,
    log_probabilities,
    preference_loss,
    with_preferences,
)
from vibejam.train import TrainState, train_lm

BPE = TOKENIZERS["bpe"]
THINGS = "gate ladder kettle bucket clock boat bell lamp fence stool door sign cart drum rope sack".split()
DECIDED = [
    Pair(f"{n}-{k}", f"The {thing} is {how} here.", f"No {thing}, alas.", "edit", (f"There is no {thing} to be had.", "It went."))
    for n, thing in enumerate(THINGS)
    for k, how in enumerate(("not", "no longer"))
]


def likelihood(model, draft, answer):
    """log p of an answer, the slow way: token by token of one text."""
    found = example(BPE, Pair("", draft, answer, ""))
    scores = F.log_softmax(model(found.ids[None, :-1])[0][0].float(), -1)
    return sum(scores[at, target].item() for at, target in enumerate(found.ids[1:].tolist()) if found.weights[at])


def data_of(model, pairs=DECIDED):
    examples, count = with_preferences(model, BPE, pairs, [example(BPE, pair) for pair in pairs])
    return PreferenceData(examples, [example(BPE, p) for p in PAIRS[:2]], BPE.doc_end, 1), count


# the loss


def test_the_loss_is_the_papers_formula_on_numbers_set_by_hand():
    rows = [-3.0, -10.0], [-5.0, -4.0], [-4.0, -10.0], [-4.5, -9.0]
    taken, other, taken_before, other_before = map(torch.tensor, rows)
    margins = [0.1 * ((-3 + 4) - (-5 + 4.5)), 0.1 * ((-10 + 10) - (-4 + 9))]  # beta (log pi_w/ref_w - log pi_l/ref_l)
    expected = [-math.log(1 / (1 + math.exp(-margin))) for margin in margins]
    assert preference_loss(taken, other, taken_before, other_before).tolist() == pytest.approx(expected)
    assert preference_loss(taken, other, taken, other).tolist() == pytest.approx([math.log(2)] * 2), "at the start it is log 2"
    slope = torch.tensor([0.0, -5.0], requires_grad=True)
    preference_loss(slope, other, taken_before, other_before, beta=0.5).sum().backward()
    weight = [1 / (1 + math.exp(0.5 * (s - w - (o - b)))) for s, w, o, b in ((0, -4, -5, -4.5), (-5, -10, -4, -9))]
    assert slope.grad.tolist() == pytest.approx([-0.5 * share for share in weight]), "equation 7's gradient: beta sigma(-margin)"


def test_a_rows_log_probability_is_that_of_its_answer_alone():
    model = tiny(BPE).eval()
    x, y, _ = stacked([example(BPE, pair) for pair in DECIDED[:5]], BPE.doc_end)
    expected = [likelihood(model, pair.draft, pair.rewrite) for pair in DECIDED[:5]]
    assert log_probabilities(model, x, y)[1].tolist() == pytest.approx(expected, rel=1e-4)


def test_at_the_start_a_preference_adds_log_2_times_its_share_of_the_batch(monkeypatch):
    monkeypatch.setattr(preferring, "compute_dtype", lambda device: torch.float32)
    model = tiny(BPE).eval()
    data, count = data_of(model)
    assert count == len(DECIDED)
    batch = data.get_batch("train", 4)
    plain = model.loss(*batch[:3]).item()
    assert Preferring(model).loss(*batch).item() == pytest.approx(plain + math.log(2), rel=1e-4)
    x, y, w, other_x, other_y, before = batch
    other_y = other_y.clone()
    other_y[1:] = -1  # now the first row alone has one
    share = float(w[0].sum() / w.sum())
    assert Preferring(model).loss(x, y, w, other_x, other_y, before).item() == pytest.approx(plain + share * math.log(2), rel=1e-4)
    other_y[:] = -1
    assert Preferring(model).loss(x, y, w, other_x, other_y, before).item() == pytest.approx(plain, rel=1e-5)


def test_a_batch_in_parts_learns_what_the_whole_does():
    from vibejam.step import _counted

    model = tiny(BPE).eval()
    learner, batch = Preferring(model), data_of(model)[0].get_batch("train", 6)
    learner.loss(*batch).backward()
    whole = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    for part in zip(*(tensor.tensor_split(3) for tensor in batch), strict=True):
        (learner.loss(*part) * _counted(part) / _counted(batch)).backward()
    for p, grad in zip(model.parameters(), whole, strict=True):
        torch.testing.assert_close(p.grad, grad, atol=1e-5, rtol=1e-3)


# the data


def test_what_was_turned_down_is_never_a_target_of_the_rewrites_and_comes_in_turn():
    data, _ = data_of(tiny(BPE))
    seen = {}
    while data.epoch < 2:
        x, y, w, other_x, other_y, before = data.get_batch("train", 4)
        for row in range(len(x)):
            learnt = BPE.decode(y[row][w[row] > 0].tolist()[:-1]).strip()
            other = BPE.decode(other_y[row][other_y[row] >= 0].tolist()[:-1]).strip()
            asked = BPE.decode(other_x[row].tolist())
            pair = next(p for p in DECIDED if f"Draft: {p.draft}\n" in asked and p.rewrite == learnt)
            assert other in pair.rejected
            seen.setdefault(pair.id, set()).add(other)
    assert len(seen) == len(DECIDED) and all(len(others) == 2 for others in seen.values())


def test_fewer_than_enough_are_not_learnt_from_and_empty_or_taken_texts_count_for_nothing():
    model = tiny(BPE)
    few = DECIDED[: ENOUGH - 1]
    examples = [example(BPE, pair) for pair in few]
    assert with_preferences(model, BPE, few, examples) == (examples, 0)
    blank = [Pair(p.id, p.draft, p.rewrite, p.kind, (" ", p.rewrite, f"{p.rewrite} ")) for p in DECIDED]
    assert with_preferences(model, BPE, blank, [example(BPE, p) for p in blank])[1] == 0
    found, count = with_preferences(model, BPE, DECIDED[:ENOUGH], [example(BPE, p) for p in DECIDED[:ENOUGH]])
    assert count == ENOUGH and all(len(e.others) == 2 and len(e.before) == 3 for e in found)


# learning


def corrected(seed=0):
    model = tiny(BPE, seed)
    torch.manual_seed(5)
    add_low_rank(model, 8)
    return model


def learn(learner, data, steps=80, **more):
    plan = replace(plan_finetune(0, steps, on_base=True), lr=5e-3)
    list(train_lm(learner, data, plan, measure=lambda model, data: None, **more))


def gap(model, pairs=DECIDED):
    """By how many nats what was taken is likelier than what was turned down, the mean of all."""
    pairs = [(pair, text) for pair in pairs for text in pair.rejected]
    return sum(likelihood(model, p.draft, p.rewrite) - likelihood(model, p.draft, text) for p, text in pairs) / len(pairs)


@torch.no_grad()
def test_what_was_taken_gets_likelier_against_what_was_turned_down_than_by_the_rewrites_alone():
    start = tiny(BPE).eval()
    data, _ = data_of(start)
    fixed = {name: weight.clone() for name, weight in start.named_parameters()}
    without, having = corrected(), corrected()
    with torch.enable_grad():
        rewrites_alone = PreferenceData([example(BPE, p) for p in DECIDED], data.held, BPE.doc_end, 1)
        learn(Preferring(without), rewrites_alone)
        learn(Preferring(having), data)
    gaps = [gap(model.eval()) for model in (start, without, having)]
    assert gaps[2] > gaps[1] + 3 > gaps[0] + 3, gaps
    taken = [sum(likelihood(m, p.draft, p.rewrite) for p in DECIDED) / len(DECIDED) for m in (start, having)]
    assert taken[1] > taken[0] + 3, "and what was taken is no rarer for it"
    turned_down = [sum(likelihood(m, p.draft, p.rejected[0]) for p in DECIDED) for m in (without, having)]
    assert turned_down[1] < turned_down[0]
    for name, weight in having.named_parameters():
        if name.replace(".linear", "") in fixed:
            assert torch.equal(weight, fixed[name.replace(".linear", "")]), "the start is frozen"


def test_an_interrupted_run_with_preferences_goes_on_bit_for_bit():
    saved, before = {}, data_of(tiny(BPE))[0]
    plan = plan_finetune(0, 20, on_base=True)

    def learnt(until=None, state=None, seed=0):
        learner = Preferring(corrected(seed))
        keep = lambda kind, _, state: saved.update({kind: TrainState({n: t.clone() for n, t in state.tensors.items()}, state.numbers)})  # noqa: E501, E731
        data = PreferenceData(before.train, before.held, BPE.doc_end, 1)
        for event in train_lm(learner, data, plan, state=state, save=keep, measure=lambda model, data: None):
            if event.iteration == until:
                break
        return [p.detach().clone() for p in learner.parameters() if p.requires_grad]

    whole = learnt()
    learnt(until=9)
    resumed = learnt(state=copy.deepcopy(saved["last"]))
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))


# a run


def test_a_run_on_a_base_learns_from_what_was_turned_down_and_says_from_how_many(tmp_path):
    lay_tiny_base()
    list(finetune("smollm2-135m", DECIDED, tmp_path / "with", max_iters=25))
    plain = [Pair(p.id, p.draft, p.rewrite, p.kind) for p in DECIDED]
    list(finetune("smollm2-135m", plain, tmp_path / "without", max_iters=25))
    learnt, held = split_pairs(DECIDED)
    told = {name: read_json(tmp_path / name / "run.json")["pairs"] for name in ("with", "without")}
    assert told["with"]["preferences"] == len(learnt) >= ENOUGH and told["without"]["preferences"] == 0
    assert told["with"]["loss_after"] < told["with"]["loss_before"] == told["without"]["loss_before"]
    weights = [dict(load_model(tmp_path / name)[0].named_parameters()) for name in ("with", "without")]
    assert weights[0].keys() == weights[1].keys(), "a plain model either way"
    assert any(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
