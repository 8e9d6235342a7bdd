"""What a small model gets wrong in small words, and what reads well all the same: slips.

A change of a model's is looked at by what is left of it once the exchanges that the tables know are undone (known.py).  Of 94
such that touched a preposition 28 said something else or were no English ("at the base" and "to the base"), and no score of a
language model told which: it reads either as well.  So such changes are refused by their kind.  The kinds are what readers found
in 1,100 changed sentences of drafts that nothing was learnt from (ABLATIONS.md).
Left out: words of weight, of which one stands for another (guards.py, and the reading in reverse.py).
"""

import re
from collections import Counter

from vibejam.rewrite.known import with_known_exchanges_undone
from vibejam.rewrite.moves import pattern
from vibejam.rewrite.splicing import Change, changed, changes
from vibejam.rewrite.tokens import PLAIN, expanded, tokens_of
from vibejam.rewrite.words import FUNCTION, PRONOUNS

PREPOSITIONS = frozenset(
    "of in on at by to for with from into onto upon over under across through around about against between among within without "
    "behind beyond during toward towards out off up down along near beside above below per".split()
)
DETERMINERS = frozenset("the a my our your his her its their this that these those such some any no".split())
BE = frozenset("be is are was were am been being".split())
HELPERS = BE | {"have", "has", "had"}  # of a verb, whose time or voice they tell
LIGHT = HELPERS | set(  # say little
    "can could may might must do does did get gets got take takes took go goes went going put puts make makes made".split()
)
JOINING = frozenset("and or so but nor because since as although though while whereas unless if whether when until".split())
TURNING = JOINING | set("however yet still nevertheless nonetheless instead".split())
CONTRAST = frozenset("but yet however though although whereas nevertheless nonetheless".split())
DEGREE = frozenset("very quite rather fairly pretty too so extremely slightly somewhat really highly just even only almost".split())
SAID_BESIDES = DEGREE | set("also still actually then already yet ever again about some such own".split())
HOW_MANY = frozenset("some several few many most all both each every half more less fewer".split())
IN_TIME = frozenset("today tonight tomorrow yesterday now this next last past once then later soon".split())
NEVER = PREPOSITIONS | HELPERS | HOW_MANY | IN_TIME  # one for another, or come, or gone
MEANT = frozenset("it one me us him her them you".split())
WHOSE = frozenset("i me my we us our you your".split())
PEOPLE = WHOSE | set("he him his she her they them their".split())
PERSON = {word: person for person, forms in PRONOUNS.items() for word in forms if word in PEOPLE}
# what a sentence is whole without, and what parts two that "and" joins: of 22 such, readers found one wrong
_WHOLE_WITHOUT = re.compile(
    r"(?:say|know|think|thought|believe|notice|suggest|hope|felt|feel|find|found|see|saw|mean|meant|suppose|reali[sz]e|show|learn)"
    r"\w{0,2} that"
    r"|, which (?:is|was|are|were|has been)"
)
_PARTED, _CLAUSE = re.compile(r"[.;](?: \w+)?"), pattern("<clause>")
_NUMBER = frozenset({("does", "do"), ("those", "that"), ("these", "this")})


def slips(unit: str, change: Change) -> bool:
    """Whether a change of a model's is of a kind that is too often wrong to stand unread."""
    rest = changes(unit, with_known_exchanges_undone(unit, changed(unit, [change])), 0)
    rest = [one for one in rest if not _is_right(unit, *one)]
    olds, news = [unit[start:end] for start, end, _ in rest], [text for *_, text in rest]
    before, after = _words(" ".join(olds)), _words(" ".join(news))
    gone, come = set(before - after), set(after - before)
    touched = gone | come
    who, who_now = _people(olds), _people(news)
    same = not touched and _words(unit[change[0] : change[1]]) == _words(change[2])
    return bool(rest) and any(
        (
            same and not _contracted(olds, news),  # marks or an order alone, which the edits know (joints.py), or "an"
            touched & NEVER,
            touched and touched <= DETERMINERS,
            gone & JOINING and not come & JOINING,
            come & JOINING and not gone & TURNING,
            gone & SAID_BESIDES and not come & TURNING,
            come & SAID_BESIDES and not gone,
            come & DEGREE and not gone & DEGREE,
            come & WHOSE and not gone & WHOSE,
            gone & MEANT and not come,
            sorted(who) == sorted(who_now) and who != who_now,  # "you told me" and "I told you"
            gone & {"who", "whom", "whose"} and come & {"which", "that"},
            come & (PEOPLE | MEANT) and not gone <= FUNCTION,  # whoever it was is "she" now
            gone & PEOPLE and not come <= FUNCTION,  # or she is named
            gone & JOINING and come & JOINING and bool(gone & CONTRAST) != bool(come & CONTRAST),  # "and" and "but"
            "if" in come,
            not come and not gone <= FUNCTION,  # words of weight, with nothing in their place
            not gone and not come <= FUNCTION,  # or in no place
            _says_less(gone, come),
            _other_form(gone, come),
        )
    )


def _is_right(unit: str, start: int, end: int, new: str) -> bool:
    """Whether a change that the tables don't know is of a kind that is hardly ever wrong."""
    old = unit[start:end]
    if old.startswith(", and") and _PARTED.fullmatch(new):
        return old[5:].lower() == new[1:].lower() and _CLAUSE.match(unit, start + len(", and ")) is not None
    return bool(_WHOLE_WITHOUT.fullmatch(old)) and new == ("," if old[0] == "," else old.removesuffix(" that"))


def _in_order(text: str) -> list[str]:
    """The words in lower case, contractions written out."""
    tokens = (token[0].lower() for token in tokens_of(text.translate(PLAIN)) if token.lastgroup == "word")
    return ["a" if part == "an" else part for token in tokens for part in expanded(token)]


def _words(text: str) -> Counter[str]:
    return Counter(_in_order(text))


def _people(texts: list[str]) -> list[str]:
    """Who is named by a pronoun, in order."""
    return [PERSON[word] for text in texts for word in _in_order(text) if word in PERSON]


def _contracted(olds: list[str], news: list[str]) -> bool:
    """Whether a contraction came or went."""
    return [text.count("'") + text.count("’") for text in olds] != [text.count("'") + text.count("’") for text in news]


def _says_less(gone: set[str], come: set[str]) -> bool:
    """A verb of any meaning became one of hardly any."""
    return bool(come & LIGHT) and not gone <= FUNCTION and come - FUNCTION <= LIGHT


def _other_form(gone: set[str], come: set[str]) -> bool:
    """Another number, as "finger" and "fingers", or another form of the verb."""
    return any(one + "s" == other or other + "s" == one or {(one, other), (other, one)} & _NUMBER for one in gone for other in come)
