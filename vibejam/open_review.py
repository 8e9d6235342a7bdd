"""The rewrite on the table: both sides of it, and its file, so that what is not decided yet outlives a reload and a restart.

One an owner: a new rewrite takes the place of the last.  What was decided of it is kept elsewhere as well (rewrite/decisions.py).
Left out: how it looks, and what may be done with it (rewrite/review.py).
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from vibejam.checkpoint import read_json
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.rewrite import Rewrite
from vibejam.rewrite.guards import Refusal
from vibejam.rewrite.review import DRAFT, EDITED, OPEN, TAKEN, Review, Sentence, review
from vibejam.rewrite.selector import Choice, Considered

FORMAT = 1


@dataclass(frozen=True)
class Sides:
    """A review, who wrote either side, and the run in whose voice it is.  `ended`: whether it got to the end of the draft."""

    review: Review
    draft_by: str
    rewrite_by: str
    voice: str = ""
    ended: bool = True

    @property
    def draft(self) -> str:
        return "".join(piece.text for piece in self.review.pieces)


def keep_review(path: Path, sides: Sides) -> None:
    """Write `sides` to `path`, whole or not at all."""
    sentences = [asdict(sentence) for sentence in sides.review.sentences]
    about = {"draft_by": sides.draft_by, "rewrite_by": sides.rewrite_by, "voice": sides.voice, "ended": sides.ended}
    write_json(path, {"format": FORMAT, "draft": sides.draft, "note": sides.review.note, **about, "sentences": sentences})


def kept_review(path: Path) -> Sides | None:
    """What lies in `path`; None where nothing does.  Raises UserError where it is damaged or of another version."""
    if not path.is_file():
        return None
    damaged = UserError("The rewrite that lay here can't be read any more; rewrite the draft again.")
    found = read_json(path)
    try:
        if found["format"] != FORMAT:
            raise damaged
        sentences = tuple(map(_sentence, found["sentences"]))
        texts = [found[name] for name in ("draft", "draft_by", "rewrite_by", "voice")]
        if not all(isinstance(text, str) for text in texts) or not isinstance(found["note"], str | None):
            raise damaged
        draft, draft_by, rewrite_by, voice = texts
        made = review(Rewrite(draft, draft, tuple(sentence.choice for sentence in sentences), found["note"]))
        units = [unit.text for unit in made.units[: len(sentences)]]
        if units != [sentence.choice.draft for sentence in sentences]:  # cut by another version's rules
            raise damaged
        whole = Review(made.pieces, made.units, sentences, made.note)
        return Sides(whole, draft_by, rewrite_by, voice, found["ended"] is True)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged from error


def forget_review(path: Path) -> None:
    """Clear the table."""
    path.unlink(missing_ok=True)


def _sentence(found: dict) -> Sentence:
    choice = found["choice"]
    considered = tuple(
        Considered(
            _text(one["text"]), _text(one["by"]), tuple(Refusal(_text(r["guard"]), _text(r["reason"])) for r in one["refused"]),
            float(one["style"]), float(one["value"]),
        )
        for one in choice["considered"]
    )  # fmt: skip
    if found["state"] not in (OPEN, TAKEN, DRAFT, EDITED):
        raise ValueError("no such state")
    made = Choice(_text(choice["draft"]), _text(choice["text"]), _text(choice["by"]), considered)
    return Sentence(made, _text(found["shown"]), found["state"], tuple(map(_text, found["passed"])))


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError("no text")
    return found
