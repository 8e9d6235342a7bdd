"""Train: start a run, watch it, pause or stop it, resume it or let it learn longer.

A run belongs to the process (vibejam.jobs); this page only looks at it, so closing it changes nothing and any page
opened later sees the whole curve.  The settings live in pages/settings.py, what is said about a run in
pages/progress.py, the table of past runs in pages/runs.py, how the model to stand on is fetched in pages/base_offer.py.
"""

from collections.abc import Iterator
from secrets import token_hex

import gradio as gr

from pages import chart, look, progress, runs, settings, state
from pages.base_offer import Offer
from pages.look import fragment, told
from vibejam.checkpoint import read_json
from vibejam.corpus import check_trainable
from vibejam.errors import UserError
from vibejam.fetch import BASES, base_path
from vibejam.jobs import FAILED, JOBS, LEARN, PAUSED, STOPPED, STOPPING, WAITING
from vibejam.learn import recipe_of
from vibejam.local_writer import BASE
from vibejam.recipe import PRESETS, QUICK
from vibejam.runtime import is_space
from vibejam.zero_gpu import learn_here

NOTHING = [gr.skip()] * 19  # one for each output of `show`
STILL = [gr.skip()] * 6  # and of `tick`
# seconds between two looks at a run, each of which costs a page a tenth of a second of a core that the run could have had
OFTEN, SELDOM = 2.0, 5.0
LOOKS = 60  # at a run in all, if that is neither more often nor more seldom
OFFER = Offer(BASE, "The small model that knows English is not here yet.")
STOP, LEAVE = "Stop and keep", "Leave the line"
NEW = ""  # the dropdown's name for a run that has not begun


def outside() -> tuple[gr.HTML, gr.Timer]:
    """What must stand where no tab hides it: the line that says on every tab how a run is doing, and the clock that asks."""
    pulse = gr.HTML("", js_on_load=look.script("habits.js"), apply_default_css=False, elem_id="pulse")
    return pulse, gr.Timer(OFTEN, active=False)


