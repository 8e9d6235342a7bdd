"""The settings of a run: two presets, every other knob with its sentence, and how long it takes on this machine.

A knob left empty is planned by the preset; what is typed always wins.  On a Space, where strangers share one machine,
only the presets count.
"""

import math
import threading
from collections.abc import Iterator

import gradio as gr

from pages import state
from pages.look import fragment, quiet
from pages.words import span
from vibejam.config import DataConfig, ModelConfig, TrainConfig, help_for
from vibejam.errors import UserError
from vibejam.jobs import JOBS
from vibejam.learn import SAMPLE_PROMPT
from vibejam.recipe import BETTER, PRESETS, QUICK, Recipe, measure_speed, plan_run
from vibejam.runtime import is_space, pick_device
from vibejam.tokenizer import BPE_FROM, vocab_size_for

KNOBS = {  # what it is called here: where its sentence stands, its field, whether it is a whole number
    "How long": [
        (TrainConfig, "minutes", "Minutes", False),
        (TrainConfig, "max_iters", "Steps", True),
        (TrainConfig, "evals", "Measurements", True),
        (TrainConfig, "patience", "Patience", True),
    ],
    "The model": [
        (ModelConfig, "n_layer", "Blocks", True),
        (ModelConfig, "n_head", "Heads", True),
        (ModelConfig, "n_embd", "Width", True),
        (ModelConfig, "block_size", "Context", True),
        (ModelConfig, "dropout", "Dropout", False),
    ],
    "How it learns": [
        (TrainConfig, "batch_size", "Batch", True),
        (TrainConfig, "lr", "Learning rate", False),
        (TrainConfig, "warmup", "Warm-up", False),
        (TrainConfig, "weight_decay", "Weight decay", False),
        (TrainConfig, "grad_clip", "Gradient limit", False),
        (TrainConfig, "seed", "Seed", True),
    ],
    "The text": [
        (DataConfig, "tokenizer", "Tokens", False),
        (DataConfig, "vocab_size", "Vocabulary", True),
        (DataConfig, "val_fraction", "Held out", False),
        (DataConfig, "seed", "Seed of the held-out part", True),
    ],
}
FIELDS = [(config, name) for group in KNOBS.values() for config, name, _, _ in group]
PROMPT_SENTENCE = "While it learns, the model writes on from these words, so that you can hear it change."
CHARACTERS_A_PIECE = 3.3  # of English in a bpe token, for estimates only
CHARACTERS_KNOWN = 100  # different characters in English prose, for the same
_speeds: dict[tuple, float] = {}
_measuring = threading.Lock()


def preset_choices() -> list[tuple[str, str]]:
    return [(f"{QUICK.name}, about a minute", QUICK.name), (f"{BETTER.name}, about ten", BETTER.name)]


def knobs() -> list:
    """The components, in the order of FIELDS and then the prompt."""
    made = []
    for title, group in KNOBS.items():
        fragment(f"<h3>{title}</h3>")
        with gr.Row(elem_classes="knobs"):
            for config, name, label, whole in group:
                sentence = help_for(config, name)
                if name == "tokenizer":
                    made.append(
                        gr.Dropdown(["auto", "char", "bpe"], value="auto", label=label, info=sentence, filterable=False)
                    )
                else:
                    made.append(gr.Textbox("", label=label, info=sentence, max_length=20, min_width=220))
    made.append(gr.Textbox(SAMPLE_PROMPT, label="Words to go on from", info=PROMPT_SENTENCE, max_length=200))
    return made


