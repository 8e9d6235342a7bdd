"""What a model would say otherwise than a draft, place by place.

A model that was taught to rewrite and samples a whole sentence gets something wrong in most samples, and says the same few
right things again and again.  So it reads the draft once as if that were its rewrite, and where it would as well say another
word, it goes on from there with what it finds likeliest until it is back at the draft's own words.  Each such way is one change,
and how likely it is, is known and not counted.
Left out: whether a change may stand (trust.py), and putting changes together (splicing.py).

Shapes: B ways, n places, C width, V the vocabulary, or what of it may be written.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vibejam.decoder import Decoder, packed
from vibejam.model import BaseLM

TEMPERATURE = 0.8
LIKELY = 1 / 32  # the least share of samples that would go a way
WIDE = 6  # ways from one place at most
STEPS = 12  # tokens until a way must be back
REACH = 16  # tokens of the draft that it may replace
BACK = 2  # tokens of the draft in a row by which it is known to be back


class Way(NamedTuple):
    """What stands in the draft's place, and the share of samples that would say so where they say what the draft does before it."""

    ids: list[int]
    share: float


class Reader(Protocol):
    """Reads prompt and draft, then a token more for each of several texts that begin with some of it; logits are of `may` alone."""

    def read(self, ids: list[int], last: int) -> Tensor:
        """Logits (n, V) after each of the last n tokens."""

    def part(self, begins: Tensor) -> None:
        """From here on there are texts that begin with so many (B,) tokens of what was read."""

    def keep(self, rows: list[int]) -> None:
        """Forget all texts but these."""

    def step(self, tokens: list[int]) -> Tensor:
        """Logits (B, V) after one more token for each text."""


@torch.inference_mode()
def ways(model: BaseLM, prompt: list[int], draft: list[int], end: int, count: int, banned: Sequence[int] = ()) -> list[Way]:
    """Up to `count` ways of saying `draft` after `prompt`, each otherwise in one place, likeliest first.

    `end` is the token that ends a text; `banned` tokens are not written.  Raises ValueError where this does not fit the context.
    """
    may = torch.ones(model.config.vocab_size, dtype=torch.bool)
    may[list(banned)] = False
    may = may.nonzero()[:, 0]  # (V,), the ids that may be written
    reader = reader_of(model, may)
    chances = (reader.read([*prompt, *draft], len(draft) + 1) / TEMPERATURE).softmax(-1)  # (n, V)
    chances[may == torch.tensor([*draft, end])[:, None]] = 0  # what the draft says is no other way
    chances[:, may == end] = 0
    shares, tokens = chances.topk(min(WIDE, len(may)))  # (n, WIDE)
    begun = [
        (share, place, token)
        for place in range(len(draft) + 1)
        for share, token in zip(shares[place].tolist(), may[tokens[place]].tolist(), strict=True)
        if share >= LIKELY
    ]
    going = [(share, place, [token]) for share, place, token in sorted(begun, reverse=True)[:count]]
    reader.part(torch.tensor([len(prompt) + place for _, place, _ in going]))
    found: dict[tuple[int, ...], float] = {}
    while going:
        shares, tokens = (reader.step([said[-1] for _, _, said in going]) / TEMPERATURE).softmax(-1).max(-1)  # (B,)
        on = []
        for row, (more, token) in enumerate(zip(shares.tolist(), may[tokens].tolist(), strict=True)):
            share, place, said = going[row]
            going[row] = share, place, said = share * more, place, [*said, token]
            back = _back(draft, end, place, said)
            if back is not None:
                found[tuple(back)] = found.get(tuple(back), 0.0) + share
            elif token != end and share >= LIKELY and len(said) < STEPS:
                on.append(row)
        if len(on) < len(going):
            reader.keep(on)
        going = [going[row] for row in on]
    likely = [Way(list(ids), share) for ids, share in found.items() if share >= LIKELY]
    return sorted(likely, key=lambda way: -way.share)


def _back(draft: list[int], end: int, place: int, said: list[int]) -> list[int] | None:
    """The whole text, where what was said in the draft's `place` has come to an end or back to its words; else None."""
    if said[-1] == end:
        return [*draft[:place], *said[:-1]]
    for here in range(place, min(place + REACH, len(draft) - BACK + 1)):
        if draft[here : here + BACK] == said[-BACK:]:
            return [*draft[:place], *said, *draft[here + BACK :]]
    return None


def reader_of(model: BaseLM, may: Tensor) -> Reader:
    """Who reads `model` fastest."""
    decoder = packed(model)
    return Fast(decoder.narrowed(may)) if decoder else Again(model, may)


class Fast:
    """From the decoder's memory: what all texts begin with is read once."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def read(self, ids: list[int], last: int) -> Tensor:
        self._memory, logits = self._decoder.read(ids, STEPS, last)
        return logits

    def part(self, begins: Tensor) -> None:
        self._memory = self._memory.fork(len(begins), begins)

    def keep(self, rows: list[int]) -> None:
        self._memory.keep(rows)

    def step(self, tokens: list[int]) -> Tensor:
        return self._decoder.step(torch.tensor(tokens), self._memory)


class Again:
    """Everything again for each token: any model on any device, and what the tests hold the other against."""

    def __init__(self, model: BaseLM, may: Tensor) -> None:
        self._model, self._may = model, may

    def read(self, ids: list[int], last: int) -> Tensor:
        self._texts = [ids]
        if len(ids) + STEPS > self._model.config.block_size:
            raise ValueError(f"{len(ids)} tokens and {STEPS} more do not fit a context of {self._model.config.block_size}")
        return self._logits(last)

    def part(self, begins: Tensor) -> None:
        self._texts = [self._texts[0][:begin] for begin in begins.tolist()]

    def keep(self, rows: list[int]) -> None:
        self._texts = [self._texts[row] for row in rows]

    def step(self, tokens: list[int]) -> Tensor:
        self._texts = [[*text, token] for text, token in zip(self._texts, tokens, strict=True)]
        return self._logits(1)

    def _logits(self, last: int) -> Tensor:
        device = next(self._model.parameters()).device
        rows = [torch.tensor(text) for text in self._texts]
        texts = pad_sequence(rows, batch_first=True).to(device)  # (B, T); what is causal sees no padding
        states = self._model.hidden_states(texts)  # (B, T, C)
        ends = torch.cat([states[row, len(text) - last : len(text)] for row, text in enumerate(self._texts)])  # (n, C)
        return self._model.head(ends)[:, self._may.to(device)].float().cpu()
