"""What a model would say otherwise than a draft: the fast reader against the one that reads everything again, and each way against
what its chances should be."""

import pytest
import torch
from test_decoder import BLOCK, VOCABULARY, model_of, some_ids

from vibejam.decoder import Decoder
from vibejam.model import build_model
from vibejam.rewrite import branching
from vibejam.rewrite.branching import BACK, LIKELY, REACH, STEPS, TEMPERATURE, Again, ways

END = 7
PROMPT = some_ids(9, 3)
FEW = 24  # words of a language in which one soon comes back to the same ones


class Scripted(torch.nn.Module):
    """A model that goes by pairs of tokens: what follows one is told, and all else is unlikely."""

    def __init__(self, follows: dict[int, dict[int, float]], vocabulary=20):
        super().__init__()
        self.config = build_model(vocab_size=vocabulary, block_size=64, n_layer=1, n_head=1, n_embd=8).config
        self.told = torch.nn.Parameter(torch.full((vocabulary, vocabulary), 1e-6))
        for token, chances in follows.items():
            for other, chance in chances.items():
                self.told.data[token, other] = chance

    def hidden_states(self, idx):
        return (self.told[idx] / self.told[idx].sum(-1, keepdim=True)).log()

    def head(self, states):
        return states * TEMPERATURE  # so that chances are as told


def test_a_way_is_what_the_model_likes_as_well_until_it_is_back_at_the_drafts_words():
    draft = [1, 2, 3, 4, 5]
    model = Scripted({0: {1: 1.0}, 1: {2: 0.6, 9: 0.4}, 9: {3: 0.5, 10: 0.4}, 3: {4: 1.0}, 2: {3: 1.0}, 4: {5: 1.0}, 5: {END: 1.0}})
    (way,) = ways(model, [0], draft, END, 8)
    assert way.ids == [1, 9, 3, 4, 5] and way.share == pytest.approx(0.4 * 0.5 * 1.0, rel=0.3), "what was likeliest at each step"


def test_a_way_may_end_the_text_and_one_that_never_comes_back_is_none():
    draft = [1, 2, 3, 4, 5]
    ends = {0: {1: 1.0}, 1: {2: 0.5, 9: 0.5}, 9: {END: 1.0}, 2: {3: 1.0}, 3: {4: 1.0}, 4: {5: 1.0}, 5: {END: 1.0}}
    assert [way.ids for way in ways(Scripted(ends), [0], draft, END, 8)] == [[1, 9]]
    assert ways(Scripted(ends | {9: {9: 1.0}}), [0], draft, END, 8) == []
    assert ways(Scripted(ends), [0], draft, END, 8, banned=[9]) == [], "what may not be written is no way"
    assert ways(Scripted(ends), [0], draft, END, 0) == []


@pytest.fixture
def likely(monkeypatch):
    """A model that nobody taught expects nothing much: everything is likely enough, and one word of the draft is to be back."""
    monkeypatch.setattr(branching, "LIKELY", 0.0)
    monkeypatch.setattr(branching, "BACK", 1)
    monkeypatch.setattr(branching, "TEMPERATURE", 3.0)


@pytest.mark.parametrize("banned", [[], list(range(8, 23))], ids=["all words", "few words"])
def test_the_fast_reader_finds_what_reading_everything_again_finds(likely, monkeypatch, banned):
    torch.manual_seed(2)
    model = build_model(vocab_size=FEW, block_size=BLOCK, n_layer=2, n_head=2, n_embd=32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4) if parameter.dim() >= 2 else parameter.uniform_(0.5, 1.5)
    prompt, draft = [i % FEW for i in PROMPT], [i % FEW for i in some_ids(14, 8)]
    fast = ways(model, prompt, draft, END, 40, banned)
    rows, step = [], Decoder.step
    monkeypatch.setattr(Decoder, "step", lambda self, tokens, memory: rows.append(len(tokens)) or step(self, tokens, memory))
    assert ways(model, prompt, draft, END, 40, banned) == fast and rows[0] == 40, "it goes many ways at once"
    monkeypatch.setattr(branching, "reader_of", Again)
    slow = ways(model, prompt, draft, END, 40, banned)
    assert len(slow) > 5, "a model that finds no way proves nothing"
    assert [way.ids for way in fast] == [way.ids for way in slow]
    assert [way.share for way in fast] == pytest.approx([way.share for way in slow], rel=1e-3)
    for way in slow:
        same = next(i for i, (a, b) in enumerate(zip(way.ids, [*draft, END], strict=False)) if a != b)
        assert not set(way.ids[same:]) & set(banned) - set(draft) and way.ids != draft
        left, came = len(draft) - same, len(way.ids) - same
        assert left - REACH - 1 <= came <= left + STEPS, "it replaces what it may and no more"


def test_what_does_not_fit_the_context_is_refused_and_an_empty_draft_is_read():
    for reader in (model_of(), Scripted({}, VOCABULARY)):
        with pytest.raises(ValueError, match="context"):
            ways(reader, some_ids(BLOCK), some_ids(BLOCK), END, 4)
        assert all(way.share >= LIKELY for way in ways(reader, PROMPT, [], END, 4))
    assert BACK == 2
