"""What a text states, as far as its words show: its numbers, names, negations, pronouns, and what stands word for word.

`facts_of` reads a text once; guards.py compares two of these.  It knows words and clauses but no grammar: a clause is what stands
between marks and words such as "but" and "because".
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from vibejam.rewrite import figures
from vibejam.rewrite.grammar import faults
from vibejam.rewrite.in_place import BREAKS, ENDS, clause_begins, degree_before, in_place, numeral
from vibejam.rewrite.remembered import remembered
from vibejam.rewrite.tense import tense_of
from vibejam.rewrite.tokens import EMPTY, PLAIN, content, expanded, key_of, parts_of, stem, tokens_of
from vibejam.rewrite.words import CLASSES, CONTRACTIONS, FUNCTION, MODALS, OPENERS, UNITS

_DOING = frozenset("can cannot could may might must should would will does is was has ought needs".split())  # after "one", a person
_MARKS = frozenset(["*", "**", "***", "_", "__", "___", "~~", "`", "#", "|", "\\", "{", "}", "[", "]", "<", ">"])
_TURNS = frozenset("but because although though while whereas if unless when until before after since than so".split())
_CLAUSE_ENDS = BREAKS | _TURNS
_QUOTE = re.compile(r'"([^"]*)("|\Z)')
_RAISED = frozenset("think thinks thought believe believes seem seems expect want wants suppose appear appears".split())
_NEGATED = re.compile(r"(?:un|in|im|ir|il|dis|non)([a-z]{4,})|([a-z]{3,})less")
_COMMON_ENDINGS = ("tion", "tions", "ness", "ment", "ments", "ing", "ity", "ism", "ship", "able", "ible", "ous", "ally", "fully",
                   "ial", "ical", "ional", "tive", "sive", "ful", "less")  # fmt: skip
_ORDINARY = re.compile(r"(?!kimber)[a-z]{6,}(?<!l)ly|[a-z]{7,}[ea]nt")  # no names: alternatively, consistent
_PIVOTS = {"because": ("because", 1), "therefore": ("because", -1), "before": ("before", 1), "after": ("before", -1),
           "if": ("if", 1), "unless": ("unless", 1), "until": ("until", 1), "instead": ("instead", 1)}  # fmt: skip
_CONTRASTS = frozenset("but yet and though although whereas however".split())  # "and" in "and yet"
_AFTER_FOR = frozenset(  # what makes of an opening "for" something else than a reason
    "example instance some all every any many most no now once a an the this that these those my your his her our their its me him "
    "us them years months weeks days hours".split()
)
_THAN = {"over": "more", "above": "more", "under": "less", "below": "less"}
# of two words and more by their first, the longest first
_PHRASES: dict[str, list[list[str]]] = {name: [] for name in ("than", "one", "for", *_THAN)}
for _phrase in sorted(CLASSES, key=len, reverse=True):
    _PHRASES.setdefault(_phrase[0], []).extend([list(_phrase)] if len(_phrase) > 1 else [])


@dataclass
class Facts:
    """One text's."""

    text: str
    length: int = 0  # words, without those that say nothing
    words: list[str] = field(default_factory=list)  # in lower case, contractions written out, marks among them
    raw: set[str] = field(default_factory=set)  # the words as they stand, in lower case
    contents: list[str] = field(default_factory=list)  # for each of `words` its stem, "" where it carries no content
    stems: set[str] = field(default_factory=set)
    tally: Counter[str] = field(default_factory=Counter)  # of words and stems
    literals: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    quotes: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # a key to the name as it stands
    openers: dict[str, str] = field(default_factory=dict)  # the same of words that open a sentence and are not ordinary
    keys: set[str] = field(default_factory=set)  # of all words
    capitals: set[str] = field(default_factory=set)  # of those with a capital
    numbers: Counter[str] = field(default_factory=Counter)
    counted: dict[str, list[str]] = field(default_factory=dict)  # what is counted, to its numbers
    single: set[str] = field(default_factory=set)  # what "a" stands before
    units: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)  # of words.py
    negated: list[tuple[list[str], set[str]]] = field(default_factory=list)  # what a negation is about, and all in its reach
    prefixed: dict[str, str] = field(default_factory=dict)  # "possible" to "impossible", where the latter stands
    pivots: dict[str, list[tuple[int, set[str]]]] = field(default_factory=dict)  # what follows "than", "because" and the like
    neighbours: dict[str, tuple[str, str]] = field(default_factory=dict)  # what stands once, to what is on either side
    past: set[str] = field(default_factory=set)  # verbs
    present: set[str] = field(default_factory=set)
    faults: Counter[str] = field(default_factory=Counter)  # of grammar.py


