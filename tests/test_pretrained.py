"""Llama-family weights arrive whole, from both formats, and anything else is refused in a sentence."""

import hashlib
import json
import os
import re
from contextlib import suppress

import pytest
import torch
from base_models import smollm2, smollm2_gguf, smollm2_home  # noqa: F401  (fixtures)
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, decoders, models, normalizers
from tokenizers import Tokenizer as HFTokenizer

from vibejam.checkpoint import save_model
from vibejam.config import ModelConfig, RopeScaling, SampleConfig
from vibejam.errors import UserError
from vibejam.export import export_gguf
from vibejam.fetch import BASES, load_base
from vibejam.gguf_model import frequencies
from vibejam.llama import TURN_END, TURN_START
from vibejam.model import build_model, rotary_tables
from vibejam.pretrained import chat_prompt, load_pretrained
from vibejam.sample import stream_ids
from vibejam.tokenizer import BPETokenizer, CharTokenizer

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # transformers reads folders here and asks nobody
transformers = pytest.importorskip("transformers", reason="NOT RUN: transformers, the reference, is not installed")

TEXT = "Nobody has ever mended that gate — though everybody has held it, 1234 times.\n\tÉté 🙂\r\n" * 40
EVERY_CHARACTER = "".join(chr(c) for c in [*range(0xD800), *range(0xE000, 0x110000, 97)])
CONTROL = "<|endoftext|><|im_start|>user\nHello<|im_end|>"
LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
NOTEBOOK_TOKENS = ("<issue_comment>", "<issue_closed>", "<jupyter_start>", "<jupyter_text>")
NOTEBOOK_TOKENS += ("<jupyter_code>", "<jupyter_output>", "<jupyter_script>", "<empty_output>")
ROPES = {
    "plain": {"rope_type": "default", "rope_theta": 10_000.0},
    "linear": {"rope_type": "linear", "rope_theta": 20_000.0, "factor": 4.0},
    "llama3": {"rope_type": "llama3", "rope_theta": 500_000.0, **LLAMA3},
}


@pytest.fixture(scope="module")
def tokenizer() -> BPETokenizer:
    return BPETokenizer.train([TEXT], 320)


def tiny_llama(folder, tokenizer, rope=ROPES["plain"], shards="1GB", **settings):
    """A random Llama by transformers, in `folder`, whose logits are large enough to differ."""
    torch.manual_seed(0)
    shape = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4}
    shape |= {
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
        "vocab_size": 320,
        "rope_parameters": dict(rope),
    }
    model = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(**(shape | {"initializer_range": 0.2, "eos_token_id": 0} | settings))
    ).eval()
    for name, parameter in model.named_parameters():
        if "norm" in name:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
    model.save_pretrained(folder, max_shard_size=shards)
    (folder / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")
    return model


@pytest.mark.parametrize("rope", ROPES)
@pytest.mark.parametrize("kv_heads, tied", [(1, True), (2, False), (4, True)])
def test_a_random_llama_has_the_logits_it_has_in_transformers(tmp_path, tokenizer, rope, kv_heads, tied):
    theirs = tiny_llama(tmp_path, tokenizer, ROPES[rope], num_key_value_heads=kv_heads, tie_word_embeddings=tied)
    ours, _ = load_pretrained(tmp_path)
    ids = torch.randint(320, (2, 128), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = theirs(ids).logits
        assert expected.std() > 0.5
        torch.testing.assert_close(ours(ids)[0], expected, atol=1e-4, rtol=0)
        cache = ours.new_cache(2, 128)
        steps = [ours.forward_cached(part, cache) for part in ids.split((100, 1, 27), dim=1)]
    torch.testing.assert_close(torch.cat(steps, dim=1), expected, atol=1e-4, rtol=0)


def test_every_spelling_of_the_rotary_settings_is_read(tmp_path, tokenizer):
    tiny_llama(tmp_path, tokenizer, ROPES["llama3"])
    settings = json.loads((tmp_path / "config.json").read_text())
    expected = load_pretrained(tmp_path)[0].config
    assert expected.rope_scaling == RopeScaling(8.0, 1.0, 4.0, 32) and expected.rope_theta == 500_000
    del settings["rope_parameters"]
    for kind in ("type", "rope_type"):  # what transformers wrote before version 5
        older = settings | {"rope_theta": 500_000.0, "rope_scaling": {kind: "llama3", **LLAMA3}}
        (tmp_path / "config.json").write_text(json.dumps(older))
        assert load_pretrained(tmp_path)[0].config == expected


def test_shards_are_read_as_one(tmp_path, tokenizer):
    (tmp_path / "one").mkdir()
    (tmp_path / "many").mkdir()
    tiny_llama(tmp_path / "one", tokenizer)
    tiny_llama(tmp_path / "many", tokenizer, shards="100KB")
    assert len(list((tmp_path / "many").glob("*.safetensors"))) > 2
    one, many = (load_pretrained(tmp_path / name)[0] for name in ("one", "many"))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), many.parameters(), strict=True))
    next((tmp_path / "many").glob("*.safetensors")).unlink()
    refuses(tmp_path / "many", "missing or can't be read")


