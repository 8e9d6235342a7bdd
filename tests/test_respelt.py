"""A draft is spelt as the person spells, all of it.

Whatever the strength, whoever proposes, and nothing that only looks like a word.
"""

import pytest

from vibejam.rewrite import SPELLING, rewrite_text
from vibejam.rewrite.manner import learn_manner
from vibejam.rewrite.proposers import EditsProposer
from vibejam.rewrite.respelt import with_their_spelling
from vibejam.rewrite.review import review
from vibejam.rewrite.spelling import spelt
from vibejam.voice import background_drafts

THEIRS = "The colour of the harbour was grey, and a neighbour travelled to the centre. "
DRAFTS = ["The color of the harbor was gray, and a neighbor traveled to the center."] * 9


@pytest.fixture(scope="module")
def british():
    return learn_manner([THEIRS * 45], DRAFTS, [])


@pytest.mark.parametrize(
    "draft, after",
    [
        ("The color of the gate is gray.", "The colour of the gate is grey."),
        ("Its flavor is odd, he quarreled, and the theater is shut.",  # words that they never wrote
         "Its flavour is odd, he quarrelled, and the theatre is shut."),
        ("Favorite cats sleep.", "Favourite cats sleep."),
        ("A gray-haired neighbor came.", "A grey-haired neighbour came."),
        ("Its flavour is odd.", "Its flavour is odd."),
        ("We realize it.", "We realize it."),  # of which Britain has both
        ("We met Mr Gray at Pearl Harbor.", "We met Mr Gray at Pearl Harbor."),
        ('She said "my favorite color" and left.', 'She said "my favorite color" and left.'),
        ("Set `color` or background-color in color.css, or pass --with-color to it.",
         "Set `color` or background-color in color.css, or pass --with-color to it."),
        ("Write text-align: center, color: gray; the color property and .center too.",
         "Write text-align: center, color: gray; the color property and .center too."),
        ("See https://example.org/favorite for it.", "See https://example.org/favorite for it."),
        ("Mr. Gray came. Gray said so on Labor Day, and U.S. Labor agreed.",
         "Mr. Gray came. Gray said so on Labor Day, and U.S. Labor agreed."),
        ("The song ‘My favorite color’ is old.", "The song ‘My favorite color’ is old."),
        ("COLOR is a key. It faded (colors do). **Favorites** stay.",
         "COLOR is a key. It faded (colours do). **Favourites** stay."),
        ("It ended.  Coloring began.", "It ended.  Colouring began."),
        ("Defend the defenseless; a colorless color.", "Defend the defenceless; a colourless colour."),
        ("A full-color, off-center color/flavor chart of the color(s).",
         "A full-colour, off-centre colour/flavour chart of the colour(s)."),
        ("It is spelled color here.", "It is spelled color here."),
        ("Color is British colour.", "Color is British colour."),
        ("They centered it ten kilometers away, favorably and in several neighborhoods.",
         "They centred it ten kilometres away, favourably and in several neighbourhoods."),
        ("Rigor mortis, a dose of 2 gray, earl gray.", "Rigor mortis, a dose of 2 gray, earl gray."),
        ("A parking meter, a practice and a license.", "A parking meter, a practice and a license."),
    ],
)  # fmt: skip
def test_every_word_that_has_a_side_is_put_on_theirs_and_nothing_else(british, draft, after):
    assert with_their_spelling(draft, british) == after


def test_the_side_is_the_one_they_have_most_whatever_drafts_have():
    drafts = ["A gray cat sat near the gray gate, towards the grey sky, for an hour or so."] * 9
    own = "A grey cat sat near the grey gate, towards the gray sky, for an hour or so. " * 30
    manner = learn_manner([own], drafts, [])
    assert with_their_spelling("The gate is grey.", manner) == "The gate is grey."
    assert with_their_spelling("The gate is gray.", manner) == "The gate is grey."


def test_ise_and_ize_are_a_leaning_of_their_own():
    own = "He realised it, and we organised tea; she apologised. The colour was good. " * 45
    manner = learn_manner([own], ["He realized it, and we organized tea."] * 9, [])
    assert with_their_spelling("They recognized him.", manner) == "They recognised him."
    assert with_their_spelling("Authorized and unauthorized users.", manner) == "Authorised and unauthorised users."


@pytest.mark.parametrize(
    "text",
    [
        "The surprise exercise advised four hours of a promise; sizes, a tour, the sour glamorous arborist.",
        "At sunrise a bitwise, pairwise fundraiser, overpraised; uncompromising, imprecise, unsupervised and inadvisable.",
        "A marquise in a chemise exorcised hollandaise; trellises, metropolises; undersized, supersized, right-sized, capsized.",
        "Heloise came. Budweiser is a beer. Coloration, humorous, honorary, laborious, vigorous, humoral, glamorous.",
    ],
)
def test_what_has_one_spelling_has_no_side(text):
    assert not list(spelt(text))


def test_a_side_is_not_learnt_from_names_code_and_what_others_said():
    own = (
        "The World Health Organization met the Labor Party and Mrs Gray. Use `color` and `center`. She said “my favorite"
        " neighbor”. We went home by the lane, and there was rain on the hill. "
    )
    manner = learn_manner([own * 40], background_drafts(), [])
    for draft in ("We organised it; the colour is grey.", "We organized it; the color is gray."):
        assert with_their_spelling(draft, manner) == draft


def test_a_class_is_told_by_all_words_only_where_these_are_of_one_side():
    both = "The grey cat analyzed its neighbor, and the grey dog left the theatre. " * 40
    manner = learn_manner([both], background_drafts(), [])
    assert with_their_spelling("A skeptical, gray traveler analysed it.", manner) == "A skeptical, grey traveler analyzed it."


def test_nothing_is_spelt_otherwise_for_whom_no_side_is_known():
    own = "We went home by the lane, and there was rain on the hill. " * 40
    manner = learn_manner([own], background_drafts(), [])
    for draft in ("The color is gray.", "The colour is grey."):
        assert with_their_spelling(draft, manner) == draft


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_a_rewrite_is_spelt_alike_in_each_of_its_sentences_and_says_so(british, strength):
    draft = "The gate is gray today.\n\nThey asked me the name of my favorite cat, and more.\n\nIt rained in the night."
    done = rewrite_text(draft, british, [EditsProposer(british)], strength=strength)
    assert "grey" in done.text and "favourite" in done.text and "gray" not in done.text and "favorite" not in done.text
    assert SPELLING in {one.by for choice in done.choices[:2] for one in choice.considered}
    assert SPELLING not in {one.by for one in done.choices[2].considered}
    kept = review(done).keep_draft(1)
    assert "favorite" in kept.text  # the draft's own spelling is theirs to keep


def test_what_others_propose_is_spelt_as_the_person_spells(british):
    class Llm:
        name, agreed, fluent = "an LLM", 1, True

        def __call__(self, units, stop=lambda: False):
            return [{"The gate is not gray.": 1.0} for _ in units]

    (choice,) = rewrite_text("The gate is gray.", british, [Llm()]).choices
    assert [one.text for one in choice.considered] == ["The gate is gray.", "The gate is grey.", "The gate is not grey."]
