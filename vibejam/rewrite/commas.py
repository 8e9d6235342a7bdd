"""Commas that may be there or not: in a list, before "and", "but" and "because", after what opens a sentence.

A pair of commas stays a pair, and one that says what is meant stays alone.  Left out: what may stand for a comma (joints.py).
"""

import re

from vibejam.rewrite.moves import Move, Put, asked, built, pattern, sentence_after, sentence_before, unless
from vibejam.rewrite.words import PAST

_SAYS = pattern(r"\b(?:<verb>|[a-z]+ed)\b|^(?:<subject>|It|You|This|That|There) [a-z]")  # more than somebody: something of them
_FINITE = pattern(r"\b(?:<verb>|[a-z]+ed)\b")
_DENIED = (
    r"n['’]t\b|\b(?:n(?:ot|o|ever|one|othing)|cannot|nor|neither|nobody|nowhere|hardly|scarcely|barely|few|seldom|rarely|without"
    r"|den(?:y|ie[sd])|doubt)\b"
)
_NOT_BEFORE_BECAUSE = (
    r"\b(?:just|only|simply|partly|mainly|largely|precisely|is|was|and|or|but|merely|perhaps|probably|mostly|chiefly)$|,"
    r"|\b(?:that|some|others?|more|less|if|whether|so|either|both|because|wh(?:o|om|ose|ich|en|ere|at)|those)\b"
    r"|\b(?:exactly|especially|particularly|part|really|purely|solely|even|all)$|^(?:To|\w+ing)\b"
)


def _not_the_first_of_two(put: Put) -> Put:
    """A comma that no other one answers, as in "he is, and I know it, a coward"."""
    return lambda match: None if _ANSWERED.match(sentence_after(match)) or asked(match) else built(match, put)


_ANSWERED = re.compile(
    r"[^.;:!?]*?, (?!(?:and|but|or|so|yet|because|although|though|which|who|when|where|while|as|if|since|until)\b)"
)
_NO_ITEM = re.compile(  # what stands between two commas and is no part of a list
    r"(?:I|we|you|he|she|they|it|that|at|in|on|by|of|if|as|not|so|but|no|yes|please|was|is|based)\b|\d+\b(?!.* of )|an? \w+ one$"
    r"|.*(?:ly$|\b(?:and|or)\b)"
)
_GOES_ON = re.compile(r"\w+ (?:(?:no|yes),|(?:again|always|still|as|certainly)\b)")


def _listed(match: re.Match[str]) -> str | None:
    """The last but one of a list without the comma after it; "in Paris, Texas, and went" is none."""
    item, after = match[1], sentence_after(match)
    if _NO_ITEM.match(item) or _GOES_ON.match(after) or item[:1].isupper() and sentence_before(match).count(",") == 1:
        return None
    did = [_FINITE.fullmatch(word) or word in PAST for word in (after.split()[1], *item.split()[:2])]
    return None if did[0] and not any(did[1:]) else f"{item} "  # "the barley, 14 acres, and finished"


def _after_an_adverb(match: re.Match[str]) -> str | None:
    part, comma, _ = sentence_after(match).partition(",")
    return None if len(part.split()) < 3 or comma and not _FINITE.search(part) else f"{match[1]} "  # "Soon, he said."


def _after_a_clause(match: re.Match[str]) -> str | None:
    """Not "as I told you,", which is about all that follows."""
    return None if _TOLD.search(match[1]) or match[1].startswith("Once") and not _FINITE.search(match[1]) else f"{match[1]} "


_TOLD = re.compile(
    r"\b(?:sa(?:id|ys?)|t(?:old|ells?|hinks?|hought)|kn[eo]wn?s?|see[ns]?|saw|shows?|showed|believes?|hear[ds]?)"
    r"(?: (?:you|me|him|her|us|them))?$"
)
_TWO_DO = re.compile(  # "you and I", "the day he came and I left"
    r"\b(?:you|she|he|they|we)$|\b(?:[Tt]he|[Aa]ll|[Ee]very\w*|[Aa]ny\w*) (?:\w+ )?(?:I|we|he|she|they|you) "
    r"|\b(?:said|kn[eo]w|think|thought|told|hoped?|time) (?:[A-Z]\w+|(?:my|our|his|her|the) \w+)$"
)


def _between_two_said(match: re.Match[str]) -> str | None:
    before = sentence_before(match)
    said = _SAYS.search(re.sub(r"\b(?:the|an?|my|our|his|her|their) \w+ed ", "the ", before, flags=re.I))
    return ", " if said and not _TWO_DO.search(before) else None