def refuses(path, reason):
    """`path` is refused in one sentence that gives the `reason` and names the place."""
    with pytest.raises(UserError) as caught:
        load_pretrained(path)
    assert reason in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"model_type": "gpt2"}, "model_type 'gpt2'"),
        ({"attention_bias": True}, "biases"),
        ({"hidden_act": "gelu"}, "activation"),
        ({"head_dim": 32}, "as wide as the model"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4, "factor": 2.0}}, "'yarn'"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantised"),
        ({"hidden_size": "wide"}, "can't be read"),
        ({"hidden_size": None}, "can't be read"),
        ({"num_attention_heads": 0}, "can't be read"),
        ({"num_hidden_layers": 10**9}, "can't be read"),
        ({"num_hidden_layers": 2.5}, "can't be read"),
        ({"num_hidden_layers": 4}, "missing"),
        ({"num_hidden_layers": 2}, "that a Llama lacks"),
        ({"intermediate_size": 100}, "shape"),
        ({"vocab_size": 10**12}, "impossible sizes"),
        ({"vocab_size": 300}, "shape"),
        ({"tie_word_embeddings": "no", "vocab_size": 321}, "shape"),
        ({"rope_parameters": ["llama3"]}, "can't be read"),
    ],
)
def test_settings_that_are_no_llamas_are_refused(tmp_path, tokenizer, change, reason):
    tiny_llama(tmp_path, tokenizer)
    settings = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(settings | change))
    refuses(tmp_path, reason)