def recipe(characters: int, preset: str, values: tuple) -> tuple[Recipe, str]:
    """The recipe of `preset` with what was set by hand, and the prompt of its samples.

    Raises UserError for settings that do not go together.
    """
    given: dict[type, dict[str, object]] = {ModelConfig: {}, TrainConfig: {}, DataConfig: {}}
    prompt = SAMPLE_PROMPT
    if values and not is_space():
        prompt = str(values[-1] or SAMPLE_PROMPT)
        for (config, name), value in zip(FIELDS, values):
            if str(value or "").strip():
                given[config][name] = value if name == "tokenizer" else _number(config, name, str(value))
    train = given[TrainConfig]
    minutes, steps = float(train.pop("minutes", 0)), int(train.pop("max_iters", 0))
    if not minutes and not steps:
        minutes = PRESETS.get(preset, QUICK).minutes
    try:
        planned = plan_run(
            characters, minutes, steps, shape=given[ModelConfig], train=train, data=DataConfig(**given[DataConfig])
        )
        planned.model_config(
            1024, int(planned.shape["block_size"])
        )  # contradictions show here, not in the middle of a run
    except UserError:
        raise
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise UserError(f"These settings do not go together: {error}; change one, or leave it empty.") from error
    return planned, prompt


def _number(config: type, name: str, typed: str) -> float | int:
    """What was typed into a knob.  Text boxes, because Gradio's number boxes cannot be empty."""
    label, whole = next(
        (label, whole) for group in KNOBS.values() for c, n, label, whole in group if (c, n) == (config, name)
    )
    try:
        value = int(typed) if whole else float(typed)
        if not math.isfinite(value):
            raise ValueError
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise UserError(f"“{label}” has to be {kind}, or empty; change it and start again.") from None
    return value


def speed_sentence(owner: str, preset: str, *values: object) -> Iterator[list]:
    """How long this run takes here, measured; and in each empty knob what the preset would choose."""
    unchanged = [gr.skip()] * (len(FIELDS) + 1)
    if not owner:
        return
    characters = state.corpus(owner).characters
    try:
        planned, _ = recipe(characters, preset, values)
    except UserError as error:
        yield [quiet(str(error)), *unchanged]
        return
    sentence = quiet(PRESETS.get(preset, QUICK).sentence)
    yield [sentence + quiet("Measuring how fast this machine learns…"), *_placeholders(planned)]
    speed = _speed(planned, characters) if characters else None
    if not speed:
        yield [sentence, *unchanged]
        return
    batch = planned.train.batch_size * int(planned.shape["block_size"])
    limits = [planned.train.minutes * 60, planned.train.max_iters * batch / speed]
    seconds = min(limit for limit in limits if limit)
    a_token = CHARACTERS_A_PIECE if _in_pieces(planned, characters) else 1.0
    times = seconds * speed * a_token / characters
    read = (
        f"reads your writing about {times:,.0f} times over"
        if times >= 1.5
        else ("reads your writing about once" if times > 0.8 else f"gets through about {times:.0%} of your writing")
    )
    machine = "On this machine" if pick_device().type == "cpu" else "On this machine's GPU"
    told = f"{machine}: ready in {span(seconds)}. It learns from {speed:,.0f} tokens a second just now, so it {read}."
    yield [sentence + quiet(told), *unchanged]


def _speed(planned: Recipe, characters: int) -> float | None:
    """Tokens a second on this machine, measured once for each shape and never beside a run."""
    words = planned.data.vocab_size or (
        vocab_size_for(characters) if _in_pieces(planned, characters) else CHARACTERS_KNOWN
    )
    key = (words, planned.train.batch_size, *sorted((name, str(value)) for name, value in planned.shape.items()))
    with _measuring:
        if key not in _speeds and JOBS.alive() is None:
            _speeds[key] = measure_speed(planned, vocab_size=words, steps=4)
        return _speeds.get(key)


def _in_pieces(planned: Recipe, characters: int) -> bool:
    return planned.data.tokenizer == "bpe" or (planned.data.tokenizer == "auto" and characters >= BPE_FROM)


def _placeholders(planned: Recipe) -> list:
    found = []
    for config, name in FIELDS:
        if name == "tokenizer":
            found.append(gr.skip())
            continue
        value = (
            planned.shape.get(name)
            if config is ModelConfig
            else getattr(planned.train if config is TrainConfig else planned.data, name)
        )
        found.append(
            gr.update(placeholder="by the amount of text" if value is None else f"{value:g}" if value else "none")
        )
    return [*found, gr.skip()]
