"""Token ids to training batches, and the held-out text to measure on.

Training reads in epochs: the documents in a new order, laid in a ring, cut into windows from a new place on, the windows in
a new order.  In an epoch every token is learnt once, but for less than a window that is left over where the ring closes.
Where it stands is two numbers (epoch, window), which is all a resume needs.
Left out: what is held out (corpus.py decides by whole documents), and the scoring itself (evaluate.py).
"""

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from vibejam.errors import UserError
from vibejam.tokenizer import CharTokenizer, Tokenizer


class TrainingData(Protocol):
    """What the training loop asks of a dataset."""

    def get_batch(self, split: str, batch_size: int) -> tuple[Tensor, ...]:
        """Tokens (B, T), targets (B, T) with -1 where none counts, and where they differ, the targets' weights (B, T)."""
        ...

    def state(self) -> dict[str, int]:
        """Where it stands, as plain numbers."""
        ...

    def restore(self, state: dict[str, int]) -> None:
        """Go back to where it stood."""
        ...


class TokenDataset:
    """Training and validation documents as ids, in windows of `block_size`."""

    def __init__(
        self, tokenizer: Tokenizer, train: Sequence[str], val: Sequence[str], block_size: int, seed: int = 1
    ) -> None:
        """`train` and `val` are whole documents' texts.  Raises UserError where `train` is too short for one window."""
        self.tokenizer, self.block_size, self.seed = tokenizer, block_size, seed
        self.train_documents = [join([text], tokenizer) for text in train]  # each (n,), its end token first
        self.train_tokens = sum(map(len, self.train_documents))
        self.val_ids = join(val, tokenizer)  # (n,)
        self.val_bytes = byte_count(val)
        if self.train_tokens <= block_size + 1:
            raise UserError(
                f"The text has {self.train_tokens} tokens and a window needs {block_size + 2}; "
                "add more writing or choose a smaller context."
            )
        self.epoch, self.window = 0, 0  # where the next training batch begins
        self._stream, self._order, self._loaded = torch.empty(0), torch.empty(0), -1
        self._val_cursor = 0

    def get_batch(self, split: str, batch_size: int) -> tuple[Tensor, Tensor]:
        """The next `batch_size` windows: tokens x (B, T) and the tokens after them y (B, T), T = block_size."""
        if split == "train":
            rows = [self._next_window() for _ in range(batch_size)]
        else:
            rows = [self._val_window() for _ in range(batch_size)]
        windows = torch.stack(rows)  # (B, T + 1)
        return windows[:, :-1].contiguous(), windows[:, 1:].contiguous()

    @property
    def has_val(self) -> bool:
        """Whether there is held-out text enough to measure on: one whole window."""
        return len(self.val_ids) > self.block_size and self.val_bytes > 0

    def state(self) -> dict[str, int]:
        return {"epoch": self.epoch, "window": self.window}

    def restore(self, state: dict[str, int]) -> None:
        self.epoch, self.window = state["epoch"], state["window"]

    def _next_window(self) -> Tensor:
        if self._loaded != self.epoch:
            self._load_epoch()
        if self.window >= len(self._order):
            self.epoch, self.window = self.epoch + 1, 0
            self._load_epoch()
        start = int(self._order[self.window])
        self.window += 1
        return self._stream[start : start + self.block_size + 1]

    def _load_epoch(self) -> None:
        dice = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        documents = torch.randperm(len(self.train_documents), generator=dice)
        ring = torch.cat([self.train_documents[i] for i in documents])  # (n,): each begins with an end, so any two may meet
        cut = int(torch.randint(len(ring), (1,), generator=dice))
        self._stream = torch.cat([ring[cut:], ring[: cut + 1]])  # (n + 1,): the last token's target is the first
        self._order = torch.randperm(len(ring) // self.block_size, generator=dice) * self.block_size
        self._loaded = self.epoch

    def _val_window(self) -> Tensor:
        if not self.has_val:
            raise UserError(
                f"The held-out text has {len(self.val_ids)} tokens and a window needs {self.block_size + 1}; "
                "add more writing or choose a smaller context."
            )
        start = self._val_cursor % (len(self.val_ids) - self.block_size)
        self._val_cursor += self.block_size
        return self.val_ids[start : start + self.block_size + 1]


class CharDataset(TokenDataset):
    """One text, one token a character: the last `val_fraction` of it is held out."""

    def __init__(self, text: str, block_size: int = 128, val_fraction: float = 0.1, seed: int = 1) -> None:
        cut = math.ceil(len(text) * (1 - val_fraction))
        train, val = text[:cut], text[cut:]
        super().__init__(CharTokenizer.train([train]), [train], [val] if val else [], block_size, seed)


def join(texts: Sequence[str], tokenizer: Tokenizer) -> Tensor:
    """Documents to one row of ids (n,), the end-of-document token before each, so that a text's first token is predicted too."""
    ids: list[int] = []
    for text in texts:
        ids.append(tokenizer.doc_end)
        ids += tokenizer.encode(text)
    return torch.tensor(ids, dtype=torch.long)


def byte_count(texts: Sequence[str]) -> int:
    """How many bytes of UTF-8 the texts are; half a surrogate pair takes the three of the U+FFFD that it is read as."""
    return sum(len(text.encode(errors="surrogatepass")) for text in texts)
