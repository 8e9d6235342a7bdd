"""A draft in, the same draft in the person's manner out: proposers propose, one selector disposes, the draft always competes.

A document is cut into units of a sentence or two (units.py); each gets candidates (proposers.py); what may not change is guarded
(guards.py) and the rest is chosen over the whole document (selector.py).  What a person always changes in drafts, and what they
spell otherwise, is changed before that (habits.py, respelt.py).  Code, tables, quotations, headings and links stand
outside of all that and come back byte for byte.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from vibejam.errors import UserError
from vibejam.rewrite.habits import Habit, with_habits
from vibejam.rewrite.manner import Manner
from vibejam.rewrite.proposers import Proposer, ask_all, at_once, develop
from vibejam.rewrite.respelt import with_their_spelling
from vibejam.rewrite.selector import Candidate, Choice, Considered, pick, weigh
from vibejam.rewrite.trust import Meaning
from vibejam.rewrite.units import Piece, Unit, group_units, is_english, put_back, split_document

HABITS, SPELLING = "habits", "spelling"  # what is changed before anybody proposes, as the proposers have names
TOGETHER = 12  # units that are chosen with a view to one another: some paragraphs


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
    habits: Sequence[Habit] = (),
    strength: float = 1.0,
    meaning: Meaning | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Rewrite:
    """Rewrite `draft` in one go.  Raises UserError where there is nothing to rewrite."""
    return list(stream_rewrite(draft, manner, proposers, habits=habits, strength=strength, meaning=meaning, stop=stop))[-1]


def stream_rewrite(
    draft: str,
    manner: Manner,
    proposers: Sequence[Proposer],
    *,
    habits: Sequence[Habit] = (),
    strength: float = 1.0,
    meaning: Meaning | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Rewrite]:
    """The whole document again and again, with a unit more rewritten each time; a stop keeps what is done.

    What is not `settled` yet may be chosen otherwise once more is known of the paragraphs around it.
    `habits` and the person's spelling are made whatever the strength, which runs from 0, a light touch, to 1, the full voice.
    Raises UserError, at once, where there is nothing to rewrite.
    """
    draft = draft.removeprefix("\ufeff")
    if not draft.strip():
        raise UserError("There is nothing to rewrite; paste a draft of at least one sentence.")
    if not is_english(draft):
        return iter([_unchanged(draft, "This draft is not in English, the only language known here, so it stays as it is.")])
    return _stream(draft, manner, proposers, habits, strength, meaning, stop)


def _stream(
    draft: str, manner: Manner, proposers: Sequence[Proposer], habits: Sequence[Habit], strength: float, meaning: Meaning | None,
    stop: Callable[[], bool],
) -> Iterator[Rewrite]:  # fmt: skip
    pieces = split_document(draft)
    units = group_units(pieces)
    if not units:
        yield _unchanged(draft, "There is no prose in this draft, only parts that stay as they are.")
        return
    texts, why = zip(*(_prepared(unit, habits, manner) for unit in units), strict=True)
    choices: list[Choice] = []
    yield _so_far(draft, pieces, units, choices, 0, None)
    asked, note = list(proposers), None

    def ask(some: list[Proposer], texts: list[str]) -> list[list[Candidate]]:
        nonlocal note
        found, failed = ask_all(some, texts, stop)
        for proposer, why in failed.items():
            asked.remove(proposer)
            note = f"{proposer.name[:1].upper()}{proposer.name[1:]} took no {'further ' if choices else ''}part: {why}"
        return found

    for start in range(0, len(units), TOGETHER):
        some, settled = texts[start : start + TOGETHER], len(choices)
        around = manner.counts("\n".join([*(choice.text for choice in choices), *texts[start + TOGETHER :]]))  # (n + 1,)
        ahead = [manner.counts(text) for text in some]
        weighed: list[list[Considered]] = []
        theirs = ask([proposer for proposer in asked if at_once(proposer)], some)
        for number, text in enumerate(some):
            (own,) = ask([proposer for proposer in asked if not at_once(proposer)], [text])
            found = develop([*own, *theirs[number]], text, manner, proposers, meaning)
            if stop():  # this one was not looked at to the end
                return
            found = [replace(one, text=with_their_spelling(one.text, manner)) for one in found]
            found = [one for one in found if with_habits(one.text, habits) == one.text]  # none is taken back
            weighed.append(weigh(text, found, manner, strength))
            picked = pick(weighed, manner, sum(ahead[number + 1 :], around))
            choices = [*choices[:settled], *map(_of_the_draft, units[start:], why[start:], picked)]
            yield _so_far(draft, pieces, units, choices, len(choices) if number + 1 == len(some) else settled, note)


def _prepared(unit: Unit, habits: Sequence[Habit], manner: Manner) -> tuple[str, str]:
    """A unit as it is before anybody proposes, and what it is so by, if it is not as it was given."""
    text = with_habits(unit.text, habits)
    return with_their_spelling(text, manner), SPELLING if text == unit.text else HABITS


def _of_the_draft(unit: Unit, why: str, choice: Choice) -> Choice:
    """The choice among versions of a unit that was prepared, as one among versions of the unit as it was given."""
    if choice.draft == unit.text:
        return choice
    made, *others = choice.considered
    considered = (Considered(unit.text, made.by, ()), replace(made, by=why), *others)
    return Choice(unit.text, choice.text, why if choice.by == made.by else choice.by, considered)


def _unchanged(draft: str, note: str) -> Rewrite:
    return Rewrite(draft, draft, note=note, settled=draft)


def _so_far(
    draft: str, pieces: list[Piece], units: list[Unit], choices: list[Choice], settled: int, note: str | None
) -> Rewrite:
    """The document with the first units chosen; those after `settled` of them may yet be chosen otherwise."""
    texts = [choice.text for choice in choices]
    text = put_back(pieces, units, texts + [unit.text for unit in units[len(texts) :]])
    fixed = text if settled == len(units) else put_back(pieces[: units[settled].first], units[:settled], texts[:settled])
    return Rewrite(draft, text, tuple(choices), note, done=len(choices) / len(units), settled=fixed)
