"""Who wrote this, the person or a machine?  Two classifiers that answer with a probability, for the judge alone.

Both read runs of two to five characters and weigh them by logistic regression: the one sees the text as it stands, the other with
every word of content masked, so that a subject cannot pass for a manner.  They learn from half of the person's documents against
neutral drafts; the other half stays unseen, for what the person's own words score.

Nothing that chooses between rewrites may know them.  Left out: rates of words over a whole text (voice.py).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vibejam.corpus import Corpus, split_corpus
from vibejam.errors import UserError
from vibejam.voice import CLITICS, FUNCTION_WORDS, paragraphs, sentences

SHORT, LONG = 25, 130  # words of a passage: as long as the drafts that people ask to have rewritten
FEWEST = 8  # passages on either side, from which on there is something to learn
MOST = 900  # of the person's passages: more take longer and tell no better
COPIED = 8  # words in a row that two texts do not share by chance
_WORD = re.compile(r"[^\W\d_]+")
_ENDING = re.compile(r".{3,}?(ing|ed|ly|tion|ness|ment|er|est|s)")
_SHORTENED = frozenset(part for clitic in CLITICS for part in clitic.split("'"))


@dataclass(frozen=True)
class Passages:
    """A person's passages of about a paragraph: those to learn from, and those of other documents that stay unseen."""

    known: list[str]
    unseen: list[str]


def split_passages(corpus: Corpus, judged: Iterable[str] = (), seed: int = 1) -> Passages:
    """Half of the documents to learn from, half unseen; nothing that stands in `judged` texts is learnt from.

    Raises UserError where either half would be too little.
    """
    known_texts, unseen_texts = split_corpus(corpus, 0.5, seed)
    taken = runs_of(judged)
    known = [passage for text in known_texts for passage in passages_of(text) if taken.isdisjoint(runs_of([passage]))]
    unseen = [passage for text in unseen_texts for passage in passages_of(text)]
    if min(len(known), len(unseen)) < FEWEST:
        raise UserError(
            f"There is too little writing to judge by: {corpus.words:,} words in {len(corpus.documents):,} documents; "
            "give at least a few thousand words of the person, in several files."
        )
    return Passages(known, unseen)


def passages_of(text: str) -> list[str]:
    """A text in passages of 25 to 130 words: paragraphs, short ones joined and long ones cut between sentences."""
    found: list[str] = []
    held: list[str] = []
    size = 0
    for paragraph in paragraphs(text):
        for sentence in sentences(paragraph):
            length = len(sentence.split())
            if held and size + length > LONG:
                found.append(" ".join(held))
                held, size = [], 0
            held.append(" ".join(sentence.split()))
            size += length
        if size >= SHORT:
            found.append(" ".join(held))
            held, size = [], 0
    return [passage for passage in found if SHORT <= len(passage.split()) <= LONG]


def runs_of(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """Every run of eight words in the texts."""
    rows = [_WORD.findall(text.lower()) for text in texts]
    return {tuple(row[i : i + COPIED]) for row in rows for i in range(len(row) - COPIED + 1)}


def masked(text: str) -> str:
    """The text with each word of content as x and its ending, digits as 0; function words and marks stay."""

    def mask(match: re.Match[str]) -> str:
        word = match[0]
        negated = text[match.end() : match.end() + 2] in ("'t", "’t")
        if negated or word.lower() in FUNCTION_WORDS or word.lower() in _SHORTENED:
            return word
        ending = _ENDING.fullmatch(word.lower())
        return ("X" if word[0].isupper() else "x") + (ending[1] if ending else "")

    return re.sub(r"\d+", "0", _WORD.sub(mask, text))


class Authorship:
    """The two classifiers.  Raises UserError where one side is too small to learn from."""

    def __init__(self, own: Sequence[str], others: Sequence[str]) -> None:
        if min(len(own), len(others)) < FEWEST:
            raise UserError(f"There are {len(others)} drafts to tell the person from; at least {FEWEST} are needed.")
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        own = _thinned(own)
        labels = [1] * len(own) + [0] * len(others)

        def learnt(texts: list[str]):
            # the commonest runs alone: rare ones are words of a subject
            runs = TfidfVectorizer(analyzer="char", ngram_range=(2, 5), min_df=3, max_features=50_000, sublinear_tf=True,
                                   lowercase=False)  # fmt: skip
            weights = LogisticRegression(C=10, max_iter=2000, class_weight="balanced")
            return make_pipeline(runs, weights).fit(texts, labels)

        texts = [_level(text) for text in [*own, *others]]
        self._plain, self._masked = learnt(texts), learnt([masked(text) for text in texts])

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """How probably the person wrote each text (n, 2): as it stands, and masked."""
        texts = [_level(text) for text in texts]
        plain = self._plain.predict_proba(texts)[:, 1]
        return np.stack([plain, self._masked.predict_proba([masked(text) for text in texts])[:, 1]], axis=1)


def _level(text: str) -> str:
    """Quotation marks, dashes and white space in one form: how a file was typed is not how a person writes."""
    text = text.translate(str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "—"}))
    return " ".join(re.sub(r"\s*(?:—|--+)\s*|\s+-\s+", " — ", text).split())


def _thinned(passages: Sequence[str]) -> list[str]:
    """At most MOST of them, evenly."""
    return [passages[i] for i in np.linspace(0, len(passages) - 1, min(MOST, len(passages))).astype(int)]
