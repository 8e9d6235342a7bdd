"""Marks and the joints of sentences: comma, stop, semicolon, colon, dash and brackets, where one may stand for another.

The words stay, but for an "and" or "but" at the joint.  Moves as in moves.py, and as careful: where a mark may close a list as well
as a clause, or cut a subordinate clause from its sentence, it stays.  An exclamation mark may become a stop, for who
has hardly any, and never the other way; question marks mean more, and stay.
"""

import re

from vibejam.rewrite.moves import Move, Put, built, pattern, sentence_after, sentence_before, unless
from vibejam.rewrite.words import PAST

_SUBORDINATE = re.compile(
    r"^(?:If|When|While|Although|Though|Because|Since|As|After|Before|Until|Unless|Once|Whether|Whenever|Given|Despite|Where|Even"
    r"|Not only|Either|Neither|Both|Should|Had|Having|For|To|In order)\b"
)
_OPEN = re.compile(r"\b(?:that|whether|if|who|whom|whose|because|when|while|although|as|than|both|either|not only|between)\b")
_VERB = pattern(r"\b(?:<verb>|[a-z]+ed|[a-z]+s)\b")
_FINITE = pattern(r"\b(?:<verb>|[a-z]+ed)\b")
_SAYS = pattern(r"\b(?:<verb>|[a-z]+ed)\b|^(?:<subject>|It|You|This|That|There) [a-z]")  # more than somebody: something of them
_RELATIVE, _RELATED = re.compile(r"(?:but |and )?that "), re.compile(r"\b(?:that|who|which)\b")
_DASHED = re.compile(r"[—–]| - |--")  # however it is typed
_JOINED = re.compile(r"[;:—–]|, (?:and|but|so) ")
_DENIED = (
    r"n['’]t\b|\b(?:n(?:ot|o|ever|one|othing)|cannot|nor|neither|nobody|nowhere|hardly|scarcely|barely|few|seldom|rarely|without"
    r"|den(?:y|ie[sd])|doubt)\b"
)
_NOT_BEFORE_BECAUSE = (
    r"\b(?:just|only|simply|partly|mainly|largely|precisely|is|was|and|or|but|merely|perhaps|probably|mostly|chiefly)$|,"
    r"|\b(?:that|some|others?|more|less|if|whether|so|either|both|because|wh(?:o|om|ose|ich|en|ere|at)|those)\b"
    r"|\b(?:exactly|especially|particularly|part|really|purely|solely|even|all)$|^(?:To|\w+ing)\b"
)
_EXCLAIMS = re.compile(r"(?:What|How|Such|Oh|Ah|Alas|If only|May)\b")
_LONGEST = 24  # words of a sentence that takes another after a semicolon or "and"
_TOGETHER, _SHORT = 32, 14  # words of both, with "and"; and of two that go together whatever they speak of
_TELLS = pattern(r"(?:<next>|(?:I|We|You|He|She|It|They|There|This|That|These|Those)\b)")  # and no call, thanks or question
_HELD = re.compile(  # under which, or against which, what comes after "and" would be taken
    r"\b(?:because|although|though|since|unless|until|if|when|while|not|no|never|may|might|could|perhaps)\b|n['’]t\b|:"
)
_TURNS = re.compile(
    r"(?:It (?:is|was) (?:also )?(?:important|worth)|It should be|We (?:look|regret|appreciate)|Thank|Please|However)\b"
)
_ANNOUNCES = re.compile(r"\b(?:an?|one|this|two|three|following|same|simple) (?:[\w-]+ ){0,2}[\w-]+$")  # what the next words are


def _within_brackets(match: re.Match[str]) -> bool:
    before = match.string[: match.start()]
    return before.count("(") > before.count(")") or before.count("“") > before.count("”") or before.count('"') % 2 == 1


def _still_relates(match: re.Match[str]) -> bool:
    """Whether what comes after goes on with the "that" of before: "a sum that is small, but that is regular"."""
    return bool(_RELATIVE.match(sentence_after(match)) and _RELATED.search(sentence_before(match)))


