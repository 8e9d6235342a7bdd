"""A comparison that somebody watches: the events of a job (jobs.py), kept on disk after everything that comes to be known.

Left out: what is compared and how (harness.py), the table and figures of the command line (report.py), words and pictures (the
app's pages).
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from vibejam.checkpoint import read_json
from vibejam.corpus import Corpus
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.labs.harness import COMPARISONS, LONGER, Comparison, Run, Step, course

RESULTS = "results.json"
SECONDS_BETWEEN_EVENTS = 1.0
TIMES = {name: LONGER if name == "parameters" else 1 for name in COMPARISONS}  # the minutes that a run may take
MEMORY_SECONDS = 20.0  # to measure the memory of one architecture, on a plain core; for estimates only, as is the next
MEASURE_SECONDS = 0.3  # to measure a run, for each thousand characters that are measured on
MEASURED = 0.1  # share of a text that is


@dataclass(frozen=True)
class Event:
    """How far a comparison is.  Nothing is at work before the first run, while floors and memories are measured."""

    iteration: int
    progress: float  # share of all runs, each counted by the time it may take
    left: float  # seconds, at most
    at_work: Step | None = None


def watched(folder: Path, corpus: Corpus, archs: Sequence[str], minutes: float, seeds: int) -> Iterator[Event]:
    """Compare, keep in `folder` what is known so far, and tell about once a second how far it is; to be left at any event.

    Raises UserError as harness.course does, and where the disk is full.
    """
    known, told, number = None, -math.inf, 0
    with closing(course(corpus, archs, minutes, seeds)) as all_found:
        for found in all_found:
            step = found if isinstance(found, Step) else None
            if step is None:
                known = found
                write_json(folder / RESULTS, known.plain())
            if step is None or step.bits_per_byte is not None or time.monotonic() - told >= SECONDS_BETWEEN_EVENTS:
                told, number = time.monotonic(), number + 1
                yield Event(number, *_progress(known, corpus.characters, step), step)


def longest(archs: int, minutes: float, seeds: int, characters: int) -> float:
    """Seconds that comparing so many architectures takes at most: all runs to their end, and the measuring as on a plain core."""
    return archs * MEMORY_SECONDS + archs * seeds * sum(_may_take(name, minutes, characters) for name in COMPARISONS)


def planned_runs(archs: int, seeds: int) -> int:
    """How many runs a comparison is when it is done."""
    return len(COMPARISONS) * seeds * archs


def read_comparison(folder: Path) -> Comparison:
    """What is kept in `folder`.  Raises UserError where it is damaged."""
    saved = read_json(folder / RESULTS)
    try:
        memory = {_name(arch): {int(n): int(size) for n, size in sizes.items()} for arch, sizes in saved["memory"].items()}
        floors = {_name(floor): None if score is None else _finite(score) for floor, score in saved["floors"].items()}
        text = {name: int(saved["text"][name]) for name in ("train_bytes", "choose_bytes", "measure_bytes", "vocabulary")}
        text["tokenizer"] = str(saved["text"]["tokenizer"])
        runs = [_run(run, memory) for run in saved["runs"]]
        known = Comparison(text, _finite(saved["minutes"]), int(saved["seeds"]), runs, floors, memory)
        if not any(floors.values()):
            raise ValueError("a comparison without anything beside it")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(f"{folder / RESULTS} is damaged; delete {folder.name}, and compare again.") from error
    return known


def _run(saved: dict, memory: dict) -> Run:
    curve = tuple((_finite(seconds), int(tokens), _finite(bits)) for seconds, tokens, bits in saved["curve"])
    figures = {name: _finite(saved[name]) for name in ("bits_per_byte", "seconds")}
    counts = {name: int(saved[name]) for name in ("seed", "parameters", "tokens")}
    if saved["comparison"] not in COMPARISONS or saved["arch"] not in memory:
        raise ValueError("a run of nothing that was compared")
    return Run(saved["comparison"], saved["arch"], curve=curve, **figures, **counts)


def _finite(value: object) -> float:
    if not math.isfinite(float(value)):
        raise ValueError("a figure that is no number")
    return float(value)


def _name(value: str) -> str:
    if "<" in value or not 0 < len(value) < 60:  # a figure takes what stands in such brackets for more than text
        raise ValueError("a name that is none")
    return value


def _progress(known: Comparison, characters: int, step: Step | None) -> tuple[float, float]:
    """Share of the runs that is done, and seconds that the rest takes at most."""
    times = {name: _may_take(name, known.minutes, characters) for name in COMPARISONS}
    whole = sum(times.values()) * known.seeds * len(known.memory)
    done = sum(times[run.comparison] for run in known.runs) + (times[step.comparison] * step.progress if step else 0)
    return done / whole, whole - done + MEMORY_SECONDS * sum(not sizes for sizes in known.memory.values())


def _may_take(comparison: str, minutes: float, characters: int) -> float:
    return TIMES[comparison] * minutes * 60 + MEASURE_SECONDS * MEASURED * characters / 1000
