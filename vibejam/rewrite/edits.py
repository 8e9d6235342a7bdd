"""Small edits that turn a machine's sentence towards a person's, with no neural network: the first proposer.

Each edit is an exchange from the table (table.py) or a change of punctuation that leaves the words alone.  Which ones are worth
making, and in what company, a beam search decides by what was learnt of the person (manner.py): their taste among ways of saying
the same, their style, and whether the words still follow one another as anybody writes them.  What may be changed at all is not
decided here: the guards see every candidate.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vibejam.rewrite.manner import OPENER, Manner
from vibejam.rewrite.ngrams import words_of
from vibejam.rewrite.table import contractions, exchanges, openers, verbs

BEAM = 5  # texts kept after each round of edits
ROUNDS = 8  # edits made to a unit at most
TASTE = 0.7  # what a nat of the person's taste weighs against a logit of their style
SOUND = 0.5  # and a nat of how well the words follow one another
STRAIN = 2.5  # nats by which an edit may make the words follow one another worse
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,:/]\d+)*%?|\.\.\.|…|--|[^\w\s]")
_CLAUSE = r"(?:I|we|you|he|she|it|they|this|that|these|those|there|the|a|an|my|our|his|her|their|its|no|every|each)\b"
_VOWEL_SOUND = re.compile(r"(?:[aeio]|u(?!ni|s[aeiu]|til|biq))|hour|honest|honou?r|heir", re.I)


@dataclass(frozen=True)
class Edit:
    """The characters from `start` to `end` of a text become `text`; `taste`: by how many nats the person likes that better."""

    start: int
    end: int
    text: str
    taste: float = 0.0


@dataclass(frozen=True)
class _State:
    text: str
    taste: float
    sound: float  # nats of its words in this order
    score: float


def propose_edits(text: str, manner: Manner, count: int = 6, allowed: Callable[[str], bool] = lambda text: True) -> list[str]:
    """Up to `count` versions of a unit, best first, none of them the unit itself.

    `allowed` refuses a text and with it all that would be made of it.
    """
    first = _State(text, 0.0, manner.words.log_probability(text), manner.style(text))
    beam, found, seen = [first], [], {text}  # `found`: of each round its best, from a light touch to a heavy hand
    for _ in range(ROUNDS):
        grown = []
        for state in beam:
            for edit in edits_of(state.text, manner):
                new = apply_edit(state.text, edit)
                if new in seen:
                    continue
                seen.add(new)
                sound, taste = manner.words.log_probability(new), state.taste + edit.taste
                score = manner.style(new) + TASTE * taste + SOUND * min(0.0, sound - first.sound)
                if score > state.score and sound > state.sound - STRAIN and allowed(new):
                    grown.append(_State(new, taste, sound, score))
        beam = sorted(grown, key=lambda state: -state.score)[:BEAM]
        if not beam:
            break
        found += beam[:2]
    return [state.text for state in sorted(found, key=lambda state: -state.score)[:count]]


def apply_edit(text: str, edit: Edit) -> str:
    """The text with the edit made, and "a" or "an" before it put right."""
    before, after = text[: edit.start], text[edit.end :]
    article = re.search(r"\b([Aa])n?(\s+)$", before)
    if article and edit.text[:1].isalpha():
        before = before[: article.start()] + article[1] + ("n" if _VOWEL_SOUND.match(edit.text) else "") + article[2]
    return before + edit.text + after


def edits_of(text: str, manner: Manner) -> Iterator[Edit]:
    """Every single edit that the table and the rules of punctuation have for a text."""
    yield from _exchanges(text, manner)
    yield from _openers(text, manner)
    yield from _spellings(text, manner)
    yield from _punctuation(text)


def _exchanges(text: str, manner: Manner) -> Iterator[Edit]:
    table, longest = _index()
    spans = [(m.start(), m.end()) for m in _WORD.finditer(text)]
    for i, (start, _) in enumerate(spans):
        for n in range(1, min(longest, len(spans) - i) + 1):
            end = spans[i + n - 1][1]
            phrase = text[start:end]
            for way in table.get(_plain(phrase), ()):
                gain = manner.preference(way) - manner.preference(_plain(phrase))
                if gain < 0 or not _fits(text, start, end, way):
                    continue
                yield Edit(start, end, _cased(way, phrase, manner), gain)


def _openers(text: str, manner: Manner) -> Iterator[Edit]:
    for sentence in re.finditer(r"(?:^|(?<=[.!?] ))(?=[A-Z])", text):
        start = sentence.start()
        rest = text[start:]
        for ways in openers():
            for way in ways:
                if not way or not re.match(re.escape(way) + r"(?![\w,])", rest):
                    continue
                for other in ways:
                    if other == way:
                        continue
                    end = start + len(way)
                    gain = manner.preference(OPENER + other.lower()) - manner.preference(OPENER + way.lower()) if other else 0.0
                    if gain < 0:
                        continue
                    if other:
                        yield Edit(start, end, other, gain)
                    else:
                        following = re.match(r"\s*(\S)", text[end:])
                        if following:
                            yield Edit(start, end + following.end(), following[1].upper(), gain)


_SPELLINGS = [("our", "or"), ("ise", "ize"), ("isi", "izi"), ("isa", "iza"), ("yse", "yze"), ("lled", "led"), ("lling", "ling"),
              ("tre", "ter"), ("ence", "ense"), ("ogue", "og")]  # fmt: skip


def _spellings(text: str, manner: Manner) -> Iterator[Edit]:
    """The other side of the Atlantic, where the person's writing knows the word in that spelling and hardly in this one."""
    for match in re.finditer(r"[A-Za-z]{5,}", text):
        word = match[0]
        for one, other in [*_SPELLINGS, *((b, a) for a, b in _SPELLINGS)]:
            at = word.rfind(one)
            if at < 2:
                continue
            way = word[:at] + other + word[at + len(one) :]
            theirs, here = manner.words.count((way.lower(),)), manner.words.count((word.lower(),))
            if theirs > 3 * here:
                yield Edit(match.start(), match.end(), way, math.log((theirs + 1) / (here + 1)))


