"""The values in a text, whichever way they are written: "25", "twenty-five" and "2 dozen and one" are all numbers.

A cardinal is its digits ("25"), an ordinal "#25", a fraction "2/3", a multiple "x2"; "dozens" and the like stand for themselves.
Left out: Roman numerals (the guards see them as names) and what a number refers to.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from vibejam.rewrite.remembered import remembered
from vibejam.rewrite.words import FUNCTION, PAST

_SMALL = dict(zip(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen".split(), range(20), strict=True,
)) | {"nought": 0}  # fmt: skip
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_DOZEN = {"dozen": 12}
_ORDINALS = dict(zip(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth".split(), range(1, 20), strict=True,
)) | dict(zip(
    "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth".split(), range(20, 100, 10), strict=True,
))  # fmt: skip
_ORDINALS |= {"hundredth": 100, "thousandth": 1000, "millionth": 10**6, "firstly": 1, "secondly": 2, "thirdly": 3}
_MULTIPLES = {"twice": "x2", "thrice": "x3", "once": "x1", "double": "x2", "doubled": "x2", "doubles": "x2", "doubling": "x2",
              "triple": "x3", "tripled": "x3", "threefold": "x3", "twofold": "x2", "half": "1/2", "halves": "1/2", "halved": "1/2",
              "quarter": "1/4"}  # fmt: skip
_ALONE = {word + "s" for word in [*_SCALES, "dozen"]}
OF_NOBODY = frozenset("the this that each every any no some which another only what many such".split())  # before "one", no number
_AFTER_ONE_TIME = frozenset("a an in or and at on every each per daily weekly".split())  # once a week
_AFTER_ONCE = FUNCTION - {"a", "an", "in", "or", "and", "at", "on"}  # what follows makes it "as soon as"
_DAYS = frozenset("day morning afternoon evening night summer autumn winter spring sunday monday saturday".split())
_SOMEBODY = frozenset(", i you he she it we they the a an my your his her our their".split())  # one wet day, one day he
_AFTER_SOMEBODY = re.compile(r"(?!(?:lens|news|series|species|means)\b)[a-z]{3,}[^\Wsiu]s")  # one comes: no "one" is of a plural
_CLAUSES = frozenset("if as when how where unless though because".split())  # before "one", with a verb behind it, anybody
WORDS = frozenset([*_SMALL, *_TENS, *_SCALES, *_DOZEN, *_ORDINALS, *_MULTIPLES, *_ALONE])


@remembered(4096)
def _of_digits(text: str) -> str:
    """Digits as a value: "1,204.50" as "1204.5", "3rd" as "#3"; dates, times and versions as they are."""
    ordinal = text[-2:] in ("st", "nd", "rd", "th")
    text = text.removesuffix(text[-2:]) if ordinal else text
    groups = text.split(",")
    if len(groups) > 1 and all(len(group.split(".")[0]) == 3 for group in groups[1:]) and len(groups[0]) < 4:
        text = "".join(groups)
    if text.count(".") == 1 and text.replace(".", "").isdigit():
        text = text.rstrip("0").rstrip(".")
    return ("#" if ordinal else "") + text


def values_in(words: Sequence[str]) -> list[tuple[str, int, int]]:
    """The numbers among the words of a text in lower case: (value, first word, the word after its last one), in order."""
    found: list[tuple[str, int, int]] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word[0].isdigit() or word in WORDS:
            value, end = _value(words, at)
            if value:
                found.append((value, at, end))
            at = max(end, at + 1)
        else:
            at += 1
    return _joined(found, words)


def _value(words: Sequence[str], at: int) -> tuple[str, int]:
    word = words[at]
    if word in ("first", "firstly", "second", "once") and _counts_nothing(words, at):
        return "", at + 1
    if word in _MULTIPLES:
        return _MULTIPLES[word], at + 1
    if word in _ALONE:
        return word, at + 1
    if word in _ORDINALS:
        fraction = word != "first" and word != "second" and at and words[at - 1] in ("a", "one")
        return (f"1/{_ORDINALS[word]}" if fraction and words[at + 1 : at + 2] == ["of"] else f"#{_ORDINALS[word]}"), at + 1
    if word[0].isdigit():
        if words[at + 1 : at + 2] and words[at + 1] in _SCALES | _DOZEN and word.replace(".", "").isdigit() and word.count(".") < 2:
            return f"{float(word) * (_SCALES | _DOZEN)[words[at + 1]]:.12g}", at + 2
        return _of_digits(word), at + 1
    if word == "one" and _is_somebody(words, at):
        return "", at + 1
    return _cardinal(words, at)


def _is_somebody(words: Sequence[str], at: int) -> bool:
    """Whether "one" counts nothing: the one, each one, a good one, one must, if one took."""
    before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
    if after in ("of", "in", "per", "or", "to", "and") and not before[:1].isalpha() or after in ("of", "or"):
        return before in OF_NOBODY - {"the", "only"}
    some_day = (not before[:1].isalpha() or before in ("and", "but", "then")) and any(
        day in _DAYS and then in _SOMEBODY for day, then in pairwise(words[at + 1 : at + 4])
    )
    if after == "more" or _AFTER_SOMEBODY.fullmatch(after) or some_day:
        return True
    return before in OF_NOBODY or after in FUNCTION or not after.isalpha() or before in _CLAUSES and after in PAST


def _counts_nothing(words: Sequence[str], at: int) -> bool:
    """Whether "first", "second" or "once" is of order or time rather than a number: first, …; a second; once he came."""
    word, before, after = words[at], words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
    if word == "second":
        return before in ("per", "a", "every", "each", "split")
    if word == "once":
        clause = (not before[:1].isalpha() or before == "and") and after[:1].isalpha() and after not in _AFTER_ONE_TIME
        return before == "at" or clause or after in ("more", "again", "upon") or after in _AFTER_ONCE
    then = after == "then" or list(words[at + 1 : at + 3]) == ["and", "then"]
    return word in ("first", "firstly") and (before == "at" or after in (",", "of") or then)


def _cardinal(words: Sequence[str], at: int) -> tuple[str, int]:
    total, group, end = 0, None, at
    least = 10**15  # each part of a number is smaller than the one before it
    while end < len(words):
        word = words[end]
        if word == "and" and group is not None and end > at and words[end - 1] in ("hundred", "thousand") and end + 1 < len(words):
            if words[end + 1] in _SMALL or words[end + 1] in _TENS:
                end += 1
                continue
            break
        if word in _TENS and (group is None or group % 100 == 0) and least > 99:
            group, least = (group or 0) + _TENS[word], 10
        elif word in _SMALL and (group is None or (_SMALL[word] < least and group % 10 == 0 and (least > 99 or group % 100))):
            group, least = (group or 0) + _SMALL[word], 1
        elif word == "hundred" and (group is None or group < 100):
            group, least = (group or 1) * 100, 100
        elif word in _SCALES and word != "hundred":
            total, group, least = total + (group or 1) * _SCALES[word], 0, 1000
        elif word in _DOZEN:
            group, least = (group or 1) * 12, 1
        elif word in _ORDINALS and group is not None and _ORDINALS[word] < least and group % 10 == 0 and group:
            if words[end].endswith("s"):
                break
            return f"#{total + group + _ORDINALS[word]}", end + 1
        elif word[:-1] in _ORDINALS and word[-1] == "s" and group is not None:  # two thirds
            return f"{total + group}/{_ORDINALS[word[:-1]]}", end + 1
        elif word in ("half", "quarter", "quarters") and group is not None and end == at + 1 and group < 4:
            return f"{group}/{2 if word == 'half' else 4}", end + 1
        else:
            break
        end += 1
    return (str(total + (group or 0)) if end > at else ""), end


def _joined(found: list[tuple[str, int, int]], words: Sequence[str]) -> list[tuple[str, int, int]]:
    """The numbers with "2 times" as twice."""
    out = []
    for value, first, end in found:
        if value.isdigit() and words[end : end + 1] in (["times"], ["time"], ["occasion"], ["occasions"]) and int(value) < 4:
            out.append((f"x{value}", first, end + 1))
        else:
            out.append((value, first, end))
    return out
