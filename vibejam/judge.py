"""What is reported of rewrites: meaning, facts, voice, fluency and change, beside the draft (the floor) and the person's own words.

The judge learns for itself, from half of the person's documents, and shares nothing with what chooses between rewrites: no score
here may select one.  Every figure has a 95 % interval from a bootstrap over the drafts (1,000 times as many drafts, drawn with
replacement): how far it would move with other drafts of the same kind.  Left out: whether the sense is right, which must be read.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vibejam.authorship import Authorship, runs_of, split_passages
from vibejam.corpus import Corpus, load_corpus
from vibejam.errors import UserError
from vibejam.measures import Columns, Measures
from vibejam.voice import Profile, background_drafts

RESAMPLES, SEED = 1000, 1
FEW = 10  # drafts, below which an interval promises too much
NARROW = 0.02  # of probability: a gap below it can't be said to be closed
SECTIONS = ("meaning", "facts", "voice", "fluency", "change")

Statistic = Callable[[Columns, np.ndarray], np.ndarray]  # the columns of n texts and weights (R, n) to (R,)
Figure = dict[str, object]  # rewrite, interval, floor, ceiling


@dataclass(frozen=True)
class Row:
    """A draft, its rewrite and, where they are known, the person's own words for the same."""

    draft: str
    rewrite: str
    original: str | None = None


def judge_files(drafts: Path, rewrites: Path, author: Path, say: Callable[[str], None]) -> dict[str, object]:
    """The report on a file of rewrites, with the base models where they were fetched.  Raises UserError for what can't be read."""
    from vibejam.embed import load_embedder
    from vibejam.evaluate import score_texts
    from vibejam.fetch import base_path, load_base

    rows = read_rows(drafts, rewrites)
    corpus = load_corpus(author)
    embedder = load_embedder()
    base = load_base("smollm2-135m") if base_path("smollm2-135m") else None
    return judge(
        rows,
        corpus,
        background_drafts(),
        embed=(lambda texts: embedder.embed(texts).numpy()) if embedder else None,
        surprise=(lambda text: score_texts(*base, [text]).nats) if base else None,
        say=say,
    )


def judge(
    rows: Sequence[Row],
    author: Corpus,
    background: Sequence[str],
    *,
    embed: Callable[[Sequence[str]], np.ndarray] | None = None,
    surprise: Callable[[str], float] | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, object]:
    """The report on `rows`: sections of figures {rewrite, interval, floor, ceiling}; None is what could not be measured.

    The ceiling is the originals where every row has one, else as many unseen passages of the person; those say something else, so
    what compares with a draft has no ceiling then.  Drafts that are judged are taken out of the `background`.  `embed` and
    `surprise` are as in measures.py.  Raises UserError where there is too little writing, or nothing to tell it from.
    """
    drafts, originals = [row.draft for row in rows], [row.original for row in rows if row.original]
    paired = len(originals) == len(rows)
    dice = np.random.default_rng(SEED)
    passages = split_passages(author, originals, SEED)
    judged = runs_of(drafts)
    neutral = [text for text in background if text not in drafts and judged.isdisjoint(runs_of([text]))]
    say(f"learning to tell {len(passages.known):,} passages of the person from {len(neutral):,} neutral drafts")
    known, profile = passages.known, Profile.of(passages.known, neutral)
    ordinary = _ordinary_words([*known, *passages.unseen, *neutral, *drafts, *originals])
    measures = Measures(Authorship(known, neutral), profile, ordinary, embed, surprise)
    own = originals if paired else [passages.unseen[i] for i in dice.permutation(len(passages.unseen))[: len(rows)]]
    say("measuring the rewrites, the drafts and the person's own words")
    rewrite = measures.columns([row.rewrite for row in rows], drafts)
    floor, ceiling = measures.columns(drafts, drafts), measures.columns(own, drafts if paired else None)
    weights = _resampled(len(rows), dice)  # (R, n)

    def figure(statistic: Statistic) -> Figure:
        return _figure(statistic, rewrite, floor, ceiling, weights)

    if embed:
        meaning = {"similarity": figure(_mean("similarity")), "lowest": figure(_lowest("similarity")) | {"interval": None}}
    else:
        meaning = {"chrf": figure(_mean("chrf")), "content_words": figure(_mean("content_words"))}
    voice = {name: figure(_mean(name)) for name in ("characters", "masked", "probability")}
    voice["closed"] = _closed(rewrite, floor, ceiling, weights, weights if paired else _resampled(len(own), dice))
    voice["distance"] = _centred(figure(_distance(profile)), _distance(profile)(rewrite, weights))
    report = {
        "drafts": len(rows),
        "own_words": "the originals" if paired else "unseen passages of the person",
        "resamples": RESAMPLES,
        "seed": SEED,
        "told_apart": round(float(np.mean(ceiling["probability"][:, None] > floor["probability"][None])), 4),
        "meaning": meaning,
        "facts": {name: figure(_mean(name)) for name in ("numbers", "names", "negations", "all")},
        "voice": voice,
        "fluency": {"bits_per_byte": figure(_ratio("nats", "bytes", 1 / np.log(2)))} if surprise else {},
        "change": {
            "words_changed": figure(_mean("words_changed")),
            "left_as_it_was": figure(_mean("left_as_it_was")),
            "length": figure(_ratio("words", "draft_words")),
        },
    }
    return report | {"notes": _notes(report, bool(embed), bool(surprise))}


