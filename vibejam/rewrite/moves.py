"""Moves: from one way of building a sentence to another that says the same, where a pattern is sure of it.

A move turns "I think that he" into "I think he", or a comma into a semicolon; how often the person does the one and the other is
counted with the same patterns (taste.py), so that the move is theirs or is not made.  A pattern has no parse: each asks for words
around it that leave no second reading, and what it can't be sure of it lets stand.  Here are what a move is and the words common
to the patterns; the moves themselves stand in clauses.py, reasons.py, turns.py, company.py, joints.py and commas.py.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

_SUBJECTS = "(?:I|we|he|she|they)"  # pronouns that nothing but a clause begins with
_VERBS = (  # that are finite for sure
    "(?:is|are|was|were|am|has|have|had|can|could|will|would|may|might|must|should|shall|do|does|did|cannot|[a-z]+n['’]t|seems?|seemed"
    "|came|went|made|took|gave|got|said|knew|thought|became|began|felt|found|left|kept|put|saw|told|wrote|ran|stood|sat|lost|means?"
    "|meant|needs?|wants?)"
)
_VOCABULARY = {  # what stands as <name> in a pattern
    "start": r"(?:^|(?<=[.!?] ))",  # of a sentence
    "subject": _SUBJECTS,
    "verb": _VERBS,
    # a clause for sure: a subject and, near it, a verb
    "clause": (
        rf"(?:{_SUBJECTS} (?!and\b|or\b)|(?:it|you|this|that(?! (?:are|were|have|do)\b)|there|these|those) {_VERBS}\b"
        r"|(?:the|a|an|my|our|his|her|their|its|no|every|each|this|these|some|most|many)"
        rf" (?:(?!and|or|who|which|that|of)[\w’'-]+ ){{1,3}}{_VERBS}\b)"
    ),
    "next": ("(?=(?:I|We|You|He|She|It|They|This|That|These|Those|There|The|A|An|My|Our|His|Her|Their|Its|No|Every|Each) )"),
    "person": "(?=(?:I|We|He|She|They) )",
    "same": "(?=(?:I|We|You|He|She|It|They|There|My|Our|His|Her|Their|Its) )",  # that goes on with what was spoken of
    "dash": "(?: ?— ?| – )",  # no "north–south"
    "aside": (
        "(?:which (?:is|was|are|were|has|had)|such as|including|especially|particularly|or rather|or at least|at least|if not"
        "|not to mention|and even|or even|for example|for instance|in other words)"
    ),
    # words of one clause, no other begun in it
    "one": r"(?:(?!\b(?:which|who|that|and|but|because|if|when)\b)[^.!?;:,—–()\"“”])",
}
_SMALL = frozenset(  # what is a small letter's within a sentence
    "a an it he she they we you this that these those there the my our his her their its no every each some many most all one in on"
    " at".split()
)
_VOWEL_SOUND = re.compile(r"(?:[aeio]|u(?!ni|s[aeiu]|til|biq))|hour|honest|honou?r|heir", re.I)
Put = str | Callable[[re.Match[str]], str | None]


@dataclass(frozen=True)
class Move:
    """`pattern` finds the way `before` of a kind of construction, and `put` builds the way `after`.

    `put` is a template, or a function that may say None: not here.  `hint`: what must be in a text for the pattern to be tried at
    all, ways parted by |; "" where nothing must.
    """

    kind: str
    before: str
    after: str
    hint: str
    pattern: re.Pattern[str]
    put: Put


@dataclass(frozen=True)
class Made:
    """A move made: the characters from `start` to `end` become `text`."""

    move: Move
    start: int
    end: int
    text: str


def pattern(source: str) -> re.Pattern[str]:
    """A pattern in which <name> is of the vocabulary."""
    return re.compile(re.sub(r"<([a-z]+)>", lambda name: _VOCABULARY[name[1]], source))


def places(text: str, moves: Iterable[Move]) -> Iterator[tuple[Move, re.Match[str], str]]:
    """Where a text has the ways that `moves` begin from, and what each makes of it: the same, where it is only to be counted."""
    for move in moves:
        if move.hint and not any(hint in text for hint in _hints(move.hint)):
            continue
        for match in move.pattern.finditer(text):
            new = built(match, move.put)
            if new is not None:
                yield move, match, new


def made(text: str, moves: Iterable[Move]) -> Iterator[Made]:
    """Every place of a text where one of `moves` can be made, and what comes of it; capitals put right."""
    for move, match, new in places(text, moves):
        if new != match[0]:
            start, end = match.span()
            following = text[end : end + 1]
            ended, ends = re.search(r"[.!?] $", match[0]), re.search(r"[.!?] $", new)
            if ends and following.islower():
                new, end = new + following.upper(), end + 1
            elif ended and not ends and following.isupper():
                first = lowered(text[end:])
                if first is None:
                    continue
                new, end = new + first[0], end + 1
            if match[0][:1].isupper() and new[:1].islower():
                new = new[0].upper() + new[1:]
            yield Made(move, start, end, new)


def built(match: re.Match[str], put: Put) -> str | None:
    """What a template or a function makes of a match."""
    return match.expand(put) if isinstance(put, str) else put(match)


def lowered(sentence: str) -> str | None:
    """A sentence as it begins within another, or None where its first word may be a name."""
    word = re.match(r"[A-Za-z]+", sentence)
    if word and (word[0] == "I" or word[0].lower() in _SMALL):
        return sentence if word[0] == "I" else sentence[0].lower() + sentence[1:]
    return None


def agreeing(before: str, text: str) -> str:
    """What stands before a text, its last "a" or "an" put right for it."""
    article = re.search(r"\b([Aa])n?(\s+)$", before)
    if not article or not text[:1].isalpha():
        return before
    return before[: article.start()] + article[1] + ("n" if _VOWEL_SOUND.match(text) else "") + article[2]


def raised(text: str) -> str:
    """A text with the capital of a sentence."""
    return text[:1].upper() + text[1:]


def sentence_before(match: re.Match[str]) -> str:
    """What of its sentence stands before a match."""
    return re.split(r"(?<=[.!?]) ", match.string[: match.start()])[-1]


def sentence_after(match: re.Match[str]) -> str:
    """What of its sentence stands after a match."""
    return re.split(r"[.!?](?:\s|$)", match.string[match.end() :])[0]


def asked(match: re.Match[str]) -> bool:
    """Whether its sentence is a question."""
    return match.string[match.end() + len(sentence_after(match)) :].startswith("?")


def unless(stop: str, put: Put) -> Put:
    """`put`, where `stop` is not found in the sentence so far."""
    found = re.compile(stop, re.I)
    return lambda match: None if found.search(sentence_before(match)) else built(match, put)


def opening(template: str, begin: Callable[[str], str | None]) -> Put:
    """A template whose {0} is the first group, made the beginning of a sentence or of a part of one by `raised` or `lowered`."""

    def put(match: re.Match[str]) -> str | None:
        first = begin(match[1])
        return None if first is None else template.format(first, *match.groups()[1:])

    return put


@cache
def _hints(hint: str) -> list[str]:
    return hint.split("|")
