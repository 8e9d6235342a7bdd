"""The app as a person meets it: a real Chromium, a real server started by `python app.py`, real files, real training.

The tests stand in the order of a first visit.  Screenshots land in tests/screenshots/, which git ignores.
"""

import json
import signal

import pytest
from visit import CHROMIUM, CONTRAST, SMALL_TARGETS, curve, go, playwright_api, shot, visit, wait_for_curve  # noqa: F401

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="NOT RUN: no chromium on this machine, so the app was not seen in a browser"
    ),
]

SENTINEL = "Sentinelwort"
DRAFT = (
    "I am writing to inform you that the boiler in my flat has stopped working. I would appreciate it if you could "
    f"arrange a repair at your earliest convenience. The reference is {SENTINEL}."
)
TABS = ("Write", "Train", "Sample", "Rewrite", "Labs")


def test_every_empty_tab_says_what_is_missing_and_leads_there(visit):
    page = visit.open()
    page.get_by_role("button", name="Try with the sample writing").wait_for()
    shot(page, "empty-write")
    for tab, button, leads_to in (("Sample", "Learn my voice", "Train"), ("Train", "Add my writing", "Write")):
        go(page, tab)
        page.get_by_role("button", name=button).wait_for()
        shot(page, f"empty-{tab.lower()}")
        assert page.locator("button.primary:visible").count() == 1
        page.get_by_role("button", name=button).click()
        page.locator("[role=tab][aria-selected=true]", has_text=leads_to).wait_for()
    go(page, "Rewrite")
    page.get_by_role("button", name="Learn my voice").wait_for()
    shot(page, "empty-rewrite")
    page.context.close()


def test_real_files_are_dropped_read_and_counted(visit, shared_corpora):
    page = visit.open()
    files = sorted((shared_corpora / "drewdevault" / "train").glob("*"))[:60]
    nasty = [shared_corpora / "nasty" / name for name in ("empty.txt", "essay.docx", "letter.pdf", "mail.mbox")]
    page.locator("#drop input[type=file]").set_input_files([*files, *[path for path in nasty if path.is_file()]])
    page.locator("#write-notice").get_by_text("Read").wait_for()
    assert "empty.txt" in page.locator("#write-notice").inner_text()
    assert page.locator(".counts").is_visible() and page.get_by_role("meter").is_visible()
    left = [path for path in (visit.home / "uploads").rglob("*") if path.is_file() and path.stat().st_size]
    assert not left, f"uploaded copies stay behind: {left}"
    before = page.locator("#pieces .piece").count()
    page.locator("#paste textarea").fill(f"{SENTINEL} is what I pasted. " * 30)
    page.get_by_role("button", name="Add what I pasted").click()
    page.locator(".piece .name", has_text="pasted").first.wait_for()
    assert page.locator("#pieces .piece").count() == before + 1 and page.locator("#paste textarea").input_value() == ""
    page.locator(".piece", has_text="pasted").get_by_role("button").click()
    page.locator(".piece .name", has_text="pasted").wait_for(state="detached")
    page.locator(".piece summary").first.click()
    assert page.locator("button.primary:visible").count() == 1
    shot(page, "write")
    page.context.close()


def test_a_run_is_watched_left_and_found_again_with_its_whole_curve(visit):
    page = visit.open()
    sample, onward = page.locator("#use-sample"), page.locator("#to-train")
    sample.or_(onward).wait_for()
    if sample.is_visible():  # the corpora are not at hand
        sample.click()
    onward.click()
    page.get_by_text("On this machine: ready").wait_for(timeout=60_000)
    shot(page, "train-ready")
    page.get_by_text("Settings", exact=True).click()
    settings = page.locator("#settings")
    settings.get_by_label("Minutes").fill("9")  # until a later test stops it, however slow the machine is today
    settings.get_by_label("Measurements How many").fill("120")
    page.get_by_role("button", name="Start learning").click()
    page.locator("[data-status=running]").wait_for(timeout=180_000)
    wait_for_curve(page, learnt=5, held=1)
    page.locator("#timeline .voice").wait_for()
    seen = curve(page)
    shot(page, "train-running")
    page.context.close()  # every tab is closed; the run goes on

    page = visit.open()
    go(page, "Train")
    wait_for_curve(page, seen["learnt"], seen["held"])
    assert page.locator("[data-status=running]").is_visible()
    assert "held out" in curve(page)["spoken"]

    other = visit.open(theme="dark")  # and any number of tabs see it
    go(other, "Train")
    wait_for_curve(other, seen["learnt"], seen["held"])
    shot(other, "train-running-dark")
    other.context.close()
    page.context.close()


def test_the_chart_keeps_a_zoom_and_follows_a_change_of_theme(visit):
    page = visit.open()
    go(page, "Train")
    wait_for_curve(page, 5)
    box = page.locator("#curve .chart").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 200, steps=5)
    page.mouse.up()
    zoomed = curve(page)
    page.wait_for_function("n => document.querySelector('#curve .chart').data[0].x.length > n", arg=zoomed["learnt"])
    now = curve(page)
    assert (now["x"], now["y"]) == (zoomed["x"], zoomed["y"]) and now["x"][0] > 0
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("ink => document.querySelector('#curve .chart').data[1].line.color !== ink", arg=now["ink"])
    assert curve(page)["x"] == zoomed["x"]
    page.mouse.dblclick(box["x"] + 300, box["y"] + 100)
    page.wait_for_function("() => document.querySelector('#curve .chart').layout.xaxis.range[0] === 0")
    page.context.close()


