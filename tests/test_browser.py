"""The app as a person meets it: a real Chromium, a real server started by `python app.py`, real files, real training.

The server runs in a process of its own and keeps its state from test to test, as it would on a person's machine; the tests stand
in the order of a first visit.  Screenshots land in tests/screenshots/, which git ignores.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

playwright_api = pytest.importorskip("playwright.sync_api", reason="NOT RUN: playwright is not installed, so no page was opened")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NOT RUN: no chromium on this machine, so the app was not seen in a browser"),
]

ROOT = Path(__file__).resolve().parents[1]
SHOTS = ROOT / "tests" / "screenshots"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
SENTINEL = "Sentinelwort"
DRAFT = (
    "I am writing to inform you that the boiler in my flat has stopped working. I would appreciate it if you could arrange a "
    f"repair at your earliest convenience. The reference is {SENTINEL}."
)
TABS = ("Write", "Train", "Sample", "Rewrite")


@dataclass
class Visit:
    """The server, the browser, and everything any page did that it should not have done."""

    address: str
    home: Path
    process: subprocess.Popen
    browser: "playwright_api.Browser"
    strangers: list[str] = field(default_factory=list)  # requests to any other host
    complaints: list[str] = field(default_factory=list)  # errors in the console

    def open(self, theme: str = "light", width: int = 1280, height: int = 900) -> "playwright_api.Page":
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, has_touch=width < 500,
            permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("request", self._note)
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.address)
        page.get_by_role("tab", name="Write", exact=True).wait_for()
        return page

    def _note(self, request) -> None:
        if request.url.startswith(("http", "ws")) and not request.url.startswith(self.address):
            self.strangers.append(request.url)


@pytest.fixture(scope="module")
def visit(tmp_path_factory) -> Iterator[Visit]:
    home = tmp_path_factory.mktemp("browser")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "SPACE_", "VIBEJAM_"))}
    environment |= {"VIBEJAM_HOME": str(home / "vibejam"), "GRADIO_TEMP_DIR": str(home / "uploads"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "app.py"), "--port", str(port), "--no-browser"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
    SHOTS.mkdir(exist_ok=True)
    try:
        end = time.monotonic() + 120
        while "vibejam is at" not in (home / "log").read_text():
            assert process.poll() is None and time.monotonic() < end, (home / "log").read_text()
            time.sleep(0.1)
        with playwright_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Visit(f"http://127.0.0.1:{port}", home, process, browser)
            browser.close()
    finally:
        process.kill()
        process.wait(30)


def go(page, tab: str) -> None:
    page.get_by_role("tab", name=tab, exact=True).click()
    page.locator("[role=tab][aria-selected=true]", has_text=tab).wait_for()


def shot(page, name: str) -> None:
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def curve(page) -> dict:
    """What the chart shows: the points of both lines, and where its axes stand."""
    return page.evaluate(
        """() => { const c = document.querySelector('#curve .chart'); return {
            learnt: c.data[0].x.length, held: c.data[1].x.length, x: c.layout.xaxis.range, y: c.layout.yaxis.range,
            ink: c.data[1].line.color, spoken: c.getAttribute('aria-label') }; }"""
    )


def wait_for_curve(page, learnt: int = 2, held: int = 0) -> None:
    page.wait_for_function(
        """([learnt, held]) => { const c = document.querySelector('#curve .chart');
            return c && c.data && c.data[0].x.length >= learnt && c.data[1].x.length >= held; }""",
        arg=[learnt, held],
    )


def test_every_empty_tab_says_what_is_missing_and_leads_there(visit):
    page = visit.open()
    page.get_by_role("button", name="Use the sample writing").wait_for()
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
    page.get_by_role("button", name="Start learning").click()
    page.locator("[data-status=running]").wait_for(timeout=60_000)
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
    page.locator("[data-status=stopped]").wait_for(timeout=60_000)
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


def test_a_sample_streams_in(visit):
    page = visit.open()
    go(page, "Sample")
    page.get_by_label("number input for Length").fill("600")
    page.get_by_label("number input for Length").press("Tab")
    page.get_by_role("button", name="Write on").click()
    page.locator("#written .caret").wait_for(state="attached")
    page.wait_for_function("() => document.querySelector('#written .voice').textContent.length > 5")
    early = page.locator("#written .voice").inner_text()
    page.locator("#written footer").wait_for(timeout=90_000)
    assert len(page.locator("#written .voice").inner_text()) > len(early)
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("I think ")
    shot(page, "sample")
    page.get_by_role("button", name="Write on").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Write on").wait_for()
    page.context.close()


def test_a_pasted_draft_is_rewritten_beside_itself(visit):
    page = visit.open()
    go(page, "Rewrite")
    page.locator("#draft textarea").fill(DRAFT)
    page.get_by_role("button", name="Rewrite", exact=True).click()
    page.locator("#changes .changes").wait_for(timeout=60_000)
    assert page.locator("#changes del").count() and page.locator("#changes ins").count()
    left, right = page.locator("#draft").bounding_box(), page.locator("#rewritten").bounding_box()
    assert left["x"] + left["width"] <= right["x"]
    shot(page, "rewrite")
    page.get_by_text("Have one written").click()
    page.locator("#instruction").wait_for()
    page.locator("#endpoint").get_by_label("Address").fill("http://localhost:9/v1")
    page.locator("#endpoint").get_by_label("Model").fill("some-model")
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
    page.locator("[data-status=running]").wait_for(timeout=60_000)
    wait_for_curve(page, 3)
    visit.process.send_signal(signal.SIGINT)
    assert visit.process.wait(90) == 0
    (run,) = (visit.home / "vibejam" / "checkpoints").glob("*/run.json")
    assert json.loads(run.read_text())["status"] == "paused"
    log = (visit.home / "log").read_text()
    assert "Traceback" not in log and SENTINEL not in log and "can be resumed" in log


# Text whose colour is less than 4.5 : 1 against what lies behind it, or 3 : 1 where it is large.
CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > .5) return c; } return [255, 255, 255]; };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    const text = [...e.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim()).length;
    if (!text || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || e.closest('svg, [aria-hidden=true], style')) continue;
    const style = getComputedStyle(e), a = light(parse(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) poor.push(`${e.textContent.trim().slice(0, 40)} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""

# Things to press that a thumb would miss; a radio's label is its target, and a slider's track may be as thin as it likes.
SMALL_TARGETS = """() => [...document.querySelectorAll('button, summary, [role=tab], .wrap > label, input:not([type=radio], [type=file])')]
  .filter((e) => e.checkVisibility() && !e.closest('[aria-hidden=true]'))
  .map((e) => [e.getBoundingClientRect(), e])
  .filter(([box]) => box.width > 0 && (box.height < 32 || box.width < 32))
  .map(([box, e]) => `${e.tagName} ${e.textContent.trim().slice(0, 30) || e.type} ${box.width | 0}x${box.height | 0}`)"""
