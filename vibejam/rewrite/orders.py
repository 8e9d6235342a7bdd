"""Moves that put the words of a sentence in another order: "we also sell tea" and "we sell tea too", "in 1962 we moved" and "we
moved in 1962", "some people think" and "there are some people who think".

Only in sentences of one clause, where what is moved can belong to nothing else.  Left out: what a moved word would come to be about
in a longer sentence.
"""

import re

from vibejam.rewrite.moves import Move, Put, built, lowered, pattern, raised, sentence_before

_BE = "(?:is|are|was|were|am|can|could|will|would|has|have|had|must|may|might|should)"
_WHO = "(?:He|She|It|They|We|I|You)"
_WHEN = (
    r"(?:[Ii]n (?:\d{4}|(?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{4})?)"
    r"|[Oo]n (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|[Yy]esterday|[Tt]oday|[Tt]omorrow|[Nn]owadays|[Tt]hese days"
    r"|[Aa]t the moment"
    r"|[Tt]his (?:week|month|year|morning|afternoon|evening|summer|winter|spring)|[Ll]ast (?:week|month|year|night|summer|winter)"
    r"|[Nn]ext (?:week|month|year)|[Aa]t present|[Rr]ight now|[Ee]very (?:day|week|month|year|morning|evening|night))"
)
_PERSON = (
    r"(?:[A-Z][a-z]+|(?:the|an?|my|his|her|our|their) (?:author|poet|writer|king|queen|doctor|teacher|painter|artist|child|boy"
    r"|girl|man|woman|prince|historian|captain|farmer|reader))"
)
_OWNED = (
    "(?:life|death|work|works|history|climate|writings|novels|poems|plays|books|career|voice|face|hands|eyes|opinion|opinions|views"
    "|theory|argument|arguments|name|mind|character|courage|power|house|wife|husband|mother|father|son|daughter|friend|friends"
    "|ideas|words|language|purpose|greatness|genius|intellect|youth|childhood|letters|habits|habit)"
)
_NO_OWNERS = frozenset("It That There Here What Who He She Let Today Where How".split())  # whose "'s" is "is"
# verbs after which another clause may follow, so that a time may be of that one
_OTHERS = re.compile(
    r"\b(?:sa(?:id|y|ys)|t(?:old|hink|hinks|hought)|kn[eo]w|knows|hope[sd]?|believe[sd]?|felt|feel|feels|wish|want|wants|wanted|plan"
    r"|plans|planned|promised?|expect\w*|ask\w*|to (?!the|an?|my|his|her|our|their|[A-Z])|by|until|since|from|after|before|during"
    r"|than|as|where|what|how|why|so|or|at|once"
    r"|yesterday|today|tomorrow|tonight|now|then|week|month|year|day|morning|evening|night|in \d{4})\b"
)


def _plain(put: Put, group: int) -> Put:
    """Where the clause in `group` is one that a time or a place can belong to as a whole."""
    return lambda match: None if _OTHERS.search(match[group]) else built(match, put)


def _to_the_end(match: re.Match[str]) -> str:
    when = match[1][0].lower() + match[1][1:]
    return f"{raised(match[2])} {when}{match[3]}"


def _to_the_front(comma: str) -> Put:
    def put(match: re.Match[str]) -> str | None:
        clause = lowered(match[1])
        return clause and f"{raised(match[2])}{comma} {clause}{match[3]}"

    return put


def _in_mid(match: re.Match[str]) -> str | None:
    """"Sometimes he goes" to "he sometimes goes", after a helping verb where there is one."""
    often, who, verb = match[1].lower(), raised(match[2]), match[3]
    if re.fullmatch(_BE, verb):
        return f"{who} {verb} {often} "
    if verb.endswith("ly") or verb in ("do", "does", "did", "not", "also", "just", "only", "never", "even", "always", "still"):
        return None
    return f"{who} {often} {verb} "


def _to_front(match: re.Match[str]) -> str | None:
    who = match[1] if match[1] == "I" else match[1].lower()
    return f"{match[2].capitalize()} {who} "


def _of(match: re.Match[str]) -> str | None:
    if match[2] in _NO_OWNERS or match[2].endswith("s"):
        return None
    return f"{match[1]} the {match[3]} of {match[2]}"


def _owned(match: re.Match[str]) -> str | None:
    return None if match[2].endswith("s") else f"{match[2]}'s {match[1]}"