def _after_whole_clause(template: str) -> Put:
    """Where what stands before is a clause that can stand alone: no list, and nothing subordinate is still open."""

    def put(match: re.Match[str]) -> str | None:
        before = sentence_before(match)
        if _within_brackets(match) or _SUBORDINATE.match(before) or "," in before or len(before.split()) < 3:
            return None
        if not _VERB.search(before) or template[:1] == "." and (_OPEN.search(before) or ";" in before):
            return None
        after = sentence_after(match)
        if template[:1] == ";" and ";" in before + after or ", and " in match[0] and re.search(", (?:and|but) ", after):
            return None  # no third part
        if _still_relates(match):
            return None
        if match[0].startswith(", and") and "and" not in template.lower() and not _TELLS.match(before):
            return None  # "ask him, and he tells you"
        return match.expand(template)

    return put


def _goes_on(first: str, second: str) -> bool:
    """Whether a sentence that begins with `second` may speak of what the one that begins with `first` does."""
    us = ("I", "We", "You", "My", "Our")
    return first == second if second in us else first not in us or second == "It"


def _between_short(template: str) -> Put:
    """Where both sentences are short enough to be one, and neither is one of two already."""

    def put(match: re.Match[str]) -> str | None:
        before, after = sentence_before(match), sentence_after(match)
        if _JOINED.search(before) or _JOINED.search(after) or _within_brackets(match):
            return None
        sizes = [len(before.split()), len(after.split())]
        if max(sizes) > _LONGEST or sizes[0] < 3 or _TURNS.match(after) or before.startswith("Thank"):
            return None
        if template == "; " and sum(sizes) > _SHORT and not _goes_on(*(re.match(r"\w+|", text)[0] for text in (before, after))):
            return None
        if "and" in template and (sum(sizes) > _TOGETHER or not _TELLS.match(before) or _HELD.search(before)):
            return None
        then = match.string[match.end() + len(after) :]
        if re.match(r"[.!?] (?:But|And|So|Yet|Still|However)\b", then):  # the second is one of a pair already
            return None
        return match.expand(template)

    return put


def _paired(template: str) -> Put:
    """A pair of dashes or brackets, alone in its sentence and outside quotations."""

    def put(match: re.Match[str]) -> str | None:
        before, after = sentence_before(match), sentence_after(match)
        if _within_brackets(match) or _DASHED.search(before + after) or ("," in template and "," in match[1]):
            return None
        if match[0].startswith(", ") and re.search(r", (?:and|or) |^[^,.;:]*\b(?:and|or)\b[^,.;:]*,", after):  # one of a list
            return None
        return match.expand(template)

    return put


def _alone(template: str) -> Put:
    """A single dash, which is no bracket."""

    def put(match: re.Match[str]) -> str | None:
        before, after = sentence_before(match), sentence_after(match)
        around = before + after
        if _within_brackets(match) or _DASHED.search(around) or "(" in around or (template == "; " and ";" in around):
            return None
        if _still_relates(match):
            return None
        return match.expand(template)

    return put


def _unannounced(put: Put) -> Put:
    """Where what comes after is not what was just announced: "I have a confession"."""
    return lambda match: None if _ANNOUNCES.search(sentence_before(match)) else built(match, put)


def _cooled(match: re.Match[str]) -> str | None:
    """A stop, but after a call or a "What a day"."""
    before = sentence_before(match)
    return None if _within_brackets(match) or len(before.split()) < 3 or _EXCLAIMS.match(before) else "."


def _asked(match: re.Match[str]) -> bool:
    return match.string[match.end() + len(sentence_after(match)) :].startswith("?")


def _not_the_first_of_two(put: Put) -> Put:
    """A comma that no other one answers, as in "he is, and I know it, a coward"."""
    return lambda match: None if _ANSWERED.match(sentence_after(match)) or _asked(match) else built(match, put)


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


