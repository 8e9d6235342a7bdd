"""How a person writes, in counts: the profile that a page draws, and how far a text is from it.

What is counted is manner, not matter: function words, marks, lengths, contractions, how sentences open.  The distance is Burrows's
Delta (https://doi.org/10.1093/llc/17.3.267) with the author's own page-to-page spread as its unit.  `background_drafts` is what
everybody is compared with: neutral prose by machines that comes with the app.

Left out: who wrote a text (authorship.py), and anything that chooses between rewrites.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from vibejam.errors import UserError

ASSETS = Path(__file__).resolve().parents[1] / "assets"
# words that carry grammar, not matter: articles, pronouns, prepositions, auxiliaries, conjunctions, adverbs of degree
FUNCTION_WORDS = frozenset(
    "a an the this that these those i you he she it we they me him her us them my your his its our their mine yours "
    "myself yourself himself herself itself ourselves themselves one ones each every either neither both all any some "
    "none no nobody nothing someone something anyone anything everyone everything other others another such same own "
    "and or but nor yet so if then than as while because though although unless until since whether however therefore "
    "of to in at by for from into with on off onto out over under up down about after before between through during "
    "against among upon within without across along around behind near "
    "is am are was were be been being do does did done has have had having will would can could shall should may might "
    "must need ought not never ever there here what which who whom whose when where why how "
    "very too just also only even still quite rather almost already again once more most much many little less few "
    "now always often perhaps indeed well".split()
)
CLITICS = ("n't", "'s", "'d", "'ll", "'re", "'ve", "'m")
MARKS = (".", ",", ";", ":", "?", "!", "—", "…", "(", '"')  # an opening bracket stands for the pair
COMMON = 120  # of the function words, those looked at
PAGE = 500  # tokens: the unit over which an author's rates are seen to vary
FAR = 4.0  # spreads; beyond it a habit counts as this far off, so that no single one decides
BINS = (5, 10, 15, 20, 25, 30, 40, 60, 100)  # words: upper edges of the bars in a picture of lengths; one more bar beyond

_TOKEN = re.compile(r"""[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:[.,:/]\d+)*|\.\.\.|--+|(?<=\s)-(?=\s)|[.,;:?!—…("]""")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "—"})
_ALIKE = {"-": "—", "--": "—", "---": "—", "...": "…"}
_WHOLE = {"ca": "can", "wo": "will", "sha": "shall"}
_CUT = re.compile(r"""([.!?…]+)["'”’)\]]*\s+(?=["'“‘(\[]*[A-Z0-9])""")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|e\.g|i\.e|cf)|\b[A-Z])$")
_QUOTED = re.compile(r'(?m)^[ \t]*>.*$|"[^"\n]+"')
_PRONOUN = r"(?:i|you|he|she|it|we|they|that|there|who|what)"
_COULD_CONTRACT = re.compile(
    r"\b(?:(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|must) not|cannot|i am|"
    r"(?:i|you|we|they) have|(?:you|we|they) are|(?:he|she|it|that|there|who|what) (?:is|has)|"
    rf"{_PRONOUN} (?:will|would|had))\b"
)
_CONTRACTED = re.compile(rf"n't\b|\b{_PRONOUN}'(?:s|d|ll|re|ve|m)\b|\w'(?:ll|re|ve|m)\b")


def background_drafts() -> list[str]:
    """The neutral drafts that come with the app, each once; empty where the app came without its assets."""
    return _background("draft")


def background_people() -> list[str]:
    """What the drafts were made from: the own words of invented people in many voices, each once."""
    return _background("original")


def _background(field: str) -> list[str]:
    files = [ASSETS / "sample-drafts.jsonl", *sorted((ASSETS / "pairs").glob("*.jsonl"))]
    lines = [line for file in files if file.is_file() for line in file.read_text(encoding="utf-8").splitlines()]
    return list(dict.fromkeys(json.loads(line)[field] for line in lines if line.strip()))


@dataclass(frozen=True)
class Lengths:
    """Lengths in words: their mean, the tenth, half and nine tenths of them, and how many fall into each of BINS and beyond."""

    mean: float
    low: float
    median: float
    high: float
    counts: tuple[int, ...]

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Self:
        low, median, high = np.quantile(lengths, [0.1, 0.5, 0.9]) if lengths else (0.0, 0.0, 0.0)
        counts = np.bincount(np.searchsorted(BINS, lengths), minlength=len(BINS) + 1) if lengths else [0] * (len(BINS) + 1)
        mean = float(np.mean(lengths)) if lengths else 0.0
        return cls(mean, float(low), float(median), float(high), tuple(int(count) for count in counts))


@dataclass(frozen=True)
class Habit:
    """A word or mark, its share with the author and with whom or what it is compared.  `off`: in spreads, above 0 is more."""

    token: str
    own: float
    other: float
    off: float


