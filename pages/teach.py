"""Teach it to rewrite: neutral drafts of the person's own passages, made by their service or on this machine, to learn to undo.

The work is a job of the process (vibejam.jobs, vibejam.teach); this only starts it and looks at it.  What it would take is
teach_plan.py, what is said of it teach_words.py, and what it brought before_after.py.  Nothing is sent before the host stands
on the button that is pressed, and the cost above it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from pages import before_after, look, progress, sample, state
from pages.look import fragment
from pages.service import service
from pages.teach_plan import FEWEST_PASSAGES, SERVICE_SENTENCE, chosen_minutes, chosen_passages, costs
from pages.teach_words import offer_sentence, status_html, taught_sentence
from pages.words import count
from vibejam.errors import UserError
from vibejam.fetch import base_path
from vibejam.jobs import JOBS, STOPPING, TEACH
from vibejam.local_writer import BASE
from vibejam.rewrite.decisions import decisions
from vibejam.runtime import is_space
from vibejam.teach import (
    MINUTES,
    MOST_PASSAGES,
    PASSAGES,
    Drafting,
    drafted,
    drafting_by,
    drafting_by_rules,
    drafting_here,
    from_nothing,
    teach,
    teachable,
)

WHAT = (
    "Plain drafts are made of passages you wrote, and your voice learns to turn each draft back into your own words. The sentences "
    "you decided are learnt from too. It becomes a run of its own, kept only if it is better on pairs it never saw."
)
FROM_NOTHING = (
    "This voice began from nothing but your writing and knows too little English to put a sentence anew: it learns to copy a draft "
    "and to exchange the words that your passages show. A run that learns on the small model that knows English gets further."
)
NOT_THIS_KIND = (
    "This voice began from nothing and is of a kind that can't be taught to rewrite. On Train, let a new run learn, best on the "
    "small model that knows English, and choose it here."
)
PASSAGES_SENTENCE = (
    "How many passages of yours are drafted: more teach more, take longer, and cost more. Of a service's drafts 170 are enough; "
    "this machine's teach less each, so give them all the passages that you have the time for."
)
MINUTES_SENTENCE = (
    "How long the voice learns at most, once the drafts are there; on the small model it ends after reading them once."
)


@dataclass(frozen=True)
class Section:
    """The components that `show` reads and updates."""

    inputs: list
    outputs: list


def build(owner: gr.State, voice: gr.Dropdown, endpoint: list) -> Section:
    """The section; `endpoint` are the address, the model and the key as they are typed on the page."""
    clock = gr.Timer(3.0 if is_space() else 1.0, active=False)  # here, where nothing hides it, or it stops
    with gr.Column(visible=False, elem_classes="offer", elem_id="learn-offer") as box:
        said = fragment()
        learn = gr.Button("Learn from them", variant="secondary", size="md", elem_id="learn-from-decisions")
    status = fragment(elem_id="teach-status")
    stop = gr.Button("Stop teaching", variant="secondary", size="md", visible=False, elem_id="stop-teaching")
    seen = before_after.build(owner, voice)
    with gr.Accordion("Teach it to rewrite", open=False, elem_id="teach"):
        about = fragment()
        with gr.Column(visible=False) as plan:
            with gr.Row(elem_classes="knobs"):
                most = gr.Slider(
                    FEWEST_PASSAGES, MOST_PASSAGES, PASSAGES, step=10, label="Passages", info=PASSAGES_SENTENCE, elem_id="passages"
                )
                minutes = gr.Slider(1, 30, MINUTES, step=1, label="Minutes", info=MINUTES_SENTENCE, elem_id="teach-minutes")
            cost = fragment(elem_id="teach-cost")
            with gr.Row(elem_classes="actions"):
                send = gr.Button("Send", variant="secondary", size="md", visible=False, elem_id="teach-by-service")
                here = gr.Button("Draft them on this machine", variant="secondary", size="md", visible=False, elem_id="teach-here")
                there = gr.Button("Learn from the drafts", variant="secondary", size="md", visible=False, elem_id="teach-again")

    inputs = [owner, voice, most, minutes, *endpoint]
    outputs = [box, said, status, stop, about, plan, cost, send, here, there, voice, clock, seen]
    quiet = dict(show_progress="hidden", api_visibility="private", concurrency_limit=None)
    gr.on([voice.input, most.release, minutes.release, *(field.change for field in endpoint)], show, inputs, outputs, **quiet)
    send.click(by_service, [*inputs, send], outputs, **quiet)
    here.click(by_this_machine, inputs, outputs, **quiet)
    gr.on([learn.click, there.click], from_what_is_there, inputs, outputs, **quiet)
    stop.click(halt, inputs, outputs, **quiet)
    clock.tick(tick, inputs, outputs, **quiet)
    return Section(inputs, outputs)


def show(
    owner: str, voice: str | None, most: float, minutes: float, address: str, model: str, key: str, sentence: str = ""
) -> list:
    """Updates for the whole section; `sentence` went wrong."""
    same, no = gr.skip(), gr.update(visible=False)
    try:
        told, stoppable, clock = _progress(owner, sentence)
        if not voice:
            return [no, "", told, stoppable, "", no, "", *[same] * 4, clock, no]
        run = state.read_run(state.find_run(owner, voice))
    except UserError as error:
        return [no, "", look.notice(str(error)), *[same] * 10]
    if not teachable(run.about):
        return [no, "", told, stoppable, look.quiet(NOT_THIS_KIND), no, "", *[same] * 4, clock, no]
    idle = JOBS.alive() is None
    offer = offer_sentence(owner, run) if idle else ""
    lines, to, drafts = costs(owner, run, most, minutes, address, model, key)
    return [
        gr.update(visible=bool(offer)),
        look.quiet(offer),
        told,
        stoppable,
        "".join(map(look.quiet, [WHAT, *[FROM_NOTHING] * from_nothing(run.about), taught_sentence(run)])),
        gr.update(visible=True),
        "".join(map(look.quiet, lines if idle else [progress.busy_sentence(state.own_job(owner) is not None)])),
        gr.update(value=to, visible=bool(to) and idle),
        gr.update(visible=idle),
        gr.update(value=f"Learn from the {count(drafts, 'draft')} that are here", visible=drafts >= FEWEST_PASSAGES and idle),
        same,
        clock,
        gr.update(visible=idle and before_after.can_be_seen(owner, run)),
    ]


def _progress(owner: str, sentence: str = "") -> list:
    """What is said of the teaching, whether it can be stopped, and whether there is anything to wait for."""
    job = JOBS.latest(state.workspace(owner).runs_folder, TEACH)
    return [
        look.notice(sentence) + (status_html(job) if job else ""),
        gr.update(visible=job is not None and job.alive and job.status != STOPPING),
        gr.Timer(active=job is not None and job.alive),
    ]


def tick(owner: str, voice: str | None, *settings: object) -> list:
    """What is new; once a teaching has ended well, its run is the voice."""
    job = JOBS.latest(state.workspace(owner).runs_folder, TEACH) if owner else None
    if job is not None and job.alive:
        told, stoppable, clock = _progress(owner)
        return [gr.skip(), gr.skip(), told, stoppable, *[gr.skip()] * 7, clock, gr.skip()]
    if job is not None and state.is_voice(job.folder):
        voice = job.folder.name
    updates = show(owner, voice, *settings)
    updates[-3] = sample.voices(state.voice_choices(owner), voice)
    return updates


def by_service(
    owner: str, voice: str, most: float, minutes: float, address: str, model: str, key: str, pressed: str
) -> list:
    """Have the service draft the passages and then learn.  `pressed` is the button's text: what is sent goes where it says."""

    def drafting(stop: Callable[[], bool]) -> Drafting:
        writer = service(address, model, key)
        if writer is None:
            raise UserError(SERVICE_SENTENCE)
        if not isinstance(pressed, str) or pressed.rpartition(" to ")[2] != writer.destination:
            raise UserError(f"The service is {writer.destination} now; read what would be sent there, and press again.")
        return drafting_by(writer, stop)

    return _begin(owner, voice, most, minutes, address, model, key, drafting)


