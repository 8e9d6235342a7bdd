"""Candidates taken apart into single changes, and what a model may write at all."""

import pytest
from base_models import smollm2, smollm2_gguf, smollm2_home  # noqa: F401  (fixtures)

from vibejam.fetch import load_base
from vibejam.rewrite.bounds import Bounds
from vibejam.rewrite.guards import refusals
from vibejam.rewrite.manner import learn_manner
from vibejam.rewrite.splicing import changed, changes, changes_of, splice
from vibejam.voice import background_drafts, background_people

DRAFT = "I recall a young girl who did not own a doll, and the accurate answer is similar to that."


@pytest.mark.parametrize(
    "candidate",
    [
        "I remember a young girl who did not own a doll, and the true answer is like that.",
        "I recall a girl who did not own a doll; and the answer is similar to that.",
        "Well, I recall a young girl, really, who did not own a doll, and the accurate answer is similar to that, too.",
    ],
)
def test_the_changes_of_a_candidate_make_it_of_the_draft(candidate):
    for apart in (0, 1):
        found = changes(DRAFT, candidate, apart)
        assert found and changed(DRAFT, found) == candidate
        assert all(start < end for start, end, _ in found)


def test_words_between_which_little_stands_change_together_where_that_is_asked():
    candidate = "I remember a little girl who did not own a doll, and the accurate answer is similar to that."
    assert [text for _, _, text in changes(DRAFT, candidate)] == ["remember", "little"]
    assert [text for _, _, text in changes(DRAFT, candidate, apart=1)] == ["remember a little"]


def test_what_replaces_half_a_sentence_is_no_change_but_another_sentence():
    assert changes(DRAFT, "I sing whenever everybody applauds.") == []


@pytest.fixture(scope="module")
def manner():
    own = "I remember it well. I remember the true story, and it is like that. I remember a girl like her. " * 30
    return learn_manner([own], background_drafts(), background_people())


def test_each_change_is_counted_once_a_candidate_and_the_candidate_is_one_too():
    candidates = [
        "I remember a young girl who did not own a doll, and the accurate answer is like that.",
        "I remember a young girl who did not own a doll, and the true answer is like that.",
        "I recall a young girl who did own a doll, and the accurate answer is like that.",
        DRAFT,
    ]
    votes = changes_of(DRAFT, dict.fromkeys(candidates, 1.0), lambda text: True)
    made = {changed(DRAFT, [change]): number for change, number in votes.items()}
    assert made[DRAFT.replace("recall", "remember")] == 2 and made[DRAFT.replace("similar to", "like")] == 2
    assert made[DRAFT.replace("accurate answer is similar to", "true answer is like")] == 1, "what stands together is one"
    assert all(made[text] == 1 for text in candidates[:3]) and DRAFT not in made
    often = changes_of(DRAFT, {candidates[0]: 3.5, candidates[1]: 0.5}, lambda text: True)
    assert {changed(DRAFT, [change]): number for change, number in often.items()}[DRAFT.replace("recall", "remember")] == 4
    guarded = changes_of(DRAFT, dict.fromkeys(candidates, 1.0), lambda text: not refusals(DRAFT, text))
    assert guarded and not any("did own" in changed(DRAFT, [change]) for change in guarded)


def test_what_was_found_is_put_together_and_nothing_else(manner):
    candidates = ["I remember a young girl who did own a doll, and the true answer is like that."]
    single = {changed(DRAFT, [change]): change for change in changes(DRAFT, candidates[0])}
    found = [change for text, change in single.items() if "did own" not in text]
    best = splice(DRAFT, found, manner, lambda text: True)
    assert best[0] == "I remember a young girl who did not own a doll, and the true answer is like that."
    assert not any("did own" in text for text in best) and splice(DRAFT, [], manner, lambda text: True) == []
    assert not any("true" in text for text in splice(DRAFT, found, manner, lambda text: "true" not in text))


def test_a_model_may_write_the_drafts_words_their_kin_and_small_words_and_no_others(smollm2):  # noqa: F811
    model, tokenizer = load_base("smollm2-135m")
    bounds = Bounds(model, tokenizer)
    outside = set(bounds.outside("He purchased 3 large houses in Berlin."))
    inside = lambda word: not outside & set(tokenizer.encode(word))  # noqa: E731
    assert all(map(inside, [" purchased", " purchase", " houses", " house", " Berlin", " although", ",", " 3", " bought"]))
    assert not any(map(inside, [" elephant", " London", " 4", " theory"]))
    assert tokenizer.doc_end not in outside
