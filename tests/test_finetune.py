"""Learning from pairs: only the rewrite counts, most of all where it differs; a run comes out that anyone can load."""

import json
import math
import shutil
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from runs import refused
from tiny_base import lay_tiny_base
from writing import essay

from vibejam.checkpoint import load_model, read_json, save_model
from vibejam.cli import main
from vibejam.copied import load_phrases, longest_copied_run, save_phrases
from vibejam.engine import StyleEngine
from vibejam.files import write_json
from vibejam.model import build_model
from vibejam.optim import build_optimizer
from vibejam.rewrite.finetune import BATCH, HELD_SHARE, _examples, _lot, finetune, plan_finetune, split_pairs
from vibejam.rewrite.manner import learn_manner, load_manner, save_manner
from vibejam.rewrite.pair_data import CHANGED, PairData, encode_example, pair_loss
from vibejam.rewrite.pairs import PROMPT, Pair, times_of, without_rejected, write_pairs
from vibejam.tokenizer import BPETokenizer, CharTokenizer
from vibejam.train import TrainState, train_lm
from vibejam.voice import background_drafts

TOKENIZERS = {"char": CharTokenizer.train([essay(0)]), "bpe": BPETokenizer.train([essay(n) for n in range(4)], 320)}
THINGS = "gate ladder kettle bucket clock boat bell lamp fence stool door sign cart drum rope sack".split()
PAIRS = [Pair(str(n), f"The {thing} is not here.", f"No {thing}, alas.", "edit") for n, thing in enumerate(THINGS)]


@pytest.fixture(params=["char", "bpe"])
def tokenizer(request):
    return TOKENIZERS[request.param]


def tiny(tokenizer, seed=0, **settings):
    torch.manual_seed(seed)
    return build_model(**{"vocab_size": tokenizer.vocab_size, "block_size": 96, "n_layer": 2, "n_head": 2, "n_embd": 32} | settings)


def example(tokenizer, pair):
    return encode_example(tokenizer, PROMPT.format(draft=pair.draft), pair.draft, pair.rewrite)


def data(tokenizer, pairs=PAIRS, held=PAIRS[:3], seed=1):
    return PairData([example(tokenizer, p) for p in pairs], [example(tokenizer, p) for p in held], tokenizer.doc_end, seed)


# what a pair becomes


def test_an_example_is_the_prompt_the_rewrite_and_an_end_and_only_the_rewrite_counts(tokenizer):
    pair = Pair("1", "It isn’t {braced} — “or so”, I said.", "It isn’t {braced}; I said so.", "edit")
    found = example(tokenizer, pair)
    assert found.ids[0] == found.ids[-1] == tokenizer.doc_end
    assert tokenizer.decode(found.ids[1:-1].tolist()) == f"Draft: {pair.draft}\n\nRewrite: {pair.rewrite}"
    learnt = found.ids[1:][found.weights > 0].tolist()
    assert tokenizer.decode(learnt[:-1]) == f" {pair.rewrite}" and learnt[-1] == tokenizer.doc_end
    assert found.bytes == len(pair.rewrite.encode())


def test_what_the_draft_has_not_counts_more_and_so_does_the_word_after_a_gap(tokenizer):
    pair = Pair("1", "My very old dog did bark at the gate.", "My old hound barked at the gate.", "edit")
    found = example(tokenizer, pair)
    heavy = tokenizer.decode(found.ids[1:][found.weights == CHANGED].tolist())
    light = tokenizer.decode(found.ids[1:][found.weights == 1].tolist())
    for word in ("old", "hound", "barked"):
        assert word in heavy
    for word in ("My", "at", "the", "gate"):
        assert word in light


def test_an_identity_counts_evenly(tokenizer):
    assert set(example(tokenizer, Pair("1", "As it was.", "As it was.", "edit")).weights.tolist()) == {0.0, 1.0}


# batches


