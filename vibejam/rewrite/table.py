"""Ways of saying the same: what may stand for what, in any person's prose.

Which of them a person would choose is learnt from their writing (manner.py); whether the exchange may be made is for the guards
(guards.py).  Written by hand, because a wrong line here turns somebody's words into nonsense: what has two meanings is left out.

They stand in tables/: one set a line, the ways parted by |.  What stands before > may be exchanged for what stands after it and is
never put in: it says only this, and the others more than this, so that these stay when they are met.  Where a line's ways have
several forms, the forms stand in the same order in each; a verb's are base, with -s, past, participle, with -ing, or four where
past and participle are one.  "_" is a word that says something by itself, which must follow; what
stands after :: is a pattern that what follows must match.  "-" is nothing at all: an opener left out.
Of an idiom nothing inside is exchanged.
"""

from dataclasses import dataclass
from functools import cache

from vibejam.rewrite.company import WORDS
from vibejam.rewrite.ngrams import words_of
from vibejam.rewrite.tables import lines_of

SPELLING, CONTRACTION = "spelling", "contraction"
FORMS = ("base", "-s", "past", "participle", "-ing")


@dataclass(frozen=True)
class Ways:
    """What may stand for each other: `ways`, of which the first `given_up` are never put in.

    `form`: of FORMS where they are verbs, SPELLING where they are one word, CONTRACTION where one is short for the other, else "".
    `before_content`: whether a word that says something by itself must follow; `after`: what whatever follows must match.
    """

    ways: tuple[str, ...]
    given_up: int = 0
    form: str = ""
    before_content: bool = False
    after: str = ""

    def others(self, way: str) -> list[str]:
        """What may be put in its place."""
        if self.given_up and way not in self.ways[: self.given_up]:
            return []
        return [other for other in self.ways[self.given_up :] if other != way]


@cache
def exchanges() -> tuple[Ways, ...]:
    """Sets of phrases that may stand for one another anywhere in a sentence: of each way the same form."""
    sets = []
    for name in ("verbs", "phrases", "spellings"):
        verbs = name == "verbs"
        for line in lines_of(name):
            line, _, after = line.partition(" :: ")
            ways = [[form.strip() for form in way.split(",")] for way in _split(line)]
            if verbs:
                ways = [[*forms[:3], *forms[2:]] if len(forms) == 4 else forms for forms in ways]
            if {len(forms) for forms in ways} != ({5} if verbs else {len(ways[0])}):
                raise ValueError(f"the ways of {ways[0][0]!r} have different numbers of forms")
            for i, forms in enumerate(zip(*ways, strict=True)):
                bare = tuple(form.removesuffix(" _") for form in forms)
                form = FORMS[i] if verbs else SPELLING if name == "spellings" else ""
                sets.append(Ways(bare, _given_up(line), form, forms[0].endswith(" _"), after))
    return tuple(sets)


@cache
def contractions() -> tuple[Ways, ...]:
    """Sets of a full form and what it is contracted to."""
    return tuple(Ways(tuple(_split(line)), form=CONTRACTION) for line in lines_of("contractions"))


@cache
def openers() -> tuple[Ways, ...]:
    """Sets of what a sentence may begin with; the empty string is an opener left out."""
    return tuple(Ways(tuple(_split(line)), _given_up(line)) for line in lines_of("openers"))


@cache
def idioms() -> frozenset[str]:
    """Phrases of which no part is exchanged, unless the whole is."""
    return frozenset(map(plain, lines_of("idioms")))


@cache
def replacements() -> dict[str, list[tuple[str, Ways]]]:
    """Each phrase, in lower case with its marks apart, to what may stand for it and the set that says so; idioms to nothing."""
    table: dict[str, list[tuple[str, Ways]]] = {idiom: [] for idiom in idioms()}
    contracted = [short for ways in contractions() for short in ways.ways[1:]]
    for ways in [*exchanges(), *contractions()]:
        for way in ways.ways:
            if contracted.count(way) > 1:  # "he's" may be "he is" or "he has"
                continue
            table.setdefault(plain(way), []).extend((other, ways) for other in ways.others(way))
    return table


@cache
def exchangeable() -> frozenset[str]:
    """Every word that stands in a set of `exchanges` or `contractions` or in company.py, in lower case."""
    return WORDS | frozenset(word.lower() for ways in [*exchanges(), *contractions()] for way in ways.ways for word in way.split())


def plain(phrase: str) -> str:
    return " ".join(words_of(phrase))


def _split(line: str) -> list[str]:
    return ["" if way.strip() == "-" else way.strip() for way in line.replace(">", "|").split("|")]


def _given_up(line: str) -> int:
    before, mark, _ = line.partition(">")
    return before.count("|") + 1 if mark else 0
