"""What a text denies, and words that became their opposites: two of the guards.

Left out: all other guards (guards.py).
"""

import re
from collections.abc import Iterator

from vibejam.rewrite import words
from vibejam.rewrite.facts import Facts
from vibejam.rewrite.tokens import stem


def negation(draft: Facts, candidate: Facts) -> Iterator[str]:
    # "impossible" for "not possible" says the same, but whoever counts a text's negations has to find them all
    for one, other in ((draft, candidate), (candidate, draft)):
        more = one.classes["not"] > other.classes["not"] or _said(one) > _said(other)
        if more or _made_negative(one, other):
            yield "a negation was lost" if one is draft else "a negation was added"
            return
    lost = sorted(words.DENIES & draft.stems - candidate.stems)
    if lost and _denied(candidate) < _denied(draft):
        yield f"what is denied by “{lost[0]}” is stated now"
    if moved := _denied_instead(draft, candidate):
        yield f"what is denied is no longer the same: “{moved}”"
    for name in ("not only", "hardly", "longer", "no duty"):
        if draft.classes[name] != candidate.classes[name]:
            yield f"“{name}” was {'lost' if draft.classes[name] else 'added'}"


def _denied_instead(draft: Facts, candidate: Facts) -> str:
    """A word that the draft denies and the candidate states, while it denies what the draft stated or something new; or ""."""
    reach, reach_after = (set().union(*(reach for _, reach in facts.negated)) for facts in (draft, candidate))
    about, about_after = ({word for words, _ in facts.negated for word in words} for facts in (draft, candidate))
    stated = (about & candidate.stems) - reach_after
    denied = (about_after & draft.stems) - reach
    if stated and denied or (stated or denied) and reach and reach_after and not reach & reach_after:
        return min(stated or denied)
    return ""


def _said(facts: Facts) -> int:
    """How often a text says no in so many words."""
    return sum(word in words.SAYS_NO for word in facts.words)


def _denied(facts: Facts) -> int:
    """How often it says no, also by what is done, as "avoid" and "refuse" do."""
    return _said(facts) + sum(word in words.DENIES_TOO for word in facts.contents)


def _made_negative(one: Facts, other: Facts) -> list[str]:
    """Words such as "impossible" and "careless" in one text whose plain word is in the other."""
    plain = other.raw
    return [word for base, word in one.prefixed.items() if word not in plain and (base in plain or base + "ful" in plain)]


_OPPOSITE: dict[str, set[str]] = {}  # the first of a line is the opposite of all others, and they of it
for _line in words.OPPOSITES:
    _first, *_others = _line.split("/")
    for _one, _theirs in [(_first, _others), *((other, [_first]) for other in _others)]:
        for _form in (_one, stem(_one)):
            _OPPOSITE.setdefault(_form, set()).update(_theirs, map(stem, _theirs))


# where two opposites say the same of one thing: "with no" is "without"; what is left remains; who is sent something receives it
_SAME_WHERE = {
    frozenset(["with", "without"]): re.compile(r" with no "),
    frozenset(["remain", "leav"]): re.compile(r"\b(?:there (?:is|was|are|were)|(?:is|was|are|were) still)\b[^.,;]*\bleft\b"),
    frozenset(["receiv", "send"]): re.compile(r"\bsen[dt]s? (?:me|us)\b"),
}


def opposites(draft: Facts, candidate: Facts) -> Iterator[str]:
    before, after = draft.tally, candidate.tally
    for word in _OPPOSITE.keys() & before.keys():
        if after[word] < before[word]:
            for other in _OPPOSITE[word]:
                same = _SAME_WHERE.get(frozenset([word, other]))
                if after[other] > before[other] and not (same and (same.search(draft.text) or same.search(candidate.text))):
                    yield f"“{word}” became its opposite, “{other}”"
                    return
