"""Words in order, counted: a small language model of somebody's text that needs no training and answers in microseconds.

Interpolated trigrams after Witten and Bell (https://doi.org/10.1109/18.87000): how far a context is trusted grows with how often it
was seen and falls with how many different words followed it.  Contexts and n-grams are kept as 64-bit hashes, so the model can
say how likely a text is and cannot be read back.  Left out: writing text, and pieces of words (tokenizer.py has those).
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable

import torch
from torch import Tensor

from vibejam.rewrite.remembered import remembered

START, END = "<s>", "</s>"  # what stands before a text's first word and after its last one
ORDER = 3
_TOKEN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d+(?:[.,:/]\d+)*%?|\.\.\.|--|[^\w\s]")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "—": "--", "–": "--", "…": "..."})
_SENTENCE_END = frozenset(".!?")


def words_of(text: str) -> list[str]:
    """The words, numbers and marks of a text in order, in lower case and plain punctuation."""
    return _TOKEN.findall(text.translate(_PLAIN).lower())


def framed(words: list[str]) -> list[str]:
    """The same with START before each sentence, which is where its opener can be told from the same word elsewhere."""
    out = [START]
    for i, word in enumerate(words):
        out.append(word)
        if word in _SENTENCE_END and i + 1 < len(words) and words[i + 1] not in '")\'':
            out.append(START)
    return out


@remembered(1 << 18)
def key_of(gram: tuple[str, ...]) -> int:
    """A hash of some words that is the same on every machine, 63 bits."""
    return int.from_bytes(hashlib.blake2b("\0".join(gram).encode(), digest_size=8).digest(), "big") >> 1


class WordModel:
    """How often each run of up to three words was seen, and how many different words followed each."""

    def __init__(self, counts: dict[int, int], followers: dict[int, int], total: int) -> None:
        self.counts, self.followers, self.total = counts, followers, total

    @classmethod
    def of(cls, texts: Iterable[str]) -> "WordModel":
        grams: Counter[tuple[str, ...]] = Counter()
        total = 0
        for text in texts:
            words = [*framed(words_of(text)), END]
            total += len(words)
            for n in range(1, ORDER + 1):
                grams.update(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        followers = Counter(key_of(gram[:-1]) for gram in grams)  # of () too: how many words there are
        return cls({key_of(gram): count for gram, count in grams.items()}, dict(followers), total)

    def log_probability(self, text: str) -> float:
        """Nats of the whole text (below 0); a word that was never seen costs what all unseen ones share."""
        words = [*framed(words_of(text)), END]
        return sum(math.log(self._probability(words, i)) for i in range(1, len(words)))

    def count(self, words: tuple[str, ...]) -> int:
        """How often up to three words were seen in this order."""
        return self.counts.get(key_of(words), 0)

    def __contains__(self, word: str) -> bool:
        return self.count((word.lower(),)) > 0

    def _probability(self, words: list[str], i: int) -> float:
        kinds = self.followers.get(key_of(()), 0)
        probability = 1 / (kinds + 1_000_000)  # as if there were a million words
        for n in range(ORDER):
            if n > i:
                break
            context = tuple(words[i - n : i])
            seen = self.counts.get(key_of(context), 0) if context else self.total
            if not seen:
                break
            followers = self.followers.get(key_of(context), 0)
            count = self.counts.get(key_of((*context, words[i])), 0)
            probability = (count + followers * probability) / (seen + followers)
        return probability

    def tensors(self) -> dict[str, Tensor]:
        """All of it as tensors, to be kept in a file."""
        return {
            "grams": torch.tensor(list(self.counts), dtype=torch.long),
            "gram_counts": torch.tensor(list(self.counts.values()), dtype=torch.int32),
            "contexts": torch.tensor(list(self.followers), dtype=torch.long),
            "context_followers": torch.tensor(list(self.followers.values()), dtype=torch.int32),
            "total": torch.tensor([self.total]),
        }

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> "WordModel":
        """The model whose `tensors` these are.  Raises KeyError or ValueError where they are not."""
        counts = dict(zip(tensors["grams"].tolist(), tensors["gram_counts"].tolist(), strict=True))
        followers = dict(zip(tensors["contexts"].tolist(), tensors["context_followers"].tolist(), strict=True))
        return cls(counts, followers, int(tensors["total"].item()))
