"""Text as a person typed it, without what machines put in: one form of every character, line end and paragraph.

`clean` is idempotent: cleaning what is clean changes nothing.  It never touches style: curly quotes, dashes, ellipses,
double spaces after a full stop and `<|doc_end|>` typed by the person stay as they are.
"""

import re
import unicodedata
from collections import Counter

import ftfy
from ftfy.badness import is_bad

from vibejam.reading.unwrapping import unwrap

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_ANSI = re.compile("\x1b(?:\\[[0-?]{0,64}[ -/]{0,8}[@-~]|\\][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])")
_SPACES = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef"
    "\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000f0000-\U0010ffff]"
)
# A joiner means something between emoji or in scripts that join letters; anywhere else it is only invisible.
_JOINING = "[\u0600-\u1fff\u2190-\u2bff\u2e80-\U000e01ef]"
_STRAY_JOINER = re.compile(f"(?<!{_JOINING})[\u200c\u200d]|[\u200c\u200d](?!{_JOINING})")
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]{1,16})|[\U000e0020-\U000e007f]")  # kept behind a black flag
_LIGATURES = {
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
}  # a printer's, not a writer's
_LIGATURE = re.compile("[ﬀ-ﬆ]")
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_STACKED = re.compile(f"([{_MARKS}]{{2}})[{_MARKS}]+")
_LOST_QUOTE = re.compile("â€(?=[\\s.,;:!?)A-Za-z]|$)")  # a closing quote whose last byte Windows-1252 could not keep
_MANY = 5  # more copies of one line than this are a machine's doing
_LONG = 20  # characters; a shorter line ("He said no.") may come back for good reason, unless it follows itself
_PASSES = 12


def clean(text: str) -> tuple[str, tuple[str, ...]]:
    """Any text → (clean text, warnings); "\\n" is the only control character left, and "" may be all that is left."""
    warnings: dict[str, None] = {}
    for _ in range(_PASSES):  # each pass only takes away, so it settles; the second one nearly always changes nothing
        before = text
        text = _one_pass(text, warnings)
        if text == before:
            break
    return text, tuple(warnings)


def plain_line_ends(text: str) -> str:
    """Every kind of line end as "\\n"."""
    return _LINE_ENDS.sub("\n", text)


def _one_pass(text: str, warnings: dict[str, None]) -> str:
    text = _LINE_ENDS.sub("\n", _ANSI.sub("", text))
    if not text.isascii():
        text = _repair_mojibake(text, warnings)
        text = _LINE_ENDS.sub("\n", text)
    text = _SPACES.sub(" ", text)
    text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = _TAGS.sub(lambda match: match[1] or "", text)
        text = _LIGATURE.sub(lambda match: _LIGATURES[match[0]], _STRAY_JOINER.sub("", text))
        text = unicodedata.normalize("NFC", text)
        text, cut = _STACKED.subn(r"\1", text)
        if cut > 3:
            warnings["stacked accents were cut to two"] = None
    lines = [line.rstrip() for line in text.split("\n")]
    lines = _without_repeats(lines, warnings)
    return unwrap(_one_blank_line(lines))


def _repair_mojibake(text: str, warnings: dict[str, None]) -> str:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.isascii() or not is_bad(line):
            continue
        repaired = ftfy.fix_encoding(_LOST_QUOTE.sub("â€\x9d", line))
        if repaired != line:
            lines[number] = repaired
            warnings["characters garbled by a wrong encoding were repaired"] = None
    return "\n".join(lines)


def _one_blank_line(lines: list[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept)


def _without_repeats(lines: list[str], warnings: dict[str, None]) -> list[str]:
    """One copy of a line that comes back more than a few times: a footer, a stuck key, a test file."""
    counts = Counter(line.strip() for line in lines)
    many = {line for line, count in counts.items() if count > _MANY and line and not line.endswith(":")}
    if not many:
        return lines
    runs = _lines_in_a_row(lines)
    repeated = {line for line in many if len(line) >= _LONG or runs.get(line, 0) > _MANY}
    if not repeated:
        return lines
    seen: set[str] = set()
    kept: list[str] = []
    dropped = 0
    for line in lines:
        bare = line.strip()
        if bare in seen:
            dropped += 1
            continue
        if bare in repeated:
            seen.add(bare)
        kept.append(line)
    if dropped:
        warnings[f"repeated lines kept once ({dropped:,} copies left out)"] = None
    return kept


def _lines_in_a_row(lines: list[str]) -> dict[str, int]:
    longest: dict[str, int] = {}
    last, run = "", 0
    for line in filter(None, (line.strip() for line in lines)):
        run = run + 1 if line == last else 1
        last = line
        longest[line] = max(longest.get(line, 0), run)
    return longest
