"""Small edits that turn a machine's sentence towards a person's, with no neural network: the first proposer.

Each edit is an exchange from the tables (table.py) or a move to another build of the sentence (moves.py).  Which ones are worth
making, and in what company, a beam search decides by what was learnt of the person (manner.py): their taste among ways of saying
the same, their style, and whether the words still follow one another as anybody writes them.  What may be changed at all is not
decided here: the guards see every candidate.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from vibejam.rewrite.fitting import fits
from vibejam.rewrite.manner import Manner
from vibejam.rewrite.moves import agreeing, made, pattern
from vibejam.rewrite.table import CONTRACTION, SPELLING, Ways, idioms, openers, plain, replacements
from vibejam.rewrite.taste import MOVES, OPENER, kinds

BEAM = 6  # texts kept after each round of edits
ROUNDS = 12  # edits made to a unit at most
TASTE = 0.5  # what a nat of the person's taste weighs against a logit of their style
SOUND = 0.2  # and a nat by which an edit makes the words follow one another worse
SURE = 0.05  # the same for a move, whose grammar is certain
SHORT = 40  # characters of an edit that is an exchange, and no sentence built anew
STRAIN = 5.0  # nats of that an exchange may cost
LEAST = -1.5  # nats of taste below which a move is not the person's
_SHOUTED = re.compile(r"\b[A-Z]{2,}\b")  # what is meant to be heard, or short for more
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,:/]\d+)*%?|\.\.\.|…|--|[^\w\s]")


@dataclass(frozen=True)
class Edit:
    """The characters from `start` to `end` of a text become `text`; `taste`: by how many nats the person likes that better."""

    start: int
    end: int
    text: str
    taste: float = 0.0
    sure: bool = False  # whether its grammar is certain, so that how it sounds counts less
    again: bool = False  # whether it may change what another edit put in; a colon made a dash is not made a semicolon after all


@dataclass(frozen=True)
class _State:
    text: str
    put_in: tuple[tuple[int, int], ...]  # where in it the edits so far put short words in
    taste: float  # of all edits so far
    sound: float  # nats of its words in this order
    strain: float  # what the edits so far cost by how they sound
    score: float


def propose_edits(text: str, manner: Manner, count: int = 6, allowed: Callable[[str], bool] = lambda text: True) -> list[str]:
    """Up to `count` versions of a unit, best first, none of them the unit itself.

    `allowed` refuses a text and with it all that would be made of it.
    """
    first = _State(text, (), 0.0, manner.words.log_probability(text), 0.0, manner.style(text))
    beam, found, seen = [first], [], {text}  # `found`: of each round its best, from a light touch to a heavy hand
    for _ in range(ROUNDS):
        grown = []
        for state in beam:
            for edit in edits_of(state.text, manner):
                new = apply_edit(state.text, edit)
                if new in seen or edit.end - edit.start <= SHORT and not edit.again and _overlaps(edit, state.put_in):
                    continue
                seen.add(new)
                sound, taste = manner.words.log_probability(new), state.taste + edit.taste
                worse = min(0.0, sound - state.sound)
                strain = state.strain + (SURE if edit.sure else SOUND) * worse
                score = manner.style(new) + TASTE * taste + strain
                if score > state.score and (edit.sure or worse > -STRAIN) and allowed(new):
                    grown.append(_State(new, _put_in(state, edit, new), taste, sound, strain, score))
        beam = sorted(grown, key=lambda state: -state.score)[:BEAM]
        if not beam:
            break
        found += beam[:2]
    return [state.text for state in sorted(found, key=lambda state: -state.score)[:count]]


def apply_edit(text: str, edit: Edit) -> str:
    """The text with the edit made, and "a" or "an" before it put right."""
    bare = edit.text.lstrip(" ")  # some moves begin with the blank before their word
    before = text[: edit.start] + edit.text[: len(edit.text) - len(bare)]
    return agreeing(before, bare) + bare + text[edit.end :]


def _overlaps(edit: Edit, spans: tuple[tuple[int, int], ...]) -> bool:
    return any(start < edit.end and edit.start < end for start, end in spans)


def _put_in(state: _State, edit: Edit, new: str) -> tuple[tuple[int, int], ...]:
    """Where in `new`, made of the state's text by the edit, short words stand that were put in."""
    longer = len(new) - len(state.text)
    apart = [(a, b) for a, b in state.put_in if b <= edit.start or edit.end <= a]
    kept = tuple((a, b) if b <= edit.start else (a + longer, b + longer) for a, b in apart)
    exchanged = edit.end - edit.start <= SHORT and (len(edit.text) > 1 or not edit.text.isalpha())  # one letter is a capital
    return (*kept, (edit.start, edit.end + longer)) if exchanged else kept


def edits_of(text: str, manner: Manner) -> Iterator[Edit]:
    """Every single edit that the tables and the moves have for a text."""
    yield from _exchanges(text, manner)
    yield from _openers(text, manner)
    yield from _moves(text, manner)


