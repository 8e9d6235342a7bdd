"""Sample, token by token: inks, alternatives, going on from one, what the dice leave, and what is copied; no page needed."""

import html
import json
import re
import shutil

import gradio as gr
import pytest
from app_hands import ME, shown, text_of, trained
from writing import essay

from pages import runs, sample, state, tokens
from pages.tokens import InHand, Written
from vibejam.checkpoint import load_model, save_weights
from vibejam.copied import copied_runs, phrase_hashes
from vibejam.learn import SAMPLE_PROMPT
from vibejam.token_view import Token
from vibejam.workspace import Workspace

TEXT, TOLD, WRITE, STOP, WRITTEN, HOW = range(6)  # what `sample.stream` yields
DICE = (0.8, 0, 0.95, 40, "1")


def written(dice=DICE) -> Written:
    last = list(sample.stream(ME, trained(), "The gate", *dice))[-1]
    assert isinstance(last[WRITTEN], Written) and shown(last[HOW])
    return last[WRITTEN]


def body(page: str) -> str:
    """The text of the sheet as it would be copied."""
    return html.unescape(re.sub(r"<[^>]+>", "", page.partition('data-text="">')[2].partition("</p>")[0]))


def test_both_ways_to_show_a_text_hold_the_same_words():
    text = written()
    as_text, by_token = (sample.seen_as(ME, how, text)[0] for how in (tokens.TEXT, tokens.TOKENS))
    assert body(as_text) == body(by_token) and body(as_text).startswith("The gate")
    assert by_token.count("data-at=") == len(text.ids) - text.given
    assert by_token.count('tabindex="0"') == 1, "hundreds of tokens are one stop of the tab key"
    for page in (as_text, by_token):
        assert "copied from your writing" in page and re.search(r"\d+ tokens?", page)


def test_the_ink_grows_with_surprise():
    inks = [re.search(r"s(\d)", tokens._token(Token("a", p, 0), 1, False, False))[1] for p in (0.9, 0.5, 0.2, 0.05, 0.01, 1e-9)]
    assert inks == sorted(inks) and len(set(inks)) == 6


def test_a_token_in_hand_is_shown_with_its_alternatives_and_the_voice_goes_on_from_one():
    text = written()
    at = text.given + 4
    hand, drawing, fold, told = sample.take_in_hand(ME, text, gr.EventData(None, {"at": at}), *DICE)
    assert hand.ids == text.ids[:at] and fold["open"] and not shown(told)
    assert drawing.count('aria-current="true"') == 1 and "tokens can be drawn" in text_of(drawing)
    other = next(int(n) for n in re.findall(r'data-id="(\d+)"', drawing) if int(n) != text.ids[at])
    *_, last = sample.go_on(ME, hand, gr.EventData(None, {"id": other}), *DICE)
    branch = last[WRITTEN]
    assert branch.ids[: at + 1] == (*text.ids[:at], other) and branch.given == text.given
    assert len(branch.ids) - branch.given <= DICE[3] and shown(last[WRITE]) and not shown(last[STOP])


def test_what_the_dice_leave_is_drawn_before_anything_is_written_and_as_they_move():
    name = trained()
    hand, wide = sample.left_by(ME, name, "The gate", None, None, 1.0, 0, 1, 40, "")
    assert "nothing is cut away" in wide and "by-k" not in wide and "by-p" not in wide
    same, narrow = sample.left_by(ME, name, "The gate", None, hand, 1.0, 3, 1, 40, "")
    assert same is hand, "the model is not asked again because a slider moved"
    assert "3 of" in narrow and "top-k cuts" in narrow and narrow.count("cut by top-k") == narrow.count("<li>") - 3
    assert "top-p cuts" in sample.left_by(ME, name, "The gate", None, hand, 1.0, 0, 0.1, 40, "")[1]
    assert "likeliest token alone" in sample.left_by(ME, name, "The gate", None, hand, 0, 0, 1, 40, "")[1]
    other, _ = sample.left_by(ME, name, "The hen", None, hand, 1.0, 0, 1, 40, "")
    assert other.ids != hand.ids
    text = written()
    after, _ = sample.left_by(ME, name, "The gate", text, hand, *DICE)
    assert after is hand or after.ids == text.ids


def test_the_longest_copied_run_is_marked_and_the_rest_counted():
    runs = copied_runs("He knew the gate was open then. The dog was in the lane today.", phrase_hashes([
        "Now the gate was open, said she.", "The dog was in the lane again."]))  # fmt: skip
    text = "He knew the gate was open then. The dog was in the lane today."
    page = tokens.text_html("P ", text, runs, ["x"])
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", page) == ["The dog was in the lane"] and body(page) == "P " + text
    said = tokens.copied_words(runs, text)
    assert said == "6 words in a row are copied from your writing, and 10 of 14 words in runs of four or more"
    pieces = [Token(piece, 0.5, 0) for piece in re.findall(r"\S+\s*", text)]
    by_token = tokens.tokens_html("P ", pieces, 3, runs, ["x"])
    assert [html.unescape(found).strip() for found in re.findall(r'class="t s\d copied"[^>]*>(.*?)</span>', by_token)] == [
        "The", "dog", "was", "in", "the", "lane",
    ]  # fmt: skip


