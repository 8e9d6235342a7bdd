"""Who proposes rewrites of a unit: learned edits, a model that was trained on pairs, a big LLM shown the person's own passages.

A proposer is asked for some units of a document in order and returns candidates for each.  What becomes of them is not its
business.  Left out: choosing (selector.py), how the edits are found (edits.py), and the big LLM (asking.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Protocol

from vibejam.errors import UserError
from vibejam.model import BaseLM
from vibejam.rewrite.bounds import bounds_of
from vibejam.rewrite.branching import STEPS, ways
from vibejam.rewrite.edits import propose_edits
from vibejam.rewrite.facts import facts_of
from vibejam.rewrite.guards import Refusal, refusals
from vibejam.rewrite.known import with_known_exchanges_undone
from vibejam.rewrite.manner import Manner
from vibejam.rewrite.pairs import PROMPT
from vibejam.rewrite.selector import Candidate, known_words
from vibejam.rewrite.slips import slips
from vibejam.rewrite.splicing import Change, changed, changes_of, gains, sentences_of, splice
from vibejam.rewrite.trust import SAMPLES, Meaning, Read, doubts, doubts_of_sentences
from vibejam.sample import unused_ids
from vibejam.tokenizer import Tokenizer

FURTHER = 4  # edited versions of each of the others' candidates
KEPT = 0.8  # of a sentence's content words, that another in its place must have where nobody can read it
LOOKED_AT = 8  # changes of a unit, those that promise most; twice as many bring nothing that shows


TAKEN_BACK = (Refusal("second look", "whoever proposed it found, asked again, that it says something else"),)
Said = dict[str, float]  # versions of a unit, and how often the proposer says each: 1 for once, or of SAMPLES so many; 0 taken back


class Proposer(Protocol):
    """`name` is what a page calls it; `agreed`, how many of its candidates must make a change where nobody can look at it.

    `fluent`: whether its sentences are good English whatever they say, with no word made up, and are taken whole.

    One that has `together`, and it is true, is asked for some paragraphs at once; others unit by unit.
    """

    name: str
    agreed: int
    fluent: bool

    def __call__(self, units: Sequence[str], stop: Callable[[], bool] = lambda: False) -> list[Said]:
        """Candidates for each of the units, which follow one another in a document.

        Raises UserError where it cannot go on; it is not asked again in that document.
        """


class EditsProposer:
    """Small edits after what was learnt of the person's manner: milliseconds, and no neural network."""

    name, agreed, fluent = "edits", 1, True

    def __init__(self, manner: Manner, count: int = 8) -> None:
        self.manner, self.count = manner, count

    def __call__(self, units: Sequence[str], stop: Callable[[], bool] = lambda: False) -> list[Said]:
        return [{} if stop() else self._edited(unit) for unit in units]

    def _edited(self, unit: str) -> Said:
        allowed = lambda text: not refusals(unit, text, self.manner.words)  # noqa: E731
        return dict.fromkeys(propose_edits(unit, self.manner, self.count, allowed), 1.0)


class ModelProposer:
    """A model trained on (draft, rewrite) pairs: its ways of saying a unit otherwise, of words that the unit is near to."""

    name, agreed, fluent = "your model", 3, False

    def __init__(self, model: BaseLM, tokenizer: Tokenizer, count: int = 48) -> None:
        self.model, self.tokenizer, self.count = model, tokenizer, count
        self._bounds = bounds_of(model, tokenizer)

    def __call__(self, units: Sequence[str], stop: Callable[[], bool] = lambda: False) -> list[Said]:
        return [{} if stop() else self._ways(unit) for unit in units]

    def _ways(self, unit: str) -> Said:
        tokenizer = self.tokenizer
        prompt = [tokenizer.doc_end, *tokenizer.encode(PROMPT.format(draft=unit))]
        draft = tokenizer.inner.encode(" " + unit, add_special_tokens=False).ids  # as pairs are read
        if len(prompt) + len(draft) + STEPS > self.model.config.block_size:
            return {}
        banned = {*unused_ids(tokenizer), *(self._bounds.outside(unit) if self._bounds else ())}
        found = ways(self.model, prompt, draft, tokenizer.doc_end, self.count, sorted(banned))
        said: Said = {}
        for way in found:  # some texts can be written in several tokens
            text = tokenizer.decode(way.ids).strip()
            said[text] = said.get(text, 0.0) + SAMPLES * way.share
        said.pop("", None)
        return said


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
            candidates += [
                Candidate(text, proposer.name, () if said else TAKEN_BACK, proposer.fluent, said) for text, said in texts.items()
            ]
    return found, failed