def test_an_epoch_has_every_pair_once_with_little_padding_and_another_order_each_time(tokenizer):
    pairs = [Pair(str(n), "word " * (n % 7 + 1), f"no. {n}", "edit") for n in range(50)]
    training = data(tokenizer, pairs)
    epochs = []
    for _ in range(2):
        rows, spare, began = [], 0, training.epoch
        while training.epoch == began and not (training._batches and training.batch == len(training._batches)):
            x, y, w = training.get_batch("train", 4)
            assert x.shape == y.shape == w.shape and bool(((y >= 0) == (w > 0)).all())
            rows += [tokenizer.decode(row[row != tokenizer.doc_end].tolist()) for row in x]
            spare += int((x == tokenizer.doc_end).sum()) - len(x)
        training.epoch, training.batch = training.epoch + 1, 0
        assert len(rows) == len(set(rows)) == 50
        assert spare < 0.25 * sum(len(example(tokenizer, p).weights) for p in pairs)
        epochs.append(rows)
    assert epochs[0] != epochs[1] and sorted(epochs[0]) == sorted(epochs[1])


def test_a_batch_stays_within_its_tokens_but_for_a_single_long_pair(tokenizer):
    long = Pair("long", "word " * 15, "No.", "edit")
    training = data(tokenizer, [*PAIRS, long])
    budget = round(4 * sum(len(example(tokenizer, p).weights) for p in [*PAIRS, long]) / (len(PAIRS) + 1))
    for _ in range(12):
        x = training.get_batch("train", 4)[0]
        assert x.numel() <= budget or len(x) == 1


def test_batches_go_on_from_where_they_stood(tokenizer):
    whole, resumed = data(tokenizer), data(tokenizer)
    for _ in range(9):
        whole.get_batch("train", 4)
    resumed.restore(whole.state())
    for _ in range(6):
        assert all(torch.equal(a, b) for a, b in zip(whole.get_batch("train", 4), resumed.get_batch("train", 4), strict=True))


# the loss


def test_the_loss_is_the_weighted_mean_over_the_rewrite_alone(tokenizer):
    model, (x, y, w) = tiny(tokenizer), data(tokenizer).get_batch("train", 4)
    losses = F.cross_entropy(model(x)[0].flatten(0, 1), y.flatten(), ignore_index=-1, reduction="none").view(y.shape)
    expected = (losses * w).sum() / w.sum()
    assert model.loss(x, y, w).item() == pytest.approx(expected.item(), rel=1e-5)


def test_padding_and_the_prompts_targets_move_no_weight(tokenizer):
    model, (x, y, w) = tiny(tokenizer), data(tokenizer).get_batch("train", 4)
    model.loss(x, y, w).backward()
    before = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    model.loss(torch.cat([x, x[:, :5]], 1), torch.cat([y, y[:, :5] * 0 - 1], 1), torch.cat([w, w[:, :5] * 0], 1)).backward()
    for p, grad in zip(model.parameters(), before, strict=True):
        torch.testing.assert_close(p.grad, grad, atol=1e-6, rtol=1e-4)


def test_the_held_out_loss_is_that_of_each_rewrite_read_alone(tokenizer):
    model, held = tiny(tokenizer).eval(), PAIRS[2:7]
    nats = tokens = 0
    for pair in held:
        prompt = [tokenizer.doc_end, *tokenizer.encode(PROMPT.format(draft=pair.draft))]
        answer = tokenizer.encode(" " + pair.rewrite)
        logits = model(torch.tensor([prompt + answer]))[0][0, len(prompt) - 1 : -1]
        nats += F.cross_entropy(logits, torch.tensor(answer), reduction="sum").item()
        tokens += len(answer)
    score = pair_loss(model, data(tokenizer, held=held))
    assert (score.nats, score.tokens) == (pytest.approx(nats, rel=1e-4), tokens)
    assert score.bytes == sum(len(pair.rewrite.encode()) for pair in held)
    assert pair_loss(model, data(tokenizer, held=[])) is None