def test_a_parrot_is_seen_to():
    learnt = essay(1)
    said = tokens.copied_words(copied_runs(learnt, phrase_hashes([learnt])), learnt)
    assert said.startswith(f"{len(re.findall(r'[A-Za-z]+', learnt))} words in a row are copied")
    assert tokens.copied_words(None, learnt) == "" and tokens.copied_words([], learnt).startswith("no four words")


def test_the_last_sample_comes_back_and_goes_with_the_voice_that_wrote_it():
    text = written()
    sample.seen_as(ME, tokens.TEXT, text)
    shown_then = body(sample.seen_as(ME, tokens.TEXT, text)[0])
    page, back, how, prompt = sample.come_back(ME, text.voice, SAMPLE_PROMPT, None)
    assert (back.ids, back.given, back.prompt) == (text.ids, text.given, "The gate") and shown(how)
    assert body(page) == shown_then and prompt == "The gate"
    assert sample.come_back(ME, text.voice, "I was typing", None)[3] == gr.skip(), "what is in the box is newer"
    state.remember(ME, "I had typed", sample.PROMPT)
    assert sample.come_back(ME, text.voice, SAMPLE_PROMPT, None)[3] == gr.skip(), "the page will show it in a moment"
    for voice, on_the_page in ((text.voice, back), ("another", None), (None, None)):
        assert sample.come_back(ME, voice, "", on_the_page) == [gr.skip()] * 4
    folder = Workspace(ME).runs_folder / text.voice
    model, tokenizer = load_model(folder)
    weights = model.state_dict()
    next(iter(weights.values())).mul_(1.5)
    save_weights(folder, model)
    assert sample.come_back(ME, text.voice, "", None) == [gr.skip()] * 4, "it has learnt since, and is another voice"
    Workspace(ME).remove_run(text.voice)
    assert not Workspace(ME).sample_file.exists()


@pytest.mark.parametrize(
    "damage", [b"", b"[]", b'{"format": 1}', b'{"format": 1, "voice": "V", "ids": ["x"], "given": 1, "by": "", "prompt": 3}']
)
def test_a_damaged_last_sample_shows_nothing(damage):
    name = trained()
    Workspace(ME).sample_file.write_bytes(damage.replace(b'"V"', json.dumps(name).encode()))
    assert sample.come_back(ME, name, "", None) == [gr.skip()] * 4


def test_on_a_space_no_sample_is_kept_for_whoever_comes_next(monkeypatch):
    text = written()
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    sample.seen_as(ME, tokens.TEXT, text)
    assert not Workspace(ME).sample_file.exists() and sample.come_back(ME, text.voice, "", None) == [gr.skip()] * 4


def test_the_voice_that_was_chosen_is_chosen_again_on_the_next_page():
    first = trained()
    other = Workspace(ME).runs_folder / "2026-11-21-160512-quick"
    shutil.copytree(Workspace(ME).runs_folder / first, other)
    for chosen in (first, other.name):
        state.remember(ME, chosen, sample.VOICE)
        assert sample.show(ME, None)[2]["value"] == chosen
    runs.pick(ME, first)
    assert sample.show(ME, None)[2]["value"] == first


@pytest.mark.parametrize("sent", [{}, {"at": -1}, {"at": "5"}, {"at": 10**9}, {"at": True}, {"id": 3}])
def test_a_place_that_no_page_sends_is_one_sentence(sent):
    text = written()
    for what in (text, None, "text"):
        hand, drawing, fold, told = sample.take_in_hand(ME, what, gr.EventData(None, sent), *DICE)
        assert shown(told) and told["value"].count("<p>") == 1 and "Traceback" not in told["value"]


@pytest.mark.parametrize("sent", [{}, {"id": -1}, {"id": "5"}, {"id": 10**9}, {"id": None}])
def test_a_token_that_no_page_sends_changes_nothing(sent):
    hand = tokens.in_hand(ME, written(), written().given)
    assert isinstance(hand, InHand)
    for what in (hand, None, 7):
        (last,) = sample.go_on(ME, what, gr.EventData(None, sent), *DICE)
        assert shown(last[TOLD]) and shown(last[WRITE]) and not shown(last[STOP])


def test_what_a_voice_wrote_is_shown_as_text_and_never_as_code():
    evil = "<img src=x onerror=alert(1)>"
    page = tokens.text_html(evil, evil, copied_runs(evil, phrase_hashes([]))) + tokens.tokens_html(
        evil, [Token(evil, 0.1, 1)], 3, (), ["<b>"]
    )
    assert "<img" not in page and "<b>" not in page