def as_table(report: dict[str, object]) -> str:
    """The report for reading: a line a figure, notes below."""

    def cell(value: float | None) -> str:
        return "–" if value is None else f"{value:.3f}"

    apart = f"told from drafts {report['told_apart']:.0%} of the time"
    lines = [f"{report['drafts']} drafts; own words are {report['own_words']}, {apart}"]
    lines.append(f"{'':24}{'draft':>8}{'rewrite':>9}  {'95 % interval':15}{'own words':>10}")
    for section in SECTIONS:
        for name, figure in report[section].items():
            low, high = figure["interval"] or (None, None)
            label = f"{section:9}{name.replace('_', ' ')}"
            span = "" if low is None else f"{low:.3f} to {high:.3f}"
            floor, rewrite, ceiling = (cell(figure[side]) for side in ("floor", "rewrite", "ceiling"))
            lines.append(f"{label:24}{floor:>8}{rewrite:>9}  {span:15}{ceiling:>10}")
    return "\n".join([*lines, *report["notes"]])


def read_rows(drafts: Path, rewrites: Path) -> list[Row]:
    """Drafts ({id, draft, original?} a line) with their rewrites ({id, rewrite} a line), in the drafts' order.

    Raises UserError for a line that is something else, an id that stands twice, or a draft without a rewrite.
    """
    given, written = _by_id(drafts, "draft"), _by_id(rewrites, "rewrite")
    missing = [name for name in given if name not in written]
    if missing:
        raise UserError(
            f"{rewrites} has no rewrite for {len(missing)} of the {len(given)} drafts, the first of them {missing[0]!r}; "
            "rewrite all of them, or take those drafts out."
        )
    rows = []
    for name, row in given.items():
        original = row.get("original")
        known = isinstance(original, str) and original.strip()
        rows.append(Row(row["draft"], written[name]["rewrite"], original if known else None))
    return rows


