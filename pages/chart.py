"""The learning curve and the samples written along it, as the JSON that assets/chart.js and assets/samples.js draw.

All lines are in bits per byte, the one currency in which runs compare; the loss of the text learnt from is converted with that
text's own bytes per token.  A point of that line is the mean of the steps around it, so a long run stays a few hundred points; it
is drawn faint, and smoothed over it.
"""

import importlib.util
import json
import math
from pathlib import Path

import gradio as gr

from pages.look import script
from pages.words import clock, esc

POINTS = 300  # of the line of the text learnt from; the other has one a measurement
SMOOTHED = 1 / 12  # weight of a new point in the moving average
WORSE = 1.005  # times the best, from which on the held-out line has turned


def plotly_js() -> Path:
    """plotly.js as the plotly package brings it, so that nothing is fetched."""
    return Path(importlib.util.find_spec("plotly").origin).parent / "package_data" / "plotly.min.js"


def plotly_tag() -> str:
    """What a component that draws needs in the page's head."""
    return f'<script src="/gradio_api/file={plotly_js().as_posix()}"></script>'


def chart_component() -> gr.HTML:
    """The chart: it stays the same element from tick to tick, which is why a zoom survives."""
    return gr.HTML(
        "",
        html_template='<p class="legend"><span class="held">held out</span><span>learnt from</span><span data-others></span></p>'
        '<div class="chart" role="img"></div>',
        js_on_load=script("chart.js"),
        head=plotly_tag(),
        apply_default_css=False,
        elem_id="curve",
    )


def overlay_component() -> gr.HTML:
    """Hands the chart the curves to lay over its own; nothing of it is seen."""
    return gr.HTML("", html_template="", js_on_load=script("overlay.js"), apply_default_css=False, elem_id="overlay")


def samples_component() -> gr.HTML:
    """The samples: one text and a slider from the first to the latest."""
    return gr.HTML(
        "",
        html_template='<div class="samples"></div>',
        js_on_load=script("samples.js"),
        apply_default_css=False,
        elem_id="timeline",
    )


def curve(events: list[dict], about: dict, alive: bool) -> str:
    """The payload of the chart.  `about` is the run's run.json."""
    held, learnt, unit = _lines(events, about)
    train = about.get("settings", {}).get("train", {})
    planned = float(train.get("minutes") or 0) * 60
    return _json(
        {
            "unit": unit,
            "learnt": {"y": [y for _, y, _ in learnt]} | _smooth(learnt, unit, f"the writing it learns from{_alone(about)}"),
            "held": _held(held, unit, "writing held out"),
            "best": _best(held, unit),
            "second": next((round(event["seconds"], 2) for event in events if event.get("turn") and "seconds" in event), None),
            "until": planned if alive else 0,
            "spoken": _spoken(held),
        }
    )


def overlay(runs: list[tuple[str, list[dict], dict]]) -> str:
    """The payload of the curves laid over: (title, events, run.json) of each."""
    drawn = []
    for title, events, about in runs:
        held, learnt, unit = _lines(events, about)
        drawn.append({
            "name": title,
            "held": _held(held, unit, f"writing held out<br>{esc(title)}"),
            "learnt": _smooth(learnt, unit, f"the writing it learnt from{_alone(about)}<br>{esc(title)}"),
        })  # fmt: skip
    return _json({"runs": drawn})


def _lines(events: list[dict], about: dict) -> tuple[list[dict], list[tuple[float, float, int]], str]:
    """The measurements, (seconds, value, step) of the text learnt from, and the unit of both."""
    held = [event for event in events if event.get("val_bits_per_byte") is not None]
    scale, unit = _to_bits_per_byte(held, about)
    found = [event for event in events if math.isfinite(event.get("train_loss", math.nan))]
    learnt = [
        (round(_mean(bucket, "seconds"), 2), round(_mean(bucket, "train_loss") * scale, 4), bucket[-1]["iteration"])
        for bucket in _buckets(found)
    ]
    return held, learnt, unit


def _alone(about: dict) -> str:
    """What is left out of one line and not of the other: counts know the writing by heart."""
    counted = about.get("settings", {}).get("model", {}).get("counted")
    return "<br>by the network alone, without what is counted" if counted else ""


