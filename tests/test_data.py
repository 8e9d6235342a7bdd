"""Batches: every token once an epoch, the same with the same seed, and going on from where one stood."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from writing import essay

from vibejam.data import CharDataset, TokenDataset, byte_count, join
from vibejam.errors import UserError
from vibejam.tokenizer import CharTokenizer

TEXTS = [essay(n, paragraphs=2) for n in range(5)]
HELD_OUT = (essay(9),)
CHAR = CharTokenizer.train(TEXTS)


def dataset(train=TEXTS, val=HELD_OUT, block=16, seed=1):
    return TokenDataset(CHAR, list(train), list(val), block, seed)


def epoch_of(data):
    """All windows of the epoch that the dataset is at the beginning of: [(x, y)] of (T,) each."""
    count, windows = data.train_tokens // data.block_size, []
    for _ in range(count):
        x, y = data.get_batch("train", 1)
        windows.append((x[0], y[0]))
    return windows


@settings(deadline=None, max_examples=60)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6), block=st.integers(2, 30), seed=st.integers(0, 99))
def test_an_epoch_reads_every_token_once_but_for_the_last_part_of_a_window(lengths, block, seed):
    """No character stands in the text twice, so that the tokens tell which places were read."""
    letters = iter(range(0x4E00, 0x5000))
    texts = ["".join(chr(next(letters)) for _ in range(n)) for n in lengths]
    total = sum(lengths) + len(lengths)
    tokenizer = CharTokenizer.train(texts)
    if total <= block + 1:
        with pytest.raises(UserError):
            TokenDataset(tokenizer, texts, [], block, seed)
        return
    data = TokenDataset(tokenizer, texts, [], block, seed)
    after = {}  # what follows each character; a document's end where it is the last of its text
    for text in texts:
        ids = tokenizer.encode(text)
        after |= dict(zip(ids, [*ids[1:], tokenizer.doc_end], strict=True))
    for epoch in range(3):
        windows = epoch_of(data)
        assert data.epoch == epoch and len(windows) == total // block
        targets = torch.cat([y for _, y in windows]).tolist()
        characters = [token for token in targets if token != tokenizer.doc_end]
        assert len(set(characters)) == len(characters), "no character is learnt twice"
        assert total - len(targets) < block and targets.count(tokenizer.doc_end) <= len(lengths)
        for x, y in windows:
            assert torch.equal(x[1:], y[:-1])
            for token, following in zip(x.tolist(), y.tolist(), strict=True):
                assert token == tokenizer.doc_end or following == after[token], "a window is the text as it stands"


def test_no_place_of_a_text_is_left_out_for_long():
    """Of a text of one and a half windows, its first and last words too."""
    text = "".join(chr(0x4E00 + n) for n in range(59))
    data = TokenDataset(CharTokenizer.train([text]), [text], [], 40)
    seen = {token for _ in range(20) for _, y in epoch_of(data) for token in y.tolist()}
    assert len(seen) == 60


def test_each_epoch_reads_in_another_order_with_another_cut():
    data = dataset()
    first, second = ({tuple(x.tolist()) for x, _ in epoch_of(data)} for _ in range(2))
    assert first != second and len(first) > 20


def test_documents_begin_with_the_end_of_the_one_before():
    ids = join(["ab", "", "c"], CHAR)
    assert ids.tolist() == [CHAR.doc_end, *CHAR.encode("ab"), CHAR.doc_end, CHAR.doc_end, *CHAR.encode("c")]
    assert ids.dtype == torch.long and join([], CHAR).shape == (0,)


def test_a_typed_document_end_does_not_end_a_document():
    assert (join(["one <|doc_end|> two"], CHAR) == CHAR.doc_end).sum() == 1


def test_two_datasets_with_the_same_seed_agree_and_with_another_differ():
    one, two, other = dataset(), dataset(), dataset(seed=2)
    for _ in range(30):  # over an epoch's end
        a, b, c = (d.get_batch("train", 8) for d in (one, two, other))
        assert torch.equal(a[0], b[0]) and torch.equal(a[1], b[1])
    assert not torch.equal(a[0], c[0]) and one.epoch >= 1


@pytest.mark.parametrize("batches", [0, 1, 7, 40])
def test_a_restored_dataset_goes_on_with_the_same_batches(batches):
    data, again = dataset(), dataset()
    for _ in range(batches):
        data.get_batch("train", 3)
    again.restore(data.state())
    for _ in range(20):
        assert torch.equal(data.get_batch("train", 3)[0], again.get_batch("train", 3)[0])


def test_measuring_does_not_move_the_training_batches():
    data, undisturbed = dataset(), dataset()
    for _ in range(5):
        data.get_batch("val", 4)
        assert torch.equal(data.get_batch("train", 2)[0], undisturbed.get_batch("train", 2)[0])


def test_batches_have_their_shapes_and_the_next_token_as_target():
    data = dataset()
    for split in ("train", "val"):
        x, y = data.get_batch(split, 3)
        assert x.shape == y.shape == (3, 16) and x.dtype == torch.long
        assert torch.equal(x[:, 1:], y[:, :-1]) and x.is_contiguous() and y.is_contiguous()


def test_training_and_held_out_text_are_never_mixed():
    data = TokenDataset(CharTokenizer.train(["ab"]), ["a" * 99, "a" * 99], ["b" * 99], 8)
    of = {c: data.tokenizer.encode(c)[0] for c in "ab"}
    for _ in range(30):
        assert of["b"] not in data.get_batch("train", 4)[0] and of["a"] not in data.get_batch("val", 4)[0]


@pytest.mark.parametrize("length, fits", [(16, False), (17, True), (18, True), (40, True)])
def test_a_text_too_short_for_a_window_is_refused_in_a_sentence(length, fits):
    """With the end-of-document token, 17 characters are 18 tokens, and a window of 16 needs one more than 17."""
    if fits:
        assert dataset(["a" * length]).get_batch("train", 2)[0].shape == (2, 16)
        return
    with pytest.raises(UserError, match=f"{length + 1} tokens and a window needs 18") as refusal:
        dataset(["a" * length])
    assert "add more writing" in str(refusal.value)
    with pytest.raises(UserError):
        dataset([])


@pytest.mark.parametrize("val, has", [([], False), (["a" * 15], False), (["a" * 16], True), ([""] * 50, False)])
def test_held_out_text_is_measured_on_from_one_whole_window_on(val, has):
    data = dataset(val=val)
    assert data.has_val is has
    if has:
        assert data.get_batch("val", 5)[0].shape == (5, 16)
    else:
        with pytest.raises(UserError, match="held-out text"):
            data.get_batch("val", 1)


def test_bytes_are_counted_as_utf8():
    assert dataset(val=["aé😀", "b"]).val_bytes == 1 + 2 + 4 + 1
    assert byte_count(["\udcff"]) == len(CHAR.decode(CHAR.encode("\udcff")).encode())


def test_one_text_alone_makes_a_dataset():
    text = essay(3)
    data = CharDataset(text, block_size=32, val_fraction=0.2)
    assert data.has_val and data.get_batch("train", 2)[0].shape == (2, 32)
    assert data.val_bytes == len(text) - -(-len(text) * 8 // 10)
    assert not CharDataset(text, block_size=32, val_fraction=0.0).has_val
