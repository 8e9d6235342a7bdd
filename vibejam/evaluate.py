"""How well a model predicts a text, in bits per byte: the one currency in which all models here compare.

Every token of the text is scored once.  With a stride below the context, each has at least `block_size - stride` tokens before it
(but at the start), which is what "scored with a stride" means (https://huggingface.co/docs/transformers/perplexity).
Tokens that mark a document's end are read but not scored: they are no bytes of the text.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.data import TokenDataset, byte_count, join
from vibejam.errors import UserError
from vibejam.model import BaseLM
from vibejam.tokenizer import Tokenizer

TOKENS_AT_ONCE = 8192  # tokens in one forward pass of a small model
WORK_OF_A_LOOK = 3 * 10**11  # parameters times tokens: ten seconds of a CPU core without bfloat16
LOGITS_AT_ONCE = 32_000_000  # and fewer where the vocabulary is large: 128 MB of logits in fp32


@dataclass(frozen=True)
class Score:
    """`nats` over `tokens` scored tokens, which are `bytes` bytes of UTF-8 text."""

    nats: float
    tokens: int
    bytes: int

    @property
    def loss(self) -> float:
        """Nats per token."""
        return self.nats / self.tokens

    @property
    def bits_per_byte(self) -> float:
        return self.nats / math.log(2) / self.bytes


def score_texts(model: BaseLM, tokenizer: Tokenizer, texts: Sequence[str]) -> Score:
    """Score all of `texts` with a stride of half the context.  Raises UserError where there is nothing to score."""
    ids = join(texts, tokenizer)
    size = byte_count(texts)
    if not size:
        raise UserError("There is no text to measure on; give a file or folder with at least one sentence.")
    nats, tokens = score_ids(model, ids, tokenizer.doc_end, max(1, model.config.block_size // 2))
    return Score(nats, tokens, size)


def estimate_loss(model: BaseLM, data: TokenDataset, max_tokens: int | None = None) -> Score | None:
    """A quick look during training: the held-out text in windows side by side, evenly thinned beyond `max_tokens`.

    Unless it is named, 16,384, and fewer for a model so large that those would take minutes.  The same windows each time,
    so the curve compares with itself.  None where the held-out text is shorter than one window.
    """
    if not data.has_val:
        return None
    T = data.block_size
    if max_tokens is None:
        max_tokens = max(4 * T, min(16_384, WORK_OF_A_LOOK // model.parameter_count()))
    starts = range(0, len(data.val_ids) - 1, T)
    thin = -(-len(starts) * T // max_tokens)
    windows = [(start, start) for start in starts[::thin]]
    nats, tokens = _score_windows(model, data.val_ids, data.tokenizer.doc_end, windows, T)
    whole = int((data.val_ids[1:] != data.tokenizer.doc_end).sum())
    return Score(nats, tokens, max(1, round(data.val_bytes * tokens / whole)))


def score_ids(model: BaseLM, ids: Tensor, doc_end: int, stride: int) -> tuple[float, int]:
    """Sum of nats and number of tokens scored, over every token of `ids` (n,) but the first and the `doc_end`s.

    Raises ValueError for a stride below 1, or beyond the context, which would skip tokens.
    """
    T, last = model.config.block_size, len(ids) - 1
    if not 1 <= stride <= T:
        raise ValueError(f"a stride lies between 1 and the context's {T} tokens, not {stride}")
    if last < 1:
        return 0.0, 0
    windows = [(0, 0)]  # where a window starts, and from which place on its tokens are scored
    while windows[-1][0] + T < last:
        start = min(windows[-1][0] + stride, last - T)
        windows.append((start, windows[-1][0] + T))
    return _score_windows(model, ids, doc_end, windows, T)


@torch.inference_mode()
def _score_windows(
    model: BaseLM, ids: Tensor, doc_end: int, windows: list[tuple[int, int]], T: int
) -> tuple[float, int]:
    device = next(model.parameters()).device
    rows = max(1, min(TOKENS_AT_ONCE, LOGITS_AT_ONCE // model.config.vocab_size) // T)
    was_training = model.training
    model.eval()
    nats, tokens = 0.0, 0
    for i in range(0, len(windows), rows):
        batch = windows[i : i + rows]
        width = min(T, max(len(ids) - 1 - start for start, _ in batch))
        x = torch.full((len(batch), width), doc_end)  # (B, T)
        y = torch.full((len(batch), width), -1)  # (B, T)
        for row, (start, scored_from) in enumerate(batch):
            window = ids[start : start + width + 1]
            x[row, : len(window) - 1], y[row, : len(window) - 1] = window[:-1], window[1:]
            y[row, : scored_from - start] = -1
        y[y == doc_end] = -1
        logits, _ = model(x.to(device))
        losses = F.cross_entropy(logits.float().flatten(0, 1), y.flatten().to(device), ignore_index=-1, reduction="none")
        nats += float(losses.cpu().double().sum())  # on the CPU: not every device has doubles
        tokens += int((y >= 0).sum())
    model.train(was_training)
    return nats, tokens
