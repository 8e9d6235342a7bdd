"""Sample and Rewrite: text as it comes, errors as one sentence, and nothing sent before it is said where."""

import html
import os
import re
from types import SimpleNamespace

import gradio as gr
import pytest
from app_hands import ME, shown, text_of, trained
from endpoint_server import endpoint, fails, replies, says, says_then_hangs  # noqa: F401
from tiny_base import lay_tiny_base

from pages import decided, review, rewrite, sample, scores, service, state
from vibejam import drafts, local_writer
from vibejam.config import SampleConfig
from vibejam.open_review import Sides, kept_review
from vibejam.rewrite import Rewrite
from vibejam.rewrite.decisions import decision, keep_decision
from vibejam.rewrite.review import review as reviewed
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


COLD = "It was cold, and nobody came to the house at all.\n\n"
DRAFT = "# Boiler\n\nThe boiler of Morgan does not work. It broke at nine.\n\n" + COLD * 30
SIDES_THEN, COLUMNS_THEN, DRAFT_THEN = -3, -2, -1  # the last of what `rewrite.arrived` updates


def pasted(name: str, draft: str = DRAFT, agreed: list | None = None, at: str = "", strength: float = 1.0, request=None) -> list:
    return list(rewrite.stream(ME, name, "paste", "", at, "big" if at else "", "", draft, strength, agreed, request))


def test_a_rewrite_that_is_not_decided_yet_survives_a_reload_and_a_decided_one_too():
    name = trained()
    *_, last = pasted(name)
    back = rewrite.arrived(ME, None)
    assert back[SIDES_THEN] == last[SIDES] and back[DRAFT_THEN] == DRAFT and "data-unit" in back[COLUMNS_THEN]
    event = gr.EventData(None, {"unit": 0, "what": "edit", "text": "Morgan's boiler is done for; nine it was."})
    after = rewrite.decide(ME, last[SIDES], event)
    back = rewrite.arrived(ME, None)
    assert back[SIDES_THEN] == after[0] and "nine it was" in text_of(back[COLUMNS_THEN])
    same = rewrite.arrived(ME, None, after[0], "typed since")
    assert same[SIDES_THEN:] == [gr.skip()] * 3, "what the page shows already is not thrown about"
    assert rewrite.arrived(ME, None, None, "typed since")[DRAFT_THEN] == gr.skip()
    cleared = rewrite.clear(ME)
    assert cleared[:3] == ["", None, review.NOTHING_YET] and rewrite.arrived(ME, None)[SIDES_THEN:] == [gr.skip()] * 3


def test_what_a_person_always_changes_is_changed_from_the_start_and_named():
    name, file = trained(), Workspace(ME).decisions_file
    for draft in ("The warden of the gate rang.", "A warden came by at noon.", "No warden was there today."):
        keep_decision(file, decision(draft, draft.replace("warden", "keeper")))
    *_, last = list(rewrite.stream(ME, name, rewrite.PASTE, "", "", "", "", "The new warden has a key for you.", 1.0))
    assert "keeper" in last[SIDES].review.text and "what you always change" in text_of(last[COLUMNS])
    label, listed = decided.show(ME)
    assert "warden keeper (3 of 3 times)" in " ".join(text_of(listed).split())
    file.write_text("{")
    *_, last = list(rewrite.stream(ME, name, rewrite.PASTE, "", "", "", "", "The new warden has a key for you.", 1.0))
    assert "warden" in last[SIDES].review.text, "a damaged list is told where it stands, and nothing else waits for it"


def test_on_a_space_no_rewrite_is_kept_for_whoever_comes_next(monkeypatch):
    name = trained()
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    *_, last = pasted(name)
    assert isinstance(last[SIDES], Sides) and not Workspace(ME).review_file.exists()


def test_a_damaged_rewrite_on_the_table_is_told_and_the_page_opens():
    trained()
    Workspace(ME).review_file.parent.mkdir(parents=True, exist_ok=True)
    Workspace(ME).review_file.write_text('{"format": 1}')
    assert "rewrite the draft again" in text_of(rewrite.arrived(ME, None)[COLUMNS_THEN])


def test_a_long_draft_comes_bit_by_bit_with_how_far_it_is_and_a_stop_keeps_what_is_done(monkeypatch):
    monkeypatch.setattr(rewrite, "REDRAW_COLUMNS_SECONDS", 0)
    name, page = trained(), SimpleNamespace(session_hash="a page")
    steps = rewrite.stream(ME, name, "paste", "", "", "", "", DRAFT, 1.0, [], page)
    done = []
    for step in steps:
        if isinstance(step[SIDES], Sides) and not step[SIDES].review.sentences:
            assert "progressbar" in step[COLUMNS] and "0 of " in text_of(step[COLUMNS]), "the draft is there at once"
            assert not Workspace(ME).review_file.exists(), "and nothing takes the place of what lay there"
        elif isinstance(step[SIDES], Sides) and not done:
            assert len(step[SIDES].review.sentences) == 1 and re.search(r"1 of \d+ sentences", text_of(step[COLUMNS]))
            done = [step[SIDES]]
            rewrite.halted(ME, step[SIDES], SimpleNamespace(session_hash="another page"))
            assert not rewrite._stops[(ME, "a page")].is_set()
            rewrite.halted(ME, step[SIDES], page)
        last = step
    first, sides = done[0], last[SIDES]
    assert sides == first and 0 < len(sides.review.sentences) < len(sides.review.units) and not sides.ended
    assert "to go; they stand as in the draft" in text_of(last[COLUMNS]) and shown(last[GO])
    assert sides.review.text.endswith("at all.\n\n") and not rewrite._stops
    assert kept_review(Workspace(ME).review_file) == sides


