"""The beam search that parallel texts are measured by: one beam is greedy, and two find what greed misses."""

import pytest
import torch
from writing import essay

pytest.importorskip("sacrebleu", reason="NOT RUN: `pip install sacrebleu` for the figures of parallel texts")
from by_beam import rewritten

from vibejam.config import SampleConfig
from vibejam.decoder import Decoder
from vibejam.model import build_model
from vibejam.rewrite.pairs import PROMPT
from vibejam.sample import candidate_ids
from vibejam.tokenizer import CharTokenizer

DRAFT = "My uncle sold a boat."
TOKENIZER = CharTokenizer.train([PROMPT + essay(0)])


class Trap:
    """A decoder to which "a" is likelier than "b" at first; but after "a" anything may come, and after "b" the end alone."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []

    def read(self, ids, more):
        return self, self._logits([[]])

    def fork(self, count):
        self.rows = [[] for _ in range(count)]
        return self

    def keep(self, rows):
        self.rows = [list(self.rows[row]) for row in rows]

    def step(self, tokens, memory):
        for row, token in zip(self.rows, tokens.tolist(), strict=True):
            row.append(token)
        return self._logits(self.rows)

    def _logits(self, rows):
        a, b = (TOKENIZER.encode(letter)[0] for letter in "ab")
        found = torch.full((len(rows), TOKENIZER.vocab_size), -30.0)
        for row, said in enumerate(rows):
            if not said:
                found[row, a], found[row, b] = 0.4, 0.0
            elif said[0] == a:
                found[row] = 0.0
            else:
                found[row, TOKENIZER.doc_end] = 0.0
        return found


@pytest.mark.parametrize("seed", range(4))
def test_one_beam_is_greedy(seed):
    torch.manual_seed(seed)
    model = build_model(vocab_size=TOKENIZER.vocab_size, block_size=320, n_layer=2, n_head=2, n_embd=32).eval()
    prompt = [TOKENIZER.doc_end, *TOKENIZER.encode(PROMPT.format(draft=DRAFT))]
    most = SampleConfig(temperature=0.0, max_new_tokens=2 * len(TOKENIZER.encode(DRAFT)) + 12)
    (greedy,) = candidate_ids(model, prompt, 1, most, ends={TOKENIZER.doc_end})
    assert rewritten(Decoder(model, "fp32"), TOKENIZER, DRAFT, 1) == TOKENIZER.decode(greedy).strip()


def test_two_beams_see_through_a_first_token_that_promises_more_than_it_keeps():
    assert rewritten(Trap(), TOKENIZER, DRAFT, 1).startswith("a")
    assert rewritten(Trap(), TOKENIZER, DRAFT, 2) == "b"
