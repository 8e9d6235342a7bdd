"""Pairs as training data: a prompt that is read, an answer that is learnt, in batches of like length.

Only the answer's tokens count, and words that the text before them does not have count more, or copying would be all there is to
learn.  Left out: what a pair is (pairs.py), and who learns (finetune.py, neutraliser.py).
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vibejam.evaluate import WORK_OF_A_LOOK, Score
from vibejam.model import BaseLM
from vibejam.tokenizer import Tokenizer

CHANGED = 2.0  # how much a word counts that the text before has not, against one that is copied
TOKENS_AT_ONCE = 2048  # in one forward pass of a measurement
POOL = 32  # batches whose examples are sorted by length together


@dataclass(frozen=True)
class Example:
    """A prompt and its answer as ids (T + 1,), and how much each token after the first counts (T,): 0 in the prompt.

    `targets` (T,): what is learnt to be said at each place, where that is not the next id (copying.py).
    `times`: how often an epoch has it; .25 is in every fourth, 2.5 is twice in every epoch and a third time in half of them.
    `others`: answers to the same prompt that were turned down, as ids with it; `before`: log p of the answer, and of each of
    these, when the run began.
    """

    ids: Tensor
    weights: Tensor
    bytes: int  # of the answer
    targets: Tensor | None = None
    times: float = 1.0
    others: tuple[Tensor, ...] = ()
    before: tuple[float, ...] = ()


def encode_example(tokenizer: Tokenizer, prompt: str, before: str, answer: str, changed_counts: float = CHANGED) -> Example:
    """`prompt`, then `answer` and the document's end; what of the answer is not in `before` counts `changed_counts` times."""
    asked = [tokenizer.doc_end, *tokenizer.encode(prompt)]
    told = tokenizer.inner.encode(" " + answer, add_special_tokens=False)  # as Tokenizer.encode, and where each token stands
    changed = _changed(before, " " + answer)
    weights = [changed_counts if any(changed[start:end]) else 1.0 for start, end in told.offsets]
    ids = torch.tensor([*asked, *told.ids, tokenizer.doc_end])
    return Example(ids, torch.tensor([0.0] * (len(asked) - 1) + weights + [1.0]), len(answer.encode()))


def _changed(before: str, after: str) -> list[bool]:
    """Of each character of `after`, whether it stands in a word or mark that is not one kept from `before`."""
    old, new = re.findall(r"\w+|[^\w\s]", before), list(re.finditer(r"\w+|[^\w\s]", after))
    flags = [False] * len(after)
    matcher = difflib.SequenceMatcher(None, old, [word[0] for word in new], autojunk=False)
    for what, _, _, start, end in matcher.get_opcodes():
        if what == "equal":
            continue
        for word in new[start : max(end, start + 1)]:  # after something left out, the word that follows
            flags[word.start() : word.end()] = [True] * len(word[0])
    return flags


class PairData:
    """Examples in batches of like length, so that hardly any of a batch is padding.

    Training reads in epochs, each in an order of its own.  A batch holds about `batch_size` examples of the mean length: many short
    ones, or a few long ones.
    """

    def __init__(self, train: Sequence[Example], held: Sequence[Example], doc_end: int, seed: int) -> None:
        self.train, self.held, self.doc_end, self.seed = train, held, doc_end, seed
        self.epoch, self.batch = 0, 0  # where the next training batch begins
        self._batches: list[list[Example]] = []
        self._loaded: tuple[int, int] | None = None

    def get_batch(self, split: str, batch_size: int) -> tuple[Tensor, Tensor, Tensor]:
        """The next training batch: tokens, targets (-1: does not count) and the targets' weights, (B, T) each."""
        return stacked(self.next_examples(split, batch_size), self.doc_end)

    def next_examples(self, split: str, batch_size: int) -> list[Example]:
        """What the next training batch is made of."""
        if split != "train":
            raise ValueError("held-out pairs are measured by `pair_loss`, all of them")
        self._load(batch_size)
        if self.batch == len(self._batches):
            self.epoch, self.batch = self.epoch + 1, 0
            self._load(batch_size)
        self.batch += 1
        return self._batches[self.batch - 1]

    def reading(self, batch_size: int) -> int:
        """How many batches the first epoch has."""
        self._load(batch_size)
        return len(self._batches)

    def state(self) -> dict[str, int]:
        return {"epoch": self.epoch, "batch": self.batch}

    def restore(self, state: dict[str, int]) -> None:
        self.epoch, self.batch = state["epoch"], state["batch"]

    def _load(self, batch_size: int) -> None:
        if self._loaded == (self.epoch, batch_size):
            return
        dice = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        extra = torch.rand(len(self.train), generator=dice).tolist()
        rows = [e for e, lot in zip(self.train, extra, strict=True) for _ in range(int(e.times + lot))]
        order = [rows[i] for i in torch.randperm(len(rows), generator=dice)]
        tokens = max(1, round(batch_size * sum(len(e.weights) for e in order) / len(order)))
        pool = POOL * batch_size
        batches = [b for i in range(0, len(order), pool) for b in _alike(order[i : i + pool], tokens)]
        self._batches = [batches[i] for i in torch.randperm(len(batches), generator=dice)]
        self._loaded = self.epoch, batch_size


def _alike(examples: Sequence[Example], tokens: int) -> list[list[Example]]:
    """`examples` in batches of at most `tokens` tokens, padding included, or of one."""
    batches: list[list[Example]] = []
    for example in sorted(examples, key=lambda e: len(e.weights)):  # so the last of a batch is its longest
        if not batches or (len(batches[-1]) + 1) * len(example.weights) > tokens:
            batches.append([])
        batches[-1].append(example)
    return batches


def stacked(examples: Sequence[Example], doc_end: int) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens, targets (-1: does not count) and weights (B, T) of `examples`, the shorter ones filled up."""
    width = max(len(e.weights) for e in examples)
    x = torch.full((len(examples), width), doc_end)  # (B, T)
    y, w = torch.full_like(x, -1), torch.zeros(x.shape)  # (B, T)
    for row, e in enumerate(examples):
        T = len(e.weights)
        x[row, :T], w[row, :T] = e.ids[:-1], e.weights
        y[row, :T] = e.ids[1:] if e.targets is None else e.targets
    return x, y.masked_fill(w == 0, -1), w


@torch.no_grad()
def pair_loss(model: BaseLM, data: PairData, most: int | None = None) -> Score | None:
    """How well the held-out answers are predicted: each token counts once, the ends do not.  None where none are held out.

    `most`: how many tokens to look at, prompts included, at most; the same examples each time.
    """
    tokens = sum(len(e.weights) for e in data.held)
    chosen = data.held[:: 1 if most is None else max(1, -(-tokens // most))]
    if not chosen:
        return None
    device, was_training = next(model.parameters()).device, model.training
    model.eval()
    nats = counted = 0.0
    for batch in _alike(chosen, TOKENS_AT_ONCE):
        x, y, _ = stacked(batch, data.doc_end)
        y[y == data.doc_end] = -1
        here = (y >= 0).float()
        nats += float(model.loss(x.to(device), y.to(device), here.to(device))) * float(here.sum())
        counted += float(here.sum())
    model.train(was_training)
    return Score(nats, int(counted), sum(e.bytes for e in chosen))


def quick_pair_loss(model: BaseLM, data: PairData) -> Score | None:
    """`pair_loss` on so many that it takes seconds: what a training run measures by."""
    return pair_loss(model, data, max(1024, min(16_384, WORK_OF_A_LOOK // model.parameter_count())))