def test_what_was_left_alone_is_said_with_its_reason_and_what_is_protected_is_named():
    *_, last = pasted(trained())
    said = " ".join(text_of(last[COLUMNS].partition('class="more alone"')[2]).split())
    assert re.search(r"\d+ sentences? left alone, and what is protected", said) and "Morgan" in said and "nine" in said
    assert "passed over: headings" in said


def test_a_sentence_says_what_stays_in_it_and_why_it_stands():
    *_, last = pasted(trained())
    assert "Stays word for word: " in last[COLUMNS] and "Left as it was" in text_of(last[COLUMNS])


def answered(instruction: str) -> str:
    """The text of a request for a rewrite, said otherwise."""
    text = instruction.rpartition("<text>\n")[2].partition("\n</text>")[0]
    return text.replace("It was cold, and nobody came", "Cold it was, and nobody came")


@pytest.mark.security
def test_an_llm_proposes_only_where_its_host_was_agreed_to_and_the_page_says_what_it_is_sent(endpoint):  # noqa: F811
    name = trained()
    endpoint.will(replies(answered))
    pasted(name, at=endpoint.url)
    assert not endpoint.asked, "a service that is only named is asked nothing"
    box = service.proposing(endpoint.url, "big", "")
    assert box["value"] == [] and endpoint.host in box["info"] and "passages of your writing" in box["info"]
    ((label, host),) = box["choices"]
    assert "big" in label and host == endpoint.host
    assert not endpoint.asked
    *_, last = pasted(name, agreed=[host], at=endpoint.url)
    assert endpoint.asked and all(asked.body["model"] == "big" for asked in endpoint.asked)
    assert endpoint.host in last[SIDES].rewrite_by and "big" in last[SIDES].rewrite_by and name in last[SIDES].rewrite_by
    proposed = {found.by for sentence in last[SIDES].review.sentences for found in sentence.choice.considered}
    assert "your LLM" in proposed


@pytest.mark.security
@pytest.mark.parametrize("agreed", [["api.example.com"], ["a", "b"], "yes", [7], {"x": 1}])
def test_nothing_is_sent_to_a_host_that_was_not_agreed_to(endpoint, agreed):  # noqa: F811
    name = trained()
    *_, last = pasted(name, agreed=agreed, at=endpoint.url)
    assert "tick it again" in last[TOLD]["value"] and not endpoint.asked and shown(last[GO])
    *_, last = pasted(name, agreed=["api.example.com"])
    assert "no service to ask" in last[TOLD]["value"].lower()


def test_an_llm_that_fails_leaves_a_note_and_the_choices_stand_beside_it(endpoint):  # noqa: F811
    name = trained()
    endpoint.will(fails(401))
    *_, last = pasted(name, agreed=[endpoint.host], at=endpoint.url)
    assert "Your LLM took no part" in text_of(last[COLUMNS]) and "did not accept the key" in text_of(last[COLUMNS])
    sentences = last[SIDES].review.sentences
    assert len(sentences) == len(last[SIDES].review.units) > 1
    assert all(f'data-unit="{number}"' in last[COLUMNS] for number in range(len(sentences)))
    assert "data-act=" in last[COLUMNS] and shown(last[GO])


def test_nobody_is_offered_to_propose_where_no_service_is_named(monkeypatch):
    lay_tiny_base()
    assert not service.proposing("", "", "")["visible"], "the small model on this machine writes drafts and proposes nothing"
    assert not service.proposing("ftp://nowhere", "m", "")["visible"]
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    monkeypatch.setenv("OPENAI_API_KEY", "SENTINEL-KEY")
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "some-model")
    assert not service.proposing("", "", "")["visible"], "nor at the expense of whoever put it on a Space"


def test_the_scores_say_what_they_mean_and_draw_all_sides_on_the_same_axes():
    name = trained()
    *_, last = pasted(name, "The boiler does not work. In order to mend it, we utilized a lamp.\n\n" + COLD * 30)
    markup, known = scores.show(ME, last[SIDES], {})
    said = " ".join(text_of(markup).split())
    for word in ("Meaning", "Facts", "Style", "lower is nearer", "the draft", "the rewrite", "you", "words a sentence"):
        assert word in said
    assert markup.count('class="own"') and known == {}, "of what words say nothing is kept"
    assert "fetch-base" not in said and said.count("words are compared here") == 1
    offered = rewrite.measure(ME, last[SIDES], {})[2:]
    assert shown(offered[0]) and "vibejam fetch-base minilm" in offered[1] and offered[2]["value"] == "Get MiniLM"
    assert not shown(rewrite.measure(ME, None, {})[2]), "nothing to measure, nothing to offer"
    assert scores.show(ME, None, None) == ["", {}] and scores.show(ME, "sides", 7) == ["", {}]
    other = Sides(reviewed(Rewrite("A b.", "A b.")), "", "")
    assert scores.show(ME, other, {}) == ["", {}]
