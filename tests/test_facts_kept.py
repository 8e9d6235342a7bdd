"""Facts as the judge counts them: the same number however it is spelt, names wherever they stand, negations by their count."""

import json
from pathlib import Path

import pytest

from vibejam.facts_kept import kept_facts, names, negations, numbers

ASSETS = Path(__file__).resolve().parents[1] / "assets"
ORDINARY = {"shop", "she", "maybe"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("forty-six years and 46 days", {"46": 2}),
        ("a thousand, two thousand, 2,000", {"1000": 1, "2000": 2}),
        ("two thousand three hundred and five", {"2305": 1}),
        ("three, four and five", {"3": 1, "4": 1, "5": 1}),
        ("five hundred thousand; a hundred and one", {"500000": 1, "101": 1}),
        ("two dozen, half of them twice", {"24": 1, "half": 1, "twice": 1}),
        ("the 3rd and the third, at 4.81 and 12:30", {"3th": 2, "4.81": 1, "12:30": 1}),
        ("hundreds of them, and one more", {"hundreds": 1}),
        ("someone alone, often attentive", {}),
    ],
)
def test_a_number_is_its_value(text, found):
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It isn't and cannot be, and never was.", 3),
        ("Neither he nor I can say.", 1),
        ("He did not, nor did she.", 2),
        ("Not only that but this.", 0),
        ("I know a notable knot.", 0),
        ("I don’t.", 1),
    ],
)
def test_negations_are_counted(text, count):
    assert negations(text) == count


def test_a_name_that_opens_a_sentence_is_told_from_an_ordinary_word():
    assert names("Dilys keeps the shop. Shop hours are long. I said to Len Cutmore so.", ORDINARY) == {"dilys", "len", "cutmore"}
    assert names("Nevertheless, it closed. “Maybe,” she said.", ORDINARY) == set()
    assert names("GitHub moved. It uses HTTP.", {"github"}) == {"github", "http"}


@pytest.mark.parametrize(
    ("rewrite", "lost"),
    [
        ("In 1968 Dilys paid Mr. Haddow 46 pounds and did not ask.", None),
        ("She'd paid Mr. Haddow, had Dilys, forty-six pounds in 1968. She didn't ask.", None),
        ("In 1968 Dilys paid Mr. Haddow and did not ask.", "numbers"),
        ("In 1968 Dilys paid Mr. Haddow forty-seven pounds and did not ask.", "numbers"),
        ("In 1968 Dilys paid Mr. Haddow forty-six pounds twice and did not ask.", "numbers"),
        ("In 1968 she paid Mr. Haddow forty-six pounds and did not ask.", "names"),
        ("In 1968 Dilys of Hull paid Mr. Haddow forty-six pounds and did not ask.", "names"),
        ("In 1968 Dilys paid Mr. Haddow forty-six pounds and did ask.", "negations"),
        ("In 1968 Dilys never paid Mr. Haddow forty-six pounds and did not ask.", "negations"),
    ],
)
def test_what_is_lost_or_invented_is_seen(rewrite, lost):
    kept = kept_facts("In 1968 Dilys paid Mr. Haddow forty-six pounds and did not ask.", rewrite, ORDINARY)
    assert {name for name, value in vars(kept).items() if not value} == ({lost} if lost else set())


def test_a_draft_keeps_all_its_own_facts_and_the_sample_passages_keep_theirs():
    rows = [json.loads(line) for line in (ASSETS / "sample-drafts.jsonl").read_text("utf-8").splitlines()]
    ordinary = {word for row in rows for word in row["draft"].split() if word.islower()}
    for row in rows:
        assert all(vars(kept_facts(row["draft"], row["draft"])).values())
    kept = [kept_facts(row["draft"], row["original"], ordinary) for row in rows]
    assert all(facts.numbers and facts.negations for facts in kept)
