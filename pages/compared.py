"""What is said and drawn of a comparison of architectures: how far it is, its table, two figures with a sentence each.

Words, HTML and the JSON that assets/labs.js draws; everything counted is vibejam.labs.harness's.
"""

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr
import numpy as np

from pages import look, progress
from pages.chart import plotly_tag
from pages.words import clock, count, esc, span
from vibejam.jobs import ALIVE, DONE, FAILED, JOBS, RUNNING, STOPPED, STOPPING
from vibejam.labs.harness import COMPARISONS, Comparison
from vibejam.labs.watched import RESULTS, planned_runs, read_comparison

ARCHS = {  # as they are called here, and what each is
    "transformer": ("Transformer", "looks back at everything it has read; it is what Train makes."),
    "tuned": ("Tuned transformer", "the same, with tables of what tends to follow a few letters or words."),
    "gated-attention": ("Gated attention", "a transformer whose heads can shut when they find nothing."),
    "mamba": ("Mamba-2", "keeps one summary of fixed size, which every token changes a little."),
    "xlstm": ("xLSTM", "the older recurrent network with new gates; its memory does not grow either."),
}
EQUAL = {"minutes": "Equal minutes", "tokens": "Equal tokens", "parameters": "Until no better"}
WHERE = {"minutes": "in equal minutes", "tokens": "on equal tokens", "parameters": "where each goes on until no better"}
PHASES = progress.PHASES | {RUNNING: "Comparing"}


@dataclass(frozen=True)
class Found:
    """A comparison as it stands: what is known of it, and how far it is where it is in progress."""

    status: str
    known: Comparison | None
    error: str = ""
    events: list[dict] = field(default_factory=list)  # as labs/watched.py tells them

    @property
    def alive(self) -> bool:
        return self.status in ALIVE

    @property
    def runs(self) -> int:
        return planned_runs(len(self.known.memory), self.known.seeds) if self.known else 0


def look_at(folder: Path) -> Found:
    """How the comparison in `folder` stands now.  Raises UserError where it is damaged."""
    job = JOBS.get(folder)  # first: what ends in between is then on disk
    status, error, events = (job.status, job.error, list(job.events)) if job else ("", "", [])
    known = read_comparison(folder) if (folder / RESULTS).is_file() else None
    found = Found(status, known, error, events)
    if job is None:
        return Found(DONE if known and len(known.runs) == found.runs else STOPPED, known)
    return found


def is_news(event: dict) -> bool:
    """Whether an event says more than how far it is."""
    return event.get("at_work") is None or event["at_work"]["bits_per_byte"] is not None


def name_of(arch: str) -> str:
    return ARCHS.get(arch, (arch,))[0]


def choice(arch: str) -> str:
    """An architecture as it is offered: its name, and a sentence where there is one."""
    return ": ".join(ARCHS.get(arch, (arch,)))


def component() -> gr.HTML:
    """The figures, empty until `payload` fills them."""
    return gr.HTML(
        "",
        html_template='<section class="compared-figures" aria-label="The comparison in figures" hidden></section>',
        js_on_load=look.script("labs.js"),
        head=plotly_tag(),
        apply_default_css=False,
        elem_id="labs-figures",
    )


def status_html(found: Found) -> str:
    """Phase, share done and time left, and which run is at work; afterwards how much was done."""
    last = found.events[-1] if found.events else None
    at_work = last.get("at_work") if last else None
    share = float(last["progress"]) if last else 0.0
    facts = [f"{share:.0%}", f"{span(last['left'])} left at most" if last["left"] >= 1 else ""] if found.alive and last else []
    cells = "".join(f"<span>{esc(fact)}</span>" for fact in facts if fact)
    bar = look.bar(share, "Progress of the comparison") if found.alive else ""
    return (
        f'<div class="status" data-status="{esc(found.status)}"><p class="phase"><b>{esc(PHASES[found.status])}</b>{cells}</p>{bar}'
        f'<p class="{"remark" if found.status == FAILED else "outcome"}">{esc(_sentence(found, at_work))}</p></div>'
    )


def _sentence(found: Found, at_work: dict | None) -> str:
    done = len(found.known.runs) if found.known else 0
    if found.status == FAILED:
        return found.error
    if found.status == STOPPING:
        return "Finishing this step; every run that has ended is kept."
    if found.status == STOPPED:
        return f"It ended after {done} of {count(found.runs, 'run')}; those are kept."
    if found.status == DONE:
        return f"{count(done, 'run')}, {clock(sum(run.seconds for run in found.known.runs))} of learning."
    if at_work is None and not done:
        return "Reading, counting what needs no training, and measuring what each remembers of a long text."
    if at_work is None:
        return f"{done} of {count(found.runs, 'run')} done."
    looked = [bits for _, _, bits in _under_way(found)]
    so_far = f"; {looked[-1]:.2f} bits per byte when it was last looked at" if looked else ""
    if at_work["progress"] >= 1:
        so_far = "; it is measured on the text held out"
    return (
        f"Run {done + 1} of {found.runs}: {name_of(at_work['arch'])}, {EQUAL[at_work['comparison']].lower()}, "
        f"seed {at_work['seed']}{so_far}."
    )


