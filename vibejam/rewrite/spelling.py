"""The two sides of the Atlantic: words spelt one way in Britain and another in America, and the words of a text that have a side.

Nobody chooses word by word, so what is known of a person is counted over classes: -our and -or, -ise and -ize, -lled and -led, -re
and -er, and the rest.  Left out: words that a side uses and the other does not (lift, elevator), and spellings that both have
("towards", "among": table.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

SIDES = ("American", "British")

# stems, and the two endings they take, American first; what may follow is the same
_STEMS = {
    "or": ("or|our", "arb ard arm behavi cand clam col demean endeav enam fav ferv flav harb hon hum lab neighb od parl ranc rig"
           " rum sav savi splend succ tum val vap vig"),
    "er": ("er|re", "calib cent fib lit lust meag mit reconnoit sab scept sepulch somb spect theat"),
    "og": ("og|ogue", "catal"),
    "ens": ("ense|ence", "def off pret lic"),
    "yz": ("yz|ys", "anal catal paral"),
}  # fmt: skip
_DOUBLED = (  # verbs that double their last letter in Britain
    "cancel channel counsel dial duel equal fuel funnel jewel label level libel marshal model panel pedal pencil quarrel rival"
    " shovel signal snorkel spiral squirrel total towel travel trowel tunnel unravel yodel marvel gravel grovel revel"
).split()
_PAIRS = (
    "gray|grey grayer|greyer grayish|greyish mustache|moustache mustaches|moustaches cozy|cosy coziness|cosiness skeptic|sceptic"
    " skeptics|sceptics skeptical|sceptical skepticism|scepticism plow|plough plows|ploughs plowed|ploughed plowing|ploughing"
    " pajamas|pyjamas aluminum|aluminium jewelry|jewellery airplane|aeroplane airplanes|aeroplanes maneuver|manoeuvre"
    " maneuvers|manoeuvres artifact|artefact artifacts|artefacts fulfill|fulfil fulfillment|fulfilment skillful|skilful"
    " skillfully|skilfully willful|wilful willfully|wilfully enroll|enrol enrollment|enrolment mold|mould moldy|mouldy molds|moulds"
    " smolder|smoulder smoldering|smouldering marvelous|marvellous woolen|woollen traveler|traveller"
    " travelers|travellers jeweler|jeweller counselor|counsellor math|maths mom|mum moms|mums"
    " installment|instalment installments|instalments encyclopedia|encyclopaedia pediatric|paediatric"
    " orthopedic|orthopaedic anesthetic|anaesthetic"
    " leukemia|leukaemia diarrhea|diarrhoea estrogen|oestrogen fetus|foetus practicing|practising practiced|practised"
).split()
# -ise in Britain by most, -ize in America by all: a leaning of its own; what is -ise everywhere
_NO_IZE = frozenset(
    "circumc compr comprom conc desp disgu enterpr exerc expert franch enfranch improv merchand prom prec prem superv surpr surm"
    " telev treat appr appra upra advert chast parad torto porpo turquo mala mayonna likew otherw clockw"
    " lengthw crossw edgew repr dispra caps downs outs overs inc exc apprai".split()
)
_IZE = re.compile(r"([a-z]{3,})i([sz])(e|es|ed|ing|er|ers|ation|ations|able)$")
_PLAIN_ENDS = ("", "s", "ed", "ing", "er", "ers", "able", "al", "ally", "ful", "less", "hood", "ite", "ites", "ist", "y", "ness")


KINDS = (*_STEMS, "ll", "words", "ize")


@dataclass(frozen=True)
class Spelt:
    """A word of a text that has a side: `kind` is its class, `side` of SIDES, `other` how the other side has it."""

    start: int
    end: int
    kind: str
    side: str
    other: str


def spelt(text: str) -> Iterator[Spelt]:
    """The words of a text that have a side, in order; names are none."""
    for match in re.finditer(r"[A-Za-z]{2,}", text):
        word = match[0]
        found = _words().get(word.lower()) or _ize(word.lower())
        opens = not match.start() or text[match.start() - 2 : match.start()] in (". ", "! ", "? ")
        if found and (opens or word.islower()):
            kind, side, other = found
            yield Spelt(match.start(), match.end(), kind, side, other.capitalize() if word[0].isupper() else other)


def side_of(word: str) -> str:
    """The class and the side of a word in lower case, or "" of one that has none."""
    found = _words().get(word) or _ize(word)
    return f"{found[0]}: {found[1]}" if found else ""


def sides(kind: str) -> tuple[str, str]:
    """The names of the two sides of a class, as `side_of` has them."""
    return f"{kind}: {SIDES[0]}", f"{kind}: {SIDES[1]}"


def _ize(word: str) -> tuple[str, str, str] | None:
    match = _IZE.fullmatch(word)
    if not match or match[1] in _NO_IZE or len(match[1]) < 4:
        return None
    other = f"{match[1]}i{'z' if match[2] == 's' else 's'}{match[3]}"
    return "ize", SIDES[match[2] == "s"], other


@cache
def _words() -> dict[str, tuple[str, str, str]]:
    """Each spelling to its class, its side, and the other side's."""
    pairs = [("words", *pair.split("|")) for pair in _PAIRS]
    for kind, (endings, stems) in _STEMS.items():
        one, other = endings.split("|")
        for stem in stems.split():
            if kind == "er":
                pairs += [(kind, f"{stem}er{end}", f"{stem}re{end}") for end in ("", "s")]
            elif kind == "yz":
                pairs += [(kind, f"{stem}yz{end}", f"{stem}ys{end}") for end in ("e", "ed", "ing", "er")]
            elif kind == "ens":
                pairs += [(kind, f"{stem}{one}{end}", f"{stem}{other}{end}") for end in ("", "s", "less")]
            elif kind == "og":
                pairs += [(kind, f"{stem}{one}{end}", f"{stem}{other}{end}") for end in ("", "s")]
            else:
                pairs += [(kind, f"{stem}{one}{end}", f"{stem}{other}{end}") for end in _PLAIN_ENDS]
    for stem in _DOUBLED:
        pairs += [("ll", f"{stem}{end}", f"{stem}l{end}") for end in ("ed", "ing")]
    words = {}
    for kind, american, british in pairs:
        words[american], words[british] = (kind, SIDES[0], british), (kind, SIDES[1], american)
    for both in "licence license licences licenses humorist humourist arborist arbourist".split():  # a side has both of, or neither
        words.pop(both, None)
    return words