@remembered(512)
def facts_of(text: str) -> Facts:
    """The facts of a unit, kept for the next time."""
    facts = Facts(text)
    plain = text.translate(PLAIN)
    _read_tokens(plain, facts)
    facts.contents = [content(word) for word in facts.words]
    stems = [found for found in facts.contents if found]
    facts.stems = set(stems)
    facts.tally = Counter(facts.words)
    facts.tally.update(stems)
    if len(stems) > 2:
        once = Counter(stems)
        facts.neighbours = {b: (a, c) for a, b, c in zip(stems, stems[1:], stems[2:], strict=False) if once[b] == 1}
    if '"' in plain:
        facts.quotes = [quote[1].strip().rstrip(".,;:!?") for quote in _QUOTE.finditer(plain) if quote[1].strip()]
    _read_numbers(facts)
    _read_classes(facts)
    helpers, facts.past, facts.present = tense_of(facts.words, facts.contents)
    facts.classes.update(helpers)
    facts.faults = faults(plain, facts.words)
    return facts


def _read_tokens(plain: str, facts: Facts) -> None:
    words, opening = facts.words, True
    for token in tokens_of(plain):
        kind, text = token.lastgroup, token[0]
        if kind == "word":
            facts.length += 1
            lower = text.lower()
            facts.raw.add(lower)
            facts.keys.add(key_of(lower))
            if text[0].isupper() or text != lower:
                _read_capital(text, lower, opening, facts)
            words.extend(expanded(lower))
            opening = False
        elif kind == "number":
            facts.length += 1
            words.extend(parts_of(text))
            opening = False
        elif kind == "literal":
            facts.literals[text] += 1
            facts.length += 1
            words.append("\0" + text)
            opening = False
        else:
            if text in _MARKS or (not text.isascii() and text not in "—–…·£€¥"):
                facts.marks[text] += 1
            words.append(text)
            opening = opening or text in ENDS or text in ':"(...'
    for empty in EMPTY.finditer(plain) if "that" in facts.raw else ():
        facts.length -= empty[0].count(" ") + 1
    if plain.isascii():
        return
    for token in facts.raw:
        if not token.isascii() and not all(c.isascii() or (c.isalpha() and ord(c) < 0x250) for c in token):
            facts.marks[token] += 1


def _read_capital(text: str, lower: str, opening: bool, facts: Facts) -> None:
    facts.capitals.add(key_of(lower))
    base = lower.removesuffix("'s").split("'")[0] if lower not in CONTRACTIONS else "i"
    if base in FUNCTION or base == "i":
        return
    inner = text[1:].lower() != text[1:]  # capitals inside: NATO, GitHub
    if not opening or (inner and base not in OPENERS):
        if not (text.isupper() and base in OPENERS):
            facts.names[key_of(lower)] = text.removesuffix("'s").removesuffix("'S")
    elif base not in OPENERS and not base.endswith(_COMMON_ENDINGS) and not _ORDINARY.fullmatch(base):
        facts.openers[key_of(lower)] = text


def _read_numbers(facts: Facts) -> None:
    words = [word for word in facts.words if word != "-"]
    values = figures.values_in(words)
    facts.numbers = Counter(value for value, _, _ in values)
    for at, word in enumerate(words[:-1]):
        if word in ("a", "an"):
            facts.single.update(stem(word) for word in words[at + 1 : at + 3])
    for value, first, end in values:
        if first and words[first - 1] in ("$", "£", "€", "¥"):
            facts.units[words[first - 1]] += 1
        for at, word in enumerate(words[end : end + 2], end):
            if word in UNITS and not (word == "minutes" and words[at + 1 : at + 2] in (["past"], ["to"])):  # "ten minutes to three"
                facts.units[UNITS[word]] += 1
                break
        for word in words[end : end + 3]:
            if word in BREAKS:
                break
            if word[0].isalpha() and content(word):
                facts.counted.setdefault(stem(word), []).append(value)
                break


