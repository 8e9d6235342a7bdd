"""The decoder against the model it was packed from: token by token, in each kind of weights, one text and several.

How fast it is, is no test: `vibejam bench` measures that.
"""

import gc
import threading
import weakref

import pytest
import torch
from base_models import smollm2, smollm2_gguf, smollm2_home  # noqa: F401  (fixtures)

from vibejam.bench import STORY, rounded_against_exact
from vibejam.config import SampleConfig
from vibejam.decoder import Decoder, can_decode, one_thread, packed
from vibejam.fetch import load_base
from vibejam.lora import add_low_rank
from vibejam.model import build_model
from vibejam.products import PACKERS, has_int8
from vibejam.runtime import cpu_has_bf16
from vibejam.sample import candidate_ids, draw, stream_ids

SHAPES = {
    "plain": {"n_head": 4, "n_embd": 64},
    "grouped": {"n_head": 6, "n_kv_head": 2, "n_embd": 96},
    "one key head, untied": {"n_head": 4, "n_kv_head": 1, "n_embd": 64, "tie_embeddings": False},
    "a large epsilon, long waves": {"n_head": 2, "n_embd": 64, "norm_eps": 0.03, "rope_theta": 100_000.0},
}
VOCABULARY, BLOCK = 300, 48
NO_INT8 = pytest.mark.skipif(not has_int8(), reason="NOT RUN: torch has no exact int8 products on this machine")
KINDS = ["fp32", "bf16", pytest.param("int8", marks=NO_INT8)]


def model_of(dtype=torch.float32, **shape):
    """Weights large enough that what comes next hangs on what came before, and norms that do something."""
    torch.manual_seed(0)
    model = build_model(vocab_size=VOCABULARY, block_size=BLOCK, n_layer=3, **(shape or SHAPES["grouped"]))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4) if parameter.dim() >= 2 else parameter.uniform_(0.5, 1.5)
    return model.to(dtype).eval()


def some_ids(count, seed=1):
    return torch.randint(VOCABULARY, (count,), generator=torch.Generator().manual_seed(seed)).tolist()


@torch.no_grad()
def reference(model, ids):
    """Logits (T, V) of the model itself, through its own cache."""
    return model.forward_cached(torch.tensor([ids]), model.new_cache(1, len(ids)))[0].float()


def step_by_step(decoder, ids, prompt):
    """Logits (T - prompt + 1, V) from the prompt's last token on."""
    memory, logits = decoder.read(ids[:prompt], len(ids) - prompt)
    return torch.cat([logits, *(decoder.step(torch.tensor([token]), memory) for token in ids[prompt:])])


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("prompt", [1, 7, BLOCK])
def test_in_fp32_the_logits_are_the_models_own(shape, prompt):
    model, ids = model_of(**shape), some_ids(BLOCK)
    expected = reference(model, ids)[prompt - 1 :]
    assert expected.std() > 0.2, "small logits would agree whatever was computed"
    assert (step_by_step(Decoder(model, "fp32"), ids, prompt) - expected).abs().max() < 1e-4


@pytest.mark.parametrize("kind", KINDS[1:])
def test_rounded_weights_stay_near(kind):
    """Both round weights to about 8 bits: errors of some per cent of the logits' spread."""
    model, ids = model_of(), some_ids(BLOCK)
    expected = reference(model, ids)[6:]
    error = (step_by_step(Decoder(model, kind), ids, 7) - expected).square().mean().sqrt() / expected.std()
    assert 1e-5 < error < 0.06


@pytest.mark.parametrize("kind", KINDS)
def test_narrowed_it_says_the_same_of_fewer_tokens_in_their_order(kind):
    whole, few = Decoder(model_of(), kind), torch.tensor([3, 90, 41])
    narrow = whole.narrowed(few)
    text = some_ids(20)
    for a, b in zip(step_by_step(whole, text, 7), step_by_step(narrow, text, 7), strict=True):
        assert (a[few] - b).abs().max() < 1e-5 * a.std()