def build(owner: gr.State, pulse: gr.HTML, clock: gr.Timer) -> state.Page:
    """The page inside the tab that is open now; the other two are made by `outside`."""
    where = "server" if is_space() else "machine"
    fragment(look.heading("Learn my voice", f"A model learns from your writing, and all of it happens on this {where}."))
    told_line = fragment(visible=False, elem_id="train-notice")
    with gr.Column(visible=False, elem_classes="empty") as missing:
        fragment("<p>There is nothing to learn from yet: add some of your writing first.</p>")
        to_write = gr.Button("Add my writing", variant="primary", size="md", elem_id="to-write")
    which = gr.Dropdown(
        [("A new run", NEW)], value=NEW, label="Run",
        info="The one this page shows; a new one learns from your writing as it is now.",
        visible=False, elem_id="which-run", filterable=False,
    )  # fmt: skip
    with gr.Column(visible=False, elem_id="setup") as setup:
        begins = settings.default_standing()
        settled = gr.State(begins == BASE)  # the person has chosen, or the base was here
        stands_on = gr.Radio(
            settings.STANDING, value=begins, label="Where it begins", info=settings.STANDING_SENTENCE, elem_id="stands-on",
            elem_classes="cards",
        )  # fmt: skip
        fetching = gr.Timer(1.0, active=False)
        offer = OFFER.build(fetching, "train-offer", variant="primary")
        with gr.Column() as plan:
            preset = gr.Radio(
                settings.preset_choices(), value=QUICK.name, label="How long", info=settings.PRESET_SENTENCE, elem_id="preset",
                elem_classes="cards",
            )  # fmt: skip
            speed = fragment(look.quiet(QUICK.sentence), elem_id="speed")
            start = gr.Button("Start learning", variant="primary", size="md", elem_id="start")
            with gr.Accordion("Settings", open=False, visible=not is_space(), elem_id="settings"):
                knobs = settings.knobs()
    with gr.Column(visible=False, elem_id="view") as view:
        status = fragment(elem_id="status")
        with gr.Row(elem_classes="actions"):
            hear = gr.Button("Hear it", variant="primary", size="md", elem_id="hear")
            resume = gr.Button("Resume", variant="primary", size="md", elem_id="resume")
            pause = gr.Button("Pause", variant="secondary", size="md", elem_id="pause")
            stop = gr.Button(STOP, variant="secondary", size="md", elem_id="stop")
            longer = gr.Button("Train longer", variant="secondary", size="md", elem_id="longer")
            another = gr.Button("New run", variant="secondary", size="md", elem_id="another")
        curve = chart.chart_component()
        laid = chart.overlay_component()
        fragment(f'<p class="quiet">{progress.CURVE_SENTENCE}</p>')
        samples = chart.samples_component()
        with gr.Accordion("About this run", open=False, elem_id="about"):
            about = fragment()
    table = runs.component()
    handed = fragment(visible=False, elem_id="export-notice")
    download = gr.DownloadButton("Download it", variant="secondary", size="md", visible=False, elem_id="download")
    picked = gr.State("")  # the run that was picked last on this page, to speak on the others
    seen = gr.State("")  # what this page shows of a run, so that a tick with nothing new costs nothing
    turned = gr.State("")  # changes whenever a run has ended, or begun, or gone: then all of the page is shown anew

    page = [
        missing,
        which,
        setup,
        view,
        told_line,
        status,
        curve,
        samples,
        hear,
        resume,
        pause,
        stop,
        longer,
        another,
        about,
        table,
        pulse,
        seen,
        clock,
    ]
    quiet = dict(show_progress="hidden", api_visibility="private", concurrency_limit=None)
    choices = [preset, stands_on, *knobs]
    measuring = dict(fn=settings.speed_sentence, inputs=[owner, *choices], outputs=[speed, *knobs], **quiet)
    standing = [plan, *offer]
    which.input(show, [owner, which], page, **quiet).then(**measuring)
    stands_on.input(lambda base: [*stand(base), True], stands_on, [*standing, settled], **quiet).then(**measuring)
    fetching.tick(wait, stands_on, standing, **quiet).then(**measuring | {"fn": when_it_is_here})
    start.click(begin, [owner, which, *choices], page, **quiet)
    pause.click(lambda owner, name: end(owner, name, "pause"), [owner, which], page, **quiet)
    stop.click(lambda owner, name: end(owner, name, "stop"), [owner, which], page, **quiet)
    resume.click(go_on, [owner, which], page, **quiet)
    longer.click(lambda owner, name: go_on(owner, name, 2.0), [owner, which], page, **quiet)
    another.click(lambda owner: show(owner, NEW), owner, page, **quiet).then(**measuring)
    table.act(act, [owner, which], [*page, laid, handed, download, picked], trigger_mode="multiple", **quiet)
    gr.on([preset.input, *(knob.blur for knob in knobs if hasattr(knob, "blur"))], **measuring)
    clock.tick(tick, [owner, which, seen], [status, curve, samples, pulse, seen, turned], **quiet)
    turned.change(turn, [owner, which], page, **quiet)
    settling = dict(fn=settle, inputs=[stands_on, settled], outputs=[stands_on, settled, *standing], **quiet)
    return state.Page(opened, [owner, which], page, {to_write: "write", hear: "sample"}, (settling, measuring), picked)


def settle(base: str, settled: bool) -> list:
    """What a new run stands on, for someone who arrives: the base as soon as it is here, unless they have chosen."""
    if not settled and settings.default_standing() == BASE:
        return [gr.update(value=BASE), True, *stand(BASE)]
    return [gr.skip(), settled, *stand(base)]


def stand(base: str) -> list:
    """Updates once `base` is chosen: the rest of the plan, or the offer to fetch what it would stand on."""
    return [can_start(base), *OFFER.show(wanted=not _is_here(base))]


def wait(base: str) -> list:
    """Updates while the base is being fetched: how far it is, and the plan in place of the offer as soon as it is here."""
    offer = OFFER.tick()
    return [can_start(base), *offer]


def can_start(base: str) -> dict:
    return gr.update(visible=_is_here(base))


def when_it_is_here(*inputs: object) -> Iterator[list]:
    """The speed of this machine, measured as soon as the base that was waited for has come."""
    if base_path(BASE) is None:
        yield settings.unmeasured()
    else:
        yield from settings.speed_sentence(*inputs)


