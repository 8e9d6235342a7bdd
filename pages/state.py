"""What the pages share: whose writing it is, what of it can be learnt from, how each run stands, and voices kept ready.

On a person's own machine the owner is always "me", so every tab sees the same.  On a Space each visitor gets a name
minted here and held in gr.State on the server; nothing the browser sends decides whose writing is shown.
"""

import os
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path

from pages.words import run_title
from vibejam import checkpoint
from vibejam.corpus import Corpus, build_corpus
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.jobs import ALIVE, JOBS, Job
from vibejam.rewrite.remembered import forget_what_was_read
from vibejam.runtime import is_space, return_memory
from vibejam.voice import Profile, paragraphs
from vibejam.workspace import OWNER, Workspace, new_visitor, run_name, uploads_folder

INTERRUPTED = "interrupted"  # run.json says that it runs, and nothing runs it
CORPORA_KEPT = 4
LONGEST_TYPED = 1_000_000  # characters
PROFILED = 60_000  # words from which a manner is counted; more say the same again, and take seconds more
ENGINES_KEPT = 3
MINUTE = len("2026-11-22-1605")  # of a run folder's name
VISITORS_KEPT = 100  # as many pages as Gradio keeps the state of (guard.py)
AWAY_SECONDS = 3 * 3600.0  # after which a visitor has gone who never said so
# How events are queued that compute for seconds: a run in training shares the processor with as many of them as go on at once.
BY_TURNS = dict(concurrency_id="voice", concurrency_limit=2)
# How events are queued each of which counts.  Of those where only the last counts ("always_last") no two may hang on one event of a
# box: Gradio asks both again for the sake of either, for ever.
IN_ORDER = dict(trigger_mode="multiple", concurrency_limit=1)

_lock = threading.Lock()
_door = threading.Lock()  # of _visitors alone: whose workspace it is may be asked under the other
_corpora: OrderedDict[tuple[str, ...], Corpus] = OrderedDict()
_profiles: OrderedDict[tuple[str, ...], Profile] = OrderedDict()
_typed: dict[str, dict[str, object]] = {}
_exports: dict[str, Path] = {}
_engines: OrderedDict[tuple[Path, int], StyleEngine] = OrderedDict()
_visitors: OrderedDict[str, float] = OrderedDict()  # when each did something last, the one who did so longest ago first


@dataclass(frozen=True)
class Page:
    """What app.py needs of a page: how to show it, where that goes, what leads elsewhere, and what follows."""

    show: Callable
    inputs: list
    outputs: list
    leads: dict  # button → the id of the tab it opens
    after: tuple[dict, ...] = ()  # events' arguments, for what has to see what was chosen meanwhile, or takes a second longer
    picks: object = None  # a gr.State: the run that was picked here to speak on the pages that have a voice


def sent(event: object, name: str) -> object:
    """What the browser says of what was pressed, or None; a handler can be called without the page, with anything for an event."""
    said = getattr(event, "_data", None)
    return said.get(name) if isinstance(said, dict) else None


def greet(owner: str) -> str:
    """Who opened this page: "me", or on a Space a new visitor.  A page that has an owner keeps it."""
    if owner or nobody():
        return owner or nobody()
    _let_go()
    owner = new_visitor()
    _is_here(owner)
    return owner


def nobody() -> str:
    """Who a page belongs to before it has greeted anybody: the owner of a laptop, nobody on a Space."""
    return "" if is_space() else OWNER


def workspace(owner: str) -> Workspace:
    """The owner's workspace.  Raises UserError for a visitor whom the server has forgotten since."""
    if not owner:
        raise UserError("This page was left alone for so long that it was forgotten; reload it to begin again.")
    _is_here(owner)
    return Workspace(owner)


def _is_here(owner: str) -> None:
    """A visitor has just done something."""
    if owner != OWNER:
        with _door:
            _visitors[owner] = time.monotonic()
            _visitors.move_to_end(owner)


def where() -> str:
    """Where the writing stays, in one line for the top of the page."""
    if is_space():
        return "Your writing stays on this server until you leave; reloading the page starts afresh."
    return "Your writing stays on this machine."


def forget(owner: str) -> None:
    """A visitor has gone: end their run and delete all that was theirs.  The owner of a laptop is never forgotten."""
    if not owner or owner == OWNER:
        return
    while (job := own_job(owner)) is not None:
        job.stop()
        job.wait()
    for remove in (forget_runs, forget_writing):
        with suppress(UserError):  # what stays is tried again below, and at the next start
            remove(owner)
    drop_export(owner)
    Workspace(owner).remove_visitor()
    forget_what_was_read()
    with _door:
        _visitors.pop(owner, None)
    return_memory()


