"""A trained voice for other tools: a Hugging Face folder that `transformers` loads, or a GGUF file for llama.cpp.

Weights go out in fp32, whole; other tools can shrink them.  A text begins after a document's end there too, as in
training.  Left out: any text of the person's (the model card holds numbers only), what was counted beside the
network, for a Llama has no place for it, and models that are none.
"""

import os
import secrets
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer as HFTokenizer
from tokenizers import processors

from vibejam.checkpoint import load_config, load_model, read_json
from vibejam.config import ModelConfig, RopeScaling, SampleConfig
from vibejam.errors import UserError
from vibejam.fetch import BASES, NOTE
from vibejam.files import write_atomically, write_json, write_text
from vibejam.gguf_model import write_gguf
from vibejam.llama import is_linear, llama_names
from vibejam.model import GPTModel
from vibejam.tokenizer import Tokenizer


def export_hf(checkpoint_folder: Path | str, out: Path | str) -> None:
    """Write the model in `checkpoint_folder` as the folder `out`: LlamaForCausalLM, tokenizer and model card.

    Raises UserError for a model that is no Llama, for an `out` that holds something, and for a full disk.
    """
    folder, out = Path(checkpoint_folder), Path(out).absolute()
    model, tokenizer = _load_llama(folder)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} already holds something; choose another folder or empty it.")
    temporary = out.with_name(f".{out.name[:40]}.{secrets.token_hex(4)}.tmp")  # a folder cut short is never `out`
    try:
        temporary.mkdir(parents=True)
        names = {ours: theirs for ours, theirs, _ in llama_names(model.config)}
        weights = {names[name]: parameter.detach() for name, parameter in model.named_parameters()}
        save_file(weights, temporary / "model.safetensors", metadata={"format": "pt"})  # transformers asks for "pt"
        write_json(temporary / "config.json", _hf_config(model.config, tokenizer))
        write_json(temporary / "generation_config.json", _generation_config(tokenizer))
        write_text(temporary / "tokenizer.json", _hf_tokenizer(tokenizer).to_str())
        write_json(temporary / "tokenizer_config.json", _tokenizer_config(model.config, tokenizer))
        write_text(temporary / "README.md", _model_card(folder, model))
        if out.exists():
            out.rmdir()
        os.replace(temporary, out)
    except OSError as error:
        raise UserError(
            f"Could not write {out} ({error.strerror or error}); free some space or choose a folder you may write to."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def export_gguf(checkpoint_folder: Path | str, out: Path | str) -> None:
    """Write the model in `checkpoint_folder` as the GGUF file `out`.

    Raises UserError for a model or tokenizer that GGUF has no form for, for an `out` that exists, and for a full disk.
    """
    folder, out = Path(checkpoint_folder), Path(out)
    model, tokenizer = _load_llama(folder)
    if out.exists():
        raise UserError(f"{out} exists already; choose another name or delete it.")
    write_atomically(out, lambda temporary: write_gguf(temporary, model, tokenizer))


def left_behind(checkpoint_folder: Path | str) -> str:
    """What of the voice in `checkpoint_folder` no other program will hear, in a sentence; "" where it is all there."""
    if not load_config(Path(checkpoint_folder))[0].counted:
        return ""
    return "What was counted in your writing stays here, so other programs will predict it a little worse."


def _load_llama(folder: Path) -> tuple[GPTModel, Tokenizer]:
    config, _ = load_config(folder)
    if config.arch != "transformer":
        raise UserError(
            f"The model in {folder} can't be exported: a {config.arch} is no Llama, and other tools could not run it; "
            "export a transformer."
        )
    model, tokenizer = load_model(folder, dtype=torch.float32)
    assert isinstance(model, GPTModel)
    return model, tokenizer


def _hf_config(config: ModelConfig, tokenizer: Tokenizer) -> dict[str, object]:
    """LlamaConfig's settings, in the spelling that every version of transformers reads."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab_size,
        "hidden_size": config.n_embd,
        "intermediate_size": config.hidden,
        "num_hidden_layers": config.n_layer,
        "num_attention_heads": config.n_head,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "max_position_embeddings": config.block_size,
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,
        "rope_scaling": _hf_rope_scaling(config.rope_scaling),
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": config.tie_embeddings,
        "bos_token_id": tokenizer.doc_end,
        "eos_token_id": tokenizer.doc_end,
        "torch_dtype": "float32",
    }


def _hf_rope_scaling(scaling: RopeScaling | None) -> dict[str, object] | None:
    if scaling is None:
        return None
    if is_linear(scaling):
        return {"rope_type": "linear", "factor": scaling.factor}
    return {
        "rope_type": "llama3",
        "factor": scaling.factor,
        "low_freq_factor": scaling.low_freq_factor,
        "high_freq_factor": scaling.high_freq_factor,
        "original_max_position_embeddings": scaling.original_context,
    }


def _generation_config(tokenizer: Tokenizer) -> dict[str, object]:
    ours = SampleConfig()
    return {
        "bos_token_id": tokenizer.doc_end,
        "eos_token_id": tokenizer.doc_end,
        "do_sample": True,
        "temperature": ours.temperature,
        "top_p": ours.top_p,
    }


def _hf_tokenizer(tokenizer: Tokenizer) -> HFTokenizer:
    """The same tokenizer, which puts a document's end before a text unless it is told not to."""
    copy, end = HFTokenizer.from_str(tokenizer.to_json()), tokenizer.doc_end_token
    copy.post_processor = processors.TemplateProcessing(
        single=f"{end} $A", pair=f"{end} $A {end} $B", special_tokens=[(end, tokenizer.doc_end)]
    )
    return copy


def _tokenizer_config(config: ModelConfig, tokenizer: Tokenizer) -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": tokenizer.doc_end_token,
        "eos_token": tokenizer.doc_end_token,
        "model_max_length": config.block_size,
        "clean_up_tokenization_spaces": False,
    }


