"""Moves between ways of giving a reason: "because", "since", "as" and "for", before a clause or after it.

"As" and "since" tell a time, too, and "for" what a thing is done for; where they might, they are not put in.
Left out: what follows from a reason ("so": joints.py), and reasons that are no clause ("because of": table.py).
"""

import re

from vibejam.rewrite.moves import Move, Put, asked, pattern, sentence_after, sentence_before

# what begins with | is put after another
_DENIED = r"|\b(?:not|no|never|nobody|nothing|hardly)\b|n['’]t\b"  # "not because" is something else
_PERFECT = r"\bha(?:s|ve|d)\b|\w['’](?:ve|d)\b|\bbeen\b|\bever\b"  # with which "since" tells the time
# whatever begins the clause: "because running on grass is quiet"
_SAYS_SOON = r"(?![a-z]+ing\b|even\b|only\b|if\b|when\b|as\b|of\b|not\b)(?:[\w’'-]+ ){1,5}"
_BECAUSE = r", because (?=<clause>|" + _SAYS_SOON + r"<verb>\b)"
_PRESENT = r"(?:is|are|can|cannot|will|do|does|may|must|(?:is|are|do|does|wo|ca)n['’]t)\b"  # with which "since" tells a reason
_WHO = r"(?=(?:<subject>|it|you|this|that|there) (?!and\b|or\b))"
_OF_TIME = r"|\b(?:first|last|third|[a-z]{3,}est|ago|years?|daily|always)\b"  # with which it tells the time, too
_YEARS = r"^\S+ (?:was|were) (?:\w+teen|ten|young|born|boys?|girls?|child\w*|students?)\b|\b\d{4}\b"
_COMPARES, _DOING = r"|\b(?:same|such|just|as|so|even)\b", r"|\b(?:is|are|was|were) \w+ing\b"  # "as" is something else then
_TAKES_FOR = (  # with which "for" would be read as what it is done for
    r"\b(?:for|wait\w*|ask\w*|pa(?:y|id)\w*|fought|fight\w*|pray\w*|prepar\w*|thank\w*|sorry|grateful|reserv\w*|mak\w+|made"
    r"|b(?:ou|uy)\w*|wr[io]t\w*|look\w*|search\w*|long\w*|call\w*|work\w*|stand\w*|stood|us(?:ed?|es|ing)|need\w*|cho[os]\w*"
    r"|car(?:e|ed|es)|sav\w*|good|bad|late|ready|time|room|reasons?|left|bring\w*|brought|g[eo]t\w*|send\w*|sent|leav\w*)\b"
)
_SINCE = (
    r", since (?=<clause>|" + _SAYS_SOON + _PRESENT + r")"
    r"(?!\w+ (?:\w+ )?(?:came|went|began|left|became|started|arrived|died)\b)"
)
_BEING = (
    r"(?:<subject>|it|there|this|that|you|the [a-z]+|my [a-z]+|most [a-z]+|many [a-z]+|all [a-z]+)"
    r" (?:is|are|was|were|do|does|did|can|could|will|would|may)\b"
)
_IN_TIME = r"(?!.{0,90}?, [^.!?]*\b(?:ha(?:ve|s|d)|ever|been)\b|[^.!?]*['’](?:ve|d)\b)"  # no perfect tense after it
_NOT_YET = re.compile(
    r"(?:If|When|While|Although|Though|Because|Since|As|Unless|After|Before|Once|Even|In|On|At|By|For|From|During|With|Of|To|Under|Over"
    r"|Until|Having|Being|Here|Every|Last|Next)\b", re.I
)  # fmt: skip
_SAID_OF_ONE = pattern(
    r"\b(?:<verb>|[a-z]+ed|(?i:<subject>|it|you|this|that|there) [a-z]{2,}"
    r"|(?i:the|this|that|my|our|your|his|her|its|their|an?|every|each) [\w’'-]+ [a-z]+s)\b"
)
_OF_THE_REASON = re.compile(
    r"\b(?:nor|only|just|simply|merely|partly|mainly|largely|chiefly|mostly|perhaps"
    r"|maybe|probably|either|both|precisely|in part|because|since|whether)\b|\b(?:that|and|or|but|if|which|who|why|then|so)$", re.I
)  # fmt: skip
_MORE_TO_COME = re.compile(  # of what began before the reason, or another reason
    r"\b(?:because|since)\b|, (?!(?:and|but|so|or|which|who|where|when|not|though|although|even) )"
)


