"""A rewrite under a person's eyes: unit by unit they take a version, keep the draft, see the next best one, or write their own.

A Review never changes: each act gives a new one.  Undecided units stand as vibejam proposes them.
Left out: keeping what was decided (decisions.py), and how it looks (pages/).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from vibejam.errors import UserError
from vibejam.rewrite import Rewrite
from vibejam.rewrite.decisions import decision
from vibejam.rewrite.pairs import Pair
from vibejam.rewrite.selector import Choice
from vibejam.rewrite.units import Piece, Unit, group_units, put_back, split_document

OPEN, TAKEN, DRAFT, EDITED = "open", "taken", "draft", "edited"
LONGEST = 4  # times the draft's characters, and some more, that an edit may have
ROOM = 400


@dataclass(frozen=True)
class Sentence:
    """A unit: what vibejam made of it, the version that stands, what was decided, and what was seen and passed over."""

    choice: Choice
    shown: str
    state: str = OPEN
    passed: tuple[str, ...] = ()

    @property
    def versions(self) -> tuple[str, ...]:
        """What may stand for the draft: the chosen version, then the others that passed the guards, the best first."""
        open_to = [found for found in self.choice.considered if not found.refused and found.text != self.choice.draft]
        best = [found.text for found in sorted(open_to, key=lambda found: -found.value)]
        first = [self.choice.text] if self.choice.text != self.choice.draft else []
        return tuple(dict.fromkeys(first + best))

    @property
    def changed(self) -> bool:
        return self.shown != self.choice.draft

    @property
    def pair(self) -> Pair | None:
        """What was decided, as a pair to learn from; None while it is open."""
        if self.state == OPEN:
            return None
        return decision(self.choice.draft, self.shown, self.passed)


@dataclass(frozen=True)
class Review:
    """The document: its pieces, its units, and a Sentence for each unit that is rewritten so far."""

    pieces: tuple[Piece, ...]
    units: tuple[Unit, ...]
    sentences: tuple[Sentence, ...]
    note: str | None = None

    @property
    def text(self) -> str:
        """The document as it stands now."""
        texts = [sentence.shown for sentence in self.sentences]
        return put_back(self.pieces, self.units, texts + [unit.text for unit in self.units[len(texts) :]])

    @property
    def decided(self) -> int:
        return sum(sentence.state != OPEN for sentence in self.sentences)

    def parts(self) -> Iterator[tuple[str, int | None]]:
        """What stands between units, as text and None, and the units' drafts with their numbers, in reading order."""
        at = 0
        for number, unit in enumerate(self.units):
            if unit.first > at:
                yield "".join(piece.text for piece in self.pieces[at : unit.first]), None
            yield unit.text, number
            at = unit.end
        if at < len(self.pieces):
            yield "".join(piece.text for piece in self.pieces[at:]), None

    def take(self, number: int) -> "Review":
        """The version that is shown is right."""
        sentence = self._at(number)
        return self._with(number, replace(sentence, state=sentence.state if sentence.state == EDITED else _taken(sentence)))

    def keep_draft(self, number: int) -> "Review":
        """None of the versions is; the draft is."""
        sentence = self._at(number)
        return self._with(number, replace(sentence, shown=sentence.choice.draft, state=DRAFT, passed=_passed(sentence)))

    def another(self, number: int) -> "Review":
        """Show the next version, after the last one the first again.  Raises UserError where there is no other."""
        sentence = self._at(number)
        versions = sentence.versions
        if not [text for text in versions if text != sentence.shown]:
            raise UserError("There is no other version of this sentence that says the same; edit it by hand.")
        at = versions.index(sentence.shown) if sentence.shown in versions else -1
        shown = versions[(at + 1) % len(versions)]
        return self._with(number, replace(sentence, shown=shown, state=OPEN, passed=_passed(sentence)))

    def edit(self, number: int, text: str) -> "Review":
        """The person's own words.  Raises UserError for none, or for a text too long to be of this sentence."""
        sentence = self._at(number)
        text = " ".join(str(text).split())
        if not text:
            raise UserError("There is nothing left of this sentence; write it anew, or keep the draft.")
        if len(text) > LONGEST * len(sentence.choice.draft) + ROOM:
            raise UserError("That is much longer than the sentence it stands for; shorten it.")
        if text == sentence.shown.strip():
            return self.take(number)
        state = DRAFT if text == sentence.choice.draft.strip() else EDITED
        return self._with(number, replace(sentence, shown=text, state=state, passed=_passed(sentence)))

    def _at(self, number: int) -> Sentence:
        if not isinstance(number, int) or not 0 <= number < len(self.sentences):
            raise UserError("That sentence is no longer here; rewrite the draft again.")
        return self.sentences[number]

    def _with(self, number: int, sentence: Sentence) -> "Review":
        return replace(self, sentences=(*self.sentences[:number], sentence, *self.sentences[number + 1 :]))


def review(rewrite: Rewrite) -> Review:
    """The review of a rewrite, finished or not, with nothing decided."""
    if rewrite.done >= 1 and not rewrite.choices:  # there was nothing in it to rewrite
        return Review((Piece(rewrite.draft, False, 0),), (), (), rewrite.note)
    pieces = split_document(rewrite.draft)
    sentences = tuple(Sentence(choice, choice.text) for choice in rewrite.choices)
    return Review(tuple(pieces), tuple(group_units(pieces)), sentences, rewrite.note)


def _taken(sentence: Sentence) -> str:
    return TAKEN if sentence.changed else DRAFT


def _passed(sentence: Sentence) -> tuple[str, ...]:
    """The machine's versions that were seen and did not stay; what the person wrote themselves was never turned down."""
    return sentence.passed + ((sentence.shown,) if sentence.shown in sentence.versions else ())