ORDERS: list[Move] = [
    Move("when", "first", "last", ", ",
         pattern(rf"<start>({_WHEN}),? ((?:<subject>|it|there|the [a-z]+) <verb>\b<one>{{2,60}})([.!])(?=\s|$)"),
         _plain(_to_the_end, 2)),
    Move("when", "first", "last", " ",
         pattern(rf"<start>({_WHEN}),? ((?:<subject>|it|there) [a-z]+ed\b<one>{{2,60}})([.!])(?=\s|$)"),
         _plain(_to_the_end, 2)),
    Move("when", "last", "first", " ",
         pattern(rf"<start>({_WHO} <verb>\b<one>{{0,40}}?) ({_WHEN})([.!])(?=\s|$)"),
         _plain(_to_the_front(""), 1)),
    Move("when", "last", "comma first", " ",
         pattern(rf"<start>({_WHO} <verb>\b<one>{{0,40}}?) ({_WHEN})([.!])(?=\s|$)"),
         _plain(_to_the_front(","), 1)),
    Move("often", "first", "within", "ally |ften |imes ",
         pattern(r"<start>(Sometimes|Usually|Generally|Occasionally|Often|Normally),? (I|we|he|she|they|you|it|people) ([a-z]+) "
                 r"(?!not\b)"),
         _in_mid),
    Move("often", "within", "first", "ally |ften |imes ",
         pattern(r"<start>(I|We|He|She|They|You|It) (sometimes|usually|generally|occasionally|normally) "),
         _to_front),
    Move("perhaps", "within", "first", " perhaps ",
         pattern(r"<start>(It|He|She|They|This|That|There|We|You) (is|was|are|were) perhaps "),
         lambda m: f"Perhaps {m[1].lower()} {m[2]} "),
    Move("perhaps", "first", "within", "Perhaps ",
         pattern(r"<start>Perhaps,? (it|he|she|they|this|that|there|we|you) (is|was|are|were) (?!not\b)"),
         lambda m: f"{m[1].capitalize()} {m[2]} perhaps "),
    # also
    *[Move("also", "also", way, " also ", found,
           lambda m, way=way: None if _OTHERS.search(m[2]) else f"{m[1]} {m[2]} {way}")
      for found in (pattern(rf"<start>((?:{_WHO}|The [a-z]+) {_BE}) also (<one>{{3,40}})(?=\.(?:\s|$))"),
                    pattern(rf"<start>({_WHO}) also ([a-z]+ <one>{{2,40}})(?=\.(?:\s|$))"))
      for way in ("too", "as well")],
    # however and though
    Move("however", "first", "within", "However, ",
         pattern(r"<start>However, (<subject>|it|this|that|there|the [a-z]+) (is|are|was|were|has|have|had|can|could|will|would|may"
                 r"|might|must|should|did|do|does) (?!not\b)"),
         lambda m: f"{raised(m[1])} {m[2]}, however, "),
    Move("however", "within", "first", ", however, ",
         pattern(r"<start>([A-Z]<one>{1,60}?), however, (?!(?:and|or|as|but|nor|so|yet|which|who|where|when)\b)(?=[a-z])"),
         lambda m: (begin := lowered(m[1])) and f"However, {begin} "),
    Move("however", "though within", "but first", ", though, ",
         pattern(r"<start>([A-Z]<one>{1,40}?), though, (?=[a-z])"),
         lambda m: (begin := lowered(m[1])) and f"But {begin} "),
    # there is
    Move("some", "some", "there are some", " ",
         pattern(r"<start>(Some|Many|Several|A few) (people|men|women|writers|critics|readers|things|places|days|cases|questions|"
                 r"books|reasons) (?=(?:believe|think|say|are|were|have|had|will|would|can|could|do|did|want|like|seem)\b)"),
         lambda m: f"There are {m[1].lower()} {m[2]} "
         f"{'who' if m[2] in ('people', 'men', 'women', 'writers', 'critics', 'readers') else 'that'} "),
    Move("some", "there are some", "some", "here are ",
         pattern(r"<start>There are (many|some|several|a few) ([a-z]+(?:s|men|women)|people)"
                 r" (?:who|that|which) (?=[a-z]{2,} )"),
         lambda m: f"{raised(m[1])} {m[2]} "),
    Move("such a", "such a", "like that", "uch a",
         pattern(r"(?<!of )(?<!in )\b([Ss])uch (an? (?:thing|person|man|woman|place|book|case|world|story|question|idea|plan|view))"
                 r"(?=[.,;?!]| (?:is|was|may|can|will|would|could|might|has|had) )"),
         lambda m: f"{m[2]} like that"),
    *[Move("such", "such", way, "uch ",
           pattern(r"<start>Such ((?!as\b|was\b|is\b)[a-z]{3,}[^s\W]s) "
                   r"(?=(?:are|were|have|had|can|could|will|would|may|might|do) )"),
           rf"\1 {way} ")
      for way in ("like these", "of this kind")],
    # whose and of whom
    Move("owner", "'s", "of", "s ",
         pattern(rf"\b(in|on|about|from|with|to|for|by|against|through|into|than|at) ({_PERSON})['’]s ({_OWNED})"
                 r"(?=[.,;:]| (?:is|was|were|are|in|on|which|that|has|had)\b)"),
         _of),
    Move("owner", "of", "'s", " of ",
         pattern(rf"\b[Tt]he ({_OWNED}) of ({_PERSON})(?=[.,;:]| (?:is|was|were|are|has|had)\b)"),
         lambda m: None if re.search(r"\bof $", sentence_before(m)) else _owned(m)),
    # which with its preposition
    Move("stranded", "in which", "in", " which ",
         pattern(r"\b((?:the|an?|this|that|every|any) (?:[a-z]+ )?[a-z]{3,}) (in|on|with|to|for|from|about|at|of|by)"
                 r" (?:which|whom) (<subject>|you|it)"
                 r" ((?:(?:had|have|has|was|were|is|are) )?[a-z]{2,}(?:ed|[aeiou]t|ng|ght|ke|ve|ew|d))(?=[.,;])"),
         r"\1 \3 \4 \2"),
]  # fmt: skip
