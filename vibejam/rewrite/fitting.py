"""Whether the words around a phrase allow what the table would put in its place: "a repair" is no verb, "what it is." no "it's.".

Left out: what a whole sentence means, which no list of neighbours knows; where in doubt, the phrase stays.
"""

import re

from vibejam.rewrite.table import CONTRACTION, FORMS, Ways
from vibejam.rewrite.words import FUNCTION, PAST

# forms that are nouns or adjectives as well: a verb for sure only after a word such as "to", "will" or "they"
NOUNS_TOO = frozenset(
    """
    place places
    attempt attempts purchase purchases request requests display displays showcase leverage halt halts complete repair repairs mend
    fix permit permits select answer answers reply replies state states remark remarks mention mentions desire desires return
    returns contact contacts telephone telephones foster alter initiate construct constructs use uses need needs help show shows
    start starts end ends finish stop stops pick picks look looks talk talks phone call calls change changes hurt win wins cry cries
    reach encounter encounters discard discards wish wishes recall recalls ask conceal beginning converse manufacture preserve
    preserves remaining assists assist aid try tries buy buys sound wonder wonders address addresses exit exits pledge pledges
    strike strikes conduct date dates transform transforms
    """.split()
)
# what sounds wrong after "was" and the like
NO_PASSIVE = frozenset(
    "got|had|found out|got rid of|come across|gone back to|gone on to|lived in|got in touch with|looked like|happened|gone to|"
    "grown used to|got used to|taken part in".split("|")
)
_ADVERB = r"(?: (?:not|also|always|never|often|only|just|still|now|then|ever|even|already|since|really|finally|\w+ly))? $"
_DETERMINER = re.compile(
    r"\b(?:an?|the|this|that|those|these|my|your|his|her|its|our|their|no|any|some|every|each|of|whose|such) $", re.I
)
_MODAL = re.compile(r"\b(?:to|not|will|would|may|might|could|should|can|do|did|does|ll|d) $|n['’]t $", re.I)
_BEFORE_BASE = re.compile(  # before a verb's base, not a noun
    r"(?:\b(?:to|not|will|would|may|might|could|should|shall|must|can|cannot|do|did|does|I|we|you|they|who|please|let us)"
    r"|['’](?:ll|d)|n['’]t)" + _ADVERB,
    re.I,
)
_PERSON = r"\b(?:he|she|it|who|which|this|everyone|everybody|someone|somebody|nobody)"
_BEFORE_S = re.compile(_PERSON + _ADVERB, re.I)
_BEFORE_PAST = re.compile(r"(?:\b(?:I|we|you|they)|" + _PERSON + ")" + _ADVERB, re.I)
_BE = re.compile(r"\b(?:is|are|am|was|were|be|been|being|['’]s|['’]re|['’]m)" + _ADVERB, re.I)
_HAVE = re.compile(r"(?:\b(?:has|have|had|having)(?: (?:I|you|we|they|he|she|it))?|['’]ve|['’]d|n['’]t)" + _ADVERB, re.I)
_NEGATED = re.compile(r"(?:n['’]t|not|['’]d) $")
_OF_PARTICIPLE = re.compile(r" (?:by|from|in|at|on|for|with|to|under)\b|[.,;]")
_AFTER_QUESTION = re.compile(r"\b(?:what|how|who|whom|where|wherever|whatever|which|as|than|whoever) $", re.I)
# where "it", "you" and "that" are no subjects
_OBJECT = re.compile(
    r"\b(?:of|in|for|to|with|by|about|from|on|at|like|among|between|behind|before|after|near|around|\w+ing|to \w+"
    r"|let|make|makes|made|help|see) $",
    re.I,
)
_BEGINS = re.compile(r"(?:^|[.!?;,:—] |\b(?:but|and|so|then) )$", re.I)
_NEXT = re.compile(r" (?:(?:not|never|always|just|already|also|only|ever|long|since|often|now|all|both|\w+ly) )?([a-z]+)")
_STILL_HAS = frozenset("been had got done gone seen made put let set cut hit read become come run".split())
_AMOUNT = re.compile(r"(?:an?|lots|all|many|most|several|some|every|each) ", re.I)
_NO_PARTICIPLE = frozenset(
    "red naked sacred sudden open often seven ten children brethren linen wooden golden limited unlimited mixed tired used married"
    " armed learned fixed hidden dyed baked fried frozen mashed".split()
)
_TOWARDS = frozenset("to about at for into with of".split())  # what a verb may end in that then needs somebody or something
_NOBODY = re.compile(
    r"\s*(?:$|[^\s\w“”\"'‘(])| (?:in|on|at|by|from|with|for|to|as|if|when|while|because|and|or|but|so|than|until|before|after"
    r"|during|through|throughout|within|without|via|due|owing|despite|since|though|although|unless|where|nor|yet|alone|along|again|too"
    r"|either|together|online|here|there|today|tomorrow|tonight|yesterday|next|last|\w+ly)\b"
)
_NOT_FIRST = frozenset({"about", "now"})  # "as for", "well then" where a sentence begins with them
# "what little there is", "how glad I am"
_RELATED = re.compile(r"\b(?:what|whatever|how|however|whichever)\b[^.!?;:,—–()]*$", re.I)
_TURNED = re.compile(r"\b(?:can|could|would|should|might|may|must|will|did|do|does|had|have|has|the (?:more|less|\w+er)) $", re.I)
_NAMED = re.compile(r"\b(?:the|an?|this|that|my|our) (?:\w+ )?\w+ $", re.I)
_DENIED = re.compile(r"(?:\b(?:not|no|none|nobody|neither|nothing|never|nor|hardly)\b|n['’]t\b)[^.!?;]*$", re.I)
_NEEDED = re.compile(
    r"(?:\b(?:do|does|did)|(?<!\band)(?<!\bbut)(?<!\bor)(?<!\bso)(?<!\bif)(?<!\bwhen)(?<!\bthat)(?<!\bbecause)(?<!\bas)(?<!\bthen)"
    r"(?<!\bbefore)(?<!\bwhile)(?<!\bthink)(?<!\bknow)(?<!\bsay)(?<!\bsaid)(?<=\w)) (?:I|you|we|they|he|she|it|people) $"
)
_MODAL = re.compile(
    r"(?:\b(?:will|would|may|might|could|should|shall|must|can)|['’](?:ll|d))(?: (?:[a-z]+ly|also|still|always|never|soon|even))? $"
)
_HELPERS = ("must", "can", "cannot", "could", "will", "has", "have")
# past and participle in one
_BOTH = frozenset("bought got made found told had left hurt thought kept built won meant stopped wept put".split())