def _by_id(path: Path, wanted: str) -> dict[str, dict[str, object]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read; give a UTF-8 file with one JSON object a line.") from error
    rows: dict[str, dict[str, object]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            name = str(row.get("id", number))
            row[wanted] + ""
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(f'Line {number} of {path} is not an object with a "{wanted}"; correct it and try again.') from error
        if name in rows:
            raise UserError(f"The id {name!r} stands twice in {path}, the second time in line {number}; give each its own.")
        rows[name] = row
    if not rows:
        raise UserError(f"There is nothing in {path}; give one JSON object a line.")
    return rows


def _ordinary_words(texts: Sequence[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"\b[^\W\d_]+\b", text) if word.islower()}


def _resampled(n: int, dice: np.random.Generator) -> np.ndarray:
    """How often each of n texts stands in each of as many draws with replacement (R, n)."""
    return dice.multinomial(n, np.full(n, 1 / n), size=RESAMPLES)


def _mean(column: str) -> Statistic:
    return lambda texts, weights: weights @ texts[column] / weights.sum(1)


def _ratio(above: str, below: str, scale: float = 1.0) -> Statistic:
    return lambda texts, weights: scale * (weights @ texts[above]) / np.maximum(weights @ texts[below], 1)


def _lowest(column: str) -> Statistic:
    return lambda texts, weights: np.where(weights > 0, texts[column], np.inf).min(1)


def _distance(profile: Profile) -> Statistic:
    """Of the rates of all texts together, for a habit shows over pages and not in each."""
    return lambda texts, weights: np.abs(profile.off(weights @ texts["counts"], weights @ texts["sizes"])).mean(-1)


def _figure(statistic: Statistic, rewrite: Columns, floor: Columns, ceiling: Columns, weights: np.ndarray) -> Figure:
    def point(texts: Columns) -> float | None:
        try:
            return _rounded(statistic(texts, np.ones((1, len(texts["sizes"]))))[0])
        except KeyError:  # unseen passages have no draft to be compared with
            return None

    drawn = statistic(rewrite, weights)
    return {"rewrite": point(rewrite), "interval": _interval(drawn), "floor": point(floor), "ceiling": point(ceiling)}


def _centred(figure: Figure, drawn: np.ndarray) -> Figure:
    """The same with its interval moved to the value: texts that are drawn twice make rates look further off than they are."""
    return figure | {"interval": _interval(drawn - drawn.mean() + figure["rewrite"])}


def _closed(rewrite: Columns, floor: Columns, ceiling: Columns, weights: np.ndarray, own_weights: np.ndarray) -> Figure:
    """The share of the way from the drafts to the person's own words, in the mean of both probabilities."""
    mean = _mean("probability")

    def share(weights: np.ndarray, own_weights: np.ndarray) -> np.ndarray:
        start, gap = mean(floor, weights), mean(ceiling, own_weights) - mean(floor, weights)
        return np.where(gap > NARROW, (mean(rewrite, weights) - start) / np.maximum(gap, NARROW), np.nan)

    value = share(np.ones((1, len(floor["sizes"]))), np.ones((1, len(ceiling["sizes"]))))[0]
    if np.isnan(value):
        return {"rewrite": None, "interval": None, "floor": 0.0, "ceiling": 1.0}
    drawn = share(weights, own_weights)
    sure = np.isnan(drawn).mean() < 0.025  # else the gap itself may be none, and the share anything
    interval = _interval(drawn[~np.isnan(drawn)]) if sure else None
    return {"rewrite": _rounded(value), "interval": interval, "floor": 0.0, "ceiling": 1.0}


def _interval(drawn: np.ndarray) -> list[float]:
    return [_rounded(value) for value in np.percentile(drawn, [2.5, 97.5])]


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _notes(report: dict[str, object], has_meaning: bool, has_language: bool) -> list[str]:
    notes = []
    if not has_meaning:
        notes.append("MiniLM is not here, so meaning is what is spelt alike; get it with `vibejam fetch-base minilm`.")
    if not has_language:
        notes.append("SmolLM2 is not here, so fluency is left out; get it with `vibejam fetch-base smollm2-135m`.")
    closed = report["voice"]["closed"]
    if closed["rewrite"] is None:
        notes.append("These drafts read as much like the person as their own words do: there is no gap to close.")
    elif closed["interval"] is None:
        notes.append("The gap between drafts and own words is too small among so few drafts to say how much of it was closed.")
    if report["drafts"] < FEW:
        notes.append(f"There are only {report['drafts']} drafts; the intervals are narrower than what is known.")
    return notes