@pytest.mark.parametrize("kind", KINDS)
def test_forked_texts_go_on_apart_and_as_each_would_alone(kind):
    decoder = Decoder(model_of(), kind)
    memory, _ = decoder.read(some_ids(10), 20)
    texts = [some_ids(20, seed) for seed in (2, 3, 4)]
    forked = memory.fork(3)
    together = torch.stack([decoder.step(torch.tensor(tokens), forked) for tokens in zip(*texts, strict=True)], 1)
    for row, text in enumerate(texts):
        alone, logits = memory.fork(1), []
        logits = torch.cat([decoder.step(torch.tensor([token]), alone) for token in text])
        error = (together[row] - logits).square().mean().sqrt() / logits.std()
        # rounding falls a little differently where several texts are multiplied at once
        assert error < {"fp32": 1e-5, "bf16": 0.03, "int8": 0.003}[kind]
    assert memory.position == 10 and forked.position == 30, "the prompt's memory is as it was"


@pytest.mark.parametrize("kind", KINDS)
def test_texts_that_begin_in_different_places_see_no_further_than_they_begin(kind):
    model, ids, begins = model_of(), some_ids(12), [3, 12, 7]
    decoder, texts = Decoder(model, kind), [some_ids(8, seed) for seed in (5, 6, 7)]
    memory, logits = decoder.read(ids, 8, last=4)
    assert (logits - reference(model, ids)[-4:]).abs().max() < 1e-4
    forked = memory.fork(3, torch.tensor(begins))
    together = torch.stack([decoder.step(torch.tensor(tokens), forked) for tokens in zip(*texts, strict=True)], 1)  # (B, T, V)
    for row, (begin, text) in enumerate(zip(begins, texts, strict=True)):
        wanted = reference(model, ids[:begin] + text)[begin:]
        error = (together[row] - wanted).square().mean().sqrt() / wanted.std()
        assert error < {"fp32": 1e-5, "bf16": 0.03, "int8": 0.03}[kind]
    assert forked.position.tolist() == [11, 20, 15]
    forked.keep([2, 0])
    assert forked.position.tolist() == [15, 11] and forked.keys.shape[2] == 2


@NO_INT8
@torch.inference_mode()
def test_int8_rounds_the_weights_and_hardly_what_they_meet():
    """Against the rounded matrix in doubles: rows of wide and of lopsided spread, of one outlier and of nothing at all."""
    torch.manual_seed(0)
    weight = torch.randn(40, 97) * torch.logspace(-3, 2, 40)[:, None]
    x = torch.randn(6, 97) * torch.tensor([1e-4, 1.0, 1e3, 1.0, 1.0, 0.0])[:, None]
    x[3], x[4, 7] = x[3].abs() + 5, 300.0
    scale = weight.double().abs().amax(1, keepdim=True) / 127
    expected = x.double() @ ((weight / scale).round() * scale).T  # (6, 40)
    product = PACKERS["int8"](weight)
    for found in (product(x), torch.cat([product(row[None]) for row in x])):
        size = x.double().norm(dim=1)[:, None] * weight.double().norm(dim=1)
        assert ((found - expected).abs() <= 1e-3 * size).all() and not found[5].any()


def test_the_fastest_kind_is_for_weights_that_were_rounded_before():
    assert Decoder(model_of()).weights == "fp32", "whoever loads a model in fp32 gets its text to the letter"
    kept_rounded = model_of()
    kept_rounded.rounded = True
    for model in (kept_rounded, model_of(torch.bfloat16)):
        assert Decoder(model).weights == ("int8" if has_int8() else "bf16" if cpu_has_bf16() else "fp32")


@pytest.mark.parametrize("has_bf16, kind", [(True, "bf16"), (False, "fp32")])
def test_without_int8_products_bf16_serves_where_the_cpu_has_it(monkeypatch, has_bf16, kind):
    for module in ("decoder", "products"):
        monkeypatch.setattr(f"vibejam.{module}.has_int8", lambda: False)
    monkeypatch.setattr("vibejam.products.cpu_has_bf16", lambda: has_bf16)
    model = model_of(torch.bfloat16)
    assert Decoder(model).weights == kind
    with pytest.raises(ValueError, match="no 'int8' products"):
        Decoder(model, "int8")


