"""Marks and the joints of sentences: stop, semicolon, colon, dash and brackets, and a comma where one of these may stand for it.

The words stay, but for an "and" or "but" at the joint.  Moves as in moves.py, and as careful: where a mark may close a list as well
as a clause, or cut a subordinate clause from its sentence, it stays.  An exclamation mark may become a stop, for who
has hardly any, and never the other way; question marks mean more, and stay.  Left out: commas that may be there or not (commas.py).
"""

import re

from vibejam.rewrite.moves import Move, Put, asked, built, pattern, sentence_after, sentence_before, unless

_SUBORDINATE = re.compile(
    r"^(?:If|When|While|Although|Though|Because|Since|As|After|Before|Until|Unless|Once|Whether|Whenever|Given|Despite|Where|Even"
    r"|Not only|Either|Neither|Both|Should|Had|Having|For|To|In order)\b"
)
_OPEN = re.compile(
    r"\b(?:that|whether|if|who|whom|whose|because|when|while|although|as|than|both|either|not only|between|until|till|unless|before"
    r"|after|since|once|lest)\b"
)
_HOLDS_BOTH = pattern(  # a condition, a time or somebody's words, of which what comes next may be part
    r"\b(?:if|when|whenever|while|because|unless|until|till|whether|before|after|since|once|lest|says?|said|claims?|claimed|thinks?"
    r"|thought|believed?|believes|hopes?|hoped|guess is|sure) (?:that )?<clause>|\b(?:may|might|could)\b"
    r"|\b(?:two|three|four|five|these|reasons|rules|things|parts)\b[^:—]*[:—–]"
)
_AT_ITS_END = re.compile(r"\b(?:is|was|are|were|be|to \w+)$")  # "it may be, and I put it no higher, that"
_VERB = pattern(r"\b(?:<verb>|[a-z]+ed|[a-z]+s)\b")
_FINITE = pattern(r"\b(?:<verb>|[a-z]+ed)\b")
_RELATIVE, _RELATED = re.compile(r"(?:but |and )?that "), re.compile(r"\b(?:that|who|which)\b")
_DASHED = re.compile(r"[—–]| - |--")  # however it is typed
_JOINED = re.compile(r"[;:—–]|, (?:and|but|so) ")
_EXCLAIMS = re.compile(
    r"(?:What|How|Such|Oh|Ah|Alas|If only|May|(?:Is|Are|Was|Were|Did|Does|Do|Has|Have|Can|Could|Would|Will)(?:n['’]t)?"
    r" (?:I|we|you|he|she|it|they)"
    r"|Boy|Am I)\b"
)
_LONGEST = 24  # words of a sentence that takes another after a semicolon or "and"
_TOGETHER, _SHORT = 32, 14  # words of both, with "and"; and of two that go together whatever they speak of
_TELLS = pattern(r"(?:<next>|(?:I|We|You|He|She|It|They|There|This|That|These|Those)\b)")  # and no call, thanks or question
_HELD = re.compile(  # under which, or against which, what comes after "and" would be taken
    r"\b(?:because|although|though|since|unless|until|if|when|while|not|no|never|may|might|could|perhaps)\b|n['’]t\b|:"
)
_NO_SENTENCE = re.compile(  # a stop that ends a word, or a greeting, a call and a heading
    r"(?:\b[A-Za-z]\.[A-Za-z]|\b(?:Mr|Mrs|Ms|Dr|St|Prof|[Vv]ol|[Ff]ig|No|Sec|[Cc]h|pt|Inc|Ltd|Co|Jr|Sr|etc|vs?|cf|approx))$"
    r"|^(?:About|Regarding|Re|Hello|Hi|Dear|Good|Next|Minutes|Yes|No|Now about|What an?)\b(?! (?:longer|one|fault))"
)
# no "and" joins "I don't hate tests" with "I hate yours", a plan with what it was, nor what is with what had been
_SET_RIGHT = re.compile(
    r"^(?:[^\s,]+ ){1,6}?(?:do|does|did|is|are|was|were|am)(?:n['’]t| not)\b|^(?:\S+ ){1,3}(?:no longer|never)\b"
    r"|^(?:It|This|That) [^,]*\b(?:mistake|overstatement) to\b|\binstead\b|, (?:however|nevertheless|though),"
    r"|\| \S+ (?:\S+ )?(?:simply|merely|only|meant)\b"
    r"|\| (?:\w+ )?\w+(?: had|['’]d) (?:just |never |already )?(?:been|\w+(?:ed|en|wn))\b"
    r"|\btell you (?:what|why|how)\b|^Here(?:['’]s| is| are)\b"
    r"|\b(?:an?|one|two|three|four) (?:[\w-]+ )?(?:question|plan|decision|fear|request|rule|catch|confession|observation|reason"
    r"|idea|problem|thing|point|note|choice|worry|wish|hope|theory|secret|complaint|suggestion|warning|step|option|part)s? \|"
    r"|\b(?:happened|the following|this once|explain|brief|simple) \|"
)
_TURNS = re.compile(
    r"(?:It (?:is|was) (?:also )?(?:important|worth)|It should be|We (?:look|regret|appreciate)|Thank|Please|However)\b"
)
_ANNOUNCES = re.compile(r"\b(?:an?|one|this|two|three|following|same|simple) (?:[\w-]+ ){0,2}[\w-]+$")  # what the next words are
_QUOTED = re.compile(r"(?:^|\s)['‘][A-Za-z](?:[^'’]|['’]\w)*$")