@dataclass(frozen=True)
class Profile:
    """One person's manner in numbers.

    `counts` of `tokens` among `size` tokens, whose shares vary by `spread` from page to page beyond chance; `openers` as shares of
    sentences, commonest first, and `favourites` as shares of words, furthest from the background's first.
    `readability` is the Automated Readability Index, about a school grade (https://apps.dtic.mil/sti/citations/AD0667273).
    """

    words: int
    size: int
    tokens: tuple[str, ...]
    counts: tuple[int, ...]
    spread: tuple[float, ...]
    sentences: Lengths
    paragraphs: Lengths
    contractions: float  # share of the places for one where there is one
    openers: tuple[Habit, ...]
    favourites: tuple[Habit, ...]
    readability: float

    @classmethod
    def of(cls, texts: Sequence[str], background: Sequence[str] | None = None) -> Self:
        """The profile of who wrote `texts`, against `background` (the app's drafts unless given).

        Raises UserError where there is not a word in them.
        """
        background = background_drafts() if background is None else background
        stream = [token for text in texts for token in tokens(text)]
        words = [word for text in texts for word in _WORD.findall(text)]
        if not words:
            raise UserError("There is no writing to profile; add a page or two that you wrote.")
        neutral = Counter(token for text in background for token in tokens(text))
        total = Counter(stream)
        looked_at = _looked_at(total, neutral)
        found = [sentence for text in texts for sentence in sentences(text)]
        return cls(
            words=len(words),
            size=len(stream),
            tokens=looked_at,
            counts=tuple(total[token] for token in looked_at),
            spread=tuple(_spread(stream, looked_at).tolist()),
            sentences=Lengths.of([count for sentence in found if (count := _words(sentence))]),
            paragraphs=Lengths.of([count for text in texts for part in paragraphs(text) if (count := _words(part))]),
            contractions=contraction_share(texts),
            openers=_openers(found, background),
            favourites=_favourites(texts, neutral),
            readability=_readability(words, len(found)),
        )

    def count(self, text: str) -> tuple[np.ndarray, int]:
        """How often each of `tokens` stands in `text` (V,), and how many tokens it has."""
        found = tokens(text)
        counts = Counter(found)
        return np.array([counts[token] for token in self.tokens]), len(found)

    def off(self, counts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """How many spreads (..., V) the shares of `counts` (..., V) among `sizes` (...) lie from the author's; above 0 is more.

        The spread is what chance and the author's own variation would give a text of that size.
        """
        own, size = np.array(self.counts), self.size
        n = np.maximum(np.asarray(sizes, dtype=float)[..., None], 1.0)
        shared = (own + counts + 1) / (size + n + 1)
        pages = 1 / np.maximum(n / PAGE, 1) + 1 / max(size / PAGE, 1)
        variance = shared * (1 - shared) * (1 / n + 1 / size) + np.square(self.spread) * pages
        return np.clip((counts / n - own / size) / np.sqrt(variance), -FAR, FAR)

    def distance(self, texts: Sequence[str]) -> float:
        """Mean distance of the common words' and marks' rates in `texts` together: about 0.8 for the author's own, more for others.

        It grows with the length of what is measured, as certainty does: compare texts of about the same length.
        """
        rows = [self.count(text) for text in texts]
        return float(np.abs(self.off(sum(row for row, _ in rows), sum(size for _, size in rows))).mean())

    def habits(self, text: str) -> list[Habit]:
        """Each common word and mark as the author has it and as `text` has it, what is furthest off first."""
        counts, size = self.count(text)
        rows = zip(self.tokens, self.counts, counts, self.off(counts, size), strict=True)
        habits = [Habit(token, own / self.size, int(here) / max(size, 1), float(off)) for token, own, here, off in rows]
        return sorted(habits, key=lambda habit: -abs(habit.off))


def tokens(text: str) -> list[str]:
    """Words, numbers and marks in order, in lower case; a contraction is two: "don't" gives "do", "n't"."""
    found = []
    for token in _TOKEN.findall(text.translate(_PLAIN).lower()):
        stem = next((token.removesuffix(clitic) for clitic in CLITICS if token.endswith(clitic)), "") if "'" in token else ""
        found += [_WHOLE.get(stem, stem), token[len(stem) :]] if stem else [_ALIKE.get(token, token)]
    return found


def paragraphs(text: str) -> list[str]:
    """What blank lines part, without those."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def sentences(text: str) -> list[str]:
    """The sentences of each paragraph; an initial or a title before a name ends none."""
    found = []
    for paragraph in paragraphs(text):
        start = 0
        for cut in _CUT.finditer(paragraph):
            if cut[1] != "." or not _ABBREVIATION.search(paragraph[: cut.start()]):
                found.append(paragraph[start : cut.end()].strip())
                start = cut.end()
        found.append(paragraph[start:].strip())
    return [sentence for sentence in found if sentence]


def contraction_share(texts: Sequence[str]) -> float:
    """Of all places where a contraction stands or could stand, the share where one stands; 0 where there is no such place."""
    plain = [" ".join(text.translate(_PLAIN).lower().split()) for text in texts]
    short = sum(len(_CONTRACTED.findall(text)) for text in plain)
    places = short + sum(len(_COULD_CONTRACT.findall(text)) for text in plain)
    return short / places if places else 0.0


def quoted_share(texts: Sequence[str]) -> float:
    """Share of the words that stand in double quotation marks or on lines that begin with ">", 0 to 1."""
    plain = [text.translate(_PLAIN) for text in texts]
    quoted = sum(_words(quotation) for text in plain for quotation in _QUOTED.findall(text))
    return quoted / max(1, sum(map(_words, plain)))


def _is_word(token: str) -> bool:
    return token[0].isalpha() and token not in CLITICS


def _words(text: str) -> int:
    return len(_WORD.findall(text))


def _looked_at(own: Counter[str], neutral: Counter[str]) -> tuple[str, ...]:
    """The commonest function words and parts of contractions on both sides, each side counting the same, and all marks."""

    size, neutral_size = max(own.total(), 1), max(neutral.total(), 1)

    def share(token: str) -> float:
        return own[token] / size + neutral[token] / neutral_size

    common = sorted([*sorted(FUNCTION_WORDS), *CLITICS], key=share, reverse=True)[:COMMON]
    return (*common, *MARKS)


def _spread(stream: list[str], looked_at: tuple[str, ...]) -> np.ndarray:
    """By how much the shares (V,) of the tokens vary between pages beyond chance.

    What few pages show of one token is uncertain, so how much tokens vary in general, relative to their share, counts as eight.
    """
    pages = [Counter(stream[i : i + PAGE]) for i in range(0, max(1, len(stream) - PAGE + 1), PAGE)]
    size = min(PAGE, len(stream))
    shares = np.array([[page[token] / size for token in looked_at] for page in pages])  # (pages, V)
    share = shares.mean(0)
    beyond = np.maximum(shares.var(0, ddof=1) - share * (1 - share) / size, 0) if len(pages) > 1 else np.zeros(len(share))
    seen = share > 0
    general = float(np.median(beyond[seen] / share[seen] ** 2)) if len(pages) > 1 and seen.any() else 0.05
    return np.sqrt((len(pages) * beyond + 8 * general * share**2) / (len(pages) + 8))


def _openers(found: Sequence[str], background: Sequence[str], count: int = 12) -> tuple[Habit, ...]:
    def opened(these: Sequence[str]) -> Counter[str]:
        return Counter(word for sentence in these if (word := next(filter(_is_word, tokens(sentence)), "")))

    own, neutral = opened(found), opened([sentence for text in background for sentence in sentences(text)])
    habits = _keyness(own, neutral, [word for word, times in own.items() if times > 2])
    return tuple(sorted(habits, key=lambda habit: -habit.own)[:count])


def _favourites(texts: Sequence[str], neutral: Counter[str], count: int = 24) -> tuple[Habit, ...]:
    """Words far commoner here than in the background, all over the writing, and no names."""
    stream = [token for text in texts for token in tokens(text)]
    small = Counter(word for text in texts for word in _WORD.findall(text.translate(_PLAIN)) if word.islower())
    spread = Counter(word for i in range(0, len(stream), PAGE) for word in set(stream[i : i + PAGE]))
    own = Counter(filter(_is_word, stream))
    everywhere = max(3, len(stream) / PAGE / 20)
    words = [word for word in own if spread[word] >= everywhere and small[word] > own[word] / 2]
    background = Counter({word: times for word, times in neutral.items() if _is_word(word)})
    habits = [habit for habit in _keyness(own, background, words) if habit.own > habit.other]
    return tuple(sorted(habits, key=lambda habit: -habit.off)[:count])


def _keyness(own: Counter[str], neutral: Counter[str], words: Sequence[str]) -> list[Habit]:
    """Signed root of Dunning's log-likelihood ratio (https://aclanthology.org/J93-1003), which reads like a number of spreads."""
    a, b = own.total(), max(neutral.total(), 1)
    habits = []
    for word in words:
        x, y = own[word], neutral[word]
        expected = [a * (x + y) / (a + b), b * (x + y) / (a + b)]
        ratio = 2 * sum(seen * math.log(seen / e) for seen, e in zip((x, y), expected, strict=True) if seen)
        habits.append(Habit(word, x / a, y / b, math.copysign(math.sqrt(max(ratio, 0.0)), x / a - y / b)))
    return habits


def _readability(words: Sequence[str], count: int) -> float:
    """4.71 letters a word + 0.5 words a sentence - 21.43 (Smith and Senter 1967)."""
    letters = sum(map(len, words))
    return 4.71 * letters / len(words) + 0.5 * len(words) / max(count, 1) - 21.43
