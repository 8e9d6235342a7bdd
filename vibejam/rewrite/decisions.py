"""What a person decided about rewrites, sentence by sentence, kept as pairs: the truest thing there is to learn from.

A version they took or wrote is a pair of kind "edit"; a draft they preferred to every version is one of kind "kept", whose two
sides are alike.  Versions they turned down go along as `rejected`, for preference training.
"""

import threading
from hashlib import sha256
from pathlib import Path

from vibejam.errors import UserError
from vibejam.rewrite.pairs import Pair, read_pairs, write_pairs

EDIT, KEPT = "edit", "kept"
ENOUGH = 12  # decisions of kind "edit" from which on it is worth learning from them
_lock = threading.Lock()  # two tabs may decide at once


def decision(draft: str, rewrite: str, rejected: tuple[str, ...] = ()) -> Pair:
    """The pair of a decision; one about the same draft has the same id, so that it takes the other's place."""
    draft, rewrite = draft.strip(), rewrite.strip()
    turned_down = tuple(dict.fromkeys(text.strip() for text in rejected if text.strip() not in ("", rewrite)))
    return Pair(f"edit-{sha256(draft.encode()).hexdigest()[:12]}", draft, rewrite, KEPT if rewrite == draft else EDIT, turned_down)


def decisions(path: Path) -> list[Pair]:
    """All that is kept in `path`, oldest first.  Raises UserError where the file is damaged."""
    return read_pairs(path) if path.is_file() and path.stat().st_size else []


def keep_decision(path: Path, pair: Pair) -> None:
    """Add `pair`, in the place of an earlier decision about the same draft."""
    with _lock:
        write_pairs(path, [*(kept for kept in decisions(path) if kept.id != pair.id), pair])


def forget_decision(path: Path, id: str) -> None:
    """Delete one.  Raises UserError where there is none of that id."""
    with _lock:
        kept = decisions(path)
        if id not in {pair.id for pair in kept}:
            raise UserError("That decision is no longer here; reload the page to see what is.")
        write_pairs(path, [pair for pair in kept if pair.id != id])


def forget_all_decisions(path: Path) -> None:
    """Delete them all, a damaged file too."""
    with _lock:
        path.unlink(missing_ok=True)