def by_this_machine(owner: str, voice: str, most: float, minutes: float, address: str, model: str, key: str) -> list:
    """Draft the passages on this machine and then learn."""
    return _begin(owner, voice, most, minutes, address, model, key, lambda stop: _here())


def from_what_is_there(owner: str, voice: str, most: float, minutes: float, address: str, model: str, key: str) -> list:
    """Learn from what was decided and the drafts that are there; where there are few, some more are made on this machine."""

    def drafting(stop: Callable[[], bool]) -> Drafting | None:
        run = state.read_run(state.find_run(owner, voice))
        there = drafted(chosen_passages(owner, run.about, most), state.workspace(owner).drafts_file)
        return None if len(there) >= FEWEST_PASSAGES else _here()

    return _begin(owner, voice, most, minutes, address, model, key, drafting)


def halt(owner: str, *rest: object) -> list:
    """Stop: the drafts made so far stay, and so does the best the voice has learnt."""
    job = state.own_job(owner) if owner else None
    if job is not None and job.kind == TEACH:
        job.stop()
    return show(owner, *rest)


def _begin(
    owner: str, voice: str, most: float, minutes: float, address: str, model: str, key: str,
    drafting_of: Callable[[Callable[[], bool]], Drafting | None],
) -> list:  # fmt: skip
    settings = (most, minutes, address, model, key)
    folder = None
    try:
        source = state.find_run(owner, voice)
        about = state.read_run(source).about
        if not teachable(about):
            raise UserError(NOT_THIS_KIND)
        if JOBS.alive() is not None:
            raise UserError(progress.busy_sentence(state.own_job(owner) is not None))
        workspace, long = state.workspace(owner), chosen_minutes(minutes)
        passages = chosen_passages(owner, about, most)
        edits = decisions(workspace.decisions_file)
        drafting = drafting_of(lambda: (job := JOBS.get(folder)) is not None and job.ending)
        folder = workspace.new_run("rewrites")
        work = lambda: teach(source, folder, passages, workspace.drafts_file, edits, drafting, minutes=long)  # noqa: E731
        JOBS.start(folder, work, TEACH)
    except UserError as error:
        if folder is not None and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        return show(owner, voice, *settings, sentence=str(error))
    return show(owner, voice, *settings)


def _here() -> Drafting:
    return drafting_by_rules() if base_path(BASE) is None else drafting_here()