COMMAS: list[Move] = [
    Move("last of a list", "comma", "none", ", and |, or ",
         pattern(
             r"(?<=\w, )(?!(?:which|who|whose|where|when|perhaps|maybe|however|too|though)\b)"
             r"([\w’'-]+(?: [\w’'-]+){0,3}), (?=(?:and|or) (?:(?!I\b|we\b|he\b|she\b|they\b|it\b|you\b|"
             r"the\b|then\b|so\b|that\b|who\b|which\b|to\b)[\w’'-]+ ?){1,3}[.;,])"
         ),
         _listed),
    Move("last of a list", "none", "comma", ", ",
         pattern(r"(?<=[a-z] )([a-z]+, (?!day\b|more\b|one\b|sooner\b)[a-z]+)(?= and [a-z]+[.;])"),
         lambda m: m[0]),  # counted alone: two words and a noun before them are no list
    Move("before because", "comma", "none", ", because ",
         pattern(r"(?<=\w), (?=because )"),
         unless(_DENIED + r"|,|\b(?:must|th(?:inks?|ought)|kn[eo]ws?|suppose|if)\b|^\W*(?:\w+\W+){0,1}\w*$",
                _not_the_first_of_two(" "))),
    Move("before because", "none", "comma", " because ",
         pattern(r"(?<=[a-z]{3}) (?=because <clause>)(?!.*(?:;|\bbecause\b.*\bbecause\b))"),
         unless(_DENIED + "|" + _NOT_BEFORE_BECAUSE, lambda m: None if asked(m) else ", ")),
    Move("before but", "none", "comma", " but ",
         pattern(r"(?<=[a-z]{3}) (?=but <clause>)"),
         unless(r"\b(?:nothing|none|anything|all|last|not|cannot|help|doubt|else|who)\b|,"
                r"|\b(?:(?:every|any|no)(?:one|body)|no one|(?:every|each|any|no)(?: \w+){1,2})$", ", ")),
    Move("before and a verb", "comma", "none", ", and ",
         pattern(r"(?<=[a-z]), (?=and (?!(?:had|were|should) (?:the|it|he|she|they|we|I)\b)(?:was|were|is|are|had|has|have"
                 r"|did|do|can|could|will|would|[a-z]{2,}ed (?:the|an?|to|it|them"
                 r"|him|her|in|on|at|with|for|from|by|my|his|our|their|its|up|out|down)) )"),
         unless(r",|^(?:How|What|Who|Where|When|Why|Is|Are|Can|Could|Do|Does|Did|Will|Would)\b|\b(?:that|who|which|because|as|when"
                r"|while|if)\b|\w+ing\b|\b(?:sa(?:id|ys?)|kn[eo]ws?|th(?:inks?|ought)|believed?s?|hope[sd]?|told \w+)"
                r" (?:I|we|he|she|it|they|you|[A-Z]\w+)\b", _not_the_first_of_two(" "))),
    Move("before and", "comma", "none", ", and ", pattern(r"(?<=[a-z]), (?=and <subject> <verb>\b)"),
         unless(r",|^.{36}|^Thank|\b(?:as|because|when|while|if|that|who|which|what|how|where)\b|\bsaid$",
                _not_the_first_of_two(" "))),
    Move("before and", "none", "comma", " and ",
         pattern(r"(?<=[a-z]{3}) (?=and <subject> <verb>\b)"),
         unless(r",|\b(?:that|if|when|because|both|between|who|which|what|as|although|though|since|until|once|whether|unless"
                r"|wish)\b", _between_two_said)),
    Move("after a time", "comma", "none", ", ",
         pattern(
             r"<start>((?:In|At|On|By|For|During) (?!what|which|favou?r\b|no means\b|all that\b|being\b|\w+['’]s sake\b"
             r"|the (?:other|one|first|second|third|last|same|way|event|day|night|moment)\b)"
             r"(?:[\w’'-]+ ){1,2}[\w’'-]+), (?=(?:I|we|he|she|they|it|there) )"
         ),
         r"\1 "),
    Move("after a time", "none", "comma", "",
         pattern(
             r"<start>((?:In|By|Since|Until) \d{4}|(?:In|At|On) (?:that|this) (?:morning|evening|afternoon|time|moment|point|way"
             r"|case|sense|day|night)|In the (?:morning|evening|afternoon|end|beginning)|At the (?:end|beginning)|On the other hand"
             r"|At (?:first|last|present|once)|Of course"
             r"|In (?:general|short|fact|theory|practice|time)|For (?:a time|years|months|weeks|days)|After "
             r"(?:this|that)|Then|Now|Today|Sometimes|Perhaps) (?=<subject> )"
         ),
         lambda m: None if m[1].split()[0] in ("Then", "Perhaps", "Sometimes", "Now") else m[1] + ", "),
    Move("after an adverb", "comma", "none", ", ",
         pattern(
             r"<start>(Today|Then|Recently|Sometimes|Often|Usually|Soon|Later|Finally|Eventually|Instead|"
             r"Perhaps|Currently), (?=(?:I|we|he|she|they|it|there|the|my|our|his|her|their|a|an) )"
         ),
         _after_an_adverb),
    Move("after a clause", "comma", "none", ", ",
         pattern(
             r"<start>((?:When|If|As|Once|After|Before) (?:<subject>|[Ii]t|you|the|my|his|her|a) (?:[\w’'-]+ )"
             r"{1,3}[\w’'-]+), (?=<subject> )"
         ),
         _after_a_clause),
]
