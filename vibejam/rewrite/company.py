"""Words that may stand for one another in certain company: a table like that of table.py, with what must stand on either side.

A line is `before :: ways :: after`.  The sides are patterns (moves.py has their vocabulary), empty where anything may stand.  Of
ways parted by > those before it may be exchanged for those after it and never come in, and all are counted, so that it is known
which of them the person likes.  An indented line goes on with the one before.
Left out: what may be exchanged in any company (tables/).
"""

import re
from collections.abc import Iterator

from vibejam.rewrite.moves import Move, Put, agreeing, pattern

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

_LINES = [line.replace("<be>", _BE).replace("<is>", _IS).replace("<also>", _ALSO).replace("<judged>", _JUDGED)
          .replace("<plural>", _PLURAL).replace("<degree>", _DEGREE) for line in r"""
<be> :: somewhat | rather :: (?= <degree>[a-z]{3,}(?<!ing)\b)
<be> :: somewhat > a little | a bit :: (?= <degree>[a-z]{3,}(?<!ing)\b)
<be> :: fairly > rather | quite | pretty :: (?= <degree>[a-z]{3,}(?<!ed)(?<!ing)\b)
<be> :: simply > just :: (?= (?:an?|the|that|not|one|too|my|his|her|our|their|because|in|on|for|to) )
<be> :: simply | merely :: (?= (?:an?|one) )
<be> :: merely > just | only :: (?= (?:an?|the|one|my|his|her|our|their|in|on|for|to) )
<also> :: simply > just :: (?= (?!put\b|but\b|and\b|enough\b|furnished\b|dressed\b|stated\b|explained\b)[a-z]{2,}\b(?!,))
\b(?:by|from|of|for) :: simply > just | merely :: (?= [a-z]{2,}ing\b)
\b[a-z]{2,} :: simply > just :: (?= by [a-z]+ing\b)
<be>(?:very |too |so |quite |rather |really |not )? :: difficult > hard :: (?=[.,;?!]| (?:for|but|at|because|when) )
\b(?:finds?|found|makes?|made) it (?:very |too |so |quite |rather )? :: difficult | hard :: (?= to [a-z]+)
\b(?:an?|the|this|that|more|many|some|most|other|two|three|these|those) :: difficult | hard :: (?= (?:questions?
    |problems?|time|times|tasks?|decisions?|choices?|parts?|cases?|days?|years?|months?|weeks?|life|lessons?)\b)
\b(?:I am|I['’]m|(?:he|she|it|that|this) is|(?:you|we|they) are|(?:I|he|she|it|that|this) was|(?:he|she
    |that)['’]s) (?:very |not |also |quite )? :: correct > right :: (?=[.,;?!]| (?:about|that|to) )
<plural> :: such as > like :: (?= (?!this\b|that\b|these\b|those\b|it\b|to\b|them\b|when\b|him\b|her\b|me\b|us\b|you\b
    |a (?:man|woman|child|bird|dog)\b)[A-Za-z])
\b(?:I|[Ww]e) :: would like to > want to | should like to :: (?= (?!think\b|see\b|be\b|know\b)[a-z]+)
\b(?:[Ii]f|whether|when) you :: would like to > want to | wish to :: (?= [a-z]+)
\b(?:people|anyone|everyone|those|anybody|somebody|someone|readers|users) who :: would like to > want to 
    | wish to :: (?= [a-z]+)
\b(?:that|what|whatever) you :: would like to > want to | wish to :: (?= [a-z]+)
\b[a-z]+ :: in this way > like this :: (?=[.;?!])
\b[a-z]+ :: in that way > like that :: (?=[.;?!])
\b[a-z]+ :: in the same way > the same way :: (?=[.;?!])
\b(?:an?|any|some|every|no|another) [a-z]+ :: of this kind | of this sort | of this type > like this :: (?=[.,;?!]| (?:is
    |was|are|were|has|can|may|will|would|in|to|for|that)\b)
\b(?:thing|something|anything|nothing|[A-Za-z][a-z]{3,}s) :: of this kind | of this sort 
    | of this type > like this :: (?=[.,;?!]| (?:is|was|are|were|have|can|may|will|would)\b)
\b(?:thing|something|anything|nothing|[A-Za-z][a-z]{3,}s|an? [a-z]+) :: of that kind | of that sort 
    | of that type > like that :: (?=[.,;?!]| (?:is|was|are|were|have|can|may|will|would)\b)
\b(?:I|[Ww]e|[Yy]ou|[Tt]hey|[Hh]e|[Ss]he|would|could|not|to|will|should|might) :: consider > think :: (?= (?:it|them|him
    |her|this|that|myself|himself|herself|themselves) <judged>)
\b(?:I|[Ww]e|[Yy]ou|[Tt]hey|[Hh]e|[Ss]he|had) :: considered > thought :: (?= (?:it|them|him|her|this|that|myself|himself
    |herself|themselves) <judged>)
\b(?:explain\w*|show\w*|understand|understood|see|know|knew|describ\w+|about|of|learn\w*) :: how 
    | the way :: (?= (?:<subject>|it|people|the [a-z]+) (?:is|are|was|were|has|have|had|works?|worked|does|do|did|[a-z]+ed)\b)
\b(?:need|want|have|had|are|were|get|made|make|with|for|of|see|add|added|find|write|took|take) :: additional 
    | further > more :: (?= (?:[a-z]{3,}(?<!s)s|time|work|money|information|help|detail|effort|space|memory|support
    |evidence)\b(?! of))
\b(?:an?|each|any|every|no|one) :: additional > extra | further :: (?= [a-z]{3,})
\b(?:a|an|very|so|my|our) :: pleasant > nice :: (?= [a-z]{3,})
<be>(?:very |so |quite |rather )? :: frightening > scary :: (?=[.,;?!])
<be>(?:very |so |quite |rather |most )? :: amusing > funny :: (?=[.,;?!]| to | and | that )
<be>(?:very |so |quite |rather |too )? :: inexpensive > cheap :: (?=[.,;?!]| to | and )
<is>(?:very |so |quite |not |also |too )? :: afraid of | frightened of | scared of :: (?= [a-z]+)
<is>(?:very |so |quite |not |also |less |more |most )? :: concerned about | worried about :: (?= [a-z]+)
<is>(?:very |so |quite |not |also )? :: eager to | keen to :: (?= [a-z]+)
<is>(?:very |so |quite |not |also )? :: certain | sure :: (?= (?:that|of|about|he|she|they|we|I|you|it) )
<is>(?:very |so |quite |not |also )? :: fortunate > lucky :: (?= (?:to|enough|that|in) )
\b(?:an?|the|this|very|some|those|these|many|other) :: wealthy > rich :: (?= (?:man|men|woman|women|people|family
    |families|person|country|countries|nation)\b)
\b(?:to|will|can|could|would|should|must|may|might|not) :: locate > find :: (?= (?:the|a|an|it|them|him|her|me|us|you
    |your|my|his|their|our|any|some)\b)
\b(?:to|will|can|could|would|should|must|may|might|not) :: determine > find out | work out :: (?= (?:whether|how|what|why
    |who|where|which|if)\b)
\b(?:to|will|can|could|would|should|must|may|might|not) :: address | tackle > deal with :: (?= (?:the|this|that|these
    |those|any|some|all|every|such|his|her|my|our|their|your) (?:[a-z]+ )?(?:issues?|problems?|questions?|concerns?
    |difficult(?:y|ies)|situations?|matters?|needs?|complaints?|errors?|bugs?|challenges?)\b)
\b(?:I|[Ww]e|[Tt]hey|[Yy]ou) (?:do not |don['’]t )? :: anticipate > expect :: (?= (?:that|it|the|this|a|any|some|more
    |even|no)\b)
\b(?:to|will|can|could|would|should|must|may|might|not|I|[Ww]e|[Tt]hey) :: assume that | suppose that :: (?= [a-z]+)
\b(?:I|[Ww]e|[Tt]hey|[Hh]e|[Ss]he|[Yy]ou|[Pp]eople|to|not|never|will|would) :: speak about | talk about 
    | speak of :: (?= [a-z]+)
\b(?:I|[Ww]e|[Tt]hey|[Hh]e|[Ss]he|[Yy]ou|[Pp]eople) :: spoke about | talked about | spoke of :: (?= [a-z]+)
\b(?:I|[Ww]e|[Tt]hey|[Hh]e|[Ss]he|who) :: continued > went on :: (?=[.,;])
\b(?:I|[Ww]e|[Tt]hey|to|will|would) :: continue > go on | carry on :: (?=[.;](?:\s|$))
\b(?:I|[Ww]e|[Tt]hey|[Hh]e|[Ss]he|[Ii]t|who) :: arrived at > reached | got to :: (?= (?:the|a|an|my|his|her|our
    |their) (?:[a-z]+ )?(?:house|station|door|town|village|city|place|gate|inn|office|airport|school|church|hotel|shop|river
    |road)\b)
\b(?<!not)(?<!n['’]t) :: entirely > completely | quite | altogether :: (?= (?:different|new|separate|unrelated|forgotten
    |unknown|wrong|true|right)\b)
\b(?:is|are|was|were) :: completely > quite | altogether :: (?= (?:different|new|separate|unrelated|forgotten|unknown
    |wrong|true|right)\b)
\b[a-z]+ :: for quite some time > for some time :: 
\b[a-z]+ :: a long time ago > long ago :: (?=[.,;])
\b[a-z]+ :: at this moment > now :: (?=[.,;])
\b[a-z]+ :: at that moment > then | just then :: (?=[.,;])
\b[a-z]+ :: suddenly > all at once | all of a sudden :: (?=[.;](?:\s|$))
\b[a-z]+ :: occasionally > now and then | from time to time | sometimes :: (?=[.,;])
\b[a-z]+ :: immediately > at once | straight away | right away :: (?=[.;](?:\s|$))
\b(?:very|so|as|too|how) :: quickly > fast :: (?=[.;?!]| as )
\b[a-z]+ :: anyway | anyhow :: (?=[.;?!](?:\s|$))
\b(?:people|those|anyone|someone|anybody|somebody|man|woman|men|women|children|readers|writers|person) :: that 
    | who :: (?= (?:is|are|was|were|has|have|had|can|could|will|would|may|might|must|do|does|did|want|wants|think|thinks|know
    |knows|believe|believes|said|came|went|work|works|live|lives|lived)\b)
\b(?:the|every|any) (?:man|woman|person|men|women|people) :: whom > that | who :: (?= <subject> [a-z])
\b(?:walked|went|looked|turned|walk|go|look|gathered|sat|stood|all|the way|standing|sitting|running|ran|run|travel\w*
    |wander\w*) :: around | round :: (?= (?:the|a|an|it|him|her|them|me|us|his|my|their|our)\b)
\b(?:looked|turned|turn|turning|look|looking|turns|looks) :: around | round :: (?=[.,;]| and | to )
\b(?:in|at|for|with|about|of|on|from|to|than) :: a great deal of | much :: (?= (?:trouble|time|money|work|pain|pleasure
    |interest|care|attention|difficulty|effort|noise|experience|confidence|influence)\b)
\b(?:has|have|had|with|caused|took|take) :: a great deal of > a good deal of | much :: (?= (?:trouble|time|money|work
    |pain|pleasure|interest|care|attention|difficulty|effort|noise|experience|confidence|influence)\b)
\b[a-z]+ :: due to > because of | owing to :: (?= (?:the|a|an|his|her|their|its|my|our|this|these|that|those) )
\b(?:is|was|are|were) :: not possible to > impossible to :: (?= [a-z]+)
\b(?:is|was|are|were|be|been) :: of great importance > very important :: (?=[.,;]| to | for | in )
""".replace("\n    ", "").strip().splitlines()]  # fmt: skip


def _put(way: str) -> Put:
    return lambda match: agreeing(match[1], way) + way


def _moves(line: str) -> Iterator[Move]:
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


COMPANY: list[Move] = [move for line in _LINES for move in _moves(line)]
WORDS = frozenset(word.lower() for move in COMPANY for word in f"{move.before} {move.after}".split())  # that stand in a line
