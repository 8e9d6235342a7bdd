"""The judge's classifiers: what they may learn from, what they may see, and that they can tell."""

import json
from pathlib import Path

import pytest

from vibejam.authorship import LONG, SHORT, Authorship, masked, passages_of, runs_of, split_passages
from vibejam.corpus import load_corpus
from vibejam.errors import UserError
from vibejam.voice import background_drafts

ASSETS = Path(__file__).resolve().parents[1] / "assets"
ROWS = [json.loads(line) for line in (ASSETS / "sample-drafts.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def corpus():
    return load_corpus(ASSETS / "sample")


def test_passages_are_as_long_as_drafts_and_lose_nothing_that_is_long_enough():
    text = "\n\n".join(f"Short line number {number}." for number in range(40)) + "\n\n" + "A sentence of five words. " * 60
    passages = passages_of(text)
    assert all(SHORT <= len(passage.split()) <= LONG for passage in passages)
    assert len(" ".join(passages).split()) > len(text.split()) - SHORT


def test_no_document_stands_on_both_sides_and_nothing_judged_is_learnt(corpus):
    originals = [row["original"] for row in ROWS]
    passages = split_passages(corpus, originals)
    assert runs_of(passages.known).isdisjoint(runs_of(passages.unseen))
    assert runs_of(passages.known).isdisjoint(runs_of(originals))
    home = {}
    for document in corpus.documents:
        home |= {passage: document.source for passage in passages_of(document.text)}
    assert {home[passage] for passage in passages.known}.isdisjoint({home[passage] for passage in passages.unseen})


def test_masking_leaves_manner_and_takes_matter():
    assert masked("Haddow's biscuits weren't weighed slowly; 46 of them.") == "X's xs weren't xed xly; 0 of them."
    assert masked("The baker sold bread.") == masked("The miner held stone.")


def test_the_two_tell_unseen_passages_from_unseen_drafts(corpus):
    judged = [row["draft"] for row in ROWS]
    passages = split_passages(corpus, [row["original"] for row in ROWS])
    others = [draft for draft in background_drafts() if draft not in judged][:150]
    authorship = Authorship(passages.known, others)
    own, drafts = authorship.probabilities(passages.unseen), authorship.probabilities(judged)
    assert own.shape == (len(passages.unseen), 2)
    assert (own.mean(0) > drafts.mean(0) + 0.2).all()


def test_how_a_file_was_typed_does_not_matter(corpus):
    passages = split_passages(corpus)
    authorship = Authorship(passages.known, background_drafts()[:60])
    typed, set_in_type = authorship.probabilities(["I can't -- \"so\" they say.", "I can’t — “so” they  say."])
    assert typed == pytest.approx(set_in_type)


def test_too_little_on_either_side_is_said(corpus, tmp_path):
    (tmp_path / "note.txt").write_text("A short note. " * 30)
    with pytest.raises(UserError, match="several files"):
        split_passages(load_corpus(tmp_path))
    with pytest.raises(UserError, match="at least"):
        Authorship(split_passages(corpus).known, ["one draft"])
