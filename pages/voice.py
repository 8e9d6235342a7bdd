"""Your voice, seen: how the person writes beside the neutral drafts that come with the app, in figures with a sentence each.

Everything counted is vibejam.voice's; here it is only put in words.  Left out: what the drafts of one rewrite sound like, and
whether a text is the person's (vibejam.authorship): counts show a manner, they prove nobody.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import gradio as gr

from pages import look, state
from pages.chart import plotly_tag
from pages.words import count
from vibejam.corpus import Corpus
from vibejam.errors import UserError
from vibejam.reading.cautions import looks_machine_written
from vibejam.rewrite.manner import SHORTEST
from vibejam.voice import BINS, FUNCTION_WORDS, MARKS, Habit, Profile, background_drafts, quoted_share

ROWS = 10  # of a figure of words
MUCH = 0.5  # share of the words in quotation marks from which on it is said
MARK_NAMES = dict(zip(MARKS, ("full stops", "commas", "semicolons", "colons", "question marks", "exclamation marks", "dashes",
                              "trailing dots", "brackets", "quotation marks"), strict=True))  # fmt: skip
DRAWN = [mark for mark in MARKS if mark not in ".,"]  # those two are so common that the others would vanish beside them


@dataclass(frozen=True)
class Drafts:
    """What everybody is compared with."""

    texts: int
    profile: Profile
    joined: str


@lru_cache(maxsize=1)
def drafts() -> Drafts:
    """The drafts that come with the app, counted once; a second or two."""
    texts = background_drafts()
    return Drafts(len(texts), Profile.of(texts, texts), "\n\n".join(texts))


def component() -> gr.HTML:
    """The section, empty until `payload` fills it."""
    return gr.HTML(
        "",
        html_template='<section class="voice-figures" aria-label="How you write" hidden><h3>How you write</h3>'
        '<p class="quiet" data-note></p><div class="notice" data-warning role="status" hidden></div>'
        '<p class="legend" data-legend hidden><span class="own">you</span><span class="other">the drafts</span></p>'
        '<div class="grid"></div></section>',
        js_on_load=look.script("voice.js"),
        head=plotly_tag(),
        apply_default_css=False,
        elem_id="voice-figures",
    )


def show(owner: str) -> Iterator[str]:
    """The payload of the section, after one that says that it is coming; empty where there is no writing."""
    try:
        corpus = state.corpus(owner)
        if corpus.words >= SHORTEST and not state.has_profile(owner):
            yield _json({"note": "Counting how you write…", "warnings": [], "figures": []})
        profile = state.profile(owner) if corpus.words >= SHORTEST else None
    except UserError:  # the page itself says what is wrong
        yield ""
        return
    yield payload(corpus, profile) if corpus.documents else ""


def payload(corpus: Corpus, profile: Profile | None) -> str:
    """What assets/voice.js draws, as JSON."""
    told = warnings([document.text for document in corpus.documents])
    if profile is None:
        note = f"From {SHORTEST} words on, this is where you see how you write, beside how a language model does."
        return _json({"note": note, "warnings": told, "figures": []})
    base = drafts()
    whole = profile.words >= corpus.words * 0.99
    of = "all of your writing" if whole else f"{count(profile.words, 'word')} from all over your writing"
    note = f"Counted on {of}, beside {base.texts:,} neutral drafts by a language model that come with vibejam."
    return _json({"note": note, "warnings": told, "figures": figures(profile, base)})


def warnings(texts: Sequence[str]) -> list[str]:
    """What makes it doubtful that this writing is the person's own."""
    told = []
    machine = [text for text in texts if looks_machine_written(text)]
    if machine:
        share = sum(len(text) for text in machine) / sum(map(len, texts))
        told.append(
            f"{count(len(machine), 'piece')}, {share:.0%} of the text, {'reads' if len(machine) == 1 else 'read'} as if a machine "
            "had written it; remove what you did not write, or the voice becomes the machine's."
        )
    quoted = quoted_share(texts)
    if quoted > MUCH:
        told.append(f"{quoted:.0%} of the words stand in quotation marks; remove what others said, if it is not you who put it so.")
    return told


def figures(profile: Profile, base: Drafts) -> list[dict]:
    """The figures, each with its sentence."""
    habits = {habit.token: habit for habit in profile.habits(base.joined)}
    little = [habit for token, habit in habits.items() if token in FUNCTION_WORDS][:ROWS]
    return [
        _lengths(profile, base.profile),
        _pairs("Punctuation", _marks_sentence(habits), [habits[mark] for mark in DRAWN], 1000, "in 1,000 words and marks"),
        _pairs("First words", _openers_sentence(profile.openers), profile.openers[:ROWS], 100, "% of sentences"),
        _pairs("Favourite words", _favourites_sentence(profile.favourites), profile.favourites[:ROWS], 10_000, "in 10,000 words"),
        _pairs("Little words", _little_sentence(little), little, 1000, "in 1,000 words and marks"),
        _two("Contractions", _contractions_sentence(profile, base.profile), profile.contractions * 100,
             base.profile.contractions * 100, "of 100 places for one", 100),
        _two("How hard it reads", _readability_sentence(profile, base.profile), max(profile.readability, 0),
             max(base.profile.readability, 0), "school years", 14),
    ]  # fmt: skip


