"""What the tests of the app's handlers share: filled-in settings, some writing, and one finished run for all of them.

A page's handler is a plain function, so these tests need no server; what only a browser shows is in test_browser.py.
"""

import functools
import html
import re
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from writing import essay

from pages import settings, train, write
from vibejam.jobs import JOBS
from vibejam.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
ME = "me"
TINY = {"n_layer": "1", "n_head": "2", "n_embd": "32", "block_size": "32", "batch_size": "4", "evals": "4"}


def knobs(**typed: str) -> list[str]:
    """What the settings hold: empty but for `typed`, in the order the handlers take them."""
    values = [typed.pop(name, settings.first_choice(name) if name in settings.CHOICES else "") for _, name in settings.FIELDS]
    assert not typed
    return [*values, "I think "]


def shown(update: dict) -> bool:
    return update["visible"]


def text_of(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", markup))


def give_writing(owner: str = ME, pieces: int = 8) -> None:
    write.take_pasted(owner, essay(100))
    for n in range(pieces):
        write.take_pasted(owner, essay(n))


def until(condition, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


@functools.cache
def finished_run() -> Path:
    """A tiny run, trained once for all tests through the page's own handler."""
    give_writing()
    updates = train.begin(ME, "", "Quick", "none", *knobs(max_iters="12", **TINY))
    assert not shown(updates[4]), updates[4]["value"]
    job = JOBS.alive()
    assert job.wait(120) and job.status == "done", job.error
    return Path(shutil.copytree(job.folder, Path(tempfile.mkdtemp()) / "2026-11-22-160512-quick"))


def trained() -> str:
    """The name of a finished run in this test's home, as one that an earlier start of the program left there."""
    run = finished_run()
    give_writing()
    for folder in Workspace(ME).runs():  # the one that made it, if this test was the first
        shutil.rmtree(folder)
    shutil.copytree(run, Workspace(ME).runs_folder / run.name)
    return run.name


@pytest.fixture(autouse=True)
def nothing_left_running():
    yield
    job = JOBS.alive()
    if job is not None:
        job.stop()
        job.wait(60)
