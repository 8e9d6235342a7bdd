"""Deciding a rewrite as a person does, with the mouse and with the keyboard alone; in a real Chromium.

The voice is one in miniature, on a base in miniature, with a proposer whose choices do not depend on luck: its manner is learnt
from writing with strong habits.  The tests stand in the order of a visit.
"""

import os
from collections.abc import Iterator

import pytest
from endpoint_server import endpoint, replies  # noqa: F401
from test_rewriting import lively, plain
from test_teach import neutral
from tiny_base import tiny_base
from visit import CHROMIUM, CONTRAST, SMALL_TARGETS, Visit, go, shot, visiting
from writing import essay

from vibejam.checkpoint import read_json, save_model
from vibejam.files import write_json
from vibejam.readers import Document
from vibejam.rewrite.decisions import EDIT, decisions
from vibejam.rewrite.manner import learn_manner, save_manner
from vibejam.workspace import Workspace

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="NOT RUN: no chromium on this machine, so no sentence was decided in a browser"
    ),
]
DRAFT = (
    "# The kettle\n\nThe neighbour does not use the kettle very often. However, the kettle is not easy to move.\n\n"
    "In order to repair the ladder, the baker attempted to purchase a new part. Additionally, I do not believe that the captain "
    "will return to the ladder.\n\n> “It is nobody's ladder.”\n\nThe piano was near the door, and the postman was near the piano. "
    "However, the teacher did not use the piano very often.\n"
)
MINE = "The neighbour hardly touches the kettle; it's a brute to move."


@pytest.fixture(scope="module")
def visit(tmp_path_factory) -> Iterator[Visit]:
    home = tmp_path_factory.mktemp("deciding")
    folder = home / "vibejam" / "checkpoints" / "2026-11-22-160512-quick"
    texts = [lively(n) for n in range(6)]
    save_model(folder, *tiny_base())
    save_manner(folder, learn_manner(texts, [plain(n) for n in range(6)], []))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIBEJAM_HOME", str(home / "vibejam"))
        for n in range(6):
            Workspace("me").add(Document(f"essay-{n}.txt", essay(n), "utf-8", ()))
    write_json(folder / "run.json", {"format": 1, "status": "done", "base": "smollm2-135m", "notes": []})
    os.utime(folder / "run.json")
    with visiting(home, ["app.py"]) as visit:
        yield visit


def rewritten(visit: Visit, theme: str = "light", width: int = 1280):
    page = visit.open(theme, width)
    go(page, "Rewrite")
    if (visit.home / "vibejam" / "data" / "me" / "rewrite.json").exists():  # what another test left on the table comes back first
        page.locator("#review footer").wait_for(timeout=60_000)
        page.locator("#review footer").evaluate("footer => { footer.dataset.old = ''; }")
    page.locator("#draft textarea").fill(DRAFT)
    page.get_by_role("button", name="Rewrite", exact=True).click()
    page.locator("#review footer:not([data-old])").wait_for(timeout=60_000)
    return page


def kept(visit: Visit) -> list:
    return decisions(visit.home / "vibejam" / "data" / "me" / "decisions.jsonl")


def unit(page, number: int):
    return page.locator(f"#review [data-unit='{number}']")


def test_a_sentence_is_chosen_tried_again_taken_and_kept(visit):
    page = rewritten(visit)
    assert page.locator("#review .hand:visible").count() == 0, "a text to read, until a sentence is in hand"
    assert page.locator("#review ins").count() and page.locator("#review del").count()
    assert "# The kettle" in page.locator("#review .asis").first.inner_text()
    shot(page, "review")
    unit(page, 0).locator("summary").click()
    assert page.locator("#review .hand:visible").count() == 1
    first = unit(page, 0).locator("summary p").nth(1).inner_text()
    shot(page, "review-in-hand")
    unit(page, 0).locator("[data-act=another]").click()
    unit(page, 0).get_by_text("(2 of").wait_for()
    second = unit(page, 0).locator("summary p").nth(1).inner_text()
    assert second != first and unit(page, 0).get_attribute("open") is not None
    unit(page, 0).get_by_role("button", name="Take it").click()
    unit(page, 0).locator(".mark", has_text="taken").wait_for()
    (pair,) = kept(visit)
    assert pair.kind == EDIT and pair.rewrite == second and pair.rejected == (first,)
    page.locator("#decisions", has_text="What you decided (1)").wait_for()
    page.context.close()


