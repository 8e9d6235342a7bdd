"""The neutraliser: a small correction that ships, learnt with whole voices held out; it drafts many passages at once."""

import json
import re

import pytest
import torch
from base_models import smollm2, smollm2_gguf, smollm2_home
from runs import refused
from safetensors import safe_open
from safetensors.torch import save_file
from tiny_base import lay_tiny_base
from writing import essay

from vibejam.config import SampleConfig, TrainConfig
from vibejam.fetch import load_base
from vibejam.lora import ALPHA, add_low_rank, corrections, merge_corrections
from vibejam.model import build_model
from vibejam.rewrite import neutraliser
from vibejam.rewrite.pair_data import PairData, encode_example
from vibejam.rewrite.reverse import reverse_score
from vibejam.runtime import compute_dtype
from vibejam.tokenizer import CharTokenizer
from vibejam.train import train_lm

__all__ = ["smollm2", "smollm2_gguf", "smollm2_home"]
TOKENIZER = CharTokenizer.train([essay(0)])


@pytest.fixture(autouse=True)
def fresh():
    """What one test loaded is not the next one's."""
    neutraliser.loaded.cache_clear()
    yield
    neutraliser.loaded.cache_clear()


@pytest.fixture
def assets(tmp_path, monkeypatch):
    """Five voices of eight pairs and the sample writing's, beside a tiny base; the correction goes here too."""
    lay_tiny_base()
    (tmp_path / "pairs").mkdir()
    for voice in "abcde":
        rows = [{"voice": voice, "original": f"{voice} says {essay(n)[:60]}", "draft": f"It is {n}."} for n in range(8)]
        (tmp_path / "pairs" / f"{voice}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "sample-drafts.jsonl").write_text(json.dumps({"original": "The sample's own.", "draft": "A sample."}) + "\n")
    monkeypatch.setattr(neutraliser, "ASSETS", tmp_path)
    monkeypatch.setattr(neutraliser, "ADAPTER", tmp_path / "neutraliser.safetensors")
    return tmp_path


@pytest.fixture(scope="module")
def writer():
    """A tiny model that has learnt to answer, at some length that depends on the text, and to end."""
    torch.manual_seed(0)
    model = build_model(vocab_size=TOKENIZER.vocab_size, block_size=160, n_layer=2, n_head=2, n_embd=32)
    things = "gate ladder kettle bucket clock boat bell lamp".split()
    examples = [encode_example(TOKENIZER, neutraliser.PROMPT.format(text=t), t, "s" * len(t)) for t in things]
    data, plan = PairData(examples, [], TOKENIZER.doc_end, 1), TrainConfig(max_iters=250, lr=5e-3)
    list(train_lm(model, data, plan, measure=lambda *_: None))
    return model


# the correction


def test_a_correction_kept_apart_and_merged_again_is_the_model_that_learnt_it():
    shape = dict(vocab_size=40, block_size=16, n_layer=2, n_head=2, n_embd=32)
    plain, learnt = (build_model(**shape) for _ in range(2))
    learnt.load_state_dict(plain.state_dict())
    add_low_rank(learnt, 4)
    for part in corrections(learnt).values():
        torch.nn.init.normal_(part)
    idx = torch.randint(40, (2, 16))
    assert not torch.allclose(plain(idx)[0], learnt(idx)[0], atol=1e-3)
    merge_corrections(plain, corrections(learnt))
    torch.testing.assert_close(plain(idx)[0], learnt(idx)[0], atol=1e-3, rtol=1e-3)


def test_a_correction_of_another_model_is_refused():
    plain = build_model(vocab_size=40, block_size=16, n_layer=1, n_head=2, n_embd=32)
    for name, inside in (("blocks.7.attention.query", 32), ("blocks.0.attention.query", 31)):
        with pytest.raises(ValueError, match="another model"):
            merge_corrections(plain, {f"{name}.down": torch.ones(2, inside), f"{name}.up": torch.ones(32, 2)})


def test_learning_it_holds_out_whole_voices_and_keeps_no_more_than_the_correction(assets):
    told = []
    neutraliser.learn_neutraliser(0.03, assets / "neutraliser.safetensors", seed=1, say=told.append)
    with safe_open(assets / "neutraliser.safetensors", framework="pt") as file:
        note, names = file.metadata(), list(file.keys())
        assert {file.get_tensor(name).dtype for name in names} == {torch.bfloat16}
    held = re.search(r"held out: (.*);", told[0])[1].split(", ")
    assert len(set(held)) == 3 and set(held) < set("abcde") and all(name in note["held_out"] for name in held)
    assert note["data"] == "17 pairs of 3 invented voices", "two voices, and the sample writing"
    assert note["base"] == "smollm2-135m" and note["rank"] == str(neutraliser.RANK) and note["prompt"] == neutraliser.PROMPT
    assert len(names) == 2 * 7 * 2 and all(name.endswith((".up", ".down")) for name in names)


def test_what_it_learnt_is_added_to_the_base_when_it_is_loaded(assets):
    plain, _ = load_base("smollm2-135m")
    add_low_rank(plain, 2)
    parts = {name: torch.full_like(part, 0.1) for name, part in corrections(plain).items()}
    save_file(parts, assets / "neutraliser.safetensors")
    base, _ = load_base("smollm2-135m")
    corrected, _ = neutraliser.loaded()
    for ours, theirs in zip(corrected.blocks, base.blocks, strict=True):
        wanted = theirs.attention.query.weight + ALPHA * 2 * 0.01
        torch.testing.assert_close(ours.attention.query.weight, wanted.to(compute_dtype(wanted.device)))


def test_without_the_base_or_with_a_damaged_correction_it_says_what_to_do(assets, monkeypatch):
    refused(lambda: neutraliser.neutral_drafts(["A text."]), "neutraliser.safetensors")
    (assets / "neutraliser.safetensors").write_bytes(b"nonsense")
    refused(lambda: neutraliser.neutral_drafts(["A text."]), "neutraliser.safetensors")
    monkeypatch.setenv("VIBEJAM_HOME", str(assets / "elsewhere"))
    refused(lambda: neutraliser.neutral_drafts(["A text."]), "fetch-base")


# drafting


def test_passages_side_by_side_get_what_each_gets_alone(writer, monkeypatch):
    monkeypatch.setattr(neutraliser, "CAREFUL", SampleConfig(temperature=0))
    prompts = [[TOKENIZER.doc_end, *TOKENIZER.encode(neutraliser.PROMPT.format(text=t))] for t in ("gate", "boat", "bell", "lamp")]
    alone = [neutraliser._answers(writer, TOKENIZER, [prompt], torch.Generator())[0] for prompt in prompts]
    assert all(answer is not None for answer in alone) and TOKENIZER.decode(alone[0]) == " ssss"
    assert neutraliser._answers(writer, TOKENIZER, prompts, torch.Generator()) == alone
    longer = [TOKENIZER.doc_end, *TOKENIZER.encode(neutraliser.PROMPT.format(text="ladder"))]
    expected = [*neutraliser._answers(writer, TOKENIZER, [longer], torch.Generator()), *alone]
    assert neutraliser._answers(writer, TOKENIZER, [longer, *prompts], torch.Generator()) == expected
    assert len({len(answer) for answer in expected}) > 1, "rows end at different times"


def test_drafts_come_in_the_order_of_the_passages_and_none_where_there_can_be_none(writer, monkeypatch):
    monkeypatch.setattr(neutraliser, "loaded", lambda: (writer, TOKENIZER))
    neutraliser.loaded.cache_clear = lambda: None
    monkeypatch.setattr(neutraliser, "ROWS", 2)
    monkeypatch.setattr(neutraliser, "LONGEST", 60)
    monkeypatch.setattr(neutraliser, "CAREFUL", SampleConfig(temperature=0))
    passages, done = ["ladder", "gate", "x" * 100, " ", "bucket"], []
    drafts = neutraliser.neutral_drafts(passages, 1, done.append)
    assert drafts == ["ssssss", "ssss", None, None, "ssssss"] and done[-1] == 3
    assert neutraliser.neutral_drafts([]) == []


# meaning


def test_a_candidate_costs_what_the_draft_is_less_likely_after_it(writer, monkeypatch):
    monkeypatch.setattr(neutraliser, "loaded", lambda: (writer, TOKENIZER))
    neutraliser.loaded.cache_clear = lambda: None
    monkeypatch.setattr("vibejam.rewrite.reverse.loaded", neutraliser.loaded)

    def alone(text):  # the slow way: one text at a time, all logits; of the draft after it, and of the text itself
        ids = [TOKENIZER.doc_end, *TOKENIZER.encode(neutraliser.PROMPT.format(text=text))]
        answer = [*TOKENIZER.inner.encode(" gate", add_special_tokens=False).ids, TOKENIZER.doc_end]
        scores = writer(torch.tensor([ids + answer]))[0][0].log_softmax(-1)
        nats = [scores[i, token].item() for i, token in enumerate([*ids, *answer][1:])]
        own = len(TOKENIZER.encode(f"Text: {text}"))
        return sum(nats[len(ids) - 1 :]), sum(nats[len(TOKENIZER.encode("Text:")) : own])

    texts = ["boat", "gate", "a longer boat"]
    (told, sound), *others = (alone(text) for text in ["gate", *texts])
    found = reverse_score("gate", texts)
    monkeypatch.setattr("vibejam.rewrite.reverse.AT_ONCE", 7)
    for few, read in zip(reverse_score("gate", texts), found, strict=True):
        assert few == pytest.approx(read, abs=1e-4), "however many tokens are looked up at once"
    for read, (after, own) in zip(found, others, strict=True):
        assert read == pytest.approx((after - told, own - sound), abs=1e-3)
    assert found[0].meaning != 0 != found[2].meaning
    too_long = reverse_score("gate " * 400, ["gate " * 400, "boat"])
    assert [read.meaning for read in too_long] == [0.0, -float("inf")], "the draft stays"


# what ships


@pytest.fixture(scope="module")
def shipped():
    return neutraliser.ASSETS / "neutraliser.safetensors"


def test_the_shipped_correction_is_small_sound_and_says_what_it_is(shipped):
    assert shipped.stat().st_size <= 8_000_000
    with safe_open(shipped, framework="pt") as file:
        note = file.metadata()
        assert note["base"] == neutraliser.BASE and note["rank"] == str(neutraliser.RANK) and note["prompt"] == neutraliser.PROMPT
        assert len(note["base_sha256"]) == 64 and "pairs" in note["data"] and note["licence"]
        assert len(file.keys()) == 30 * 7 * 2
        assert all(bool(file.get_tensor(name).isfinite().all()) for name in file.keys())


def test_the_real_one_says_a_passage_again_in_other_words_and_keeps_its_facts(smollm2, shipped):
    passage = "Mrs Pell didn't want the 46 buckets, did she? She'd a barn full of the things already and told the vicar so."
    (draft,) = neutraliser.neutral_drafts([passage], seed=1)
    assert draft and draft != passage and "46" in draft and "Pell" in draft