def fits(text: str, start: int, end: int, way: str, ways: Ways) -> bool:
    """Whether `way` may stand for the characters from `start` to `end`."""
    before, phrase, after = text[:start], text[start:end], text[end:]
    if ways.before_content and not _content_next(after) or ways.after and not re.match(ways.after, after):
        return False
    if way in _NOT_FIRST and phrase[0].isupper():
        return False
    if ways.form in FORMS and not _verb_fits(before, phrase.lower(), after, way, ways):
        return False
    if way.split()[0] in _HELPERS and (_MODAL.search(before) or _DETERMINER.search(before)):
        return False
    if way.split()[0] in ("has", "have", "must") and "have" not in phrase and _NEEDED.search(before):
        return False  # "the light they need to sprout", "do they need to be told"
    if way.split()[0] in ("must", "can") and _MODAL.search(before):  # "we will probably need to"
        return False
    if way in ("must", "owing to", "on account of") and _DENIED.search(before):  # "nobody has to" is no "nobody must"
        return False
    if _AMOUNT.match(way) and not _AMOUNT.match(phrase) and _DETERMINER.search(before):
        return False
    if ways.form == CONTRACTION:
        return _contraction_fits(before, phrase, after, way) if "'" in way else not _stays_short(phrase, after)
    return True


_LET_US = r" (?:know|have|in|out|off|through|pass|be|alone|free|explain|stay|finish|live|help|show)\b"  # what others are asked for
_SAYS_THERE = re.compile(
    r"\b(?:that|if|because|as|since|while|when|whether|where|for|or|think|know|says?|said|sure|although|once|which) $", re.I
)


def wants_verb(before: str) -> bool:
    """Whether what stands before a word makes a verb of one that may be a noun as well."""
    return any(cue.search(before) for cue in (_BEFORE_BASE, _BEFORE_S, _BEFORE_PAST))


def _content_next(after: str) -> bool:
    word = re.match(r" ([A-Za-z][a-z-]{2,})", after)
    return word is not None and word[1].lower() not in FUNCTION


