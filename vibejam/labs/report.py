"""What a comparison says: a Markdown table, two plotly figures, and the folder that keeps all of it.

    table.md       bits per byte by architecture and comparison, mean and standard deviation over seeds, and the floors
    results.json   every run with its curve
    figures.html   the same as pictures, plotly.js inside, so that nothing is fetched

Left out: running anything (harness.py).
"""

from pathlib import Path

import plotly.graph_objects as go

from vibejam.files import write_json, write_text
from vibejam.labs.harness import COMPARISONS, Comparison

INK, SLATE = "#8a4b2a", "#5b6b7a"  # the two colours of the app: a run of the person's text, and what stands for comparison
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
WHAT_IS_EQUAL = {"minutes": "equal minutes", "tokens": "equal tokens", "parameters": "until no better"}


def save(known: Comparison, folder: Path) -> None:
    """Write the three files into `folder`.  Raises UserError where that fails."""
    write_json(folder / "results.json", known.plain())
    write_text(folder / "table.md", table(known))
    pictures = [bars(known), curves(known)]
    parts = [figure.to_html(full_html=False, include_plotlyjs=not number) for number, figure in enumerate(pictures)]
    write_text(folder / "figures.html", f"<!doctype html><meta charset=utf-8><title>vibejam labs</title>{''.join(parts)}")


def table(known: Comparison) -> str:
    """Architectures by comparison, then the floors, then under what conditions, in Markdown."""
    names = list(dict.fromkeys(known.memory))
    lines = [
        "| | parameters | " + " | ".join(WHAT_IS_EQUAL[name] for name in COMPARISONS) + " | tokens a second | memory of writing |",
        "|---|---|" + "---|" * len(COMPARISONS) + "---|---|",
    ]
    for arch in names:
        runs = [run for run in known.runs if run.arch == arch]
        size = f"{runs[0].parameters:,}" if runs else "–"
        cells = [_cell(known.spread(comparison, arch)) for comparison in COMPARISONS]
        timed = [run for run in runs if run.comparison == "minutes"]
        speed = f"{sum(r.tokens for r in timed) / sum(r.seconds for r in timed):,.0f}" if timed else "–"
        memory = ", ".join(f"{size / 1024:,.0f} kB after {length:,}" for length, size in known.memory[arch].items()) or "–"
        lines.append(f"| {arch} | {size} | " + " | ".join(cells) + f" | {speed} | {memory} |")
    for name, score in known.floors.items():
        cell = "not installed (`pip install vibejam[labs]`)" if score is None else f"{score:.3f}"
        lines.append(f"| {name} | – | {cell} |" + " – |" * (len(COMPARISONS) - 1) + " – | – |")
    text = known.text
    lines += [
        "",
        f"Bits per byte, lower is better, on {text['measure_bytes']:,} bytes held out; {text['train_bytes']:,} bytes learnt from, "
        f"{text['choose_bytes']:,} to choose a run's best moment by; {text['vocabulary']} {text['tokenizer']} tokens; "
        f"{known.minutes:g} minutes; mean ± standard deviation of {known.seeds} {'seed' if known.seeds == 1 else 'seeds'}. "
        "The floors stand in the first column of figures; they know no minutes.",
        "",
    ]
    return "\n".join(lines)


def bars(known: Comparison) -> go.Figure:
    """One dot a run and a bar for their mean, by comparison and architecture; floors as lines across."""
    figure = go.Figure()
    for arch in known.memory:
        runs = [run for run in known.runs if run.arch == arch]
        at = [[WHAT_IS_EQUAL[run.comparison] for run in runs], [arch] * len(runs)]
        figure.add_scatter(
            x=at, y=[run.bits_per_byte for run in runs], mode="markers", name=arch, marker_color=INK, showlegend=False
        )
        means = [(name, known.spread(name, arch)) for name in COMPARISONS if known.spread(name, arch)]
        figure.add_scatter(
            x=[[WHAT_IS_EQUAL[name] for name, _ in means], [arch] * len(means)],
            y=[mean for _, (mean, _) in means],
            error_y={"type": "data", "array": [spread for _, (_, spread) in means]},
            mode="markers",
            marker={"symbol": "line-ew-open", "size": 22, "color": INK},
            name=arch,
            showlegend=False,
        )
    for name, score in known.floors.items():
        if score is not None:
            figure.add_hline(score, line={"color": SLATE, "dash": "dot", "width": 1}, annotation_text=f"{name} {score:.2f}")
    return _dressed(figure, "", "bits per byte, held out")


def curves(known: Comparison) -> go.Figure:
    """How each run of equal minutes got there: bits per byte on the text to choose by, against seconds."""
    figure = go.Figure()
    for number, arch in enumerate(known.memory):
        runs = [run for run in known.runs if run.arch == arch and run.comparison == "minutes"]
        for first, run in enumerate(runs):
            figure.add_scatter(
                x=[seconds for seconds, _, _ in run.curve],
                y=[bits for _, _, bits in run.curve],
                mode="lines",
                line={"color": INK, "dash": DASHES[number % len(DASHES)], "width": 1.5},
                name=arch,
                legendgroup=arch,
                showlegend=not first,
            )
    return _dressed(figure, "seconds", "bits per byte, text to choose by")


def _dressed(figure: go.Figure, x: str, y: str) -> go.Figure:
    figure.update_layout(template="simple_white", font_family="system-ui, sans-serif", height=420, margin={"t": 24, "r": 140})
    return figure.update_xaxes(title=x).update_yaxes(title=y)


def _cell(spread: tuple[float, float] | None) -> str:
    return "–" if spread is None else f"{spread[0]:.3f} ± {spread[1]:.3f}" if spread[1] else f"{spread[0]:.3f}"