def test_an_interrupted_run_on_pairs_goes_on_bit_for_bit():
    tokenizer, saved = TOKENIZERS["bpe"], {}
    plan = plan_finetune(0, 30, on_base=False)

    def learnt(until=None, state=None, model=None):
        model = model or tiny(tokenizer)
        save = lambda kind, model, state: saved.update({kind: TrainState({n: t.clone() for n, t in state.tensors.items()}, state.numbers)})  # noqa: E501, E731
        for event in train_lm(model, data(tokenizer), plan, state=state, save=save, measure=pair_loss):
            if event.iteration == until:
                break
        return [p.detach().clone() for p in model.parameters()]

    whole = learnt()
    learnt(until=13)
    resumed = learnt(state=saved["last"], model=tiny(tokenizer, seed=9))
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))


# what is held out


def rewrites(pairs):
    return {pair.rewrite for pair in pairs}


def test_all_drafts_of_a_rewrite_stand_on_the_same_side_and_a_tenth_is_held_out():
    pairs = [Pair(f"{n}-{k}", f"draft {k}", f"rewrite {n}", "local") for n in range(500) for k in range(3)]
    learnt, held = split_pairs(pairs)
    assert len(learnt) + len(held) == 1500 and not rewrites(learnt) & rewrites(held)
    assert 0.06 < len(held) / 1500 < 0.14


def test_what_was_learnt_once_is_never_held_out_whatever_is_added():
    pairs = [Pair(str(n), "draft", f"rewrite {n}", "local") for n in range(300)]
    before = rewrites(split_pairs(pairs[:8])[0])
    for upto in range(9, 300):
        learnt, held = (rewrites(side) for side in split_pairs(pairs[:upto]))
        assert before <= learnt and held
        before = learnt


def test_there_is_one_on_each_side_where_there_are_two():
    low, high = sorted((Pair(str(n), "d", f"rewrite {n}", "edit") for n in range(400)), key=lambda p: _lot(p.rewrite))[:2]
    assert _lot(high.rewrite) < HELD_SHARE, "chance alone would hold both out"
    assert split_pairs([high, low]) == ([high], [low])
    rare = [pair for pair in PAIRS if _lot(pair.rewrite) >= HELD_SHARE][:5]
    learnt, held = split_pairs(rare)
    assert len(learnt) == 4 and len(held) == 1
    assert split_pairs(rare[:1]) == (rare[:1], [])


def test_of_very_many_held_out_pairs_some_are_measured_and_none_of_the_others_learnt(monkeypatch):
    monkeypatch.setattr("vibejam.rewrite.finetune.MEASURED", 3)
    pairs = [Pair(str(n), "A draft.", f"Mine, {n}.", "local") for n in range(200)]
    found, counts, learnt = _examples(pairs, TOKENIZERS["bpe"], tiny(TOKENIZERS["bpe"]), 1)
    assert len(found.held) == 3 < counts["held_out"] and counts["held_out"] + len(learnt) == 200 and len(found.train) == len(learnt)


# what weighs how much


def test_in_an_epoch_a_pair_stands_as_often_as_its_times_say_and_a_part_of_one_now_and_then():
    tokenizer = TOKENIZERS["char"]
    wanted = [replace(example(tokenizer, p), times=t) for p, t in zip(PAIRS, (1.0, 4.0, 2.5), strict=False)]
    training = PairData(wanted, [], tokenizer.doc_end, 1)
    seen = {p.rewrite: 0 for p in PAIRS[:3]}
    while training.epoch < 40:
        x, y, w = training.get_batch("train", 4)
        for row in range(len(x)):
            text = tokenizer.decode(y[row][w[row] > 0].tolist()[:-1]).strip()
            seen[text] += 1
    often = [count / 40 for count in seen.values()]
    assert often[0] == pytest.approx(1, abs=0.1) and often[1] == pytest.approx(4, abs=0.3)
    assert often[2] == pytest.approx(2.5, abs=0.3)


