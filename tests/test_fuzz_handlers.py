"""Every handler of the app, whatever the page shows, is sent nonsense through Gradio as a stranger would send it.

Found in the app that is built, so that none is forgotten.  As in test_fuzz.py the budget is fixed, and VIBEJAM_FUZZ=50 makes it
fifty times as large.  Left out: what a handler does where it is called by two at once.
"""

import asyncio
import socket
import traceback

import gradio as gr
import pytest
from app_hands import ROOT, finished_run, nothing_left_running, trained  # noqa: F401
from gradio.state_holder import SessionState
from hypothesis import given
from hypothesis import strategies as st
from tally import count
from test_fuzz import JSON, ODD, budget

import app
from vibejam import fetching
from vibejam.errors import UserError
from vibejam.jobs import JOBS

pytestmark = pytest.mark.security

OURS = tuple(str(ROOT / part) for part in ("app.py", "pages", "vibejam"))
PIECES = 60  # of a stream; whoever reads no further has left


@pytest.fixture(scope="module")
def blocks():
    return app.build_app()


@pytest.fixture
def nobody_is_reached(monkeypatch):
    def closed(*_, **__):
        raise OSError("this test lets nothing out")

    def refused(*_):
        raise UserError("This test fetches nothing.")

    monkeypatch.setattr(socket, "getaddrinfo", closed)
    monkeypatch.setattr(fetching.FETCHES, "start", refused)


async def send(blocks, handler, values: list) -> None:
    """What the server does with a call, without the line that it waits in."""
    state, iterator = SessionState(blocks), None
    for _ in range(PIECES):
        answer = await blocks.process_api(handler, values, state=state, iterator=iterator, session_hash="a")
        iterator = answer["iterator"]
        if not answer["is_generating"]:
            return
    await iterator.aclose()


def is_ours(error: BaseException) -> bool:
    """Whether it broke in vibejam, or over what vibejam answered, and not where Gradio looked at what was sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return any(frame.filename.startswith(OURS) or frame.name == "postprocess_data" for frame in frames)


def values_of(name: str):
    """Nonsense, and what leads further in: the run that there is, switched words, a text."""
    known = [name, "paste", "tokens", "none", "Quick", "It rained, and the gate was open.", 0.5, 1, True, None, [], [name], ""]
    return st.lists(st.sampled_from(known) | JSON | ODD, min_size=40, max_size=40)


def test_there_are_as_many_handlers_as_an_app_like_this_has(blocks):
    assert len(blocks.fns) > 80 and max(len(handler.inputs) for handler in blocks.fns.values()) <= 40


@given(data=st.data())
@budget(250)
def test_every_handler_answers_nonsense_in_a_sentence_or_not_at_all(blocks, home, nobody_is_reached, data):
    name = trained()
    handler = blocks.fns[data.draw(st.sampled_from(sorted(blocks.fns)))]
    values = data.draw(values_of(name))[: len(handler.inputs)]
    listed = set(home.rglob("*"))
    count("inputs tried")
    try:
        asyncio.run(send(blocks, handler, values))
    except gr.Error as error:
        assert "Traceback" not in str(error)
        count("inputs refused in a sentence")
    except Exception as error:
        assert not is_ours(error), (handler.api_name, values)
        count("inputs that Gradio refused")
    job = JOBS.alive()
    if job is not None:
        job.stop()
        job.wait(60)
    written = {path.relative_to(home).parts[0] for path in set(home.rglob("*")) - listed}
    assert written <= {"data", "checkpoints"}
