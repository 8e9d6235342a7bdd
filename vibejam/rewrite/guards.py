"""What a rewrite may never change.

Each guard compares what a draft states with what a candidate states (facts.py), both ways: nothing lost and nothing invented.  It
says in one plain clause what is wrong, or nothing.  The guards know words, not meaning; what they cannot see, such as the same
said of somebody else in other words, is left to the score for meaning.
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial

from vibejam.rewrite import words
from vibejam.rewrite.denials import negation, opposites
from vibejam.rewrite.facts import Facts, facts_of, kept_in
from vibejam.rewrite.known import with_known_exchanges_undone
from vibejam.rewrite.pointing import pointing
from vibejam.rewrite.tokens import expanded, stem

SHORTEST, LONGEST = 0.6, 1.6  # words of a candidate for one of the draft
SLACK = 5  # words more or fewer that are nothing
Guard = Callable[[Facts, Facts], Iterator[str]]


@dataclass(frozen=True)
class Refusal:
    """Why a candidate may not stand: the guard's name and a clause for people to read."""

    guard: str
    reason: str


def refusals(draft: str, candidate: str, known_words: Container[str] = frozenset(), was_read: bool = False) -> list[Refusal]:
    """Why `candidate` may not stand for `draft`; nothing where it may.

    `known_words`, in lower case, are those that it may use besides the draft's own; where there are none, any.  `was_read`: it
    says the draft's sentences anew, and was read beside them (trust.py): of what words say, only what is exchanged counts.
    """
    if candidate == draft:
        return []
    guards = _OF_READ if was_read else GUARDS
    before, after = facts_of(draft), facts_of(candidate)
    found = [Refusal(name, reason) for name, guard in guards.items() for reason in guard(before, after)]
    if found and all(refusal.guard in OF_WORDS for refusal in found):
        undone = with_known_exchanges_undone(draft, candidate)
        if undone != candidate:
            found = [Refusal(name, reason) for name in OF_WORDS for reason in guards[name](before, facts_of(undone))]
    if known_words:
        unknown = (word for word in after.raw if not _is_known(word, before, known_words))
        found += [Refusal("words", f"the word {word} is neither in the draft nor known here") for word in sorted(unknown)]
    return found


def protected(draft: str) -> list[str]:
    """What of a draft stays whatever happens: its numbers, names, quotations, addresses and code, in reading order."""
    return kept_in(draft)


def _exact(what: str, of: Callable[[Facts], Counter[str]]) -> Guard:
    """A guard of what must be there as often as before."""

    def guard(draft: Facts, candidate: Facts) -> Iterator[str]:
        before, after = of(draft), of(candidate)
        if before != after:
            yield from (f"the {what} {thing} is missing" for thing in before - after)
            yield from (f"the {what} {thing} was not in the draft" for thing in after - before)

    return guard


def _classes(table: dict[str, list[str]], strict: bool, forgiving: bool = False) -> Guard:
    """A guard of the words of a table by their classes.

    A strict one wants as many of each class as before.  One that is not lets a class be repeated, or said once for all, as long
    as it is there when it was and no other class moves the opposite way.  A forgiving one minds that, a duty that
    went and somebody who came, alone: "may" can't become "will", nor "we" "you".
    """
    names = [name for name in table if name[-1] != "?"]

    def guard(draft: Facts, candidate: Facts) -> Iterator[str]:
        before, after = draft.classes, candidate.classes
        fewer, more, gone, new = [], [], [], []
        for name in names:
            had, has = before.get(name, 0), after.get(name, 0)  # several times as fast as asking a Counter for what it lacks
            if had == has:
                continue
            instead = after[name + "?"] - before[name + "?"]  # words that may be of this class, and are not as they were
            had_or, has_or = had + max(0, -instead), has + max(0, instead)
            if has_or < had:
                fewer.append(name)
                if not has_or:
                    gone.append(name)
            elif has > had_or:
                more.append(name)
                if not had_or:
                    new.append(name)
        if strict or (fewer and more):
            gone, new = fewer, more
        else:
            gone = [name for name in fewer if name in words.COUNTED or name in gone and name not in words.DROPPED]
            new = [name for name in new if name not in words.SOFT]
        if forgiving and not (fewer and more):
            gone, new = [name for name in gone if name in words.DUTIES], [name for name in new if name in words.SOMEBODY]
        yield from (f"“{table[name][0]}” or its like was lost" for name in gone)
        yield from (f"“{table[name][0]}” or its like was added" for name in new)

    return guard


