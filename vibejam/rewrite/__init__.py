"""A draft in, the same draft in the person's manner out: proposers propose, one selector disposes, the draft always competes.

A document is cut into units of a sentence or two (units.py); each gets candidates (proposers.py); what may not change is guarded
(guards.py) and the rest is chosen over the whole document (selector.py).  Code, tables, quotations, headings and links stand
outside of all that and come back byte for byte.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vibejam.errors import UserError
from vibejam.rewrite.manner import Manner
from vibejam.rewrite.proposers import Proposer, ask_all, develop
from vibejam.rewrite.selector import Choice, Meaning, choose
from vibejam.rewrite.units import Piece, Unit, group_units, is_english, put_back, split_document

TOGETHER = 12  # units chosen at once: some paragraphs, so that a long draft is there bit by bit


@dataclass(frozen=True)
class Rewrite:
    """A draft and what became of it.

    `choices`: unit by unit in reading order, with what else was considered.  `note`: one sentence where
    something, or all of it, could not be done.
    """

    draft: str
    text: str
    choices: tuple[Choice, ...] = ()
    note: str | None = None
    done: float = 1.0  # share of the units that are chosen
    settled: str = ""  # the part of `text` that will not change any more: all of it in the end

    @property
    def kept_as_is(self) -> bool:
        """Whether the draft stayed as it was."""
        return self.text == self.draft


def rewrite_text(
    draft: str,
    manner: Manner,
    proposers: Sequence[Proposer],
    *,
    strength: float = 1.0,
    meaning: Meaning | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Rewrite:
    """Rewrite `draft` in one go.  Raises UserError where there is nothing to rewrite."""
    return list(stream_rewrite(draft, manner, proposers, strength=strength, meaning=meaning, stop=stop))[-1]


def stream_rewrite(
    draft: str,
    manner: Manner,
    proposers: Sequence[Proposer],
    *,
    strength: float = 1.0,
    meaning: Meaning | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Rewrite]:
    """The whole document again and again, more of it rewritten each time; a stop keeps what is done.

    `strength` runs from 0, a light touch, to 1, the full voice.  Raises UserError, at once, where there is nothing to rewrite.
    """
    draft = draft.removeprefix("\ufeff")
    if not draft.strip():
        raise UserError("There is nothing to rewrite; paste a draft of at least one sentence.")
    if not is_english(draft):
        return iter([_unchanged(draft, "This draft is not in English, the only language known here, so it stays as it is.")])
    return _stream(draft, manner, proposers, strength, meaning, stop)


def _stream(
    draft: str, manner: Manner, proposers: Sequence[Proposer], strength: float, meaning: Meaning | None, stop: Callable[[], bool]
) -> Iterator[Rewrite]:
    pieces = split_document(draft)
    units = group_units(pieces)
    if not units:
        yield _unchanged(draft, "There is no prose in this draft, only parts that stay as they are.")
        return
    texts = [unit.text for unit in units]
    choices: list[Choice] = []
    asked, note = list(proposers), None
    for start in range(0, len(units), TOGETHER):
        some = texts[start : start + TOGETHER]
        found, failed = ask_all(asked, some, stop)
        for proposer, why in failed.items():
            asked.remove(proposer)
            note = f"{proposer.name[:1].upper()}{proposer.name[1:]} took no {'further ' if start else ''}part: {why}"
        found = develop(found, some, manner, proposers)
        around = "\n".join([*(choice.text for choice in choices), *texts[start + TOGETHER :]])
        choices += choose(some, found, manner, strength, meaning, around)
        yield _so_far(draft, pieces, units, choices, note)
        if stop():
            return


def _unchanged(draft: str, note: str) -> Rewrite:
    return Rewrite(draft, draft, note=note, settled=draft)


def _so_far(draft: str, pieces: list[Piece], units: list[Unit], choices: list[Choice], note: str | None) -> Rewrite:
    done = len(choices)
    texts = [choice.text for choice in choices]
    text = put_back(pieces, units, texts + [unit.text for unit in units[done:]])
    settled = text if done == len(units) else put_back(pieces[: units[done].first], units[:done], texts)
    return Rewrite(draft, text, tuple(choices), note, done=done / len(units), settled=settled)
