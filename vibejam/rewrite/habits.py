"""What a person changes in drafts again and again: exchanges of words of their own, read from what they made of earlier ones.

Nobody's table knows that somebody says "folks" for "customers".  Whoever has put the one for the other three times, and has hardly
ever left it, need not do so a fourth time: such a habit is made first, and the rewriting goes on from there.  It is read anew from
what was decided each time, so that nothing of it is kept elsewhere, and who thinks better of it, and keeps the draft's words,
ends it.
Left out: whole sentences that are always struck out, greetings and sign-offs, and exchanges of little words alone, which hang on
what stands around them; of those the person's own writing tells more (taste.py).
"""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vibejam.rewrite.edits import Edit, apply_edit, placed_words
from vibejam.rewrite.fitting import NOUNS_TOO, fits, wants_verb
from vibejam.rewrite.guards import refusals
from vibejam.rewrite.moves import raised
from vibejam.rewrite.pairs import OUR_OWN, Pair
from vibejam.rewrite.table import plain, replacements
from vibejam.rewrite.words import FUNCTION

OFTEN = 3  # drafts in which a change was made, at least
MOSTLY = 2 / 3  # of those in which it might have been
LONGEST = 5  # words on either side
NEAR = 0.5  # of a draft's words that still stand in order, or the person wrote it anew, and no single change tells anything
OTHERS = OUR_OWN | {"llm"}  # kinds of pairs whose drafts were made of the person's words, and not the other way
OPEN_TO_THEM = frozenset({"pronouns", "length", "words"})  # guards that a person may overrule: "thank you" is their "thanks"
_DENIED = re.compile(r"(?:\b(?:not|never|no|nothing|nobody|hardly|too|so|as|how)|n['’]t) $", re.IGNORECASE)
_DEGREES = frozenset("just very quite rather really so too also even indeed please still perhaps".split())


@dataclass(frozen=True)
class Habit:
    """`before`, in lower case with its marks apart, becomes `after`: in `times` drafts of the `chances` that had it.

    `as_verb`: whether `before` stood for a verb, in each of those drafts.
    """

    before: str
    after: str
    times: int
    chances: int
    as_verb: frozenset[bool]


def habits_of(pairs: Sequence[Pair]) -> list[Habit]:
    """What the person always changes, the longest phrases first."""
    near: dict[str, set[tuple[str, str]]] = {}  # drafts that mostly still stand, to what was changed in them for what
    for pair in pairs:
        changes = _changes(pair) if pair.kind not in OTHERS else None
        if changes is not None:
            near[pair.draft] = changes
    made: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for draft, changes in near.items():
        for before, after in changes:
            made[before][after].append(draft)
    words = {draft: f" {' '.join(word for *_, word in placed_words(draft))} " for draft in near}
    found = []
    for before, ways in made.items():
        after, drafts = max(ways.items(), key=lambda way: len(way[1]))
        if len(drafts) < OFTEN:
            continue
        chances = sum(f" {before} " in words[draft] for draft in near)
        habit = Habit(before, after, len(drafts), chances, frozenset({True, False}))
        if len(drafts) >= MOSTLY * chances and any(_made(draft, habit) != draft for draft in drafts):
            found.append(replace(habit, as_verb=frozenset(verb for draft in drafts for verb in _as_verb(draft, before))))
    return sorted(found, key=lambda habit: (-len(habit.before), habit.before))


def with_habits(text: str, habits: Sequence[Habit]) -> str:
    """A unit of a draft with each habit made wherever it changes no number, no name and nothing else that guards keep."""
    for habit in habits:
        text = _made(text, habit)
    return text


