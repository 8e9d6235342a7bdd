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


async def send(blocks, handler, values: list, pressed: object = None) -> None:
    """What the server does with a call, without the line that it waits in; `pressed` is what a browser says of an event."""
    event = None if pressed is None else gr.EventData(None, pressed)
    state, iterator = SessionState(blocks), None
    for _ in range(PIECES):
        answer = await blocks.process_api(handler, values, state=state, iterator=iterator, session_hash="a", event_data=event)
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


def events_of(name: str):
    """None, nonsense, and what a page sends when something is pressed."""
    names = ["what", "run", "runs", "title", "format", "id", "at", "unit", "text"]
    said = [name, [name], "compare", "look", "use", "rename", "export", "hf", "gguf", "take", "draft", "another", "edit", 0, 1]
    return st.none() | JSON | st.dictionaries(st.sampled_from(names), st.sampled_from(said) | JSON, max_size=4)


def test_there_are_as_many_handlers_as_an_app_like_this_has(blocks):
    assert len(blocks.fns) > 80 and max(len(handler.inputs) for handler in blocks.fns.values()) <= 40


@given(data=st.data())
@budget(250)
def test_every_handler_answers_nonsense_in_a_sentence_or_not_at_all(blocks, home, nobody_is_reached, data):
    name = trained()
    handler = blocks.fns[data.draw(st.sampled_from(sorted(blocks.fns)))]
    values, pressed = data.draw(values_of(name))[: len(handler.inputs)], data.draw(events_of(name))
    listed = set(home.rglob("*"))
    count("inputs tried")
    try:
        asyncio.run(send(blocks, handler, values, pressed))
    except gr.Error as error:
        assert "Traceback" not in str(error)
        count("inputs refused in a sentence")
    except Exception as error:
        assert not is_ours(error), (handler.api_name, values, pressed)
        count("inputs that Gradio refused")
    job = JOBS.alive()
    if job is not None:
        job.stop()
        job.wait(60)
    written = {path.relative_to(home).parts[0] for path in set(home.rglob("*")) - listed}
    assert written <= {"data", "checkpoints"}


@pytest.mark.parametrize("wild", [9_999, -9_999, 0.5, None, "x", [1]])
def test_what_no_slider_can_say_is_answered_by_ours_and_not_by_gradio(blocks, home, nobody_is_reached, wild):
    moved = 0
    for handler in blocks.fns.values():
        for place, box in enumerate(handler.inputs):
            if isinstance(box, gr.Slider):
                values = [getattr(other, "value", None) for other in handler.inputs]
                values[place] = wild
                asyncio.run(send(blocks, handler, values))
                moved += 1
    assert moved > 10 and gr.Slider(0, 1).preprocess(wild) == wild, "one that Gradio builds anew for a page too"
