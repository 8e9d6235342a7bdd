"""What is measured of one rewrite says which way it went, on the very texts that are shown."""

from types import SimpleNamespace

import pytest
import torch
from test_rewriting import lively, plain

from vibejam import scores as scored
from vibejam.scores import axes, scores
from vibejam.voice import Profile

OWN = [lively(n) for n in range(6)]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.of(OWN)


def test_a_rewrite_in_the_person_s_manner_is_as_near_as_their_own_passages_and_the_draft_is_far(profile):
    draft, rewrite = plain(50), lively(50)
    found = scores([(draft, rewrite)], draft, rewrite, profile, OWN, {})
    assert max(found.own_distance, found.rewrite_distance) < found.draft_distance / 2
    unchanged = scores([(draft, draft)], draft, draft, profile, OWN, {})
    assert unchanged.draft_distance == unchanged.rewrite_distance and unchanged.meaning == 1 and unchanged.weakest is None


def test_the_weakest_changed_sentence_is_named_and_each_is_measured_once(profile, monkeypatch):
    units = [("The gate is open.", "The gate is open."), ("The old dog sleeps here.", "The old dog's asleep here."),
             ("The boiler broke in March.", "Nobody came.")]  # fmt: skip
    whole, known = [" ".join(side) for side in zip(*units, strict=True)], {}
    found = scores(units, *whole, profile, OWN, known)
    assert not found.by_minilm and found.weakest[0] == 2 and found.weakest[1] == 0 and 0 < found.meaning < 1
    asked = []
    monkeypatch.setattr(scored, "base_path", lambda name: "here")
    by_meaning = SimpleNamespace(embed=lambda texts: asked.append(texts) or likened(texts))
    monkeypatch.setattr(scored, "_embedder", lambda folder: by_meaning)
    found = scores(units, *whole, profile, OWN, known)
    assert found.by_minilm and found.weakest == (1, 0.5), "what words said before MiniLM came is not taken for its own"
    assert asked == [[text for unit in units[1:] for text in unit]] and set(known) == set(units[1:])
    scores([*units[:2], ("The boiler broke in March.", "In March the boiler broke.")], "a b", "a b", profile, OWN, known)
    assert asked[1:] == [["The boiler broke in March.", "In March the boiler broke."]]


def likened(texts: list[str]) -> torch.Tensor:
    """Vectors by which the first two texts are half alike and the others wholly."""
    return torch.tensor([[1.0, 0.0], [0.5, 0.75**0.5], *[[1.0, 0.0]] * (len(texts) - 2)])  # (n, 2)


def test_facts_that_went_are_said(profile):
    draft, after = "The boiler of Morgan broke at 9 and was not mended.", "The boiler broke and was mended."
    facts = scores([(draft, after)], draft, after, profile, OWN, {}).facts
    assert not facts.numbers and not facts.names and not facts.negations


def test_without_writing_of_the_person_s_there_is_no_style_to_measure():
    found = scores([("A b.", "A c.")], "A b.", "A c.", None, [], {})
    assert (found.draft_distance, found.rewrite_distance, found.own_distance) == (None, None, None)
    assert all(axis.own is None for axis in found.axes)
    assert scores([], "", "", None, [], {}).axes == ()


def test_all_sides_stand_on_the_same_axes(profile):
    rows = {axis.name: axis for axis in axes(plain(7), lively(7), profile)}
    assert rows["contractions"].draft < rows["contractions"].rewrite and rows["contractions"].own > 50
    assert rows[";"].draft == 0 < rows[";"].rewrite
    assert rows["words a sentence"].own == pytest.approx(profile.sentences.mean)
    assert "!" not in rows, "a habit that nobody has is no axis"
