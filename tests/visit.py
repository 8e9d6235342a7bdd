"""A visit to the app: the server as a person starts it, a real Chromium, and an ear for what no page may do.

The server runs in a process of its own with a home of its own, and keeps its state from test to test.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

playwright_api = pytest.importorskip(
    "playwright.sync_api", reason="NOT RUN: playwright is not installed, so no page was opened"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ROOT = Path(__file__).resolve().parents[1]
SHOTS = ROOT / "tests" / "screenshots"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@dataclass
class Visit:
    """The server, the browser, and everything any page did that it should not have done."""

    address: str
    home: Path
    process: subprocess.Popen
    browser: "playwright_api.Browser"
    strangers: list[str] = field(default_factory=list)  # requests to any other host
    complaints: list[str] = field(default_factory=list)  # errors in the console
    start: Callable[[], subprocess.Popen] | None = None  # the same program again, in the same home and at the same address

    def restart(self) -> None:
        """Start the program anew after it has ended."""
        self.process.wait(60)
        self.process = self.start()

    def open(self, theme: str = "light", width: int = 1280, height: int = 900) -> "playwright_api.Page":
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, has_touch=width < 500,
            permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip
        page = context.new_page()
        page.set_default_timeout(90_000)
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
    with visiting(tmp_path_factory.mktemp("browser"), ["app.py"]) as visit:
        yield visit


@contextmanager
def visiting(home: Path, program: list[str]) -> Iterator[Visit]:
    """A visit to what `program`, a script of this repository with its arguments, serves out of `home`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "SPACE_", "VIBEJAM_"))
    }
    environment |= {
        "VIBEJAM_HOME": str(home / "vibejam"),
        "GRADIO_TEMP_DIR": str(home / "uploads"),
        "OMP_NUM_THREADS": "1",
        "PIP_NO_INDEX": "1",  # where a test's own hub has nothing, nothing else is asked
    }
    script, *arguments = program
    command = [sys.executable, str(ROOT / script), *arguments, "--port", str(port), "--no-browser"]
    processes = []

    def start() -> subprocess.Popen:
        with (home / "log").open("w") as log:
            processes.append(subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log))
        end = time.monotonic() + 120
        while "vibejam is at" not in (home / "log").read_text():
            assert processes[-1].poll() is None and time.monotonic() < end, (home / "log").read_text()
            time.sleep(0.1)
        return processes[-1]

    SHOTS.mkdir(exist_ok=True)
    try:
        process = start()
        with playwright_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Visit(f"http://127.0.0.1:{port}", home, process, browser, start=start)
            browser.close()
    finally:
        for process in processes:
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


# Text whose colour is less than 4.5 : 1 against what lies behind it, or 3 : 1 where it is large.
CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > .5) return c;
    }
    return [255, 255, 255];
  };
  const seen = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    const text = [...e.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim()).length;
    if (!text || !seen(e) || e.closest('svg, [aria-hidden=true], style')) continue;
    const style = getComputedStyle(e), a = light(parse(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const enough = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
    if (ratio < enough) poor.push(`${e.textContent.trim().slice(0, 40)} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""

# Buttons that something else lies over, so that a press in their middle goes elsewhere.
COVERED = """() => [...document.querySelectorAll('button, summary, [role=tab]')]
  .filter((e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest('[aria-hidden=true]'))
  .filter((e) => {
    e.scrollIntoView({ block: 'center', behavior: 'instant' });
    const box = e.getBoundingClientRect();
    const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return box.width > 0 && there !== null && !e.contains(there) && !there.contains(e);
  }).map((e) => e.textContent.trim().slice(0, 30))"""

# Things to press that a thumb would miss; the target of a radio or a checkbox is its label.
SMALL_TARGETS = """() => [...document.querySelectorAll('button, summary, [role=tab], .wrap > label, input')]
  .filter((e) => e.checkVisibility() && !['radio', 'file'].includes(e.type))
  .filter((e) => !(e.type === 'checkbox' && e.closest('.wrap > label')) && !e.closest('[aria-hidden=true]'))
  .map((e) => [e.getBoundingClientRect(), e])
  .filter(([box]) => box.width > 0 && (box.height < 32 || box.width < 32))
  .map(([box, e]) => `${e.textContent.trim().slice(0, 30) || e.type} ${box.width | 0} x ${box.height | 0}`)"""
