"""Simple faults of grammar and typing, such as an edit leaves behind.  Left out: anything that needs a parse."""

import re
from collections import Counter
from collections.abc import Sequence

from vibejam.rewrite.words import PAST

_VOWEL = re.compile(
    r"(?:[aeio]|u(?!ni(?!n|m)|s[aeiu]|til|top|biq|r[aio]|k|fo)|hour|honest|honou?r|heir)(?!ne?\b|nce\b|u[rl])", re.IGNORECASE
)
_EITHER = re.compile(r"h(?:istor|abit|otel|eroi|ypoth|alluc)", re.IGNORECASE)  # a historian, an historian
_ARTICLE = re.compile(r"([Aa](?<!\w.)n?) (?=[\"“‘]?([A-Za-z][a-z]+)\b)")
_MARKS = re.compile(  # each way begins with a mark or a space, and what stands before is looked back at: that is what makes it fast
    r"(?P<apart> (?<=\w.)[,;.!?](?=\s|\Z))"
    r"|(?P<close>[,;](?<=[a-z].)(?=[A-Za-z])|[.!?](?<=[a-z]{2}.)(?=[A-Z][a-z]))"
    r"|(?P<small>\.(?<!\b[A-Za-z]\.[A-Za-z]\.)(?<!\betc\.)(?<!\bvs\.)(?<!\bcf\.)(?<!\.\.) (?=[a-z]))"
    r"|(?P<pair>\.\.(?<!\.\.\.)(?!\.)|,(?:\s*[,;:]|\.(?!\.|\d))|;[.;:!]|:[.;:!]|[.;:]\s*,|[?!]\.(?!\.)|—\s*[,;])"
)
_KINDS = {
    "apart": "a space before a mark",
    "close": "no space after a mark",
    "small": "a sentence without a capital",
    "pair": "a pair of marks that do not go together",
}

_TWICE = frozenset("that had very no so ha bye her".split())  # what may stand twice
_SUBJECTS = frozenset("i we they he she".split())
_OBJECTS = frozenset("me us him them".split())
_DETERMINERS = frozenset("a an the my your our their this these".split())
_BEFORE_OBJECTS = frozenset("to for of with from at by give gives gave tell tells told us me him them".split())
_MAKING = frozenset("let make makes made".split())
_FINITE = frozenset("is are am was were has have had will would can could".split())
_OTHERS_VERBS = {subject: frozenset(verbs.split()) for subject, verbs in (
    ("he", "are am"), ("she", "are am"), ("it", "are am"), ("we", "is am has does was"), ("they", "is am has does was"),
    ("you", "is am has does was"), ("whom", "is are was were has had will would can could"), ("i", "is are has does"),
)}  # fmt: skip
_COMPOUND = frozenset("and or nor if".split())  # before a pronoun that has another verb
_HELPERS = frozenset("can could will would shall should must may might".split())
_DOING = frozenset("do did does".split())
_NOT_AFTER_HELPERS = frozenset("is are was were been has had does did goes".split()) | PAST.keys() - set(
    "found left saw felt ground wound bore lay bound read let put cut set hit shut cost hurt lit".split()
)
_PAST_ALONE = frozenset(  # pasts that are no participles: "had he rose"
    "was were did went saw took gave began wrote knew grew drew broke rose drove wore chose ate sang drank swam flew shook stole "
    "woke spoke threw forgot rode sank fell tore blew rang swore".split()
)
_ENDS_IN_ED = frozenset("need feed seed speed proceed exceed succeed bleed breed shed embed wed heed weed red bed".split())
_CUT_SHORT = frozenset("the a an my your our their every and or because".split())
_STOPS = frozenset(".!?;")
_COMPARED = frozenset("more most".split())
_SHORT = frozenset(  # what has a comparative of its own
    "hard easy big small large long short fast slow strong weak rich poor old young high low cheap great rare tall cold warm hot "
    "dark loud deep clever nice funny scary lucky wise odd".split()
)
_LOOKED_AT = _COMPARED | _SUBJECTS | _OBJECTS | _OTHERS_VERBS.keys() | _CUT_SHORT | _HELPERS | {"not"}


def faults(text: str, words: Sequence[str]) -> Counter[str]:
    """How often each kind of fault is in a text; `words`: its words in lower case, contractions written out, marks among them."""
    found: Counter[str] = Counter(_KINDS[fault.lastgroup] for fault in _MARKS.finditer(text))
    for article in _ARTICLE.finditer(text):
        vowel = _VOWEL.match(article[2]) is not None
        if vowel != (article[1][1:] == "n") and not _EITHER.match(article[2]):
            found["a for an, or an for a"] += 1
    for left, right in ("()", "[]", "“”"):
        found["an open bracket or quotation"] += abs(text.count(left) - text.count(right))
    found["an open bracket or quotation"] += text.count('"') % 2
    found["a sentence that begins with a mark"] += text[:1] in tuple(",;:.")
    before, word = "", "."
    had = False  # since "Had", and no mark since
    for after in words:
        had = after == "had" and word in _STOPS or had and after.isalpha()
        if had and after in _PAST_ALONE:
            found["a form of the verb that does not fit"] += 1
        if word == after and word not in _TWICE and word.isalpha():
            found["a word twice"] += 1
        if word not in _LOOKED_AT:
            before, word = word, after
            continue
        if word in _SUBJECTS:
            if after in _DETERMINERS or before in _MAKING or (after in _STOPS and before in _BEFORE_OBJECTS):
                found["a pronoun where another belongs"] += 1
        elif word in _OBJECTS and after in _FINITE and before in _STOPS:
            found["a pronoun where another belongs"] += 1
        elif word in _COMPARED and after in _SHORT:
            found["two comparatives"] += 1
        elif word in _CUT_SHORT and after in _STOPS:
            found["a sentence cut short"] += 1
        elif word in _HELPERS or (word == "not" and (before in _HELPERS or before in _DOING)):
            if after in _NOT_AFTER_HELPERS or (after.endswith("ed") and after not in _ENDS_IN_ED):
                found["a form of the verb that does not fit"] += 1
        if word in _OTHERS_VERBS and after in _OTHERS_VERBS[word] and before not in _COMPOUND:
            found["a verb that does not go with its pronoun"] += 1
        before, word = word, after
    return found
