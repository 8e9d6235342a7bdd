"""What is learnt of a person's manner without any neural network, in seconds: the yardstick of the rewriting.

Three views of the same text.  `style` tells this person from machines' drafts and other people by runs of function words and marks,
content words masked so that topic cannot pass for manner.  `rates` are how often the person uses each common word and mark, and how
much that varies from page to page.  `words` is the person's language in counts (ngrams.py), for what sounds right to them.
Drafts of the person's own passages show what drafts to come will be like, and move style and taste on (`with_pairs`).

It is kept in the run's folder as `manner.safetensors`: hashes and rates, no text.  Left out: judging a finished rewrite, which must
not be done by what chose it (judge.py).
"""

import json
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vibejam.errors import UserError
from vibejam.files import write_atomically
from vibejam.rewrite.ngrams import START, WordModel, framed, key_of, words_of
from vibejam.rewrite.spelling import side_of
from vibejam.rewrite.table import exchangeable
from vibejam.rewrite.taste import gained, leaning, learn_taste, mostly, with_drafts
from vibejam.voice import FUNCTION_WORDS

FILE, FORMAT = "manner.safetensors", "2"
BUCKETS = 1 << 16  # places for the weights of masked n-grams
COMMON = 250  # words and marks whose rates are kept, and which the style may see as they are
PUBLIC = 5  # texts of others that a word stands in before it may be kept as a word
PAGE = 200  # words of a page, the unit over which rates are seen to vary
SHORTEST = 300  # words from which on there is a manner to speak of
STIFFNESS = 2e-5  # of the style's weights: an n-gram must be seen often before it weighs much
MOST_PASSAGES = 4000  # that the style learns from; more say the same again
HELD_TO = 1e-4  # stiffness towards what the style was, where it learns from pairs
ENOUGH = 150  # passages of pairs that count in full; of fewer each counts as one of so many
_ENDINGS = ("ing", "ed", "ly", "tion", "ness", "ment", "er", "est", "s")


@dataclass(frozen=True)
class Manner:
    """A person's manner, as `learn_manner` finds it.

    `common` are the words and marks that are looked at; `rate` (n,) their shares of all words and marks and `spread` (n,) their
    overdispersion; `weights` (BUCKETS,) and `bias` are the style's, and
    `typical` what only one in twenty of the person's passages exceeds; `taste` says how likely each phrase of the table is.
    """

    common: list[str]
    rate: Tensor
    spread: Tensor
    weights: Tensor
    bias: float
    typical: float
    taste: dict[str, float]
    words: WordModel
    marks: dict[str, str]

    def style(self, text: str) -> float:
        """How much a text sounds like the person, in logits: above 0 more like them than like a machine or a stranger."""
        ids, values = self._features(text)
        weights = self._weight_list
        return sum(weights[i] * value for i, value in zip(ids, values, strict=True)) + self.bias

    def counts(self, text: str) -> Tensor:
        """How often each common word and mark (n,) stands in a text, and last how many words and marks it has in all: (n + 1,)."""
        words = words_of(text)
        found = Counter(words)
        return torch.tensor([*(found[word] for word in self.common), len(words)], dtype=torch.double)

    def rates_fit(self, counts: Tensor) -> Tensor:
        """Nats of counts (..., n + 1) under the person's rates: more is nearer, and a habit overdone costs as one missed does.

        Counts vary more than chance has it from page to page, so they are negative-binomial.
        """
        mean = self.rate * counts[..., -1:]  # (..., n)
        count, r = counts[..., :-1], 1 / self.spread  # r such that the variance is mean + spread * mean^2
        fit = torch.lgamma(count + r) - torch.lgamma(r) - torch.lgamma(count + 1)
        return (fit + r * (r / (r + mean)).log() + count * (mean / (r + mean)).log()).sum(-1)

    def leaning(self, ways: Sequence[str], before: str, after: str) -> float:
        """By how many nats this person leans from `before` to `after`, two `ways` of saying the same, more than drafts do."""
        return leaning(self.taste, ways, before, after)

    def gained(self, before: str, after: str) -> float:
        """By how many nats this person leans to what was exchanged between two versions of a text."""
        return gained(self.taste, before, after)

    def mostly(self, ways: Sequence[str], way: str, share: float = 0.5) -> bool:
        """Whether `way` is more than a `share` of this person's `ways` of saying the same."""
        return mostly(self.taste, ways, way, share)

    @cached_property
    def _weight_list(self) -> list[float]:
        return self.weights.tolist()

    @cached_property
    def _common_set(self) -> frozenset[str]:
        return frozenset(self.common)

    def _features(self, text: str) -> tuple[list[int], list[float]]:
        return features(words_of(text), self._common_set)


