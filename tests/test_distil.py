"""Learning in two turns: what the second one learns is what the slow reference says, and nothing of it is lost by a break."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from learning import PLAN, TOKENIZER, Saves, dataset, same, small, train_some, weights

from vibejam.bench_training import SAMPLE
from vibejam.data import TokenDataset
from vibejam.distil import begin_anew, held_still, loss_beside
from vibejam.errors import UserError
from vibejam.tokenizer import CharTokenizer
from vibejam.train import TrainState, train_lm

TURNS = replace(PLAN, first_turn=0.25)
PLANS = {"on": TURNS, "anew": replace(TURNS, anew=True)}
TUNED = {"arch": "tuned", "grams": 2, "gram_rows": 64, "gram_slots": 128, "gram_dropout": 0.3}


def batch():
    x, y = dataset().get_batch("train", 3)
    y[0, :5] = -1
    return x, y


@pytest.mark.parametrize("settings", [{}, TUNED], ids=["transformer", "tuned"])
@pytest.mark.parametrize("anew, share", [(False, 0.35), (True, 0.5)])
def test_part_of_what_is_learnt_is_the_text_and_part_what_the_teacher_expects(settings, anew, share):
    model, other, (x, y) = small(dropout=0.0, **settings).eval(), small(seed=5, **settings), batch()
    teacher = held_still(other, anew)
    loss, nats = loss_beside(teacher, model, x, y)
    wanted, places = 0.0, [(b, t) for b in range(3) for t in range(16) if y[b, t] >= 0]
    for b, t in places:
        said, expected = (each(x[b : b + 1])[0][0, t].softmax(-1) for each in (model, teacher.model))
        aim = share * expected + (1 - share) * F.one_hot(y[b, t], len(said))
        wanted = wanted - (aim * said.log()).sum() / len(places)
    assert loss.item() == pytest.approx(wanted.item(), abs=1e-5)
    assert nats.item() == pytest.approx(model.loss(x, y).item(), abs=1e-5), "what is told is the model's own loss"
    loss.backward()
    assert all(p.grad is None for p in teacher.model.parameters()) and model.head.weight.grad is not None


def test_a_teacher_is_held_still_while_the_model_goes_on():
    model = small()
    teacher, before = held_still(model, False).model, weights(model)
    train_some(model=model)
    assert same(weights(teacher), before) and not same(weights(model), before) and not teacher.training


@pytest.mark.parametrize("settings", [{}, TUNED], ids=["transformer", "tuned"])
def test_who_begins_anew_keeps_what_was_counted_and_nothing_that_was_learnt(settings):
    model = small(**settings)
    model.look_over(dataset().train_documents)
    counted = [p.clone() for p in model.parameters() if not p.requires_grad]
    train_some(model=model)
    learnt = weights(model)
    begin_anew(model)
    assert all(torch.equal(a, b) for a, b in zip(counted, (p for p in model.parameters() if not p.requires_grad), strict=True))
    assert not any(torch.equal(p, learnt[name]) for name, p in model.named_parameters() if p.requires_grad and p.dim() > 1)
    assert model.loss(*batch()).item() > math.log(TOKENIZER.vocab_size) - 0.5, "it knows nothing"


def test_a_batch_in_which_nothing_counts_teaches_nothing():
    model = small()
    loss, nats = loss_beside(held_still(model, False), model, batch()[0], torch.full((3, 16), -1))
    assert loss.item() == nats.item() == 0


def test_the_second_turn_begins_after_the_first_ones_share_with_a_rate_of_its_own():
    events = list(train_lm(small(), dataset(), TURNS))
    assert [e.iteration for e in events if e.note] == [11], "ten of forty steps are the first turn"
    rates = [e.lr for e in events]
    assert rates[9] < PLAN.lr / 4 and rates[11] > PLAN.lr * 0.9 and rates[-1] < PLAN.lr / 10
    assert len({e.progress for e in events}) == 40 and events[-1].progress == 1


def test_a_text_that_is_read_often_is_learnt_better_in_two_turns():
    """Six thousand characters, eleven times: one model alone knows them by heart by then."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(SAMPLE.glob("*.txt"))]
    learnt, held = "".join(texts)[:6000], texts[-1][:3000]
    tokenizer = CharTokenizer.train([learnt])
    plan = replace(PLAN, max_iters=240, batch_size=8, lr=8e-3, muon_lr=0.02, evals=12)
    losses = []
    for turns in ({}, {"first_turn": 0.25}, {"first_turn": 0.25, "anew": True}):
        shape = {**TUNED, "grams": 3, "gram_rows": 2048, "gram_slots": 0, "gram_dropout": 0.2, "block_size": 32, "dropout": 0.0}
        model = small(vocab_size=tokenizer.vocab_size, **shape)
        events = train_lm(model, TokenDataset(tokenizer, [learnt], [held], 32), replace(plan, **turns))
        losses.append([event.val_loss for event in events if event.val_loss])
    alone, on, anew = losses
    assert min(alone) < alone[-1] - 0.04, "learnt by heart"
    assert on[-1] < alone[-1] - 0.02 and anew[3] > anew[2] + 0.02, "who begins from nothing is worse at first"
    assert anew[-1] < min(alone) and anew[-1] < min(anew[:3]), "and better than the best of it in the end, and than its teacher"


def test_a_first_turn_that_gets_no_better_gives_way_to_the_second_and_only_that_one_ends_the_run():
    plan = replace(PLAN, max_iters=400, evals=40, patience=2, first_turn=0.9, lr=5e-2)
    events = list(train_lm(small(dropout=0.0), dataset(), plan))
    turned = next(e.iteration for e in events if e.note)
    assert turned < 300 and not any(e.stopped_early for e in events[: turned + 10]), "long before its share"


@pytest.mark.parametrize("settings", [{}, TUNED], ids=["transformer", "tuned"])
@pytest.mark.parametrize("plan", PLANS.values(), ids=list(PLANS))
@pytest.mark.parametrize("stop_at", [9, 10, 11, 25])
def test_two_turns_broken_off_and_gone_on_with_are_the_same_bit_for_bit(settings, plan, stop_at):
    whole, part, rest = Saves(), Saves(), Saves()
    train_some(plan=plan, model=small(**settings), save=whole)
    train_some(plan=plan, model=small(**settings), save=part, until=stop_at)
    saved = part.last("last")[2]
    train_some(plan=plan, model=small(seed=9, **settings), state=saved, save=rest)
    ours, theirs = (saves.last("last")[2] for saves in (rest, whole))
    assert same(ours.tensors, theirs.tensors) and any(name.startswith("teacher.") for name in ours.tensors)


def test_a_state_without_its_teacher_is_refused_in_a_sentence():
    saves = Saves()
    train_some(plan=TURNS, save=saves, until=12)
    state = saves.last("last")[2]
    lost = {name: tensor for name, tensor in state.tensors.items() if name != "teacher.norm.weight"}
    for broken in (lost, state.tensors | {"teacher.norm.weight": torch.full((32,), math.nan)}):
        with pytest.raises(UserError, match="start the run anew"):
            next(train_lm(small(), dataset(), TURNS, state=TrainState(broken, state.numbers)))


def test_a_finished_run_in_two_turns_goes_on_in_the_second():
    saves = Saves()
    train_some(plan=TURNS, save=saves)
    longer = list(train_lm(small(), dataset(), replace(TURNS, max_iters=60), state=saves.last("last")[2]))
    assert [e.iteration for e in longer] == list(range(41, 61)) and longer[0].lr > longer[-1].lr
    assert len([e for e in longer if e.note]) == 1, "that it goes on longer, and no third turn"
