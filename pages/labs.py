"""Labs: architectures side by side on the same writing, by the same measure.

A comparison is a job of the process (vibejam.jobs, vibejam.labs.watched); this only starts it and looks at it, so closing the page
changes nothing.  Its table and its figures are compared.py's.  Left out: comparing on a Space, where strangers share one machine.
"""

import math
from functools import lru_cache
from pathlib import Path

import gradio as gr

from pages import compared, look, progress, state
from pages.look import ASSETS, fragment, told
from pages.words import count, run_title, span
from vibejam.corpus import Corpus, build_corpus, check_trainable
from vibejam.errors import UserError
from vibejam.jobs import COMPARE, JOBS, STOPPING
from vibejam.labs.watched import longest, planned_runs, watched
from vibejam.model import ARCHITECTURES
from vibejam.readers import read_bytes
from vibejam.runtime import is_space

NOTHING = [gr.skip()] * 13  # one for each output of `show`
NEW = ""  # the dropdown's name for a comparison that has not begun
MINE, SAMPLE = "mine", "sample"
TEXTS = {MINE: "My writing", SAMPLE: "The sample writing"}
TEXT_SENTENCE = "All of them learn the same text; a tenth of it is kept apart to measure on."
ARCHS_SENTENCE = "What is compared. They get as many parameters each, as nearly as their shapes allow."
LEAST_MINUTES, MOST_MINUTES, MINUTES = 0.1, 10.0, 1.0
MINUTES_SENTENCE = "How long each learns where minutes are equal; until no better, it may take twice as long."
MOST_SEEDS, SEEDS = 5, 2
SEEDS_SENTENCE = "How often each begins anew; from two on one sees what is luck."
USUAL = ["transformer", "mamba"]
NO_WRITING = "You have added no writing yet, so this is the sample writing's."
ON_A_SPACE = (
    "A comparison keeps a machine busy for many minutes, and here everybody shares one; start vibejam on your own machine for it."
)
ASK = "(owner, name) => [owner, window.confirm('Delete this comparison?') ? name : '']"
GONE = "That comparison is no longer here; choose another one."


def build(owner: gr.State) -> state.Page:
    """The page inside the tab that is open now."""
    fragment(
        look.heading(
            "Architectures side by side",
            "What comes after the plain transformer, tried on one text, with one trainer, by one measure.",
        )
    )
    clock = gr.Timer(1.0, active=False)  # here, where nothing hides it, or it stops
    told_line = fragment(visible=False, elem_id="labs-notice")
    which = gr.Dropdown(
        [("A new comparison", NEW)], value=NEW, label="Comparison", info="The one this page shows, or a new one.",
        visible=False, elem_id="which-comparison", filterable=False,
    )  # fmt: skip
    with gr.Column(visible=False, elem_id="labs-setup") as setup:
        text = gr.Radio(
            [(said, name) for name, said in TEXTS.items()], value=MINE, label="Writing", info=TEXT_SENTENCE,
            elem_id="knob-labs-text", elem_classes="switch",
        )  # fmt: skip
        archs = gr.CheckboxGroup(
            [(compared.choice(name), name) for name in ARCHITECTURES], value=USUAL, label="Architectures", info=ARCHS_SENTENCE,
            elem_id="knob-labs-archs", elem_classes="lines",
        )  # fmt: skip
        with gr.Row(elem_classes="knobs"):
            minutes = gr.Slider(
                LEAST_MINUTES, MOST_MINUTES, MINUTES, step=0.1, label="Minutes", info=MINUTES_SENTENCE, elem_id="knob-labs-minutes"
            )
            seeds = gr.Slider(1, MOST_SEEDS, SEEDS, step=1, label="Seeds", info=SEEDS_SENTENCE, elem_id="knob-labs-seeds")
        cost = fragment(elem_id="labs-cost")
        start = gr.Button("Compare them", variant="primary", size="md", elem_id="compare")
    with gr.Column(visible=False, elem_id="labs-view") as view:
        status = fragment(elem_id="labs-status")
        with gr.Row(elem_classes="actions"):
            stop = gr.Button("Stop and keep", variant="secondary", size="md", elem_id="stop-comparing")
            another = gr.Button("New comparison", variant="primary", size="md", elem_id="compare-again")
            delete = gr.Button("Delete it", variant="secondary", size="md", elem_id="delete-comparison")
        table = fragment(elem_id="labs-table")
        figures = compared.component()
    seen = gr.State("")  # what this page shows of a comparison, so that a tick with nothing new costs nothing

    page = [told_line, which, setup, text, view, status, stop, another, delete, table, figures, seen, clock]
    choices = [owner, text, archs, minutes, seeds]
    quiet = dict(show_progress="hidden", api_visibility="private", concurrency_limit=None)
    costing = dict(fn=cost_html, inputs=choices, outputs=cost, **quiet)
    gr.on([box.change for box in choices[1:]], **costing)
    which.input(show, [owner, which], page, **quiet).then(**costing)
    start.click(compare, choices, page, **quiet)
    stop.click(halt, [owner, which], page, **quiet)
    another.click(lambda owner: show(owner, NEW), owner, page, **quiet).then(**costing)
    delete.click(remove, [owner, which], page, js=ASK, **quiet).then(**costing)
    clock.tick(tick, [owner, which, seen], page, **quiet)
    return state.Page(opened, [owner, which], page, {}, (costing,))