def _read_classes(facts: Facts) -> None:
    """Classes of words and phrases, and how far each negation and each turn such as "because" reaches."""
    words, classes, contents = facts.words, facts.classes, facts.contents
    ends = _clause_ends(words)
    at, last = 0, len(words)
    while at < last:
        word = words[at]
        phrases = _PHRASES.get(word)
        if phrases is None:
            at += 1
            continue
        if word == "than" and at + 1 < last:
            facts.pivots.setdefault("than", []).append((1, set(filter(None, contents[at + 1 : ends[at + 1]]))))
        elif word == "one" and at + 1 < last and words[at + 1] in _DOING and (not at or words[at - 1] not in figures.OF_NOBODY):
            classes["one"] += 1
        elif word == "for" and at + 2 < last and (not at or words[at - 1] in ENDS) and words[at + 1] not in _AFTER_FOR:
            classes["because"] += 1  # "For he was late."
        elif word in _THAN and at + 1 < last and numeral(words[at + 1]):  # "over 40" is "more than 40"
            classes.update((_THAN[word], "than"))
        end = at + 1
        for phrase in phrases:
            if words[at : at + len(phrase)] == phrase:
                end = at + len(phrase)
                break
        for name in CLASSES.get(tuple(words[at:end]), ()):
            name = in_place(name, words, at, end, ends[at])
            if not name or name in MODALS and classes[name] and words[at - 1] == "and":  # "can sing and can dance"
                continue
            if word in _CONTRASTS and at and words[at - 1] not in ENDS and name in ("but", "but?"):
                classes["but within"] += 1  # in front of a sentence it may be a machine's habit
                classes["not but"] += word == "but" and "not" in words[clause_begins(words, at) : at]
            classes[name] += 1
            if name in ("more", "less", "worse") and (degree := degree_before(words, at)):
                classes[degree] += 1
            if name == "not":
                facts.negated.append(_negated(facts, at, end, ends))
            elif name in _PIVOTS and end < last:
                kind, sign = _PIVOTS[name]
                facts.pivots.setdefault(kind, []).append((sign, set(filter(None, contents[end : ends[end]]))))
        at = end
    for word in facts.raw:
        negated = _NEGATED.fullmatch(word)
        if negated and (word,) not in CLASSES:
            facts.prefixed[negated[1] or negated[2]] = word


def _clause_ends(words: list[str]) -> list[int]:
    """For each word, where its clause ends."""
    ends, end = [0] * len(words), len(words)
    for at in range(len(words) - 1, -1, -1):
        ends[at] = end
        if words[at] in _CLAUSE_ENDS and not (words[at] == "so" and words[at + 2 : at + 3] in (["a"], ["an"])):  # so great a man
            end = at
        elif words[at : at + 2] == ["and", "that"]:
            end = at
    return ends


def _negated(facts: Facts, at: int, end: int, ends: list[int]) -> tuple[list[str], set[str]]:
    """The first words in the reach of the negation from `at` to `end`, and all of them: to the end of its clause."""
    words, contents = facts.words, facts.contents
    stop = ends[end] if end < len(words) and words[end] not in _CLAUSE_ENDS else end
    reach = [contents[i] for i in range(end, stop) if contents[i] and words[i] not in _RAISED]
    if words[at] != "not" or not reach:  # "knows nothing", "I do not"
        before = at - 1
        while before >= 0 and words[before] not in BREAKS and words[before] != "that" and not contents[before]:
            before -= 1
        if before >= 0 and contents[before]:
            reach.append(contents[before])
    return reach[:2], set(reach)


_KEPT_QUOTE = re.compile(r"“[^”\n]*”|\"[^\"\n]*\"")


def kept_in(text: str) -> list[str]:
    """Numbers, names, quotations, addresses and code of a text as they stand, in reading order."""
    facts = facts_of(text)
    spans: list[tuple[int, int]] = [quote.span() for quote in _KEPT_QUOTE.finditer(text)]
    plain = text.translate(PLAIN)
    for token in tokens_of(plain):
        lower = token[0].lower()
        name = token.lastgroup == "word" and token[0] != lower and (key_of(lower) in facts.names or key_of(lower) in facts.openers)
        if token.lastgroup in ("literal", "number") or name or lower in figures.WORDS - {"one", "once", "first", "second"}:
            end = token.end() - (2 if name and lower.endswith("'s") else 0)
            spans.append((token.start(), end))
    kept, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            kept.append(text[start:end])
            at = end
    return kept