def _lengths(own: Profile, other: Profile) -> dict:
    names = [f"{low + 1}–{high}" for low, high in zip((0, *BINS), BINS, strict=False)] + [f"over {BINS[-1]}"]
    shares = [[100 * n / max(1, sum(side.sentences.counts)) for n in side.sentences.counts] for side in (own, other)]
    last = max((i for i, pair in enumerate(zip(*shares, strict=True)) if any(pair)), default=0) + 1
    hover = [
        [f"{name} words: {share:.0f}% of {whose}" for name, share in zip(names, side, strict=True)]
        for side, whose in zip(shares, ("your sentences", "the drafts'"), strict=True)
    ]
    mine, theirs = own.sentences, other.sentences
    spread = (mine.high - mine.low) / max(theirs.high - theirs.low, 1)
    vary = "vary more" if spread > 1.15 else "vary less" if spread < 0.87 else "vary as much"
    sentence = (
        f"Half of your sentences have at most {count(round(mine.median), 'word')}, one in ten more than {mine.high:.0f}; in the "
        f"drafts it is {theirs.median:.0f} and {theirs.high:.0f}, so yours {vary}."
    )
    return _figure("bars", "Sentence lengths", sentence, names[:last], [side[:last] for side in shares],
                   [side[:last] for side in hover], "% of sentences")  # fmt: skip


def _pairs(title: str, sentence: str, habits: Sequence[Habit], times: int, unit: str) -> dict:
    """One row a habit: how often the person has it, and the drafts."""
    sides = [[habit.own * times for habit in habits], [habit.other * times for habit in habits]]
    hover = [
        [f"{_name(habit.token)}, {whose}: {_plain(value)} {unit}" for habit, value in zip(habits, side, strict=True)]
        for side, whose in zip(sides, ("you", "the drafts"), strict=True)
    ]
    return _figure("pairs", title, sentence, [_name(habit.token) for habit in habits], sides, hover, unit)


def _name(token: str) -> str:
    """A word as it is written, or what a mark is called."""
    return MARK_NAMES.get(token, "I" if token == "i" else token)


def _two(title: str, sentence: str, own: float, other: float, unit: str, until: float) -> dict:
    hover = [[f"You: {_plain(own)} {unit}"], [f"The drafts: {_plain(other)} {unit}"]]
    return _figure("pairs", title, sentence, [""], [[own], [other]], hover, unit) | {"until": until}


def _figure(kind: str, title: str, sentence: str, labels: list[str], sides: list, hover: list, unit: str) -> dict:
    own, other = ([round(value, 3) for value in side] for side in sides)
    return {"kind": kind, "title": title, "sentence": sentence, "labels": labels, "own": own, "other": other, "hover": hover,
            "unit": unit}  # fmt: skip


def _marks_sentence(habits: dict[str, Habit]) -> str:
    off = sorted((habits[mark] for mark in MARKS[1:]), key=lambda habit: habit.off)  # habit.off is the drafts' against the person
    more = [MARK_NAMES[habit.token] for habit in off if habit.off < -1][:3]
    less = [MARK_NAMES[habit.token] for habit in reversed(off) if habit.off > 1][:3]
    never = [MARK_NAMES[mark] for mark in MARKS[1:] if not habits[mark].own and habits[mark].other > 0.0005]
    less = [name for name in less if name not in never]
    parts = [f"You use more {_and(more)} than the drafts" if more else "", f"fewer {_and(less)}" if less else "",
             f"no {_and(never, 'or')} at all" if never else ""]  # fmt: skip
    parts = [part for part in parts if part]
    if not parts:
        return "You punctuate much as the drafts do."
    return _and(parts if more else [f"You use {parts[0]}", *parts[1:]]) + "."


def _openers_sentence(openers: Sequence[Habit]) -> str:
    if not openers:
        return "There are too few sentences to say how you begin them."
    first = f"“{openers[0].token.capitalize()}” opens {openers[0].own:.0%} of your sentences"
    telling = max(openers[1:], key=lambda habit: habit.off, default=None)
    if telling is None or telling.off < 2:
        return first + "; you begin much as the drafts do."
    word = telling.token.capitalize()
    return f"{first}; the most telling is “{word}”, which opens {telling.own:.1%} of yours and {telling.other:.1%} of the drafts'."


def _favourites_sentence(favourites: Sequence[Habit]) -> str:
    if not favourites:
        return "No word stands out yet; with more writing some will."
    words = _and([f"“{_name(habit.token)}”" for habit in favourites[:3]])
    return f"Beside the drafts you lean on {words}; your subjects show here too."


def _little_sentence(little: Sequence[Habit]) -> str:
    more = [f"“{_name(habit.token)}”" for habit in little if habit.off < 0][:2]
    less = [f"“{_name(habit.token)}”" for habit in little if habit.off > 0][:2]
    said = [f"more {_and(more)}" if more else "", f"less {_and(less)}" if less else ""]
    habits = f"Words nobody chooses, which give a writer away most: you write {_and([part for part in said if part])}."
    return habits if more or less else "Your little words are much like the drafts'."


def _contractions_sentence(own: Profile, other: Profile) -> str:
    return (
        f"Where “do not” or “it is” could be short, you write it short {own.contractions:.0%} of the time, the drafts "
        f"{other.contractions:.0%}."
    )


def _readability_sentence(own: Profile, other: Profile) -> str:
    mine, theirs = (max(0, round(side.readability)) for side in (own, other))
    than = "easier than" if mine < theirs else "harder than" if mine > theirs else "as hard as"
    return (
        f"About {count(mine, 'school year')} of reading, by letters a word and words a sentence (Automated Readability Index): "
        f"{than} the drafts, at {theirs}."
    )


def _and(parts: Sequence[str], word: str = "and") -> str:
    """a, b and c"""
    return f" {word} ".join(part for part in [", ".join(parts[:-1]), *parts[-1:]] if part)


def _plain(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _json(value: dict) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
