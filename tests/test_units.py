"""Cutting a document: nothing is lost, only prose is offered for rewriting, and what was rewritten goes back to its place."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vibejam.rewrite.units import group_units, is_english, put_back, split_document

MARKS = st.sampled_from(
    ["\n", "\r\n", "\r", "\n\n", " ", "  \n", "\t", "    ", "- ", "1. ", "> ", "# ", "| a | b |\n|---|---|\n", "```\n", "`"]
    + ["---\n", "***", ". ", "! ", "? ", "… ", "; ", " — ", ", and ", "“", "”", '"', "(", ")", "[a]: b", "![x](y)", "<div>"]
    + ["</div>", "https://a.b/c", "Mr. ", "e.g. ", "The cat sat there.", "We went home, which was far.", "Dear Sam,"]
    + ["Kind regards, Sam", "\ufeff", "\u2028", "\x0c", "\u00a0", "\x00", "明天", "🧣", "===\n", "[^1]: "]
)
DOCUMENTS = st.lists(st.one_of(MARKS, st.text(max_size=12)), max_size=40).map("".join)


def prose(text):
    return [piece.text for piece in split_document(text) if piece.prose]


def the_rest(text):
    return "".join(piece.text for piece in split_document(text) if not piece.prose)


@given(DOCUMENTS)
@example("\ufeffA b.\r\n\r\nKind regards,\r\nSam")
@example("> a\nlazy line\n\n- x\n\n  y\n1. z")
def test_the_pieces_are_the_document_whatever_it_is(text):
    assert "".join(piece.text for piece in split_document(text)) == text


@given(DOCUMENTS)
def test_units_put_back_as_they_were_are_the_document(text):
    pieces = split_document(text)
    units = group_units(pieces)
    assert put_back(pieces, units, [unit.text for unit in units]) == text


@given(DOCUMENTS)
def test_a_piece_of_prose_has_no_space_around_it(text):
    assert all(sentence == sentence.strip() and sentence for sentence in prose(text))


def test_rewritten_units_stand_where_their_drafts_stood():
    pieces = split_document("# Title\n\nThe hall was cold. We left early.\n\n- The lamp is broken.\n")
    units = group_units(pieces)
    assert put_back(pieces, units, ["A.", "B."]) == "# Title\n\nA.\n\n- B.\n"


def test_too_few_texts_are_an_error():
    pieces = split_document("The hall was cold.")
    with pytest.raises(ValueError):
        put_back(pieces, group_units(pieces), [])


@pytest.mark.parametrize(
    "text, sentences",
    [
        ("It rained. We left.", ["It rained.", "We left."]),
        ("Mr. Vale met Dr. Okonkwo at St. Anne's. They spoke.", ["Mr. Vale met Dr. Okonkwo at St. Anne's.", "They spoke."]),
        (
            "It was cheap, e.g. 4.50 a metre, i.e. a bargain. So be it.",
            ["It was cheap, e.g. 4.50 a metre, i.e. a bargain.", "So be it."],
        ),
        ("Come at 5 p.m. on Friday. Bring cake.", ["Come at 5 p.m. on Friday.", "Bring cake."]),
        ("It came at 5 p.m. The bus left.", ["It came at 5 p.m.", "The bus left."]),
        ("See No. 5 for that. I said no. Then we left.", ["See No. 5 for that.", "I said no.", "Then we left."]),
        ("J. R. Hartley wrote it. We read it.", ["J. R. Hartley wrote it.", "We read it."]),
        ("He said, “Go. Now.” Then he left.", ["He said, “Go. Now.”", "Then he left."]),
        ('"What?" he asked. "Well?" She ran.', ['"What?" he asked.', '"Well?"', "She ran."]),
        (
            "Wait… what was that?! Nothing. (He knew. We all knew.)",
            ["Wait… what was that?!", "Nothing.", "(He knew. We all knew.)"],
        ),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text, sentences):
    assert prose(text) == sentences


@pytest.mark.parametrize(
    "kept",
    [
        "```python\nprint('It is a call.')\n```",
        "    an indented line of code that looks like prose.",
        "| The first cell is long. | b |\n|---|---|\n| c | d |",
        "> These are somebody else's words, and they stay.",
        "# A heading that is quite long, and says what follows",
        "A heading with a rule under it\n===",
        "![A picture of a cat.](cat.png)",
        '[note]: https://example.org/a "What it says."',
        "<div>\nThis is in the page's own code.\n</div>",
        "https://example.org/a-page?with=words",
        "Dear Ms Vale,",
        "Kind regards, Sam",
        "Kind regards,\nSam",
        "Yours sincerely,\n\nSam Okonkwo",
        "***",
        "明天下午三点的会议改到周四，请大家注意。",
        "Je vous écris pour confirmer notre rendez-vous de mardi, avec mes excuses.",
        "“" + "They said it and said it again. " * 20 + "”",
    ],
)
def test_what_is_not_the_writers_prose_is_never_offered(kept):
    text = f"The hall was cold.\n\n{kept}\n\nWe left early."
    assert prose(text) == ["The hall was cold.", "We left early."]
    assert kept in the_rest(text)


def test_front_matter_is_kept_at_the_start_of_a_document():
    text = "---\ntitle: It is a title.\n---\n\nThe hall was cold."
    assert prose(text) == ["The hall was cold."]


def test_the_words_of_list_items_are_prose_and_their_markers_are_not():
    text = "1. First we lit the stove.\n2. Then we ate.\n\n- [ ] Bring the cake, please.\n  - Nested things are read, too.\n"
    assert prose(text) == ["First we lit the stove.", "Then we ate.", "Bring the cake, please.", "Nested things are read, too."]


def test_lines_broken_for_their_length_are_one_sentence():
    text = "This line is as long as lines are when a typist has broken them\nand goes on down here. Then it ends."
    assert [" ".join(sentence.split()) for sentence in prose(text)] == [
        "This line is as long as lines are when a typist has broken them and goes on down here.",
        "Then it ends.",
    ]


def test_lines_of_verse_are_not_run_together():
    pieces = split_document("The roses by the door are red\nThe violets by the wall are blue\n")
    assert [unit.text for unit in group_units(pieces)] == ["The roses by the door are red", "The violets by the wall are blue"]


def test_a_long_sentence_is_cut_at_its_clauses():
    text = "We considered the plan, which had been revised several times, and " * 60 + "we agreed."
    assert max(len(sentence.split()) for sentence in prose(text)) <= 60
    assert len(prose(text)) < 20


def test_a_long_sentence_without_clauses_stays_whole():
    text = "So " + "very " * 90 + "late."
    assert prose(text) == [text]


def test_two_short_sentences_of_a_paragraph_make_a_unit_and_long_ones_stand_alone():
    long = "The committee that had met on the Tuesday of the week before met again on the Thursday to speak of the roof."
    pieces = split_document(f"It rained. We left. They stayed.\n\n{long} {long} {long}\n\nIt snowed.")
    assert [unit.text for unit in group_units(pieces, words=30)] == [
        "It rained. We left.",
        "They stayed.",
        long,
        long,
        long,
        "It snowed.",
    ]


def test_a_document_of_a_hundred_paragraphs_comes_in_order():
    text = "\n\n".join(f"Paragraph {i} is about the number {i}. It ends with {i * 7}." for i in range(120))
    units = group_units(split_document(text))
    assert [unit.text for unit in units] == text.split("\n\n")


def test_a_very_long_line_is_cut_and_kept_whole():
    text = "This is a sentence, and it is long; so there. " * 20_000
    pieces = split_document(text)
    assert "".join(piece.text for piece in pieces) == text
    assert sum(piece.prose for piece in pieces) == 20_000


@pytest.mark.parametrize(
    "text",
    ["Thanks.", "Please find the report attached.", "The man met Herr Vogel in the Rue de la Paix.", "Students die young.", "OK"],
)
def test_english_is_known_for_english(text):
    assert is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Je vous écris pour confirmer notre rendez-vous. N’hésitez pas à me contacter si vous avez des questions.",
        "Wir haben das Haus gestern verkauft und sind nicht traurig.",
        "El perro está en la casa y no quiere salir porque llueve.",
        "明天下午三点的会议改到周四，请大家注意。",
        "Завтра мы встретимся у моста в три часа.",
        "",
    ],
)
def test_other_languages_are_not_english(text):
    assert not is_english(text)