def opened(owner: str, name: str | None) -> list:
    """The page as someone arrives: at the comparison in progress, the one they looked at, or the newest."""
    job = state.own_comparison(owner) if owner else None
    if job is not None:
        name = job.folder.name
    elif owner:
        names = [folder.name for folder in state.comparison_folders(owner)]
        name = name if name in names else next(iter(names), NEW)
    return show(owner, name)


def show(owner: str, name: str | None, sentence: str = "") -> list:
    """Updates for the whole page, looking at the comparison called `name`, or at none."""
    no = gr.update(visible=False)
    try:
        folders = state.comparison_folders(owner)
        writing = bool(state.corpus(owner).documents)
        if is_space():
            raise UserError(ON_A_SPACE)
    except UserError as error:
        return [told(str(error)), no, no, no, no, "", no, no, no, "", "", "", gr.Timer(active=False)]
    try:
        folder = next((folder for folder in folders if folder.name == name), None)
        found = compared.look_at(folder) if folder else None
    except UserError as error:  # a damaged one can still be deleted
        found, sentence = None, str(error)
    busy = found is not None and found.alive
    choices = [("A new comparison", NEW), *((run_title(folder.name), folder.name) for folder in folders)]
    return [
        told(sentence),
        gr.update(choices=choices, value=folder.name if folder else NEW, visible=bool(folders) and not busy),
        gr.update(visible=folder is None),
        gr.update(visible=writing),
        gr.update(visible=folder is not None),
        compared.status_html(found) if found else "",
        gr.update(visible=busy and found.status != STOPPING),
        gr.update(visible=folder is not None and not busy),
        gr.update(visible=folder is not None and not busy),
        compared.table_html(found.known) if found else "",
        compared.payload(found) if found else "",
        _stamp(folder),
        gr.Timer(active=busy),
    ]


def tick(owner: str, name: str, seen: str) -> list:
    """What is new since `seen`: nothing, how far it is, or everything."""
    job = state.own_comparison(owner) if owner else None
    if job is None or job.folder.name != name:
        return ended(owner, name)
    stamp = _stamp(job.folder)
    if stamp == seen:
        return NOTHING
    if str(seen).split("\n")[:3] != stamp.split("\n")[:3]:
        updates = show(owner, name)
        return updates if job.alive else ended(owner, name)  # what breaks off meanwhile takes its folder with it
    updates = list(NOTHING)
    updates[5], updates[-2] = compared.status_html(compared.look_at(job.folder)), stamp
    return updates


def ended(owner: str, name: str) -> list:
    """The page once the comparison called `name` is no longer in progress; one that broke off early left nothing but its reason."""
    job = JOBS.latest(state.workspace(owner).labs_folder, COMPARE) if owner else None
    kept = owner and name in [folder.name for folder in state.comparison_folders(owner)]
    return show(owner, name, "" if kept else (job.error if job and job.folder.name == name else GONE))