# how a comma, a stop, a semicolon and a word that joins clauses may stand for one another: pattern, replacement
_RULES: list[tuple[re.Pattern[str], str]] = [
    (re.compile(rf"(?<=\w), and (?={_CLAUSE})"), "; and "),
    (re.compile(rf"(?<=\w), and (?={_CLAUSE})"), ". And "),
    (re.compile(rf"(?<=\w), but (?={_CLAUSE})"), "; but "),
    (re.compile(rf"(?<=\w), but (?={_CLAUSE})"), ". But "),
    (re.compile(rf"(?<=\w), so (?={_CLAUSE})"), ". So "),
    (re.compile(rf"(?<=\w); and (?={_CLAUSE})"), ", and "),
    (re.compile(rf"(?<=\w); but (?={_CLAUSE})"), ", but "),
    (re.compile(r"(?<=\w); (?=\w)"), ". "),
    (re.compile(r"(?<=[\w\"”])\. And "), ", and "),
    (re.compile(r"(?<=[\w\"”])\. But "), ", but "),
    (re.compile(r"(?<=[\w\"”])\. But "), "; but "),
    (re.compile(rf"(?<=\w)\. (?={_CLAUSE.replace('I|', '').replace('(?:', '(?i:', 1)})"), "; "),
    (re.compile(rf"(?<=\w)\. (?={_CLAUSE.replace('I|', '').replace('(?:', '(?i:', 1)})"), ", and "),
    (re.compile(r"(?<=\w)\. (?=I\b)"), "; "),
    (re.compile(r"(?<=\w)\. (?=I\b)"), ", and "),
    (re.compile(r"(?<=\w), (?=and \w+[.;,])"), " "),  # the comma before the last of a list
    (re.compile(r"(?<=\w, )(\w+)(?= and \w+[.;])"), r"\1,"),
    (re.compile(r"(?<=\w), (?=(?:because|when|if|while|until|where) )"), " "),
    (re.compile(r"(?<=\w) (?=(?:because|when|if|while|until|but) )"), ", "),
    (re.compile(r"(?<=^)((?:In|At|On|By|For|After|Before) (?:\w+ ){1,3}\w+), (?=[a-z])"), r"\1 "),
    (re.compile(r" [—–] (?=(?:and|but|which|or) )"), ", "),
    (re.compile(r" ?[—–] ?"), "; "),
    (re.compile(r" ?[—–] ?"), ": "),
    (re.compile(r"(?<=\w), (?=(?:which|not|or rather) )"), " — "),
    (re.compile(r"\b(think|believe|know|say|said|says|thought|knew|felt|hope|suppose) that (?=(?:I|we|you|he|she|it|they|the|this|there)\b)"), r"\1 "),  # noqa: E501
    (re.compile(r"\b(think|believe|know|say|said|says|thought|knew|felt|hope|suppose) (?=(?:I|we|you|he|she|they|there)\b)"), r"\1 that "),  # noqa: E501
    (re.compile(r"(?<=[a-z]) that (?=(?:is|are|was|were|has|have|had|can|will|would) )"), " which "),
    (re.compile(r"(?<=[a-z]) which (?=(?:is|are|was|were|has|have|had|can|will|would) )"), " that "),
]