def test_what_does_not_fit_is_refused():
    decoder = Decoder(model_of())
    for ids, room in ([], 3), (some_ids(BLOCK), 1), (some_ids(BLOCK + 1), 0):
        with pytest.raises(ValueError, match="do not fit"):
            decoder.read(ids, room)
    memory, _ = decoder.read(some_ids(3), 1)
    decoder.step(torch.tensor([5]), memory)
    with pytest.raises(ValueError, match="memory holds 4 tokens and is full"):
        decoder.step(torch.tensor([5]), memory)
    with pytest.raises(ValueError, match="of one text"):
        memory.fork(2).fork(2)


def test_models_that_are_no_plain_transformer_take_the_slow_path():
    corrected = model_of()
    add_low_rank(corrected, 4)
    assert not can_decode(corrected) and packed(corrected) is None
    with pytest.raises(ValueError, match="low-rank"):
        Decoder(corrected)
    assert list(stream_ids(corrected, [1, 2], SampleConfig(max_new_tokens=5, temperature=0)))


def test_a_model_is_packed_once_again_when_its_weights_move_and_forgotten_with_it():
    model = model_of()
    first = packed(model)
    assert packed(model) is first
    with torch.no_grad():
        model.blocks[1].feed_forward.up.weight.mul_(1.5)
    second = packed(model)
    assert second is not first
    ids = some_ids(12)
    assert (step_by_step(second, ids, 4) - reference(model, ids)[3:]).abs().max() < 1e-4
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_one_thread_is_the_callers_alone():
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        inside, done = threading.Event(), threading.Event()

        def decode():
            with one_thread():
                seen.append(torch.get_num_threads())
                inside.set()
                done.wait(10)
            seen.append(torch.get_num_threads())

        thread = threading.Thread(target=decode)
        thread.start()
        assert inside.wait(10)
        assert torch.get_num_threads() == 2, "training in another thread keeps its own number"
        done.set()
        thread.join()
        assert seen == [1, 2]
    finally:
        torch.set_num_threads(before)


GREEDY = SampleConfig(max_new_tokens=30, temperature=0)


def test_greedy_candidates_are_the_stream_written_several_times():
    model, ids = model_of(), some_ids(9)
    alone = list(stream_ids(model, ids, GREEDY))
    assert len(set(alone)) > 5, "a model that always says the same would prove nothing"
    assert candidate_ids(model, ids, 3, GREEDY, ends=()) == [alone] * 3


@pytest.mark.parametrize("banned", [range(3), range(5, VOCABULARY - 9)], ids=["few", "most"])
def test_banned_words_are_left_out_and_all_else_is_as_it_was(banned):
    model, ids, config = model_of(), some_ids(9), SampleConfig(max_new_tokens=25, temperature=1.5, top_p=0.9, seed=4)
    alone = list(stream_ids(model, ids, config, list(banned)))
    assert len(set(alone)) > 3 and not set(alone) & set(banned)
    assert candidate_ids(model, ids, 1, config, ends=(), banned=list(banned)) == [alone]


def test_texts_that_are_the_same_so_far_are_read_once_and_drawn_each_by_itself(monkeypatch):
    """Against the model itself, which reads every text whole and again for each token."""
    model, ids, count = model_of(), some_ids(9), 8
    config = SampleConfig(max_new_tokens=12, temperature=0.1, top_p=1.0, seed=6)
    dice, wanted = torch.Generator().manual_seed(6), [[] for _ in range(count)]
    order = list(range(count))  # who draws when: those alike together, by who came first
    for _ in range(config.max_new_tokens):
        for text in order:
            wanted[text].append(draw(reference(model, ids + wanted[text])[-1], config, dice))
        begun = list(dict.fromkeys(tuple(wanted[text]) for text in order))
        order.sort(key=lambda text: begun.index(tuple(wanted[text])))
    rows, step = [], Decoder.step
    monkeypatch.setattr(Decoder, "step", lambda self, tokens, memory: rows.append(len(tokens)) or step(self, tokens, memory))
    assert candidate_ids(model, ids, count, config, ends=()) == wanted
    assert rows == [len({tuple(text[:length]) for text in wanted}) for length in range(1, config.max_new_tokens)]
    assert rows[0] < rows[-1], "texts that part at once, or never, prove nothing"


