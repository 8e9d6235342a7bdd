"""What reading and writing Llama-family weights have in common: its parts' names elsewhere, the checks on the way in.

Left out: the formats themselves (pretrained.py, gguf_model.py, export.py).
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import AddedToken, decoders, pre_tokenizers
from tokenizers import Tokenizer as HFTokenizer
from torch import Tensor

from vibejam.config import ModelConfig, RopeScaling
from vibejam.errors import UserError
from vibejam.model import GPTModel, unfilled_model
from vibejam.tokenizer import DOC_END, Tokenizer

# Where Llama's parts go by other names: ours, Hugging Face's, GGUF's.
OUTER = (
    ("embed.weight", "model.embed_tokens.weight", "token_embd.weight"),
    ("norm.weight", "model.norm.weight", "output_norm.weight"),
    ("head.weight", "lm_head.weight", "output.weight"),
)
INNER = (
    ("attention_norm.weight", "input_layernorm.weight", "attn_norm.weight"),
    ("attention.query.weight", "self_attn.q_proj.weight", "attn_q.weight"),
    ("attention.key.weight", "self_attn.k_proj.weight", "attn_k.weight"),
    ("attention.value.weight", "self_attn.v_proj.weight", "attn_v.weight"),
    ("attention.out.weight", "self_attn.o_proj.weight", "attn_output.weight"),
    ("feed_forward_norm.weight", "post_attention_layernorm.weight", "ffn_norm.weight"),
    ("feed_forward.gate.weight", "mlp.gate_proj.weight", "ffn_gate.weight"),
    ("feed_forward.up.weight", "mlp.up_proj.weight", "ffn_up.weight"),
    ("feed_forward.down.weight", "mlp.down_proj.weight", "ffn_down.weight"),
)
ALWAYS_STRETCHED = 1e30  # a low_freq_factor that no wave passes: Llama 3.1's rule is then plain linear stretching
SPACE, SPACE_ITSELF = "▁", "<U+2581>"  # how a SentencePiece vocabulary writes a space, and that sign where we meet it
TURN_START, TURN_END = TURNS = "<|im_start|>", "<|im_end|>"  # ChatML's
NOT_IN_UTF8 = {chr(byte) for byte in (0xC0, 0xC1, *range(0xF5, 0x100))}  # byte-level names of bytes that no text has
ENDS = (DOC_END, "<|endoftext|>", "<|end_of_text|>")  # an instruct model's eos ends a turn; these end a document
PROBE = "  Größe\t1234 —\r\n\n🙂 x=<|endoftext|>\u200d "  # what a tokenizer has to give back unchanged


def llama_names(config: ModelConfig) -> list[tuple[str, str, str]]:
    """Each parameter of a GPTModel by its three names: ours, Hugging Face's, GGUF's."""
    outer = OUTER[:2] if config.tie_embeddings else OUTER
    inner = [
        (f"blocks.{i}.{ours}", f"model.layers.{i}.{theirs}", f"blk.{i}.{gguf}")
        for i in range(config.n_layer)
        for ours, theirs, gguf in INNER
    ]
    return [*outer, *inner]


def linear_scaling(factor: float) -> RopeScaling:
    """Every rotary frequency divided by `factor`, as an instance of Llama 3.1's rule."""
    return RopeScaling(factor, ALWAYS_STRETCHED, 2 * ALWAYS_STRETCHED)


def is_linear(scaling: RopeScaling) -> bool:
    return scaling.low_freq_factor >= ALWAYS_STRETCHED


def frequencies(config: ModelConfig) -> Tensor:
    """The rotary frequencies (D/2,) before any stretching."""
    D = config.head_dim
    return config.rope_theta ** -(torch.arange(0, D, 2, dtype=torch.float64) / D)


