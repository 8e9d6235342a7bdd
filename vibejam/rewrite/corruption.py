"""Prose with its manner flattened, by rules: a draft for what a person wrote where no model can write one.

Contractions are written out, dashes, semicolons and brackets levelled, sentences split and joined, connectives and hedges put
before them, plain words made official ones and small talk left out.  How much of that, the dice say for each passage.  What
stands in quotation marks, code and addresses stays as it is.  It teaches to undo just these rules and nothing of the person's
phrasing, which is why the neutraliser teaches more.
"""

import random
import re
from collections.abc import Callable
from functools import cache

from vibejam.rewrite.table import contractions

IDENTITY = 0.15  # share of passages that stay as they are: a text may be right already
OFFICIAL = """
buy purchase, buys purchases, bought purchased, buying purchasing, get obtain, got obtained, gets obtains, getting obtaining,
helps assists, helped assisted, helping assisting, tries attempts, tried attempted, trying attempting, shows demonstrates,
showed demonstrated, shown demonstrated, began commenced, starts commences, started commenced, ended concluded, kept retained,
happens occurs, happened occurred, happening occurring, asked inquired, told informed, chose selected, picked selected,
fixed repaired, mended repaired, saw observed, noticed observed, stayed remained, stays remains, lets allows, built constructed,
found discovered, looked appeared, needs requires, needed required, gave provided, gives provides, made created, makes creates,
big significant, huge substantial, enough sufficient, hard difficult, easy straightforward, odd unusual, queer unusual,
awful unpleasant, dreadful unpleasant, silly unwise, foolish unwise, glad pleased, angry frustrated, whole entire, main primary,
many numerous, often frequently, now currently, nearly approximately, almost approximately, maybe perhaps, also additionally,
quickly rapidly, really truly, very extremely, people individuals, kids children, folk individuals, thing aspect, things aspects,
job task, jobs tasks, trouble difficulty, house residence, doctor physician, money funds, clothes clothing, idea concept,
ideas concepts, upon on, till until, whilst while, amongst among, thus therefore, hence therefore, yet however
"""
OPENERS = {"But": "However,", "Yet": "However,", "And": "Additionally,", "So": "Therefore,", "Still": "Nevertheless,",
           "Anyway": "In any case,", "Anyhow": "In any case,"}  # fmt: skip
CONNECTIVES = "Additionally, | Furthermore, | In addition, | Moreover, | As a result, | In this case, | Overall,".split(" | ")
HEDGES = "It is important to note that | It should be noted that | It is worth noting that | Generally speaking,".split(" | ")
SMALL_TALK = "well | oh | you see | you know | mind you | of course | I suppose | I dare say | to be sure | indeed".split(" | ")
# what may begin a sentence and is a small letter's within one
_SMALL = frozenset(
    "the a an this that these those it he she they we you there here my your his her its our their in on at by for with from "
    "when if as after before while one some most all every each no not what who how nobody nothing everyone".split()
)
_KEPT = re.compile(r"“[^”]*”|\"[^\"]*\"|`+[^`]*`+|(?:https?://|www\.)\S+|\[[^\]]*\]\([^)]*\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\ue000])")
_PAREN = re.compile(r"\s*\(([^()]{1,80})\)")
_DASHED = re.compile(r"\s*(?:—|--|\s–\s)\s*")


def corrupt(text: str, seed: int = 1) -> str | None:
    """`text` flattened, or as it is where the dice say so; None where no rule applies.  The same for the same seed and text."""
    dice = random.Random(f"{seed}:{text}")
    if dice.random() < IDENTITY:
        return text
    kept: list[str] = []

    def put_aside(match: re.Match) -> str:
        kept.append(match[0])
        return f"\ue000{len(kept) - 1}\ue001"

    flat = _KEPT.sub(put_aside, text)
    amount = dice.uniform(0.6, 1.0)
    for rule in (_written_out, _without_small_talk, _levelled, _official):
        flat = rule(flat, lambda: dice.random() < amount)
    sentences = _resized([s for s in _SENTENCE.split(flat) if s], dice, amount)
    flat = " ".join(_opened(sentence, dice, amount) for sentence in sentences)
    flat = re.sub(r"\b([Aa]) (?=[aeiouAEIOU])", r"\1n ", re.sub(r"\b([Aa])n (?=[^aeiouAEIOUhH\W])", r"\1 ", flat))
    flat = re.sub("\ue000(\\d+)\ue001", lambda match: kept[int(match[1])], flat)
    return flat if flat != text else None


Lot = Callable[[], bool]  # drawn anew for each place where a rule could do something


