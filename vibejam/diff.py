"""What changed between a draft and its rewrite, word by word."""

import difflib
import re
from typing import NamedTuple

_WORD = re.compile(r"\s+|\w+(?:['’]\w+)*|[^\w\s]")


class Change(NamedTuple):
    """A stretch of text: `kind` is "same", "draft" (only the draft has it) or "rewrite" (only the rewrite has it)."""

    kind: str
    text: str


def word_diff(draft: str, rewrite: str) -> list[Change]:
    """The stretches in reading order; the "same" and "draft" ones make the draft, the "same" and "rewrite" ones the rewrite."""
    a, b = _WORD.findall(draft), _WORD.findall(rewrite)
    changes = []
    for kind, a0, a1, b0, b1 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            changes.append(Change("same", "".join(a[a0:a1])))
            continue
        if a1 > a0:
            changes.append(Change("draft", "".join(a[a0:a1])))
        if b1 > b0:
            changes.append(Change("rewrite", "".join(b[b0:b1])))
    return changes
