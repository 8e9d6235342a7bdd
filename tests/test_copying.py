"""A voice with no pretrained model rewrites: words are copied whole, seen or not; nothing changes but what the pairs changed."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from runs import refused
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from writing import essay

from vibejam.checkpoint import load_model, save_model
from vibejam.config import RewriteConfig, TrainConfig
from vibejam.copied import save_phrases
from vibejam.engine import StyleEngine
from vibejam.files import write_json
from vibejam.model import build_model
from vibejam.rewrite.copying import (
    FILE,
    CopyingModel,
    CopyingProposer,
    add_copying,
    copying_example,
    exchanges_of,
    load_copying,
    made_strange,
)
from vibejam.rewrite.finetune import finetune
from vibejam.rewrite.manner import learn_manner, save_manner
from vibejam.rewrite.pair_data import PairData, encode_example, pair_loss, quick_pair_loss, stacked
from vibejam.rewrite.pairs import PROMPT, Pair
from vibejam.rewrite.proposers import ModelProposer
from vibejam.tokenizer import BPETokenizer, CharTokenizer
from vibejam.train import train_lm
from vibejam.voice import background_drafts, background_people

SYLLABLES = "ba be bo da de do fa fi ka ko la li ma mo na no pa pi ra ri sa so ta to va vi za zo".split()
NOWHERE = Path("no such folder")


def pairs_of(count, seed=1):
    """People of all names who did not purchase something, told as a machine and as somebody would tell it."""
    dice, pairs = random.Random(seed), []
    for n in range(count):
        name = "".join(dice.choice(SYLLABLES) for _ in range(dice.randint(2, 4))).capitalize()
        thing, did = dice.choice("gate ladder kettle bucket clock boat".split()), dice.choice("went left came stayed sang".split())
        pairs.append(Pair(str(n), f"{name} did not purchase the {thing}, and {name} {did}.",
                          f"{name} didn't buy the {thing}; {name} {did}.", "corrupt"))  # fmt: skip
    return pairs


PAIRS = pairs_of(300)
TOKENIZERS = {
    "char": CharTokenizer.train([p.draft + p.rewrite for p in PAIRS]),
    "bpe": BPETokenizer.train([p.draft + p.rewrite for p in PAIRS], 320),
}


def fresh(tokenizer, seed=0) -> CopyingModel:
    torch.manual_seed(seed)
    return add_copying(build_model(vocab_size=tokenizer.vocab_size, block_size=64, n_layer=2, n_head=2, n_embd=64), NOWHERE)


@pytest.fixture(scope="module")
def learnt():
    """A tiny model made from nothing that learnt 300 pairs, in characters."""
    tokenizer, model = TOKENIZERS["char"], fresh(TOKENIZERS["char"])
    examples = [made_strange(copying_example(tokenizer, pair), tokenizer, random.Random(pair.draft)) for pair in PAIRS]
    data = PairData(examples, [copying_example(tokenizer, p) for p in pairs_of(12, 9)], tokenizer.doc_end, 1)
    list(train_lm(model, data, TrainConfig(max_iters=260, lr=3e-3), measure=quick_pair_loss))
    return model


def proposer(model, count=6, pairs=PAIRS, kind="char"):
    return CopyingProposer(model, TOKENIZERS[kind], exchanges_of(pairs), count)


# what a pair becomes


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_words_of_both_texts_are_one_target_each_and_put_together_they_are_the_rewrite(kind):
    tokenizer = TOKENIZERS[kind]
    pair = Pair("1", "Mr. Zxq did not purchase 1.29 boats, Draft.", "Mr. Zxq didn't buy 1.29 boats; Draft.", "corrupt")
    found = copying_example(tokenizer, pair)
    plain = encode_example(tokenizer, PROMPT.format(draft=pair.draft), pair.draft, pair.rewrite)
    said, copied, place = [], [], 0
    while place < len(found.targets):
        target = int(found.targets[place])
        if not found.weights[place]:
            place += 1
        elif target < tokenizer.vocab_size:
            said.append(target)
            place += 1
        else:
            start = at = target - tokenizer.vocab_size
            while at == start or (place < len(found.targets) and not found.weights[place]):
                assert found.ids[place + 1] == found.ids[at]
                said.append(int(found.ids[at]))
                place, at = place + 1, at + 1
            copied.append(tokenizer.decode(found.ids[start:at].tolist()).strip())
    assert tokenizer.decode(said[:-1]) == f" {pair.rewrite}" and said[-1] == tokenizer.doc_end
    assert copied == ["Mr", ".", "Zxq", "1.29", "boats", "Draft", "."], "never the prompt's own word"
    assert torch.equal(found.ids, plain.ids) and found.bytes == plain.bytes
    heavy = [int(t) for t, w in zip(found.targets, found.weights, strict=True) if w > 1]
    assert heavy and max(heavy) < tokenizer.vocab_size, "what changed counts more"


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_a_word_made_strange_is_the_same_on_both_sides_and_all_else_as_it_was(kind):
    tokenizer, changed = TOKENIZERS[kind], 0
    for pair in PAIRS[:40]:
        before = copying_example(tokenizer, pair)
        after = made_strange(before, tokenizer, random.Random(pair.draft))
        assert torch.equal(after.targets, before.targets) and torch.equal(after.weights, before.weights)
        copies = [(at, int(t) - tokenizer.vocab_size) for at, t in enumerate(after.targets) if t >= tokenizer.vocab_size]
        assert copies and all(after.ids[at + 1] == after.ids[source] for at, source in copies)
        told = int((before.weights == 0).cumprod(0).sum()) + 1  # where the answer begins
        spelt = {at + 1 for at in range(told - 1, len(after.targets)) if after.targets[at] == -1} | {at + 1 for at, _ in copies}
        other = {at for at in (after.ids != before.ids).nonzero()[:, 0].tolist() if at >= told}
        assert other <= spelt
        changed += bool(other)
    assert 4 < changed < 40


@torch.no_grad()
def test_the_loss_is_that_of_writing_or_copying_told_the_slow_way():
    tokenizer, V = TOKENIZERS["char"], TOKENIZERS["char"].vocab_size
    model, pairs = fresh(tokenizer).eval(), PAIRS[:3]
    examples = [copying_example(tokenizer, p) for p in pairs]
    data = PairData(examples, examples, tokenizer.doc_end, 1)
    nats = weight = plain = 0.0
    for pair in pairs:
        example = copying_example(tokenizer, pair)
        states = model.hidden_states(example.ids[None, :-1])[0]  # (T, C)
        prompt = int((example.weights == 0).cumprod(0).sum()) + 1
        keys = model.pointer["key"](states[:prompt])
        for at, target in enumerate(example.targets.tolist()):
            if not example.weights[at]:
                continue
            gate = torch.sigmoid(model.pointer["gate"](states[at]))
            look = F.softmax(keys @ model.pointer["query"](states[at]) / 8, 0)  # 8: the root of its width, 64
            chance = gate * look[target - V] if target >= V else (1 - gate) * F.softmax(model.head(states[at]), 0)[target]
            nats -= float(chance.log() * example.weights[at])
            weight += float(example.weights[at])
            plain -= float(chance.log()) if target != tokenizer.doc_end else 0.0
    assert model.loss(*stacked(data.train, data.doc_end)).item() == pytest.approx(nats / weight, rel=1e-4)
    assert pair_loss(model, data).nats == pytest.approx(plain, rel=1e-4)


# what it writes


def test_a_name_that_was_never_seen_is_copied_whole(learnt):
    names = "Zxqvyth Wuxhex Chyxug Quexby Gwynhux Hukygh".split()
    seen = {letter for pair in PAIRS for letter in pair.draft + pair.rewrite}
    assert all(set(name) - seen for name in names), "not even all their letters were"
    asked, copied = proposer(learnt, count=8), []
    for name in names:
        texts = asked.samples(PAIRS[0].draft.replace(PAIRS[0].draft.split()[0], name))
        copied += [name] * any(name in text for text in texts)
        assert not set("".join(text.replace(name, "") for text in texts)) - seen, "never a part of it"
    assert len(copied) >= 4, copied


def test_what_it_proposes_is_what_the_pairs_did_and_nothing_else(learnt):
    asked = proposer(learnt, count=8)
    drafts = [pair.draft for pair in pairs_of(8, seed=33)]
    proposed = dict(zip(drafts, asked(drafts), strict=True))
    wanted = {pair.draft: pair.rewrite for pair in pairs_of(8, seed=33)}
    assert sum(wanted[draft] in texts for draft, texts in proposed.items()) >= 4
    assert all(asked.allowed(draft, text) for draft, texts in proposed.items() for text in texts)
    assert asked(drafts) == asked(drafts) and asked(drafts, stop=lambda: True) == [{}] * 8


def test_an_exchange_is_known_by_two_pairs_and_only_as_a_whole():
    known = proposer(None)
    draft = "Bado did not purchase the gate, and Bado went."
    assert known.allowed(draft, "Bado didn't buy the gate; Bado went.") and known.allowed(draft, draft)
    assert known.allowed(draft, "Bado did not buy the gate, and Bado went.")
    for text in ("Bado didn't sell the gate; Bado went.", "Bado did not purchase the boat, and Bado went.",
                 "Bado did not purchase, and Bado went.", "Bado did not purchase the gate, and Lima went.",
                 "Bado did not purchase the old gate, and Bado went.", "Bado did not purchase the gate."):  # fmt: skip
        assert not known.allowed(draft, text), text
    assert not proposer(None, pairs=PAIRS[:1]).allowed(draft, "Bado didn't buy the gate; Bado went.")
    assert len(exchanges_of([])) == 0


def test_side_by_side_is_as_reading_everything_again():
    """The memory of what was read changes nothing."""
    tokenizer = TOKENIZERS["bpe"]
    model, ids = fresh(tokenizer).eval(), torch.randint(tokenizer.vocab_size, (2, 20))
    memory = model.new_cache(2, 20)
    parts = [model.read_on(ids[:, :9], memory), *(model.read_on(ids[:, i : i + 1], memory) for i in range(9, 20))]
    torch.testing.assert_close(torch.cat(parts, 1), model.hidden_states(ids), atol=1e-5, rtol=1e-4)


def test_a_unit_too_long_for_it_gets_no_candidate():
    asked = proposer(fresh(TOKENIZERS["char"]))
    assert asked.samples("A very long draft. " * 60) == []
    asked.samples(" ")  # nor does it fail where there is no word to copy


# a run


@pytest.fixture
def source(tmp_path):
    """A run made from nothing, which reads 64 tokens and knows a manner."""
    folder, tokenizer = tmp_path / "source", TOKENIZERS["bpe"]
    torch.manual_seed(0)
    save_model(folder, build_model(vocab_size=tokenizer.vocab_size, block_size=64, n_layer=2, n_head=2, n_embd=32), tokenizer)
    write_json(folder / "run.json", {"format": 1, "base": "none", "notes": []})
    save_phrases(folder, [])
    save_manner(folder, learn_manner([essay(n) for n in range(4)], background_drafts(), background_people()))
    return folder


def test_a_run_made_from_nothing_learns_to_copy_and_its_voice_proposes_so(source, tmp_path):
    list(finetune(source, PAIRS[:60], tmp_path / "out", max_iters=30))
    engine = StyleEngine(tmp_path / "out")
    found = {proposer.name: proposer for proposer in engine.proposers(RewriteConfig(candidates=3))}
    assert isinstance(found["your model"], CopyingProposer) and found["your model"].count == 3
    assert found["your model"].known and found["your model"].known <= set(exchanges_of(PAIRS[:60]).tolist())
    held = PairData([], [copying_example(engine.tokenizer, p) for p in PAIRS[:9]], engine.tokenizer.doc_end, 1)
    once = pair_loss(found["your model"].model, held).loss
    list(finetune(tmp_path / "out", PAIRS[:60], tmp_path / "more", max_iters=30))
    assert pair_loss(add_copying(load_model(tmp_path / "more")[0], tmp_path / "more"), held).loss < once, "it went on from there"
    assert engine.rewrite("Bado did not purchase the gate, and Bado went away from here.").text


def test_a_voice_that_was_taught_before_there_was_a_pointer_still_proposes(source):
    write_json(source / "run.json", {"format": 1, "base": "none", "notes": [], "pairs": {"pairs": 9}})
    assert load_copying(source, *load_model(source), 4, 1) is None
    assert isinstance(StyleEngine(source).proposers(RewriteConfig(candidates=4))[1], ModelProposer)


def test_what_is_kept_of_the_pairs_is_no_text(source, tmp_path):
    list(finetune(source, PAIRS[:30], tmp_path / "out", max_iters=2))
    raw = (tmp_path / "out" / FILE).read_bytes()
    assert b"purchase" not in raw and b"Ba" not in raw[:8] and PAIRS[0].draft.split()[0].encode() not in raw
    with safe_open(tmp_path / "out" / FILE, framework="pt") as file:
        assert file.get_tensor("exchanges").dtype == torch.int64 and len(file.get_tensor("exchanges"))


def test_a_damaged_or_newer_pointer_is_one_sentence(source, tmp_path):
    list(finetune(source, PAIRS[:30], tmp_path / "out", max_iters=2))
    file = tmp_path / "out" / FILE
    parts, whole = load_file(file), file.read_bytes()
    engine = StyleEngine(tmp_path / "out")
    ask = lambda: engine.proposers(RewriteConfig(candidates=2))  # noqa: E731
    name = "pointer.query.weight"
    for wrong in ({**parts, name: parts[name][:3]},
                  {**parts, name: parts[name] * float("nan")}, {**parts, "more": parts[name].clone()},
                  {n: p for n, p in parts.items() if n != "exchanges"}):  # fmt: skip
        save_file(wrong, file, metadata={"format": "1"})
        refused(ask, FILE, "damaged")
    save_file(parts, file, metadata={"format": "99"})
    refused(ask, "newer")
    save_file(parts, file)
    refused(ask, "damaged")
    file.write_bytes(whole[: len(whole) // 2])
    refused(ask, "damaged")


def test_the_plain_model_in_it_is_the_one_that_the_folder_holds(source, tmp_path):
    model = add_copying(load_model(source)[0], source)
    plain, ids = model.plain(), torch.randint(model.config.vocab_size, (1, 12))
    assert type(plain).__name__ == "GPTModel" and torch.equal(plain(ids)[0], model(ids)[0])
    assert model.config == replace(load_model(source)[0].config, block_size=1024)
