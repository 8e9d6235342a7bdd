"""Sample token by token as a person uses it: with the mouse, with the keyboard alone, and on a phone; in a real Chromium."""

from collections.abc import Iterator

import pytest
import torch
from visit import CHROMIUM, CONTRAST, SMALL_TARGETS, Visit, go, shot, visiting
from writing import essay

from vibejam.checkpoint import save_model
from vibejam.copied import save_phrases
from vibejam.files import write_json
from vibejam.model import build_model
from vibejam.tokenizer import BPETokenizer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NOT RUN: no chromium on this machine, so no token was looked at in a browser"),
]


@pytest.fixture(scope="module")
def visit(tmp_path_factory) -> Iterator[Visit]:
    home = tmp_path_factory.mktemp("tokens")
    folder = home / "vibejam" / "checkpoints" / "2026-11-22-160512-quick"
    tokenizer = BPETokenizer.train([essay(n) for n in range(6)], 400)
    torch.manual_seed(0)
    model = build_model(vocab_size=tokenizer.vocab_size, block_size=64, n_layer=1, n_head=2, n_embd=32)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(6)  # so that some tokens are likelier than others
    save_model(folder, model, tokenizer)
    save_phrases(folder, [essay(n) for n in range(6)])
    write_json(folder / "run.json", {"format": 1, "status": "done", "base": "none", "notes": []})
    with visiting(home, ["app.py"]) as visit:
        yield visit


def by_token(visit: Visit, theme: str = "light", width: int = 1280):
    page = visit.open(theme, width)
    go(page, "Sample")
    page.get_by_role("button", name="Write on").click()
    page.locator("#written .figures").wait_for(timeout=60_000)
    page.locator("#how-shown").get_by_text("Token by token").click()
    page.locator("#written [data-at]").first.wait_for(state="attached")  # not seen where it is a part of a letter
    return page


def whole(page, least: int = 3) -> int:
    """The number of the first token from `least` on that is no part of a letter, for that has nothing to click on."""
    titles = page.locator("#written [data-at]").evaluate_all("tokens => tokens.map((token) => token.title)")
    return next(n for n, title in enumerate(titles) if n >= least and not title.startswith("part of a letter"))


def test_a_token_is_chosen_its_alternatives_seen_and_the_voice_goes_on_from_one(visit):
    page = by_token(visit)
    text = page.locator("#written [data-text]").text_content()
    at = whole(page)
    page.locator("#written [data-at]").nth(at).click()
    page.locator("#place [aria-current]").wait_for()
    assert page.locator("#written [data-at].here").count() == 1
    kept = "".join(page.locator("#written [data-at]").nth(n).text_content() for n in range(at))
    other = page.locator("#place button:not([aria-current])").filter(has_not_text="part of a letter").first
    chosen = other.get_attribute("data-id")
    other.click()
    page.wait_for_function("text => document.querySelector('#written [data-text]').textContent !== text", arg=text)
    page.locator("#written [data-at]").first.wait_for(state="attached", timeout=60_000)
    after = page.locator("#written [data-text]").text_content()
    assert after.startswith("I think " + kept) and after != text
    page.locator("#written [data-at]").nth(at).click()
    page.locator(f"#place [data-id='{chosen}'][aria-current]").wait_for()
    page.context.close()


def test_the_drawing_follows_the_sliders(visit):
    page = visit.open()
    go(page, "Sample")
    page.locator("#dice > button").click()
    page.locator("#place .options").wait_for()
    assert page.locator("#place h3").inner_text().startswith("After ")  # the prompt, or what was last written
    page.get_by_label("number input for Top-k").fill("3")
    page.get_by_label("number input for Top-k").press("Tab")
    page.locator("#place", has_text="top-k cuts").wait_for()
    assert page.locator("#place .option:not(.cutaway)").count() <= 3
    page.get_by_label("number input for Temperature").fill("0")
    page.get_by_label("number input for Temperature").press("Tab")
    page.locator("#place", has_text="likeliest token alone").wait_for()
    page.context.close()


def test_the_keyboard_alone_goes_from_token_to_token_and_takes_one(visit):
    page = by_token(visit)
    tokens = page.locator("#written [data-at]")
    tokens.first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.dataset.at") == tokens.nth(1).get_attribute("data-at")
    page.keyboard.press("Enter")
    page.locator("#place [aria-current]").wait_for()
    page.context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_tokens_read_in_light_and_dark_and_on_a_phone(visit, theme, width):
    page = by_token(visit, theme, width)
    page.locator("#written [data-at]").nth(whole(page, 5)).click()
    page.locator("#place [aria-current]").wait_for()
    page.wait_for_timeout(500)
    shot(page, f"tokens-{theme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == [] and page.evaluate(SMALL_TARGETS) == []
    page.context.close()


def test_no_page_asked_another_host_or_complained(visit):
    assert visit.strangers == [] and visit.complaints == []
    assert "Traceback" not in (visit.home / "log").read_text()
