"""Labs as a person uses it: architectures chosen, compared, left and found again; in a real Chromium.

The tests stand in the order of a visit.
"""

import re
from collections.abc import Iterator

import pytest
from test_app_labs import known
from test_browser_habits import serious
from visit import CHROMIUM, CONTRAST, SMALL_TARGETS, Visit, go, shot, visiting

from vibejam.files import write_json

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NOT RUN: no chromium on this machine, so no comparison was seen in a browser"),
]
DRAWN = "() => [...document.querySelectorAll('#labs-figures .plot')].map((plot) => plot.data?.map((trace) => trace.x.length) ?? [])"


@pytest.fixture(scope="module")
def visit(tmp_path_factory) -> Iterator[Visit]:
    with visiting(tmp_path_factory.mktemp("labs"), ["app.py"]) as visit:
        yield visit


def choose(page, label: str, value: str) -> None:
    box = page.get_by_label(f"number input for {label}")
    box.fill(value)
    box.press("Tab")


def test_a_comparison_is_chosen_told_watched_left_and_found_again(visit):
    page = visit.open()
    assert page.get_by_role("tab").last.inner_text() == "Labs", "it comes last"
    go(page, "Labs")
    page.locator("#labs-cost", has_text="12 runs").wait_for()
    page.get_by_label("Gated attention").check()
    page.locator("#labs-cost", has_text="18 runs").wait_for()
    page.get_by_label("Gated attention").uncheck()
    page.get_by_label("Transformer: looks").uncheck()  # what Mamba-2 remembers of a long text is measured soonest
    choose(page, "Minutes", "0.5")  # until a later step stops it
    choose(page, "Seeds", "1")
    page.locator("#labs-cost", has_text="3 runs, about").wait_for()
    shot(page, "labs-chosen")
    page.reload()
    page.locator("#labs-cost", has_text="3 runs, about").wait_for()  # what was chosen survives
    assert page.locator("button.primary:visible").count() == 1
    page.get_by_role("button", name="Compare them").click()
    page.locator("#labs-status [data-status=running]").wait_for(timeout=60_000)
    page.locator("#labs-table", has_text="Kneser-Ney").wait_for()
    page.locator("#labs-status", has_text="Run 1 of 3").wait_for(timeout=180_000)
    shot(page, "labs-running")
    page.context.close()  # every tab is closed; it goes on

    page = visit.open()
    go(page, "Labs")
    page.locator("#labs-status", has_text=re.compile("Run [23] of 3")).wait_for(timeout=180_000)
    page.wait_for_function(f"() => {{ const [came] = ({DRAWN})(); return came && came[0] >= 1; }}")  # its end is a dot at once
    page.get_by_role("button", name="Stop and keep").click()
    page.locator("#labs-status [data-status=stopped]").wait_for(timeout=180_000)
    assert "of 3 runs" in page.locator("#labs-status").inner_text()
    assert page.locator("button.primary:visible").inner_text() == "New comparison"
    page.context.close()

    visit.process.terminate()
    visit.restart()
    page = visit.open()
    go(page, "Labs")
    page.locator("#labs-status [data-status=stopped]").wait_for()
    assert "the sample writing" in page.locator("#which-comparison input").input_value()
    page.context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_choices_and_figures_read_in_light_and_dark_and_on_a_phone(visit, theme, width):
    folder = visit.home / "vibejam" / "data" / "me" / "labs"
    write_json(folder / "2030-01-01-000000-my-writing" / "results.json", known().plain())  # newer than any
    page = visit.open(theme, width, 844)
    go(page, "Labs")
    page.wait_for_function(f"() => ({DRAWN})().map((traces) => traces.length).join() === '3,6'")
    assert page.evaluate(DRAWN)[0] == [12, 6, 1]  # a dot a run, a mean each, the floor
    inks = page.evaluate("() => document.querySelector('#labs-figures .plot').data.map((trace) => trace.marker.color)")
    assert inks[0] == inks[1] != inks[2]
    looks_right(page, f"labs-{theme}-{width}", width)
    page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    page.wait_for_function(
        "was => document.querySelector('#labs-figures .plot').data.every((trace, n) => trace.marker.color !== was[n])", arg=inks
    )
    page.emulate_media(color_scheme=theme)
    page.get_by_role("button", name="New comparison").click()
    page.locator("#compare").wait_for()
    looks_right(page, f"labs-new-{theme}-{width}", width)
    page.context.close()


def looks_right(page, name: str, width: int) -> None:
    page.wait_for_timeout(700)
    shot(page, name)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == [] == page.evaluate(SMALL_TARGETS)
    assert page.locator("button.primary:visible").count() == 1


def test_a_comparison_is_deleted_when_that_is_confirmed(visit):
    page = visit.open()
    go(page, "Labs")
    chosen = page.locator("#which-comparison input")
    page.wait_for_function("() => document.querySelector('#which-comparison input')?.value.includes('2030')")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Delete it").click()
    page.wait_for_timeout(700)
    assert "2030" in chosen.input_value()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete it").click()
    page.wait_for_function("() => !document.querySelector('#which-comparison input').value.includes('2030')")
    assert len(list((visit.home / "vibejam" / "data" / "me" / "labs").iterdir())) == 1
    page.context.close()


def test_no_page_asked_another_host_or_complained_but_of_the_program_s_absence(visit):
    assert visit.strangers == []
    given_up = re.compile("AbortError|errored out|ERR_CONNECTION|Failed to fetch")  # Gradio, of what a page left or a busy server
    assert [said for said in visit.complaints if not given_up.search(said)] == []
    assert "Traceback" not in (visit.home / "log").read_text()