def _model_card(folder: Path, model: GPTModel) -> str:
    """What the model is and what it was measured at, in numbers; not a word of the writing it learnt from."""
    run = read_json(folder / "run.json") if (folder / "run.json").is_file() else {}
    note = read_json(folder / NOTE) if (folder / NOTE).is_file() else {}
    text, figures = _numbers(run.get("text")), _numbers(run.get("figures"))
    base = BASES.get(str(note.get("name", run.get("base", "none"))))
    rows = [("Base", f"{base.title} ({base.repository} on the Hugging Face hub, {base.licence})" if base else "none")]
    if text:
        rows.append(("Learnt from", f"{text.get('documents', 0):,} documents, {text.get('words', 0):,} words"))
        rows.append(("Held out", f"{text.get('val_characters', 0):,} characters, as whole documents"))
    if "val_bits_per_byte" in figures:
        beside = ", in vibejam, which counts n-grams beside it" if model.counted is not None else ""
        rows.append((f"Bits per byte on all of the held-out text{beside}", f"{figures['val_bits_per_byte']:.3f}"))
    if "iters" in figures:
        rows.append(("Training", f"{figures['iters']:,} steps, {figures.get('seconds', 0):,.0f} seconds"))
    config = model.config
    shape = f"{config.n_layer} blocks of width {config.n_embd}, a context of {config.block_size:,} tokens"
    rows.append(("Size", f"{model.parameter_count():,} parameters: {shape}"))
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    front = f"base_model: {base.repository}\n" if base else ""
    return CARD.format(front=front, table=table)


def _numbers(value: object) -> dict[str, float]:
    """Only what is a number: nothing of the person's can hide in one."""
    entries = value.items() if isinstance(value, dict) else ()
    return {key: n for key, n in entries if isinstance(n, int | float) and not isinstance(n, bool)}


CARD = """---
library_name: transformers
pipeline_tag: text-generation
{front}tags:
- vibejam
---
# A voice made with vibejam

This model writes the way one person writes. It is a Llama in plain `transformers` form:

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer, model = AutoTokenizer.from_pretrained("."), AutoModelForCausalLM.from_pretrained(".")
ids = model.generate(**tokenizer("I think ", return_tensors="pt"), max_new_tokens=100)
print(tokenizer.decode(ids[0], skip_special_tokens=True))
```

| | |
|---|---|
{table}

None of the writing is in this folder. The weights, and a vocabulary that is not the base's, learnt from it all the
same and can repeat parts of it, so pass them on as you would pass on the writing.
"""