def test_a_real_edit_weighs_most_then_a_big_models_draft_a_small_ones_and_rules_least():
    kinds = ["corrupt", "local", "llm", "edit", "given"]
    times = times_of([Pair(kind, "d", "r", kind) for kind in kinds])
    assert times[0] < times[1] < times[2] < times[3] == times[4]
    assert times_of([Pair("1", "d", "r", "given")] * 3) == [1.0] * 3, "alone it counts once: an epoch reads each pair"
    few = times_of([Pair("1", "d", "r", "edit"), *[Pair("2", "d", "r", "local")] * 600])
    assert few[1] == pytest.approx(1, abs=0.1) and few[0] == pytest.approx(8 * few[1]), "one edit doesn't push the others out"
    many = times_of([*[Pair("1", "d", "r", "given")] * 170, *[Pair("2", "d", "r", "local")] * 600])
    assert 1 < many[0] < 1.6 and many[-1] * 600 < many[0] * 170 / 2, "and many small ones don't drown what counts"
    mixed = [replace(p, kind=kinds[n % 5]) for n, p in enumerate(PAIRS)]
    found, _, learnt = _examples(mixed, TOKENIZERS["bpe"], tiny(TOKENIZERS["bpe"]), 1)
    assert [e.times for e in found.train] == times_of(learnt) and len(set(times_of(learnt))) > 2


def test_what_somebody_turned_down_for_a_draft_is_not_learnt_as_its_rewrite():
    no = [Pair("a", "The same  draft.", "Not so,\nplease.", "local"), Pair("b", "Another.", "Not so, please.", "local")]
    edit = Pair("c", "The same draft.", "Mine it is.", "edit", ("Not so, please.",))
    assert without_rejected([*no, edit]) == [no[1], edit]
    _, counts, learnt = _examples([*PAIRS, *no, edit], TOKENIZERS["bpe"], tiny(TOKENIZERS["bpe"]), 1)
    assert counts["turned_down"] == 1 and counts["pairs"] == len(PAIRS) + 2 and no[0] not in learnt


# a run


@pytest.fixture
def source(tmp_path):
    """A from-scratch run on disk, with a file of its own and phrases."""
    folder, tokenizer = tmp_path / "source", TOKENIZERS["bpe"]
    save_model(folder, tiny(tokenizer), tokenizer)
    write_json(folder / "run.json", {"format": 1, "base": "none", "notes": ["A note."], "text": {"words": 7}, "prompt": "I"})
    save_phrases(folder, ["four words of mine stand here"])
    save_manner(folder, learn_manner([essay(n) for n in range(4)], background_drafts(), []))
    (folder / "train_state.safetensors").write_bytes(b"large")
    return folder


def test_a_model_made_from_nothing_learns_the_pairs_into_an_ordinary_run(source, tmp_path):
    events = list(finetune(source, PAIRS, tmp_path / "out", max_iters=60))
    run = read_json(tmp_path / "out" / "run.json")
    assert len(events) == 60 and events[-1].train_loss < events[0].train_loss - 1
    assert run["status"] == "done" and run["base"] == "none" and run["text"] == {"words": 7} and "A note." in run["notes"]
    pairs = run["pairs"]
    assert (pairs["pairs"], pairs["held_out"], pairs["kinds"]) == (16, 2, {"edit": 16})
    assert pairs["loss_after"] < pairs["loss_before"] and run["figures"]["val_loss"] == pairs["loss_after"]
    files = "model.safetensors config.json tokenizer.json run.json metrics.jsonl phrases.safetensors manner.safetensors "
    files += "copying.safetensors"
    assert {f.name for f in (tmp_path / "out").iterdir()} == set(files.split())
    engine = StyleEngine(tmp_path / "out")
    assert engine.rewrites and all(p.dtype == torch.float32 for p in engine.model.parameters())