_ASIDE = pattern(  # before the verb of its clause, or it may end elsewhere
    r"(?<=[a-z]), (<aside> [^,.;:?!()—–]{3,60}), "
    r"(?!(?:and|or|but|when|where|who|which|whose|if|as|because|so|since|while|though)\b)"
    r"(?=<verb>\b)"
)
_PAIR = pattern(r"(?<=\w)<dash>([^—–.;:()?!\n]{1,69}[^—–.;:()?!\s])<dash>(?=[a-z])")

JOINTS: list[Move] = [
    # two clauses in one sentence, or two sentences
    Move("and between", "comma", "semicolon", ", and ", pattern(r"(?<=\w), and (?=<clause>)"), _after_whole_clause("; and ")),
    Move("and between", "comma", "stop", ", and ", pattern(r"(?<=\w), and (?=<clause>)"), _after_whole_clause(". And ")),
    Move("and between", "comma", "bare semicolon", ", and ", pattern(r"(?<=\w), and (?=<clause>)"), _after_whole_clause("; ")),
    Move("and between", "comma", "bare stop", ", and ", pattern(r"(?<=\w), and (?=<clause>)"), _after_whole_clause(". ")),
    Move("and between", "semicolon", "comma", "; and ", pattern(r"(?<=\w); and (?=<clause>)"), ", and "),
    Move("and between", "semicolon", "stop", "; and ", pattern(r"(?<=\w); and (?=<clause>)"), _after_whole_clause(". And ")),
    Move("and between", "stop", "comma", ". And ", pattern(r"(?<=[\w\"”])\. And (?=\w)"), _between_short(", and ")),
    Move("and between", "stop", "semicolon", ". And ", pattern(r"(?<=[\w\"”])\. And (?=\w)"), _between_short("; and ")),
    Move("and between", "bare semicolon", "bare stop", "; ", pattern(r"(?<=\w); (?=<clause>)"), _after_whole_clause(". ")),
    Move("and between", "bare stop", "bare semicolon", ". ", pattern(r"(?<=[\w)])\. <next>"), _between_short("; ")),
    Move("and between", "bare stop", "comma", ". ", pattern(r"(?<=[\w)])\. <same>"), _between_short(", and ")),
    Move("and between", "bare stop", "semicolon", ". ", pattern(r"(?<=[\w)])\. <person>"), _between_short("; and ")),
    Move("and between", "bare stop", "stop", ". ", pattern(r"(?<=[\w)])\. <person>"), ". And "),
    Move("and between", "stop", "bare stop", ". And ",
         pattern(r"(?<=[\w\"”)])\. And (?=(?:I|we|you|he|she|it|they|the|this|that|there|my|our|his|her) )"),
         ". "),
    Move("but between", "comma", "semicolon", ", but ", pattern(r"(?<=\w), but (?=<clause>)"), _after_whole_clause("; but ")),
    Move("but between", "comma", "stop", ", but ", pattern(r"(?<=\w), but (?=<clause>)"), _after_whole_clause(". But ")),
    Move("but between", "semicolon", "comma", "; ", pattern(r"(?<=\w); but (?=<clause>)"), ", but "),
    Move("but between", "semicolon", "stop", "; ", pattern(r"(?<=\w); but (?=<clause>)"), _after_whole_clause(". But ")),
    Move("but between", "stop", "comma", ". But |. However, ", pattern(r"(?<=[\w\"”])\. But (?=\w)"), _between_short(", but ")),
    Move("but between", "stop", "semicolon", ". But |. However, ", pattern(r"(?<=[\w\"”])\. But (?=\w)"), _between_short("; but ")),
    Move("but between", "stop", "semicolon", ". But |. However, ",
         pattern(r"(?<=[\w\"”])\. However, (?=(?:I|we|you|he|she|it|they|the|this|that|there) )"),
         _between_short("; but ")),
    Move("but between", "semicolon", "comma", "; ", pattern(r"; however, (?=<clause>)"), ", but "),
    Move("but between", "semicolon", "semicolon but", "; ", pattern(r"; however, (?=<clause>)"), "; but "),
    Move("so between", "comma", "stop", ", so ",
         pattern(r"(?<=\w), so (?!\w+ (?:can|could|may|might)\b)(?=<clause>)"),
         _after_whole_clause(". So ")),
    Move("so between", "stop", "comma", ". So ",
         pattern(r"(?<=\w)\. So (?=(?:I|we|you|he|she|it|they|the|this|there|my|our|his|her) )"),
         _between_short(", so ")),
    # the end of a sentence; the stop is only counted
    Move("end", "exclaimed", "stop", "!", pattern(r"(?<=\w)!(?=\s|$)"), _cooled),
    Move("end", "stop", "stop", ".", pattern(r"(?<=[a-z]{2})\.(?=\s|$)"), "."),
    # commas that may be there or not
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
         unless(_DENIED + "|" + _NOT_BEFORE_BECAUSE, lambda m: None if _asked(m) else ", ")),
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
    # dashes, brackets and colons
    Move("aside", "dashes", "brackets", "—|–", _PAIR, _paired(r" (\1) ")),
    Move("aside", "dashes", "commas", "—|–", _PAIR, _paired(r", \1, ")),
    Move("aside", "brackets", "commas", " (", pattern(r"(?<=[a-z]) \(((?:[a-z]+ ){2,9}[a-z]+)\) (?=[a-z])"), _paired(r", \1, ")),
    Move("aside", "brackets", "dashes", " (",
         pattern(r"(?<=[a-z]) \(((?:[a-z,]+ ){2,12}[a-z]+)\) (?=[a-z])"),
         _paired(" — \\1 — ")),
    Move("aside", "commas", "brackets", ", ",
         _ASIDE,
         _paired(r" (\1) ")),
    Move("aside", "commas", "dashes", ", ",
         _ASIDE,
         _paired(" — \\1 — ")),
    Move("aside at the end", "comma", "brackets", ", ",
         pattern(r"(?<=[a-z]), (<aside> [^,.;:?!()—–]{3,60})(?=\.(?:\s|$))"),
         _paired(r" (\1)")),
    Move("aside at the end", "comma", "dash", ", ",
         pattern(r"(?<=[a-z]), (?=(?:<aside>|not) [^,.;:?!()—–]{3,60}\.(?:\s|$))"),
         unless(",", lambda m: _alone(" — ")(m) if _FINITE.search(sentence_before(m)) else None)),
    Move("aside at the end", "brackets", "comma", ").",
         pattern(
             r"(?<=[a-z]) \(((?:which|not|or|at|in|if|especially|including|such|mostly) (?:[a-z]+ ){1,9}[a-z]+)"
             r"\)(?=\.(?:\s|$))"
         ),
         _paired(r", \1")),
    Move("dash", "dash", "comma", "—|–",
         pattern(r"(?<=\w)<dash>(?=(?:and|but|which|or|not|so|though|although|because) )"),
         _alone(", ")),
    Move("dash", "dash", "semicolon", "—|–", pattern(r"(?<=\w)<dash>(?=<clause>)"), _unannounced(_alone("; "))),
    Move("dash", "dash", "colon", "—|–",
         pattern(r"(?<=\w)<dash>(?=[a-zI])(?!<aside>|(?:and|but|or|which|who|whose|when|where|while|as|if|not|so|though|because|for"
                 r"|in|on|at|to|with|from|by|especially|particularly|even)\b)"),
         _alone(": ")),
    Move("dash", "colon", "dash", ": ", pattern(r"(?<=[a-z]): (?=[a-zI])"),
         lambda m: _alone(" — ")(m) if _FINITE.search(sentence_before(m)) else None),
    Move("dash", "semicolon", "dash", "; ", pattern(r"(?<=[a-z]); (?=<clause>)"), _alone(" — ")),
    Move("dash", "comma but", "dash but", ", but ", pattern(r"(?<=[a-z]), (?=but <clause>)"), unless(r",", _alone(" — "))),
]
