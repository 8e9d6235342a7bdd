"""What the judge measures of each text by itself: a column a measure, a row a text.

Means, ratios and intervals over the rows are made in judge.py.
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field

import numpy as np

from vibejam.authorship import Authorship
from vibejam.diff import word_diff
from vibejam.facts_kept import kept_facts
from vibejam.voice import FUNCTION_WORDS, Profile

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_WORD_OR_MARK = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
ORDERS, BETA = 6, 2  # of chrF: runs of up to six characters, recall counting twice as much as precision

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Measures:
    """The instruments.  `ordinary` are words known in lower case; without `embed` meaning is what is spelt alike.

    `embed` takes texts to unit vectors (n, d), `surprise` a text to the nats that a language model needs for it.
    """

    authorship: Authorship
    profile: Profile
    ordinary: Container[str]
    embed: Callable[[Sequence[str]], np.ndarray] | None
    surprise: Callable[[str], float] | None
    _nats: dict[str, float] = field(default_factory=dict)  # of what was read before: a rewrite is often its draft

    def columns(self, texts: Sequence[str], drafts: Sequence[str] | None) -> Columns:
        """Of `texts` (n), and of how each compares with its draft where `drafts` (n) are given."""
        characters, masked = self.authorship.probabilities(texts).T
        counted = [self.profile.count(text) for text in texts]
        columns = {
            "characters": characters,
            "masked": masked,
            "probability": (characters + masked) / 2,
            "counts": np.array([counts for counts, _ in counted]),  # (n, V)
            "sizes": np.array([size for _, size in counted]),
            "words": np.array([len(_WORD.findall(text)) for text in texts]),
        }
        if self.surprise:
            columns["nats"] = np.array([self._surprise(text.strip()) for text in texts])
            columns["bytes"] = np.array([len(text.strip().encode(errors="surrogatepass")) for text in texts])
        return columns if drafts is None else columns | self._against(texts, drafts)

    def _against(self, texts: Sequence[str], drafts: Sequence[str]) -> Columns:
        pairs = list(zip(drafts, texts, strict=True))
        kept = [kept_facts(draft, text, self.ordinary) for draft, text in pairs]
        columns = {
            "numbers": np.array([float(facts.numbers) for facts in kept]),
            "names": np.array([float(facts.names) for facts in kept]),
            "negations": np.array([float(facts.negations) for facts in kept]),
            "all": np.array([float(facts.numbers and facts.names and facts.negations) for facts in kept]),
            "words_changed": np.array([changed_share(draft, text) for draft, text in pairs]),
            "left_as_it_was": np.array([float(draft.split() == text.split()) for draft, text in pairs]),
            "draft_words": np.array([len(_WORD.findall(draft)) for draft in drafts]),
        }
        if self.embed:
            columns["similarity"] = (self.embed(texts) * self.embed(drafts)).sum(1)
        else:
            columns["chrf"] = np.array([chrf(draft, text) for draft, text in pairs])
            columns["content_words"] = np.array([kept_meaning(draft, text) for draft, text in pairs])
        return columns

    def _surprise(self, text: str) -> float:
        if text not in self._nats:
            self._nats[text] = self.surprise(text) if text else 0.0
        return self._nats[text]


def kept_meaning(draft: str, rewrite: str) -> float:
    """Share of the draft's different content words that the rewrite holds; 1.0 for a draft without any.

    It sees what is lost, not what is turned round: a floor and no proof.
    """
    wanted = _content_words(draft)
    return len(wanted & _content_words(rewrite)) / len(wanted) if wanted else 1.0


def chrf(draft: str, rewrite: str) -> float:
    """Likeness of spelling, 0 to 1: the F-score of shared runs of characters (https://aclanthology.org/W15-3049)."""
    before, after = "".join(draft.split()), "".join(rewrite.split())
    precisions, recalls = [], []
    for n in range(1, ORDERS + 1):
        wanted = Counter(before[i : i + n] for i in range(len(before) - n + 1))
        found = Counter(after[i : i + n] for i in range(len(after) - n + 1))
        if wanted and found:
            shared = (wanted & found).total()
            precisions.append(shared / found.total())
            recalls.append(shared / wanted.total())
    precision, recall = sum(precisions) / max(len(precisions), 1), sum(recalls) / max(len(recalls), 1)
    if not precision + recall:
        return float(before == after)
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def changed_share(draft: str, rewrite: str) -> float:
    """Share of the words and marks, of the longer text's, that do not stand in both in the same order."""
    same = sum(len(_WORD_OR_MARK.findall(change.text)) for change in word_diff(draft, rewrite) if change.kind == "same")
    longer = max(len(_WORD_OR_MARK.findall(draft)), len(_WORD_OR_MARK.findall(rewrite)))
    return 1 - same / longer if longer else 0.0


def _content_words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - FUNCTION_WORDS