def _under_way(found: Found) -> list[tuple[float, int, float]]:
    """The curve so far of the run at work: seconds, tokens and bits per byte."""
    last = found.events[-1].get("at_work") if found.events else None
    if not found.alive or last is None:
        return []
    same = [e["at_work"] for e in found.events if e.get("at_work") and _is_same(e["at_work"], last)]
    return [(step["seconds"], step["tokens"], step["bits_per_byte"]) for step in same if step["bits_per_byte"] is not None]


def _is_same(step: dict, other: dict) -> bool:
    return all(step[name] == other[name] for name in ("comparison", "arch", "seed"))


def table_html(known: Comparison | None) -> str:
    """A row for each architecture and floor: bits per byte with their spread, how fast, and how much it remembers."""
    if known is None:
        return ""
    lengths = next((list(sizes) for sizes in known.memory.values() if sizes), [])
    memory = f"Memory after {' and '.join(f'{n:,}' for n in lengths)} tokens" if lengths else "Memory"
    columns = ["Parameters", *EQUAL.values(), "Tokens a second", memory]
    head = "".join(f'<th scope="col" class="number">{esc(name)}</th>' for name in columns)
    rows = [_row(name_of(arch), columns, _cells(known, arch), "") for arch in known.memory]
    for name, score in known.floors.items():
        if score is not None:
            rows.append(_row(name, columns, ["", *[f"{score:.3f}"] * len(EQUAL), "", ""], ' class="floor"'))
    return (
        f'<section class="compared" aria-label="The comparison in numbers"><table><thead><tr>'
        f'<th scope="col">Architecture</th>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
        f'<p class="quiet">{esc(_conditions(known))}</p></section>'
    )


def _row(name: str, columns: list[str], cells: list[str], kind: str) -> str:
    rest = "".join(
        f'<td data-label="{esc(column)}" class="number">{esc(cell)}</td>' for column, cell in zip(columns, cells, strict=True)
    )
    return f'<tr{kind}><th scope="row">{esc(name)}</th>{rest}</tr>'


def _cells(known: Comparison, arch: str) -> list[str]:
    runs = [run for run in known.runs if run.arch == arch]
    timed = [run for run in runs if run.comparison == "minutes"]
    seconds = sum(run.seconds for run in timed)
    return [
        f"{runs[0].parameters:,}" if runs else "",
        *(_mean(known.spread(comparison, arch)) for comparison in EQUAL),
        f"{sum(run.tokens for run in timed) / seconds:,.0f}" if seconds else "",
        " and ".join(map(_size, known.memory[arch].values())),
    ]


def _mean(spread: tuple[float, float] | None) -> str:
    return "" if spread is None else f"{spread[0]:.3f}" + (f" ± {spread[1]:.3f}" if spread[1] else "")


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


def _conditions(known: Comparison) -> str:
    """Which figures these are, on which text, and what is missing."""
    text = known.text
    spread = f", mean ± standard deviation of {known.seeds} seeds" if known.seeds > 1 else ", of one seed"
    missing = [name for name, score in known.floors.items() if score is None]
    absent = f" {' and '.join(missing)} would stand here too after pip install vibejam[labs]." if missing else ""
    minutes = f"{known.minutes:g} {'minute' if known.minutes == 1 else 'minutes'}"
    return (
        f"Bits per byte on {text['measure_bytes']:,} bytes that nothing was learnt from or chosen by{spread}: how many yes-or-no "
        f"questions each letter costs; lower is better. {text['train_bytes']:,} bytes were learnt from, for {minutes} where "
        f"minutes are equal. What stands below the architectures needs no training.{absent}"
    )


def payload(found: Found) -> str:
    """What assets/labs.js draws, as JSON; nothing while nothing is known."""
    if found.known is None:
        return ""
    way = _way(found)
    value = {"figures": [_came(found.known), *([way] if any(line["x"] for line in way["lines"]) else [])]}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _came(known: Comparison) -> dict:
    """Each run as a dot and each mean with its spread, in rows from the top; last the floors."""
    rows, heads, floors, y = [], [], [], 0
    for comparison, title in EQUAL.items():
        heads.append({"y": y, "label": title})
        for arch in known.memory:
            y += 1
            runs = [run for run in known.runs if (run.comparison, run.arch) == (comparison, arch)]
            mean, spread = known.spread(comparison, arch) or (None, 0.0)
            words = [f"{name_of(arch)}, {title.lower()}, seed {run.seed}: {run.bits_per_byte:.3f} bits per byte" for run in runs]
            dots = [round(run.bits_per_byte, 4) for run in runs]
            rows.append({"y": y, "label": name_of(arch), "dots": dots, "words": words, "mean": mean, "spread": spread})
        y += 1
    heads.append({"y": y, "label": "Without training"})
    for name, score in known.floors.items():
        if score is not None:
            y += 1
            floors.append({"y": y, "label": name, "x": round(score, 4), "words": f"{name}: {score:.3f} bits per byte"})
    drawn = {"kind": "came", "title": "What each came to", "sentence": came_sentence(known), "unit": "bits per byte, held out"}
    return drawn | {"rows": rows, "heads": heads, "floors": floors}


