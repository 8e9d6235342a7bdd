"""The rewrite on the table comes back from disk as it was, decided or not; a damaged one is told and harms nothing."""

import json
from dataclasses import replace

import pytest
from runs import refused
from test_rewriting import lively, plain

from vibejam.open_review import Sides, forget_review, keep_review, kept_review
from vibejam.rewrite import rewrite_text
from vibejam.rewrite.manner import learn_manner
from vibejam.rewrite.proposers import EditsProposer
from vibejam.rewrite.review import review

DRAFT = (
    "# The kettle\n\nThe neighbour does not use the kettle very often. However, the kettle is not easy to move.\n\n> “It is "
    "nobody's.”\n\nAdditionally, I do not believe that the captain will return to the ladder.\n"
)


@pytest.fixture(scope="module")
def sides() -> Sides:
    manner = learn_manner([lively(n) for n in range(4)], [plain(n) for n in range(4)], [])
    found = rewrite_text(DRAFT, manner, [EditsProposer(manner)])
    made = review(found)
    assert len(made.sentences) > 1 and any(sentence.versions for sentence in made.sentences)
    return Sides(replace(made, note="Your LLM took no part: it sleeps."), "pasted by you", "a voice (12345678)", "a-run", False)


def test_a_review_comes_back_with_its_choices_and_decisions(sides, tmp_path):
    path = tmp_path / "me" / "rewrite.json"
    assert kept_review(path) is None
    decided = replace(sides, review=sides.review.edit(0, "Nobody touches that kettle.").keep_draft(1))
    for one in (sides, decided):
        keep_review(path, one)
        again = kept_review(path)
        assert again == one and again.review.text == one.review.text and again.draft == DRAFT
        assert [s.versions for s in again.review.sentences] == [s.versions for s in one.review.sentences]
    assert again.review.take(0).sentences[0].pair.rewrite == "Nobody touches that kettle."
    forget_review(path)
    assert kept_review(path) is None


def test_a_rewrite_that_was_stopped_comes_back_as_far_as_it_got(sides, tmp_path):
    part = replace(sides, review=replace(sides.review, sentences=sides.review.sentences[:1]))
    keep_review(tmp_path / "rewrite.json", part)
    assert kept_review(tmp_path / "rewrite.json") == part


@pytest.mark.parametrize("change", [
    {"format": 2}, {"draft": 7}, {"draft": "Another draft altogether, of one sentence."}, {"sentences": [7]}, {"sentences": None},
    {"note": 3}, {"voice": None},
])  # fmt: skip
def test_a_damaged_one_is_one_sentence(sides, tmp_path, change):
    path = tmp_path / "rewrite.json"
    keep_review(path, sides)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    refused(lambda: kept_review(path))


@pytest.mark.parametrize("change", [("state", "gone"), ("shown", 5), ("passed", [1]), ("choice", {})])
def test_a_damaged_sentence_is_one_sentence(sides, tmp_path, change):
    path = tmp_path / "rewrite.json"
    keep_review(path, sides)
    found = json.loads(path.read_text())
    found["sentences"][0][change[0]] = change[1]
    path.write_text(json.dumps(found))
    refused(lambda: kept_review(path), "rewrite the draft again")
