"""Words that may stand for one another in certain company: a table like that of table.py, with what must stand on either side.

A line of tables/company.txt is `before :: ways :: after`.  The sides are patterns (moves.py has their vocabulary, and _VOCABULARY),
empty where anything may stand.  Of ways parted by > those before it may be exchanged for those after it and never come in, and all
are counted, so that it is known which of them the person likes.
Left out: what may be exchanged in any company (table.py).
"""

import re
from collections.abc import Iterator

from vibejam.rewrite.moves import Move, Put, agreeing, pattern
from vibejam.rewrite.tables import lines_of

_BE = (
    r"\b(?:is|are|was|were|am|be|been|seems?|seemed|looks?|looked|feels?|felt|becomes?|became|sounds?|sounded"
    r"|[a-z]+['’](?:s|re|m)) "
)
_IS = r"\b(?:is|are|was|were|am|be|been|[a-z]+['’](?:s|re|m)) "
_ALSO = (
    r"\b(?:I|[Ww]e|[Yy]ou|[Hh]e|[Ss]he|[Tt]hey|[Ii]t|[Pp]eople|who|to|would|could|will|can|should|do|does|did|not"
    r"|[a-z]+n['’]t) "
)
_JUDGED = r"(?:an?|the|(?:very |so |too |quite |rather |more |most )?[a-z]{2,}(?:al|ous|ive|ful|able|ible|ant|ent|ary|ic|less))\b"
_PLURAL = (
    r"\b(?!looks|seems|feels|sounds|tastes|smells|works|does|goes|acts|moves|runs|speaks|talks|thinks|behaves|always|is\b|was\b"
    r"|this\b)"
    r"[A-Za-z][a-z]{2,}s,?"
)
_DEGREE = r"(?!more\b|less\b|better\b|worse\b|like\b|than\b|as\b|too\b|of\b|the\b|[a-z]+er\b)"

_VOCABULARY = {"be": _BE, "is": _IS, "also": _ALSO, "judged": _JUDGED, "plural": _PLURAL, "degree": _DEGREE}


def _put(way: str) -> Put:
    return lambda match: agreeing(match[1], way) + way


def _moves(line: str) -> Iterator[Move]:
    for name, meant in _VOCABULARY.items():
        line = line.replace(f"<{name}>", meant)
    before, ways, after = (side.strip() for side in re.split(r" ?:: ?", line))
    given_up, mark, kept = ways.partition(" > ")
    out = [way.strip() for way in given_up.split("|")]
    put_in = [way.strip() for way in kept.split("|")] if mark else out
    side = f"({before}{'' if not before or before.endswith((')?', '>')) else ' '})"
    for way in dict.fromkeys(out + put_in):
        first = f"[{way[0].upper()}{way[0]}]" if not before else way[0]
        found = pattern(side + first + re.escape(way[1:]) + r"\b" + after)
        others = [other for other in put_in if other != way] if way in out else [way]  # only to be counted
        for other in others:
            yield Move(ways, way, other, way[1:], found, _put(other))


COMPANY: list[Move] = [move for line in lines_of("company") for move in _moves(line)]
WORDS = frozenset(word.lower() for move in COMPANY for word in f"{move.before} {move.after}".split())  # that stand in a line
