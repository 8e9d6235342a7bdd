"""The settings of a run: two presets, every other knob with its sentence, and how long it takes on this machine.

A knob left empty is planned by the preset; what is typed always wins; what a pretrained base brings with it cannot be
set.  On a Space, where strangers share one machine, only the presets count.
"""

import math
import threading
from collections.abc import Iterator

import gradio as gr

from pages import state
from pages.look import fragment, quiet
from pages.words import count, span
from vibejam.base import GENERAL_BYTES
from vibejam.config import DataConfig, ModelConfig, TrainConfig, help_for
from vibejam.errors import UserError
from vibejam.fetch import base_path
from vibejam.jobs import JOBS
from vibejam.learn import SAMPLE_PROMPT
from vibejam.local_writer import BASE
from vibejam.recipe import BETTER, PRESETS, QUICK, Recipe, listening, measure_speed, plan_run
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
        (ModelConfig, "arch", "Kind", False),
        (ModelConfig, "n_layer", "Blocks", True),
        (ModelConfig, "n_head", "Heads", True),
        (ModelConfig, "n_embd", "Width", True),
        (ModelConfig, "block_size", "Context", True),
        (ModelConfig, "dropout", "Dropout", False),
    ],
    "How it learns": [
        (TrainConfig, "batch_size", "Batch", True),
        (TrainConfig, "lora_rank", "Correction", True),
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
CHOICES: dict[str, list] = {  # what is chosen, the first unless the person says, and not typed
    "arch": [("Plain transformer", "transformer"), ("Tuned transformer", "tuned")],
    "tokenizer": ["auto", "char", "bpe"],
}
FIELDS = [(config, name) for group in KNOBS.values() for config, name, _, _ in group]
THE_BASES_OWN = {"arch", "n_layer", "n_head", "n_embd", "dropout", "tokenizer", "vocab_size"}
ON_A_BASE_ONLY = {"lora_rank"}
FROM_NOTHING = "none"  # as plan_run calls it
STANDING = [("From nothing but my writing", FROM_NOTHING), ("On a small model that knows English", BASE)]
STANDING_SENTENCE = (
    "From nothing, it gets your rhythm and favourite words; a small model knows English before it learns you, in slower steps."
)
PRESET_SENTENCE = "Longer learns more; you can stop at any time, and what is learnt by then is kept."
ON_A_BASE = {
    QUICK.name: "About a minute: a first lean towards your way of writing, in the small model's English.",
    BETTER.name: "About ten minutes: time for your habits to get into the small model's English.",
}
READS_FASTER = 1.7  # than it learns: measured on a CPU, for estimates only
FEW_STEPS = 20  # of a base: after fewer it has hardly moved
PROMPT_SENTENCE = "While it learns, the model writes on from these words, so that you can hear it change."
CHARACTERS_A_PIECE = 3.3  # of English in a bpe token, for estimates only
CHARACTERS_A_BASE_PIECE = 4.1  # the same, of the base's tokens
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
            for config, name, label, _ in group:
                sentence, there = help_for(config, name), applies(name, default_standing())
                if name in CHOICES:
                    made.append(
                        gr.Dropdown(
                            CHOICES[name], value=first_choice(name), label=label, info=sentence, filterable=False, visible=there,
                            elem_id=name_of(config, name),
                        )
                    )  # fmt: skip
                else:
                    made.append(gr.Textbox("", label=label, info=sentence, max_length=20, min_width=220, visible=there,
                                           elem_id=name_of(config, name)))  # fmt: skip
    made.append(gr.Textbox(SAMPLE_PROMPT, label="Words to go on from", info=PROMPT_SENTENCE, max_length=200, elem_id="knob-prompt"))
    return made


def first_choice(name: str) -> str:
    first = CHOICES[name][0]
    return first if isinstance(first, str) else first[1]


def name_of(config: type, name: str) -> str:
    """The id of a knob on the page."""
    return f"knob-{config.__name__.removesuffix('Config').lower()}-{name.replace('_', '-')}"


def default_standing() -> str:
    """What a run stands on unless the person says: the base where it is here, for then somebody wanted it, and in the same minutes
    it comes to predict their writing better.  On a Space, where strangers wait for one machine, never."""
    return FROM_NOTHING if is_space() or base_path(BASE) is None else BASE


def applies(name: str, base: str) -> bool:
    """Whether the setting `name` means anything for a run that stands on `base`."""
    return name not in (ON_A_BASE_ONLY if base == FROM_NOTHING else THE_BASES_OWN)


def recipe(characters: int, preset: str, values: tuple, base: str = FROM_NOTHING) -> tuple[Recipe, str]:
    """The recipe of `preset` on `base` with what was set by hand, and the prompt of its samples.

    Raises UserError for settings that do not go together.
    """
    given: dict[type, dict[str, object]] = {ModelConfig: {}, TrainConfig: {}, DataConfig: {}}
    prompt = SAMPLE_PROMPT
    if values and not is_space():
        prompt = str(values[-1] or SAMPLE_PROMPT)
        for (config, name), value in zip(FIELDS, values, strict=False):
            if str(value or "").strip() and applies(name, base):
                given[config][name] = str(value) if name in CHOICES else _number(config, name, str(value))
    train, shape = given[TrainConfig], given[ModelConfig]
    minutes, steps = float(train.pop("minutes", 0)), int(train.pop("max_iters", 0))
    if not minutes and not steps:
        minutes = PRESETS.get(preset, QUICK).minutes
    try:
        data = DataConfig(**given[DataConfig])
        planned = plan_run(characters, minutes, steps, shape=shape, train=train, data=data, base=base)
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


def speed_sentence(owner: str, preset: str, base: str, *values: object) -> Iterator[list]:
    """How long this run takes here, measured; which knobs it has, and in each empty one what the preset would choose."""
    _, *unchanged = unmeasured()
    if not owner:
        yield unmeasured()
        return
    characters = state.corpus(owner).characters
    try:
        planned, _ = recipe(characters, preset, values, base)
    except UserError as error:
        yield [quiet(str(error)), *_knob_updates(base)]
        return
    sentence = quiet((PRESETS.get(preset, QUICK).sentence) if base == FROM_NOTHING else ON_A_BASE.get(preset, ""))
    yield [sentence + quiet("Measuring how fast this machine learns…"), *_knob_updates(base, planned)]
    speed = _speed(planned, characters) if characters else None
    yield [sentence + (quiet(_told(planned, speed, characters)) if speed else ""), *unchanged]


def unmeasured() -> list:
    """Updates that change nothing.  A generator has to yield them: of one that yields nothing Gradio empties every box."""
    return [gr.skip()] * (len(FIELDS) + 2)


def _told(planned: Recipe, speed: float, characters: int) -> str:
    """What the measured `speed`, in tokens a second, means for this run."""
    batch = planned.train.batch_size * int(planned.shape["block_size"])
    limits = [planned.train.minutes * 60, planned.train.max_iters * batch / speed * listening(planned.train)]
    seconds = min(limit for limit in limits if limit)
    tokens = seconds * speed / listening(planned.train)
    times = tokens * _characters_a_token(planned, characters) / characters
    read = (
        f"reads your writing about {times:,.0f} times over"
        if times >= 1.5
        else ("reads your writing about once" if times > 0.8 else f"gets through about {times:.0%} of your writing")
    )
    machine = "On this machine" if pick_device().type == "cpu" else "On this machine's GPU"
    if planned.base == FROM_NOTHING:
        return f"{machine}: ready in {span(seconds)}. It learns from {speed:,.0f} tokens a second just now, so it {read}."
    steps = max(1, round(seconds * speed / batch))
    measured = (2 * GENERAL_BYTES + planned.data.val_fraction * characters) / CHARACTERS_A_BASE_PIECE  # tokens
    measuring = span(measured / (READS_FASTER * speed))
    few = " That is little: give it longer if you can." if steps < FEW_STEPS else ""
    return (
        f"{machine}: {span(seconds)} of learning, and {measuring} of measuring it before and after. It learns from {speed:,.0f} "
        f"tokens a second just now, so it {read}, in {count(steps, 'step')}.{few}"
    )


def _speed(planned: Recipe, characters: int) -> float | None:
    """Tokens a second on this machine, measured once for each shape and never beside a run; None where it cannot be."""
    words = planned.data.vocab_size or (
        vocab_size_for(characters) if _in_pieces(planned, characters) else CHARACTERS_KNOWN
    )
    shape = sorted((name, str(value)) for name, value in planned.shape.items())
    key = (planned.base, planned.train.lora_rank, words, planned.train.batch_size, *shape)
    with _measuring:
        if key not in _speeds and JOBS.alive() is None and (planned.base == FROM_NOTHING or base_path(planned.base)):
            _speeds[key] = measure_speed(planned, vocab_size=words, steps=4)
        return _speeds.get(key)


def _characters_a_token(planned: Recipe, characters: int) -> float:
    if planned.base != FROM_NOTHING:
        return CHARACTERS_A_BASE_PIECE
    return CHARACTERS_A_PIECE if _in_pieces(planned, characters) else 1.0


def _in_pieces(planned: Recipe, characters: int) -> bool:
    return planned.data.tokenizer == "bpe" or (planned.data.tokenizer == "auto" and characters >= BPE_FROM)


def _knob_updates(base: str, planned: Recipe | None = None) -> list:
    """For each knob whether it is there, and what an empty one stands for."""
    found = []
    for config, name in FIELDS:
        update = {"visible": applies(name, base)}
        if planned is not None and name not in CHOICES:
            value = (
                planned.shape.get(name)
                if config is ModelConfig
                else getattr(planned.train if config is TrainConfig else planned.data, name)
            )
            update["placeholder"] = "by the amount of text" if value is None else f"{value:g}" if value else "none"
        found.append(gr.update(**update))
    return [*found, gr.skip()]
