"""Turns of phrase that say the same as others only in certain company, so that no table can exchange them but a pattern can.

Left out: what may be exchanged in any company (table.py).
"""

import re

from vibejam.rewrite.moves import Move, pattern, sentence_after, sentence_before

_REMAINING = (
    r"(?=(?:in|at|there|here|with|silent|calm|quiet|awake|open|closed|alive|indoors|home|behind|single|faithful|loyal|the same)\b)"
)
_COMPARED = (
    r"(?:more|less|better|worse|larger|smaller|higher|lower|longer|shorter|faster|slower|cheaper|easier|harder|stronger|older|younger"
    r"|fewer)"
)
_TITLE = r"(?:Mr|Mrs|Dr|Miss|Lady|Lord|Sir|Father|Captain|Professor)"
_WHO = rf"(?:the|my) (?:[a-z]+ )?[a-zA-Z]+|{_TITLE}\.? [A-Z][a-z]+(?! [A-Z])|(?!{_TITLE}\b)[A-Z][a-z]+"
_NO_MORE = r"\.|, (?!(?:who|whom|whose|which|the|an?|my|his|her)\b)"  # nothing more of who said it
_GIVE = {"e": "give", "es": "gives", "ed": "gave", "ing": "giving"}
_MAKE = {"e": "make", "es": "makes", "ed": "made", "ing": "making"}
_TELL = {"": "tell", "s": "tells", "ed": "told", "ing": "telling"}
_THEM = r"(me|us|you|him|her|it|them|people|users|readers|anyone|everyone|others|someone|somebody)"
_DETERMINED = re.compile(r"\b(?:the|a|an|this|that|no|any|of|in) $")
_LET = {"": "let", "e": "let", "es": "lets", "ed": "let", "ing": "letting"}
_PARTICIPLE = re.compile(r"\b(?:ha[sd]|have|['’]ve|be|been|is|are|was|were) $")


def _give(match: re.Match[str]) -> str | None:
    if match[1] == "ed" and _PARTICIPLE.search(match.string[: match.start()]):
        return None
    return f"{_GIVE[match[1]]} {match[2]} "