def _is_here(base: str | None) -> bool:
    """Whether what was chosen to stand on is here; a call without the page may have chosen nothing."""
    return base == settings.FROM_NOTHING or (base == BASE and base_path(BASE) is not None)


def opened(owner: str, name: str | None) -> list:
    """The page as someone arrives: at the run in progress, the run they looked at, or the newest."""
    folders = state.run_folders(owner) if owner else []
    job = state.own_job(owner) if owner else None
    if job is not None:
        name = job.folder.name
    elif name not in [folder.name for folder in folders]:
        name = folders[0].name if folders else NEW
    return show(owner, name)


def show(owner: str, name: str | None, sentence: str = "") -> list:
    """Updates for the whole page, looking at the run called `name`, or at none."""
    try:
        folders = state.run_folders(owner)
    except UserError as error:
        return [*NOTHING[:4], told(str(error)), *NOTHING[5:]]
    folder = next((folder for folder in folders if folder.name == name), None)
    run = state.read_run(folder) if folder else None
    writing = bool(state.corpus(owner).documents)
    choices = [("A new run", NEW), *((state.title_of(folder), folder.name) for folder in folders)]
    busy = run is not None and run.alive
    ended = run is not None and not busy
    unfinished = ended and run.can_go_on and run.status in (PAUSED, STOPPED, FAILED, state.INTERRUPTED)
    first = "resume" if unfinished and run.status != STOPPED else "hear"  # the one primary button
    return [
        gr.update(visible=not writing and run is None),
        gr.update(choices=choices, value=run.name if run else NEW, visible=bool(folders) and not busy),
        gr.update(visible=writing and run is None),
        gr.update(visible=run is not None),
        told(sentence),
        *_live(run),
        gr.update(visible=ended and run.has_voice, variant="primary" if first == "hear" else "secondary"),
        gr.update(visible=unfinished, variant="primary" if first == "resume" else "secondary"),
        gr.update(visible=busy and run.status not in (STOPPING, WAITING) and JOBS.get(folder).kind == LEARN),
        gr.update(visible=busy and run.status != STOPPING, value=LEAVE if busy and run.status == WAITING else STOP),
        gr.update(visible=ended and run.can_go_on and not unfinished),
        gr.update(visible=ended and writing),
        progress.about_html(run) if ended else "",
        runs.table_html(owner, run.name if run else NEW),
        progress.pulse_html(_newest(owner, run)),
        _stamp(run),
        gr.Timer(between_looks(run.about) if busy else OFTEN, active=busy),
    ]


def between_looks(about: dict) -> float:
    """Seconds from one look at a run to the next; `about` is its run.json."""
    minutes = float(about.get("settings", {}).get("train", {}).get("minutes") or 0)
    return max(3.0 if is_space() else OFTEN, min(SELDOM, minutes * 60 / LOOKS))


def tick(owner: str, name: str, seen: str) -> list:
    """What is new since `seen`: nothing, the curve, or that something has turned and `turn` has to show everything.

    Gradio sets the state of every output of a look three times, in every page, so these are few.
    """
    try:
        run = state.read_run(state.find_run(owner, name))
    except UserError:
        return [*STILL[:-1], token_hex(8)]
    stamp = _stamp(run)
    if stamp == seen:
        return STILL
    if stamp.split("\n")[:2] != seen.split("\n")[:2]:
        return [*STILL[:-1], token_hex(8)]
    return [*_live(run), progress.pulse_html(run), stamp, gr.skip()]


def turn(owner: str, name: str) -> list:
    """The whole page, at the run called `name` or without it where it is gone."""
    try:
        return show(owner, state.find_run(owner, name).name)
    except UserError as error:
        return show(owner, NEW, str(error))


def begin(owner: str, name: str, preset: str, base: str, *values: object) -> list:
    """Start a new run of `preset` on `base`, with what was set by hand in `values`."""
    folder = None
    try:
        corpus = state.corpus(owner)
        check_trainable(corpus)
        if not _is_here(base):
            raise UserError(f"{BASES[BASE].title} is not here yet; get it first, or begin from nothing but your writing.")
        recipe, prompt = settings.recipe(corpus.characters, preset, values, base)
        _check_free(owner)
        on = "" if base == settings.FROM_NOTHING else f" on {base.partition('-')[0]}"
        folder = state.workspace(owner).new_run((preset if preset in PRESETS else "") + on)
        JOBS.start(folder, lambda: learn_here(corpus, folder, recipe, prompt=prompt), in_line=is_space())
    except UserError as error:
        if folder is not None and not any(folder.iterdir()):
            folder.rmdir()
        return show(owner, NEW, str(error))
    return show(owner, folder.name)


