"""The learning curve and the samples written along it, as the JSON that assets/chart.js and assets/samples.js draw.

Both lines are in bits per byte, the one currency in which runs compare; the loss of the text learnt from is converted
with that text's own bytes per token.  A point of that line is the mean of the steps around it, so a long run stays a
few hundred points.
"""

import importlib.util
import json
import math
from pathlib import Path

import gradio as gr

from pages.look import script
from pages.words import clock

POINTS = 300  # of the line of the text learnt from; the other has one a measurement


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
        html_template='<p class="legend"><span class="held">held out</span><span>learnt from</span></p>'
        '<div class="chart" role="img"></div>',
        js_on_load=script("chart.js"),
        head=plotly_tag(),
        apply_default_css=False,
        elem_id="curve",
    )


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
    held = [event for event in events if event.get("val_bits_per_byte") is not None]
    scale, unit = _to_bits_per_byte(held, about)
    learnt = [
        (_mean(bucket, "seconds"), _mean(bucket, "train_loss") * scale, bucket[-1]["iteration"])
        for bucket in _buckets([event for event in events if math.isfinite(event.get("train_loss", math.nan))])
    ]
    train = about.get("settings", {}).get("train", {})
    planned = float(train.get("minutes") or 0) * 60
    latest = held[-1] if held else None
    return _json(
        {
            "unit": unit,
            "learnt": {
                "x": [round(x, 2) for x, _, _ in learnt],
                "y": [round(y, 4) for _, y, _ in learnt],
                "words": [
                    f"{clock(x)}, step {i:,}: {y:.2f} {unit}<br>on the writing it learns from" for x, y, i in learnt
                ],
            },
            "held": {
                "x": [round(event["seconds"], 2) for event in held],
                "y": [round(event["val_bits_per_byte"], 4) for event in held],
                "words": [
                    f"{clock(event['seconds'])}, step {event['iteration']:,}: {event['val_bits_per_byte']:.2f} {unit}"
                    "<br>on writing held out" + ("<br>the best so far" if event.get("best") else "")
                    for event in held
                ],
            },
            "until": planned if alive else 0,
            "spoken": "The learning curve. "
            + (
                f"After {clock(latest['seconds'])} the model needs {latest['val_bits_per_byte']:.2f} bits per byte on "
                f"writing held out, from {held[0]['val_bits_per_byte']:.2f} at first."
                if latest
                else "Nothing has been measured on writing held out yet."
            ),
        }
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