_compared, _compared_forgiven = (_classes(words.COMPARATIVES, strict=True, forgiving=forgiving) for forgiving in (False, True))


def _comparison(draft: Facts, candidate: Facts, compared: Guard = _compared) -> Iterator[str]:
    yield from compared(draft, candidate)
    for degree in ("by much", "by little"):
        if draft.classes[degree] != candidate.classes[degree] and draft.classes["more"] == candidate.classes["more"]:
            yield f"something differs {degree} {'no more' if draft.classes[degree] > candidate.classes[degree] else 'now'}"


_REASONS, _RESULTS = frozenset(["because", "since"]), frozenset(["so", "therefore", "thus", "hence"])
_turns, _turns_forgiven = (_classes(words.CONNECTIVES, strict=False, forgiving=forgiving) for forgiving in (False, True))
# "not X; it was Y", which is "not X but Y"
_STATED_ANEW = re.compile(r"\bnot\b[^.;:—]*[.;:—] ?(?:it|they|this|that|he|she) (?:is|was|are|were)\b", re.IGNORECASE)


def _reason_first(draft: Facts, candidate: Facts) -> bool:
    """Whether the draft begins with its reason, "Because he was late, he ran", and the candidate with it too: "He was late, so"."""
    if draft.words[0] not in _REASONS or "," not in draft.words:
        return False
    result = next((at for at, word in enumerate(candidate.words) if word in _RESULTS and at), 0)
    reason = set(filter(None, draft.contents[: draft.words.index(",")]))
    before, after = set(candidate.contents[:result]), set(candidate.contents[result:])
    return len(reason & before) > len(reason & after)


def _connection(draft: Facts, candidate: Facts, turns: Guard = _turns) -> Iterator[str]:
    turned = _REASONS & draft.raw - candidate.raw and _RESULTS & candidate.raw - draft.raw
    reason_first = turned and _reason_first(draft, candidate)
    yield from (reason for reason in turns(draft, candidate) if not (reason_first and "“because”" in reason))
    before, after = draft.classes, candidate.classes
    contrast, contrast_after = before["but"] + before["but?"], after["but"] + after["but?"]
    if contrast_after < before["but within"] - (before["not but"] if _STATED_ANEW.search(candidate.text) else 0):
        yield "a contrast was lost"
    if contrast_after < contrast and after["therefore?"] > before["therefore?"]:
        yield "a contrast became a reason"
    if turned and not reason_first:
        yield "a reason became a result"
    either, both = ([facts.words.count(word) for facts in (draft, candidate)] for word in ("or", "and"))
    if (either[0] - either[1]) * (both[0] - both[1]) < 0:  # "not tall or wide" is neither
        yield "“or” became “and”" if either[0] > either[1] else "“and” became “or”"


def _numbers(draft: Facts, candidate: Facts) -> Iterator[str]:
    gone, new = draft.numbers - candidate.numbers, candidate.numbers - draft.numbers
    for some, one, other in ((gone, draft, candidate), (new, candidate, draft)):
        if set(some) == {"1"} and any("1" in values and thing in other.single for thing, values in one.counted.items()):
            some.clear()  # "one house" is "a house"
        elif set(some) == {"1"} and "among" in other.raw - one.raw and "one of" in one.text.lower():
            some.clear()  # "one of the best" is "among the best"
    yield from (f"the number {shown(value)} is missing" for value in gone)
    yield from (f"the number {shown(value)} was not in the draft" for value in new)
    for thing in draft.counted.keys() & candidate.counted.keys():
        if not set(draft.counted[thing]) & set(candidate.counted[thing]):
            yield f"the number {shown(draft.counted[thing][0])} counts something else now"


