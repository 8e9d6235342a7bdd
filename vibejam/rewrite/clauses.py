"""Moves between clauses: "that" left out or put in, "which" for "that", "but" for "although", and the like.

Left out: reasons (reasons.py), and moving a phrase to another place of its sentence, where it may come to be about something else.
"""

import re

from vibejam.rewrite.moves import Move, Put, lowered, opening, pattern, raised, sentence_after, sentence_before, unless

_SAYING = (
    r"think|thinks|thought|believe|believes|believed|know|knows|knew|say|says|said|hope|hopes|hoped|suppose|supposes|supposed|feel"
    r"|feels|felt|wish|wishes|guess|swear|swore|fear|feared|doubt|doubted|imagine|realise|realised|realize|realized|find|finds|found"
    r"|notice|noticed|admit|admitted|remember|remembered|mean|means|meant|see|saw|hear|heard|understand|understood"
)
_MOODS = (
    r"sure|certain|afraid|glad|sorry|aware|happy|convinced|confident|(?:told|tell) (?:me|us|him|her|them|you)"
)
_SAID = (  # nouns after which "that" opens what is said, not which one is meant
    r"(?:fact|idea|belief|claim|news|hope|view|notion|feeling|impression|doubt|proof|sign|evidence|way|point|conclusion|fear|thought"
    r"|case|rumou?r|theory|argument|condition|suggestion|report|possibility|chance|danger|risk|assumption|opinion|effect|extent|result"
    r"|truth|so|such)"
)
_STATED = (  # and those that at least may open it
    _SAID[:-1] + r"|[a-z]+(?:tion|sion|ment|ance|ence|cy|ity|al|mise|ise)|excuse|plea|threat|reply|answer|joke|message|boast|order"
    r"|principle|proviso|fear|law|remark|statement|complaint|warning|promise|agreement|rule|worry|concern|knowledge|discovery|decision|demand"
    r"|request|hint|reminder|guarantee|certainty|likelihood|understanding|sense|observation|explanation|story|word)s?"
)
_PEOPLE = re.compile(
    _SAID + r"$|(?:er|ors?|ers|man|men|women|one|body|people|children"
    r"|friend|husband|wife|aunt|uncle|cousin|nurse|patient|guest|king|queen|boy|girl|lady|clerk|thief|guy|child)$"
)  # whom no "which" is said of
_OF_TIME = re.compile(  # after which "that" is what was spoken of: "in the end that was not needed"
    r"(?:end|whole|ways?|sense|run|past|meantime|part|hand|cases?|while|start|balance|luck|view|moment|time|day|days|year|week|month"
    r"|morning|hour)$"
)
_AFTER_PREPOSITION = re.compile(
    r"\b(?:in|on|at|of|for|with|by|to|from|about|upon|over|under|through|into|after|all|some|most|both|across|along|around|against"
    r"|before|behind|below|beneath|beside|beyond|despite|during|inside|near|opposite|outside|past|round|since|than|throughout|towards?"
    r"|underneath|until|up|via|within|without|above|between|like|provides|requires|orders?|ordered|stipulates|records?)$"
)
_TELLING = (
    r"\b(?:so|such|tell|tells|told|inform\w*|assur\w+|remind\w*|warn\w*|convinc\w+|persuad\w+|show\w*|promis\w+|teach|taught"
    r"|it (?:is|was)|it['’]s)\b"
)
_HEARD = r"\b(?:learnt?|heard|observed?|gather\w*) (?:from|to)\b"  # "from the young lady that he was a fox"
_ASKING = r"\b(?:what|who|whom|which|where|when|how|why|as|than)\b[^;]*$"
_NO_NOUN = (
    r"\b(?:of|for|in|to|with|by|from|on|about|all|some|most|knows?|knew|see|is|was|ask|wonder|and|or|but|those|he|she|they|one|say"
    r"|tell|shows?|out|care|over|remember|decide|guess|establish|explain\w*|names|reveal\w*|learn\w*|find|me|like|not|we)$"
    r"|\b(?:ask|tell)\b (?:\w+ ){1,2}\w*$|\b(?:it|that) (?:is|was) (?:not )?(?:\w+ )?\w+$"
)
_AGENTS = {"me": "I", "us": "We", "him": "He", "her": "She", "them": "They", "you": "You"}


