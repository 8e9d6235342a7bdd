"""Hard-wrapped prose → one line a paragraph.

A model that learns wrapped lines learns to break a line every 72 characters.  What tells a wrapped line from verse, a
list or dialogue is that its break was forced: the next word would not have fitted.  So the width that explains most
breaks is looked for, and only forced breaks are joined.
"""

import re
from collections import Counter

_NARROWEST, _WIDEST = 45, 100  # columns; narrower is verse, wider is a window, not a typist
_SLACK = 0.9  # typists and later edits leave lines a little short
_SENTENCE_END = re.compile(r"""[.!?:;…]["'”’)\]*_]*$""")
# A list item, a quotation, a rule, an indented line: the break before it was meant.
_STRUCTURE = re.compile(r"\s|[-*+•–—>|#]\s|>|\d{1,3}[.)]\s|[*_=~-]{3,}$")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+\S")


def unwrap(text: str) -> str:
    """Text with "\\n" line ends → the same words with forced line breaks turned into spaces."""
    if "\n" not in text:
        return text
    lines = text.split("\n")
    width = _wrap_width(_breaks(lines))
    out: list[str] = []
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
            continue
        out.extend(_joined(block, width))
        out.append("")
        block = []
    return "\n".join(out[:-1])


def _joined(block: list[str], document_width: int) -> list[str]:
    if len(block) < 2:
        return block
    width = document_width or _wrap_width(_breaks(block), strict=True)
    if not width:
        return block
    out = [block[0]]
    for before, line in zip(block, block[1:], strict=False):
        if _forced(before, line, width) and _may_go_on(out[-1], line):
            out[-1] = _glue(out[-1].rstrip(), line.strip())
        else:
            out.append(line)
    return out


def _breaks(lines: list[str]) -> list[tuple[str, str]]:
    return [(a, b) for a, b in zip(lines, lines[1:], strict=False) if a.strip() and b.strip() and _may_go_on(a, b)]


def _may_go_on(before: str, line: str) -> bool:
    hangs = line[0].isspace() and _ITEM.match(before) and not _ITEM.match(line)  # under its list item
    return bool(hangs) or not _STRUCTURE.match(line)


def _wrap_width(breaks: list[tuple[str, str]], strict: bool = False) -> int:
    """The column this text was wrapped at, or 0 where its line breaks were meant."""
    votes: Counter[int] = Counter()
    for before, after in breaks:
        end = len(before.rstrip())
        if end > _WIDEST:  # a whole paragraph: says nothing about the width
            continue
        # A wrap at any of these columns explains this break: the line fitted, the next word did not.
        votes.update(range(max(end, _NARROWEST), min(end + len(_first_word(after)), _WIDEST) + 1))
    if not votes:
        return 0
    width, explained = max(votes.items(), key=lambda vote: (vote[1], -vote[0]))
    forced = [(a, b) for a, b in breaks if _forced(a, b, width)]
    mid_sentence = sum(1 for a, _ in forced if not _SENTENCE_END.search(a.rstrip()))
    lower = sum(1 for _, b in forced if b.lstrip()[:1].islower())
    share = len(forced) / len(breaks) if strict else explained / len(breaks)
    wrapped = share >= (0.75 if strict else 0.6) and mid_sentence >= 0.5 * len(forced) and lower >= 0.4 * len(forced)
    return width if wrapped and len(forced) else 0


def _forced(before: str, after: str, width: int) -> bool:
    end = len(before.rstrip())
    return 0.6 * width <= end <= _WIDEST + 20 and end + 1 + len(_first_word(after)) > width * _SLACK


def _first_word(line: str) -> str:
    return line.split(maxsplit=1)[0]


def _glue(before: str, after: str) -> str:
    attached_dash = re.search(r"\w(?:-|--|—)$", before) is not None  # "well-/known", "wait--/no": never a space
    return before + after if attached_dash else f"{before} {after}"