def test_what_is_kept_is_the_best_by_the_held_out_pairs(source, tmp_path):
    events = list(finetune(source, PAIRS, tmp_path / "out", max_iters=60))
    run = read_json(tmp_path / "out" / "run.json")
    assert run["pairs"]["loss_after"] == pytest.approx(min(e.val_loss for e in events if e.val_loss is not None), rel=1e-3)


def test_the_learnt_rewrites_are_known_as_phrases_beside_the_sources(source, tmp_path):
    rewrites = [f"The {p.rewrite[3:-7]} went away and that was all" for p in PAIRS]
    pairs = [Pair(p.id, p.draft, text, p.kind) for p, text in zip(PAIRS, rewrites, strict=True)]
    learnt, held = split_pairs(pairs)
    list(finetune(source, pairs, tmp_path / "out", max_iters=2))
    phrases = load_phrases(tmp_path / "out")
    assert longest_copied_run("four words of mine stand here", phrases) == 6
    assert longest_copied_run(learnt[0].rewrite, phrases) == len(learnt[0].rewrite.split())
    assert longest_copied_run(held[0].rewrite.split(" went")[0] + " went away", phrases) == 0


@pytest.mark.parametrize("kind, seen", [("given", True), ("llm", True), ("edit", True), ("local", False), ("corrupt", False)])
def test_the_manner_learns_how_they_draft_who_will_draft_again_and_of_our_own_drafts_nothing(source, tmp_path, kind, seen):
    draft = "Moreover, it should be noted that the {} is, at the present time, not available in this place."
    own = "The {} isn't here today; nobody knows just why."
    pairs = [Pair(t, draft.format(t), own.format(t), kind) for t in THINGS]
    list(finetune(source, pairs, tmp_path / "out", max_iters=2))
    before, after = load_manner(source), load_manner(tmp_path / "out")
    was, now = (manner.style(own.format("piano")) - manner.style(draft.format("piano")) for manner in (before, after))
    assert now > was + 1 if seen else (now, after.taste) == (was, before.taste)


def test_a_damaged_manner_is_told_of_before_anything_is_written(source, tmp_path):
    (source / "manner.safetensors").write_bytes(b"manner")
    refused(lambda: list(finetune(source, PAIRS, tmp_path / "out", max_iters=2)), "damaged")
    assert not (tmp_path / "out").exists()


def test_a_run_on_a_base_goes_on_with_a_correction_and_comes_out_a_plain_model_in_bfloat16(tmp_path):
    lay_tiny_base()
    list(finetune("smollm2-135m", PAIRS, tmp_path / "one", max_iters=20))
    first = read_json(tmp_path / "one" / "run.json")
    assert first["base"] == "smollm2-135m" and first["pairs"]["loss_after"] < first["pairs"]["loss_before"]
    assert first["settings"]["train"]["lora_rank"] and "general_bits_per_byte_after" in first["figures"]
    list(finetune(tmp_path / "one", PAIRS, tmp_path / "two", max_iters=20))
    second = read_json(tmp_path / "two" / "run.json")
    assert second["base"] == "smollm2-135m"
    assert second["pairs"]["loss_before"] == pytest.approx(first["pairs"]["loss_after"], rel=1e-3)
    assert second["general_bits_per_byte_before"] == first["general_bits_per_byte_before"], "the base's own, from before any tuning"
    before, after = (dict(load_model(tmp_path / name)[0].named_parameters()) for name in ("one", "two"))
    assert before.keys() == after.keys() and torch.equal(before["embed.weight"], after["embed.weight"])
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_on_a_base_the_pairs_are_read_once_whatever_the_minutes_unless_steps_are_asked_for(tmp_path):
    lay_tiny_base()
    pairs = [replace(PAIRS[n % len(PAIRS)], id=str(n), draft=f"{PAIRS[n % len(PAIRS)].draft} {n}.") for n in range(160)]
    events = list(finetune("smollm2-135m", pairs, tmp_path / "once", minutes=5))
    learnt = sum(pair in split_pairs(pairs)[0] for pair in pairs)
    assert learnt / BATCH <= len(events) < learnt / BATCH * 1.5 and events[-1].progress == 1
    assert events[-1].lr < 0.1 * max(event.lr for event in events), "and the rate has come down by then"
    assert len(list(finetune("smollm2-135m", PAIRS, tmp_path / "few", minutes=5))) < 10
    assert len(list(finetune("smollm2-135m", PAIRS, tmp_path / "asked", minutes=5, max_iters=3))) == 3