def _way(found: Found) -> dict:
    """How each got there where minutes are equal: a faint line a run, and their mean, look by look."""
    known, lines = found.known, []
    at_work = found.events[-1].get("at_work") if found.events and found.alive else None
    for number, arch in enumerate(known.memory):
        curves = [list(run.curve) for run in known.runs if (run.comparison, run.arch) == ("minutes", arch)]
        if at_work and (at_work["comparison"], at_work["arch"]) == ("minutes", arch):
            curves.append(_under_way(found))
        curves = [curve for curve in curves if curve]
        means = _mean_curve(curves)
        lines.append({
            "name": name_of(arch), "number": number, "x": [s for s, _, _ in means], "y": [round(b, 4) for _, _, b in means],
            "words": [f"{name_of(arch)}, {clock(s)}, {t:,.0f} tokens: {b:.2f} bits per byte" for s, t, b in means],
            "runs": [{"x": [s for s, _, _ in curve], "y": [b for _, _, b in curve]} for curve in curves] if len(curves) > 1 else [],
        })  # fmt: skip
    ways = {line["name"]: (line["x"], line["y"]) for line in lines if line["x"]}
    drawn = {"kind": "way", "title": "How they got there", "sentence": way_sentence(ways)}
    return drawn | {"unit": "seconds; bits per byte on text to choose by", "until": known.minutes * 60, "lines": lines}


def came_sentence(known: Comparison) -> str:
    """Who leads where, whether that is more than luck, and whether anything beats what needs no training."""
    whole = [name for name in COMPARISONS if all(known.spread(name, arch) for arch in known.memory)]
    if not whole or not known.memory:
        return "A dot will be one run, and a bar the mean of its seeds with their spread; further to the left is better."
    leaders = {name: min(known.memory, key=lambda arch: known.spread(name, arch)[0]) for name in whole}
    parts = []
    if len(known.memory) > 1:
        for arch in dict.fromkeys(leaders.values()):
            where = [name for name in whole if leaders[name] == arch]
            parts.append(f"{name_of(arch)} guesses best {_and([WHERE[name] for name in where])}{_luck(known, where, arch)}")
    return "; ".join([*parts, _beside_the_floor(known)]) + "."


def _luck(known: Comparison, where: list[str], arch: str) -> str:
    if known.seeds == 1:
        return ", which one seed does not prove"
    runs: Callable[[str, str], list[float]] = lambda name, one: [  # noqa: E731
        run.bits_per_byte for run in known.runs if (run.comparison, run.arch) == (name, one)
    ]
    clear = [max(runs(name, arch)) < min(min(runs(name, other)) for other in known.memory if other != arch) for name in where]
    return ", whatever the seed" if all(clear) else ", but the seeds of others reach as far"


def _beside_the_floor(known: Comparison) -> str:
    scores = {name: score for name, score in known.floors.items() if score is not None}
    floor = min(scores, key=scores.__getitem__)
    means = {arch: min(s[0] for c in COMPARISONS if (s := known.spread(c, arch))) for arch in known.memory}
    better = [name_of(arch) for arch, mean in means.items() if mean < scores[floor]]
    of_it = f"{floor.split(',')[0]}, which only counts letters" if "Kneser" in floor else floor
    if not better:
        return f"nothing came below {of_it} ({scores[floor]:.2f}): more minutes are needed"
    who = "all" if len(better) == len(means) > 1 else f"only {_and(better)}" if len(better) < len(means) else better[0]
    return f"{who} came below {of_it} ({scores[floor]:.2f})"


def way_sentence(ways: dict[str, tuple[list[float], list[float]]]) -> str:
    """Who was ahead, and since when, of mean curves by name: seconds and bits per byte."""
    flat = "lines flatten where the steps get smaller towards the end, not because all is learnt"
    times = sorted({x for xs, _ in ways.values() for x in xs if x >= max(xs[0] for xs, _ in ways.values())})
    if len(ways) < 2 or not times:
        return f"Lower is better, and a point is a look at the model; {flat}."
    ahead = [min(ways, key=lambda name: np.interp(time, *ways[name])) for time in times]
    since = next((i for i in range(len(ahead), 0, -1) if ahead[i - 1] != ahead[-1]), 0)
    when = f"from second {times[since]:.0f} on" if since else "all the way"
    return f"Lower is better: {ahead[-1]} was ahead {when}; {flat}."


def _mean_curve(curves: list[list[tuple[float, int, float]]]) -> list[tuple[float, ...]]:
    """The mean of several curves, look by look, as far as the shortest goes."""
    return [tuple(map(statistics.fmean, zip(*looks, strict=True))) for looks in zip(*curves, strict=False)]


def _and(parts: list[str]) -> str:
    return " and ".join(part for part in [", ".join(parts[:-1]), *parts[-1:]] if part)
