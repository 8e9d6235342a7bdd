"""What hands and eyes expect of any page, in a real Chromium: the back button, keys, dropped files, a page that comes back by
itself, figures of a manner, a table of runs, and axe-core on every tab.

The tests stand in the order of a visit.
"""

# ruff: noqa: F811
import re
import signal

import pytest
from visit import CHROMIUM, CONTRAST, COVERED, ROOT, SMALL_TARGETS, go, shot, visit  # noqa: F401

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="NOT RUN: no chromium on this machine, so the app was not seen in a browser"
    ),
]

TABS = ("Write", "Train", "Sample", "Rewrite", "Labs")
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
DROP = """(names) => {
    const data = new DataTransfer();
    for (const name of names) data.items.add(new File([`${name} is what I wrote by hand. `.repeat(40)], name));
    const target = document.querySelector('h1');
    const how = { dataTransfer: data, bubbles: true, cancelable: true };
    for (const kind of ['dragover', 'drop']) target.dispatchEvent(new DragEvent(kind, how));
}"""


LISTENS = """() => {
    const data = new DataTransfer();
    data.items.add(new File(['a'], 'a'));
    return !document.body.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def selected(page, tab: str) -> None:
    page.locator("[role=tab][aria-selected=true]", has_text=tab).wait_for()


def serious(page) -> list[str]:
    """What axe-core finds on the page as it is that is serious or worse: the rule and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="NOT RUN: axe-core is not installed")
    found = axe.Axe().run(page, options=AXE).response["violations"]
    bad = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    return [f"{violation['id']}: {node['html'][:160]}" for violation in bad for node in violation["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_an_empty_tab(visit, theme):
    page = visit.open(theme)
    for tab in TABS:
        go(page, tab)
        page.wait_for_timeout(700)
        assert serious(page) == [], tab
    page.context.close()


def test_a_page_at_rest_lets_the_screen_rest(visit):
    page = visit.open()
    page.add_init_script("""
        window.frames_asked = 0;
        const frame = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = (step) => { window.frames_asked++; return frame(step); };
    """)
    page.reload()
    go(page, "Train")
    asked = []
    while len(asked) < 10 and asked[-1:] != [0]:  # as it arrives it has some to ask for
        page.wait_for_timeout(2000)
        asked.append(page.evaluate("[frames_asked, frames_asked = 0][0]"))
    assert sum(asked) > 0, "nobody has asked this page for a frame, so nothing was seen"
    assert asked[-1] == 0, asked
    page.context.close()


def test_a_tab_has_an_address_and_back_and_reload_know_it(visit):
    page = visit.open()
    for tab in ("Train", "Sample"):
        go(page, tab)
        page.wait_for_url(f"**/#{tab.lower()}")
    page.go_back()
    selected(page, "Train")
    page.go_forward()
    selected(page, "Sample")
    page.reload()
    selected(page, "Sample")
    page.goto(f"{visit.address}/#rewrite")
    selected(page, "Rewrite")
    page.goto(f"{visit.address}/#no-such-tab")
    page.reload()
    selected(page, "Write")
    page.context.close()


def test_what_was_typed_survives_a_reload_and_is_in_no_browser_storage(visit):
    page = visit.open()
    page.locator("#paste textarea").fill("Not added")
    page.locator("#paste textarea").press_sequentially(" yet.")
    page.wait_for_timeout(5000)  # it goes to the server as one types
    page.reload()
    page.wait_for_function("() => document.querySelector('#paste textarea')?.value === 'Not added yet.'")
    assert "Not added" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    page.context.close()


def test_files_dropped_anywhere_on_write_are_read_and_elsewhere_change_nothing(visit):
    page = visit.open()
    page.locator("#drop input[type=file]").wait_for(state="attached")
    page.wait_for_function(LISTENS)  # a hand is never as quick as to drop a file before
    page.evaluate(DROP, ["first.txt", "second.txt"])
    page.locator(".piece .name", has_text="second.txt").wait_for()
    assert page.locator(".piece").count() == 2
    for name in ("third.txt", "fourth.txt", "fifth.txt"):  # without waiting for the one before
        page.evaluate(DROP, [name])
    for name in ("third.txt", "fourth.txt", "fifth.txt"):
        page.locator(".piece .name", has_text=name).wait_for()
    go(page, "Train")
    page.evaluate(DROP, ["elsewhere.txt"])
    page.wait_for_timeout(500)
    go(page, "Write")
    assert page.locator(".piece").count() == 5 and page.url.startswith(visit.address)
    page.context.close()


def test_ctrl_enter_does_what_the_button_at_hand_does(visit):
    page = visit.open()
    page.locator("#paste textarea").fill("I wrote this myself, and it goes in by the keyboard. " * 8)
    page.wait_for_timeout(5000)  # it goes to the server as one types
    page.keyboard.press("Control+Enter")
    page.locator(".piece .name", has_text="pasted").wait_for()
    page.locator("h1").click()
    page.keyboard.press("Control+Enter")  # the one primary button
    selected(page, "Train")
    page.context.close()


def test_the_person_s_manner_is_drawn_in_two_inks_that_follow_the_theme(visit):
    page = visit.open()
    page.locator("#drop input[type=file]").set_input_files(sorted((ROOT / "assets" / "sample").glob("*.txt")))
    page.locator(".voice-figures .plot .main-svg").first.wait_for(timeout=60_000)
    assert page.locator(".voice-figures figure").count() == 7
    for figure in page.locator(".voice-figures figure").all():
        assert figure.locator("p").inner_text().endswith(".")
        assert figure.locator(".plot").get_attribute("aria-label").startswith(figure.locator("h4").inner_text())
    ink = "() => document.querySelector('.voice-figures .plot').data.map((trace) => trace.marker.color)"
    light = page.evaluate(ink)
    assert len(set(light)) == 2
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(was) => ({ink})().every((now, i) => now !== was[i])", arg=light)
    shot(page, "voice-dark")
    page.context.close()


def start_a_run(page, **typed: str) -> None:
    page.get_by_text("On this machine: ready").wait_for(timeout=60_000)
    if not page.locator("#knob-train-max-iters textarea").is_visible():
        page.get_by_text("Settings", exact=True).click()
    for knob, value in typed.items():
        page.locator(f"#knob-{knob.replace('_', '-')} textarea").fill(value)
    page.wait_for_timeout(300)
    page.locator("h2", has_text="Learn my voice").click()
    page.keyboard.press("Control+Enter")


def test_a_run_started_by_key_is_seen_from_every_tab_and_paused_by_esc(visit):
    page = visit.open()
    go(page, "Train")
    start_a_run(page, train_minutes="9", train_evals="200", model_n_layer="1", model_n_head="2", model_n_embd="32")
    page.locator("[data-status=running]").wait_for(timeout=60_000)
    page.wait_for_function("() => /^\\d+% · vibejam$/.test(document.title)")
    assert "GB of memory" in page.locator("#status").inner_text()
    go(page, "Write")
    page.locator(".pulse a", has_text="Learning").click()
    selected(page, "Train")
    page.keyboard.press("Escape")
    page.locator("[data-status=paused]").wait_for(timeout=60_000)
    page.wait_for_function("() => document.title === 'vibejam'")
    assert page.locator("button.primary:visible").inner_text() == "Resume"
    page.context.close()


def test_a_page_comes_back_with_the_program_and_offers_the_interrupted_run(visit):
    page = visit.open()
    go(page, "Train")
    page.get_by_role("button", name="Resume").click()
    page.locator("[data-status=running]").wait_for(timeout=60_000)
    page.wait_for_function("() => /\\d+%/.test(document.title)")
    go(page, "Write")
    visit.process.send_signal(signal.SIGKILL)
    page.locator(".away", has_text="comes back by itself").wait_for(timeout=60_000)
    shot(page, "away")
    visit.restart()
    page.locator(".pulse", has_text="interrupted").wait_for(timeout=90_000)
    shot(page, "interrupted")
    page.locator(".pulse a").click()
    page.locator("[data-status=interrupted]").wait_for()
    assert page.locator("button.primary:visible").inner_text() == "Resume"
    page.context.close()


def test_runs_are_compared_renamed_picked_exported_and_deleted(visit):
    page = visit.open()
    go(page, "Train")
    page.get_by_role("button", name="New run").click()
    start_a_run(page, train_minutes="", train_max_iters="60", train_evals="6")
    page.locator("[data-status=done]").wait_for(timeout=180_000)
    page.locator(".runs tr[data-run]").nth(1).wait_for()
    page.locator(".runs [data-more]").last.click()
    page.locator("[data-compare]").last.check()
    page.wait_for_function("() => document.querySelector('#curve .chart').data.length === 6")
    page.locator(".runs form input").last.fill("The long one")
    page.locator(".runs form button").last.click()
    page.locator(".runs tr[data-run]", has_text="The long one").wait_for()
    page.wait_for_timeout(300)
    assert page.locator("[data-compare]").last.is_checked()  # the table came anew; what was ticked is
    page.get_by_role("button", name="Speak with it").last.click()
    page.locator(".runs tr[data-run]", has_text="The long one").get_by_text("your voice").wait_for()
    page.get_by_role("button", name="Export as GGUF").last.click()
    with page.expect_download() as download:
        page.locator("#download").click(timeout=60_000)
    assert download.value.suggested_filename.endswith(".gguf") and download.value.path().stat().st_size > 10_000
    shot(page, "runs")
    go(page, "Sample")
    page.wait_for_function("() => document.querySelector('#sample-voice input').value === 'The long one'")
    go(page, "Train")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete it").last.click()
    page.locator(".runs tr[data-run]", has_text="The long one").wait_for(state="detached")
    page.context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_axe_finds_nothing_serious_on_a_full_tab(visit, theme, width):
    page = visit.open(theme, width, 844)
    for tab in TABS:
        go(page, tab)
        page.wait_for_timeout(1200)
        if tab == "Write":
            page.locator(".voice-figures .plot .main-svg").first.wait_for(timeout=60_000)
        if tab == "Train":
            page.locator(".runs [data-more]").first.click()
        shot(page, f"habits-{tab.lower()}-{theme}-{width}")
        assert serious(page) == [], tab
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{tab} scrolls sideways"
        assert page.evaluate(CONTRAST) == [] == page.evaluate(SMALL_TARGETS) == page.evaluate(COVERED)
    page.context.close()


def test_no_page_complained_but_of_the_program_s_absence(visit):
    assert visit.strangers == []
    gone = re.compile("ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|Failed to fetch|network error|Connection|Abort")
    assert [said for said in visit.complaints if not gone.search(said)] == []
    log = (visit.home / "log").read_text()
    assert "Traceback" not in log
