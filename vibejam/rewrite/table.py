"""Ways of saying the same: what may stand for what, in any person's prose.

Which of them a person would choose is learnt from their writing (manner.py); whether the exchange may be made is for the guards
(guards.py).  Written by hand, because a wrong line here turns somebody's words into nonsense: what has two meanings is left out.

Verbs, phrases, spellings and idioms stand in tables/, openers and contractions here; one set a line, the ways parted by |.  What
stands before > may be exchanged for what stands after it and is never put in: it says only this, and the others more than this,
so that these stay when they are met.  Where a line's ways have several forms, the forms stand in the same order in each.  "_" is a
word that says something by itself, which must follow.  "-" is nothing at all: an opener left out.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from vibejam.rewrite.company import WORDS
from vibejam.rewrite.ngrams import words_of

SPELLING = "spelling"
FORMS = ("base", "-s", "past", "participle", "-ing")

OPENERS = """
However, | But | Yet | Still, | Nevertheless, | Nonetheless, | Even so, | And yet | All the same,
By contrast, | In contrast, | On the other hand,
Therefore, | So | And so | Thus, | Thus | Hence | Consequently, | As a result, | For this reason, | For that reason, | Accordingly,
Additionally, | Also, | And | Moreover, | Furthermore, | In addition, | Besides, | What is more, | -
For example, | For instance,
In fact, | Indeed, | Actually, | As a matter of fact, | In truth, | -
Finally, | Lastly,
In conclusion, | In short, | To sum up, | -
Overall, > On the whole, | All in all,
Of course, | Naturally, | To be sure, | Certainly,
There is no doubt that | Undoubtedly, | Without a doubt, > No doubt | Doubtless
Perhaps | Maybe
Occasionally, | Sometimes, | Sometimes | At times, | At times | Now and then
Today, | Today | To-day
Nowadays, | Nowadays | These days, | These days
Currently, > At present | At present, | Just now
Similarly, | Likewise, | In the same way, | In the same way
Specifically, | In particular, | -
Generally, | In general, | As a rule, | Usually,
Clearly, | Plainly, | Obviously, | Evidently,
Unfortunately, | Alas, | Sadly, | Regrettably,
Fortunately, | Luckily, | Happily, | Thankfully,
Interestingly, | Notably, | Importantly, > -
First, | Firstly, | First of all, | To begin with, | In the first place,
Second, | Secondly, | In the second place,
Then, | Next, | Subsequently, > Then
Eventually, | Ultimately, > In the end | In the end,
Suddenly, | Suddenly | All at once | All of a sudden
Meanwhile, | In the meantime,
Instead, | Rather,
Although | Though
In order to > To
Regarding | Concerning | With regard to | With respect to > As for | As to
In my opinion, | To my mind, | To my mind
Prior to > Before
Due to > Because of
It is worth noting that | It is important to note that | It should be noted that | It is worth mentioning that > -
It is clear that > Clearly | Plainly
It appears that | It seems that | It would seem that
It is true that | Admittedly, > True, | Granted,
Recently, | Lately, | Of late,
Initially, > At first | At first,
Frankly, | Honestly, | To be honest,
Personally, | For my part,
It is likely that | It is probable that | It seems likely that > Probably
Oddly, | Strangely, > Oddly enough, | Strangely enough,
Given that | In view of the fact that > Since | As
Despite the fact that | In spite of the fact that > Even though
"""

CONTRACTIONS = """
do not | don't
does not | doesn't
did not | didn't
is not | isn't
are not | aren't
was not | wasn't
were not | weren't
have not | haven't
has not | hasn't
had not | hadn't
will not | won't
would not | wouldn't
could not | couldn't
should not | shouldn't
cannot | can't
must not | mustn't
need not | needn't
I would like | I'd like
you would like | you'd like
we would like | we'd like
they would like | they'd like
he would like | he'd like
she would like | she'd like
I am | I'm
I have | I've
I had | I'd
I will | I'll
I would | I'd
you are | you're
you have | you've
you will | you'll
you would | you'd
we are | we're
we have | we've
we had | we'd
we will | we'll
we would | we'd
they are | they're
they have | they've
they had | they'd
they will | they'll
they would | they'd
he is | he's
he has | he's
he had | he'd
he will | he'll
he would | he'd
she is | she's
she has | she's
she had | she'd
she will | she'll
she would | she'd
it is | it's
it has | it's
it will | it'll
it would | it'd
that is | that's
that will | that'll
that would | that'd
there is | there's
here is | here's
where is | where's
what is | what's
who is | who's
who will | who'll
who would | who'd
who have | who've
everything is | everything's
something is | something's
nothing is | nothing's
everybody is | everybody's
nobody is | nobody's
would have | would've
could have | could've
should have | should've
might have | might've
let us | let's
"""


@dataclass(frozen=True)
class Ways:
    """What may stand for each other: `ways`, of which the first `given_up` are never put in.

    `form`: of FORMS where they are verbs, SPELLING where they are one word, else "".  `before_content`: whether a word that says
    something by itself must follow.
    """

    ways: tuple[str, ...]
    given_up: int = 0
    form: str = ""
    before_content: bool = False

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
        for line in _table(name):
            ways = [[form.strip() for form in way.split(",")] for way in _split(line)]
            if verbs:
                ways = [[*forms[:3], *forms[2:]] if len(forms) == 4 else forms for forms in ways]
            if {len(forms) for forms in ways} != ({5} if verbs else {len(ways[0])}):
                raise ValueError(f"the ways of {ways[0][0]!r} have different numbers of forms")
            for i, forms in enumerate(zip(*ways, strict=True)):
                bare = tuple(form.removesuffix(" _") for form in forms)
                form = FORMS[i] if verbs else SPELLING if name == "spellings" else ""
                sets.append(Ways(bare, _given_up(line), form, forms[0].endswith(" _")))
    return tuple(sets)


@cache
def contractions() -> tuple[Ways, ...]:
    """Sets of a full form and what it is contracted to."""
    return tuple(Ways(tuple(_split(line))) for line in _lines(CONTRACTIONS))


@cache
def openers() -> tuple[Ways, ...]:
    """Sets of what a sentence may begin with; the empty string is an opener left out."""
    return tuple(Ways(tuple(_split(line)), _given_up(line)) for line in _lines(OPENERS))


@cache
def idioms() -> frozenset[str]:
    """Phrases of which no part is exchanged, unless the whole is."""
    return frozenset(map(plain, _table("idioms")))


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


def _table(name: str) -> list[str]:
    """The lines of a file in tables/ that are no remarks."""
    text = files("vibejam.rewrite").joinpath("tables", f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in _lines(text) if line[0] != "#"]


def _lines(table: str) -> list[str]:
    return [line for line in table.splitlines() if line.strip()]


def _split(line: str) -> list[str]:
    return ["" if way.strip() == "-" else way.strip() for way in line.replace(">", "|").split("|")]


def _given_up(line: str) -> int:
    before, mark, _ = line.partition(">")
    return before.count("|") + 1 if mark else 0
