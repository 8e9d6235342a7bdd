"""A visitor of a Space who leaves, with a word or without one, leaves nothing behind; and no crowd has the processor to itself."""

import json
import os
import subprocess
import sys

import pytest
from app_hands import ROOT, TINY, give_writing, knobs, nothing_left_running, until  # noqa: F401
from runs import TOKENIZER, small
from tally import count

import app
from pages import rewrite, sample, state, train, voice
from vibejam.checkpoint import save_model
from vibejam.jobs import JOBS, TURN, Jobs
from vibejam.workspace import Workspace

pytestmark = pytest.mark.security

HELD = ROOT / "tests" / "held.py"


@pytest.fixture(autouse=True)
def a_space(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    for kept in (state._visitors, state._typed, state._exports, state._engines, state._corpora, state._profiles):
        kept.clear()


def left(owner: str) -> list[str]:
    """Where anything of the visitor's is still found, on disk or in memory."""
    folder = Workspace(owner).runs_folder
    found = {
        "disk": folder.parent.exists(),
        "visitors": owner in state._visitors,
        "typed": owner in state._typed,
        "export": owner in state._exports,
        "voices": any(at.is_relative_to(folder) for at, _ in state._engines),
        "runs": any(at.is_relative_to(folder) for at in JOBS._jobs),
        "corpora": bool(state._corpora),
        "profiles": bool(state._profiles),
    }
    return [name for name, there in found.items() if there]


def settle_in() -> str:
    """A visitor with writing, a voice in memory, something typed and an export."""
    owner = state.greet("")
    give_writing(owner)
    state.profile(owner)
    save_model(Workspace(owner).new_run("given"), small(), TOKENIZER)
    (folder,) = Workspace(owner).runs_folder.iterdir()
    (folder / "run.json").write_text("{}")
    state.engine(folder)
    state.remember(owner, "half a sentence", "paste")
    state.export_folder(owner)
    return owner


def test_a_visitor_who_leaves_leaves_nothing_on_disk_or_in_memory():
    owner, other = settle_in(), state.greet("")
    give_writing(other, pieces=1)
    train.begin(owner, "", "Quick", "none", *knobs(**TINY))
    until(lambda: JOBS.alive() is not None and JOBS.alive().events)
    assert {"disk", "visitors", "typed", "export", "voices", "runs", "corpora", "profiles"} == set(left(owner))
    export = state._exports[owner]
    state.leave(owner)
    until(lambda: not left(owner))
    assert JOBS.alive() is None and not export.exists() and len(Workspace(other).writing()) == 2
    count("visitors who left nothing")


def test_no_word_of_a_visitor_who_has_left_is_held_in_memory():
    """In a program of its own, where nobody but vibejam holds anything."""
    program = subprocess.run([sys.executable, HELD], env=os.environ, capture_output=True, text=True, timeout=1200)
    assert program.returncode == 0, program.stderr
    found = json.loads(program.stdout.splitlines()[-1])
    assert found["before"], "or this would prove nothing"
    assert not found["after"], found["holders"]
    count("visitors who left nothing")


def test_who_went_without_a_word_is_forgotten_when_another_comes(monkeypatch):
    gone = settle_in()
    assert state.greet("") != gone and left(gone)  # not yet
    monkeypatch.setattr(state, "AWAY_SECONDS", 0.0)
    state.greet("")
    until(lambda: not left(gone))
    count("visitors who left nothing")


def test_no_more_visitors_are_kept_than_gradio_keeps_pages_of(monkeypatch):
    monkeypatch.setattr(state, "VISITORS_KEPT", 3)
    first, second = settle_in(), state.greet("")
    give_writing(second, pieces=1)
    state.workspace(first)  # who did something last stays longest
    for _ in range(2):
        state.greet("")
    until(lambda: second not in state._visitors and not Workspace(second).writing())
    assert first in state._visitors and Workspace(first).writing() and len(state._visitors) <= 3


def test_the_owner_of_a_laptop_is_no_visitor(monkeypatch):
    monkeypatch.delenv("SPACE_ID")
    monkeypatch.setattr(state, "AWAY_SECONDS", 0.0)
    assert state.greet("") == "me"
    give_writing("me")
    state.remember("me", "half a sentence", "paste")
    assert state.greet("") == "me" and Workspace("me").writing() and state.recall("me", "paste") and not state._visitors


def test_a_visitor_s_figures_are_asked_for_while_others_come():
    owner = state.greet("")
    assert not state.has_profile(owner) and not list(voice.show(owner))[-1].startswith("Traceback")


def test_what_computes_for_seconds_goes_by_turns():
    """Whatever stands in the one line counts against the same two places, so no crowd takes more from a run in training."""
    heavy = {sample.stream, sample.go_on, sample.seen_as, sample.left_by, sample.take_in_hand, rewrite.stream, voice.show}
    handlers = [handler for handler in app.build_app().fns.values() if getattr(handler.fn, "__wrapped__", handler.fn) in heavy]
    assert heavy == {getattr(handler.fn, "__wrapped__", handler.fn) for handler in handlers}
    assert {(handler.concurrency_id, handler.concurrency_limit) for handler in handlers} == {("voice", 2)}


def test_from_the_first_run_on_no_page_keeps_python_from_the_run_for_long(tmp_path):
    usual = sys.getswitchinterval()
    try:
        job = Jobs().start(tmp_path, lambda: iter(()))
        assert job.wait(60) and job.status == "done" and sys.getswitchinterval() == pytest.approx(TURN) and TURN <= 0.001
    finally:
        sys.setswitchinterval(usual)
