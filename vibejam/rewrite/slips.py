"""What a small model gets wrong in small words, and what reads well all the same: slips.

A change of a model's is looked at by what is left of it once the exchanges that the tables know are undone (known.py).  Of 379
such changes, 33 in a hundred that touched a preposition said something else or were no English ("at the base" and "to the base"),
and no score of a language model told which: it reads either as well.  So such changes are refused by their kind.  The kinds are
what readers found in 750 changed sentences of drafts that nothing was learnt from (ABLATIONS.md).
Left out: words of weight, of which one stands for another (guards.py, and the reading in reverse.py).
"""

import re
from collections import Counter

from vibejam.rewrite.known import with_known_exchanges_undone
from vibejam.rewrite.splicing import Change, changed, changes
from vibejam.rewrite.tokens import PLAIN, expanded, stem, tokens_of
from vibejam.rewrite.words import FUNCTION

PREPOSITIONS = frozenset(
    "of in on at by to for with from into onto upon over under across through around about against between among within without "
    "behind beyond during toward towards out off up down along near beside above below per".split()
)
DETERMINERS = frozenset("the a my our your his her its their this that these those some any no".split())
BE = frozenset("be is are was were am been being".split())
LIGHT = BE | frozenset("have has had do does did get gets got take takes took go goes went going put puts".split())  # say little
JOINING = frozenset("and or so but nor because".split())
SAID_BESIDES = frozenset("also just still very quite actually too even then only already yet ever again about some".split())
IN_TIME = frozenset("today tonight tomorrow yesterday now this next last past once then later soon".split())
MEANT = frozenset("it one me us him her them you".split())
WHOSE = frozenset("i me my we us our you your".split())
_NUMBER = frozenset({("does", "do"), ("those", "that"), ("these", "this"), ("is", "are"), ("was", "were"), ("has", "have")})
_STRONG = re.compile(r"[;:—–]")


def slips(unit: str, change: Change) -> bool:
    """Whether a change of a model's is of a kind that is too often wrong to stand unread."""
    rest = changes(unit, with_known_exchanges_undone(unit, changed(unit, [change])), 0)
    olds, news = [unit[start:end] for start, end, _ in rest], [text for *_, text in rest]
    if any(len(_STRONG.findall(new)) > len(re.findall(r"[;:—–.!?]", old)) for old, new in zip(olds, news, strict=True)):
        return True  # a comma that became a semicolon: the edits know where (joints.py)
    before, after = _words(olds), _words(news)
    gone, come = set(before - after), set(after - before)
    touched = gone | come
    return any(
        (
            touched & (PREPOSITIONS | IN_TIME),
            touched and touched <= DETERMINERS,
            gone & JOINING and not come & JOINING,
            come & JOINING and not gone,
            gone & SAID_BESIDES and not come & (SAID_BESIDES | JOINING),
            come & WHOSE and not gone & WHOSE,
            gone & MEANT and not come,
            "some" in come,
            not come and not gone <= FUNCTION,  # words of weight, with nothing in their place
            _says_less(gone, come),
            _other_form(gone, come),
        )
    )


def _words(texts: list[str]) -> Counter[str]:
    """In lower case, contractions written out."""
    tokens = (token[0].lower() for text in texts for token in tokens_of(text.translate(PLAIN)) if token.lastgroup == "word")
    return Counter("a" if part == "an" else part for token in tokens for part in expanded(token))


def _says_less(gone: set[str], come: set[str]) -> bool:
    """A verb of any meaning became one of hardly any."""
    return bool(come & LIGHT) and not gone <= FUNCTION and come - FUNCTION <= LIGHT


def _other_form(gone: set[str], come: set[str]) -> bool:
    """Another number, "finger" and "fingers", or another time, "has been" and "is", "will arrive" and "will be arriving"."""
    if "been" in gone ^ come or (gone | come) & BE and {stem(word) for word in gone - BE} == {stem(word) for word in come - BE}:
        return True
    return any(one + "s" == other or other + "s" == one or {(one, other), (other, one)} & _NUMBER for one in gone for other in come)
