"""Turns of phrase that say the same as others only in certain company, so that no table can exchange them but a pattern can.

Left out: what may be exchanged in any company (table.py).
"""

import re

from vibejam.rewrite.moves import Move, pattern, sentence_before

_REMAINING = (
    r"(?=(?:in|at|there|here|with|silent|calm|quiet|awake|open|closed|alive|indoors|home|behind|single|faithful|loyal|the same)\b)"
)
_COMPARED = (
    r"(?:more|less|better|worse|larger|smaller|higher|lower|longer|shorter|faster|slower|cheaper|easier|harder|stronger|older|younger"
    r"|fewer)"
)
_GIVE = {"e": "give", "es": "gives", "ed": "gave", "ing": "giving"}
_LET = {"e": "let", "es": "lets", "ed": "let", "ing": "letting"}
_PARTICIPLE = re.compile(r"\b(?:ha[sd]|have|['’]ve|be|been|is|are|was|were) $")


def _give(match: re.Match[str]) -> str | None:
    if match[1] == "ed" and _PARTICIPLE.search(match.string[: match.start()]):
        return None
    return f"{_GIVE[match[1]]} {match[2]} "


TURNS: list[Move] = [
    Move("said the man", "the man said", "said the man", "said",
         pattern(
             r"(?<=[,!?][\"”] )(the [a-z]+|(?:Mr|Mrs|Dr)\. [A-Z][a-z]+|[A-Z][a-z]+) (said|asked|answered|replied)"
             r"(?=[.,])"
         ),
         lambda m: None if m[1] in ("He", "She", "I", "They", "We") else f"{m[2]} {m[1]}"),
    Move("said the man", "said the man", "the man said", "said",
         pattern(
             r"(?<=[,!?][\"”] )(said|asked|answered|replied) (the [a-z]+|(?:Mr|Mrs|Dr)\. [A-Z][a-z]+|[A-Z][a-z]+)"
             r"(?=[.,])"
         ),
         r"\2 \1"),
    Move("individual", "individual", "person", " individual ",
         pattern(r"\b([Aa])n individual (?=(?:who|is|was|has|can|may|will|with|in)\b)"),
         r"\1 person "),
    Move("noun is", "full", "short", " is ",
         pattern(
             r"\b([Tt]he [a-z]*[a-rt-z]) is (?=(?:a|an|the|not|too|so|just|still|going|very|really|only|always|"
             r"never|now|in|on|at|gone|here|there)\b)"
         ),
         r"\1's "),
    Move("noun is", "short", "full", "s ",
         pattern(
             r"\b([Tt]he [a-z]*[a-rt-z])['’]s (?=(?:a|an|the|not|too|so|just|still|going|very|really|only|always|"
             r"never|now|in|on|at|gone|here|there)\b)"
         ),
         r"\1 is "),
    Move("total", "a total of", "bare", " total of ",
         pattern(r"\b[Aa] total of (?=[\w£$€])"),
         lambda m: "" if sentence_before(m) else None),
    Move("total", "a total of", "bare", " total of ", pattern(r"<start>A total of ([a-z])"), lambda m: m[1].upper()),
    Move("each", "each", "every", "ach ",
         pattern(
             r"<start>Each (?!other|of|one|side|time|has|is|was|had|in|on|to|and|with|for|will|would|can)"
             r"(?=[a-z]{3,} )"
         ),
         "Every "),
    Move("each", "each", "every", "ach ",
         pattern(
             r"\b(in|on|at|for|from|with|after|before) each (?!other|of|one|case|side|and|in|on|to|with)"
             r"(?=[a-z]{3,})"
         ),
         r"\1 every "),
    Move("per", "per", "a", " per ",
         pattern(r" per (?=(?:day|week|month|year|head|person|mile|letter|night|minute|second|ton|pound|pint|bottle)\b)"),
         " a "),
    Move("per", "per", "a", " per ", pattern(r" per (?=(?:hour|evening|acre|ounce)\b)"), " an "),
    Move("previous", "previous", "before", "previous",
         pattern(r"\bthe previous (day|night|evening|week|month|year|morning|afternoon|summer|winter)(?=[.,;]| and\b)"),
         r"the \1 before"),
    Move("namely", "namely", "colon", "namely", pattern(r"(?<=\w), namely,? "), ": "),
    Move("named", "named", "called", " named ", pattern(r"\b(an? [\w-]+(?: [\w-]+)?) named (?=[\w`\"“])"), r"\1 called "),
    Move("provide", "provide", "give", "provid",
         pattern(r"\bprovid(e|es|ed|ing) (me|us|you|him|her|them) with (?=[a-z])"),
         _give),
    Move("enable", "enable", "let", "enabl",
         pattern(r"\benabl(e|es|ed|ing) (me|us|you|him|her|them|people|users|readers|anyone|everyone) to (?=[a-z])"),
         lambda m: f"{_LET[m[1]]} {m[2]} "),
    Move("request", "request", "ask", "request",
         pattern(r"\brequest(s|ed|ing|) (me|us|you|him|her|them) to (?=[a-z])"),
         r"ask\1 \2 to "),
    Move("remain", "remain", "stay", "remain", pattern(r"\bremain(s|ed|ing|) " + _REMAINING), r"stay\1 "),
    Move("remain", "stay", "remain", "stay", pattern(r"\bstay(s|ed|ing|) " + _REMAINING), r"remain\1 "),
    Move("seem", "appear", "seem", "appear",
         pattern(
             r"\bappear(s|ed|) to (?!the\b|a\b|an\b|my\b|me\b|him\b|her\b|them\b|us\b|you\b|his\b|our\b|this\b|"
             r"that\b|all\b|every|no\b|one\b|some)(?=[a-z]+\b)"
         ),
         r"seem\1 to "),
    Move("seem", "appear", "seem", "appear",
         pattern(r"\bappear(s|ed|) to (?=(?:me|us|him|her|them|you) (?:to|that|as)\b)"),
         r"seem\1 to "),
    Move("seem", "appear", "seem", "appear", pattern(r"\b([Ii]t) appear(s|ed) (?=that\b)"), r"\1 seem\2 "),
    Move("seem", "seem", "appear", "seem", pattern(r"\bseem(s|ed|) to (?=(?:be|have)\b)"), r"appear\1 to "),
    Move("believe", "believe", "think", " believe ",
         pattern(r"\b(I|[Ww]e|[Tt]hey|[Yy]ou) believe (?=(?:<subject>|it|there|this) <verb>\b)"),
         r"\1 think "),
    Move("believe", "think", "believe", " think ",
         pattern(r"\b(I|[Ww]e|[Tt]hey) think (?=(?:<subject>|it|there|this) <verb>\b)"),
         r"\1 believe "),
    Move("must", "must", "have to", " must ",
         pattern(r"\b((?:[Hh]e|[Ss]he)) must (?!be\b|have\b|not\b|n)(?=[a-z])"),
         r"\1 has to "),
    Move("must", "must", "have to", " must ",
         pattern(r"\b((?:I|[Ww]e|[Yy]ou|[Tt]hey)) must (?!be\b|have\b|not\b)(?=[a-z])"),
         r"\1 have to "),
    Move("should", "should", "ought to", " should ",
         pattern(
             r"(?<![Ii]f )(?<!that )(?<!lest )\b((?:[Ww]e|[Yy]ou|[Tt]hey|[Hh]e|[Ss]he|[Pp]eople)) should (?!not\b|"
             r"have\b|you\b|I\b)(?=[a-z])"
         ),
         r"\1 ought to "),
    Move("should", "ought to", "should", "ought to ", pattern(r"\bought to (?=[a-z])"), "should "),
    Move("upon", "on", "upon", "on ",
         pattern(
             r"\b((?:depend|insist|rel(?:y|ies|ied)|comment|reflect|based|founded|impos(?:e|es|ed)|dwell|dwelt)"
             r"(?:s|ed|ing)?) on (?=(?:the|a|an|this|that|it|them|him|her|his|my|our|their|its|what)\b)"
         ),
         r"\1 upon "),
    Move("upon", "on", "upon", "on ",
         pattern(
             r"\bon (?=(?:the|a|his|her|my|our|their) (?:table|ground|floor|wall|hill|earth|grass|stage|stairs|"
             r"stones?|shore|paper|subject)\b)"
         ),
         "upon "),
    Move("little", "small", "little", " small ",
         pattern(
             r"\b([Aa]|[Tt]he|[Tt]his|[Tt]hat|[Mm]y|[Hh]is|[Hh]er|[Oo]ur|[Tt]heir) small (?!talk|business|amount|"
             r"number|print|change|part|group|hours|scale|fraction|proportion|enough|and\b|but\b)(?=[a-z]{3,})"
         ),
         r"\1 little "),
    Move("fairly", "fairly", "rather", "fairly |somewhat ",
         pattern(
             r"\b(is|are|was|were|am|be|been|a|seems?|looks?|felt) (?:fairly|somewhat) (?=[a-z]{3,})(?!more\b|"
             r"less\b|better\b|worse\b|like\b|\w+ed\b|\w+er\b)"
         ),
         r"\1 rather "),
    Move("fairly", "fairly", "pretty", "fairly |somewhat ",
         pattern(
             r"\b(is|are|was|were|am|be|been|a|seems?|looks?|felt|know \w+) fairly (?=[a-z]{3,})(?!\w+ed\b|\w+er\b|"
             r"more\b|less\b)"
         ),
         r"\1 pretty "),
    Move("fairly", "fairly", "pretty", "fairly |somewhat ", pattern(r"\bfairly well\b"), "pretty well"),
    Move("fairly", "fairly", "a bit", "fairly |somewhat ",
         pattern(r"\b(is|are|was|were|am|be|been|felt) somewhat (?=[a-z]{3,})"),
         r"\1 a little "),
    Move("much", "considerably", "much", "ly ",
         pattern(
             r"\b(?:significantly|considerably|substantially) (?=(?:more|less|better|worse|larger|smaller|higher|"
             r"lower|longer|shorter|faster|slower|cheaper|easier|harder|stronger|older|younger|fewer)\b)"
         ),
         lambda m: "far " if m.string[m.end() :].startswith("fewer") else "much "),
    Move("rather than", "rather than", "instead of", "rather than ",
         pattern(r"\brather than (?=(?:[a-z]+ing|the|a|an|my|his|her|our|their)\b)"),
         "instead of "),
    Move("rather than", "instead of", "rather than", "instead of ",
         pattern(r"\b(?<!^)instead of (?=(?:[a-z]+ing|the|a|an|my|his|her|our|their)\b)"),
         "rather than "),
    Move("immediately", "immediately", "at once", "immediately", pattern(r"(?<=[a-z]) immediately(?=[.,;])"), " straight away"),
    Move("said", "replied", "said", "ed", pattern(r"\b(?:replied|stated|remarked|responded)(?=[,:] [\"“])"), "said"),
    Move("said", "replied", "said", "ed",
         pattern(r"(?<=,[\"”] )((?:[Hh]e|[Ss]he|I|they|we) )(?:replied|stated|remarked|responded)(?=[.,])"),
         r"\1said"),
]
