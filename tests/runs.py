"""A sound run on disk for tests, and what it means to be refused."""

import pytest
import torch
from tally import count
from writing import essay

from vibejam.errors import UserError
from vibejam.model import build_model
from vibejam.tokenizer import CharTokenizer

TOKENIZER = CharTokenizer.train([essay(0)])
SHAPE = dict(vocab_size=TOKENIZER.vocab_size, block_size=16, n_layer=2, n_head=2, n_embd=32)


def small(**settings):
    torch.manual_seed(0)
    return build_model(**{**SHAPE, **settings}).eval()


def refused(act, *words):
    """The sentence that `act` is refused with: one line, ending in a full stop, with all of `words` in it."""
    with pytest.raises(UserError) as refusal:
        act()
    count("damaged or lying files refused in a sentence")
    sentence = str(refusal.value)
    assert "\n" not in sentence and "Traceback" not in sentence and sentence.endswith(".")
    for word in words:
        assert word in sentence, sentence
    return sentence
