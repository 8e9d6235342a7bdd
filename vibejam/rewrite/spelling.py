"""The two sides of the Atlantic: words spelt one way in Britain and another in America, and the words of a text that have a side.

Nobody chooses word by word, so what is known of a person is counted over classes: -our and -or, -ise and -ize, -lled and -led, -re
and -er, and the rest.  Left out: words that a side uses and the other does not (lift, elevator; mum, mom), spellings that both have
("towards", "among": table.py), and words that one side spells in two ways by what they mean ("licence", "meter", "practice").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

SIDES = ("American", "British")

# stems, and the two endings they take, American first; what may follow is the same
_STEMS = {
    "or": ("or|our", "arb ard arm behavi cand clam col demean discol dishon endeav enam fav ferv flav harb hon hum lab misbehav"
           " neighb od parl ranc rig rum sav savi splend succ tum val vap vig"),
    "er": ("er|re", "calib cent fib lit lust meag mit reconnoit sab scept sepulch somb spect theat"
           " kilomet centimet millimet millilit"),
    "og": ("og|ogue", "catal"),
    "ens": ("ense|ence", "def off pret"),
    "yz": ("yz|ys", "anal catal paral"),
}  # fmt: skip
_DOUBLED = (  # verbs that double their last letter in Britain
    "cancel channel counsel dial duel equal fuel funnel jewel label level libel marshal model panel pedal pencil quarrel rival"
    " shovel signal snorkel spiral squirrel total towel travel trowel tunnel unravel yodel marvel gravel grovel revel"
).split()
_PAIRS = (
    "mustache|moustache mustaches|moustaches cozy|cosy coziness|cosiness cozier|cosier skeptic|sceptic"
    " skeptics|sceptics skeptical|sceptical skeptically|sceptically skepticism|scepticism plow|plough plows|ploughs plowed|ploughed"
    " plowing|ploughing pajamas|pyjamas aluminum|aluminium jewelry|jewellery maneuver|manoeuvre maneuvers|manoeuvres"
    " maneuvered|manoeuvred maneuvering|manoeuvring artifact|artefact artifacts|artefacts fulfill|fulfil fulfills|fulfils"
    " fulfillment|fulfilment skillful|skilful skillfully|skilfully willful|wilful willfully|wilfully enroll|enrol enrolls|enrols"
    " enrollment|enrolment mold|mould moldy|mouldy molds|moulds molded|moulded molding|moulding smolder|smoulder"
    " smoldered|smouldered smoldering|smouldering marvelous|marvellous woolen|woollen traveler|traveller"
    " travelers|travellers jeweler|jeweller jewelers|jewellers counselor|counsellor counselors|counsellors"
    " installment|instalment installments|instalments encyclopedia|encyclopaedia pediatric|paediatric"
    " orthopedic|orthopaedic anesthetic|anaesthetic cataloged|catalogued centered|centred centering|centring"
    " leukemia|leukaemia diarrhea|diarrhoea estrogen|oestrogen fetus|foetus practicing|practising practiced|practised"
).split()
_GRAY = "gray|grey grays|greys grayed|greyed grayer|greyer grayish|greyish".split()  # which many of either side have as the other's
_TO_AMERICAN = "metre|meter metres|meters licence|license licences|licenses practise|practice practises|practices".split()
# -ise in Britain by most, -ize in America by all: a leaning of its own; what is -ise everywhere, or -ize
_NO_IZE = frozenset(
    "adv circumc compr comprom conc desp dev disgu enterpr exerc exorc expert franch enfranch improv merchand prom prec prem rev"
    " superv surpr surm telev treat advert chast parad torto porpo turquo likew otherw clockw repr caps downs outs overs inc exc"
    " sunr moonr highr marqu chem mort pract trell portcull mant pelv clemat metropol".split()
)
_BEFORE = re.compile(r"(?:un|in|im|dis|re|over|under|mis|semi|self)(?=[a-z]{3})")
_SIZE = re.compile(r"(?!.*(?:phas|thes|tas|nos)$).*s$")  # of "undersized", not "emphasized"
_IZE = re.compile(r"([a-z]{3,})i([sz])(e|es|ed|ing|er|ers|ation|ations|able)$")
_PLAIN_ENDS = (
    "", "s", "ed", "ing", "ings", "er", "ers", "able", "ably", "ful", "less", "ly", "hood", "hoods", "ite", "ites", "itism",
    "y", "ness",
)  # fmt: skip
_ONE_STEM = {"behavi": ("al", "ally", "ist"), "col": ("ist", "ists")}  # ends of one stem alone

KINDS = (*_STEMS, "ll", "gray", "words", "ize")

_ENDED = re.compile(r"(?:^|[.!?]['\"”’)]*\s+|\n)['\"“‘(*_]*$")  # before what opens a sentence
_SHORTENED = re.compile(r"(?:\b(?:[A-Z]|Mrs?|Ms|Drs?|Prof|Rev|St|Sen|Gen|Rep|Gov|Capt|Sgt|Lt|Col|Co|Inc|Ltd|[Nn]o|[Ff]ig|[Vv]s|etc)"
                        r"|\b[ap]\.m)\.\s*$")  # fmt: skip
_NAMES_TOO = re.compile(  # what may be a name where it opens a sentence
    r"(?:gr[ae]y|labou?r|honou?r|harbou?r|spect(?:er|re)|endeavou?r|parlou?r|valou?r|saviou?r|armou?r|flavou?r|sab(?:er|re)"
    r"|fib(?:er|re)|theat(?:er|re)|cent(?:er|re)|defen[cs]e|mou?ld)$", re.I
)  # fmt: skip
_LITERAL = re.compile(  # what stands word for word: code, and what is quoted
    r"`[^`\n]*`|(?<!\w)\"[^\"\n]*\"|“[^”\n]*”|(?<!\w)['‘](?=\S)[^'‘’\n]{0,200}[^\s'‘’]['’](?!\w)"
)
_STYLE = re.compile(r"(?:colou?rs?|cent(?:er|re)|gr[ae]y|behaviou?r)$", re.I)  # words that style sheets have
_STYLED = re.compile(
    r"(?:background|border|text|font|accent|caret|outline|fill|stroke|items|justify|align|content|self|bg|scroll)-"
    r"|-(?:scheme|mix|adjust|interpolation|align|html|js|css|imports|py|api|id)\b|\d"
)
_OF_CODE = re.compile(
    r":\s?\S|(?: |s )(?:module|package|library|keyword|argument|parameter|property|class|attribute|function|method|variable|flag"
    r"|field|tag)\b"
)
_IN_CODE_BEFORE = re.compile(
    r"[\w@#$=\\]$|(?:[\w)\]]|^|[\s(])[.:%]$|(?<!\w)--[\w-]*$|\b(?:earl|package|crate|gem|module|named|called) $", re.I
)
_IN_CODE_AFTER = re.compile(r"[\w@\\]|\((?!s\))|\.\w|\s?=| mortis\b")


@dataclass(frozen=True)
class Spelt:
    """A word of a text that has a side: `kind` is its class, `side` of SIDES, `other` how the other side has it."""

    start: int
    end: int
    kind: str
    side: str
    other: str


def spelt(text: str) -> Iterator[Spelt]:
    """The words of a text that have a side, in order; names, code and quotations have none."""
    literal = [match.span() for match in _LITERAL.finditer(text)]
    for match in re.finditer(r"[A-Za-z]{2,}", text):
        word, start, end = match[0], *match.span()
        found = _words().get(word.lower()) or _ize(word.lower())
        if not found or word[1:] != word[1:].lower() or any(a < end and start < b for a, b in literal):
            continue
        if word[0].isupper() and not _opens(text, start, end) or _in_code(text, start, end):
            continue
        kind, side, other = found
        yield Spelt(start, end, kind, side, other.capitalize() if word[0].isupper() else other)


def _opens(text: str, start: int, end: int) -> bool:
    """Whether a word has its capital from the sentence it opens, and is no name."""
    before, word = text[max(0, start - 12) : start], text[start:end]
    if not _ENDED.search(before) or _SHORTENED.search(before) or _NAMES_TOO.match(word):
        return False
    ise = _IZE.fullmatch(word.lower())
    return not re.match(r"\s[A-Z]", text[end:]) and not (ise and ise[3] in ("e", "er", "ers"))  # "Cochise", "Budweiser"


def _in_code(text: str, start: int, end: int) -> bool:
    """Whether a word is of an identifier, an address, a flag or a style sheet, or is a measure or an idiom of another sense."""
    before, word, after = text[max(0, start - 60) : start], text[start:end], text[end : end + 30]
    if _IN_CODE_BEFORE.search(before) or _IN_CODE_AFTER.match(after):
        return True
    if before.endswith("/") or after.startswith("/"):
        return not (re.search(r"(?:^|\s|\()(?:[A-Za-z]+/)?$", before) and re.match(r"(?:/[A-Za-z]+)?(?![\w/.-]|\.\w)", after))
    if _STYLE.match(word) and (_OF_CODE.match(after) or re.search(r"\b[a-z-]+:\s?$|\d\s$", before)):
        return True
    if before.endswith("-") or after.startswith("-"):
        whole = re.search(r"[\w-]*$", before)[0] + word + re.match(r"[\w-]*", after)[0]
        return bool(_STYLED.search(whole))
    return False


def side_of(word: str) -> str:
    """The class and the side of a word in lower case, or "" of one that has none."""
    found = _words().get(word) or _ize(word)
    return f"{found[0]}: {found[1]}" if found else ""


def sides(kind: str) -> tuple[str, str]:
    """The names of the two sides of a class, as `side_of` has them."""
    return f"{kind}: {SIDES[0]}", f"{kind}: {SIDES[1]}"


def _ize(word: str) -> tuple[str, str, str] | None:
    match = _IZE.fullmatch(word)
    if not match:
        return None
    stem = match[1]
    bare = _BEFORE.sub("", stem, count=1)
    if {stem, bare} & _NO_IZE or stem[-1] in "aow" or _SIZE.match(stem) or len(stem) < 4:
        return None
    return "ize", SIDES[match[2] == "s"], f"{stem}i{'z' if match[2] == 's' else 's'}{match[3]}"


@cache
def _words() -> dict[str, tuple[str, str, str]]:
    """Each spelling to its class, its side, and the other side's."""
    pairs = [(kind, *pair.split("|")) for kind, found in (("words", _PAIRS), ("gray", _GRAY)) for pair in found]
    for kind, (endings, stems) in _STEMS.items():
        one, other = endings.split("|")
        ends = {"er": ("", "s"), "yz": ("e", "ed", "ing", "er"), "ens": ("", "s", "less"), "og": ("", "s"), "or": _PLAIN_ENDS}[kind]
        for stem in stems.split():
            pairs += [(kind, stem + one + end, stem + other + end) for end in (*ends, *_ONE_STEM.get(stem, ()))]
    for stem in _DOUBLED:
        pairs += [("ll", f"{stem}{end}", f"{stem}l{end}") for end in ("ed", "ing")]
    words = {}
    for kind, american, british in pairs:
        words[american], words[british] = (kind, SIDES[0], british), (kind, SIDES[1], american)
    for pair in _TO_AMERICAN:  # the other way it is a matter of what is meant
        british, american = pair.split("|")
        words[british] = ("words", SIDES[1], american)
    return words
