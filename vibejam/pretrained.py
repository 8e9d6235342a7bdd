"""Llama-family weights into a `GPTModel`: a Hugging Face folder here, a GGUF file in gguf_model.py.

Sizes and rotary settings are read from the files and checked against the weights' own shapes; nothing is assumed,
nothing is unpickled, and what is not a Llama is refused in a sentence.  Left out: getting the files (fetch.py), the way
back (export.py), biases, sliding windows, experts, and weights that were quantised for some other library.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer as HFTokenizer

from vibejam.checkpoint import read_json
from vibejam.config import MAX_CONTEXT, ModelConfig, RopeScaling
from vibejam.errors import UserError
from vibejam.gguf_model import read_gguf
from vibejam.llama import (
    TURN_END,
    TURN_START,
    damaged,
    fill,
    finished_tokenizer,
    linear_scaling,
    llama_names,
    not_a_llama,
    spelt,
)
from vibejam.model import GPTModel
from vibejam.tokenizer import Tokenizer


def load_pretrained(path: Path | str) -> tuple[GPTModel, Tokenizer]:
    """The model, in fp32, and the tokenizer in a Hugging Face folder or a .gguf file.

    Raises UserError for what is missing, damaged, or not of the Llama family.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path)
    if path.suffix.lower() == ".gguf" and path.is_file():
        return read_gguf(path)
    raise UserError(f"There is no model in {path}; give a Hugging Face folder or a .gguf file.")


def chat_prompt(tokenizer: Tokenizer, messages: Sequence[Mapping[str, str]]) -> list[int]:
    """Messages of `role` and `content` to the ids of a ChatML prompt that the assistant answers.

    Only this function places the control tokens: the words of a message are ordinary text whatever they spell.
    The answer ends at the id of TURN_END.  Raises ValueError for a tokenizer without ChatML's tokens.
    """
    start, end = (tokenizer.inner.token_to_id(token) for token in (TURN_START, TURN_END))
    if start is None or end is None:
        raise ValueError(f"this tokenizer has no {TURN_START} and {TURN_END}")
    ids: list[int] = []
    for message in messages:
        text = f"{message['role']}\n{message['content']}"
        ids += [start, *tokenizer.encode(text), end, *tokenizer.encode("\n")]
    return [*ids, start, *tokenizer.encode("assistant\n")]


def _read_folder(folder: Path) -> tuple[GPTModel, Tokenizer]:
    if not (folder / "config.json").is_file():
        raise UserError(f"There is no model in {folder}: no config.json; give a Hugging Face folder or a .gguf file.")
    settings = read_json(folder / "config.json")
    config = _model_config(folder, settings)
    with ExitStack() as stack:
        files = _tensor_files(folder, stack)
        names = {theirs: ours for ours, theirs, _ in llama_names(config)}
        spare = {"lm_head.weight", *(name for name in files if name.endswith("rotary_emb.inv_freq"))}
        unknown = sorted(files.keys() - names.keys() - spare)
        if unknown:
            raise not_a_llama(folder, f"it has weights that a Llama lacks, {unknown[0]}")
        try:
            weights = {ours: files[theirs].get_tensor(theirs) for theirs, ours in names.items() if theirs in files}
        except (SafetensorError, OSError) as error:
            raise damaged(folder, "its weights can't be read") from error
        if any(t.dtype not in (torch.float32, torch.float16, torch.bfloat16) for t in weights.values()):
            raise not_a_llama(folder, "its weights are quantised; take the version in bfloat16")
        return fill(folder, config, weights), _folder_tokenizer(folder, settings, config.vocab_size)


