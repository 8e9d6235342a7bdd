"""Deciding a rewrite sentence by sentence: what each act makes of the document, and what is kept to learn from."""

import pytest
from runs import refused

from vibejam.plain import plain_text
from vibejam.rewrite import Rewrite
from vibejam.rewrite.decisions import EDIT, KEPT, decision, decisions, forget_all_decisions, forget_decision, keep_decision
from vibejam.rewrite.guards import Refusal
from vibejam.rewrite.review import DRAFT, EDITED, OPEN, TAKEN, review
from vibejam.rewrite.selector import Choice, Considered
from vibejam.rewrite.units import group_units, split_document

ONE = "The boiler in the flat has stopped working again, and nobody has come to see about it although we have asked since Monday."
TWO = "We would like it repaired before the weekend, because the children are cold and the evenings are getting longer every day."
DRAFT_TEXT = f"# Boiler\n\n{ONE}\n\n```\ncode = 1\n```\n\n{TWO}\n"


def rewritten() -> Rewrite:
    """The first sentence has three versions that passed and one that did not; the second has none."""
    units = [unit.text for unit in group_units(split_document(DRAFT_TEXT))]
    assert units == [ONE, TWO]
    considered = (
        Considered(ONE, "draft", ()),
        Considered("Best.", "edits", (), value=1.0),
        Considered("Worst.", "your model", (), value=-3.0),
        Considered("Refused.", "your model", (Refusal("names", "the name Monday is missing"),)),
        Considered("Better.", "your model", (), value=0.5),
    )
    choices = (Choice(ONE, "Best.", "edits", considered), Choice(TWO, TWO, "draft", (Considered(TWO, "draft", ()),)))
    return Rewrite(DRAFT_TEXT, DRAFT_TEXT.replace(ONE, "Best."), choices)


def test_undecided_the_document_is_the_rewrite_and_its_parts_are_the_document():
    now = review(rewritten())
    assert now.text == DRAFT_TEXT.replace(ONE, "Best.") and now.decided == 0
    assert "".join(text for text, _ in now.parts()) == DRAFT_TEXT
    assert all(sentence.pair is None for sentence in now.sentences)


def test_another_goes_through_what_passed_the_best_first_and_begins_again():
    now, seen = review(rewritten()), []
    for _ in range(4):
        seen.append(now.sentences[0].shown)
        now = now.another(0)
    assert seen == ["Best.", "Better.", "Worst.", "Best."]
    refused(lambda: now.another(1), "no other version")


def test_taking_the_second_version_rejects_the_first_and_stands_in_the_document():
    now = review(rewritten()).another(0).take(0)
    pair = now.sentences[0].pair
    assert now.text == DRAFT_TEXT.replace(ONE, "Better.") and now.sentences[0].state == TAKEN
    assert (pair.draft, pair.rewrite, pair.kind, pair.rejected) == (ONE, "Better.", EDIT, ("Best.",))


def test_an_edit_is_a_pair_and_what_it_replaced_is_rejected():
    now = review(rewritten()).edit(0, "  My own\n words. ")
    pair = now.sentences[0].pair
    assert now.text == DRAFT_TEXT.replace(ONE, "My own words.") and now.sentences[0].state == EDITED
    assert (pair.rewrite, pair.kind, pair.rejected) == ("My own words.", EDIT, ("Best.",))
    again = now.edit(0, "Other words.").sentences[0].pair
    assert again.rejected == ("Best.",) and again.id == pair.id  # what one wrote oneself was never the machine's to reject


def test_keeping_the_draft_is_no_lesson_but_remembers_what_was_turned_down():
    now = review(rewritten()).another(0).keep_draft(0)
    pair = now.sentences[0].pair
    assert now.text == DRAFT_TEXT and now.sentences[0].state == DRAFT and now.decided == 1
    assert (pair.kind, pair.rewrite, pair.rejected) == (KEPT, ONE, ("Best.", "Better."))


def test_a_decision_can_be_changed_and_only_the_last_counts():
    now = review(rewritten()).keep_draft(0).another(0)
    assert now.sentences[0].state == OPEN and now.sentences[0].shown == "Best."
    assert now.take(0).sentences[0].pair.rejected == ()


@pytest.mark.parametrize("number", [-1, 2, True, "0", None, 0.0])
def test_a_sentence_that_is_not_there_is_told(number):
    now = review(rewritten())
    if number is True:  # counts as 1, which is there
        assert now.take(number).sentences[1].state == DRAFT
        return
    for act in (now.take, now.keep_draft, now.another, lambda n: now.edit(n, "Words.")):
        refused(lambda act=act: act(number), "no longer here")


def test_an_edit_that_is_empty_or_far_too_long_is_told():
    now = review(rewritten())
    refused(lambda: now.edit(0, " \n"), "nothing left")
    refused(lambda: now.edit(0, "long " * 1000), "shorten")


def test_a_rewrite_half_done_can_be_decided_and_one_that_could_not_be_is_shown_whole():
    half = rewritten()
    now = review(Rewrite(half.draft, half.text, half.choices[:1], done=0.5))
    assert now.take(0).text == half.text
    whole = review(Rewrite("Guten Tag.", "Guten Tag.", note="Not in English."))
    assert whole.text == "Guten Tag." and whole.note and list(whole.parts()) == [("Guten Tag.", None)]


def test_decisions_are_kept_once_a_draft_and_deleted_one_by_one_and_all(tmp_path):
    file = tmp_path / "me" / "decisions.jsonl"
    assert decisions(file) == []
    first, second = decision("A draft.", "Mine.", ("Its.", "Mine.", " ")), decision("B draft.", "B draft.")
    assert first.rejected == ("Its.",) and second.kind == KEPT
    keep_decision(file, first)
    keep_decision(file, second)
    keep_decision(file, decision("A draft.", "Mine, after all."))
    assert [pair.rewrite for pair in decisions(file)] == ["B draft.", "Mine, after all."]
    forget_decision(file, second.id)
    assert [pair.draft for pair in decisions(file)] == ["A draft."]
    refused(lambda: forget_decision(file, "../me"), "no longer here")
    forget_decision(file, first.id)
    assert decisions(file) == []
    keep_decision(file, first)
    assert decisions(file) == [first]
    forget_all_decisions(file)
    assert decisions(file) == [] and not file.exists()


def test_markdown_is_copied_as_text_with_every_word_and_without_the_marks():
    source = "# A title\n\nSome *words* of [mine](https://a.example/x), `code`.\nA line.\n\n- one\n- two\n\n> said\n\n"
    source += "```\nx = 1\n```\n"
    assert plain_text(source) == (
        "A title\n\nSome words of mine (https://a.example/x), code.\nA line.\n\n- one\n- two\n\nsaid\n\nx = 1"
    )
    assert plain_text("Dear Joan,\nno Markdown & no <tag at all.\n\n\nBye") == "Dear Joan,\nno Markdown & no <tag at all.\n\nBye"
    assert plain_text("| a | b |\n|---|---|\n| 1 | 2 |\n\nend") == "| a | b |\n|---|---|\n| 1 | 2 |\n\nend"