def _without_that(match: re.Match[str]) -> str | None:
    before = match.string[: match.start()]
    noun = _NOUN_TOO.match(match[1]) and _OF_A_NOUN.search(before)  # "her one wish that they be buried"
    return None if noun or before.endswith(("so ", "--")) else f"{match[1]} "


_NOUN_TOO = re.compile(r"(?:fear|hopes?|doubt|thought|wish|guess|feel|find)$")
_OF_A_NOUN = re.compile(r"\b(?:the|an?|my|our|your|his|her|its|their|no|all|any|very|one|some) (?:\w+ )?$", re.I)


def _bare(match: re.Match[str]) -> str | None:
    """Without its "that", but for "the wall against which", "a house which I own and which leaks" and "a law that he may keep"."""
    after = sentence_after(match)
    again = re.search(r"\band (?:which|that|who)\b", after) or re.match(r"\S+ (?:may|might)\b", after)
    return None if again or _AFTER_PREPOSITION.search(match[1]) else f"{match[1]} "


def _which(match: re.Match[str]) -> str | None:
    return None if _PEOPLE.search(match[1]) or _OF_TIME.search(match[1]) else f"{match[1]} which "


def _active(match: re.Match[str]) -> str | None:
    what, after = lowered(match[1].rstrip()), sentence_after(match)
    if re.search(r"^ and (?!(?:it|he|she|they|we|I)\b)|^, (?:not|and|the|was|were)\b", after):
        return None
    if match[2] == "heard" and "to " in after:
        return None
    return what and f"{_AGENTS[match[3]]} {match[2]} {what}"


_STANDS = r"(?:means|meant) (?=that\b|<clause>)"  # what a whole clause does, and no last word of it


def _of_its_own(template: str) -> Put:
    """Where what a last "which" is said of may be all before it, in a sentence that nothing else opens or closes."""

    def put(match: re.Match[str]) -> str | None:
        before, after = sentence_before(match), sentence_after(match)
        several = re.search(r"(?:s|people|men|women|children)$", before) and not re.search(r"(?:ss|us|is)$", before)
        goes_on = r", (?:and|or|but|is|are|was|were|has|have|had|will|would|can|could|[a-z]+ed) |\bwhich\b"
        if several or _OPENED.search(before) or re.search(goes_on, after):
            return None
        if not _VERB_OR_ED.search(before) or before.count("(") > before.count(")") or before.count('"') % 2 or "“" in before:
            return None
        return template

    return put


_OPENED = re.compile(
    r"^(?:If|When|While|Although|Though|Because|Since|As|Unless)\b|[;:—–]|\b(?:such as|of|as|than|like|for example) [^,]*$"
)
_VERB_OR_ED = pattern(r"\b(?:<verb>|[a-z]+ed|(?i:<subject>|it|you) [a-z]{2,})\b")


_NO_WHOLE = re.compile(r"[;:?!“”\"]|, which\b|(?:\betc|\.[a-zA-Z]|\bInc|\bCo)$|^(?:Do|Please)\b")
_TWO = pattern(r"(?:<subject> |<clause>)")  # "she was ill, however, she came" is two clauses
_GOES_ON = re.compile(r"(?:and|or|as|but|nor|so|yet|which|who|where|when)\b")  # what needs its comma

