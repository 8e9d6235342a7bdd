"""Your voice, seen: the figures are vibejam's own measures, each with a sentence, and what is not the person's is said."""

import json

import pytest
from app_hands import ME, give_writing
from writing import essay

from pages import state, voice, write
from vibejam.voice import Profile, background_drafts, contraction_share, quoted_share
from vibejam.workspace import Workspace

MACHINE = (
    "In today's fast-paced world, communication is more important than ever. It is important to note that teams can delve into "
    "a rich tapestry of tools. In conclusion, a holistic approach plays a crucial role. "
)


def drawn() -> dict:
    """What the section shows in the end."""
    *_, last = voice.show(ME)
    return json.loads(last) if last else {}


def test_the_sample_s_manner_is_drawn_beside_the_drafts_with_a_sentence_each():
    write.take_sample(ME)
    figures = {figure["title"]: figure for figure in drawn()["figures"]}
    assert len(figures) == 7
    for figure in figures.values():
        assert figure["sentence"].endswith(".") and len(figure["sentence"].split()) > 5
        assert {len(figure["labels"])} == {len(figure[side]) for side in ("own", "other")} | {len(said) for said in figure["hover"]}
    texts = [entry.document.text for entry in Workspace(ME).writing()]
    (own,), (other,) = figures["Contractions"]["own"], figures["Contractions"]["other"]
    assert own == pytest.approx(100 * contraction_share(texts), abs=0.1)
    assert other == pytest.approx(100 * contraction_share(background_drafts()), abs=0.1)
    said = figures["Punctuation"]["sentence"]  # assets/SAMPLE.md says how she writes
    assert "more colons and brackets" in said and "no semicolons" in said and "dashes" in said
    lengths = figures["Sentence lengths"]
    assert sum(lengths["own"]) == pytest.approx(100, abs=0.5) == sum(lengths["other"])
    assert "vary more" in lengths["sentence"]


def test_a_manner_like_the_drafts_is_not_said_to_differ():
    base = voice.drafts()
    profile = Profile.of(background_drafts())
    said = {figure["title"]: figure["sentence"] for figure in voice.figures(profile, base)}
    assert "as much" in said["Sentence lengths"] and "as the drafts do" in said["Punctuation"]
    assert "as hard as" in said["How hard it reads"]


def test_it_says_first_that_it_counts_and_counts_only_once():
    state._profiles.clear()  # of the same writing in another test
    give_writing()
    first, *rest = voice.show(ME)
    assert "Counting" in first and len(rest) == 1
    assert len(list(voice.show(ME))) == 1 and state.profile(ME) is state.profile(ME)


def test_a_large_body_of_writing_is_counted_in_part_and_the_page_says_so(monkeypatch):
    monkeypatch.setattr(state, "PROFILED", 800)
    state._profiles.clear()  # of the same writing in another test
    give_writing()
    words = state.corpus(ME).words
    assert 400 < state.profile(ME).words < words
    assert "from all over your writing" in drawn()["note"]


def test_little_writing_is_told_how_much_is_wanted_and_none_shows_nothing():
    assert drawn() == {}
    write.take_pasted(ME, "It rained again, and so we stayed at home with the clock and a ladder.")
    shown = drawn()
    assert "300 words" in shown["note"] and not shown["figures"]


def test_writing_that_looks_machine_made_or_quoted_is_warned_about():
    write.take_pasted(ME, essay(1))
    assert drawn()["warnings"] == []
    write.take_pasted(ME, MACHINE * 3)
    (said,) = drawn()["warnings"]
    assert said.startswith("1 piece, ") and "reads as if a machine had written it" in said and "%" in said
    said = voice.warnings(['"That is what he told me when I came," said I.', "> she had written so"])
    assert len(said) == 1 and "stand in quotation marks" in said[0]


def test_the_share_in_quotation_marks_is_counted_in_words():
    assert quoted_share(['He said "one two three" and left me.']) == pytest.approx(3 / 8)
    assert quoted_share(["“Curly” too.", "> all of it"]) == pytest.approx(4 / 5)
    assert quoted_share(["It's 5'6\" tall, isn't it?", ""]) == 0


def test_a_deleted_manner_is_gone_from_memory():
    give_writing()
    state.profile(ME)
    write.remove_everything(ME)
    assert not state.has_profile(ME) and not state._profiles and drawn() == {}


def test_what_people_wrote_is_no_markup_in_the_payload():
    write.take_pasted(ME, "<b>cruel</b> </script><script>alert(1)</script> " + essay(2) * 4)
    *_, last = voice.show(ME)
    assert "<" not in last