def _written_out(text: str, lot: Lot) -> str:
    words, found = _contracted()
    straight = text.replace("’", "'") if "’" in text and lot() else text
    return found.sub(lambda m: _as_cased(words[m[0].lower().replace("’", "'")], m[0]) if lot() else m[0], straight)


def _without_small_talk(text: str, lot: Lot) -> str:
    for phrase in SMALL_TALK:
        text = re.sub(rf", {phrase}(?=[,.;])", lambda m: "" if lot() else m[0], text)
        text = re.sub(rf"(^|(?<=[.!?] )){_capital(phrase)}, (\w)", lambda m: m[2].upper() if lot() else m[0], text)
    return text


def _levelled(text: str, lot: Lot) -> str:
    """Semicolons to full stops, dashes and brackets to commas, exclamations and dots to full stops."""
    text = re.sub(r"\s*;\s+(\w)", lambda m: (f". {m[1].upper()}" if lot() else f", and {m[1]}"), text)
    text = _PAREN.sub(lambda m: f", {m[1].strip().rstrip('.!')}," if lot() else m[0], text)
    text = _DASHED.sub(lambda m: ", " if lot() else m[0], text)
    text = re.sub(r"!+", lambda m: "." if lot() else m[0], text)
    text = re.sub(r"(?:…|\.\.\.)(\s*\w|$)", lambda m: f".{m[1].upper()}" if lot() else m[0], text)
    text = re.sub(r",(?:\s*,)+", ",", text)
    return re.sub(r"\s*,\s*([.!?:;])", r"\1", text)


def _official(text: str, lot: Lot) -> str:
    words = _officials()

    def exchanged(match: re.Match) -> str:
        word, before = match[0], text[: match.start()].rstrip()
        if word.lower() not in words or (word[0].isupper() and before and before[-1] not in ".!?"):
            return word  # a capital within a sentence is a name's
        return _as_cased(words[word.lower()], word) if lot() else word

    return re.sub(r"[A-Za-z]+(?:['’][a-z]+)?", exchanged, text)


def _resized(sentences: list[str], dice: random.Random, amount: float) -> list[str]:
    """Long sentences parted where a clause with its own subject begins, short neighbours joined."""
    sized: list[str] = []
    for sentence in sentences:
        parts = re.split(r", (?:and|but) (?=(?:I|he|she|it|they|we|you|there|the) )", sentence, maxsplit=1)
        short = len(sentence.split()) < 9 and sized and len(sized[-1].split()) < 9 and sized[-1].endswith(".")
        if len(parts) == 2 and len(sentence.split()) > 18 and dice.random() < 0.5 * amount:
            sized += [parts[0].rstrip(".,;") + ".", _capital(parts[1])]
        elif short and sentence.split()[0].lower() in _SMALL and dice.random() < 0.5 * amount:
            sized[-1] = f"{sized[-1][:-1]}, and {sentence[0].lower()}{sentence[1:]}"
        else:
            sized.append(sentence)
    return sized


def _opened(sentence: str, dice: random.Random, amount: float) -> str:
    """The sentence after a connective or a hedge, or with its plain one made official."""
    first, _, rest = sentence.partition(" ")
    if first.rstrip(",") in OPENERS and rest and dice.random() < amount:
        return f"{OPENERS[first.rstrip(',')]} {rest}"
    if first.lower() not in _SMALL or sentence.endswith("?"):
        return sentence
    lot = dice.random()
    if lot < 0.2 * amount:
        return f"{dice.choice(CONNECTIVES)} {first.lower()} {rest}"
    if lot < 0.3 * amount:
        return f"{dice.choice(HEDGES)} {first.lower()} {rest}"
    return sentence


@cache
def _contracted() -> tuple[dict[str, str], re.Pattern[str]]:
    """Each contraction to its full form, those with two left out; and where one stands."""
    full: dict[str, set[str]] = {}
    for whole, *ways in (ways.ways for ways in contractions()):
        for way in ways:
            if "'" in way:
                full.setdefault(way.lower(), set()).add(whole)
    words = {short: wholes.pop() for short, wholes in full.items() if len(wholes) == 1}
    words |= {"it's": "it is", "that's": "that is", "there's": "there is", "what's": "what is", "who's": "who is"}
    pattern = "|".join(sorted(map(re.escape, words), key=len, reverse=True)).replace("'", "['’]")
    return words, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


@cache
def _officials() -> dict[str, str]:
    return dict(pair.split() for pair in OFFICIAL.replace("\n", " ").split(","))


def _as_cased(word: str, like: str) -> str:
    return _capital(word) if like[0].isupper() else word


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
