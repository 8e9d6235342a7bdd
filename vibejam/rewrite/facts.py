"""What a text states, as far as its words show: its numbers, names, negations, pronouns, and what stands word for word.

`facts_of` reads a text once, from left to right, in a fraction of a millisecond; guards.py compares two of these.  It knows words
and clauses but no grammar: a clause is what stands between marks and words such as "but" and "because".
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, lru_cache

from vibejam.rewrite import figures
from vibejam.rewrite.words import CLASSES, CONTRACTIONS, FUNCTION, OPENERS, OPPOSITES, PAST, SUBJECTS, UNITS

_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " "})
_TOKEN = re.compile(
    r"""
    (?P<literal>
        `+[^`\n]+`+                                                            # code
      | !?\[[^\[\]\n]*\]\([^()\s]*(?:\s"[^"\n]*")?\)                           # a link with its words
      | (?:https?://|www\.)[^\s<>"')\]]*[^\s<>"')\].,;:!?]
      | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
      | \{\{[^{}\n]*\}\}|\{%[^%\n]*%\}|<\|[^|>\n]*\|>|</?[A-Za-z][^<>\n]{0,200}>|\$?\{\w+\}|\[/?[A-Z_ ]{3,}\]|%[sd]\b
      | (?<!\w)[@\#][A-Za-z]\w*
      | (?:~|\.{1,2})?/(?:[\w.-]+/)*[\w.-]+\w(?<!\w/\w)                        # a path
      | \b[A-Za-z]\w*_\w+ | \b[A-Za-z][\w-]*\.(?:[a-z]{2,4}\d?)\b(?<!\.m)(?=[\s,.;:!?)"']|$)(?<!\b[a-z]\.[a-z])
    )
  | (?P<number>\+\d[\d ]*\d|\d+(?:[.,:/–-]\d+)*(?:(?:st|nd|rd|th)\b)?)
  | (?P<word>'(?:tis|twas|twere|em)\b|to-(?:day|night|morrow)\b|(?:[A-Za-z]\.){2,}|[^\W\d_][^\W_]*(?:'[^\W\d_]+)*)
  | (?P<mark>\*{1,3}|_{1,3}|~~|\.\.\.|--|[^\w\s])
    """,
    re.VERBOSE,
)
_ASCII = frozenset(map(chr, range(128)))
_DOING = frozenset("can cannot could may might must should would will does is was has ought needs".split())  # after "one", a person
_MARKS = frozenset(["*", "**", "***", "_", "__", "___", "~~", "`", "#", "|", "\\", "{", "}", "[", "]", "<", ">"])
_ENDS = frozenset(".!?…")  # what ends a sentence
_BREAKS = frozenset(". ! ? … ; : , ( ) — – -- ...".split())
_TURNS = frozenset("but because although though while whereas if unless when until before after since than so".split())
_QUOTE = re.compile(r'"([^"]*)("|\Z)')
_HELPERS = frozenset("is are am was were be been being has have had having get got 's".split())
_BEFORE_BASE = frozenset("to will would can could may might must shall should do does did not let the a an of 'd i you we they".split())
_RAISED = frozenset("think thinks thought believe believes seem seems expect want wants suppose appear appears".split())
NEGATED = re.compile(r"(?:un|in|im|ir|il|dis|non)([a-z]{4,})|([a-z]{3,})less")
PAIRS_OF_OPPOSITES: dict[str, set[str]] = {}
_BE = {"is": "is", "are": "is", "am": "is", "was": "was", "were": "was", "has": "has", "have": "has", "had": "had", "do": "do",
       "does": "do", "did": "did", "'s": "'s", "'s?": "'s", "'d": "'d"}  # fmt: skip
_COMMON_ENDINGS = ("tion", "tions", "ness", "ment", "ments", "ing", "ity", "ism", "ship", "able", "ible", "ous", "ally", "fully")