def _exchanges(text: str, manner: Manner) -> Iterator[Edit]:
    table = replacements()
    placed = placed_words(text)
    words = [word for *_, word in placed]
    found: list[tuple[int, int, str]] = []  # first word, how many, phrase
    for i in range(len(words)):
        for n in range(min(_longest(), len(words) - i), 0, -1):
            phrase = " ".join(words[i : i + n])
            if phrase in table:
                found.append((i, i + n, phrase))
            elif words[i].endswith("n't") and n > 1:  # "isn't very" is "not very"
                phrase = " ".join(["not", *words[i + 1 : i + n]])
                if phrase in idioms():
                    found.append((i, i + n, phrase))
    for first, last, phrase in found:
        contracts = any(ways.form == CONTRACTION for _, ways in table[phrase])
        if any(_shields((a, b), (first, last), other in idioms(), contracts) for a, b, other in found):
            continue
        start, end = placed[first][0], placed[last - 1][1]
        if _SHOUTED.search(text, start, end):
            continue
        for way, ways in table[phrase]:
            gain = _gain(phrase, way, ways, manner)
            if gain >= 0 and fits(text, start, end, way, ways):
                yield Edit(start, end, _typed(way, text, (start, end), manner), gain, sure=ways.form == CONTRACTION, again=True)


def _shields(other: tuple[int, int], span: tuple[int, int], idiom: bool, contracts: bool) -> bool:
    """Whether a phrase is kept by another: one that holds it and says what may become of it, or an idiom that it is partly in.

    What may be contracted is kept only by an idiom that holds it: "is not very good" has one in it, and is "isn't" all the same.
    """
    if other == span or span[0] <= other[0] and other[1] <= span[1]:
        return False
    if other[0] <= span[0] and span[1] <= other[1]:
        return idiom or not contracts
    return idiom and not contracts and other[0] < span[1] and span[0] < other[1]


def _gain(phrase: str, way: str, ways: Ways, manner: Manner) -> float:
    names, after = [plain(other) for other in ways.ways], plain(way)
    if ways.form == SPELLING and not manner.mostly(names, after):  # nobody spells a word two ways
        return -math.inf
    return manner.leaning(names, phrase, after)


@cache
def _longest() -> int:
    return max(len(phrase.split()) for phrase in replacements())


_MORE_SAID = re.compile(r"^[^.!?]*(?:\b(?:and|or|but) that\b|, (?:is|isn['’]t) (?:it|there)\?)")  # than one thing is said to be so
_CLAUSE_NEXT = pattern(r" (?:<clause>|(?:it|you|the|this|that|there|these|those|my|our|his|her|their|its|a|an|no|[A-Z]\w+) )")


def _openers(text: str, manner: Manner) -> Iterator[Edit]:
    for sentence in re.finditer(r"(?:^|(?<=[.!?] ))(?=[A-Z])", text):
        start = sentence.start()
        for ways in openers():
            names = [OPENER + way.lower() for way in ways.ways if way]
            for way in filter(None, ways.ways):
                end = start + len(way)
                if not text.startswith(way, start) or re.match(r"[\w,]", text[end:]):
                    continue
                if way[-1].isalpha() and " " not in way and way not in ("Although", "Though") and not _opens_a_clause(text[end:]):
                    continue
                if way.endswith(" that") and (not _opens_a_clause(text[end:]) or _MORE_SAID.search(text[end:])):
                    continue
                for other in ways.others(way):
                    if other in ("But", "Yet") and text.startswith(" for ", end):  # "but for him" is "without him"
                        continue
                    if way == "Yet" and re.match(r" (?:an?|another|more|again)\b", text[end:]):  # "yet a third man"
                        continue
                    adverb = other[-1:].isalpha() and not other.startswith(("But", "Yet", "And", "So"))
                    if adverb and way[-1] == "," and not _opens_a_clause(text[end:]):
                        continue  # "sometimes, driving home, I stop" has two commas
                    if not other:
                        following = re.match(r"\s*(\S)", text[end:])
                        if following and not re.match(r"\s*[a-z]+[A-Z]", text[end:]):  # "iOS"
                            yield Edit(start, end + following.end(), following[1].upper(), sure=True)
                        continue
                    gain = manner.leaning(names, OPENER + way.lower(), OPENER + other.lower())
                    if gain >= 0:
                        yield Edit(start, end, other, gain, sure=True)


def _opens_a_clause(after: str) -> bool:
    return _CLAUSE_NEXT.match(after) is not None


def _moves(text: str, manner: Manner) -> Iterator[Edit]:
    dash = manner.marks.get("dash", " — ")
    for found in made(text, MOVES):
        move, names = found.move, kinds()[found.move.kind]
        before, after = f"{move.kind}: {move.before}", f"{move.kind}: {move.after}"
        gain = manner.leaning(names, before, after) if after in names else 0.0
        if gain > LEAST:
            yield Edit(found.start, found.end, found.text.replace(" — ", dash), gain, sure=True)


def placed_words(text: str) -> list[tuple[int, int, str]]:
    """The words and marks of a text, each with where it begins and ends, in lower case and plain punctuation."""
    return [(m.start(), m.end(), plain(m[0])) for m in _WORD.finditer(text)]


def _typed(way: str, text: str, span: tuple[int, int], manner: Manner) -> str:
    """As the text types it, or the person where it shows nothing: a text has one kind of apostrophe."""
    phrase = text[span[0] : span[1]]
    if "’" in text or manner.marks.get("apostrophe") == "’" and not re.search("['\"]", text):
        way = way.replace("'", "’")
    return way[0].upper() + way[1:] if phrase[:1].isupper() and not phrase.startswith("I ") else way
