"""Which tokens a model may write when it rewrites a unit: its words, words of their kin, and the small words of the language.

A small model left to itself invents; what a sentence is about need not be said in words from elsewhere.  Kin are other forms of
the draft's words, what the tables exchange for them (table.py), and the nearest words by the model's own embeddings.  It works
only where most tokens are words, which a pretrained vocabulary's are.  Left out: whether what is written is right (guards.py,
reverse.py).
"""

import re
from weakref import WeakKeyDictionary

import torch

from vibejam.model import BaseLM
from vibejam.rewrite.remembered import remembered
from vibejam.rewrite.table import replacements
from vibejam.rewrite.tokens import stem
from vibejam.rewrite.words import CLASSES, FUNCTION
from vibejam.tokenizer import Tokenizer

LARGE = 16_000  # tokens of a vocabulary from which on most are words
NEAREST, NEAR = 12, 0.35  # words that are kin to one by their embeddings, and the least cosine
_SMALL = FUNCTION | {word for phrase in CLASSES for word in phrase} | {"'s", "'t", "'re", "'ll", "'ve", "'d", "'m"}


class Bounds:
    """The bounds of one model; `outside(unit)` are the ids that may not be written for a unit."""

    def __init__(self, model: BaseLM, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._near = remembered(1 << 12)(self._nearest)  # this model's own, so that it goes with it
        self._tokens = [tokenizer.decode([i]) for i in range(tokenizer.vocab_size)]
        self._words = [token.strip().lower() for token in self._tokens]
        marks = [not any(c.isalnum() for c in token) for token in self._tokens]
        self._stems = [stem(word) if len(word) > 2 else "" for word in self._words]
        self._free = [mark or word in _SMALL for mark, word in zip(marks, self._words, strict=True)]
        vectors = model.head.weight.detach().float().cpu()  # (V, C)
        vectors = vectors - vectors.mean(0)
        self._vectors = vectors / vectors.norm(dim=1, keepdim=True)
        self._no_word = torch.tensor([not (t[:1] == " " and t[1:].isalpha() and len(t) > 3) for t in self._tokens])

    def outside(self, unit: str) -> list[int]:
        own = set(self._tokenizer.encode(unit)) | set(self._tokenizer.encode(" " + unit))
        words = {word.lower() for word in re.findall(r"[A-Za-z]+(?:'[A-Za-z]+)?", unit)}
        kin = words | {part for word in words for way, _ in replacements().get(word, ()) for part in way.lower().split()}
        kin = kin.union(*map(self._near, words - _SMALL))
        stems = {stem(word) for word in kin} - {""}
        ends = self._tokenizer.doc_end
        return [
            i
            for i, (word, root) in enumerate(zip(self._words, self._stems, strict=True))
            if not (self._free[i] or i == ends or i in own or word in kin or root in stems)
        ]

    def _nearest(self, word: str) -> frozenset[str]:
        ids = self._tokenizer.encode(" " + word)
        if len(ids) != 1:
            return frozenset()
        cosines = (self._vectors @ self._vectors[ids[0]]).masked_fill(self._no_word, -1.0)  # (V,)
        values, places = cosines.topk(NEAREST)
        return frozenset(self._words[i] for value, i in zip(values.tolist(), places.tolist(), strict=True) if value > NEAR)


_BOUNDS: WeakKeyDictionary[BaseLM, Bounds] = WeakKeyDictionary()


def bounds_of(model: BaseLM, tokenizer: Tokenizer) -> Bounds | None:
    """The bounds of a model, which are made once and go when it goes; None where its tokens are no words."""
    if tokenizer.vocab_size < LARGE:
        return None
    if model not in _BOUNDS:
        _BOUNDS[model] = Bounds(model, tokenizer)
    return _BOUNDS[model]
