"""Text to ids and back: nothing is lost, nothing typed is a control token, a stream says what `decode` says."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from writing import essay

from vibejam import tokenizer as module
from vibejam.tokenizer import (
    BPE_FROM,
    DOC_END,
    MAX_CHARACTERS,
    BPETokenizer,
    CharTokenizer,
    Tokenizer,
    train_tokenizer,
    vocab_size_for,
)

TEXTS = [essay(n) + " Straße, 😀 naïve!" for n in range(6)]
CHAR = CharTokenizer.train(TEXTS)
BPE = BPETokenizer.train(TEXTS, 400)
BOTH = pytest.mark.parametrize("tokenizer", [CHAR, BPE], ids=["char", "bpe"])
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.lists(
    st.sampled_from(
        [DOC_END, "<0x41>", "<0x", "\x00", "\r\n", "  ", "Ġ", "\ufffd", "👩‍👩‍👧", "e\u0301", "\u2028", "gate", "'s"]
    )
).map("".join)


@BOTH
@settings(deadline=None, max_examples=200)
@given(text=ANY_TEXT)
def test_any_text_comes_back_exactly(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.doc_end not in ids
    assert all(0 <= i < tokenizer.vocab_size for i in ids)


@BOTH
def test_characters_never_seen_are_spelt_in_bytes(tokenizer):
    text = "漢字 Ω \x00\x07 🦊"
    assert tokenizer.decode(tokenizer.encode(text)) == text


@BOTH
def test_half_a_surrogate_pair_is_read_as_the_replacement_mark(tokenizer):
    assert tokenizer.decode(tokenizer.encode("a\ud83db")) == "a\ufffdb"
    assert tokenizer.decode(tokenizer.encode("a\ud83d\ude00b")) == "a😀b", (
        "two halves that belong together are one character"
    )


@pytest.mark.parametrize(
    "train", [CharTokenizer.train, lambda texts: BPETokenizer.train(texts, 500)], ids=["char", "bpe"]
)
def test_a_typed_document_end_is_ordinary_text_even_where_the_writing_is_full_of_it(train):
    tokenizer = train([(DOC_END + " the gate ") * 200])
    ids = tokenizer.encode(f"a{DOC_END}b{DOC_END}")
    assert tokenizer.doc_end not in ids
    assert tokenizer.decode(ids) == f"a{DOC_END}b{DOC_END}"
    assert tokenizer.decode([tokenizer.doc_end]) == DOC_END, "the real one shows its name"


@BOTH
def test_a_saved_tokenizer_is_the_same_one(tokenizer):
    again = Tokenizer.from_json(tokenizer.to_json())
    text = TEXTS[2] + f" 漢 {DOC_END}"
    assert again.fingerprint == tokenizer.fingerprint and again.to_json() == tokenizer.to_json()
    assert again.encode(text) == tokenizer.encode(text)
    assert (again.kind, again.vocab_size, again.doc_end) == (tokenizer.kind, tokenizer.vocab_size, tokenizer.doc_end)


def test_the_fingerprint_is_of_the_file_so_that_another_spelling_of_the_library_does_not_change_it():
    spelt_otherwise = CHAR.to_json() + "\n "
    again = Tokenizer.from_json(spelt_otherwise)
    assert again.to_json() == spelt_otherwise and again.fingerprint != CHAR.fingerprint
    assert again.encode("the gate") == CHAR.encode("the gate")


def test_different_tokenizers_have_different_fingerprints():
    assert len({CHAR.fingerprint, BPE.fingerprint, CharTokenizer.train(["abc"]).fingerprint}) == 3


def test_training_twice_gives_the_same_tokenizer():
    assert BPETokenizer.train(TEXTS, 400).fingerprint == BPE.fingerprint
    assert CharTokenizer.train(TEXTS).fingerprint == CHAR.fingerprint


@BOTH
@settings(deadline=None, max_examples=200)
@given(dice=st.integers(0, 2**32), length=st.integers(0, 30))
def test_a_stream_of_any_ids_says_what_decode_says(tokenizer, dice, length):
    dice = random.Random(dice)
    some_bytes = tokenizer.encode("é€😀\ufffd") + [
        tokenizer.doc_end
    ]  # whole characters, halves and orphans in any mixture
    ids = [
        dice.choice(some_bytes) if dice.random() < 0.7 else dice.randrange(tokenizer.vocab_size) for _ in range(length)
    ]
    stream = tokenizer.stream()
    assert "".join(map(stream.push, ids)) + stream.finish() == tokenizer.decode(ids)


@BOTH
def test_a_stray_byte_after_an_accented_letter_does_not_take_the_letter_back(tokenizer):
    accented = tokenizer.encode("漢")  # spelt in bytes by both
    ids = [*accented, accented[0], *tokenizer.encode("A")]
    stream = tokenizer.stream()
    assert "".join(map(stream.push, ids)) + stream.finish() == "漢\ufffdA" == tokenizer.decode(ids)


@BOTH
def test_a_stream_gives_characters_as_soon_as_they_are_whole_and_half_an_emoji_at_the_end_is_marked(tokenizer):
    ids = tokenizer.encode("a🦊")
    stream = tokenizer.stream()
    assert stream.push(ids[0]) == "a"
    assert [stream.push(i) for i in ids[1:-1]] == [""] * (len(ids) - 2)
    assert set(stream.finish()) == {"\ufffd"}
    stream = tokenizer.stream()
    assert "".join(map(stream.push, ids)) == "a🦊" and stream.finish() == ""


@BOTH
def test_an_id_beyond_the_vocabulary_adds_nothing(tokenizer):
    assert tokenizer.decode([tokenizer.vocab_size + 7, *tokenizer.encode("a")]) == "a"
    assert tokenizer.stream().push(10**9) == ""


def test_a_vocabulary_stays_bounded_on_five_thousand_different_characters():
    text = "".join(chr(0x4E00 + n) for n in range(5000)) + "the gate " * 50
    tokenizer = CharTokenizer.train([text])
    assert tokenizer.vocab_size == 256 + 1 + MAX_CHARACTERS
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode("gate")) == 4, "the frequent ones have a token of their own"
    assert BPETokenizer.train([text], 600).vocab_size <= 600


SPACED = "The gate      was open \n\n\n\t and   the dog's\r\n  12 345 ...   \n\n out. " * 12
LEARNT_SPACES = BPETokenizer.train([SPACED], 400)  # pieces of several spaces, which a careless cut would split


@pytest.mark.parametrize("at_once", range(24, 60, 3))
def test_long_text_in_pieces_gives_the_ids_that_one_piece_gives(monkeypatch, at_once):
    texts = [SPACED, essay(3), "漢字 かな\n" * 30]
    whole = [(t, text, t.encode(text)) for t in (CHAR, BPE, LEARNT_SPACES) for text in texts]
    monkeypatch.setattr(module, "ENCODE_AT_ONCE", at_once)
    for tokenizer, text, ids in whole:
        pieces = list(module._pieces(text))
        assert "".join(pieces) == text and max(map(len, pieces)) <= at_once < len(text)
        assert tokenizer.encode(text) == ids


@pytest.mark.parametrize("text", ["no" * 80 + " " * 80 + "end", "x" * 99])
def test_long_text_without_a_place_to_cut_is_cut_all_the_same_and_comes_back(monkeypatch, text):
    whole = CHAR.encode(text)
    monkeypatch.setattr(module, "ENCODE_AT_ONCE", 7)
    assert max(map(len, module._pieces(text))) <= 7
    assert CHAR.encode(text) == whole and BPE.decode(BPE.encode(text)) == text


def test_auto_takes_characters_for_little_text_and_pieces_for_more():
    assert train_tokenizer(["the gate"]).kind == "char"
    assert train_tokenizer(["the gate"], vocab_size=300).kind == "bpe"
    assert train_tokenizer(["the gate"], "bpe").kind == "bpe"
    assert train_tokenizer(["the gate " * (BPE_FROM // 9 + 1)], "char").kind == "char"
    assert train_tokenizer([essay(1) * (BPE_FROM // len(essay(1)) + 1)]).kind == "bpe"
    assert vocab_size_for(10**6) < vocab_size_for(10**7)


def test_a_bpe_vocabulary_too_small_for_the_bytes_is_refused():
    with pytest.raises(ValueError, match="300"):
        BPETokenizer.train(TEXTS, 256)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "[" * 100_000, '{"version": "1.0"}', "\x80\x02cposix\nsystem\n"]
)
def test_something_else_than_a_tokenizer_file_is_refused(text):
    with pytest.raises(ValueError):
        Tokenizer.from_json(text)


def test_a_tokenizer_without_the_document_end_or_of_another_kind_is_refused():
    from tokenizers import Tokenizer as HFTokenizer
    from tokenizers import models

    with pytest.raises(ValueError, match="doc_end"):
        Tokenizer.from_json(CHAR.to_json().replace(DOC_END, "<|other|>"))
    words = HFTokenizer(models.WordLevel({DOC_END: 0, "gate": 1}, unk_token=DOC_END))
    with pytest.raises(ValueError, match="kind"):
        Tokenizer.from_json(words.to_str())