def end(owner: str, name: str, how: str) -> list:
    """Pause or stop the owner's run."""
    job = state.own_job(owner) if owner else None
    if job is None:
        return show(owner, name, "That run has ended already.")
    (job.pause if how == "pause" else job.stop)()
    if not job.alive and not any(job.folder.iterdir()):  # it was still in line
        JOBS.forget(job.folder)
        job.folder.rmdir()
        return show(owner, NEW, "You have left the line.")
    return show(owner, job.folder.name)


def _check_free(owner: str) -> None:
    """Raises UserError where this owner cannot start a run now; visitors of a Space wait in line for one another."""
    own = state.own_job(owner) is not None
    if own or (JOBS.alive() is not None and not is_space()):
        raise UserError(progress.busy_sentence(own))


def go_on(owner: str, name: str, times: float = 1.0) -> list:
    """Resume a run, or let it learn for `times` as long as it was planned."""
    try:
        folder = state.find_run(owner, name)
        recipe = recipe_of(read_json(folder / "run.json"), times)
        corpus = state.corpus(owner)
        check_trainable(corpus)
        _check_free(owner)
        JOBS.start(folder, lambda: learn_here(corpus, folder, recipe, resume=True), in_line=is_space())
    except UserError as error:
        return show(owner, name, str(error))
    except (KeyError, TypeError, ValueError):
        return show(owner, name, "This run was made in a way that can't be resumed; start a new one.")
    return show(owner, name)


def act(owner: str, name: str, event: gr.EventData = None) -> Iterator[list]:
    """What was pressed in the table of runs: updates for the page, the curves laid over, the export and the voice picked."""
    same, rest = NOTHING, [gr.skip()] * 4
    what, run = state.sent(event, "what"), state.sent(event, "run")
    try:
        if what == "compare":
            yield [*same, runs.overlay(owner, state.sent(event, "runs")), *rest[1:]]
        elif what == "look":
            yield [*show(owner, state.find_run(owner, run).name), *rest]
        elif what == "use":
            runs.pick(owner, run)
            yield [*show(owner, name), *rest[:3], run]
        elif what == "rename":
            runs.rename(owner, run, state.sent(event, "title"))
            yield [*show(owner, name), *rest]
        elif what == "export":
            for line, button in runs.export(owner, run, state.sent(event, "format")):
                yield [*NOTHING[:4], told(""), *NOTHING[5:], rest[0], line, button, rest[3]]
        elif what == "delete":
            yield [*remove(owner, run, name), *rest]
        else:
            raise UserError("That is nothing one can do with a run; reload the page.")
    except UserError as error:
        yield [*show(owner, name, str(error)), rest[0], gr.update(visible=False), *rest[2:]]


def remove(owner: str, name: str, shown: str = NEW) -> list:
    """Delete a run that has ended; the page goes on with the run that was `shown`, or the newest."""
    if not name:  # the person thought better of it
        return NOTHING
    try:
        runs.remove(owner, name)
    except UserError as error:
        return show(owner, name, str(error))
    return opened(owner, shown)


def _newest(owner: str, shown: state.Run | None) -> state.Run | None:
    """The run that every tab speaks of: the one in progress, else the newest, which may have been interrupted."""
    folders = state.run_folders(owner)
    if not folders:
        return None
    return shown if shown is not None and shown.folder == folders[0] else state.read_run(folders[0])


def _live(run: state.Run | None) -> list:
    if run is None:
        return ["", "", ""]
    prompt = str(run.about.get("prompt", ""))
    return [progress.status_html(run), chart.curve(run.events, run.about, run.alive), chart.samples(run.events, prompt)]


def _stamp(run: state.Run | None) -> str:
    """Changes whenever something about the run does: name, status, how far it is, whether its figures are in."""
    if run is None:
        return ""
    return "\n".join(
        [run.name, run.status, str(len(run.events)), str(run.place), str(bool(run.about)), str(bool(run.about.get("figures")))]
    )