def features(words: list[str], common: frozenset[str]) -> tuple[list[int], list[float]]:
    """Places and values of a text's n-grams, up to three words long; the squares of the values add up to one.

    Words that are neither common nor in the table of exchanges are masked but for their endings: they tell of the topic.
    """
    masked = [word if word in common or word == START else _mask(word) for word in framed(words)]
    counts = Counter(key_of((word,)) % BUCKETS for word in words if word in exchangeable() and word not in common)
    for n in (1, 2, 3):
        counts.update(key_of(tuple(masked[i : i + n])) % BUCKETS for i in range(len(masked) - n + 1))
    values = [1 + math.log(count) for count in counts.values()]
    norm = math.sqrt(sum(value * value for value in values)) or 1.0
    return list(counts), [value / norm for value in values]


def _mask(word: str) -> str:
    if not word[0].isalpha():
        return "#" if word[0].isdigit() else word
    if side := side_of(word):
        return "~" + side
    return "~" + next((ending for ending in _ENDINGS if word.endswith(ending) and len(word) > len(ending) + 2), "")


def learn_manner(texts: list[str], drafts: list[str], others: list[str]) -> Manner:
    """The manner of who wrote `texts`, against machines' `drafts` and `others`' own words.

    Raises UserError where there is too little to tell.
    """
    own = [words_of(text) for text in texts]
    if sum(map(len, own)) < SHORTEST:
        raise UserError(f"There is too little writing to learn a manner from; give at least {SHORTEST} words.")
    strange = [words_of(text) for text in [*drafts, *others]]
    common = _common_words(own, strange)
    rate, spread = _rates(own, common)
    passages = [piece for text in texts for piece in passages_of(text)]
    passages = _thinned(passages)
    # several strangers for each passage are enough, and a short text is learnt in a second
    theirs = [piece for text in [*drafts, *others] for piece in passages_of(text)]
    theirs = theirs[:: max(1, len(theirs) // (8 * len(passages) + 200))]
    unseen = passages[::10]  # what the style says of what it learnt from would flatter
    weights, bias = _learn_style([p for i, p in enumerate(passages) if i % 10], theirs, frozenset(common))
    words = WordModel.of([*texts, *drafts, *others])
    manner = Manner(common, rate, spread, weights, bias, 0.0, learn_taste(texts, drafts), words, _marks(texts))
    return replace(manner, typical=statistics.quantiles((manner.style(passage) for passage in unseen), n=20)[18])


def with_pairs(manner: Manner, drafts: Sequence[str], rewrites: Sequence[str]) -> Manner:
    """The manner after it has seen `drafts` that a machine made of the person's own `rewrites`, or that they rewrote.

    Whoever wrote those drafts writes the next ones too, and as both sides say the same, nothing but the manner tells them apart.
    The texts that it was learnt from need not be there; rates and words stay as they are.
    """
    own, strange = ([piece for text in dict.fromkeys(texts) for piece in passages_of(text)] for texts in (rewrites, drafts))
    if not own or not strange:
        return manner
    own, strange = _thinned(own), _thinned(strange)
    weights, bias = _learn_style(own, strange, frozenset(manner.common), (manner.weights, manner.bias))
    return replace(manner, weights=weights, bias=bias, taste=with_drafts(manner.taste, list(dict.fromkeys(drafts))))


def passages_of(text: str, longest: int = 110) -> list[str]:
    """A text in passages of a sentence up to a paragraph: single lines where they are short, runs of words where they are long."""
    passages = []
    for number, line in enumerate(line for line in text.splitlines() if line.strip()):
        words = line.split()
        size = (15, 30, 60, longest)[number % 4]  # of all lengths that will be asked about
        passages += [" ".join(words[i : i + size]) for i in range(0, len(words), size) if len(words[i : i + size]) >= 8]
    return passages


def _thinned(passages: list[str]) -> list[str]:
    return passages[:: max(1, -(-len(passages) // MOST_PASSAGES))]


def _common_words(own: list[list[str]], strange: list[list[str]]) -> list[str]:
    """The commonest words and marks of both sides together, but none that is the person's alone: these are kept as they are."""
    share: Counter[str] = Counter()
    for side in (own, strange):
        counts = Counter(word for words in side for word in words)
        size = sum(counts.values()) or 1
        for word, count in counts.items():
            share[word] += count / size
    used_by = Counter(word for words in strange for word in set(words))
    public = {word for word, texts in used_by.items() if texts >= PUBLIC} | FUNCTION_WORDS
    public |= {word for word in share if not any(c.isalnum() for c in word)}  # marks
    return [word for word, _ in share.most_common() if word in public][:COMMON]


def _rates(own: list[list[str]], common: list[str]) -> tuple[Tensor, Tensor]:
    """Shares (n,) of the common words, and by how much pages vary beyond chance (n,)."""
    stream = [word for words in own for word in words]
    pages = [stream[i : i + PAGE] for i in range(0, max(1, len(stream) - PAGE + 1), PAGE)]
    counts = torch.tensor([[c[word] for word in common] for c in map(Counter, pages)], dtype=torch.double)  # (pages, n)
    total = Counter(stream)
    rate = torch.tensor([(total[word] + 0.5) / (len(stream) + 1) for word in common], dtype=torch.double)
    mean = rate * PAGE
    variance = (counts - mean).square().mean(0)
    return rate, ((variance - mean) / mean.square()).clamp(0.02, 2.0)


def _learn_style(
    own: list[str], strange: list[str], common: frozenset[str], before: tuple[Tensor, float] | None = None
) -> tuple[Tensor, float]:
    """Weights (BUCKETS,) and bias of a logistic regression, both sides counting the same in all; held to those of `before`."""
    rows = [features(words_of(text), common) for text in [*own, *strange]]
    ids = torch.tensor([i for places, _ in rows for i in places])
    values = torch.tensor([value for _, found in rows for value in found])
    offsets = torch.tensor([0, *(len(places) for places, _ in rows[:-1])]).cumsum(0)
    labels = torch.tensor([1.0] * len(own) + [0.0] * len(strange))
    enough, stiffness = (ENOUGH, HELD_TO) if before else (1, STIFFNESS)
    each = torch.tensor([0.5 / max(enough, len(side)) for side in (own, strange) for _ in side])
    was, bias_was = before or (torch.zeros(BUCKETS), 0.0)
    table = nn.EmbeddingBag.from_pretrained(was.clone()[:, None], freeze=False, mode="sum")
    bias = nn.Parameter(torch.tensor([bias_was]))
    parameters = [table.weight, bias]
    optimizer = torch.optim.LBFGS(parameters, max_iter=60, history_size=10, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = table(ids, offsets, per_sample_weights=values)[:, 0] + bias
        value = (each * F.binary_cross_entropy_with_logits(logits, labels, reduction="none")).sum()
        value = value + 0.5 * stiffness * (table.weight[:, 0] - was).square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return table.weight.detach()[:, 0].clone(), bias.item()


def _marks(texts: list[str]) -> dict[str, str]:
    """Which apostrophe and which dash the person types, where they type any."""
    whole = "\n".join(texts)
    found = {}
    for name, ways in {"apostrophe": ("'", "’"), "dash": (" — ", "—", " – ", " -- ", "--", " - ")}.items():
        counts = {way: whole.count(way) - sum(whole.count(o) for o in ways if way in o and o != way) for way in ways}
        best = max(counts, key=counts.__getitem__)
        if counts[best] > 3:
            found[name] = best
    return found


def save_manner(folder: Path, manner: Manner) -> None:
    tensors = {"rate": manner.rate, "spread": manner.spread, "weights": manner.weights, **manner.words.tensors()}
    note = {"format": FORMAT, "common": json.dumps(manner.common), "taste": json.dumps(manner.taste),
            "bias": repr(manner.bias), "typical": repr(manner.typical), "marks": json.dumps(manner.marks)}  # fmt: skip
    write_atomically(folder / FILE, lambda temporary: save_file(tensors, temporary, note))


def load_manner(folder: Path) -> Manner | None:
    """The manner kept in a run's folder; None for a run that has none.  Raises UserError where it is damaged."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            note, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}
        if int(note["format"]) > int(FORMAT):
            raise UserError(f"{path} was written by a newer vibejam; update vibejam to open it.")
        common, taste, marks = (json.loads(note[name]) for name in ("common", "taste", "marks"))
        bias, typical = float(note["bias"]), float(note["typical"])
        _check(common, taste, marks, (bias, typical), tensors)
        return Manner(common, tensors["rate"], tensors["spread"], tensors["weights"], bias, typical, taste,
                      WordModel.from_tensors(tensors), marks)  # fmt: skip
    except (SafetensorError, KeyError, ValueError, TypeError, OSError, RuntimeError, RecursionError) as error:
        raise UserError(f"{path} is damaged; let the run learn your manner again by training it anew.") from error


def _check(common: object, taste: object, marks: object, numbers: tuple[float, ...], tensors: dict[str, Tensor]) -> None:
    """Raises ValueError where what a file holds is no manner: everything of its kind and length, every figure finite."""
    rate, spread, weights = (tensors[name] for name in ("rate", "spread", "weights"))
    counts = [tensors[name] for name in ("gram_counts", "context_followers", "total")]
    keys = [tensors[name] for name in ("grams", "contexts")]
    sound = (
        isinstance(common, list)
        and all(isinstance(word, str) for word in common)
        and isinstance(taste, dict)
        and all(isinstance(share, float | int) and math.isfinite(share) for share in taste.values())
        and isinstance(marks, dict)
        and all(isinstance(mark, str) and mark for mark in marks.values())
        and all(map(math.isfinite, numbers))
        and rate.shape == spread.shape == (len(common),)
        and weights.shape == (BUCKETS,)
        and all(t.is_floating_point() and bool(t.isfinite().all()) for t in (rate, spread, weights))
        and bool((rate > 0).all() and (spread > 0).all())
        and all(t.dim() == 1 and t.dtype in (torch.int32, torch.int64) for t in [*counts, *keys])
        and all(bool((t > 0).all()) for t in counts)
    )
    if not sound:
        raise ValueError("no manner")
