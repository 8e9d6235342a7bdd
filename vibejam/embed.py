"""Meaning as a vector: all-MiniLM-L6-v2, a small BERT encoder, in plain torch.

A text is the mean of its last hidden states, of unit length; two that say the same point the same way
(https://arxiv.org/abs/1908.10084).  What it does not see: a dropped "not", a number changed, more turned into less.

Read from the folder that `vibejam fetch-base minilm` filled; nothing is downloaded here.  Left out: training it, other encoders.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from vibejam.checkpoint import read_json
from vibejam.errors import UserError
from vibejam.fetch import base_path

LONGEST = 256  # tokens of a text that are read, as in the model's training
TOKENS_AT_ONCE = 4096


def load_embedder() -> "Embedder | None":
    """The encoder where it was fetched, else None.  Raises UserError where it is damaged."""
    folder = base_path("minilm")
    return Embedder(folder) if folder else None


class Embedder:
    """Texts to vectors, on the CPU.  Raises UserError where `folder` does not hold the encoder whole."""

    def __init__(self, folder: Path) -> None:
        try:
            self.folder = folder
            config = read_json(folder / "config.json")
            self._layers, self._heads = config["num_hidden_layers"], config["num_attention_heads"]
            self._width, self._eps = config["hidden_size"], config["layer_norm_eps"]
            self._weights = load_file(folder / "model.safetensors")
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(LONGEST)
            self.embed(["whole?"])
        except Exception as error:  # files, weights, shapes; the tokenizer's library raises bare Exception
            raise UserError(f"MiniLM in {folder} is damaged; get it again with `vibejam fetch-base minilm`.") from error

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> Tensor:
        """One vector of unit length a text (n, 384); beyond 256 tokens a text is not read."""
        plain = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(plain)]
        vectors = torch.zeros(len(texts), self._width)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        while order:  # the longest first, as many as fit beside them
            rows = order[-max(1, TOKENS_AT_ONCE // len(ids[order[-1]])) :]
            del order[-len(rows) :]
            vectors[rows] = self._encode([ids[row] for row in rows])
        return vectors

    def _encode(self, rows: list[list[int]]) -> Tensor:
        """(B, width) from B rows of ids."""
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])  # (B, T)
        real = torch.tensor([[i < len(row) for i in range(width)] for row in rows])  # (B, T)
        x = self._weights["embeddings.word_embeddings.weight"][ids]  # (B, T, C)
        x = x + self._weights["embeddings.position_embeddings.weight"][:width]
        x = x + self._weights["embeddings.token_type_embeddings.weight"][0]
        x = self._norm(x, "embeddings.LayerNorm")
        for layer in range(self._layers):
            name = f"encoder.layer.{layer}"
            x = self._norm(x + self._attend(x, real, f"{name}.attention"), f"{name}.attention.output.LayerNorm")
            wide = F.gelu(self._linear(x, f"{name}.intermediate.dense"))  # (B, T, 4C)
            x = self._norm(x + self._linear(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm")
        summed = (x * real[:, :, None]).sum(1)  # (B, C); the mean's divisor goes with the length
        return F.normalize(summed, dim=1)

    def _attend(self, x: Tensor, real: Tensor, name: str) -> Tensor:
        B, T, C = x.shape
        q, k, v = (
            self._linear(x, f"{name}.self.{part}").view(B, T, self._heads, C // self._heads).transpose(1, 2)  # (B, H, T, C/H)
            for part in ("query", "key", "value")
        )
        scores = (q @ k.transpose(2, 3) / math.sqrt(C // self._heads)).masked_fill(~real[:, None, None], -torch.inf)
        mixed = scores.softmax(-1) @ v  # (B, H, T, C/H)
        return self._linear(mixed.transpose(1, 2).reshape(B, T, C), f"{name}.output.dense")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (self._width,), self._weights[f"{name}.weight"], self._weights[f"{name}.bias"], self._eps)
