"""Sample and Rewrite: text as it comes, errors as one sentence, and nothing sent before it is said where."""

import html
import os
import re

import gradio as gr
import pytest
from app_hands import ME, shown, text_of, trained
from endpoint_server import endpoint, fails, says, says_then_hangs  # noqa: F401
from tiny_base import lay_tiny_base

from pages import review, rewrite, sample, state
from vibejam import drafts, local_writer
from vibejam.config import SampleConfig
from vibejam.workspace import Workspace

SIDES, COLUMNS, TOLD, GO = 1, 2, 3, 4  # of what `rewrite.stream` yields


def test_a_voice_writes_in_pieces_and_says_how_much_it_copied():
    name = trained()
    pages = list(sample.stream(ME, name, "The gate", 0.8, 0, 0.95, 40, "1"))
    assert "The gate" in text_of(pages[0][0]) and shown(pages[0][3])
    assert (
        re.search(r"\d+ tokens?, [\d,]+ a second", pages[-1][0])
        and "copied from your writing" in pages[-1][0]
        and not shown(pages[-1][3])
    )
    again = list(sample.stream(ME, name, "The gate", 0.8, 0, 0.95, 40, "1"))
    body = re.compile(r'<span class="voice">(.*?)</span>', re.DOTALL)
    assert body.search(again[-1][0])[1] == body.search(pages[-1][0])[1] != ""


@pytest.mark.parametrize(
    "dice", [(-1, 0, 0.9, 20, ""), (1, 0, 0, 20, ""), (1, 0, 0.9, 20, "seven"), (None, 0, 0.9, 20, "")]
)
def test_impossible_dice_and_missing_voices_are_one_quiet_sentence(dice):
    name = trained()
    for page in (
        list(sample.stream(ME, name, "x", *dice))[-1],
        list(sample.stream(ME, "no-such", "x", 1, 0, 1, 20, ""))[-1],
    ):
        assert shown(page[1]) and shown(page[2]) and not shown(page[3]) and "Traceback" not in page[1]["value"]


def test_without_a_voice_sample_and_rewrite_lead_to_training():
    for page in (sample.show(ME, None), rewrite.show(ME, None)):
        assert shown(page[0]) and not shown(page[1])


def test_a_loaded_voice_is_kept_until_its_weights_change():
    name = trained()
    folder = Workspace(ME).run(name)
    first = state.engine(folder)
    assert state.engine(folder) is first
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert state.engine(folder) is not first


def test_a_pasted_draft_is_rewritten_beside_itself_with_what_changed():
    name = trained()
    steps = list(rewrite.stream(ME, name, "paste", "", "", "", "", "The boiler broke at nine.", 1.0))
    sides, columns = steps[-2][SIDES], steps[-1][COLUMNS]
    assert 'data-copy="text"' in columns and 'data-copy="markdown"' in columns and shown(steps[-1][GO])
    assert sides.draft_by == "pasted by you" and name in sides.rewrite_by and sides.rewrite_by in text_of(columns)
    assert "9" in text_of(columns) or "nine" in text_of(columns)
    assert all("sent to" not in str(step) for step in steps)


def test_both_columns_keep_their_texts_word_for_word():
    draft, after = "The boiler broke & nobody came.", "The boiler broke again & nobody rang."
    left, right = review.columns(draft, after)
    assert "<del>" in left and "<ins>" in right and "<ins>" not in left
    assert [html.unescape(re.sub(r"</?(?:ins|del)>", "", side)) for side in (left, right)] == [draft, after]


def test_an_empty_draft_is_told_and_changes_nothing():
    name = trained()
    last = list(rewrite.stream(ME, name, "paste", "", "", "", "", "  ", 1.0))[-1]
    assert "nothing to rewrite" in last[TOLD]["value"] and shown(last[GO])


def test_an_instruction_is_drafted_by_the_endpoint_and_rewritten_here(endpoint):  # noqa: F811
    name = trained()
    endpoint.will(says("The boiler ", "is broken."))
    where = text_of(rewrite.destination_html(endpoint.url, "some-model", ""))
    assert endpoint.host in where and "some-model" in where and not endpoint.asked  # said before anything is sent
    steps = list(rewrite.stream(ME, name, "ask", "Complain.", endpoint.url, "some-model", "", "", 1.0))
    assert [step[0] for step in steps if isinstance(step[0], str)][-1] == "The boiler is broken."
    assert endpoint.host in steps[0][COLUMNS]
    sides = steps[-1][SIDES]
    assert endpoint.host in sides.draft_by and "some-model" in sides.draft_by
    assert name in sides.rewrite_by and "some-model" not in sides.rewrite_by  # two models, and each column says which
    assert endpoint.asked[0].body["messages"][-1]["content"] == "Complain."


def test_nothing_is_sent_when_the_voice_is_missing(endpoint):  # noqa: F811
    last = list(rewrite.stream(ME, "gone", "ask", "Complain.", endpoint.url, "m", "", "", 1.0))[-1]
    assert shown(last[TOLD]) and not endpoint.asked


def test_an_endpoint_that_fails_takes_no_draft_away(endpoint):  # noqa: F811
    name = trained()
    endpoint.will(fails(404))
    steps = list(rewrite.stream(ME, name, "ask", "Complain.", endpoint.url, "m", "", "My own.", 1.0))
    assert all(step[0] == gr.skip() for step in steps)
    assert "knows no model" in steps[-1][TOLD]["value"] and shown(steps[-1][GO])


def test_leaving_the_page_hangs_up_on_the_endpoint(endpoint):  # noqa: F811
    name = trained()
    endpoint.will(says_then_hangs("A draft"))
    steps = rewrite.stream(ME, name, "ask", "Complain.", endpoint.url, "m", "", "", 1.0)
    next(steps)
    next(steps)
    steps.close()
    assert endpoint.hung_up.wait(20)


def test_sample_dice_cover_every_setting_of_a_sample_that_the_page_offers():
    assert sample.dice(0.5, 3, 0.9, 50, "7") == SampleConfig(50, 0.5, 3, 0.9, 0.0, 7)
    assert sample.dice(0.5, 3, 0.9, 5000, "").seed is None and sample.dice(0.5, 3, 0.9, 5000, "").max_new_tokens == 1000


def test_without_a_service_the_model_on_this_machine_writes_the_draft(monkeypatch):
    assert "No endpoint is set up" in text_of(rewrite.destination_html("", "", ""))
    local_writer._loaded.cache_clear()
    lay_tiny_base()
    name = trained()
    where = text_of(rewrite.destination_html("", "", ""))
    assert "SmolLM2" in where and "nothing leaves" in where and "sent to" not in where
    monkeypatch.setattr(drafts.EndpointWriter, "__init__", None)  # nobody is to be asked over a network
    last = list(rewrite.stream(ME, name, "ask", "Write to Morgan.", "", "", "", "", 1.0))[-1]
    assert not shown(last[TOLD]) and "SmolLM2" in last[SIDES].draft_by and "Draft" in last[COLUMNS]
    local_writer._loaded.cache_clear()


def test_a_typed_service_comes_before_the_model_on_this_machine(endpoint):  # noqa: F811
    lay_tiny_base()
    assert endpoint.host in text_of(rewrite.destination_html(endpoint.url, "some-model", ""))
