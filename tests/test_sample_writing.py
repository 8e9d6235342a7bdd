"""The sample writing is what assets/SAMPLE.md says: enough of it, one voice, nothing twice, drafts that keep the facts.

Leaves out whether a model learns it (that is a training test's business) and whether it is any good (a reader's).
"""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ASSETS = Path(__file__).resolve().parents[1] / "assets"
PIECES = sorted((ASSETS / "sample").glob("*.txt"))
DRAFTS = [json.loads(line) for line in (ASSETS / "sample-drafts.jsonl").read_text("utf-8").splitlines()]

NUMBER_WORDS = set(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand "
    "half third quarter quarters fifth eighths tenth tenths twice".split()
)  # "one" is left out: it is a pronoun more often than a number
NEGATION = re.compile(r"\b(?:not|never|no|none|nobody|nothing|neither|nor|cannot|without)\b|n't\b", re.IGNORECASE)


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:[.,'][^\W_]+)*", text.lower())


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + length]) for i in range(len(found) - length + 1)}


def numbers(text: str) -> Counter[str]:
    bare = (word.split("'")[0] for word in words(text))
    return Counter(word for word in bare if word in NUMBER_WORDS or any(character.isdigit() for character in word))


def body(piece: Path) -> str:
    return piece.read_bytes().decode("utf-8").split("\n", 2)[2]


def test_there_is_enough_to_learn_from():
    assert 60 <= len(PIECES) <= 100
    assert sum(len(piece.read_bytes()) for piece in PIECES) >= 90_000


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.stem)
def test_a_piece_is_a_title_a_blank_line_and_paragraphs_of_one_line(piece):
    text = piece.read_bytes().decode("utf-8")  # raises if it is not UTF-8
    assert re.fullmatch(r"\d\d-[a-z0-9-]+\.txt", piece.name)
    assert re.fullmatch(r"\S[^\n]*\n(?:\n\S[^\n]*\n)+", text)
    assert text == "\n".join(line.rstrip() for line in text.split("\n")) and "  " not in text


def test_no_two_pieces_share_a_title():
    titles = Counter(piece.read_text("utf-8").split("\n", 1)[0].casefold() for piece in PIECES)
    assert max(titles.values()) == 1


def test_no_passage_stands_in_two_pieces():
    where = defaultdict(set)
    for piece in PIECES:
        for run in runs(body(piece), 8):
            where[run].add(piece.name)
    assert {" ".join(run): names for run, names in where.items() if len(names) > 1} == {}


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.stem)
def test_the_voice_keeps_its_own_rules(piece):
    """The marks that SAMPLE.md says the narrator never makes, and the contractions that she always does."""
    text = body(piece)
    assert not re.search(r"[;!–—\"“”‘’]", text)
    assert not re.search(r"\b(?:do|does|did|is|was|were|would|could|had|has|have) not\b", text)
    assert len(re.findall(r"\w'(?:d|s|t|ve|ll|re|m)\b", text)) >= len(words(text)) / 50


def test_there_are_sixty_drafts_from_many_pieces():
    assert len(DRAFTS) == 60
    assert all(set(row) == {"id", "source", "original", "draft"} for row in DRAFTS)
    assert len({row["id"] for row in DRAFTS}) == len({row["original"] for row in DRAFTS}) == 60
    assert len({row["source"] for row in DRAFTS}) >= 45


@pytest.mark.parametrize("row", DRAFTS, ids=lambda row: row["id"])
def test_a_draft_says_what_its_passage_says_in_other_words(row):
    original, draft = row["original"], row["draft"]
    paragraphs = (ASSETS / "sample" / row["source"]).read_text("utf-8").split("\n")
    assert any(re.search(rf"(?:^|[.?)] ){re.escape(original)}(?= |$)", line) for line in paragraphs), "whole sentences"
    assert 30 <= len(original.split()) <= 110
    assert numbers(draft) == numbers(original)
    assert len(NEGATION.findall(draft)) == len(NEGATION.findall(original))
    assert not runs(original, 7) & runs(draft, 7), "more than six words running are copied"
    names = set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]+\b", original))  # a capital inside a sentence
    assert {name for name in names if not re.search(rf"\b{name}\b", draft)} == set()


def test_a_draft_has_none_of_the_manner():
    for row in DRAFTS:
        assert not re.search(r"[;:()–—!]|\w'(?:d|t|ve|ll|re|m)\b", row["draft"]), row["id"]
