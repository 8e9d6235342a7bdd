"""Turns of phrase that say the same as others only in certain company, so that no table can exchange them but a pattern can.

Left out: what may be exchanged in any company (table.py).
"""

import re

from vibejam.rewrite.moves import Move, pattern, sentence_after, sentence_before, unless

_TITLE = r"(?:Mr|Mrs|Dr|Miss|Lady|Lord|Sir|Father|Captain|Professor)"
_WHO = rf"(?:the|my) (?:[a-z]+ )?[a-zA-Z]+|{_TITLE}\.? [A-Z][a-z]+(?! [A-Z])|(?!{_TITLE}\b)[A-Z][a-z]+"
_NO_MORE = r"\.|, (?!(?:who|whom|whose|which|the|an?|my|his|her)\b)"  # nothing more of who said it
_GIVE = {"e": "give", "es": "gives", "ed": "gave", "ing": "giving"}
_TELL = {"": "tell", "s": "tells", "ed": "told", "ing": "telling"}
_THEM = r"(me|us|you|him|her|it|them|people|users|readers|anyone|everyone|others|someone|somebody)"
_HELPED = (
    r"(?:understand|see|find|make|get|do|build|write|learn|keep|remember|feel|think|know|work|improve|avoid|choose|decide|become|move"
    r"|create|fix|use|live|grow|reach|solve|prepare|plan|read|cope)\b"
)
_STATE = (  # verbs of what is, and of nobody who came: "he appeared to take her away"
    r"(?:[a-z]+ly )?(?:be|have|know|want|think|like|need|care|matter|use|hold|regard|believe|feel|mean|work|understand|exist|agree"
    r"|lack|contain|include)\b"
)
_LET = {"": "let", "e": "let", "es": "lets", "ed": "let", "ing": "letting"}
_PARTICIPLE = re.compile(r"(?:\b(?:ha[sd]|have|having|been|being)\b|['’]ve\b)[^.;]*$|\b(?:be|is|are|was|were|Once) $")


def _give(match: re.Match[str]) -> str | None:
    if match[1] == "ed" and _PARTICIPLE.search(sentence_before(match)):
        return None
    return f"{_GIVE[match[1]]} {match[2]} "


def _much(match: re.Match[str]) -> str | None:
    after = match.string[match.end() :]
    several = re.match(r"(?:more|less) (?:\w+ )?(?:\w+s|women|men|people|children)\b", after)
    if several or re.search(r"\bp ?[<=]|placebo|statistical", match.string):  # "significant" is a term there
        return None
    return "far " if after.startswith("fewer") else "much "


