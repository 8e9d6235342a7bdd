"""The small model as a person gets it: one button, progress, and a choice that is there; in a real Chromium, from a hub of our own.

The app is the real one, started beside a hub in miniature (base_hub.py).  The tests stand in the order of a visit.
"""

import shutil
from collections.abc import Iterator

import pytest
from base_hub import NAME
from visit import CHROMIUM, CONTRAST, SMALL_TARGETS, Visit, go, shot, visiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="NOT RUN: no chromium on this machine, so the offer was not seen in a browser"
    ),
]
ON_A_BASE, GET, AGAIN = "On a small model that knows English", "Get the small model", "Try again"
SLOW = 60_000


@pytest.fixture(scope="module")
def visit(tmp_path_factory) -> Iterator[Visit]:
    home = tmp_path_factory.mktemp("offered")
    (home / "miniature").mkdir()
    with visiting(home, ["tests/base_hub.py", str(home / "miniature"), str(home / "gate")]) as visit:
        yield visit


def everywhere(visit: Visit, name: str, way) -> None:
    """What `way` leads to, in light and dark and on a phone: photographed, and readable everywhere."""
    for theme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)):
        page = visit.open(theme, width)
        way(page)
        page.wait_for_timeout(500)
        shot(page, f"{name}-{theme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways"
        assert page.evaluate(CONTRAST) == [] and page.evaluate(SMALL_TARGETS) == []
        page.context.close()


def to_the_choice(page) -> None:
    go(page, "Train")
    page.get_by_text(ON_A_BASE).click()
    page.locator("#train-offer").wait_for()


def to_the_plan(page) -> None:
    go(page, "Train")
    page.locator("#speed", has_text="measuring it before and after").wait_for()


def to_the_writer(page) -> None:
    go(page, "Rewrite")
    page.get_by_text("Have one written").click()
    page.locator("#instruction").wait_for()


def test_the_model_is_offered_in_place_of_the_plan_until_it_is_here(visit):
    page = visit.open()
    page.get_by_role("button", name="Try with the sample writing").click()
    page.locator("#to-train").click()
    page.get_by_text("On this machine: ready").wait_for(timeout=SLOW)
    assert page.get_by_label("From nothing but my writing").is_checked() and page.locator("#start").is_visible()
    page.get_by_text(ON_A_BASE).click()
    page.get_by_role("button", name=GET).wait_for()
    assert not page.locator("#start").is_visible() and page.locator("button.primary:visible").count() == 1
    assert "none of your writing" in page.locator("#train-offer").inner_text()
    page.context.close()
    everywhere(visit, "train-offer", to_the_choice)


def test_it_is_fetched_while_any_page_looks_on_and_the_choice_is_there(visit):
    page = visit.open()
    to_the_choice(page)
    page.get_by_role("button", name=GET).click()
    page.locator("#train-offer [data-fetch=fetching]").wait_for()
    page.context.close()  # nobody looks; it goes on
    page = visit.open()
    to_the_choice(page)
    bar = page.locator("#train-offer [role=progressbar]")
    bar.wait_for()
    page.wait_for_function("() => document.querySelector('#train-offer [role=progressbar]').ariaValueNow > 50")
    everywhere(visit, "train-fetching", to_the_choice)
    (visit.home / "gate").touch()
    page.locator("#start").wait_for(timeout=SLOW)
    page.locator("#speed", has_text="measuring it before and after").wait_for(timeout=SLOW)
    page.locator("#train-offer").wait_for(state="hidden")
    page.get_by_text("Settings", exact=True).click()
    page.get_by_label("Steps").fill("6")
    assert page.get_by_label("Words to go on from").input_value() == "I think "
    assert page.get_by_label("Correction").is_visible() and not page.get_by_label("Heads").is_visible()
    page.get_by_text("From nothing but my writing").click()
    page.get_by_label("Heads").wait_for()
    assert page.get_by_label("Steps").input_value() == "6" and not page.get_by_label("Correction").is_visible()
    page.context.close()
    everywhere(visit, "train-here", to_the_plan)


def test_a_voice_learns_on_it_and_says_what_it_forgot(visit):
    page = visit.open()
    go(page, "Train")
    page.locator("#stands-on label.selected", has_text=ON_A_BASE).wait_for()  # it is here, so somebody wanted it
    page.get_by_text("Settings", exact=True).click()
    page.get_by_label("Steps").fill("6")
    page.locator("#start").click()
    page.locator("[data-status=done]").wait_for(timeout=2 * SLOW)
    assert "general English" in page.locator("#status").inner_text()
    page.get_by_text("About this run").click()
    page.locator("dd", has_text="SmolLM2-135M-Instruct").wait_for()
    shot(page, "train-on-base")
    page.context.close()


def test_rewrite_offers_the_same_and_a_failure_can_be_tried_again(visit):
    shutil.rmtree(visit.home / "vibejam" / "checkpoints" / "base" / NAME)
    weights, aside = visit.home / "miniature" / "hub" / "model.safetensors", visit.home / "aside"
    weights.rename(aside)
    everywhere(visit, "rewrite-offer", to_the_writer)
    page = visit.open()
    to_the_writer(page)
    page.get_by_role("button", name=GET).click()
    page.get_by_role("button", name=AGAIN).wait_for(timeout=SLOW)
    assert "could not be fetched" in page.locator("#rewrite-offer").inner_text()
    everywhere(visit, "rewrite-failed", to_the_writer)
    aside.rename(weights)
    page.get_by_role("button", name=AGAIN).click()
    page.locator("#destination", has_text="SmolLM2-135M-Instruct").wait_for(timeout=SLOW)
    page.locator("#rewrite-offer").wait_for(state="hidden")
    shot(page, "rewrite-here")
    page.context.close()


def test_no_page_asked_another_host_or_complained(visit):
    assert visit.strangers == [] and visit.complaints == []
    assert "Traceback" not in (visit.home / "log").read_text()
