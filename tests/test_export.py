"""A voice that leaves is the same voice elsewhere, logits and tokens; its card holds no word of the person's."""

import json
import os

import pytest
import torch
import yaml
from base_models import smollm2, smollm2_gguf, smollm2_home  # noqa: F401  (fixtures)

from vibejam.checkpoint import load_model, save_model
from vibejam.config import ModelConfig, RopeScaling, SampleConfig
from vibejam.errors import UserError
from vibejam.export import export_gguf, export_hf
from vibejam.files import write_json
from vibejam.llama import linear_scaling
from vibejam.model import ARCHITECTURES, build_model
from vibejam.pretrained import load_pretrained
from vibejam.sample import stream_ids
from vibejam.tokenizer import BPETokenizer, CharTokenizer

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # transformers reads folders here and asks nobody

WRITING = "My neighbour Aled says “a place for everything”. I say fine — 1234 times.\n\tÉté ▁ 🙂 naïve\r\n" * 60
TYPED = "Aled says <|doc_end|> in 2024,  and … 🙃 日本 \u0301 ▁x\n"  # with a control token typed and signs never learnt
GREEDY = SampleConfig(max_new_tokens=64, temperature=0)
ROPES = {"plain": None, "linear": linear_scaling(2.0), "llama3": RopeScaling(8.0, 1.0, 4.0, 64)}


@pytest.fixture(scope="module")
def tokenizers():
    return {"char": CharTokenizer.train([WRITING]), "bpe": BPETokenizer.train([WRITING], 330)}


@pytest.fixture(params=[("char", "plain"), ("char", "llama3"), ("bpe", "linear"), ("bpe", "llama3")], ids="-".join)
def run(request, tmp_path, tokenizers):
    """A run's folder, its model far enough from zero for its logits to differ."""
    kind, rope = request.param
    torch.manual_seed(1)
    config = ModelConfig(
        vocab_size=tokenizers[kind].vocab_size + (3 if rope == "llama3" else 0),  # a table padded beyond the vocabulary
        block_size=256,
        n_layer=2,
        n_embd=64,
        n_kv_head=2,
        rope_scaling=ROPES[rope],
        tie_embeddings=kind == "char",
    )
    model = build_model(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(6.0 if parameter.dim() == 2 else 1.3)
    save_model(tmp_path / "run", model, tokenizers[kind])
    return tmp_path / "run"


def check_same_voice(run, loaded, its_tokenizer):
    model, tokenizer = load_model(run)
    ids = tokenizer.encode(TYPED * 2)
    assert its_tokenizer.encode(TYPED * 2) == ids and its_tokenizer.decode(ids) == TYPED * 2
    with torch.no_grad():
        expected, found = model(torch.tensor([ids]))[0], loaded(torch.tensor([ids]))[0]
    assert expected.std() > 0.3
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)
    assert list(stream_ids(loaded, ids, GREEDY)) == list(stream_ids(model, ids, GREEDY))


def test_both_forms_come_back_as_the_same_voice(run, tmp_path):
    export_hf(run, tmp_path / "voice")
    export_gguf(run, tmp_path / "voice.gguf")
    kind = load_model(run)[1].kind
    for path in (tmp_path / "voice", tmp_path / "voice.gguf"):
        model, tokenizer = load_pretrained(path)
        check_same_voice(run, model, tokenizer)
        assert tokenizer.kind == kind
    save_model(tmp_path / "again", *load_pretrained(tmp_path / "voice.gguf"))
    export_gguf(tmp_path / "again", tmp_path / "again.gguf")
    check_same_voice(run, *load_pretrained(tmp_path / "again.gguf"))


def test_transformers_loads_the_folder_as_it_is(run, tmp_path):
    transformers = pytest.importorskip("transformers", reason="NOT RUN: transformers, the reference, is not installed")
    export_hf(run, tmp_path / "voice")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "voice")
    assert type(theirs) is transformers.LlamaForCausalLM
    model, tokenizer = load_model(run)
    its_tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "voice")
    ids = its_tokenizer(WRITING[:600]).input_ids
    assert ids == [tokenizer.doc_end, *tokenizer.encode(WRITING[:600])]  # a text begins where a document ended
    assert its_tokenizer.decode(ids, skip_special_tokens=True) == WRITING[:600]
    assert its_tokenizer.eos_token_id == theirs.config.eos_token_id == tokenizer.doc_end
    prompt = torch.tensor([ids[:100]])
    assert prompt.numel() == 100
    with torch.no_grad():
        torch.testing.assert_close(theirs(prompt).logits, model(prompt)[0], atol=1e-3, rtol=0)
        settings = {"max_new_tokens": 64, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
        written = theirs.generate(prompt, attention_mask=torch.ones_like(prompt), **settings)[0, 100:].tolist()
    assert written == list(stream_ids(model, ids[:100], GREEDY))


def llama_cpp(path):
    """The file in llama.cpp, in full precision throughout."""
    reason = "NOT RUN: llama-cpp-python, which needs a compiler, is not installed, so llama.cpp did not run the export"
    package = pytest.importorskip("llama_cpp", reason=reason)
    return package.Llama(
        str(path), n_ctx=256, n_threads=1, logits_all=True, type_k=0, type_v=0, flash_attn=False, verbose=False
    )


def check_in_llama_cpp(path, model, tokenizer, text):
    theirs = llama_cpp(path)
    ids = [tokenizer.doc_end, *tokenizer.encode(text)]
    assert theirs.tokenize(text.encode(), add_bos=True, special=False) == ids
    assert theirs.detokenize(ids[1:]).decode() == text
    theirs.eval(ids)
    with torch.no_grad():
        expected = model(torch.tensor([ids]))[0][0]
    found = torch.from_numpy(theirs.scores[: len(ids)].copy())
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)
    written = []
    for _ in range(64):
        written.append(int(theirs.scores[theirs.n_tokens - 1].argmax()))
        theirs.eval(written[-1:])
    assert written == list(stream_ids(model, ids, GREEDY))


