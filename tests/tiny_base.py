"""A base model in miniature, laid where the real one would lie: random weights, the real shape of things, no download."""

import torch
from tokenizers import AddedToken
from writing import essay

from vibejam.checkpoint import save_model
from vibejam.fetch import NOTE
from vibejam.files import write_json
from vibejam.model import BaseLM, build_model
from vibejam.tokenizer import BPETokenizer, Tokenizer
from vibejam.workspace import home

CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def tiny_base() -> tuple[BaseLM, Tokenizer]:
    """A tiny Llama with ChatML's tokens."""
    inner = BPETokenizer.train([essay(n) for n in range(4)], 400).inner
    inner.add_special_tokens([AddedToken(token, special=True) for token in CONTROL])
    tokenizer = Tokenizer(inner, doc_end=CONTROL[0])
    torch.manual_seed(0)
    model = build_model(
        vocab_size=tokenizer.vocab_size, block_size=512, n_layer=2, n_head=4, n_kv_head=2, n_embd=32, n_hidden=64
    )
    return model, tokenizer


def lay_tiny_base() -> None:
    """Put it into this test's home, under SmolLM2's name."""
    model, tokenizer = tiny_base()
    folder = home() / "checkpoints" / "base" / "smollm2-135m"
    save_model(folder, model.bfloat16(), tokenizer)
    write_json(folder / NOTE, {"format": 1, "sha256": "0" * 64, "bytes": 1})