def _changes(pair: Pair) -> set[tuple[str, str]] | None:
    """What of the draft was changed for what; None where it was written anew."""
    old, new = placed_words(pair.draft), placed_words(pair.rewrite)
    match = difflib.SequenceMatcher(None, [word for *_, word in old], [word for *_, word in new], autojunk=False)
    parts = [part[1:] for part in match.get_opcodes() if part[0] != "equal"]
    if not old or 1 - sum(last - first for first, last, _, _ in parts) / len(old) < NEAR:
        return None
    # "make use of" that became "use" is two changes with a word between that stayed
    joined = [(a[0], b[1], a[2], b[3]) for a, b in zip(parts, parts[1:], strict=False) if b[0] - a[1] == 1]
    changes = set()
    for first, last, begin, end in parts + joined:
        if begin == end and last - first > 1 and old[last - 1][2] != "," and last < len(old) and old[last][2] in FUNCTION:
            last, end = last + 1, end + 1  # "in order to" that became "to"
        before, after = " ".join(word for *_, word in old[first:last]), _said(pair.rewrite, new[begin:end])
        if 0 < last - first <= LONGEST and end - begin <= LONGEST and _tells(before.split(), after):
            opens = first == 0 or old[first - 1][2] in ".!?"
            changes.add((before, after if not opens or re.match(r"I\b", after) else after[:1].lower() + after[1:]))
    return changes


def _said(text: str, words: Sequence[tuple[int, int, str]]) -> str:
    return text[words[0][0] : words[-1][1]] if words else ""


def _tells(before: list[str], after: str) -> bool:
    """Whether a change can be a habit: of words that say something, and nothing of weight merely left out."""
    if any(char.isdigit() for word in [*before, after] for char in word):
        return False
    if not after:
        degree = len(before) == 1 and (before[0] in _DEGREES or before[0].endswith("ly"))
        return degree or len(before) > 1 and before[-1] == ","  # "Additionally,"
    words = [word for word in [*before, *(word for *_, word in placed_words(after))] if word[0].isalpha()]
    return any(word not in FUNCTION for word in words) and before[0][0].isalpha()


def _made(text: str, habit: Habit) -> str:
    """A text with a habit made in it, place by place."""
    size, at = len(habit.before.split()), 0
    while True:
        words = placed_words(text)
        said = [word for *_, word in words]
        place = next((i for i in range(at, len(words)) if " ".join(said[i : i + size]) == habit.before), None)
        if place is None:
            return text
        start, end = words[place][0], words[place + size - 1][1]
        if not _fits(text, start, end, habit):
            at = place + 1
            continue
        made = _exchanged(text, start, end, habit.after)
        # a word that begins a sentence has its capital from there, and is no name
        opens = place == 0 or said[place - 1] in ".!?"
        small = text[:start] + text[start:].lower()[: end - start] + text[end:] if opens else text
        if {refusal.guard for refusal in refusals(small, _exchanged(small, start, end, habit.after))} <= OPEN_TO_THEM:
            text, at = made, place + len(placed_words(habit.after))
        else:
            at = place + 1


def _fits(text: str, start: int, end: int, habit: Habit) -> bool:
    """Whether the words around allow it: "to address" may be their "to fix", and "the address" not."""
    ways = next((ways for way, ways in replacements().get(habit.before, []) if plain(way) == plain(habit.after)), None)
    if ways and not fits(text, start, end, habit.after, ways):
        return False
    if not habit.after and _DENIED.search(text[:start]):  # "not very cold" is no "not cold"
        return False
    return habit.before.split()[0] not in NOUNS_TOO or wants_verb(text[:start]) in habit.as_verb


def _as_verb(draft: str, before: str) -> Iterator[bool]:
    first = before.split()[0]
    yield from (wants_verb(draft[:start]) for start, _, word in placed_words(draft) if word == first)


def _exchanged(text: str, start: int, end: int, after: str) -> str:
    if after:
        begins = not text[:start].strip() or text[:start].rstrip()[-1] in ".!?"
        return apply_edit(text, Edit(start, end, raised(after) if begins and text[start].isupper() else after))
    rest = text[end:].lstrip(" ")
    if text[start].isupper():
        rest = rest[:1].upper() + rest[1:]
    return text[:start].rstrip(" ") + (" " if text[:start].strip() and rest[:1].isalnum() else "") + rest
