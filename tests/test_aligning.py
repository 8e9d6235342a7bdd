"""A rewritten passage in pieces: in order, nothing twice, each with what its unit says, and none where a sentence has moved."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vibejam.rewrite.aligning import align

UNITS = [
    "The ferry leaves Harwick at 7 in the morning. It carries 40 passengers.",
    "However, the captain does not permit dogs on the upper deck.",
    "Tickets are sold by Mrs. Pell at the bakery, who requires payment in cash.",
    "The return journey takes approximately two hours because of the tide.",
]
SAID = [
    ["At 7 in the morning the ferry leaves Harwick.", "She carries 40 passengers."],
    ["But the captain won't have dogs on the upper deck."],
    ["Mrs. Pell sells the tickets at the bakery, and she wants payment in cash."],
    ["Coming back, the return journey is two hours or so, because of the tide."],
]


def joined(parts):
    return " ".join(sentence for part in parts for sentence in part)


def test_each_unit_gets_its_own_sentences():
    assert align(UNITS, joined(SAID)) == [" ".join(part) for part in SAID]


def test_a_text_is_its_own_rewrite():
    assert align(UNITS, "\n\n".join(UNITS)) == UNITS


def test_two_units_in_one_sentence_are_pieces_of_neither():
    both = "The captain won't have dogs on the upper deck, and Mrs. Pell sells tickets at the bakery for cash."
    merged = [SAID[0], [both], SAID[3]]
    assert align(UNITS, joined(merged)) == [" ".join(SAID[0]), None, None, SAID[3][0]]


def test_sentences_joined_by_a_semicolon_part_there():
    answer = joined(SAID).replace("deck. Mrs. Pell", "deck; Mrs. Pell").replace("cash. Coming", "cash; coming")
    assert align(UNITS, answer) == [" ".join(part) for part in SAID]


def test_a_sentence_the_draft_never_had_is_left_out():
    answer = joined([SAID[0], ["Snow fell all night upon the distant mountains of my childhood."], *SAID[1:]])
    assert align(UNITS, answer)[1:] == [" ".join(part) for part in SAID[1:]]


def test_a_piece_that_takes_over_another_unit_s_fact_is_none():
    moved = [SAID[0], ["But the captain won't have dogs on the upper deck, and Mrs. Pell wants cash."],
             ["The tickets are sold at the bakery, for payment."], SAID[3]]  # fmt: skip
    pieces = align(UNITS, joined(moved))
    assert pieces[1] is None and pieces[2] is None and pieces[3]


def test_what_has_nothing_to_do_with_the_draft_aligns_with_nothing():
    for answer in ("", "I cannot help with that request.", "Blue. Green! Red?", "?" * 50, ";;; ; ;"):
        assert align(UNITS, answer) == [None] * len(UNITS)


def test_an_answer_that_breaks_off_still_gives_its_whole_sentences():
    pieces = align(UNITS, joined(SAID[:2]) + " Mrs. Pell sells")
    assert pieces[:2] == [" ".join(part) for part in SAID[:2]] and pieces[3] is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*(s for part in SAID for s in part), *UNITS, "Rain fell; nobody minded."]), max_size=9))
def test_pieces_keep_the_answer_s_order_and_say_nothing_twice(sentences):
    answer = " ".join(sentences)
    at = 0
    for piece in align(UNITS, answer):
        if piece is not None:
            inside = answer.lower().find(piece.rstrip(".").lower(), at)
            assert inside >= at
            at = inside + len(piece) - 1


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(4)), st.integers(1, 4))
def test_numbers_stay_with_their_sentence(order, count):
    numbers = [[1904, 27, 365, 88][i] for i in order]
    both = list(zip("mill tower bridge wall".split(), numbers, strict=True))
    units = [f"The {thing} was built with {number} stones." for thing, number in both]
    pieces = align(units, " ".join(f"They put {number} stones into the {thing}." for thing, number in both[:count]))
    assert any(pieces)
    for piece, number in zip(pieces, numbers, strict=True):
        assert piece is None or [word for word in piece.split() if word.isdigit()] == [str(number)]


@pytest.mark.parametrize(
    "draft, answer, piece",
    [
        ('They spoke of a "stupid public" at length.', "They talked of a “stupid public” at length; I don’t.",
         'They talked of a "stupid public" at length; I don\'t.'),
        ("They don’t speak of the public.", "They don't talk of the public.", "They don’t talk of the public."),
        ("They do not speak of the public.", "They don’t talk of the public.", "They don’t talk of the public."),
    ],
)  # fmt: skip
def test_an_answer_is_typed_as_its_draft_is(draft, answer, piece):
    assert align([draft], answer) == [piece]
