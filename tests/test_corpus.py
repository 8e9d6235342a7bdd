"""A corpus holds each text once, splits by whole documents, comes back from its file, and says what is missing."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vibejam.corpus import (
    MIN_CHARACTERS,
    Corpus,
    build_corpus,
    check_trainable,
    enough,
    load_corpus,
    save_corpus,
    split_corpus,
    without_overlap,
)
from vibejam.errors import UserError
from vibejam.readers import Document, Skipped
from vibejam.reading.duplicates import find_duplicates

WORDS = (
    "the shed key nail coat red paint neighbour saturday rain and but so because never always tidy pocket tea".split()
)


def sentence(draw: random.Random) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(draw.randint(5, 14))).capitalize() + "."


def essay(seed: int, sentences: int = 30) -> str:
    draw = random.Random(seed)
    return "\n\n".join(" ".join(sentence(draw) for _ in range(6)) for _ in range(max(1, sentences // 6)))


def corpus_of(*texts: str) -> Corpus:
    return build_corpus(Document(f"{number}.txt", text, "UTF-8") for number, text in enumerate(texts))


# --- building


def test_counts_skips_and_warnings():
    results = [
        Document("a.txt", "Déjà vu\r\n", "UTF-8", ("odd",)),
        Skipped("b.png", "a picture"),
        Document("c.txt", "\u200b", "UTF-8"),
    ]
    corpus = build_corpus(results)
    assert [document.text for document in corpus.documents] == ["Déjà vu"]
    assert (corpus.characters, corpus.words, corpus.bytes) == (7, 2, 9)
    assert corpus.skipped == (Skipped("b.png", "a picture"), Skipped("c.txt", "empty"))
    assert corpus.warnings == ("a.txt: odd",)


def test_equal_texts_count_once_and_name_the_first():
    corpus = corpus_of(essay(1), essay(2), essay(1) + "\n")
    assert [document.source for document in corpus.documents] == ["0.txt", "1.txt"]
    assert [(copy.source, copy.of, copy.kind) for copy in corpus.duplicates] == [("2.txt", "0.txt", "exact")]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("tea", "beer"),
        lambda text: text[: len(text) * 2 // 3],
        lambda text: text.upper().replace(".", "!"),
        lambda text: text + "\n\n" + essay(99, 6),
        lambda text: "\n\n".join(reversed(text.split("\n\n"))),
        lambda text: essay(7) + "\n\n" + text + "\n\n" + essay(8),
    ],
)
def test_a_changed_copy_counts_once_and_the_longer_stays(change):
    text, other = essay(1), change(essay(1))
    for pair in ((text, other), (other, text)):
        corpus = corpus_of(*pair, essay(2))
        (copy,) = corpus.duplicates
        assert copy.kind == "near" and {copy.source, copy.of} == {"0.txt", "1.txt"}
        assert max(map(len, pair)) == len(corpus.documents[0].text) or pair[0] == corpus.documents[0].text


def test_different_texts_by_one_person_are_no_duplicates(shared_corpora):
    for name in ("chesterton", "jerome"):
        assert load_corpus(shared_corpora / name / "train").duplicates == ()
    assert corpus_of("Thanks, see you on Tuesday!", "Thanks, see you on Monday!").duplicates == ()


def test_copies_of_copies_name_a_text_that_is_kept():
    base = essay(1)
    texts = [base, base.replace("tea", "ale"), base.replace("tea", "ale"), base + " More."]
    copies = find_duplicates(texts)
    assert set(copies) == {0, 1, 2} and {of for of, _ in copies.values()} == {3}


def test_large_collections_are_compared_by_a_sample(monkeypatch):
    texts = [essay(seed) for seed in range(60)]
    texts += [text.replace("tea", "beer", 2) for text in texts[:10]]
    monkeypatch.setattr("vibejam.reading.duplicates._INDEXED", sum(map(len, texts)) // 6 // 2)
    assert len(find_duplicates(texts)) == 10


# --- splitting


def many(number: int) -> Corpus:
    return corpus_of(*(essay(seed, 12) for seed in range(number)))


def test_whole_documents_about_a_tenth_and_none_on_both_sides():
    corpus = many(200)
    train, held = split_corpus(corpus)
    assert sorted(train + held) == sorted(document.text for document in corpus.documents)
    assert not set(train) & set(held)
    assert 0.05 < sum(map(len, held)) / corpus.characters < 0.2
    assert split_corpus(corpus) == (train, held)
    assert split_corpus(corpus, seed=2)[1] != held
    assert 0.2 < sum(map(len, split_corpus(corpus, 0.3)[1])) / corpus.characters < 0.4


def test_a_new_document_moves_no_other_one():
    documents = many(201).documents
    _, before = split_corpus(Corpus(documents[:200]))
    for more in (documents, documents[::-1]):
        _, after = split_corpus(Corpus(tuple(more)))
        assert set(after) - {documents[200].text} == set(before)


@pytest.mark.parametrize("number", [2, 3, 4, 5, 8, 12, 30])
def test_few_documents_leave_something_on_each_side(number):
    for seed in range(20):
        train, held = split_corpus(many(number), seed=seed)
        assert train and held and len(train) + len(held) == number
        assert sum(map(len, held)) <= max(0.25 * sum(map(len, train + held)), max(map(len, held)))
        assert sum(map(len, held)) < sum(map(len, train)) * (1.1 if number == 2 else 0.6)


@pytest.mark.parametrize("others", [0, 1])
def test_one_long_document_is_split_at_its_tail(others):
    long = essay(1, 600)
    corpus = corpus_of(*[essay(9, 12)] * others, long)
    train, (tail,) = split_corpus(corpus)
    assert len(train) == others + 1 and long == f"{train[-1]}\n\n{tail}"
    assert 0.08 < len(tail) / corpus.characters < 0.12


@pytest.mark.parametrize(
    "long", [" ".join(sentence(random.Random(seed)) for seed in range(100)), "word " * 999 + "end", "x" * 3000]
)
def test_a_long_document_without_paragraphs_is_split_too(long):
    (head,), (tail,) = split_corpus(Corpus((Document("a", long, "UTF-8"),)))
    assert (head + " " + tail == long or head + tail == long) and 0.04 < len(tail) / len(long) < 0.16
    if "." in long:
        assert head.endswith(".")


def test_too_little_for_a_validation_side():
    for corpus in (corpus_of("Hi."), corpus_of("Some words. " * 20), Corpus(())):
        assert split_corpus(corpus) == ([document.text for document in corpus.documents], [])
    assert split_corpus(many(10), val_fraction=0)[1] == []


def test_training_text_that_overlaps_a_held_one_is_dropped():
    train = corpus_of(essay(1), essay(2), essay(3), essay(4), essay(5) + "\n\n" + essay(6, 120))
    held = corpus_of(essay(1), essay(2).replace("tea", "beer"), essay(3) + "\n\n" + essay(8), essay(5))
    kept, dropped = without_overlap(train, held)
    assert [document.source for document in kept.documents] == ["3.txt"]
    assert [(drop.source, drop.of, drop.kind) for drop in dropped] == [
        ("0.txt", "0.txt", "exact"), ("1.txt", "1.txt", "near"), ("2.txt", "2.txt", "near"), ("4.txt", "3.txt", "near")
    ]  # fmt: skip
    assert without_overlap(train, corpus_of(essay(50)))[0] == train


# --- on disk


def test_a_saved_corpus_comes_back(tmp_path):
    corpus = corpus_of(essay(1), "Déjà vu — “so”.\n\nYes.", "<|doc_end|> is no end", "A line\nanother\n\n- item")
    save_corpus(corpus, tmp_path / "corpus.txt")
    text = (tmp_path / "corpus.txt").read_bytes().decode("utf-8")
    assert text.count("\n\x1e\n") == 3 and text.endswith("- item\n") and "\r" not in text
    loaded = load_corpus(tmp_path / "corpus.txt")
    assert [document.text for document in loaded.documents] == [document.text for document in corpus.documents]
    assert [document.source for document in loaded.documents][:2] == [
        "corpus.txt, document 1",
        "corpus.txt, document 2",
    ]
    assert split_corpus(loaded) == split_corpus(corpus)


def test_a_separator_typed_by_a_person_never_ends_a_document(tmp_path):
    corpus = corpus_of("before\x1eafter", essay(1))
    save_corpus(corpus, tmp_path / "corpus.txt")
    assert [document.text for document in load_corpus(tmp_path / "corpus.txt").documents] == ["beforeafter", essay(1)]


PIECES = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            [
                "\n",
                "\n\n",
                "\x1e",
                "\n\x1e\n",
                "\r\n",
                "â€™",
                "e\u0301",
                "- ",
                "> ",
                "\ufeff",
                "\x00",
                "{",
                "[",
                "%PDF-",
                "PK\x03\x04",
                "GIF8",
                "{\\rtf1",
            ]
        ),
        st.sampled_from(
            ["a line of words that is about as long as a wrapped line would be", "goes on here", "Sam: hello"]
        ),
    ),
    max_size=25,
).map("".join)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(PIECES, min_size=1, max_size=5))
def test_any_corpus_comes_back(tmp_path, texts):
    corpus = corpus_of(*texts)
    readable = [document.text for document in corpus.documents if any(map(str.isalnum, document.text))]
    save_corpus(corpus, tmp_path / "corpus.txt")
    if readable:
        assert [document.text for document in load_corpus(tmp_path / "corpus.txt").documents] == readable
    else:
        with pytest.raises(UserError):
            load_corpus(tmp_path / "corpus.txt")


def test_nothing_readable_is_said(tmp_path):
    with pytest.raises(UserError, match=r"^No text found in \S+ \(it is empty\); add"):
        load_corpus(tmp_path)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (tmp_path / "b.txt").write_bytes(b"")
    with pytest.raises(UserError, match=r"skipped a.png: a picture and 1 more"):
        load_corpus(tmp_path)


# --- enough?


def test_the_meter_rises_and_says_what_to_add():
    levels = [
        enough(characters)[0] for characters in (0, MIN_CHARACTERS - 1, MIN_CHARACTERS, 30_000, 300_000, 3_000_000)
    ]
    assert levels == ["too little", "too little", "thin", "fair", "good", "plenty"]
    for characters in (0, 1, 199, 200, 19_999, 20_000, 10**9):
        sentence = enough(characters)[1]
        assert sentence.endswith(".") and sentence.count("\n") == 0
    assert "200" in enough(0)[1] and "add" in enough(5_000)[1]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "no text"),
        (["Hi."], "There are 3 characters"),
        (["a" * 200_000], "nothing to learn"),
        (["ab " * 5_000], "nothing to learn"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(texts, said):
    with pytest.raises(UserError, match=said) as error:
        check_trainable(corpus_of(*texts))
    assert "add" in str(error.value) and "\n" not in str(error.value)


def test_a_short_real_text_can_be_trained():
    check_trainable(corpus_of(essay(1, 6)))