TURNS: list[Move] = [
    Move("said the man", "the man said", "said the man", "said",
         pattern(
             r"(?<=[,!?])([\"”]) (" + _WHO + r") (said|asked|answered|replied|cried)(?=" + _NO_MORE + r")"
         ),
         lambda m: None if m[2] in ("He", "She", "I", "They", "We") else f"{m[1]} {m[3]} {m[2]}"),
    Move("said the man", "said the man", "the man said", "said",
         pattern(
             r"(?<=[,!?][\"”] )(said|asked|answered|replied|cried) (" + _WHO + r")(?=" + _NO_MORE + r")"
         ),
         r"\2 \1"),
    Move("individual", "individual", "person", " individual ",
         pattern(r"\b([Aa])n individual (?=(?:who|is|was|has|can|may|will|with|in)\b)"),
         r"\1 person "),
    Move("noun is", "full", "short", " is ",
         pattern(
             r"(?:^|(?<=[.!?;,] )|(?<=\band )|(?<=\bbut )|(?<=\bso ))([Tt]he [a-z]{0,5}[a-rt-z]) is "
             r"(?=(?:a|an|the|not|too|so|just|still|going|very|really|only|always|"
             r"never|now|in|on|at|gone|here|there)\b)"
         ),
         lambda m: m[0]),  # counted alone
    Move("noun is", "short", "full", "s ",
         pattern(
             r"(?:^|(?<=[.!?;,] ))([Tt]he [a-z]*[a-rt-z])['’]s (?=(?:a|an|the|not|too|so|just|still|going|very|really|only|always|"
             r"never|now|gone|here|there)\b)"
         ),
         r"\1 is "),
    Move("total", "a total of", "bare", " total of ",
         pattern(r"\b[Aa] total of (?=[\w£$€])"),
         lambda m: "" if sentence_before(m) else None),
    Move("total", "a total of", "bare", " total of ", pattern(r"<start>A total of ([a-z])"), lambda m: m[1].upper()),
    *[Move("per", "per", "a", " per ",
           pattern(rf"\b([Oo]nce|[Tt]wice|times|hours?|minutes?|days?|miles?|pounds|dollars|cents|pence|letters|pages|\d[\d.,]*%?)"
                   rf" per (?=(?:{what})\b)"),
           rf"\1 {article} ")
      for article, what in (("a", "day|week|month|year|head|person|mile|letter|night|minute|second|ton|pound|pint|bottle"),
                            ("an", "hour|evening|acre|ounce"))],
    Move("previous", "previous", "before", "previous",
         pattern(r"\bthe previous (day|night|evening|week|month|year|morning|afternoon|summer|winter)(?=[.,;]| and\b)"),
         r"the \1 before"),
    Move("namely", "namely", "colon", "namely", pattern(r"(?<=\w), namely,? "),
         lambda m: None if "," in sentence_after(m) or "," in sentence_before(m) else ": "),
    Move("named", "named", "called", " named ", pattern(r"\b(an? [\w-]+(?: [\w-]+)?) named (?=[A-Z`\"“])"), r"\1 called "),
    Move("provide", "provide", "give", "provid",
         pattern(r"\bprovid(e|es|ed|ing) (me|us|you|him|her|them) with (?=[a-z])"),
         _give),
    Move("enable", "enable", "let", "enabl|allow",
         pattern(r"\b(?:enabl|(?<!not )allow)(e|es|s|ed|ing|) " + _THEM + r" to (?=[a-z]{2,})"),
         lambda m: f"{_LET[m[1] if m[1] != 's' else 'es']} {m[2]} "),
    Move("enable", "let", "allow", "let",
         pattern(r"\b(let|lets|letting) " + _THEM + r" (?!know|go|be|alone|down|in|out|off|loose|through|have|see)(?=[a-z]{2,})"),
         lambda m: None if m[1] == "let" and not re.search(r"\b(?:to|will|would|can|could|may|might|that|which) $",
                                                           m.string[: m.start()]) or m[2] == "us" and m[1] == "let"
         else f"allow{m[1][3:].replace('ting', 'ing')} {m[2]} to "),
    Move("help to", "to", "bare", "help",
         pattern(r"\b(help|helps|helped|helping) " + _THEM + r" to (?=[a-z]{2,})"), r"\1 \2 "),
    Move("help to", "bare", "to", "help",
         pattern(r"\b(help|helps|helped|helping) " + _THEM + r" (?=(?:understand|see|find|make|get|do|build|write|learn|keep"
                 r"|remember|feel|think|know|work|improve|avoid|choose|decide|become|move|create|fix|use|live|grow|reach|solve|prepare|plan)\b)"),
         r"\1 \2 to "),
    Move("cause to", "cause", "make", "caus",
         pattern(r"\bcaus(e|es|ed|ing) (" + _THEM[1:-1] + r"|the [a-z]+) to (?!be\b)(?=[a-z]{2,})"),
         lambda m: None if m[1] == "e" and _DETERMINED.search(m.string[: m.start()]) else f"{_MAKE[m[1]]} {m[2]} "),
    Move("tell to", "instruct", "tell", "instruct",
         pattern(r"\binstruct(s|ed|ing|) " + _THEM + r" to (?=[a-z])"), lambda m: f"{_TELL[m[1]]} {m[2]} to "),
    Move("request", "request", "ask", "request",
         pattern(r"\brequest(s|ed|ing|) (me|us|you|him|her|them) to (?=[a-z])"),
         r"ask\1 \2 to "),
    Move("remain", "remain", "stay", "remain", pattern(r"\bremain(s|ed|) " + _REMAINING), r"stay\1 "),
    Move("remain", "stay", "remain", "stay", pattern(r"\bstay(?:s|ed|) " + _REMAINING), lambda m: m[0]),  # counted alone
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
    Move("should", "should", "ought to", " should ",
         pattern(
             r"(?<![Ii]f )(?<!that )(?<!lest )\b((?:[Ww]e|[Tt]hey|[Hh]e|[Ss]he|[Pp]eople)) should (?!not\b|"
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
             r"stones?|shore|paper|subject)(?=[.,;:?!]| (?:and|was|is|were|had|with|in|by|where|that|which|before|beside)\b))"
         ),
         "upon "),
    Move("little", "small", "little", " small ",
         pattern(
             r"\b([Aa]|[Tt]he|[Tt]his|[Tt]hat|[Mm]y|[Hh]is|[Hh]er|[Oo]ur|[Tt]heir) small (?=(?:house|home|boy|girl|child|children"
             r"|room|town|village|garden|dog|cat|bird|book|box|shop|street|church|chapel|table|man|woman|boat|river|hill|tree|farm"
             r"|car|island|lamp|bell|thing|flat|kitchen|window|door|yard|field|stream|pond|bag|bottle|glass|cup|chair|desk|shed|inn|hotel|caf[eé]"
             r"|station|square|park|beach|harbou?r|brother|sister|note|song|poem|story|picture|world)s?\b)"
         ),
         r"\1 little "),
    Move("fairly", "fairly", "pretty", "fairly |somewhat ", pattern(r"\bfairly well\b"), "pretty well"),
    Move("much", "considerably", "much", "ly ",
         pattern(
             r"\b(?:significantly|considerably|substantially) (?=(?:more|less|better|worse|larger|smaller|higher|"
             r"lower|longer|shorter|faster|slower|cheaper|easier|harder|stronger|older|younger|fewer)\b)"
         ),
         lambda m: "far " if m.string[m.end() :].startswith("fewer") else "much "),
    Move("rather than", "rather than", "instead of", "rather than ",
         pattern(r"\brather than (?=[a-z]+ing\b)"),
         "instead of "),
    Move("rather than", "instead of", "rather than", "instead of ",
         pattern(r"\b(?<!^)instead of (?=(?:[a-z]+ing|the|a|an|my|his|her|our|their)\b)"),
         "rather than "),
    Move("said", "replied", "said", "ed", pattern(r"\b(?:replied|stated|remarked|responded)(?=[,:] [\"“])"), "said"),
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
