"""A text as the model that writes it saw it: how likely each token was, what else could have stood there, what the dice cut away.

Probabilities are the model's own, before temperature and the cuts, unless "drawn" says otherwise; each token is seen after the very
context that the sampler gave it.  Left out: how it looks (pages/), and the drawing itself (sample.py).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.config import SampleConfig
from vibejam.errors import UserError
from vibejam.model import BaseLM
from vibejam.sample import distribution, unused_ids
from vibejam.tokenizer import Tokenizer

AT_ONCE = 128  # tokens whose logits lie in memory together: a large vocabulary makes 25 MB of them
SHOWN = 12  # options of a place, the likeliest


@dataclass(frozen=True)
class Token:
    """A token of a text: what it adds (nothing while a character is incomplete), its probability, how many were likelier."""

    text: str
    probability: float
    rank: int


@dataclass(frozen=True)
class Option:
    """What may stand at a place.  `drawn`: its probability under the dice; `cut`: what keeps it from being drawn, or nothing."""

    id: int
    text: str
    probability: float
    drawn: float
    cut: str
    ends: bool  # the document ends here


@dataclass(frozen=True)
class Place:
    """The likeliest options of a place; how many of all tokens may be drawn; what share each cut takes at this temperature."""

    options: tuple[Option, ...]
    kept: int
    of: int
    by_top_k: float
    by_top_p: float


def tokens_of(model: BaseLM, tokenizer: Tokenizer, ids: Sequence[int], given: int) -> list[Token]:
    """The tokens of `ids` after the first `given` (at least one), as the model saw them."""
    stream, found = tokenizer.stream(), []
    for start, first, last in _windows(given, len(ids), model.config.block_size):
        for position, logits in zip(range(first, last), _logits(model, ids, start, first, last), strict=True):
            token = ids[position]
            logits[unused_ids(tokenizer)] = -torch.inf
            probability = float(F.softmax(logits.double(), -1)[token])
            found.append(Token(stream.push(token), probability, int((logits > logits[token]).sum())))
    if found and (rest := stream.finish()):  # a character that was left incomplete
        found[-1] = replace(found[-1], text=found[-1].text + rest)
    return found


def logits_at(model: BaseLM, tokenizer: Tokenizer, ids: Sequence[int], given: int, at: int) -> Tensor:
    """Logits (V,) of the token at place `at` of `ids`, or after them.  Raises UserError where there is no such place."""
    if type(at) is not int or not 1 <= given <= at <= len(ids):
        raise UserError("That word is no longer here; write on again.")
    start = next(start for start, first, last in _windows(given, at + 1, model.config.block_size) if first <= at < last)
    logits = _logits(model, [*ids[:at], tokenizer.doc_end], start, at, at + 1)[0]
    logits[unused_ids(tokenizer)] = -torch.inf
    return logits


def place(
    logits: Tensor, tokenizer: Tokenizer, config: SampleConfig, shown: int = SHOWN, also: int | None = None
) -> Place:
    """What the dice of `config` leave of logits (V,), in the order in which they cut: temperature, top-k, top-p.

    The option `also` is there however unlikely it is.
    """
    own = F.softmax(logits.double(), -1)  # (V,)
    drawn = distribution(logits, config)  # (V,): the sampler's own
    usable = int(torch.isfinite(logits).sum())
    if config.temperature == 0:
        order, warmed = own.argsort(descending=True, stable=True), drawn
    else:
        warmed = F.softmax((logits.double() - logits.max()) / config.temperature, -1)
        order = warmed.argsort(descending=True, stable=True)
    by_top_k, by_top_p = 0.0, 0.0
    if config.temperature > 0:
        ranked, kept = warmed[order], drawn[order] > 0  # (V,) each
        beyond_k = torch.zeros_like(kept)
        if config.top_k:
            beyond_k[config.top_k :] = True
        by_top_k = float(ranked[beyond_k].sum())
        by_top_p = float(ranked[~beyond_k & ~kept].sum())
    options = []
    ranks = list(enumerate(order[:shown].tolist()))
    if also is not None and also not in [token for _, token in ranks]:
        ranks.append((int((order == also).nonzero()), also))
    for rank, token in ranks:
        if not math.isfinite(float(logits[token])):
            break
        cut = ""
        if not drawn[token] > 0:
            cut = "temperature 0" if config.temperature == 0 else "top-k" if config.top_k and rank >= config.top_k else "top-p"
        text = tokenizer.decode([token])
        options.append(Option(token, text, float(own[token]), float(drawn[token]), cut, token == tokenizer.doc_end))
    return Place(tuple(options), int((drawn > 0).sum()), usable, by_top_k, by_top_p)


def _windows(given: int, total: int, block: int) -> list[tuple[int, int, int]]:
    """Parts (start, first, last): the places from `first` up to `last` were written with a context that begins at `start`.

    When the context is full, its newer half is read again, as in sample.py.
    """
    start, first, parts = max(0, given - block), given, []
    for position in range(given, total):
        if position - start > block:
            parts.append((start, first, position))
            start, first = position - max(1, block // 2), position
    return [*parts, (start, first, total)] if total > first else parts


@torch.no_grad()
def _logits(model: BaseLM, ids: Sequence[int], start: int, first: int, last: int) -> list[Tensor]:
    """Logits (V,) of the places from `first` up to `last`, on the CPU."""
    device = next(model.parameters()).device
    x = torch.tensor([list(ids[start : last - 1])], device=device)  # (1, T)
    cache = model.new_cache(1, x.shape[1])
    rows: list[Tensor] = []
    for at in range(0, x.shape[1], AT_ONCE):
        logits = model.forward_cached(x[:, at : at + AT_ONCE], cache)
        logits = model.predicted(logits, x[:, : at + AT_ONCE])[0].float().cpu()  # (T, V)
        rows += [row.clone() for row in logits[max(0, first - 1 - start - at) :]]
    return rows