def leave(owner: str) -> None:
    """`forget` in the background: a run may take a minute to end, and whoever says that a page was closed must not wait for it."""
    threading.Thread(target=forget, args=(owner,), name="forget a visitor", daemon=True).start()


def _let_go() -> None:
    """Forget who went without a word: a page that never told it was open can't tell that it was closed, and one that had to make
    room in Gradio's memory is gone from there without a sound."""
    with _door:
        gone = list(_visitors)[: max(0, len(_visitors) + 1 - VISITORS_KEPT)]
        gone += [owner for owner, seen in _visitors.items() if time.monotonic() - seen > AWAY_SECONDS]
    for owner in dict.fromkeys(gone):
        leave(owner)


def forget_writing(owner: str) -> None:
    """Delete the owner's writing, and what was made of it, from disk and memory; runs stay.  Raises UserError where some stays."""
    job = own_comparison(owner)
    if job is not None:  # it would go on writing where all was deleted
        job.stop()
        if not job.wait(60):
            raise UserError("The comparison in progress has not ended yet; wait a moment and try again.")
    JOBS.forget_all(workspace(owner).labs_folder)
    workspace(owner).remove_all()
    _forget_typed(owner)
    forget_what_was_read()
    with _lock:
        _corpora.clear()
        _profiles.clear()


def forget_runs(owner: str) -> None:
    """End the owner's run and delete all of theirs, from disk and memory.  Raises UserError where some of it stays."""
    job = own_job(owner)
    if job is not None:
        job.stop()
        if not job.wait(60):
            raise UserError("The run in progress has not ended yet; wait a moment and try again.")
    folders = workspace(owner).runs()
    JOBS.forget_all(workspace(owner).runs_folder)
    for folder in folders:
        forget_engine(folder)
    for folder in folders:
        workspace(owner).remove_run(folder.name)


def remember(owner: str, value: object, name: str) -> None:
    """Keep what stands in the box called `name` for whoever reloads the page; in memory, and no more than a book of it."""
    if owner and len(str(value)) < LONGEST_TYPED:
        _is_here(owner)
        with _lock:
            _typed.setdefault(owner, {})[name] = value


def recall(owner: str, name: str) -> object:
    """What stood in that box last; None where nothing did."""
    with _lock:
        return _typed.get(owner, {}).get(name)


def _forget_typed(owner: str) -> None:
    with _lock:
        _typed.pop(owner, None)


def corpus(owner: str) -> Corpus:
    """All of the owner's writing, cleaned and without duplicates.  Kept as long as the writing stays the same."""
    writing = workspace(owner).writing()
    return _kept(_corpora, tuple(entry.id for entry in writing), lambda: build_corpus([entry.document for entry in writing]))