@dataclass
class Facts:
    """One text's. `words` are in lower case with marks among them and contractions written out; `stems` those that carry content."""

    text: str
    words: list[str] = field(default_factory=list)
    raw: set[str] = field(default_factory=set)  # the words as they stand, in lower case
    literals: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)  # a key to how it stands
    openers: dict[str, str] = field(default_factory=dict)  # words that open a sentence and are not ordinary
    keys: set[str] = field(default_factory=set)  # of all words
    length: int = 0
    values: list[tuple[str, int, int]] = field(default_factory=list)
    single: set[str] = field(default_factory=set)  # what "a" stands before
    counted: dict[str, list[str]] = field(default_factory=dict)  # what is counted to its numbers
    units: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    stems: list[str] = field(default_factory=list)
    negated: list[tuple[str, set[str]]] = field(default_factory=list)  # what a negation is about, and all in its reach
    pivots: dict[str, list[tuple[int, set[str]]]] = field(default_factory=dict)
    past: set[str] = field(default_factory=set)
    present: set[str] = field(default_factory=set)
    quotes: list[str] = field(default_factory=list)
    capitals: set[str] = field(default_factory=set)  # keys of all words with a capital
    numbers: Counter[str] = field(default_factory=Counter)
    prefixed: dict[str, str] = field(default_factory=dict)  # "possible" to "impossible", where the latter stands
    stem_set: set[str] = field(default_factory=set)
    neighbours: dict[str, tuple[str, str]] = field(default_factory=dict)  # words that stand once to what is on either side
    kept: list[tuple[int, str]] = field(default_factory=list)

    def spans_kept(self) -> list[str]:
        """Numbers, names, quotations, addresses and code as they stand, in reading order."""
        return []


@lru_cache(maxsize=512)
def facts_of(text: str) -> Facts:
    """The facts of a unit, kept for the next time."""
    facts = Facts(text)
    plain = text.translate(_PLAIN)
    _read_tokens(plain, facts)
    if '"' in plain:
        facts.quotes = [m[1].strip().rstrip(".,;:!?") for m in _QUOTE.finditer(plain) if m[1].strip()]
    _read_numbers(facts)
    _read_clauses(facts)
    _read_tense(facts)
    for word in facts.raw:
        negated = NEGATED.fullmatch(word)
        if negated:
            facts.prefixed[negated[1] or negated[2]] = word
    return facts


def _read_tokens(plain: str, facts: Facts) -> None:
    words, opening = facts.words, True
    for token in _TOKEN.finditer(plain):
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
            words.extend(_halves(text))
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
            opening = opening or text in _ENDS or text in ':"(...'
    for token in facts.raw:
        if not token.isascii() and not all(c.isalpha() and ord(c) < 0x250 or c in _ASCII for c in token):
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
    elif base not in OPENERS and not base.endswith(_COMMON_ENDINGS):
        facts.openers[key_of(lower)] = text


@cache
def key_of(lower: str) -> str:
    """A name without its possessive or plural."""
    word = lower.removesuffix("'s").removesuffix("'")
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word


@cache
def expanded(lower: str) -> tuple[str, ...]:
    """A word with its contraction written out; where "'s" and "'d" have two meanings they stay."""
    if lower in CONTRACTIONS:
        return tuple(CONTRACTIONS[lower].split())
    if "'" not in lower:
        return (lower,)
    if lower.endswith("n't"):
        return (lower[:-3], "not")
    base, _, end = lower.rpartition("'")
    whole = {"ll": "will", "ve": "have", "re": "are", "m": "am"}.get(end)
    if whole:
        return (*expanded(base), whole)
    if end == "d":
        return (*expanded(base), "'d")
    if end == "s":
        return (base, "'s") if base in SUBJECTS else (base, "'s?")
    return (lower,)


def _halves(number: str) -> list[str]:
    """"1914-18" is two numbers."""
    parts = re.split("[–-]", number)
    if number[0] == "+":  # a telephone
        return [re.sub(r"\D", "", number)]
    return parts if len(parts) == 2 else [number]


@cache
def stem(word: str) -> str:
    """What the forms of a word have in common, roughly: for comparing, not for reading."""
    word = PAST.get(word, word)
    for end, least in (("ational", 5), ("ing", 3), ("ied", 3), ("ies", 3), ("edly", 4), ("ed", 3), ("es", 3), ("ly", 4), ("er", 4), ("est", 4)):
        if word.endswith(end) and len(word) - len(end) >= least:
            word = word[: -len(end)] + ("y" if end in ("ied", "ies") else "")
            break
    else:
        word = word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word.rstrip("e") if len(word) > 3 else word


def _read_numbers(facts: Facts) -> None:
    words = [word for word in facts.words if word != "-"]
    facts.values = figures.values_in(words)
    facts.numbers = Counter(value for value, _, _ in facts.values)
    for at, word in enumerate(words[:-1]):
        if word in ("a", "an"):
            facts.single.update(stem(word) for word in words[at + 1 : at + 3])
    for value, first, end in facts.values:
        if first and words[first - 1] in ("$", "£", "€", "¥"):
            facts.units[words[first - 1]] += 1
        for word in words[end : end + 2]:
            if word in UNITS:
                facts.units[UNITS[word]] += 1
                break
        for word in words[end : end + 3]:
            if word in _BREAKS:
                break
            if word[0].isalpha() and word not in FUNCTION:
                facts.counted.setdefault(stem(word), []).append(value)
                break


