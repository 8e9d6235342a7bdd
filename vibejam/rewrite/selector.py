"""Choosing among candidates: what may not change first, then the voice, over the whole document.

The draft itself is always a candidate, and the selector does not know who proposed the others.  Voice is matched, not maximised:
a unit that sounds as the person's usually do gains nothing by sounding more so, and the counts of common words and marks over the
whole document are held to the person's own rates, so that a habit is not laid on in every sentence.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vibejam.diff import word_diff
from vibejam.rewrite.guards import Refusal, refusals
from vibejam.rewrite.manner import Manner

STYLE = 3.0  # what a logit of a unit's style weighs
TASTE = 0.35  # what a nat of the person's taste weighs, in what was exchanged for what
RATES = 0.13  # what a nat of the document's rates weighs against a logit of a unit's style
SOUND = 0.075  # what a nat of how well the words follow one another weighs
PASSES = 3  # times over the document; choices settle in two
LIGHT = 0.8  # what a changed word costs under the lightest touch
MARGIN = 0.04  # how much better than the draft a candidate must be, so that what is well said stays


@dataclass(frozen=True)
class Candidate:
    """A version of a unit, the name of its proposer, and why it may not stand, where that was seen already.

    `fluent`: whoever wrote it makes up no words, so that one which neither the draft nor the person has is English all the same.
    `said`: how often they say it.  `was_read`: it says sentences anew, and each was read beside the draft's (trust.py).
    """

    text: str
    by: str
    refused: tuple[Refusal, ...] = ()
    fluent: bool = False
    said: float = 1.0
    was_read: bool = False


@dataclass(frozen=True)
class Considered:
    """A candidate and what was found: why it may not stand (empty: it may), and its style in logits."""

    text: str
    by: str
    refused: tuple[Refusal, ...]
    style: float = 0.0
    value: float = 0.0


@dataclass(frozen=True)
class Choice:
    """What became of a unit and what else there was; `by` is "draft" where it stays."""

    draft: str
    text: str
    by: str
    considered: tuple[Considered, ...] = field(default=(), repr=False)


def pick(weighed: Sequence[Sequence[Considered]], manner: Manner, around: Tensor) -> list[Choice]:
    """For each unit, of what was `weighed`, the draft first, what is best to have; `around` (n + 1,) counts the text that stays."""
    open_to = [[found for found in row if not found.refused] for row in weighed]
    counts = [torch.stack([manner.counts(found.text) for found in row]) for row in open_to]  # (candidates, n + 1) each
    picked = [0] * len(counts)  # the draft stands first
    total = around + sum(row[0] for row in counts)  # (n + 1,)
    for _ in range(PASSES):
        before = list(picked)
        for unit, row in enumerate(counts):
            rest = total - row[picked[unit]]
            value = torch.tensor([found.value for found in open_to[unit]], dtype=torch.double)
            value = value + RATES * manner.rates_fit(rest + row)  # (candidates,)
            value[0] += MARGIN
            picked[unit] = int(value.argmax())
            total = rest + row[picked[unit]]
        if picked == before:
            break
    best = [row[number] for row, number in zip(open_to, picked, strict=True)]
    return [Choice(row[0].text, found.text, found.by, tuple(row)) for row, found in zip(weighed, best, strict=True)]


def known_words(manner: Manner, fluent: bool) -> Container[str]:
    """The words that a version may use besides the draft's; none named where any may be."""
    return frozenset() if fluent else manner.words


def weigh(unit: str, candidates: Sequence[Candidate], manner: Manner, strength: float) -> list[Considered]:
    """The draft, then each different candidate, weighed for itself.

    `strength` runs from 0, a light touch, to 1, the full voice.
    """
    distinct = {unit: Candidate(unit, "draft")}
    for candidate in candidates:
        if candidate.text.strip():
            distinct.setdefault(candidate.text, candidate)  # whoever said it first
    sound = manner.words.log_probability(unit)
    rows = []
    for text, candidate in distinct.items():
        refused = candidate.refused or tuple(refusals(unit, text, known_words(manner, candidate.fluent), candidate.was_read))
        if refused:
            rows.append(Considered(text, candidate.by, refused))
            continue
        style = manner.style(text)
        changed = sum(len(part.text.split()) for part in word_diff(unit, text) if part.kind == "rewrite") if text != unit else 0
        taste = TASTE * manner.gained(unit, text) if text != unit else 0.0
        value = STYLE * min(style, manner.typical) + taste + SOUND * min(0.0, manner.words.log_probability(text) - sound)
        rows.append(Considered(text, candidate.by, (), style, value - (1 - strength) * LIGHT * changed))
    return rows