def profile(owner: str) -> Profile:
    """The owner's manner in counts, kept like the corpus.  Raises UserError where there is not a word."""
    found = corpus(owner)
    texts = [document.text for document in found.documents]
    every = -(-found.words // PROFILED)
    if every > 1:
        texts = [part for text in texts for part in paragraphs(text)][::every]
    return _kept(_profiles, tuple(entry.id for entry in workspace(owner).writing()), lambda: Profile.of(texts))


def has_profile(owner: str) -> bool:
    """Whether `profile` is there at once, without counting."""
    with _lock:
        return tuple(entry.id for entry in workspace(owner).writing()) in _profiles


def _kept(made: OrderedDict, key: tuple[str, ...], make: Callable):
    """What was `made` for `key`, or what `make` makes of it now."""
    with _lock:
        if key in made:
            made.move_to_end(key)
            return made[key]
    found = make()
    with _lock:
        made[key] = found
        while len(made) > CORPORA_KEPT:
            made.popitem(last=False)
    return found


@dataclass(frozen=True)
class Run:
    """How a run stands: `status` is the job's, or what run.json says where no job of this process trained it."""

    folder: Path
    status: str
    error: str = ""
    events: list[dict] = field(default_factory=list)
    about: dict = field(default_factory=dict)
    place: int = 0  # in line, where it waits

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def title(self) -> str:
        return title_of(self.folder)

    @property
    def alive(self) -> bool:
        return self.status in ALIVE

    @property
    def can_go_on(self) -> bool:
        """Whether a state was saved, or the run was killed so early that it can begin again."""
        saved = (self.folder / "train_state.safetensors").is_file()
        return saved or (self.status == INTERRUPTED and bool(self.about["settings"]))

    @property
    def has_voice(self) -> bool:
        return is_voice(self.folder)


def own_job(owner: str) -> Job | None:
    """This owner's run that is in progress, or waits for its turn."""
    return JOBS.of(workspace(owner).runs_folder)


def own_comparison(owner: str) -> Job | None:
    """The comparison of architectures in progress, if it is this owner's."""
    return JOBS.of(workspace(owner).labs_folder)


def comparison_folders(owner: str) -> list[Path]:
    """The owner's comparisons, the one in progress first, then newest first."""
    folders = workspace(owner).comparisons()
    job = own_comparison(owner)
    return folders if job is None else [job.folder, *(folder for folder in folders if folder != job.folder)]


def run_folders(owner: str) -> list[Path]:
    """The owner's runs, the one in progress first, then newest first."""
    folders = workspace(owner).runs()
    job = own_job(owner)
    if job is not None:
        folders = [job.folder, *(folder for folder in folders if folder != job.folder)]
    return folders


def find_run(owner: str, name: str) -> Path:
    """The folder of the owner's run called `name`, looked up, not joined.  Raises UserError where there is none."""
    for folder in run_folders(owner):
        if folder.name == name:
            return folder
    raise UserError("That run is no longer here; choose another one.")


def read_run(folder: Path) -> Run:
    """How the run in `folder` stands now."""
    try:
        about = checkpoint.read_json(folder / "run.json")
    except UserError:  # not written yet, or damaged: its state is still worth showing
        about = {}
    for part in ("text", "settings", "figures"):
        if not isinstance(about.get(part), dict):
            about[part] = {}
    about["figures"] = {name: value for name, value in about["figures"].items() if isinstance(value, int | float | None)}
    about["text"] = {name: value for name, value in about["text"].items() if isinstance(value, int | float) or name == "sha256"}
    if not isinstance(about.get("parameters"), int):
        about.pop("parameters", None)
    job = JOBS.get(folder)
    if job is not None:
        return Run(folder, job.status, job.error, list(job.events), about, JOBS.place(folder))
    status = str(about.get("status", "failed"))
    return Run(
        folder,
        INTERRUPTED if status in ALIVE else status,
        "",
        list(filter(_is_sound, checkpoint.read_metrics(folder))),
        about,
    )


def _is_sound(event: dict) -> bool:
    """Whether an event read from disk has the figures that every event has."""
    return all(
        isinstance(event.get(name), int | float) for name in ("seconds", "progress", "train_loss", "tokens_per_second")
    )


def is_voice(folder: Path) -> bool:
    return (folder / "model.safetensors").is_file() and (folder / "config.json").is_file()


def voice_choices(owner: str) -> list[tuple[str, str]]:
    """(title, name) of each run that can write, as a dropdown wants them: the one that was picked first, then newest first."""
    picked = workspace(owner).picked_run()
    voices = sorted(filter(is_voice, run_folders(owner)), key=lambda folder: folder != picked)
    return [(title_of(folder), folder.name) for folder in voices]


def title_of(folder: Path) -> str:
    """What a run is called: the name it was given, else the moment it began, to the second where another began in that minute."""
    title = run_title(folder.name)
    others = (other.name for other in folder.parent.glob(f"{escape(folder.name[:MINUTE])}*") if other != folder)
    return run_name(folder) or run_title(folder.name, seconds=title in map(run_title, others))


def export_folder(owner: str) -> Path:
    """An empty folder that nobody can guess, for one file to be handed out; what it held before is deleted."""
    drop_export(owner)
    folder = Path(tempfile.mkdtemp(prefix="export-", dir=_uploads()))
    with _lock:
        _exports[owner] = folder
    return folder


def drop_export(owner: str) -> None:
    """Delete what was last handed out to this owner."""
    with _lock:
        folder = _exports.pop(owner, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _uploads() -> Path:
    folder = Path(os.environ.get("GRADIO_TEMP_DIR") or uploads_folder())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def forget_engine(folder: Path) -> None:
    """Keep nothing of a voice in memory whose run is gone."""
    with _lock:
        for known in [known for known in _engines if known[0] == folder]:
            del _engines[known]


def engine(folder: Path) -> StyleEngine:
    """The voice in `folder` as it is now: loaded anew when its weights change.  Raises UserError like StyleEngine."""
    try:
        key = (folder, (folder / "model.safetensors").stat().st_mtime_ns)
    except OSError as error:
        raise UserError("That voice is no longer here; choose another one.") from error
    with _lock:
        if key in _engines:
            _engines.move_to_end(key)
            return _engines[key]
    loaded = StyleEngine(folder)
    with _lock:
        for stale in [known for known in _engines if known[0] == folder]:
            del _engines[stale]
        _engines[key] = loaded
        while len(_engines) > ENGINES_KEPT:
            _engines.popitem(last=False)
    return loaded