def test_the_keyboard_alone_edits_a_sentence_and_copies_the_result(visit):
    page = rewritten(visit)
    unit(page, 0).locator("summary").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.parentElement.dataset.unit") == "1"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    for _ in range(6):  # to the button that edits
        page.keyboard.press("Tab")
        if page.evaluate("'openEdit' in document.activeElement.dataset"):
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.press("Control+a")
    page.keyboard.type(MINE)
    shot(page, "review-edit")
    page.keyboard.press("Control+Enter")
    unit(page, 0).locator(".mark", has_text="your words").wait_for()
    page.wait_for_function("document.activeElement.tagName === 'SUMMARY'")
    assert [pair.rewrite for pair in kept(visit)] == [MINE], "a decision takes the place of the one before"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert unit(page, 0).get_attribute("open") is None
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"# The kettle\n\n{MINE}\n\n") and "> “It is nobody's ladder.”" in copied
    page.get_by_role("button", name="Copy as text").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('The kettle')")
    unit(page, 1).locator("summary").click()
    unit(page, 1).get_by_role("button", name="Keep the draft").click()
    unit(page, 1).locator(".mark", has_text="draft kept").wait_for()
    page.context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_both_columns_read_in_light_and_dark_and_on_a_phone(visit, theme, width):
    page = rewritten(visit, theme, width)
    unit(page, 1).locator("summary").click()
    page.locator("#decisions > button").click()
    page.locator("#decided .row").first.wait_for()
    page.locator("#teach > button").click()
    page.locator("#teach-cost").wait_for()
    page.wait_for_timeout(500)
    shot(page, f"review-{theme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == [] and page.evaluate(SMALL_TARGETS) == []
    page.context.close()


def test_what_was_decided_is_deleted_one_by_one_and_all(visit):
    page = visit.open()
    go(page, "Rewrite")
    page.locator("#decisions > button").click()
    before = len(kept(visit))
    assert before >= 2
    page.locator("#decided .row").first.get_by_role("button").click()
    page.locator("#decisions", has_text=f"What you decided ({before - 1})").wait_for()
    assert len(kept(visit)) == before - 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete all of it").click()
    page.locator("#decided", has_text="Nothing yet").wait_for()
    assert kept(visit) == []
    page.context.close()


def to_the_teaching(page, endpoint) -> None:  # noqa: F811
    go(page, "Rewrite")
    page.get_by_text("Have one written").click()
    page.locator("#endpoint").get_by_label("Address").fill(endpoint.url)
    page.locator("#endpoint").get_by_role("textbox", name="Model").fill("some-model")
    page.locator("#destination", has_text=endpoint.host).wait_for()
    page.get_by_text("I have a draft").click()
    page.locator("#teach > button").click()
    page.locator("#teach-by-service").wait_for()


def test_a_service_is_named_before_it_drafts_and_the_teaching_goes_on_without_a_page(visit, endpoint):  # noqa: F811
    answer = replies(neutral)
    endpoint.will(answer, answer, lambda handler: (handler.endpoint.gate.wait(60), answer(handler)))
    run = visit.home / "vibejam" / "checkpoints" / "2026-11-22-160512-quick" / "run.json"
    about = read_json(run)  # on a base in miniature it would be over in two seconds; what began from nothing learns for minutes
    write_json(run, about | {"base": "none", "settings": {"model": {"arch": "transformer"}}})
    page = visit.open()
    to_the_teaching(page, endpoint)
    said = page.locator("#teach-cost").inner_text()
    assert endpoint.host in said and "tokens" in said and not endpoint.asked
    shot(page, "teach")
    page.get_by_role("button", name=f"to {endpoint.host}").click()
    page.locator("#teach-status", has_text="passages are drafted").wait_for()
    shot(page, "teach-drafting")
    page.context.close()  # nobody looks
    endpoint.gate.set()
    for theme, width in (("dark", 1280), ("light", 390)):
        page = visit.open(theme, width)
        go(page, "Rewrite")
        page.locator("#teach-status", has_text="Learning").wait_for(timeout=120_000)
        shot(page, f"teach-learning-{theme}-{width}")
        assert page.evaluate(CONTRAST) == [] and page.evaluate(SMALL_TARGETS) == []
        if width > 500:
            page.context.close()
    page.get_by_role("button", name="Stop teaching").click()
    page.locator("#teach-status", has_text="What it learnt by then is kept").wait_for(timeout=120_000)
    page.locator("#rewrite-voice").wait_for()  # there is a choice of voices now, and the new one is chosen
    shot(page, "teach-stopped")
    assert "rewrites" in page.locator("#rewrite-voice input").input_value()
    page.context.close()
    write_json(run, about)


def test_what_lies_on_the_table_survives_a_reload_with_its_scores_and_is_cleared(visit):
    page = rewritten(visit)
    page.locator("#scores .axis .line").first.wait_for(timeout=60_000)
    unit(page, 1).locator("summary").click()
    unit(page, 1).get_by_role("button", name="Keep the draft").click()
    unit(page, 1).locator(".mark", has_text="draft kept").wait_for()
    shown = page.locator("#review .unit").all_inner_texts()
    page.context.close()
    page = visit.open()
    go(page, "Rewrite")
    unit(page, 1).locator(".mark", has_text="draft kept").wait_for()
    assert page.locator("#review .unit").all_inner_texts() == shown
    assert page.locator("#draft textarea").input_value() == DRAFT
    page.locator("#scores .axis .line").first.wait_for(timeout=60_000)
    unit(page, 0).locator("summary").click()
    unit(page, 0).locator("[data-act=another]").click()
    unit(page, 0).get_by_text("(2 of").wait_for()
    page.locator("#review .alone > summary").click()
    assert "passed over" in page.locator("#review .alone").inner_text()
    page.get_by_role("button", name="Clear", exact=True).click()
    page.locator("#review", has_text="appears here").wait_for()
    page.context.close()
    page = visit.open()
    go(page, "Rewrite")
    page.locator("#draft textarea").wait_for()
    page.wait_for_timeout(1000)
    assert page.locator("#review .unit").count() == 0
    page.context.close()


def otherwise(instruction: str) -> str:
    """The text of a request for a rewrite, a little otherwise."""
    return instruction.rpartition("<text>\n")[2].partition("\n</text>")[0].replace("In order to", "To")


def test_a_service_proposes_sentences_once_its_host_is_ticked_and_not_before(visit, endpoint):  # noqa: F811
    endpoint.will(replies(otherwise))
    page = visit.open()
    go(page, "Rewrite")
    page.locator("#endpoint > button").click()
    page.locator("#endpoint").get_by_label("Address").fill(endpoint.url)
    page.locator("#endpoint").get_by_role("textbox", name="Model").fill("some-model")
    box = page.locator("#propose")
    box.get_by_text(f"Let some-model at {endpoint.host} propose").wait_for()
    assert "passages of your writing" in box.inner_text() and not box.locator("input").is_checked()
    page.locator("#draft textarea").fill(DRAFT)
    for ticked in (False, True):
        if ticked:
            box.locator("input").check()
            shot(page, "review-service")
        page.get_by_role("button", name="Rewrite", exact=True).click()
        if ticked:
            page.locator("#review .by", has_text=endpoint.host).wait_for(timeout=60_000)
        page.locator("#review footer").wait_for(timeout=60_000)
        assert bool(endpoint.asked) == ticked
    page.locator("#endpoint").get_by_label("Address").fill("http://localhost:9/v1")
    box.get_by_text("at localhost:9 propose").wait_for()
    assert not box.locator("input").is_checked(), "another host is another question"
    asked = len(endpoint.asked)
    page.get_by_role("button", name="Rewrite", exact=True).click()
    page.locator("#review .by", has_text=endpoint.host).wait_for(state="detached", timeout=60_000)
    assert len(endpoint.asked) == asked
    page.context.close()


def test_no_page_asked_another_host_or_complained(visit):
    assert visit.strangers == [] and visit.complaints == []
    assert "Traceback" not in (visit.home / "log").read_text()