def _model_config(folder: Path, settings: Mapping[str, object]) -> ModelConfig:
    """The shape that a config.json names."""
    if settings.get("model_type") != "llama":
        raise not_a_llama(folder, f"its config.json says model_type {settings.get('model_type')!r}, not 'llama'")
    if settings.get("quantization_config"):
        raise not_a_llama(folder, "its weights are quantised; take the version in bfloat16")
    if settings.get("attention_bias") or settings.get("mlp_bias") or settings.get("hidden_act", "silu") != "silu":
        raise not_a_llama(folder, "it has biases or another activation than SwiGLU's")
    try:
        heads = settings["num_attention_heads"]
        rope = settings.get("rope_parameters") or settings.get("rope_scaling") or {}
        config = ModelConfig(
            vocab_size=settings["vocab_size"],
            block_size=min(settings.get("max_position_embeddings", 2048), MAX_CONTEXT),  # defaults are LlamaConfig's
            n_layer=settings["num_hidden_layers"],
            n_head=heads,
            n_embd=settings["hidden_size"],
            n_kv_head=settings.get("num_key_value_heads") or heads,
            n_hidden=settings["intermediate_size"],
            norm_eps=settings.get("rms_norm_eps", 1e-6),
            rope_theta=float(rope.get("rope_theta", settings.get("rope_theta", 10_000.0))),
            rope_scaling=_rope_scaling(folder, rope),
            tie_embeddings=bool(settings.get("tie_word_embeddings", False)),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise damaged(folder, f"its config.json can't be read ({type(error).__name__}: {error})") from error
    if (settings.get("head_dim") or config.head_dim) != config.head_dim:
        raise not_a_llama(folder, "its heads together are not as wide as the model")
    return config


def _rope_scaling(folder: Path, rope: Mapping[str, object]) -> RopeScaling | None:
    kind = rope.get("rope_type", rope.get("type", "default"))
    if rope.get("partial_rotary_factor", 1.0) != 1.0 or kind not in ("default", "linear", "llama3"):
        raise not_a_llama(folder, f"its rotary positions are stretched by a rule it does not know, {kind!r}")
    if kind == "default":
        return None
    if kind == "linear":
        return linear_scaling(float(rope["factor"]))
    return RopeScaling(
        float(rope["factor"]),
        float(rope["low_freq_factor"]),
        float(rope["high_freq_factor"]),
        rope["original_max_position_embeddings"],
    )


def _tensor_files(folder: Path, stack: ExitStack) -> dict[str, safe_open]:
    """The open file that holds each tensor, one file or many shards."""
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        shards = ["model.safetensors"]
    elif index.is_file():
        shards = _shards(folder, read_json(index).get("weight_map"))
    elif any(folder.glob("*.bin")):
        raise UserError(f"{folder} holds pickled weights, which vibejam never opens; take the safetensors version.")
    else:
        raise UserError(f"{folder} has a config.json but no model.safetensors; download the weights too.")
    files: dict[str, safe_open] = {}
    for shard in shards:
        try:
            file = stack.enter_context(safe_open(folder / shard, framework="pt"))
        except (SafetensorError, OSError) as error:
            raise damaged(folder, f"{shard} is missing or can't be read") from error
        files |= dict.fromkeys(file.keys(), file)
    return files


def _shards(folder: Path, weight_map: object) -> list[str]:
    """The file names in an index, none of which may lead out of the folder."""
    names = set(weight_map.values()) if isinstance(weight_map, dict) else set()
    if not names or any(not isinstance(n, str) or not re.fullmatch(r"[\w.-]+\.safetensors", n) for n in names):
        raise damaged(folder, "model.safetensors.index.json does not name its files")
    return sorted(names)


def _folder_tokenizer(folder: Path, settings: Mapping[str, object], vocab_size: int) -> Tokenizer:
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise UserError(f"{folder} has no tokenizer.json; download it too (a tokenizer.model alone can't be read).")
    try:
        inner = HFTokenizer.from_str(json.dumps(_with_spaces(read_json(path))))
    except Exception as error:  # the library raises bare Exception
        raise damaged(folder, "tokenizer.json can't be read") from error
    eos = settings.get("eos_token_id")
    eos = eos[0] if isinstance(eos, list) and eos else eos
    end = inner.id_to_token(eos) if isinstance(eos, int) and eos >= 0 else None
    return finished_tokenizer(folder, inner, end, vocab_size)


def _with_spaces(tokenizer: dict) -> dict:
    """A tokenizer.json of Llama 2's kind with its spaces as spaces, and no space before a text that would stay there.

    Others come back as they were.
    """
    model, escapes = tokenizer["model"], json.dumps([tokenizer.get("normalizer"), tokenizer.get("pre_tokenizer")])
    kinds = set(re.findall(r'"type": "(\w+)"', escapes))
    if not (model.get("byte_fallback") and kinds and kinds <= {"Sequence", "Prepend", "Replace", "Metaspace"}):
        return tokenizer
    merges = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    model |= {
        "vocab": {spelt(piece): i for piece, i in model["vocab"].items()},
        "merges": [[spelt(left), spelt(right)] for left, right in merges],
    }
    letters = {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]}
    return tokenizer | {"model": model, "normalizer": None, "pre_tokenizer": None, "decoder": letters}