def _reason(template: str, stop: str = "", told: str = "") -> Put:
    """Where a whole clause is given one reason, the last thing in its sentence: "in May, because it was cold, we slept" has nothing
    there yet, "only because" is about the reason itself, and a question asks for it.

    `stop`: what may not be found before it; `told`: nor in the reason.
    """
    stopped, telling = re.compile(stop or r"(?!)", re.I), re.compile(told or r"(?!)", re.I)

    def put(match: re.Match[str]) -> str | None:
        before, after = sentence_before(match), sentence_after(match)
        last = before.rpartition(", ")[2]
        whole = _SAID_OF_ONE.search(last) and not _NOT_YET.match(last)
        within = before.count("(") > before.count(")") or before.count('"') % 2 or before.count("“") > before.count("”")
        if not whole or asked(match) or within or _OF_THE_REASON.search(before) or _MORE_TO_COME.search(after):
            return None
        return None if stopped.search(before) or telling.search(after) else template

    return put


REASONS: list[Move] = [
    Move("reason", "because", "for", ", because ", pattern(_BECAUSE), _reason(", for ", _TAKES_FOR + _DENIED)),
    Move("reason", "because", "for", ", because ",
         pattern(r", because " + _WHO), _reason(", for ", r"\bfor\b" + _DENIED)),
    Move("reason", "because", "semicolon for", ", because ",
         pattern(_BECAUSE), _reason("; for ", r"\bfor\b|[;,]" + _DENIED, "[;,]")),
    Move("reason", "for", "because", ", for ", pattern(r", for (?=<subject> )"), ", because "),
    Move("reason", "semicolon for", "because", "; for ", pattern(r"(?<=[\w)]); for (?=<clause>)"), ", because "),
    Move("reason", "since", "because", ", since ", pattern(_SINCE), _reason(", because ", _PERFECT + _OF_TIME, _YEARS)),
    Move("reason", "since", "as", ", since ", pattern(_SINCE), _reason(", as ", _PERFECT + _OF_TIME + _COMPARES, _YEARS + _DOING)),
    Move("reason", "since", "for", ", since ", pattern(_SINCE), _reason(", for ", _PERFECT + _OF_TIME + "|" + _TAKES_FOR, _YEARS)),
    Move("reason", "since", "for", ", since ",
         pattern(r", since " + _WHO), _reason(", for ", _PERFECT + _OF_TIME + r"|\bfor\b", _YEARS)),
    Move("reason", "because", "as", ", because ",
         pattern(r", because (?=(?:<subject>|it|there|this|you|the [a-z]+) (?:is|are|was|were|has|have|had|can|could|will|would|do"
                 r"|does|did|[a-z]+n['’]t)\b)"),
         _reason(", as ", _COMPARES[1:] + _DENIED, _DOING[1:])),
    Move("reason", "as", "because", ", as ",
         pattern(r", as (?=(?:<subject>|there|you|the [a-z]+) (?:is|are|was|were|has|have|had|can|could|will|would|do|does|did)"
                 r" (?:not |no |a |an |the |never |very |so |too |[a-z]+ (?:to|by|in|on|with|from)\b))"),
         _reason(", because ", _COMPARES[1:],
                 r"\b(?:told|asked|supposed|meant|required|used|bound|had|ought|have|has) to\b|habit of|feeling")),
    Move("since first", "since", "because", "Since ",
         pattern(r"<start>Since (?=" + _BEING + _IN_TIME + r"<one>{4,90}, )"),
         "Because "),
    Move("since first", "since", "as", "Since ",
         pattern(r"<start>Since (?=" + _BEING + _IN_TIME + r"<one>{4,90}, )"),
         "As "),
    Move("since first", "because", "as", "Because ",
         pattern(r"<start>Because (?=" + _BEING + r"<one>{4,90}, )"), "As "),
    Move("since first", "as", "because", "As ",
         pattern(r"<start>As (?=(?:<subject>|there|you) (?:is|are|was|were|have|has|had|do|does|did|can|could)"
                 r" (?:not |no |a |an )<one>{4,90}, )"),
         "Because "),
]
