"""What two handlers must not do to each other: the last thing that a person did stands, whichever answer is the last to come.

What only a browser shows of it, as what is typed while the server answers, is in test_browser_habits.py.
"""

from collections import Counter
from types import SimpleNamespace

import gradio as gr
import pytest
from app_hands import ME, TINY, knobs, nothing_left_running, trained, until  # noqa: F401

import app
from pages import rewrite, sample, settings, state, teach, train, voice, write
from pages.decided import remove as forget_one
from vibejam.errors import UserError
from vibejam.jobs import JOBS

LIVE, PULSE, SEEN, CLOCK = slice(5, 8), 16, 17, 18  # of what `train.show` updates
PAGE = SimpleNamespace(session_hash="this page")


@pytest.fixture(scope="module")
def handlers():
    return list(app.build_app().fns.values())


def modes(handlers, fn) -> set:
    """How every event is queued that `fn` answers."""
    found = [handler for handler in handlers if getattr(handler.fn, "__wrapped__", handler.fn) is fn]
    assert found
    return {(handler.trigger_mode, handler.concurrency_limit) for handler in found}


def test_while_another_run_is_looked_at_every_tab_still_hears_of_the_one_in_progress():
    other = trained()
    name = train.begin(ME, "", "Quick", "none", *knobs(minutes="5", **TINY))[1]["value"]
    until(lambda: JOBS.alive().events)
    looking = train.show(ME, other)
    assert looking[CLOCK].active
    events = len(JOBS.alive().events)
    until(lambda: len(JOBS.alive().events) > events)
    told = train.tick(ME, other, looking[SEEN])
    assert told[LIVE] == [gr.skip()] * 3 and f'data-run="{name}"' in told[PULSE] and told[SEEN] != looking[SEEN]
    new = train.show(ME, train.NEW)
    assert train.tick(ME, train.NEW, new[SEEN])[4] == gr.skip(), "no run is missing where a new one is set up"
    JOBS.alive().stop()
    JOBS.get(state.find_run(ME, name)).wait(60)
    ended = train.tick(ME, other, told[SEEN])
    assert ended[1]["value"] == other and not ended[CLOCK].active


def test_a_tick_that_was_asked_for_another_run_is_put_right_by_the_next():
    other = trained()
    name = train.begin(ME, "", "Quick", "none", *knobs(minutes="5", **TINY))[1]["value"]
    until(lambda: JOBS.alive().events)
    stale = train.tick(ME, name, "")[SEEN]  # came after the page went on to the other run
    assert train.tick(ME, other, stale)[1]["value"] == other


def test_what_is_worked_out_for_seconds_is_worked_out_again_for_what_was_chosen_meanwhile(handlers):
    for fn in (settings.speed_sentence, voice.show, teach.show, rewrite.measure, sample.seen_as, sample.left_by):
        assert {mode for mode, _ in modes(handlers, fn)} == {"always_last"}, fn.__name__


def test_of_acts_in_quick_succession_each_counts_and_begins_with_what_the_one_before_left(handlers):
    for fn in (rewrite.decide, rewrite.clear, write.remove_piece, forget_one):
        assert modes(handlers, fn) == {("multiple", 1)}, fn.__name__


def test_who_comes_back_to_rewrite_while_it_writes_is_not_shown_what_lay_there_before(monkeypatch):
    def lies_there(path):
        raise UserError("It is damaged; rewrite the draft again.")

    monkeypatch.setattr(rewrite, "kept_review", lies_there)
    with rewrite._stoppable(ME, PAGE):
        assert rewrite.arrived(ME, None, None, "", PAGE)[-3:] == [gr.skip()] * 3
        assert "damaged" in rewrite.arrived(ME, None, None, "", SimpleNamespace(session_hash="another page"))[-2]
    assert "damaged" in rewrite.arrived(ME, None, None, "", PAGE)[-2]


def test_no_sentence_can_be_decided_before_all_are_there_for_the_next_would_undo_it():
    name = trained()
    draft = "In order to open it, we do not push the gate. However, it is not easy to move."
    *steps, last = (step[2] for step in rewrite.stream(ME, name, "paste", "", "", "", "", draft, 1.0))
    assert any('<div class="unit">' in step for step in steps) and not any("data-act" in step for step in steps)
    assert "data-act" in last


def test_what_was_typed_is_put_back_beside_what_stood_there_at_first(handlers, monkeypatch):
    monkeypatch.setattr(state, "_typed", {})
    (kept,) = [handler for handler in handlers if getattr(handler.fn, "func", None) is app._kept]
    assert kept.fn(ME) == [None] * len(kept.fn.args[0])
    state.remember(ME, "We never ", "prompt")
    assert [found for found in kept.fn(ME) if found] == [["I think ", "We never "]]


def test_a_voice_that_is_picked_on_train_takes_no_draft_from_the_box_it_is_typed_in(handlers):
    """Rewrite is shown with its draft and its columns then, as always: without them it takes itself for a page just opened."""
    asked = [[each.elem_id for each in handler.inputs] for handler in handlers if handler.fn is rewrite.arrived]
    assert len(asked) == 3 and all("draft" in inputs for inputs in asked)


def test_no_two_handlers_of_one_event_ask_again_for_each_other_for_ever(handlers):
    last = [target for handler in handlers if handler.trigger_mode == "always_last" for target in handler.targets]
    times = Counter(target for target in last if target[1] not in ("then", "success", "failure"))
    assert times and max(times.values()) == 1, times.most_common(5)
