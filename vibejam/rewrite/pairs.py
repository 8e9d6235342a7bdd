"""Pairs of a draft and its rewrite: what a model learns to rewrite from, kept one JSON object a line.

Left out: where they come from (making.py), and learning from them (pair_data.py, finetune.py).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from vibejam.errors import UserError
from vibejam.files import write_text

FORMAT = 1  # of a line; one without a number, as they were at first and as other programs write them, is read as the first
# How much a pair of a kind counts against one that a small model drafted: real edits and pairs a person gave most, rules least, for
# they teach to undo just themselves.  36 drafts of a big model's taught one voice more than 450 of a small one's.
TIMES = {"edit": 8.0, "given": 8.0, "llm": 6.0, "corrupt": 0.5}
OUR_OWN = {"local", "corrupt"}  # kinds whose drafts were made here, and are not written as those that a person brings
PROMPT = "Draft: {draft}\n\nRewrite:"  # what a rewriting model reads; a blank and the rewrite follow


@dataclass(frozen=True)
class Pair:
    """A neutral `draft` and the person's `rewrite` of it; `kind` says where it came from, `rejected` what they did not want."""

    id: str
    draft: str
    rewrite: str
    kind: str
    rejected: tuple[str, ...] = ()


def read_pairs(path: Path | str) -> list[Pair]:
    """The pairs in `path`; "original" is another name for the rewrite.  Raises UserError naming the first line that is none."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")  # not splitlines: a text may hold other line ends
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read; give a UTF-8 file with one JSON object a line.") from error
    pairs = [_pair(line, number, path) for number, line in enumerate(lines, 1) if line.strip()]
    if not pairs:
        raise UserError(f'There are no pairs in {path}; give one {{"draft": ..., "rewrite": ...}} a line.')
    return pairs


def write_pairs(path: Path | str, pairs: Iterable[Pair]) -> None:
    """All `pairs`, one JSON object a line, in `path`'s place in one step."""
    rows = ({"format": FORMAT, **asdict(pair)} for pair in pairs)
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def times_of(pairs: Sequence[Pair]) -> list[float]:
    """How often each pair is read in an epoch: by TIMES, and so that what counts is read once on average.

    Alone every kind is read once; beside a hundred that count more, one that counts little is not in each epoch.
    """
    counts = [TIMES.get(pair.kind, 1.0) for pair in pairs]
    once = sum(counts) / sum(count * count for count in counts)
    return [count * once for count in counts]


def without_rejected(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs but those whose rewrite somebody turned down for that draft, in whatever pair it says so."""
    rejected = {(_spaced(pair.draft), _spaced(text)) for pair in pairs for text in pair.rejected}
    return [pair for pair in pairs if (_spaced(pair.draft), _spaced(pair.rewrite)) not in rejected]


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _pair(line: str, number: int, path: Path | str) -> Pair:
    try:
        row = json.loads(line)
        if row.get("format", 1) > FORMAT:
            raise UserError(f"{path} was written by a newer vibejam; update vibejam to open it.")
        draft, rewrite = row["draft"].strip(), row.get("rewrite", row.get("original")).strip()
        if not draft or not rewrite:
            raise ValueError("an empty text")
        (draft + rewrite).encode()  # half of a surrogate pair is no text, and could not be written again
        rejected = tuple(row.get("rejected", ()))
        "".join(rejected).encode()
        return Pair(str(row.get("id", number)), draft, rewrite, str(row.get("kind", "given")), rejected)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f'Line {number} of {path} is not an object with a "draft" and a "rewrite"; correct it and try again.'
        ) from error