def develop(
    candidates: Sequence[Candidate], unit: str, manner: Manner, proposers: Sequence[Proposer], meaning: Meaning | None
) -> list[Candidate]:
    """The candidates, what the others' sentences or single changes make together (splicing.py), and what small edits make of that.

    A model takes freedoms with a sentence that edits cannot, gets something wrong in many of them, and misses small habits.  Where
    there is somebody to look whether a change may be trusted, nothing of what such a model says stands that was not looked at.
    """

    @cache  # proposers often say the same, and so do their parts
    def passes(text: str, fluent: bool, was_read: bool = False) -> bool:
        return not refusals(unit, text, known_words(manner, fluent), was_read)

    made: list[Candidate] = []
    doubted: list[Candidate] = []
    for proposer in proposers:
        said = {one.text: one.said for one in candidates if one.by == proposer.name and not one.refused}
        if proposer.name == EditsProposer.name or not said:
            continue
        fluent = proposer.fluent
        kind = Candidate("", proposer.name, fluent=fluent, was_read=fluent and meaning is not None)
        allowed = partial(passes, fluent=fluent, was_read=kind.was_read)
        found, why = (_sentences if fluent else _parts)(unit, said, manner, proposer, meaning, allowed)
        made += [replace(kind, text=text) for text in splice(unit, found, manner, allowed)]
        doubted += [replace(kind, text=text, refused=refused) for text, refused in why.items()]
    edited = [
        replace(other, text=text, by=f"{other.by}, edited")
        for other in made
        for text in propose_edits(other.text, manner, FURTHER, still(other, passes))
    ]
    by_edits = [one for one in candidates if one.by == EditsProposer.name]
    refused = [one for one in candidates if one.refused or not passes(one.text, one.fluent)]
    return [*by_edits, *made, *edited, *doubted, *refused]


Found = tuple[list[Change], dict[str, tuple[Refusal, ...]]]  # changes to trust; versions of the unit that may not stand, with why


def _parts(
    unit: str, said: Said, manner: Manner, proposer: Proposer, meaning: Meaning | None, allowed: Callable[[str], bool]
) -> Found:
    """The single changes of what a model says."""
    votes = changes_of(unit, said, allowed)
    votes = {change: often for change, often in votes.items() if not slips(unit, change)}
    if meaning is None:
        whole = {(0, len(unit), text) for text in said if _kept(unit, text) >= KEPT}
        return [change for change, often in votes.items() if often >= proposer.agreed or change in whole], {}
    return _trusted(unit, votes, manner, meaning, lambda change, read: doubts(read, votes[change]))


def _sentences(
    unit: str, said: Said, manner: Manner, proposer: Proposer, meaning: Meaning | None, allowed: Callable[[str], bool]
) -> Found:
    """The sentences of what a big LLM says: they are good English, and what it changes in one hangs together, so that single
    changes of them, put among the draft's words, would be neither's."""
    found = [change for change in sentences_of(unit, said) if allowed(changed(unit, [change]))]
    if meaning is None:
        return [change for change in found if _kept(unit[change[0] : change[1]], change[2]) >= KEPT], {}
    return _trusted(unit, found, manner, meaning, lambda change, read: doubts_of_sentences(read, unit[change[0] : change[1]]))


def still(other: Candidate, passes: Callable[[str, bool, bool], bool]) -> Callable[[str], bool]:
    """Whether an edit of a candidate may stand where the candidate may; of one that was read, nothing is forgiven to the edit."""
    return lambda text: passes(text, other.fluent, other.was_read) and not (other.was_read and refusals(other.text, text))


def _kept(old: str, new: str) -> float:
    """Share of the old text's content words that the new one has, in whatever form, or says as the tables do; 1 where there are
    none."""
    before = facts_of(old).stems
    return len(before & facts_of(with_known_exchanges_undone(old, new)).stems) / len(before) if before else 1.0


def _trusted(
    unit: str, found: Iterable[Change], manner: Manner, meaning: Meaning, doubted: Callable[[Change, Read], tuple[Refusal, ...]]
) -> Found:
    """Of the changes that promise most, those that may be trusted once they were read beside the draft."""
    found = list(found)
    promise = sorted(zip(gains(unit, found, manner), found, strict=True), reverse=True)
    texts = {changed(unit, [change]): change for _, change in promise[:LOOKED_AT]}
    reads = meaning(unit, list(texts)) if texts else []
    why = {text: doubted(texts[text], read) for text, read in zip(texts, reads, strict=True)}
    return [texts[text] for text in texts if not why[text]], {text: refused for text, refused in why.items() if refused}