def fill(path: Path, config: ModelConfig, weights: Mapping[str, Tensor]) -> GPTModel:
    """A model of `config` with `weights`, by our names.  Raises UserError where one is missing or makes no sense."""
    try:
        model = unfilled_model(config)
    except (RuntimeError, TypeError) as error:  # more memory than there is, or half a layer
        raise damaged(path, "it names impossible sizes") from error
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name not in weights:
                raise damaged(path, f"the weights called {name} here are missing")
            if weights[name].shape != parameter.shape:
                raise damaged(path, f"the weights called {name} here do not have the shape that its settings name")
            if not bool(torch.stack(weights[name].aminmax()).isfinite().all()):
                raise damaged(path, "some weights are not numbers")
            parameter.copy_(weights[name])
    return model


def spelt(piece: str) -> str:
    """A piece of a SentencePiece vocabulary with its spaces as spaces."""
    return SPACE if piece == SPACE_ITSELF else piece.replace(SPACE, " ")


def finished_tokenizer(path: Path, inner: HFTokenizer, eos: str | None, vocab_size: int) -> Tokenizer:
    """`inner` as ours: lossless, whole texts only, its control tokens out of reach of typed text.

    `eos` ends a document where the vocabulary has no token made for that.  Raises UserError for one that can't be used.
    """
    inner = with_every_byte(inner, eos, vocab_size)
    inner.no_truncation()
    inner.no_padding()
    added = [t for t in inner.get_added_tokens_decoder().values() if not t.special]
    control = [t.content for t in added if re.fullmatch(r"<\S+>|\[\S+\]", t.content)]
    inner.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    end = next((token for token in ENDS if inner.token_to_id(token) is not None), eos)
    if end is None:
        raise not_a_llama(path, "its tokenizer has no token that ends a text")
    try:
        tokenizer = Tokenizer(inner, end)
    except ValueError as error:
        raise not_a_llama(path, "its tokenizer is neither byte-level nor SentencePiece's") from error
    if tokenizer.vocab_size > vocab_size:
        raise damaged(path, "its tokenizer knows more tokens than the model")
    if tokenizer.decode(tokenizer.encode(PROBE)) != PROBE:
        raise not_a_llama(path, "its tokenizer does not give a text back as it was")
    return tokenizer


def with_every_byte(inner: HFTokenizer, eos: str | None, vocab_size: int) -> HFTokenizer:
    """A byte-level tokenizer that drops no character: ids that no text uses stand in for bytes its vocabulary lacks.

    SmolLM2's lacks eight (six control characters, two that begin unassigned planes), and has control tokens for
    notebooks and code hosts that nobody here will ever write.  The ids of all other text stay, and so does the model.
    """
    if not isinstance(inner.decoder, decoders.ByteLevel):
        return inner
    lacking = sorted(set(pre_tokenizers.ByteLevel.alphabet()) - NOT_IN_UTF8 - inner.get_vocab().keys())
    control = {token.content: i for i, token in inner.get_added_tokens_decoder().items() if token.special}
    spare = [i for token, i in control.items() if token not in {*ENDS, *TURNS, eos}]
    spare = sorted(spare) + list(range(inner.get_vocab_size(), vocab_size))
    taken = dict(zip(lacking, reversed(spare), strict=False))
    settings = json.loads(inner.to_str())
    vocab = {token: i for token, i in settings["model"]["vocab"].items() if i not in taken.values()} | taken
    settings["model"]["vocab"] = dict(sorted(vocab.items(), key=lambda entry: entry[1]))
    settings["added_tokens"] = [token for token in settings["added_tokens"] if token["id"] not in taken.values()]
    return HFTokenizer.from_str(json.dumps(settings)) if taken else inner


def damaged(path: Path, what: str) -> UserError:
    return UserError(f"The model in {path} is damaged: {what}; download it again.")


def not_a_llama(path: Path, what: str) -> UserError:
    return UserError(f"vibejam can't use the model in {path}: {what}; choose a Llama-family model such as SmolLM2.")