def test_llama_cpp_runs_the_file(run, tmp_path):
    export_gguf(run, tmp_path / "voice.gguf")
    model, tokenizer = load_model(run)
    check_in_llama_cpp(tmp_path / "voice.gguf", model, tokenizer, TYPED.replace("▁", "_") * 2)


def test_llama_cpp_runs_smollm2_out_of_an_export(smollm2, tmp_path):  # noqa: F811
    export_gguf(smollm2, tmp_path / "voice.gguf")
    model, tokenizer = load_model(smollm2, dtype=torch.float32)
    check_in_llama_cpp(tmp_path / "voice.gguf", model, tokenizer, "Dear Sir,\n\nIn 2024 the boiler <|im_end|> broke")


def test_smollm2_comes_back_out_of_transformers(smollm2, tmp_path):  # noqa: F811
    transformers = pytest.importorskip("transformers", reason="NOT RUN: transformers, the reference, is not installed")
    export_hf(smollm2, tmp_path / "voice")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "voice")
    model, tokenizer = load_model(smollm2, dtype=torch.float32)
    text = "Dear Sir,\n\nIn 2024 the boiler broke, and I’d like"
    ids = transformers.AutoTokenizer.from_pretrained(tmp_path / "voice")(text).input_ids
    assert ids == [tokenizer.doc_end, *tokenizer.encode(text)]
    with torch.no_grad():
        torch.testing.assert_close(theirs(torch.tensor([ids])).logits, model(torch.tensor([ids]))[0], atol=1e-3, rtol=0)
    card = (tmp_path / "voice" / "README.md").read_text(encoding="utf-8")
    assert yaml.safe_load(card.split("---\n")[1])["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert "apache-2.0" in card


def test_the_card_holds_numbers_and_no_word_of_the_persons(run, tmp_path):
    facts = {
        "name": "Letters to Aled",
        "base": "none",
        "text": {"documents": 12, "words": 34567, "val_characters": 8901, "sha256": "Aled", "title": "Dear Aled"},
        "figures": {
            "val_bits_per_byte": 1.2345,
            "iters": 900,
            "seconds": 61.7,
            "sample": "I think Aled",
            "val_loss": None,
        },
        "notes": ["Aled's letters were too short."],
        "settings": {"prompt": "Aled"},
    }
    write_json(run / "run.json", facts)
    export_hf(run, tmp_path / "voice")
    card = (tmp_path / "voice" / "README.md").read_text(encoding="utf-8")
    for figure in ("12 documents", "34,567 words", "8,901 characters", "1.234", "900 steps", "256 tokens"):
        assert figure in card
    assert yaml.safe_load(card.split("---\n")[1])["library_name"] == "transformers"
    for path in (tmp_path / "voice").iterdir():
        if path.name not in ("tokenizer.json", "model.safetensors"):
            assert "Aled" not in path.read_text(encoding="utf-8"), path.name
    assert {path.name for path in (tmp_path / "voice").iterdir()} == {
        "README.md",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


@pytest.mark.parametrize("arch", [name for name in ARCHITECTURES if name != "transformer"])
def test_what_is_no_llama_is_refused(run, tmp_path, arch):
    config = json.loads((run / "config.json").read_text())
    config["model"]["arch"] = arch
    (run / "config.json").write_text(json.dumps(config))
    for export, out in ((export_hf, tmp_path / "voice"), (export_gguf, tmp_path / "voice.gguf")):
        with pytest.raises(UserError, match=f"{arch} is no Llama"):
            export(run, out)
        with pytest.raises(UserError, match="no vibejam model"):
            export(tmp_path / "nothing", out)
        assert not out.exists()


def test_nothing_that_exists_is_written_over(run, tmp_path):
    (tmp_path / "voice").mkdir()
    export_hf(run, tmp_path / "voice")  # an empty folder is free
    (tmp_path / "file").write_text("mine")
    for export, out in ((export_hf, "voice"), (export_hf, "file"), (export_gguf, "file"), (export_gguf, "voice")):
        with pytest.raises(UserError, match="already"):
            export(run, tmp_path / out)
    for export in (export_hf, export_gguf):
        with pytest.raises(UserError, match="Could not write"):
            export(run, tmp_path / "file" / "below")
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir() if "tmp" in path.name) == []


def test_a_tokenizer_that_gguf_has_no_name_for_is_refused(tokenizers, tmp_path):
    settings = json.loads(tokenizers["bpe"].to_json())
    settings["pre_tokenizer"]["use_regex"] = False
    other = BPETokenizer.from_json(json.dumps(settings))
    save_model(tmp_path / "run", build_model(ModelConfig(other.vocab_size, 32, 1, 2, 32)), other)
    with pytest.raises(UserError, match="--format hf"):
        export_gguf(tmp_path / "run", tmp_path / "voice.gguf")
    assert not (tmp_path / "voice.gguf").exists()
    export_hf(tmp_path / "run", tmp_path / "voice")
