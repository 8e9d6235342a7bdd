"""Who proposes rewrites of a unit: learned edits, a model that was trained on pairs, a big LLM shown the person's own passages.

A proposer is asked for some units of a document in order and returns candidates for each.  What becomes of them is not its
business.  Left out: choosing (selector.py), how the edits are found (edits.py), and the big LLM (asking.py).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from vibejam.config import SampleConfig
from vibejam.errors import UserError
from vibejam.model import BaseLM
from vibejam.rewrite.bounds import bounds_of
from vibejam.rewrite.edits import propose_edits
from vibejam.rewrite.guards import refusals
from vibejam.rewrite.manner import Manner
from vibejam.rewrite.pairs import PROMPT
from vibejam.rewrite.selector import Candidate
from vibejam.rewrite.splicing import splice
from vibejam.sample import candidate_ids, unused_ids
from vibejam.tokenizer import Tokenizer

LONGER = 1.5  # times a unit's tokens, and some more, that a candidate may have
ROOM = 16
FURTHER = 4  # edited versions of each of the others' candidates


class Proposer(Protocol):
    """`name` is what a page calls it; `agreed`, how many of its candidates must make a change for it to count by itself.

    One that has `together`, and it is true, is asked for some paragraphs at once; others unit by unit.
    """

    name: str
    agreed: int

    def __call__(self, units: Sequence[str], stop: Callable[[], bool] = lambda: False) -> list[list[str]]:
        """Candidates for each of the units, which follow one another in a document.

        Raises UserError where it cannot go on; it is not asked again in that document.
        """


class EditsProposer:
    """Small edits after what was learnt of the person's manner: milliseconds, and no neural network."""

    name, agreed = "edits", 1

    def __init__(self, manner: Manner, count: int = 8) -> None:
        self.manner, self.count = manner, count

    def __call__(self, units: Sequence[str], stop: Callable[[], bool] = lambda: False) -> list[list[str]]:
        return [[] if stop() else self._edited(unit) for unit in units]

    def _edited(self, unit: str) -> list[str]:
        return propose_edits(unit, self.manner, self.count, lambda text: not refusals(unit, text, self.manner.words))


class ModelProposer:
    """A model trained on (draft, rewrite) pairs: samples from one reading of the draft, of words that the draft is near to."""

    name, agreed = "your model", 3

    def __init__(self, model: BaseLM, tokenizer: Tokenizer, count: int = 16, temperature: float = 0.8, seed: int = 1) -> None:
        self.model, self.tokenizer, self.count = model, tokenizer, count
        self.temperature, self.seed = temperature, seed
        self._bounds = bounds_of(model, tokenizer)

    def __call__(self, units: Sequence[str], stop: Callable[[], bool] = lambda: False) -> list[list[str]]:
        return [[] if stop() else self._sampled(unit) for unit in units]

    def _sampled(self, unit: str) -> list[str]:
        tokenizer = self.tokenizer
        ids = [tokenizer.doc_end, *tokenizer.encode(PROMPT.format(draft=unit))]
        longest = round(len(tokenizer.encode(unit)) * LONGER) + ROOM
        if len(ids) + longest > self.model.config.block_size:
            return []
        config = SampleConfig(max_new_tokens=longest, temperature=self.temperature, top_p=0.95, seed=self.seed)
        banned = sorted({*unused_ids(tokenizer), *(self._bounds.outside(unit) if self._bounds else ())})
        written = candidate_ids(self.model, ids, self.count, config, {tokenizer.doc_end}, banned)
        ended = [ids for ids in written if len(ids) < longest]  # a text that found no end is no rewrite
        return list(dict.fromkeys(text for ids in ended if (text := tokenizer.decode(ids).strip())))


def at_once(proposer: Proposer) -> bool:
    """Whether it has to see some paragraphs to propose one sentence."""
    return getattr(proposer, "together", False)


def ask_all(
    proposers: Sequence[Proposer], units: Sequence[str], stop: Callable[[], bool]
) -> tuple[list[list[Candidate]], dict[Proposer, str]]:
    """The candidates of all proposers for each unit, and of the proposers that failed, why."""
    found: list[list[Candidate]] = [[] for _ in units]
    failed: dict[Proposer, str] = {}
    for proposer in proposers:
        try:
            proposed = proposer(units, stop)
        except UserError as error:
            failed[proposer] = str(error)
            continue
        for candidates, texts in zip(found, proposed, strict=True):
            candidates += [Candidate(text, proposer.name) for text in texts]
    return found, failed


def develop(
    found: Sequence[Sequence[Candidate]], units: Sequence[str], manner: Manner, proposers: Sequence[Proposer]
) -> list[list[Candidate]]:
    """The candidates, what the others' single changes make together (splicing.py), and what small edits make of all of these.

    A model takes freedoms with a sentence that edits cannot, gets something wrong in most samples, and misses small habits.
    """
    others = [proposer for proposer in proposers if proposer.name != EditsProposer.name]
    return [[*row, *_developed(row, unit, manner, others)] for row, unit in zip(found, units, strict=True)]


def _developed(candidates: Sequence[Candidate], unit: str, manner: Manner, proposers: Sequence[Proposer]) -> list[Candidate]:
    def allowed(text: str) -> bool:
        return not refusals(unit, text, manner.words)

    spliced = [
        Candidate(text, f"{proposer.name} in parts")
        for proposer in proposers
        for text in splice(unit, [c.text for c in candidates if c.by == proposer.name], manner, proposer.agreed, allowed)
    ]
    whole = [candidate for candidate in candidates if candidate.by != EditsProposer.name and allowed(candidate.text)]
    edited = [
        Candidate(text, f"{other.by}, edited")
        for other in [*whole, *spliced]
        for text in propose_edits(other.text, manner, FURTHER, allowed)
    ]
    return [*spliced, *edited]
