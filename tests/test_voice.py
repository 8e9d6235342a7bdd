"""A person's manner in numbers: counted right, and nearer to their own unseen pages than to a machine's."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from vibejam.corpus import load_corpus, split_corpus
from vibejam.errors import UserError
from vibejam.voice import BINS, Lengths, Profile, background_drafts, contraction_share, sentences, tokens

ASSETS = Path(__file__).resolve().parents[1] / "assets"


@pytest.fixture(scope="module")
def halves() -> tuple[list[str], list[str]]:
    return split_corpus(load_corpus(ASSETS / "sample"), 0.5)


@pytest.fixture(scope="module")
def profile(halves) -> Profile:
    return Profile.of(halves[0])


@pytest.fixture(scope="module")
def drafts() -> list[str]:
    return [json.loads(line)["draft"] for line in (ASSETS / "sample-drafts.jsonl").read_text("utf-8").splitlines()]


def test_a_contraction_is_two_tokens_and_marks_are_alike_however_they_are_typed():
    assert tokens("I can’t — won't. It's so--so… and 3.5!") == (
        ["i", "can", "n't", "—", "will", "n't", ".", "it", "'s", "so", "—", "so", "…", "and", "3.5", "!"]
    )


def test_a_title_or_an_initial_ends_no_sentence():
    text = 'Mr. Haddow met J. Smith. "Why?" he asked. It was 3.5 kg! Then\n\nA new paragraph'
    assert sentences(text) == ["Mr. Haddow met J. Smith.", '"Why?" he asked.', "It was 3.5 kg!", "Then", "A new paragraph"]


def test_contractions_are_a_share_of_their_places():
    assert contraction_share(["I don't know. I do not know. It's late. It is late."]) == 0.5
    assert contraction_share(["The dog's bone is old."]) == 0.0


def test_lengths_fall_into_bars():
    lengths = Lengths.of([3, 5, 6, 1000])
    assert lengths.counts[:2] == (2, 1) and lengths.counts[-1] == 1
    assert sum(lengths.counts) == 4 and len(lengths.counts) == len(BINS) + 1
    assert sum(Lengths.of([]).counts) == 0


def test_readability_is_the_published_formula():
    # 2 sentences, 6 words, 21 letters
    assert Profile.of(["Cats sleep. Dogs bark at mice."], []).readability == pytest.approx(4.71 * 23 / 6 + 0.5 * 6 / 2 - 21.43)


def test_own_unseen_pages_are_nearer_than_drafts_of_the_same_pages(profile, halves, drafts):
    own = profile.distance(halves[1])
    assert own < 1.0 < profile.distance(drafts)
    assert profile.distance(halves[1][:15]) < profile.distance(drafts[:15])


def test_distance_sees_one_tic_everywhere(profile, halves):
    overdone = [text.replace(". ", "; and so ") for text in halves[1]]
    assert profile.distance(overdone) > profile.distance(halves[1]) + 0.1


def test_distances_of_many_mixtures_are_those_of_each(profile, halves):
    rows = [profile.count(text) for text in halves[1][:6]]
    counts, sizes = np.array([row for row, _ in rows]), np.array([size for _, size in rows])
    weights = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]])
    together = np.abs(profile.off(weights @ counts, weights @ sizes)).mean(-1)
    assert together == pytest.approx([profile.distance(halves[1][:3]), profile.distance(halves[1][3:6])])


def test_habits_name_what_a_draft_does_that_the_person_never_does(profile, drafts):
    habits = {habit.token: habit for habit in profile.habits(" ".join(drafts))}
    assert habits["n't"].off < -2 and habits["n't"].other == 0  # her contractions are missing
    assert habits["not"].off > 2


def test_the_profile_shows_her_openers_and_favourites_and_no_names(profile):
    assert [habit.own for habit in profile.openers] == sorted((habit.own for habit in profile.openers), reverse=True)
    words = {habit.token for habit in profile.favourites}
    assert "shade" in words and not words & {"dilys", "haddow", "coldstaithe", "mina"}
    assert all(habit.own > habit.other for habit in profile.favourites)
    assert profile.contractions > 0.8


def test_a_profile_is_plain_numbers_that_json_can_hold(profile):
    assert json.loads(json.dumps(dataclasses.asdict(profile)))["words"] == profile.words


def test_little_writing_has_a_profile_and_none_has_not():
    assert Profile.of(["Nothing much."]).distance(["Nothing much."]) < 1
    with pytest.raises(UserError, match="add a page"):
        Profile.of(["...", "12"])


def test_the_background_is_every_draft_that_comes_with_the_app_once(drafts):
    background = background_drafts()
    assert len(background) == len(set(background)) and set(drafts) <= set(background)