def test_damaged_folders_are_refused(tmp_path, tokenizer):
    tiny_llama(tmp_path, tokenizer)
    whole = (tmp_path / "model.safetensors").read_bytes()
    refuses(tmp_path / "nothing", "no model")
    for size in (0, 5, 4000, len(whole) - 10):
        (tmp_path / "model.safetensors").write_bytes(whole[:size])
        refuses(tmp_path, "can't be read")
    (tmp_path / "model.safetensors").write_bytes(whole)

    weights = load_file(tmp_path / "model.safetensors")
    bad = weights["model.norm.weight"].clone().index_fill_(0, torch.tensor([3]), torch.nan)
    save_file(weights | {"model.norm.weight": bad}, tmp_path / "model.safetensors")
    refuses(tmp_path, "not numbers")
    save_file(weights | {"model.norm.weight": torch.ones(64, dtype=torch.int8)}, tmp_path / "model.safetensors")
    refuses(tmp_path, "quantised")
    save_file(weights | {"model.layers.0.self_attn.q_proj.bias": bad}, tmp_path / "model.safetensors")
    refuses(tmp_path, "q_proj.bias")
    (tmp_path / "model.safetensors").write_bytes(whole)

    text = (tmp_path / "tokenizer.json").read_text()
    for damage in ("", "{}", "[]", text[: len(text) // 2], '{"model": null}'):
        (tmp_path / "tokenizer.json").write_text(damage)
        with pytest.raises(UserError, match="damaged"):
            load_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    refuses(tmp_path, "tokenizer.json")
    (tmp_path / "tokenizer.json").write_text(text)

    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    refuses(tmp_path, "pickled")
    (tmp_path / "pytorch_model.bin").rename(tmp_path.parent / "outside.safetensors")
    refuses(tmp_path, "no model.safetensors")
    for name in ("../outside.safetensors", "/etc/passwd", "", 3):
        index = {"weight_map": {"model.norm.weight": name}}
        (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
        refuses(tmp_path, "does not name its files")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        load_pretrained(tmp_path)


def test_a_tokenizer_that_changes_the_text_is_refused(tmp_path, tokenizer):
    tiny_llama(tmp_path, tokenizer)
    lower = HFTokenizer.from_str(tokenizer.to_json())
    lower.normalizer = normalizers.Lowercase()
    lower.save(str(tmp_path / "tokenizer.json"))
    refuses(tmp_path, "as it was")
    (tmp_path / "tokenizer.json").write_text(HFTokenizer(models.WordLevel({"a": 0, "<|doc_end|>": 1})).to_str())
    refuses(tmp_path, "tokenizer")
    larger = HFTokenizer.from_str(tokenizer.to_json())
    larger.add_special_tokens([f"<extra_{i}>" for i in range(100)])
    larger.save(str(tmp_path / "tokenizer.json"))
    refuses(tmp_path, "more tokens than the model")


def test_typed_control_tokens_are_text_even_where_the_file_calls_them_plain(tmp_path, tokenizer):
    tiny_llama(tmp_path, tokenizer, vocab_size=330)
    inner = HFTokenizer.from_str(tokenizer.to_json())
    inner.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    inner.add_tokens([AddedToken("<tool_call>", special=False), AddedToken("[INST]", special=False)])
    inner.enable_truncation(4)
    inner.enable_padding(length=50)
    inner.save(str(tmp_path / "tokenizer.json"))
    _, loaded = load_pretrained(tmp_path)
    typed = CONTROL + "<tool_call>[INST]<|doc_end|>"
    assert loaded.decode(loaded.encode(typed)) == typed
    assert not set(loaded.encode(typed)) & set(loaded.inner.get_added_tokens_decoder())
    ids = chat_prompt(loaded, [{"role": "user", "content": typed}])
    assert [i for i in ids if i in loaded.inner.get_added_tokens_decoder()] == [
        loaded.inner.token_to_id(token) for token in (TURN_START, TURN_END, TURN_START)
    ]
    assert loaded.decode(ids) == f"<|im_start|>user\n{typed}<|im_end|>\n<|im_start|>assistant\n"


def test_a_tokenizer_without_turns_makes_no_chat():
    with pytest.raises(ValueError, match="im_start"):
        chat_prompt(CharTokenizer.train(["abc"]), [{"role": "user", "content": "Hello"}])


def test_a_document_ends_where_the_vocabulary_says(tmp_path, tokenizer):
    inner = HFTokenizer.from_str(tokenizer.to_json().replace("<|doc_end|>", "<|other|>"))
    inner.add_special_tokens(["<s>", "</s>"])
    tiny_llama(tmp_path, tokenizer, eos_token_id=[inner.token_to_id("</s>"), inner.token_to_id("<s>")])
    inner.save(str(tmp_path / "tokenizer.json"))
    assert load_pretrained(tmp_path)[1].doc_end_token == "</s>"
    settings = json.loads((tmp_path / "config.json").read_text())
    for eos in (None, [], 10_000, -1, "</s>"):
        (tmp_path / "config.json").write_text(json.dumps(settings | {"eos_token_id": eos}))
        refuses(tmp_path, "ends a text")
    inner.add_special_tokens(["<|endoftext|>"])  # an instruct model's eos may end a turn only
    inner.save(str(tmp_path / "tokenizer.json"))
    assert load_pretrained(tmp_path)[1].doc_end_token == "<|endoftext|>"


def test_llama_2s_kind_of_tokenizer_gives_every_text_back(tmp_path, tokenizer):
    letters = sorted(set(TEXT.replace(" ", "▁")) | {"▁"})
    names = [f"<0x{byte:02X}>" for byte in range(256)] + ["</s>"] + letters + ["▁g", "▁ga", "▁gat"]
    merges = [("▁", "g"), ("▁g", "a"), ("▁ga", "t")]
    inner = HFTokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=merges, byte_fallback=True))
    inner.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    inner.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    inner.add_special_tokens(["</s>"])
    tiny_llama(tmp_path, tokenizer, eos_token_id=256, vocab_size=len(names))
    inner.save(str(tmp_path / "tokenizer.json"))
    _, loaded = load_pretrained(tmp_path)
    for text in ("a gate", " gate  gate ", "  ", "▁ 😀\x00", CONTROL, TEXT):
        assert loaded.decode(loaded.encode(text)) == text
    assert loaded.encode("the gate") == inner.encode("the gate", add_special_tokens=False).ids[1:]  # less the space


def gguf_of(folder, tokenizer, rope=None):
    """A small GGUF file of our own writing."""
    torch.manual_seed(0)
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size, block_size=64, n_layer=2, n_embd=32, n_kv_head=2, rope_scaling=rope
    )
    save_model(folder / "run", build_model(config), tokenizer)
    export_gguf(folder / "run", folder / "model.gguf")
    return folder / "model.gguf"