def test_where_there_are_very_many_pairs_a_step_takes_more_of_them(tmp_path, monkeypatch):
    lay_tiny_base()
    pairs = [replace(PAIRS[n % len(PAIRS)], id=str(n), draft=f"{PAIRS[n % len(PAIRS)].draft} {n}.") for n in range(160)]
    fewer = list(finetune("smollm2-135m", pairs, tmp_path / "few", minutes=5))
    monkeypatch.setattr("vibejam.rewrite.finetune.MANY", 160)
    fuller = list(finetune("smollm2-135m", pairs, tmp_path / "many", minutes=5))
    assert len(fewer) / 5 < len(fuller) < len(fewer) / 3
    assert read_json(tmp_path / "many" / "run.json")["settings"]["train"]["batch_size"] == 4 * BATCH


def test_the_steps_of_a_run_on_a_base_move_corrections_only(tmp_path):
    lay_tiny_base()
    from vibejam.fetch import load_base
    from vibejam.lora import add_low_rank

    model, _ = load_base("smollm2-135m")
    add_low_rank(model, 4)
    moved = {p for group in build_optimizer(model, plan_finetune(0, 1, True)).param_groups for p in group["params"]}
    assert moved == {p for name, p in model.named_parameters() if name.endswith((".up", ".down"))}


def test_pairs_longer_than_the_context_are_left_out_and_said_so(source, tmp_path):
    pairs = [*PAIRS, Pair("long", "word " * 1200, "Short.", "edit")]
    list(finetune(source, pairs, tmp_path / "out", max_iters=1))
    run = read_json(tmp_path / "out" / "run.json")
    assert run["pairs"]["pairs"] == 16 and run["pairs"]["too_long"] == 1 and any("longer" in note for note in run["notes"])


def test_too_few_pairs_a_missing_base_and_a_folder_in_use_are_refused_in_a_sentence(source, tmp_path):
    refused(lambda: next(finetune(source, PAIRS[:5], tmp_path / "out", max_iters=1)), "8")
    assert not (tmp_path / "out").exists()
    refused(lambda: next(finetune("smollm2-135m", PAIRS, tmp_path / "out", max_iters=1)), "fetch-base")
    refused(lambda: next(finetune(tmp_path / "nothing", PAIRS, tmp_path / "out", max_iters=1)), "nothing")
    shutil.copytree(source, tmp_path / "used")
    refused(lambda: next(finetune(source, PAIRS, tmp_path / "used", max_iters=1)), "already holds a model")


def test_a_stopped_run_keeps_what_it_has(source, tmp_path):
    events = finetune(source, PAIRS, tmp_path / "out", max_iters=500)
    for _ in range(3):
        next(events)
    events.close()
    assert read_json(tmp_path / "out" / "run.json")["status"] == "stopped"
    assert math.isfinite(StyleEngine(tmp_path / "out").strangeness("Still here."))


def test_the_command_prints_pairs_loss_and_seconds(source, tmp_path, capsys):
    write_pairs(tmp_path / "pairs.jsonl", PAIRS)
    argv = ["train-rewrite-finetune", "--ckpt-path", str(source), "--pairs", str(tmp_path / "pairs.jsonl")]
    assert main([*argv, "--out", str(tmp_path / "out"), "--max-iters", "20", "--seed", "3", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    run = read_json(tmp_path / "out" / "run.json")
    assert result["pairs"] == 16 and result["seconds"] > 0
    assert result["loss"] == run["pairs"]["loss_after"] < result["loss_before"] and run["settings"]["train"]["seed"] == 3
