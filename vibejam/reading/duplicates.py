"""Which texts are copies of one another, word for word or nearly.

Two texts are near duplicates where most of the runs of five words of the shorter stand in the longer as well, so a
draft of an essay is found, and so is an essay inside a collection.  An index from runs to texts finds the candidates,
and long collections are compared by a fixed sample of their runs: the work grows with the text, not with its square.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal
from zlib import crc32

NEAR = (
    0.6  # share of the shorter text's runs that must be found again; different essays of one author share a hundredth
)
_RUN = 5  # words
_FEWEST = 8  # shared runs; short notes ("Thanks, see you on Tuesday") are alike without being copies
_INDEXED = 1_500_000  # runs kept in memory before a sample is taken
_POSTINGS = 24  # texts remembered for a run; what more texts share is a formula, not a copy

Match = tuple[int, Literal["exact", "near"]]


def find_duplicates(texts: Sequence[str]) -> dict[int, Match]:
    """{index of a copy: (index of the text kept, kind)}; of near duplicates the longest is kept, of equals the first.

    The text named is always one that is kept: equals of a near duplicate are near duplicates too.
    """
    copies: dict[int, Match] = {}
    if len(texts) < 2:
        return copies
    index = _Index(_stride(texts))
    first: dict[str, int] = {}
    for number in sorted(range(len(texts)), key=lambda number: (-len(texts[number]), number)):
        text = texts[number]
        if text in first:
            copies[number] = copies.get(first[text], (first[text], "exact"))
            continue
        first[text] = number
        runs = index.runs(text)
        original = index.closest(runs)
        if original is None:
            index.add(number, runs)
        else:
            copies[number] = (original, "near")
    return copies


def find_overlap(texts: Sequence[str], held: Sequence[str]) -> dict[int, Match]:
    """{index in `texts`: (index in `held`, kind)} of those that copy a held text, hold one or stand in one."""
    index = _Index(_stride([*texts, *held]))
    exact = {text: number for number, text in reversed(list(enumerate(held)))}
    sizes: dict[int, int] = {}
    for number, text in enumerate(held):
        runs = index.runs(text)
        sizes[number] = len(runs)
        index.add(number, runs)
    copies: dict[int, Match] = {}
    for number, text in enumerate(texts):
        if text in exact:
            copies[number] = (exact[text], "exact")
            continue
        original = index.closest(index.runs(text), sizes)
        if original is not None:
            copies[number] = (original, "near")
    return copies


class _Index:
    """From runs of words, as checksums, to the texts in which they stand."""

    def __init__(self, stride: int) -> None:
        self._stride = stride
        self._texts: dict[int, list[int]] = {}

    def runs(self, text: str) -> set[int]:
        words = re.findall(r"\w+", text.casefold())
        runs = (crc32(" ".join(words[at : at + _RUN]).encode("utf-8", "ignore")) for at in range(len(words) - _RUN + 1))
        return {run for run in runs if run % self._stride == 0} if self._stride > 1 else set(runs)

    def add(self, number: int, runs: Iterable[int]) -> None:
        for run in runs:
            texts = self._texts.setdefault(run, [])
            if len(texts) < _POSTINGS:
                texts.append(number)

    def closest(self, runs: set[int], sizes: dict[int, int] | None = None) -> int | None:
        """The added text that shares most with these runs, if that is most of the shorter (of these, without sizes)."""
        shared: dict[int, int] = defaultdict(int)
        for run in runs:
            for number in self._texts.get(run, ()):
                shared[number] += 1
        found = [
            (count, -number)
            for number, count in shared.items()
            if count >= max(_FEWEST, NEAR * min(len(runs), sizes[number] if sizes else len(runs)))
        ]
        return -max(found)[1] if found else None


def _stride(texts: Sequence[str]) -> int:
    """Keep every run of small collections, one in so many of large ones, chosen by the run itself."""
    return 1 + sum(map(len, texts)) // 6 // _INDEXED
