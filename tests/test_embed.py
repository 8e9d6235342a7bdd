"""MiniLM in plain torch is MiniLM: the same vectors as transformers gives, whatever stands beside a text."""

import pytest
import torch
from base_models import minilm, minilm_home  # noqa: F401  (fixtures)

from vibejam.embed import Embedder, load_embedder
from vibejam.errors import UserError

TEXTS = [
    "The boiler is broken, and it has been since Tuesday.",
    "",
    "Nothing.",
    "Größe, naïveté; 3,14 — \N{THINKING FACE} and half a pair: \ud83d",
    "A kettle is a promise. " * 100,
    "The heating does not work.",
]


@pytest.mark.usefixtures("minilm")
def test_vectors_are_those_of_the_reference():
    transformers = pytest.importorskip("transformers")
    embedder = load_embedder()
    folder = embedder.folder
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.BertModel.from_pretrained(folder, local_files_only=True).eval()
    for text, ours in zip(TEXTS, embedder.embed(TEXTS), strict=True):
        text = text.replace("\ud83d", "\N{REPLACEMENT CHARACTER}")
        read = tokenizer([text], truncation=True, max_length=256, return_tensors="pt")
        with torch.no_grad():
            theirs = model(**read).last_hidden_state[0].mean(0)
        assert torch.allclose(ours, theirs / theirs.norm(), atol=1e-4), text[:40]


def test_a_vector_does_not_depend_on_its_neighbours(minilm):  # noqa: F811
    embedder = Embedder(minilm)
    together = embedder.embed(TEXTS)
    alone = torch.cat([embedder.embed([text]) for text in TEXTS])
    assert together.shape == (len(TEXTS), 384)
    assert torch.allclose(together, alone, atol=1e-5)
    assert torch.allclose(together.norm(dim=1), torch.ones(len(TEXTS)))


def test_the_same_said_differently_is_nearer_than_something_else(minilm):  # noqa: F811
    vectors = Embedder(minilm).embed(["The boiler is broken.", "Our heating does not work.", "She sang in the choir."])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_no_texts_are_no_vectors(minilm):  # noqa: F811
    assert Embedder(minilm).embed([]).shape == (0, 384)


def test_where_it_was_not_fetched_there_is_none():
    assert load_embedder() is None


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_one_says_how_to_get_it_again(minilm, tmp_path, file):  # noqa: F811
    for path in minilm.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / file).unlink()
    (tmp_path / file).write_text("{}")
    with pytest.raises(UserError, match="vibejam fetch-base minilm"):
        Embedder(tmp_path)