def test_each_candidate_ends_on_its_own():
    model, ids, config = model_of(), some_ids(9), SampleConfig(max_new_tokens=25, temperature=1.0, top_p=1.0, seed=4)
    free = candidate_ids(model, ids, 6, config, ends=())
    assert [len(text) for text in free] == [25] * 6 and len({tuple(text) for text in free}) == 6
    ends = set(range(0, VOCABULARY, 12))
    cut = candidate_ids(model, ids, 6, config, ends)
    assert len({len(text) for text in cut}) > 2 and not any(ends & set(text) for text in cut)
    assert candidate_ids(model, ids, 6, config, ends) == cut, "a seed makes them repeatable"


def test_candidates_of_a_full_context_of_nothing_and_of_banned_words():
    model = model_of()
    long = candidate_ids(model, some_ids(BLOCK + 9), 2, SampleConfig(max_new_tokens=20, temperature=0), ends=())
    assert [len(text) for text in long] == [20, 20], "a prompt that leaves no room is read from its end"
    assert candidate_ids(model, [1], 2, SampleConfig(max_new_tokens=0), ends=()) == [[], []]
    allowed = list(range(250, VOCABULARY))
    texts = candidate_ids(model, [1], 2, SampleConfig(max_new_tokens=9), ends=(), banned=list(range(250)))
    assert all(token in allowed for text in texts for token in text)


def test_a_model_without_a_decoder_writes_its_candidates_one_after_the_other():
    plain, corrected, ids = model_of(), model_of(), some_ids(9)
    add_low_rank(corrected, 4)
    assert candidate_ids(corrected, ids, 2, GREEDY, ends=()) == candidate_ids(plain, ids, 2, GREEDY, ends=())
    drawn = candidate_ids(corrected, ids, 3, SampleConfig(max_new_tokens=10, seed=1), ends=())
    assert len({tuple(text) for text in drawn}) == 3


def test_smollm2_in_fp32_writes_the_models_own_text(smollm2):  # noqa: F811
    model, tokenizer = load_base("smollm2-135m")
    model.shorten_context(256)
    ids = tokenizer.encode(STORY)[:40]
    cache, expected = model.new_cache(1, 256), []
    with torch.no_grad():
        token = int(model.forward_cached(torch.tensor([ids]), cache)[0, -1].argmax())
        for _ in range(64):
            expected.append(token)
            token = int(model.forward_cached(torch.tensor([[token]]), cache)[0, -1].argmax())
    assert list(stream_ids(model, ids, SampleConfig(max_new_tokens=64, temperature=0))) == expected


@NO_INT8
def test_smollm2_in_int8_loses_at_most_half_a_per_cent(smollm2, shared_corpora):  # noqa: F811
    """Bits per byte on real writing of two people, 1,600 tokens, a step a token as in writing, eight texts a step."""
    model, tokenizer = load_base("smollm2-135m")
    model.shorten_context(256)
    texts = []
    for author in ("chesterton", "drewdevault"):
        files = sorted((shared_corpora / author / "heldout").iterdir())[2:5]
        ids = tokenizer.encode("\n\n".join(file.read_text(encoding="utf-8") for file in files))
        texts.append(tokenizer.decode(ids[600:1400]))
    figure = rounded_against_exact(Decoder(model, "int8"), Decoder(model, "fp32"), tokenizer, texts, rows=8)
    assert 0.5 < figure["exact"] < 2 and figure["standard_error"] < 0.2
    assert figure["per_cent_worse"] + 2 * figure["standard_error"] < 0.5