CLAUSES: list[Move] = [
    # that
    Move("that said", "in", "out", " that ",
         pattern(r"\b(" + _SAYING + "|" + _MOODS + r") that (?=<subject> (?!and\b|or\b))"),
         _without_that),
    Move("that said", "in", "out", " that ",
         pattern(
             r"\b((?:think|thinks|thought|believe|hope|suppose|say|says|said|wish|guess)) that (?=(?:it|you|there|"
             r"this|the|my|our|his|her|their) (?:[\w’'-]+ )?<verb>\b)"
         ),
         r"\1 "),
    Move("that said", "out", "in", "",
         pattern(
             r"(?:^|(?<=[.!?;,] )|(?<= and )|(?<= but ))((?:I|we|they|you|he|she|We|They|You|He|She) (?:also |"
             r"always |now )?(?:do not |did not |don[’']t |didn[’']t )?(?:think|thinks|thought|believe|believes|"
             r"believed|know|knows|knew|say|says|said|hope|hoped|suppose|felt|feel|wish)) (?=(?:<subject>|it|there)"
             r" <verb>\b)"
         ),
         unless(_ASKING, r"\1 that ")),
    Move("that which", "in", "out", " that | which ",
         pattern(
             r"\b((?:[Tt]he|[Ee]very|any|no|an?|this|only|first|last|best) (?!"
             r"(?:week|night|year|month|summer|winter|time|outset|beginning|start|end|moment) that\b)"
             r"(?:(?!so\b|such\b)[a-z’'-]+ )?(?!" + _STATED + r"\b)[a-z’'-]{3,}) (?:that|which) "
             r"(?=(?:<subject>|you) (?!and\b|or\b))"
         ),
         unless(_TELLING + "|" + _HEARD, _bare)),
    Move("that which", "in", "out", " that ",
         pattern(
             r"\b((?:[Tt]hese|[Tt]hose|[Ss]ome|many|all|other|several|few|two|three|of|for|with|from|my|your|our|his|her|their)"
             r" (?:[a-z’'-]+ )?(?!" + _STATED + r"s\b|others\b|those\b|ones\b|this\b|us\b|was\b|is\b|has\b|means\b|says\b|shows\b)"
             r"[a-z’'-]{2,}s) that (?=(?:<subject>|you) (?!and\b|or\b))"
         ),
         unless(_TELLING + "|" + _HEARD, _bare)),
    Move("that which", "out", "in", " ",
         pattern(r"\b([Tt]he [a-z’'-]{4,}) (?=(?:I|we|he|she|they) (?:have|had|did|can|could|will|would|ever|want|wanted|need"
                 r"|needed|know|knew|use|used|like|liked|saw|made|wrote|found|gave|bought)\b(?! been\b))"),
         lambda m: m[0]),  # counted alone
    Move("that which", "out", "in", "thing |All |all |the ",
         pattern(
             r"\b((?:[Ee]very|[Aa]ny|[Nn]o|some)thing|[Aa]ll|the (?:only|first|last|best|worst) (?:thing|time|one|"
             r"person|people|man|woman|book|place)) (?=<subject> (?:have|had|do|did|can|could|will|would|ever|saw|"
             r"wanted|needed|said|know|knew)\b)"
         ),
         lambda m: m[0]),  # counted alone
    Move("that is", "that", "which", " that ",
         pattern(
             r"\b((?:the|a|an|any|some|no|every|of|in|for|with|by|on) (?:[a-z’'-]+ )?(?!so\b|such\b|one\b|all\b|"
             r"those\b|man\b|woman\b|person\b|people\b|thing\b)[a-z’'-]{3,}) that (?=(?:is|are|was|were|has|have|"
             r"had|can|could|will|would|may|might|must)\b)"
         ),
         unless(_TELLING, _which)),
    Move("that is", "which", "that", " which ",
         pattern(
             r"\b((?:the|a|an|any|some|every|of|in|for|with) (?:[a-z’'-]+ )?[a-z’'-]{3,}) which (?=(?:is|are|was|"
             r"were|has|have|had|can|could|will|would|may|might|must)\b)"
         ),
         unless(r"\b(?:tell|told|asks?|asked|shows?|showed|say|knows?|knew|see|decide|forget)\b[^,;]*$",
                lambda m: None if _AFTER_PREPOSITION.search(m[1]) else f"{m[1]} that ")),
    Move("who is", "in", "out", " ",
         pattern(
             r"\b((?:[Aa]n?|[Tt]he|any|some|every|no) (?:[a-z’'-]+ )?(?!one\b|all\b|" + _SAID + r"\b)[a-z’'-]{3,}) (?:that"
             r"|which|who) (?:is|are|was|were) (?=(?:[a-z]{3,}ed|made|built|written|taken|given|known|found|held|kept|sold)"
             r" (?:by|in|at|from|to|on|with|for|as)\b)"
         ),
         unless(_TELLING + r"|\b(?:it|that) (?:is|was) (?:not )?$", r"\1 ")),
    Move("which at the end", "which", "stop", ", which ",
         pattern(r"(?<=[a-z\d)]), which (?=" + _STANDS + r"[^.!?;:()—–]{3,110}\.(?:\s|$))"),
         _of_its_own(". This ")),
    Move("which at the end", "which", "semicolon", ", which ",
         pattern(r"(?<=[a-z\d)]), which (?=" + _STANDS + r"[^.!?;:()—–]{3,110}\.(?:\s|$))"),
         _of_its_own("; this ")),
    Move("which at the end", "which", "and", ", which ",
         pattern(r"(?<=[a-z\d)]), which (?=" + _STANDS + r"[^.!?;:()—–]{3,110}\.(?:\s|$))"),
         _of_its_own(", and this ")),
    Move("which at the end", "stop", "which", "This ",
         pattern(r"(?<=[a-z\d)])\. This (?=(?:means|makes|made|meant|gives|gave|lets|allows|allowed) )"),
         lambda m: None if _NO_WHOLE.search(sentence_before(m)) or re.search(r"[;,] that\b|, which\b", sentence_after(m))
         else ", which "),
    Move("which at the end", "semicolon", "which", "; this ",
         pattern(r"(?<=[a-z\d)]); this (?=(?:means|makes|made|meant|gives|gave|lets|allows|allowed) )"),
         lambda m: None if _NO_WHOLE.search(sentence_before(m)) or re.search(r"[;,] that\b|, which\b", sentence_after(m))
         else ", which "),
    # contrast and reason between two clauses
    Move("although", "although first", "but between", "though ",
         pattern(
             r"<start>(?:Although|Though|Even though) (?=(?:I|we|he|she|they|it|you|this|that|these|those|there|the|an?|my|our|your"
             r"|his|her|its|their|no|many|some|most|all|each|every|[A-Z][a-z]+) )(<one>{8,90}), "
             r"(?=<clause>)(?!<subject> (?:thought|said|knew|felt|thinks|says),)"
         ),
         opening("{0}, but ", raised)),
    Move("although", "but between", "although first", ", but ",
         pattern(
             r"<start>((?:I|We|They|He|She|It|You|(?:The|A|An|My|Our|His|Her|Their|Its) [\w’'-]+)\b<one>{6,80})"
             r", but (?=<subject> )"
         ),
         lambda m: m[0]),  # counted alone: "I would go, but" is no fact
    Move("whereas", "whereas", "but", ", whereas ", pattern(r", whereas (?=<clause>)"), unless(r"^But\b", ", but ")),
    Move("although", "yet", "but", ", yet ", pattern(r"(?<! and), yet (?!again\b|more\b|another\b|to\b)(?=\w)"),
         unless(r"^(?:But|Though|Although|If)\b", ", but ")),
    Move("opinion", "in my opinion", "I think", "n my ",
         pattern(r"\b[Ii]n my (?:opinion|view),? (?=<clause>|it is\b|this is\b)"),
         unless(r"\b(?:whether|that|how|if),? $", "I think ")),
    Move("however", "within", "but first", ", however",
         pattern(r"<start>([A-Z]<one>*?), however, ([^.!?;:]+)"),
         lambda m: None if _GOES_ON.match(m[2]) or _TWO.match(m[2]) else opening("But {0} {1}", lowered)(m)),
    Move("however", "first", "though last", "However, ",
         pattern(r"However, ((?![^.]*\bthough\b)[^.!?;:,]{8,60})(?=\.(?:\s|$))"),
         opening("{0}, though", raised)),
    Move("therefore", "within", "so first", "therefore",
         pattern(r"<start>([A-Z]<one>{1,50}?),? therefore,? ([^.!?;:]+)"),
         lambda m: None if _TWO.match(m[2]) else opening("So {0} {1}", lowered)(m)),
    Move("also", "as well", "too", " as well", pattern(r",? as well(?=[.;](?:\s|$))"),
         unless(r"\b(?:just|nearly|half|twice|equally|quite|so|might|may|not|never|none|nobody|nothing|else|done|\w+n['’]t)\b[^,]*$",
                " too")),
    Move("also", "too", "as well", " too", pattern(r"(?<=[a-z]),? too(?=[.;](?:\s|$))"), " as well"),
    Move("as a result", "comma and", "so", ", and ",
         pattern(r", and (?:therefore|as a result|consequently|thus|hence),? (?=<clause>)"),
         unless(r"^(?:If|When|Because|As|Since)\b", ", so ")),
    # not any and no
    Move("no", "not any", "no", " any", pattern(r"\b(have|had) not any(?= [a-z])(?! of\b)"), r"\1 no"),
    *[Move("no", "not any", "no", " any",
           pattern(rf"\b(?:{do} not|{do}n[’']t) have any (?!(?:of|left|to|at|yet|more)\b)(?=[a-z])"), f"{have} no ")
      for do, have in (("do", "have"), ("does", "has"), ("did", "had"))],
    Move("no", "no", "not any", " have no ",
         pattern(
             r"\b((?:I|[Ww]e|[Yy]ou|[Tt]hey)) have no (?!idea\b|doubt\b|longer\b|more\b|one\b|such\b|less\b|"
             r"other\b)(?=[a-z])"
         ),
         lambda m: m[0]),  # counted alone
    Move("can", "is not able", "cannot", "able to ", pattern(r"\b(?:am|is|are) not able to (?!and\b|or\b)(?=[a-z])"), "cannot "),
    Move("can", "was not able", "could not", "able to ",
         pattern(r"\b(?:was|were) not able to (?!and\b|or\b)(?=[a-z])"), "could not "),
    # active and passive
    Move("passive", "by me", "I", " by ",
         pattern(
             r"<start>((?:The|A|An|My|His|Her|Our|Their|This|That|These|Those) (?:[a-z’'-]+ ){1,3}?)(?:was|were)"
             r" ([a-z]{2,}ed|made|found|bought|told|built|kept|sent|paid|read|brought|caught|heard|held|led|met|"
             r"sold|won) by (me|us|him|her|them|you)(?= (?:on|in|at|for|with|from|to|yesterday|last|this|and)\b|"
             r"[.,;])"
         ),
         _active),
    Move("but also", "but also", "but", "but also ",
         pattern(r"(?<=[ ,])but also (?=[a-z])"),
         lambda m: "but " if re.search(r"\bnot (?:only|just|merely)\b", sentence_before(m), re.I) else None),
    Move("where", "in which", "where", " in which ",
         pattern(
             r"\b(place|house|room|town|city|country|street|village|garden|shop|building|world) in which (?=(?:I|"
             r"we|you|he|she|it|they|the|there|people)\b)"
         ),
         r"\1 where "),
    Move("where", "where", "in which", " where ",
         pattern(
             r"\b(house|room|town|city|country|street|village|garden|shop|building|world) where (?=(?:I|we|you|he|"
             r"she|they) )"
         ),
         lambda m: m[0]),  # counted alone
    Move("who is", "in", "out", " ",
         pattern(
             r"(?<=[a-z]) (?:who|which) (?:is|are|was|were) (?=(?:(?!being\b|going\b)[a-z]{2,}ing|[a-z]{2,}ed|made|"
             r"built|written|taken|given|known|found|held|kept|sold) (?:by|in|at|from|to|on|with|for|as)\b)"
         ),
         unless(_NO_NOUN, " ")),
    Move("there is", "exists", "there is", "here exist",
         pattern(r"\b[Tt]here exist(s?) "),
         unless(r"\b(?:does|do|did|let|may|can|could|must) $", lambda m: "there is " if m[1] else "there are ")),
    Move("which is", "in", "out", ", which ",
         pattern(
             r"(?<=[a-z]), which (?:is|was) (?=(?:a|an|the|my|our|his|her|their) "
             r"(?![^.]*\b(?:pity|shame|relief|nuisance|mess|lot|last straw|point|fault|mistake|joy)\b"
             r"|[^.]* and (?:is|was|has|had|do|does|did|will|would|can|\w+s) |[^.]*\bthan (?:I|he|she|they|we|you) )"
             r"[^.!?;,]{3,50}\.(?:\s|$))"
         ),
         unless(_NO_NOUN, ", ")),
]