def test_stop_keeps_a_voice_and_the_next_step_is_one_button(visit):
    page = visit.open()
    go(page, "Train")
    page.get_by_role("button", name="Stop and keep").click()
    page.locator("[data-status=stopped]").wait_for(timeout=180_000)
    page.get_by_role("button", name="Hear it").wait_for()
    assert page.locator("button.primary:visible").count() == 1
    slider = page.locator("#timeline input[type=range]")
    if slider.is_visible():
        latest = page.locator("#timeline .voice").inner_text()
        slider.evaluate("e => { e.value = 0; e.dispatchEvent(new Event('input')); }")
        assert page.locator("#timeline .voice").inner_text() != latest
    shot(page, "train-stopped")
    page.get_by_role("button", name="Hear it").click()
    page.get_by_role("button", name="Write on").wait_for()
    page.context.close()


WATCH_IT_GROW = """() => {
    window.lengths = [];
    new MutationObserver(() => {
        const voice = document.querySelector('#written .voice');
        if (voice) window.lengths.push(voice.textContent.length);
    }).observe(document.querySelector('#written'), {subtree: true, childList: true, characterData: true});
}"""


def test_a_sample_streams_in(visit):
    page = visit.open()
    go(page, "Sample")
    page.locator("#dice > button").click()
    page.get_by_label("number input for Length").fill("600")
    page.get_by_label("number input for Length").press("Tab")
    page.evaluate(WATCH_IT_GROW)
    page.get_by_role("button", name="Write on").click()
    page.locator("#written .figures").wait_for(timeout=90_000)
    lengths = page.evaluate("window.lengths")
    assert len(set(lengths)) > 1 and lengths == sorted(lengths), "it came in pieces, each adding to the last"
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("I think ")
    shot(page, "sample")
    written = page.locator("#written [data-text]").inner_text()
    page.locator("#prompt textarea").fill("We never ")
    page.locator("h2", has_text="Hear it").click()
    page.wait_for_timeout(5000)  # it goes to the server as one leaves the box
    page.reload()
    page.locator("#written .figures").wait_for()
    page.wait_for_function("() => document.querySelector('#prompt textarea').value === 'We never '")
    assert page.locator("#written [data-text]").inner_text() == written
    page.locator("#dice > button").click()
    page.wait_for_function("() => document.querySelector('#dice-length input[type=number]').value === '600'")
    page.locator("#prompt textarea").fill("I think ")
    for _ in range(10):  # a voice that ends its text at once leaves nothing to stop: let it begin again
        page.get_by_role("button", name="Write on").click()
        try:
            page.get_by_role("button", name="Stop").click(timeout=3000)
            break
        except playwright_api.TimeoutError:
            page.get_by_role("button", name="Write on").wait_for()
    page.get_by_role("button", name="Write on").wait_for()
    page.wait_for_timeout(500)  # a piece that was under way when it stopped changes nothing about the buttons
    assert page.get_by_role("button", name="Write on").is_visible() and not page.locator("#written .caret").is_visible()
    page.context.close()


def test_a_pasted_draft_is_rewritten_beside_itself(visit):
    page = visit.open()
    go(page, "Rewrite")
    page.locator("#draft textarea").fill(DRAFT)
    page.get_by_role("button", name="Rewrite", exact=True).click()
    page.locator("#review footer").wait_for(timeout=60_000)
    left, right = (page.locator("#review .unit p").nth(n).bounding_box() for n in (0, 1))
    assert left["x"] + left["width"] <= right["x"] and abs(left["y"] - right["y"]) < 2
    assert page.locator("#review h3.voice .by").inner_text() != page.locator("#review h3.draft .by").inner_text() == "pasted by you"
    shot(page, "rewrite")
    page.get_by_text("Have one written").click()
    page.locator("#instruction").wait_for()
    page.locator("#endpoint").get_by_label("Address").fill("http://localhost:9/v1")
    page.locator("#endpoint").get_by_role("textbox", name="Model").fill("some-model")
    page.locator("#destination", has_text="localhost:9").wait_for()
    page.locator("#endpoint input[type=password]").fill(SENTINEL)
    shot(page, "rewrite-ask")
    page.locator("#instruction textarea").fill("Complain about the boiler.")
    page.get_by_role("button", name="Write a draft and rewrite it").click()
    page.locator("#rewrite-notice", has_text="no connection").wait_for(timeout=60_000)
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert SENTINEL not in stored
    page.context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 390), ("dark", 390), ("dark", 1280)])
def test_every_tab_fits_and_reads_in_light_and_dark_and_on_a_phone(visit, theme, width):
    page = visit.open(theme, width, 844)
    for tab in TABS:
        go(page, tab)
        page.wait_for_timeout(800)  # what the tab shows comes from the server
        if tab == "Train" and page.get_by_text("About this run").is_visible():
            page.get_by_text("About this run").click()
        shot(page, f"{tab.lower()}-{theme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{tab} scrolls sideways"
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate(SMALL_TARGETS) == []
    page.context.close()


def test_nothing_went_to_another_host_and_no_page_complained(visit):
    assert visit.strangers == []
    assert visit.complaints == []


def test_the_program_ends_kindly_and_the_run_can_be_resumed(visit):
    page = visit.open()
    go(page, "Train")
    page.get_by_role("button", name="Resume").click()
    page.locator("[data-status=running]").wait_for(timeout=180_000)
    wait_for_curve(page, 3)
    visit.process.send_signal(signal.SIGINT)
    assert visit.process.wait(300) == 0
    (run,) = (visit.home / "vibejam" / "checkpoints").glob("*/run.json")
    assert json.loads(run.read_text())["status"] == "paused"
    log = (visit.home / "log").read_text()
    assert "Traceback" not in log and SENTINEL not in log and "can be resumed" in log