def _verb_fits(before: str, phrase: str, after: str, way: str, ways: Ways) -> bool:
    form, first = ways.form, phrase.split()[0]
    if way.split()[-1] in _TOWARDS - {phrase.split()[-1]} and not _BE.search(before):
        if _NOBODY.match(after):
            return False  # "to attend in person", but not "to go to in person"
        if form in ("past", "participle") and not _HAVE.search(before) and not _BEFORE_PAST.search(before):
            return False  # "our most requested features", but not "our most asked for features"
    if _DETERMINER.search(before) and not (form == "-ing" and before.endswith("of ")):
        return False
    if phrase in NOUNS_TOO or first in NOUNS_TOO and " " in phrase:
        if form == "base" and not _BEFORE_BASE.search(before):
            return False
        if form == "-s" and not _BEFORE_S.search(before):
            return False
        if form == "-ing" and not _BE.search(before):
            return False
    if form == "base" and (_BE.search(before) or _HAVE.search(before)) and not _NEGATED.search(before):
        return False
    if form in ("past", "participle"):
        passive, perfect = bool(_BE.search(before)), bool(_HAVE.search(before))
        if way in NO_PASSIVE and (passive or not perfect and _OF_PARTICIPLE.match(after)):
            return False
        if way == "got" and not (before.endswith("had ") if perfect else _BEFORE_PAST.search(before)):
            return False  # "has got" is "has", and "letters got today" is nothing
        participle = passive or perfect
        if form == "past" and participle or form == "participle" and _BEFORE_PAST.search(before):
            return False
        if _differ(phrase, way, form) and not participle and not _BEFORE_PAST.search(before):
            return False
    return True


def _differ(phrase: str, way: str, form: str) -> bool:
    """Whether it matters if `phrase` is a past or a participle: the one to be put in is only one of them."""
    head = way.split()[0]
    regular = head.endswith("ed") or head in _BOTH
    return not regular and (phrase.split()[0].endswith("ed") or phrase.split()[0] in _BOTH)


def _stays_short(phrase: str, after: str) -> bool:
    """Where who does it comes after, "why can't we", or "'d" and "'s" may be "had" and "has": "who'd met her", "it's been sold"."""
    if phrase.lower() in ("let's", "let’s"):  # the people of letsencrypt.org
        return re.match(r" [A-Z]", after) is not None
    if re.search(r"['’][ds]$", phrase):
        word = _NEXT.match(after)
        return word is None or word[1] in _STILL_HAS | {"better", "best"} or word[1] in PAST or word[1].endswith(_PARTICIPLES)
    return re.search(r"n['’]t$", phrase) is not None and _WHO_NEXT.match(after) is not None


_PARTICIPLES = ("ed", "en", "wn", "ught")
_WHO_NEXT = re.compile(
    r" (?:(?:I|we|you|he|she|it|they|there|any\w+|every\w+|some\w+|nobody|this|that|the|an?|my|your|his|her|our|their)\b|[A-Z])"
)


def _contraction_fits(before: str, phrase: str, after: str, way: str) -> bool:
    if "n't" in way:
        return True
    if not re.match(r" \w", after) or _AFTER_QUESTION.search(before):
        return False
    if re.search(r"\b(?:here|there|away|off) $", before, re.I) and way.endswith(("'s", "'m", "'re")):  # "there he is again"
        return False
    if phrase.lower() == "there is" and not (_BEGINS.search(before) or _SAYS_THERE.search(before)) or after.startswith(" to it"):
        return False
    if _RELATED.search(before) and way.endswith(("'s", "'m", "'re")) or way.endswith("'d") and after.startswith(" not"):
        return False
    if _TURNED.search(before) or phrase.lower() == "there is" and _NAMED.search(before):
        return False  # "could we have gone", "the soil there is too wet"
    if way.lower() == "let's":  # "let us go on", not "he let us go on" nor "let us know"
        asked = re.match(r"[^.!?]*(?:\byou(?:rs?)?\b|\bplease\b)|[^.!?]*!|" + _LET_US, after, re.I)
        return re.search(r"(?:^|[.!?;:—] )$", before) is not None and not asked
    if way.lower() == "here's":  # "here is my plan", not "the plan here is"
        return _BEGINS.search(before) is not None
    first, *_, last = phrase.lower().split()
    if first in ("it", "you", "that", "nothing", "something", "everything") and _OBJECT.search(before):
        return False  # "half of it is", "removing it is"
    if re.search(r"\b(?:[A-Z]\w+ and|or) $", before) or way.endswith(("'ve", "’ve")) and after.startswith(" to "):
        return False  # "Gus and I have", "we would have to"
    if last in ("have", "has", "had"):  # "I've a dog" is few people's, and "could've it" nobody's
        word = _NEXT.match(after)
        if word and word[1] in _NO_PARTICIPLE:  # "you have limited access"
            return False
        if word and first in ("it", "that", "there", "what", "everything", "nothing", "something"):
            return word[1] in _STILL_HAS  # "it's acknowledged" is "it is"
        return word is not None and (word[1] in _STILL_HAS or word[1] in PAST or word[1].endswith(_PARTICIPLES))
    return True