def _punctuation(text: str) -> Iterator[Edit]:
    dashes = len(re.findall("[—–]", text))
    for pattern, replacement in _RULES:
        for match in pattern.finditer(text):
            if dashes > 1 and re.search("[—–]", match[0]):  # two dashes are a pair of brackets
                continue
            new, end = match.expand(replacement), match.end()
            following = text[end : end + 1]
            if new.endswith(". ") and following.islower():
                new, end = new + following.upper(), end + 1
            elif match[0].startswith(". ") and new.rstrip()[-1:] != "." and following.isupper() and text[end : end + 2] != "I ":
                new, end = new + following.lower(), end + 1
            yield Edit(match.start(), end, new)
    for match in re.finditer(r"(?:^|(?<=[.!?] ))([A-Z][^.!?;]*?), however,? ([^.!?]+)", text):
        first = match[1]
        if re.match(_CLAUSE.replace("(?:", "(?i:", 1), first):
            kept = first if re.match(r"I\b", first) else first[0].lower() + first[1:]
            yield Edit(match.start(), match.end(), f"But {kept} {match[2]}")


_INDEX: list[tuple[dict[str, list[str]], int]] = []


def _index() -> tuple[dict[str, list[str]], int]:
    """Each phrase of the table to what may stand for it, and the words of the longest."""
    if not _INDEX:
        table: dict[str, list[str]] = {}
        contracted = [short for _, *shorts in contractions() for short in shorts]
        for ways in [*exchanges(), *contractions()]:
            for way in ways:
                if contracted.count(way) > 1:  # "he's" may be "he is" or "he has"
                    continue
                table.setdefault(_plain(way), []).extend(other for other in ways if other != way)
        _INDEX.append((table, max(len(phrase.split()) for phrase in table)))
    return _INDEX[0]


def _plain(phrase: str) -> str:
    return " ".join(words_of(phrase))


_AFTER_A_DETERMINER = re.compile(r"\b(?:an?|the|this|that|those|my|your|his|her|its|our|their|no|any|some|every|each|of) $", re.I)
_AFTER_A_MODAL = re.compile(r"\b(?:to|not|will|would|may|might|could|should|can|do|did|does|ll|d) $|n't $")


def _fits(text: str, start: int, end: int, way: str) -> bool:
    """Whether the words around allow it: "a repair" is no verb, and "what it is." has no "what it's."."""
    after = text[end : end + 2]
    if text[start:end].lower() in verbs() and _AFTER_A_DETERMINER.search(text[:start]):
        return False
    if way.startswith("must") and _AFTER_A_MODAL.search(text[:start]):
        return False
    if "'" in way and "n't" not in way:
        return bool(re.match(r" \w", after))
    return True


def _cased(way: str, phrase: str, manner: Manner) -> str:
    if "'" in way and manner.marks.get("apostrophe") == "’":
        way = way.replace("'", "’")
    return way[0].upper() + way[1:] if phrase[:1].isupper() and not phrase.startswith("I ") else way
