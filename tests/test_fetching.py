"""Fetching in the background: real HTTP from a hub on this machine, one at a time, seen by all, failing in one sentence."""

import pytest
from base_hub import NAME, gate, hub, until_the_weights_are_here  # noqa: F401  (fixtures)
from test_fetch import nowhere_to_go  # noqa: F401  (no test here leaves this machine)

from vibejam import fetching
from vibejam.errors import UserError
from vibejam.fetch import base_path, load_base
from vibejam.fetching import DONE, FAILED, FETCHING, Fetches

SECONDS = 60


def test_a_base_is_fetched_in_the_background_and_anyone_can_see_how_far_it_is(hub, gate):  # noqa: F811
    fetches = Fetches()
    assert fetches.alive() is None and fetches.get(NAME) is None
    fetch = fetches.start(NAME)
    until_the_weights_are_here(fetch)
    assert fetch.status == FETCHING and 0.5 < fetch.share < 0.9 and "from the hub" in fetch.what and base_path(NAME) is None
    assert fetches.alive() is fetch and fetches.get(NAME) is fetch
    gate.set()
    assert fetch.wait(SECONDS) and (fetch.status, fetch.share, fetch.error) == (DONE, 1.0, "")
    assert fetches.alive() is None and load_base(NAME)


@pytest.mark.security
def test_a_download_asks_for_its_files_alone_and_says_nothing_of_this_machine(hub, gate):  # noqa: F811
    gate.set()
    assert Fetches().start(NAME).wait(SECONDS) and base_path(NAME)
    asked = {line.split()[1].rpartition("/")[2] for line in hub.asked}
    assert asked == {"model.safetensors", "config.json", "tokenizer.json"}
    assert hub.agents and not any("torch" in agent or "agent/" in agent for agent in hub.agents)


def test_only_one_is_fetched_at_a_time(hub, gate):  # noqa: F811
    fetches = Fetches()
    first = fetches.start(NAME)
    for name in (NAME, "minilm"):
        with pytest.raises(UserError, match="already in progress"):
            fetches.start(name)
    assert fetches.get(NAME) is first and fetches.get("minilm") is None
    gate.set()
    assert first.wait(SECONDS)
    again = fetches.start(NAME)  # it is here and whole: nothing to do
    assert again is not first and again.wait(SECONDS) and again.status == DONE


def test_a_failure_is_one_sentence_and_can_be_tried_again(hub, gate):  # noqa: F811
    gate.set()
    weights = hub.folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.unlink()
    fetches = Fetches()
    fetch = fetches.start(NAME)
    assert fetch.wait(SECONDS) and fetch.status == FAILED and not fetch.alive
    assert "could not be fetched" in fetch.error and "\n" not in fetch.error and base_path(NAME) is None
    weights.write_bytes(whole)
    again = fetches.start(NAME)
    assert again.wait(SECONDS) and again.status == DONE and fetches.get(NAME) is again


def test_a_hub_that_goes_away_half_way_fails_and_does_not_hang(hub, gate):  # noqa: F811
    fetch = Fetches().start(NAME)
    until_the_weights_are_here(fetch)
    (hub.folder / "tokenizer.json").unlink()
    gate.set()
    assert fetch.wait(SECONDS) and fetch.status == FAILED and "could not be fetched" in fetch.error


def test_a_fault_of_ours_ends_in_a_sentence_too(monkeypatch):
    def broken(name, progress):
        raise RuntimeError("a bug")

    monkeypatch.setattr(fetching, "fetch_base", broken)
    fetch = Fetches().start(NAME)
    assert fetch.wait(SECONDS) and fetch.status == FAILED and "RuntimeError" in fetch.error and "try again" in fetch.error


def test_an_unknown_base_is_refused_before_anything_begins():
    fetches = Fetches()
    with pytest.raises(UserError, match="no base model called"):
        fetches.start("gpt-5")
    assert fetches.alive() is None