def content(word: str) -> bool:
    """Whether a word says something by itself, and is no mark."""
    return word not in FUNCTION and word[0].isalnum()


_FIRST: dict[str, list[tuple[str, ...]]] = {}
for _phrase in sorted(CLASSES, key=len, reverse=True):
    _FIRST.setdefault(_phrase[0], []).append(_phrase)
_PIVOTS = {"because": ("cause", 1), "therefore": ("cause", -1), "before": ("time", 1), "after": ("time", -1), "if": ("if", 1),
           "unless": ("unless", 1), "until": ("until", 1), "instead": ("instead", 1)}  # fmt: skip


def _read_clauses(facts: Facts) -> None:
    """Classes of words and phrases, and how far each negation and each turn such as "because" reaches."""
    words, classes = facts.words, facts.classes
    ends = _clause_ends(words)
    facts.stems = stems = [stem(word) for word in words if content(word)]
    facts.stem_set = set(stems)
    if len(stems) > 2:
        once = Counter(stems)
        facts.neighbours = {b: (a, c) for a, b, c in zip(stems, stems[1:], stems[2:], strict=False) if once[b] == 1}
    at = 0
    while at < len(words):
        word = words[at]
        phrase = next((p for p in _FIRST.get(word, ()) if len(p) == 1 or tuple(words[at : at + len(p)]) == p), None)
        if word == "than":
            facts.pivots.setdefault("than", []).append((1, _stems(words[at + 1 : ends[at + 1] if at + 1 < len(words) else at])))
        elif word == "one" and at + 1 < len(words) and words[at + 1] in _DOING:
            if not at or words[at - 1] not in figures.OF_NOBODY:
                classes["one"] += 1
        if phrase is None:
            at += 1
            continue
        end = at + len(phrase)
        for name in CLASSES[phrase]:
            if name == "about" and word in ("about", "around") and not (end < len(words) and _numeral(words[end])):
                continue
            classes[name] += 1
            if name == "not":
                facts.negated.append(_negated(words, at, end, ends))
            elif name in _PIVOTS and end < len(words):
                kind, sign = _PIVOTS[name]
                facts.pivots.setdefault(kind, []).append((sign, _stems(words[end : ends[end]])))
        at = end


for _pair in OPPOSITES:
    _sides = _pair.split("/")
    for _side in _sides:  # the first is the opposite of all others, and they of it
        for _form in {_side, stem(_side)}:
            PAIRS_OF_OPPOSITES.setdefault(_form, set()).update(_sides[1:] if _side == _sides[0] else _sides[:1])
            PAIRS_OF_OPPOSITES[_form].update({stem(other) for other in PAIRS_OF_OPPOSITES[_form]})


def _numeral(word: str) -> bool:
    return word[0].isdigit() or word in figures.WORDS or word in ("$", "£", "€")


def _stems(words: list[str]) -> set[str]:
    return {stem(word) for word in words if content(word)}


def _clause_ends(words: list[str]) -> list[int]:
    """For each word, where its clause ends."""
    ends, end = [0] * len(words), len(words)
    for at in range(len(words) - 1, -1, -1):
        ends[at] = end
        if words[at] in _BREAKS or words[at] in _TURNS:
            end = at
    return ends


def _negated(words: list[str], at: int, end: int, ends: list[int]) -> tuple[str, set[str]]:
    stop = ends[end] if end < len(words) and words[end] not in _BREAKS and words[end] not in _TURNS else end
    reach = [word for word in words[end:stop] if content(word) and word not in _RAISED]
    if words[at] != "not" or not reach:
        before = at - 1
        while before >= 0 and words[before] not in _BREAKS and not content(words[before]):
            before -= 1
        if before >= 0 and words[before] not in _BREAKS:
            reach.append(words[before])
    return (stem(reach[0]) if reach else ""), {stem(word) for word in reach}


def _read_tense(facts: Facts) -> None:
    words = facts.words
    for at, word in enumerate(words):
        if word in _BE:
            facts.classes["be:" + _BE[word]] += 1
            continue
        if not word.isalpha() or word in FUNCTION:
            continue
        before = words[max(0, at - 2) : at]
        if word in PAST or (word.endswith("ed") and len(word) > 4):
            if not any(earlier in _HELPERS for earlier in before):
                facts.past.add(stem(word))
        elif not (before and before[-1] in _BEFORE_BASE) or (before and before[-1] in ("i", "you", "we", "they")):
            if not any(earlier in ("to", "did", "would", "could", "'d") for earlier in before):
                facts.present.add(stem(word))