def _let(match: re.Match[str]) -> str | None:
    """"Enables it to" to "lets it"; not "enable it to see the menu", nor "the time allowed us to finish was short"."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    if re.search(r"(?:\b(?:and|or|must|you|can|to)|,|^) $", before) and match[2] == "it" or re.match(r"have (?:been|had)\b", after):
        return None
    if match[1] == "ed" and re.search(r"\b(?:time|days|fee|sum|was|were) $", before):
        return None
    return f"{_LET[match[1] if match[1] != 's' else 'es']} {match[2]} "


TURNS: list[Move] = [
    Move("said the man", "the man said", "said the man", "said",
         pattern(
             r"(?<=[,!?])([\"”]) (" + _WHO + r") (said|asked|answered|replied|cried)(?=" + _NO_MORE + r")"
         ),
         lambda m: None if m[2] in ("He", "She", "I", "They", "We") else f"{m[1]} {m[3]} {m[2]}"),
    Move("said the man", "said the man", "the man said", "said",
         pattern(
             r"(?<=[,!?][\"”] )(said|asked|answered|replied|cried) (" + _WHO + r")"
             r"(?=\.|, (?:[a-z]+ing|and|but|as|with)\b|, [\"“])"
         ),
         r"\2 \1"),
    Move("individual", "individual", "person", " individual ",
         pattern(r"\b([Aa])n individual (?=(?:who|is|was|has|can|may|will|with|in)\b)"),
         unless(r"(?:is|was) $", r"\1 person ")),
    *[Move("per", "per", "a", " per ",
           pattern(rf"\b([Oo]nce|[Tt]wice|times|hours?|minutes?|days?|miles?|pounds|dollars|cents|pence|letters|pages|\d[\d.,]*%?)"
                   rf" per (?=(?:{what})\b)"),
           lambda m, article=article: None if re.match(r"[12]\d{3}$", m[1]) else f"{m[1]} {article} ")
      for article, what in (("a", "day|week|month|year|head|person|mile|letter|night|minute|second|ton|pound|pint|bottle"),
                            ("an", "hour|evening|acre|ounce"))],
    Move("previous", "previous", "before", "previous",
         pattern(r"\bthe previous (day|night|evening|week|month|year|morning|afternoon|summer|winter)(?=[.,;])"),
         r"the \1 before"),
    Move("namely", "namely", "colon", "namely", pattern(r"(?<=\w), namely,? "),
         lambda m: None if "," in sentence_after(m) or re.search("[,:]", sentence_before(m)) else ": "),
    Move("named", "named", "called", " named ", pattern(r"\b(an? [\w-]+(?: [\w-]+)?) named (?=[A-Z`\"“])"), r"\1 called "),
    Move("provide", "provide", "give", "provid",
         pattern(r"\bprovid(e|es|ed|ing) (me|us|you|him|her|them) with (?=[a-z])"),
         _give),
    Move("enable", "enable", "let", "enabl|allow",
         pattern(r"\b(?:enabl|(?<!not )allow)(e|es|s|ed|ing|) " + _THEM + r" to (?=[a-z]{2,})"),
         _let),
    Move("help to", "to", "bare", "help",
         pattern(r"\b(help|helps|helped|helping) " + _THEM + r" to (?=" + _HELPED + ")"), r"\1 \2 "),
    Move("help to", "bare", "to", "help",
         pattern(r"\b(help|helps|helped|helping) " + _THEM + r" (?=" + _HELPED + ")"), lambda m: m[0]),  # counted alone
    Move("tell to", "instruct", "tell", "instruct",
         pattern(r"\binstruct(s|ed|ing|) " + _THEM + r" to (?=[a-z])"), lambda m: f"{_TELL[m[1]]} {m[2]} to "),
    Move("request", "request", "ask", "request",
         pattern(r"\brequest(s|ed|ing|) (me|us|you|him|her|them) to (?=[a-z])"),
         r"ask\1 \2 to "),
    Move("seem", "appear", "seem", "appear", pattern(r"\bappear(s|ed|) to (?=" + _STATE + ")"), r"seem\1 to "),
    Move("seem", "appear", "seem", "appear",
         pattern(r"\bappear(s|ed|) to (?=(?:me|us|him|her|them|you) (?:to " + _STATE + r"|that <clause>))"), r"seem\1 to "),
    Move("seem", "appear", "seem", "appear", pattern(r"\b([Ii]t) appear(s|ed) (?=that (?:<clause>|<subject> ))"), r"\1 seem\2 "),
    Move("seem", "seem", "appear", "seem", pattern(r"\bseem(s|ed|) to (?=(?:be|have)\b)"), r"appear\1 to "),
    Move("believe", "believe", "think", " believe ",
         pattern(r"\b(I|[Ww]e|[Tt]hey|[Yy]ou) believe (?=(?:<subject>|it|there|this) <verb>\b)"),
         r"\1 think "),
    Move("believe", "think", "believe", " think ",
         pattern(r"\b(I|[Ww]e|[Tt]hey) think (?=(?:<subject>|it|there|this) <verb>\b)"),
         r"\1 believe "),
    Move("should", "should", "ought to", " should ",
         pattern(
             r"(?<![Ii]f )(?<!that )(?<!lest )\b((?:[Ww]e|[Tt]hey|[Hh]e|[Ss]he|[Pp]eople)) should (?!not\b|"
             r"have\b|you\b|I\b)(?=[a-z])"
         ),
         lambda m: m[0]),  # counted alone: it may be "would", or what is feared
    Move("should", "ought to", "should", "ought to ", pattern(r"\bought to (?=[a-z])"), "should "),
    Move("upon", "on", "upon", "on ",
         pattern(
             r"\b((?:depend|insist|rel(?:y|ies|ied)|comment|reflect|based|founded|impos(?:e|es|ed)|dwell|dwelt)"
             r"(?:s|ed|ing)?) on (?!the (?:whole|one hand|other hand|coast|edge|floor|island)\b)"
             r"(?=(?:the|a|an|this|that|it|them|him|her|his|my|our|their|its|what)\b)"
         ),
         r"\1 upon "),
    Move("little", "small", "little", " small ",
         pattern(
             r"\b([Aa]|[Tt]he|[Tt]his|[Tt]hat|[Mm]y|[Hh]is|[Hh]er|[Oo]ur|[Tt]heir) small (?=(?:house|home|boy|girl|child|children"
             r"|room|town|village|garden|dog|cat|bird|book|box|shop|street|church|chapel|table|man|woman|boat|river|hill|tree|farm"
             r"|car|island|lamp|bell|thing|flat|kitchen|window|door|yard|field|stream|pond|bag|bottle|glass|cup|chair|desk|shed|inn|hotel|caf[eé]"
             r"|station|square|park|beach|harbou?r|note|song|poem|story|picture)s?\b)"
         ),
         r"\1 little "),
    Move("fairly", "fairly", "pretty", "fairly |somewhat ", pattern(r"\bfairly well\b"), "pretty well"),
    Move("much", "considerably", "much", "ly ",
         pattern(
             r"\b(?:significantly|considerably|substantially) (?=(?:more|less|better|worse|larger|smaller|higher|"
             r"lower|longer|shorter|faster|slower|cheaper|easier|harder|stronger|older|younger|fewer)\b)"
         ),
         _much),
    Move("rather than", "rather than", "instead of", "rather than ",
         pattern(r"\brather than (?=[a-z]+ing\b)"),
         unless(r"\b(?:is|was|are|were)(?: \w+)? \w+(?:ing|ed) $", "instead of ")),
    Move("rather than", "instead of", "rather than", "instead of ",
         pattern(r"\b(?<!^)instead of (?=(?:[a-z]+ing|the|a|an|my|his|her|our|their)\b)"),
         lambda m: m[0]),  # counted alone
    Move("said", "replied", "said", "ed", pattern(r"\b(?:replied|stated|remarked|responded)(?=[,:] [\"“])"),
         unless(r"\b(?:as|otherwise|is|was|been|ha[sd]|have|the|not) $|, $", "said")),
    Move("said", "replied", "said", "ed",
         pattern(r"(?<=[,!][\"”] )((?:[Hh]e|[Ss]he|I|they|we|" + _WHO + r") )"
                 r"(?:replied|stated|remarked|responded)(?=[.,]| [a-z]+ly\b)"),
         r"\1said"),
    Move("said", "said", "answered", "said",
         pattern(r"(?<=[,!][\"”] )((?:[Hh]e|[Ss]he|I|they|we|" + _WHO + r") )said(?=[.,])"),
         lambda m: m[0]),  # counted alone
    Move("said", "replied", "answered", "replied",
         pattern(r"(?<=[,!][\"”] )((?:[Hh]e|[Ss]he|I|they|we|" + _WHO + r") )replied(?=[.,]| [a-z]+ly\b)"),
         r"\1answered"),
]
