"""Clean text: settled after one go, free of what machines put in, and still in the person's own style."""

import textwrap
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vibejam.reading.cautions import find_secrets, looks_machine_written, mask_secrets, says_little
from vibejam.reading.cleaning import clean
from vibejam.reading.unwrapping import unwrap

NASTY_BITS = st.sampled_from(
    [
        "\r\n",
        "\n",
        "\n\n",
        "\x0c",
        "\u2028",
        " ",
        "\t",
        "\u00a0",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\x1b[31m",
        "\x1b]0;t\x07",
        "\x00",
    ]
    + [
        "é",
        "e\u0301",
        "\u0301\u0301\u0301",
        "â€™",
        "Ã©",
        "â€œ",
        "“",
        "’",
        "—",
        "…",
        "ﬁ",
        "👨\u200d👩",
        "🏴\U000e0067\U000e007f",
    ]
    + [
        "- ",
        "1. ",
        "> ",
        "    ",
        "a long line of words that goes on until it must be wrapped at about",
        "and",
        "The",
        "well-",
        "\x1e",
    ]
    + ["same line again and again\n"] * 2
    + ["\ud800", "\uffff", "\ue000", "שלום", "今天", "<|doc_end|>", "."]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(NASTY_BITS, max_size=60).map("".join))
PROSE = st.lists(
    st.sampled_from("the shed key nail coat red paint and but so I said looked. Then well-known".split()), max_size=400
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_cleaning_what_is_clean_changes_nothing(text):
    once, _ = clean(text)
    assert clean(once) == (once, ())


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_what_is_never_in_clean_text(text):
    cleaned, _ = clean(text)
    assert cleaned == cleaned.strip("\n") and "\n\n\n" not in cleaned and "\x1e" not in cleaned
    assert not any(line != line.rstrip() for line in cleaned.split("\n"))
    assert all(character == "\n" or unicodedata.category(character) not in ("Cc", "Cs") for character in cleaned)
    assert unicodedata.is_normalized("NFC", cleaned)
    cleaned.encode("utf-8")


@settings(max_examples=100, deadline=None)
@given(PROSE, st.integers(50, 90))
def test_unwrapping_keeps_every_word_in_its_place(words, width):
    text = "\n\n".join(textwrap.fill(" ".join(words[at : at + 80]), width) for at in range(0, len(words), 80))
    assert "".join(unwrap(text).split()) == "".join(text.split())
    assert unwrap(text).count("\n\n") == text.count("\n\n")


STYLE = [
    "“Smart” quotes, ‘single’ ones — and dashes – with an ellipsis… stay.",
    "Straight \"quotes\" and 'these' -- with double hyphens... stay too.",
    "Two spaces.  After a full stop.",
    "A document ends with <|doc_end|> or </s> or [INST] or {{draft}} or %s.",
    "½ of it cost £5 or €6 at 21 °C: naïve, Œuvre, ﷽.",
    "🏴󠁧󠁢󠁷󠁬󠁳󠁿 👩‍🚀 👍🏽 7️⃣ हिन्दी می‌خواهم ภาษาไทย",
]


@pytest.mark.parametrize("text", STYLE)
def test_style_is_left_alone(text):
    assert clean(text) == (unicodedata.normalize("NFC", text), ())


def test_repeated_lines_are_kept_once_and_said():
    text = "\n".join(["I wrote this line only once.", *["Sent from the newsletter of the shed"] * 9, "And this one."])
    cleaned, warnings = clean(text)
    assert cleaned.count("newsletter") == 1 and "8 copies" in warnings[0]


def test_a_refrain_and_a_speaker_may_come_back():
    play = "\n\n".join(f"FIRST GENTLEMAN OF VERONA:\nMy line number {number}." for number in range(30))
    refrain = "\n\n".join(
        f"Verse {number} has words of its own\nWith a hey and a ho and a nonny no" for number in range(5)
    )
    for text in (play, refrain):
        assert clean(text) == (text, ())


# --- hard-wrapped text


VERSE = """I kept a key upon a nail,
   I kept it there for years,
And every time I went to sea
   I wet it with my tears."""
DIALOGUE = """"Where is the key?" he asked me at the door, and he did not wait.
"On the nail," I said, because it was the truth and I was tired.
"There is no nail," he said. "I have looked at every inch of it."
"Then look again," I said, and went to put the kettle on for us."""
LOWER = """i went out to the shed at nine and the rain came in under the door.
the key was not on the nail, and it was not in my coat, or my hat.
so i sat on the step for an hour and i thought about the red paint.
a man could do worse than sit on a step in the rain, i said to him."""
LIST = """Things to do before the winter comes and the shed is locked again:
- buy paint for the nail, red paint if there is any to be had at all
- find the key, which is in the coat or else it is on the kitchen sill
- write to Aled about his pegboard, and be kind to him about it, once"""


@pytest.mark.parametrize("text", [VERSE, DIALOGUE, LOWER, LIST, "One line.", "", "\n".join(["Short", "lines", "stay"])])
def test_breaks_that_were_meant_stay(text):
    assert unwrap(text) == text


@pytest.mark.parametrize("width", [50, 60, 72, 80, 98])
def test_wrapped_prose_becomes_one_line_a_paragraph(width):
    prose = [
        "I have always believed that a key belongs on a nail, and that a nail belongs where a hand will find it "
        "in the dark; nobody who has looked for one at night, in the rain, with a dog, will need to be told why.",
        "My neighbour thinks otherwise. He keeps his keys in a box, and the box in a drawer, and the drawer "
        "locked, and he has told me more than once that the key to the drawer is somewhere quite safe.",
        "We do not talk about it now.",
    ]
    wrapped = "\n\n".join(textwrap.fill(paragraph, width, break_on_hyphens=False) for paragraph in prose)
    assert unwrap(wrapped) == "\n\n".join(prose)
    # Verse, a heading and a list in the same letter stay as they were.
    assert unwrap(f"ON KEYS\n\n{wrapped}\n\n{VERSE}\n\n- one\n- two") == "\n\n".join(
        ["ON KEYS", *prose, VERSE, "- one\n- two"]
    )


def test_wrapped_list_items_are_joined_to_their_item():
    text = (
        "- the first item of this list is so long that it was wrapped by an\n"
        "  editor, and its second line hangs under it\n"
        "- the second item is long as well, and so it was wrapped also by the\n  same editor in the same way"
    )
    assert unwrap(text).split("\n") == [
        "- the first item of this list is so long that it was wrapped by an editor, and its second line hangs under it",
        "- the second item is long as well, and so it was wrapped also by the same editor in the same way",
    ]


def test_a_word_broken_at_its_own_hyphen_gets_no_blank():
    text = "the old man had kept it for years in a box that was lined with well-\nknown newspapers, and he said no"
    assert "well-known newspapers" in unwrap(text)


def test_jeromes_essays_are_unwrapped_and_chestertons_are_not_touched(shared_corpora):
    for path in sorted((shared_corpora / "jerome" / "train").glob("*.txt"))[::6]:
        wrapped = path.read_text("utf-8")
        text, _ = clean(wrapped)
        short = [line for line in text.split("\n") if 55 < len(line) < 76 and line[-1].isalpha() and line[0] != " "]
        assert len(short) < 0.01 * wrapped.count("\n"), short
        assert text.split() == wrapped.split() or len(text.split()) > 0.99 * len(wrapped.split())
    for path in sorted((shared_corpora / "chesterton" / "train").glob("*.txt"))[::10]:
        assert clean(path.read_text("utf-8"))[0].split("\n\n") == path.read_text("utf-8").strip().split("\n\n")


# --- cautions


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("card 4111-1111-1111-1111", "a card number"),
        ("my password: hunter-2", "a password"),
        ("the wifi is correct-horse", "a password"),
        ("ring 01632 960123 or", "a phone number"),
        ("call +44 20 7946 0958 now", "a phone number"),
        ("call (555) 010-9999 now", "a phone number"),
        ("write to sam@example.org.", "an e-mail address"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a key"),
        ("api key = abcd1234efgh", "a key"),
        ("at 12 Made-up Lane,", "a postal address"),
        ("AB12 3CD", "a postal address"),
    ],
)
def test_secrets_are_found_and_masked(text, kind):
    assert kind in find_secrets(text)
    assert kind not in find_secrets(mask_secrets(text)) and len(mask_secrets(text)) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "In 1914-1918 there were 1,234,567 of them, 2021-03-04 at 10:11:12.",
        "I forgot my password again, and the key to the shed, and the secret of happiness.",
        "The order 1234 5678 9012 3456 is no card.",
        "Version 0.1.0 of 3.14159265358979 and ISBN 978-3-16-148410-0.",
    ],
)
def test_ordinary_numbers_are_no_secrets(text):
    assert find_secrets(text) == [] and mask_secrets(text) == text


def test_people_do_not_read_like_machines(shared_corpora):
    for name in ("chesterton", "jerome"):
        for path in sorted((shared_corpora / name / "train").glob("*.txt"))[::5]:
            assert not looks_machine_written(path.read_text("utf-8")) and not says_little(path.read_text("utf-8"))