def shown(value: str) -> str:
    """A value as people write it."""
    return value[1:] + "." if value[0] == "#" else value[1:] + " times" if value[0] == "x" else value


def _names(draft: Facts, candidate: Facts) -> Iterator[str]:
    for key, name in draft.names.items():
        if key not in candidate.names and key not in candidate.capitals:
            yield f"the name {name} is missing" if key not in candidate.keys else f"the name {name} lost its capital"
    for key, name in draft.openers.items():
        if key not in candidate.keys and stem(name.lower()) not in candidate.stems:
            yield f"the word {name} is missing, which may be a name"
    for key, name in (candidate.names | candidate.openers).items():
        if key not in draft.keys and (key in candidate.names or stem(name.lower()) not in draft.stems):
            yield f"the name {name} was not in the draft"


def _order(draft: Facts, candidate: Facts) -> Iterator[str]:
    """Sides of "than", "because", "before" that changed places; neighbours of a word that did."""
    for kind in draft.pivots.keys() & candidate.pivots.keys():
        if len(draft.pivots[kind]) == len(candidate.pivots[kind]) == 1:
            (sign, right), (sign_after, right_after) = draft.pivots[kind][0], candidate.pivots[kind][0]
            left, left_after = draft.stems - right, candidate.stems - right_after
            straight = len(left & left_after) + len(right & right_after)
            crossed = len(left & right_after) + len(right & left_after)
            if (crossed > straight) if sign == sign_after else (straight > crossed):
                yield f"what stands on either side of “{kind}” changed places"
    if ("by" in draft.raw) != ("by" in candidate.raw):  # passive here, active there
        return
    around = candidate.neighbours
    for word, (left, right) in draft.neighbours.items():
        if around.get(word) == (right, left) and left != right:
            yield f"“{left}” and “{right}” changed places"
            return


_TENSES = (("is", "was"), ("has", "had"), ("do", "did"))
_THERE_HAS_BEEN, _THERE_IS = re.compile(r"\bthere (?:has|have|'s) (?:\w+ )?been\b"), re.compile(r"\bthere (?:is|are|'s) (?!been)")


def _tense(draft: Facts, candidate: Facts) -> Iterator[str]:
    before, after = draft.classes, candidate.classes
    either_now, either_then = after["be:'s"] - before["be:'s"], after["be:'d"] - before["be:'d"]  # "is" or "has"; "had" or not
    for now, then in _TENSES:
        now, then = "be:" + now, "be:" + then
        fewer_now, fewer_then = before[now] - after[now], before[then] - after[then]
        if fewer_now > max(0, either_now) and -fewer_then > max(0, -either_then):
            yield f"the tense changed from “{now[3:]}” to “{then[3:]}”"
            return
        if fewer_then > max(0, either_then) and -fewer_now > max(0, -either_now):
            yield f"the tense changed from “{then[3:]}” to “{now[3:]}”"
            return
    said, says = (" ".join(facts.words) for facts in (draft, candidate))
    if _THERE_HAS_BEEN.search(said) and not _THERE_HAS_BEEN.search(says) and _THERE_IS.search(says):
        yield "what has been so far only is now"
        return
    if before["be:has"] > after["be:has"] + max(0, after["be:'s"] - before["be:'s"]):
        for verb in (candidate.present - draft.present - draft.past) & draft.stems:
            if verb + "ed" in draft.raw or verb + "d" in draft.raw:  # "have moved" and "move"
                yield f"what is done became what is always done: “{verb}”"
                return
    for one, other in ((draft, candidate), (candidate, draft)):
        for verb in one.past & other.present:
            if verb not in one.present and verb not in other.past:
                yield f"the tense of “{verb}” changed"
                return


def _quotations(draft: Facts, candidate: Facts) -> Iterator[str]:
    before, after = Counter(draft.quotes), Counter(candidate.quotes)
    if before != after:
        yield from (f"the quotation “{quote}” is not there word for word" for quote in before - after)
        yield from (f"the quotation “{quote}” was not in the draft" for quote in after - before)