def _within_brackets(match: re.Match[str]) -> bool:
    before = match.string[: match.start()]
    quoted = before.count("“") > before.count("”") or before.count('"') % 2 == 1 or _QUOTED.search(before)
    return bool(quoted) or before.count("(") > before.count(")")


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
        if _AT_ITS_END.search(before) and "," in after or re.match(r"[^,]*, that\b", after):
            return None
        if _HOLDS_BOTH.search(before) and (template[:1] == "." or not re.match(r"(?:I|we|he|she|they|it)\b", after)):
            return None
        if re.search(r", but\b", before + after):
            return None
        if template[:1] == "." and asked(match):
            return None
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
        if _JOINED.search(before) or _JOINED.search(after) or _within_brackets(match) or _NO_SENTENCE.search(before):
            return None
        if match[0].strip() == "." and "and" in template and _SET_RIGHT.search(before + " | " + after):
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
        if _within_brackets(match) or _DASHED.search(before + after):
            return None
        if re.match(r"(?:no|sorry|wait|oops)\b", match[1]) or after.startswith("of "):
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


_HALF = re.compile(  # "what I mean is", "my only fear"
    r"^(?:What|As for|About|Time|With|Without)\b|\bonly \w+$|\b(?:is|was|are|were)$"
)


def _unannounced(put: Put) -> Put:
    """Where what comes after is not what was just announced: "I have a confession"."""
    return lambda match: None if _ANNOUNCES.search(sentence_before(match)) else built(match, put)


def _cooled(match: re.Match[str]) -> str | None:
    """A stop, but after a call or a "What a day"."""
    before = sentence_before(match)
    return None if _within_brackets(match) or len(before.split()) < 3 or _EXCLAIMS.match(before) else "."


_ASIDE = pattern(  # before the verb of its clause, or it may end elsewhere
    r"(?<=[a-z]), (<aside> [^,.;:?!()—–]{3,60}), "
    r"(?!(?:and|or|but|when|where|who|which|whose|if|as|because|so|since|while|though)\b)"
    r"(?!(?:said|wrote|told|thought) )(?=<verb>\b)"
)
_PAIR = pattern(r"(?<=\w)<dash>([^—–.;:()?!\n]{1,69}[^—–.;:()?!\s])<dash>(?=[a-z])")

