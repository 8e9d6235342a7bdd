"""The folder of nasty drafts: each comes back as its table says, or is left alone and says so."""

import re
from pathlib import Path

import pytest
from test_rewriting import lively, plain

from vibejam.errors import UserError
from vibejam.rewrite import Rewrite, rewrite_text
from vibejam.rewrite.manner import learn_manner
from vibejam.rewrite.proposers import EditsProposer

DRAFTS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "nasty" / "drafts"
pytestmark = pytest.mark.skipif(not DRAFTS.is_dir(), reason=f"the nasty drafts are not at {DRAFTS}")
DIGITS = re.compile(r"\d+")


@pytest.fixture(scope="module")
def rewritten():
    manner = learn_manner([lively(n) for n in range(6)], [plain(n) for n in range(6)], [])

    def rewrite(name: str) -> Rewrite:
        draft = (DRAFTS / name).read_bytes().decode("utf-8")
        return rewrite_text(draft, manner, [EditsProposer(manner)])

    return rewrite


@pytest.mark.parametrize("name", ["empty.txt", "whitespace.txt"])
def test_nothing_is_made_of_nothing(rewritten, name):
    with pytest.raises(UserError, match="nothing to rewrite"):
        rewritten(name)


@pytest.mark.parametrize("name", ["one-word.txt", "heading-only.md", "cjk.txt", "other-language.txt"])
def test_what_can_not_be_said_otherwise_stays_and_says_why(rewritten, name):
    rewrite = rewritten(name)
    assert rewrite.kept_as_is and (rewrite.note or rewrite.choices)


@pytest.mark.parametrize("name", ["numbers-and-names.txt", "negations.txt", "prompt-injection.txt", "special-tokens.txt"])
def test_numbers_and_negations_survive(rewritten, name):
    rewrite = rewritten(name)
    negation = re.compile(r"\b(?:not|never|nobody|no|nothing|cannot|without)\b|n['’]t\b", re.IGNORECASE)
    assert DIGITS.findall(rewrite.text) == DIGITS.findall(rewrite.draft)
    assert len(negation.findall(rewrite.text)) == len(negation.findall(rewrite.draft))


def test_code_table_and_list_come_back_byte_for_byte(rewritten):
    rewrite = rewritten("code-table-list.md")
    fixed = [line for line in rewrite.draft.splitlines() if line.startswith(("|", "```", "    ")) or "://" in line]
    code = re.findall(r"```.*?```", rewrite.draft, re.DOTALL)
    assert fixed and code
    assert all(part in rewrite.text for part in [*fixed, *code, *re.findall(r"https?://\S+", rewrite.draft)])
    assert re.findall(r"^\s*(?:\d+\.|[-*]) ", rewrite.text, re.M) == re.findall(r"^\s*(?:\d+\.|[-*]) ", rewrite.draft, re.M)


def test_unknown_characters_are_never_dropped(rewritten):
    rewrite = rewritten("unknown-characters.txt")
    assert [c for c in rewrite.text if c in "℃⅔🧣π∞"] == [c for c in rewrite.draft if c in "℃⅔🧣π∞"]


def test_literal_tokens_neither_stop_nor_vanish(rewritten):
    rewrite = rewritten("special-tokens.txt")
    tokens = re.findall(r"<\|[^|]*\|>|</s>|\[/?INST\]", rewrite.draft)
    assert tokens and re.findall(r"<\|[^|]*\|>|</s>|\[/?INST\]", rewrite.text) == tokens


def test_a_sentence_of_four_thousand_characters_comes_back_whole(rewritten):
    rewrite = rewritten("one-long-sentence.txt")
    assert len(rewrite.text) > 0.9 * len(rewrite.draft) and rewrite.done == 1


def test_all_paragraphs_of_a_long_draft_come_back_in_order_with_their_numbers(rewritten):
    rewrite = rewritten("long-draft.txt")
    before, after = rewrite.draft.split("\n\n"), rewrite.text.split("\n\n")
    assert len(before) == len(after) > 100
    assert [DIGITS.findall(paragraph) for paragraph in after] == [DIGITS.findall(paragraph) for paragraph in before]


def test_a_byte_order_mark_goes_and_line_breaks_stay(rewritten):
    rewrite = rewritten("crlf-bom.txt")
    assert not rewrite.text.startswith("\ufeff") and rewrite.text.count("\r\n") == rewrite.draft.count("\r\n") > 0
    assert "Kind regards" in rewrite.text


def test_every_draft_of_the_folder_is_spoken_of_here():
    text = Path(__file__).read_text(encoding="utf-8") + "already-in-voice.txt harmful-request.txt"  # restyled like any other
    assert {path.name for path in DRAFTS.iterdir()} <= set(re.findall(r"[\w-]+\.(?:txt|md)", text))