def _questions(draft: Facts, candidate: Facts) -> Iterator[str]:
    if draft.text.count("?") != candidate.text.count("?"):
        yield "a question became a statement" if "?" in draft.text else "a question was added"


def _length(draft: Facts, candidate: Facts) -> Iterator[str]:
    if candidate.length < min(SHORTEST * draft.length, draft.length - SLACK):
        yield f"it is much shorter: {candidate.length} words for {draft.length}"
    elif candidate.length > max(LONGEST * draft.length, draft.length + SLACK):
        yield f"it is much longer: {candidate.length} words for {draft.length}"
    elif draft.length and not candidate.length:
        yield "there are no words in it"


def _grammar(draft: Facts, candidate: Facts) -> Iterator[str]:
    yield from (f"there is {fault}" for fault, count in candidate.faults.items() if count > draft.faults[fault])


def _edges(draft: Facts, candidate: Facts) -> Iterator[str]:
    """How it begins and ends: units stand between others."""
    one, other = draft.text.strip(), candidate.text.strip()
    if candidate.text != other and draft.text == one:
        yield "there is blank space around it"
    if "\n" in other and "\n" not in one:
        yield "there is a line break in it"
    if one[:1].isupper() and other[:1].islower() or one[:1].islower() and other[:1].isupper() and not other.startswith("I"):
        yield "its first letter does not fit what stands before it"
    if _ending(one) != _ending(other):
        yield "its last mark does not fit what comes after it"
    if other[:2] in words.MARKERS and one[:2] != other[:2]:
        yield "it begins as a list or a heading would"


def _ending(text: str) -> str:
    mark = text.rstrip("\"'”’)]*_`")[-1:]
    return "." if mark in (".", "!", "?", "…") else mark if mark in (",", ";", ":", "—") else ""


def _is_known(word: str, draft: Facts, known: Container[str]) -> bool:
    if word in draft.raw or word in known or not word.isascii():
        return True
    return all(
        part in words.FUNCTION or part in draft.raw or stem(part) in draft.stems or any(form in known for form in _forms(part))
        for part in expanded(word)
        if part[0] != "'"
    )


def _forms(word: str) -> Iterator[str]:
    """A word, and what it may be an inflection of."""
    root = stem(word)
    yield word
    yield from (root + end for end in ("", "e", "s", "es", "ed", "d", "ing", "ly", "er", "y"))


GUARDS: dict[str, Guard] = {
    "verbatim": _exact("piece of code or address", lambda facts: facts.literals),
    "marks": _exact("mark", lambda facts: facts.marks),
    "quotations": _quotations,
    "numbers": _numbers,
    "units": _exact("unit", lambda facts: facts.units),
    "names": _names,
    "negation": negation,
    "comparison": _comparison,
    "pronouns": _classes(words.PRONOUNS, strict=False),
    "pointing": pointing,
    "modality": _classes(words.MODALS, strict=True),
    "quantity": _classes(words.QUANTIFIERS, strict=False),
    "certainty": _classes(words.CERTAINTY, strict=False),
    "connection": _connection,
    "opposites": opposites,
    "order": _order,
    "tense": _tense,
    "question": _questions,
    "length": _length,
    "grammar": _grammar,
    "edges": _edges,
}
# in place of those of the same name, for sentences that were read: what they refuse of those is as often right as what they don't
FORGIVING: dict[str, Guard] = {
    "comparison": partial(_comparison, compared=_compared_forgiven),
    "pronouns": _classes(words.PRONOUNS, strict=False, forgiving=True),
    "modality": _classes(words.MODALS, strict=True, forgiving=True),
    "quantity": _classes(words.QUANTIFIERS, strict=False, forgiving=True),
    "certainty": _classes(words.CERTAINTY, strict=False, forgiving=True),
    "connection": partial(_connection, turns=_turns_forgiven),
}
_OF_READ = GUARDS | FORGIVING
# those that go by single words, which the tables may know to say the same; numbers, names and negations anybody counts who checks
OF_WORDS = ("comparison", "pronouns", "modality", "quantity", "certainty", "connection", "opposites", "order", "tense")