JOINTS: list[Move] = [
    # two clauses in one sentence, or two sentences
    Move("and between", "comma", "semicolon", ", and ", pattern(r"(?<=\w), and (?=<clause>)"), _after_whole_clause("; and ")),
    Move("and between", "comma", "stop", ", and ", pattern(r"(?<=\w), and (?=<clause>)"), _after_whole_clause(". And ")),
    Move("and between", "comma", "bare semicolon", ", and ", pattern(r"(?<=\w), and (?=<clause>)"), _after_whole_clause("; ")),
    Move("and between", "comma", "bare stop", ", and ", pattern(r"(?<=\w), and (?=<clause>)"), _after_whole_clause(". ")),
    Move("and between", "semicolon", "comma", "; and ", pattern(r"(?<=\w); and (?=<clause>)"),
         unless(r"\b(?:because|unless|if|until|when|whether)\b", ", and ")),
    Move("and between", "semicolon", "stop", "; and ", pattern(r"(?<=\w); and (?=<clause>)"), _after_whole_clause(". And ")),
    Move("and between", "stop", "comma", ". And ", pattern(r"(?<=[\w\"”])\. And (?!please\b)(?=\w)"), _between_short(", and ")),
    Move("and between", "stop", "semicolon", ". And ", pattern(r"(?<=[\w\"”])\. And (?=<clause>)"), _between_short("; and ")),
    Move("and between", "bare semicolon", "bare stop", "; ", pattern(r"(?<=\w); (?=<clause>)"), _after_whole_clause(". ")),
    Move("and between", "bare stop", "bare semicolon", ". ", pattern(r"(?<=[\w)])\. <next>"), _between_short("; ")),
    Move("and between", "bare stop", "comma", ". ", pattern(r"(?<=[\w)])\. <same>"), _between_short(", and ")),
    Move("and between", "bare stop", "semicolon", ". ", pattern(r"(?<=[\w)])\. <person>"), _between_short("; and ")),
    Move("and between", "stop", "bare stop", ". And ",
         pattern(r"(?<=[\w\"”)])\. And (?=<clause>)"),
         ". "),
    Move("but between", "comma", "semicolon", ", but ", pattern(r"(?<=\w), but (?=<clause>)"), _after_whole_clause("; but ")),
    Move("but between", "comma", "stop", ", but ", pattern(r"(?<=\w), but (?=<clause>)"), _after_whole_clause(". But ")),
    Move("but between", "semicolon", "comma", "; ", pattern(r"(?<=\w); but (?=<clause>)"), ", but "),
    Move("but between", "semicolon", "stop", "; ", pattern(r"(?<=\w); but (?=<clause>)"), _after_whole_clause(". But ")),
    Move("but between", "stop", "comma", ". But |. However, ", pattern(r"(?<=[\w\"”])\. But (?=\w)"), _between_short(", but ")),
    Move("but between", "stop", "semicolon", ". But |. However, ", pattern(r"(?<=[\w\"”])\. But (?=<clause>)"),
         _between_short("; but ")),
    Move("but between", "stop", "semicolon", ". But |. However, ",
         pattern(r"(?<=[\w\"”])\. However, (?=(?:I|we|you|he|she|it|they|the|this|that|there) )"),
         _between_short("; but ")),
    Move("but between", "semicolon", "comma", "; ", pattern(r"; however, (?=<clause>)"), ", but "),
    Move("but between", "semicolon", "semicolon but", "; ", pattern(r"; however, (?=<clause>)"), "; but "),
    Move("so between", "comma", "stop", ", so ",
         pattern(r"(?<=\w), so (?!(?:[\w’'-]+ ){1,4}?(?:can|could|may|might|will|would|(?:wo|would|does|do)n['’]t)\b)(?=<clause>)"),
         _after_whole_clause(". So ")),
    Move("so between", "stop", "comma", ". So ",
         pattern(r"(?<=\w)\. So (?!this (?:is|was)|\w+ had\b)(?=(?:I|we|you|he|she|it|they|the|this|there|my|our|his|her) )"),
         _between_short(", so ")),
    # the end of a sentence; the stop is only counted
    Move("end", "exclaimed", "stop", "!", pattern(r"(?<=\w)!(?=\s|$)"), _cooled),
    Move("end", "stop", "stop", ".", pattern(r"(?<=[a-z]{2})\.(?=\s|$)"), "."),
    # dashes, brackets and colons
    Move("aside", "dashes", "brackets", "—|–", _PAIR, _paired(r" (\1) ")),
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
         pattern(r"(?<=[a-z]), (?!if not (?:<subject>|please|then)|(?:and|or) even)(<aside> [^,.;:?!()—–]{3,60})(?=\.(?:\s|$))"),
         unless(", which ", _paired(r" (\1)"))),
    Move("aside at the end", "comma", "dash", ", ",
         pattern(r"(?<=[a-z]), (?=(?:<aside>|not) [^,.;:?!()—–]{3,60}\.(?:\s|$))"),
         unless(",", lambda m: _alone(" — ")(m) if _FINITE.search(sentence_before(m)) else None)),
    Move("dash", "dash", "comma", "—|–",
         pattern(r"(?<=\w)<dash>(?=(?:and|but|which|or|not|so|though|although|because) )"),
         _alone(", ")),
    Move("dash", "dash", "semicolon", "—|–", pattern(r"(?<=\w)<dash>(?=<clause>)"),
         lambda m: _unannounced(_alone("; "))(m) if not _HALF.search(sentence_before(m)) else None),
    Move("dash", "colon", "dash", ": ", pattern(r"(?<=[a-z]): (?=[a-zI])"),
         unless(r"\b(?:is|was|are|were|said|says|asked|asks|told|wrote|reads?|replied|added|answered|thought|re|key|error|type)$",
                lambda m: _alone(" — ")(m) if _FINITE.search(sentence_before(m)) and ";" not in sentence_after(m) else None)),
    Move("dash", "semicolon", "dash", "; ", pattern(r"(?<=[a-z]); (?=<clause>)"),
         lambda m: None if re.search("[;:]", sentence_before(m) + sentence_after(m)) else _alone(" — ")(m)),
    Move("dash", "comma but", "dash but", ", but ", pattern(r"(?<=[a-z]), (?=but <clause>)"),
         unless(r",|^Not only", _alone(" — "))),
]