def _smooth(learnt: list[tuple[float, float, int]], unit: str, on: str) -> dict:
    """A moving average of the line, without the pull of where it began, and what it says at each point."""
    smooth, total, weight = [], 0.0, 0.0
    for _, y, _ in learnt:
        total, weight = total + SMOOTHED * (y - total), weight + SMOOTHED * (1 - weight)
        smooth.append(round(total / weight, 4))
    words = [f"{clock(x)}, step {i:,}: {y:.2f} {unit}<br>on {on}" for (x, _, i), y in zip(learnt, smooth, strict=True)]
    return {"x": [x for x, _, _ in learnt], "smooth": smooth, "words": words}


def _held(held: list[dict], unit: str, on: str) -> dict:
    return {
        "x": [round(event["seconds"], 2) for event in held],
        "y": [round(event["val_bits_per_byte"], 4) for event in held],
        "words": [
            f"{clock(event['seconds'])}, step {event['iteration']:,}: {event['val_bits_per_byte']:.2f} {unit}<br>on {on}"
            + ("<br>the best so far" if event.get("best") else "")
            for event in held
        ],
    }


def _best(held: list[dict], unit: str) -> dict | None:
    """The best measurement, and whether the line has turned there: twice in a row worse since, and not by a hair."""
    if len(held) < 2:
        return None
    at = min(range(len(held)), key=lambda i: held[i]["val_bits_per_byte"])
    value = held[at]["val_bits_per_byte"]
    # a second model that begins anew is worse at first, and has learnt nothing by heart
    later = [event["val_bits_per_byte"] for event in held[at + 1 :] if event.get("turn") == held[at].get("turn")]
    turned = len(later) > 1 and min(later[-2:]) > value * WORSE
    said = f"best: {value:.2f} after {clock(held[at]['seconds'])}"
    return {
        "x": round(held[at]["seconds"], 2),
        "y": round(value, 4),
        "label": f"{said}; from here on it learns by heart" if turned else said,
        "words": f"{clock(held[at]['seconds'])}, step {held[at]['iteration']:,}: {value:.2f} {unit}"
        "<br>the best on writing held out, and the model that is kept",
        "turned": turned,
    }


def _spoken(held: list[dict]) -> str:
    """The chart for who cannot see it."""
    if not held:
        return "The learning curve. Nothing has been measured on writing held out yet."
    best = _best(held, "bits per byte")
    first, last = held[0]["val_bits_per_byte"], held[-1]["val_bits_per_byte"]
    return (
        f"The learning curve. After {clock(held[-1]['seconds'])} the model needs {last:.2f} bits per byte on writing held out, "
        f"from {first:.2f} at first." + (f" {best['label'].capitalize()}." if best else "")
    )


def samples(events: list[dict], prompt: str) -> str:
    """The payload of the samples, first to latest."""
    found = [event for event in events if event.get("sample")]
    return _json(
        {
            "prompt": prompt,
            "samples": [
                {
                    "at": f"{clock(event['seconds'])}, step {event['iteration']:,}",
                    "text": str(event["sample"]).removeprefix(prompt),
                    "figure": f"{event['val_bits_per_byte']:.2f} bits per byte" if "val_bits_per_byte" in event else "",
                }
                for event in found
            ],
        }
    )


def _to_bits_per_byte(held: list[dict], about: dict) -> tuple[float, str]:
    """What turns nats per token into bits per byte, and the unit; 1 and nats where nothing says how long a token is."""
    per_token = about.get("text", {}).get("bytes_per_token")
    if per_token:
        return 1 / math.log(2) / float(per_token), "bits per byte"
    for event in reversed(held):
        if event.get("val_loss"):
            return event["val_bits_per_byte"] / event["val_loss"], "bits per byte"
    return 1.0, "nats per token"


def _buckets(events: list[dict]) -> list[list[dict]]:
    """At most POINTS runs of neighbouring events."""
    size = max(1, -(-len(events) // POINTS))
    return [events[i : i + size] for i in range(0, len(events), size)]


def _mean(events: list[dict], name: str) -> float:
    return sum(event[name] for event in events) / len(events)


def _json(value: dict) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