def test_a_damaged_gguf_is_refused_wherever_it_is_cut_or_bent(tmp_path, tokenizer):
    path = gguf_of(tmp_path, tokenizer)
    whole = path.read_bytes()
    for size in [*range(0, 400, 37), *range(400, len(whole) - 32, len(whole) // 40)]:
        path.write_bytes(whole[:size])
        with pytest.raises(UserError):
            load_pretrained(path)
    for place in range(0, 3000, 13):
        path.write_bytes(whole[:place] + b"\xff" * 4 + whole[place + 4 :])
        with suppress(UserError):  # a bent name or note may do no harm
            load_pretrained(path)


def test_other_ggufs_are_refused(tmp_path, tokenizer):
    path = gguf_of(tmp_path, tokenizer)
    whole = path.read_bytes()
    for old, new, reason in (
        (b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0gemma", "'gemma'"),
        (b"gpt-2", b"qwen2", "qwen2"),
        (b"blk.0.attn_q.weight", b"blk.0.attn_q.wright", "attn_q.wright"),
        (b"tokenizer.ggml.merges", b"tokenizer.ggml.merged", "merges"),
        (b"llama.rope.dimension_count\x04\0\0\0\x08", b"llama.rope.dimension_count\x04\0\0\0\x04", "as wide"),
    ):
        assert whole.count(old) == 1
        path.write_bytes(whole.replace(old, new))
        refuses(path, reason)
    refuses(tmp_path / "absent.gguf", "no model")


@pytest.mark.parametrize(
    "head_dim, theta", [(64, 500_000.0), (128, 500_000.0), (16, 10_000.0), (8, 10_000.0), (4, 1e4)]
)
@pytest.mark.parametrize(
    "rule", [RopeScaling(32.0, 1.0, 4.0, 8192), RopeScaling(8.0, 1.0, 4.0, 32), RopeScaling(2.0, 3.0, 90.0, 64)]
)
def test_the_stretching_comes_back_out_of_gguf(tmp_path, tokenizer, head_dim, theta, rule):
    from vibejam.gguf_model import read_gguf, write_gguf

    shape = {"vocab_size": tokenizer.vocab_size, "block_size": 64, "n_layer": 1, "n_head": 2, "n_embd": 2 * head_dim}
    config = ModelConfig(**shape, rope_theta=theta, rope_scaling=rule)
    write_gguf(tmp_path / "m.gguf", build_model(config), tokenizer)
    read = read_gguf(tmp_path / "m.gguf")[0].config
    assert len(frequencies(read)) == head_dim // 2
    for ours, theirs in zip(rotary_tables(read), rotary_tables(config), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_smollm2_writes_what_it_writes_in_transformers(smollm2_gguf):  # noqa: F811
    ours, tokenizer = load_pretrained(smollm2_gguf)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        smollm2_gguf.parent, gguf_file=smollm2_gguf.name, dtype=torch.float32
    ).eval()
    ids = chat_prompt(
        tokenizer, [{"role": "user", "content": "Tell my landlord, politely, that the boiler is broken."}]
    )
    with torch.no_grad():
        difference = (ours(torch.tensor([ids]))[0] - theirs(torch.tensor([ids])).logits).abs().max()
        assert difference < 1e-3
        settings = {"max_new_tokens": 64, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
        expected = theirs.generate(torch.tensor([ids]), **settings)[0, len(ids) :].tolist()
    assert list(stream_ids(ours, ids, SampleConfig(max_new_tokens=64, temperature=0))) == expected


def test_smollm2s_tokenizer_is_the_published_one_byte_for_byte(smollm2):  # noqa: F811
    """But for the ids that stand in for missing bytes, and for how merges are spelt, ours has its SHA-256."""
    _, tokenizer = load_base("smollm2-135m")
    settings = json.loads(tokenizer.to_json())
    names = {i: token for token, i in settings["model"]["vocab"].items()}
    stand_ins = {i: name for i, name in zip(range(9, 17), NOTEBOOK_TOKENS, strict=True) if names[i] != name}
    assert len(stand_ins) == 8 and all(len(names[i]) == 1 for i in stand_ins)
    settings["model"]["vocab"] = {name: i for i, name in sorted((names | stand_ins).items())}
    for i, name in stand_ins.items():
        settings["added_tokens"].append(settings["added_tokens"][0] | {"id": i, "content": name})
    settings["model"]["merges"] = [" ".join(merge) for merge in settings["model"]["merges"]]
    text = json.dumps(settings, ensure_ascii=False, indent=2)
    assert hashlib.sha256(text.encode()).hexdigest() == BASES["smollm2-135m"].hub_files["tokenizer.json"]
    assert tokenizer.doc_end_token == "<|endoftext|>" and tokenizer.kind == "pretrained"


def test_smollm2_reads_a_megabyte_of_mixed_text_as_the_slow_reference_does(smollm2_gguf, shared_corpora):  # noqa: F811
    _, tokenizer = load_pretrained(smollm2_gguf)
    files = [path for path in sorted(shared_corpora.rglob("*")) if path.suffix in (".txt", ".md", ".jsonl", ".py")]
    share = 1_100_000 // len(files) + 1
    mixed = "".join(path.read_text(encoding="utf-8", errors="replace")[:share] for path in files)
    if len(mixed) < 1_000_000:
        mixed += (shared_corpora / "tinyshakespeare" / "input.txt").read_text()[: 1_000_000 - len(mixed)]
    assert len(mixed) >= 1_000_000
    mixed = mixed.translate(dict.fromkeys((0x4, 0x6, 0x13, 0x14, 0x16, 0x1D)))  # the published tokenizer loses these
    assert tokenizer.encode(mixed) == slow_encode(smollm2_gguf, mixed)


def slow_encode(path, text: str) -> list[int]:
    """Byte-pair encoding written out, by the file's own lists: lone digits, GPT-2's words, the earliest merge first."""
    regex = pytest.importorskip("regex", reason="NOT RUN: regex, for the slow reference, is not installed")
    from functools import cache

    from gguf import GGUFReader

    fields = GGUFReader(path).fields
    ids = {token: i for i, token in enumerate(fields["tokenizer.ggml.tokens"].contents())}
    ranks = {tuple(m.split(" ")): i for i, m in enumerate(fields["tokenizer.ggml.merges"].contents())}
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letter = {byte: chr(byte) for byte in printable}
    letter |= {byte: chr(256 + n) for n, byte in enumerate(sorted(set(range(256)) - set(printable)))}

    @cache
    def word_ids(word: str) -> list[int]:
        parts = [letter[byte] for byte in word.encode()]
        while True:
            found = [(ranks[pair], i) for i, pair in enumerate(zip(parts, parts[1:], strict=False)) if pair in ranks]
            if not found:
                return [ids[part] for part in parts]
            _, i = min(found)
            parts[i : i + 2] = [parts[i] + parts[i + 1]]

    words = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
    pieces = (piece for piece in regex.split(r"(\p{N})", text) if piece)
    return [i for piece in pieces for word in words.findall(piece) for i in word_ids(word)]


def test_smollm2_gives_every_nasty_file_back(smollm2, shared_corpora):  # noqa: F811
    _, tokenizer = load_base("smollm2-135m")
    files = [path for path in sorted((shared_corpora / "nasty").rglob("*")) if path.is_file()]
    assert len(files) > 40
    assert tokenizer.decode(tokenizer.encode(EVERY_CHARACTER)) == EVERY_CHARACTER
    added = set(tokenizer.inner.get_added_tokens_decoder())
    for path in files:
        for encoding in ("utf-8", "latin-1"):  # every byte as some character, sensible or not
            text = path.read_bytes().decode(encoding, "replace")
            ids = tokenizer.encode(text)
            assert tokenizer.decode(ids) == text, f"{path.name} as {encoding}"
            assert not added & set(ids), f"{path.name} reaches a control token"
    assert re.search(r"<\|im_start\|>|<\|endoftext\|>", (shared_corpora / "nasty" / "special-tokens.txt").read_text())