def compare(owner: str, text: str, archs: list[str], minutes: float, seeds: float) -> list:
    """Start a comparison."""
    try:
        if is_space():
            raise UserError(ON_A_SPACE)
        chosen, long, often = checked(archs, minutes, seeds)
        which, corpus = learnt(owner, text)
        check_trainable(corpus)
        if JOBS.alive() is not None:
            raise UserError(progress.busy_sentence(state.own_job(owner) is not None))
        folder = state.workspace(owner).new_comparison(TEXTS[which])
        JOBS.start(folder, lambda: watched(folder, corpus, chosen, long, often), COMPARE)
    except UserError as error:
        return show(owner, NEW, str(error))
    return tick(owner, folder.name, "")  # it may have broken off already


def halt(owner: str, name: str) -> list:
    """Stop the comparison in progress; every run that has ended is kept."""
    job = state.own_comparison(owner) if owner else None
    if job is None:
        return show(owner, name, "That comparison has ended already.")
    job.stop()
    return show(owner, job.folder.name)


def remove(owner: str, name: str) -> list:
    """Delete a comparison that has ended; the page goes on with the newest."""
    if not name:  # the person thought better of it
        return NOTHING
    try:
        job = state.own_comparison(owner)
        if job is not None and job.folder.name == name:
            raise UserError("This comparison is still in progress; stop it first.")
        state.workspace(owner).remove_comparison(name)
    except UserError as error:
        return show(owner, name, str(error))
    return opened(owner, None)


def cost_html(owner: str, text: str, archs: list[str], minutes: float, seeds: float) -> str:
    """How many runs it is and how long they take at most, before anything is started."""
    if not owner or is_space():
        return ""
    try:
        chosen, long, often = checked(archs, minutes, seeds)
        which, corpus = learnt(owner, text)
    except UserError as error:
        return look.quiet(str(error))
    runs = planned_runs(len(chosen), often)
    seconds = longest(len(chosen), long, often, corpus.characters)
    kinds, times = count(len(chosen), "architecture"), {1: "once", 2: "twice"}.get(often, f"{often} times")
    said = (
        f"{kinds}, each {times} with equal minutes, with equal tokens and until no better: {count(runs, 'run')}, "
        f"{span(seconds)} at most. Nothing else can learn meanwhile; stop it at any time, and what is done is kept."
    )
    return look.quiet(said) + (look.quiet(NO_WRITING) if which == SAMPLE and text != SAMPLE else "")


def checked(archs: object, minutes: object, seeds: object) -> tuple[list[str], float, int]:
    """What was chosen, each architecture once.  Raises UserError for anything the page does not offer."""
    chosen = [name for name in ARCHITECTURES if isinstance(archs, list) and name in archs]
    if not chosen or len(chosen) != len(archs):
        raise UserError("Choose at least one of the architectures.")
    if not isinstance(minutes, int | float) or not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise UserError(f"The minutes are a number from {LEAST_MINUTES:g} to {MOST_MINUTES:g}; choose one.")
    if not isinstance(seeds, int | float) or not math.isfinite(seeds) or seeds != int(seeds) or not 1 <= seeds <= MOST_SEEDS:
        raise UserError(f"The seeds are a whole number from 1 to {MOST_SEEDS}; choose one.")
    return chosen, float(minutes), int(seeds)


def learnt(owner: str, text: object) -> tuple[str, Corpus]:
    """Which text is learnt, and it; the sample where there is none of the person's.  Raises UserError for a forgotten visitor."""
    own = state.corpus(owner)
    return (MINE, own) if text != SAMPLE and own.documents else (SAMPLE, sample_writing())


@lru_cache(maxsize=1)
def sample_writing() -> Corpus:
    """The writing that comes with the app."""
    paths = sorted((ASSETS / "sample").glob("*.txt"))
    return build_corpus(result for path in paths for result in read_bytes(path.name, path.read_bytes()))


def _stamp(folder: Path | None) -> str:
    """Changes whenever something about the comparison does: name, status, what is known of it, how far it is."""
    job = JOBS.get(folder) if folder else None
    if job is None:
        return folder.name if folder else ""
    events = list(job.events)
    return "\n".join([folder.name, job.status, str(sum(map(compared.is_news, events))), str(len(events))])
