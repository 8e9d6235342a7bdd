"""Which facts of a draft a rewrite kept, as the judge counts them: numbers, names and negations.

Numbers are compared by value ("forty-six" is 46, "a thousand" 1,000), names by spelling, negations by how many there are.  Nothing
may be lost and no number or name may be new.  It is a count, not a reading: "unable" for "not able" reads as a lost negation, a
name that opens a sentence is told from an ordinary word by whether that word is known in lower case, and a fact of another kind
is not seen.  The rewriting has guards of its own and must not use these: what reports is not what selects.
"""

import re
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass

from vibejam.voice import FUNCTION_WORDS, sentences

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
_UNITS += "eighteen nineteen"
_ORDINALS = "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_VALUES = {word: value for value, word in enumerate(_UNITS.split())}
_VALUES |= {word: 10 * tens for tens, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_ALONE = {word: f"{value}th" for value, word in enumerate(_ORDINALS.split(), 3)} | {"half": "half", "twice": "twice"}
_ALONE |= {word + "s": word + "s" for word in _SCALES}  # "hundreds of them": how many is not said

_FIGURES = re.compile(r"\d+(?:[.,:/]\d+)*(?:(?:st|nd|rd|th)\b)?")
_NUMBER_WORD = rf"\b(?:{'|'.join([*_VALUES, *_SCALES])})\b"
_RUN = re.compile(rf"{_NUMBER_WORD}(?:(?:[\s-]+|\s+and\s+){_NUMBER_WORD})*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NEGATION = re.compile(
    r"\b(?:not(?! (?:only|just|merely|simply)\b)|no|never|none|nobody|nothing|nowhere|neither|cannot|without)\b|n['’]t\b"
)
_NOR = re.compile(r"\bnor\b")
_NEITHER = re.compile(r"\bneither\b")
_NAME = re.compile(r"[A-Z][^\W_]*(?:['’][A-Z][^\W_]*)?(?:[-.][^\W_]+)*")
_OPENS = re.compile(r"""(?:^|\n|[:("“‘*#>\[]\s*|(?<!\w)')[\s\-*>#]*$""")
_NO_NAMES = {"I", "A", "O", "OK"}
_ENDINGS = ("ing", "ed", "ly", "tion", "ness", "ment")


@dataclass(frozen=True)
class Kept:
    """Whether a rewrite kept every fact of each kind, and brought in none."""

    numbers: bool
    names: bool
    negations: bool


def kept_facts(draft: str, rewrite: str, ordinary: Container[str] = frozenset()) -> Kept:
    """What `rewrite` kept of `draft`; `ordinary` are words known in lower case, so that one that opens a sentence is no name."""
    before, after = numbers(draft), numbers(rewrite)
    here, there = _spellings(draft), _spellings(rewrite)
    return Kept(
        numbers=not before - after and set(after) <= set(before),
        names=_all_in(names(draft, ordinary), there) and _all_in(names(rewrite, ordinary), here),
        negations=negations(draft) == negations(rewrite),
    )


def numbers(text: str) -> Counter[str]:
    """The numbers in a text by value, in figures or words; not "one", mostly a pronoun, nor "first" and "second"."""
    found = Counter(str(value) for run in _RUN.findall(text.lower()) for value in _values(re.findall("[a-z]+", run)))
    del found["1"]
    for word in _FIGURES.findall(text):
        plain = word.replace(",", "") if _THOUSANDS.fullmatch(word) else word
        found[re.sub("(?:st|nd|rd|th)$", "th", plain)] += 1
    found.update(_ALONE[word] for word in re.findall("[a-z]+", text.lower()) if word in _ALONE)
    return found


def _values(words: list[str]) -> Iterator[int]:
    """What a run of number words says: one number, or several where a word can't go on with the one before it."""
    whole, part = 0, 0  # what "thousand" and above have closed, and what is still open
    for word in (word for word in words if word != "and"):
        scale, value = _SCALES.get(word), _VALUES.get(word, 0)
        if scale and scale >= 1000:
            whole, part = whole + (part or 1) * scale, 0
        elif scale:
            part = (part or 1) * scale
        elif part == 0 or (part % 100 == 0 and value < 100) or (part % 100 >= 20 and part % 10 == 0 and value < 10):
            part += value
        else:
            yield whole + part
            whole, part = 0, value
    yield whole + part


def negations(text: str) -> int:
    """How many negations there are; "neither ... nor" is one, and "not only" is none."""
    text = text.lower()
    return len(_NEGATION.findall(text)) + max(0, len(_NOR.findall(text)) - len(_NEITHER.findall(text)))


def names(text: str, ordinary: Container[str] = frozenset()) -> set[str]:
    """Names in lower case: capitalised words inside a sentence, and those that open one but are no ordinary words."""
    found = set()
    for sentence in sentences(text):
        for match in _NAME.finditer(sentence):
            name = match[0]
            if match.start() and (sentence[match.start() - 1].isalnum() or sentence[match.start() - 1] == "_"):
                continue
            word = name.lower()
            opens = _OPENS.search(sentence[: match.start()]) is not None
            aside = sentence[match.end() :].startswith(",")  # "Nevertheless, ..."
            plain = aside or word in FUNCTION_WORDS or word in ordinary or word.endswith(_ENDINGS)
            if name not in _NO_NAMES and not (opens and plain and name[1:].islower()):
                found.add(word)
    return found


def _all_in(found: set[str], spellings: set[str]) -> bool:
    return all(name in spellings or spellings.issuperset(name.split("-")) for name in found)


def _spellings(text: str) -> set[str]:
    """Every word that a name might be found as, in lower case: whole, and the parts of what a hyphen or full stop joins."""
    words = re.findall(r"[^\W_]+(?:['’.\-][^\W_]+)*", text.lower())
    return {part for word in words for part in (word, re.sub(r"['’]s$", "", word), *re.split(r"['’.\-]", word))}
