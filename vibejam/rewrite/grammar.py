"""Simple faults of grammar and typing, such as an edit leaves behind.  Left out: anything that needs a parse."""

import re
from collections import Counter
from functools import lru_cache

_VOWEL = re.compile(
    r"(?:[aeio]|u(?!ni(?!n|m)|s[aeiu]|til|top|biq|r[aio]|k|fo)|hour|honest|honou?r|heir)(?!ne?\b|nce\b|u[rl])", re.IGNORECASE
)
_EITHER = re.compile(r"h(?:istor|abit|otel|eroi|ypoth|alluc)", re.IGNORECASE)  # a historian, an historian
_ARTICLE = re.compile(r"\b([Aa]n?) (?=([A-Za-z][a-z]+)\b)")
_TWICE = "that had very no so ha bye her is in on".split()  # what may stand twice
_FAULTS = {
    "a word twice": re.compile(rf"\b(?!(?:{'|'.join(_TWICE)})\b)([a-z]+)\s+\1\b(?!')", re.IGNORECASE),
    "a pronoun where another belongs": re.compile(
        r"\b(?:I|we|they|he|she) (?:an?|the|my|your|our|their|this|these)\b(?! ?,)"
        r"|(?:^|[.!?;] )(?:[Mm]e|[Uu]s|[Hh]im|[Tt]hem) (?:is|are|am|was|were|has|have|had|will|would|can|could)\b"
        r"|\b(?:let|makes?|made) (?:we|he|she|they)\b"
        r"|\b(?:to|for|of|with|from|at|by|gives?|gave|tells?|told|us|me|him|them) (?:I|we|he|she|they)[.,;?!]"
    ),
    "a verb that does not go with its pronoun": re.compile(
        r"(?<!and )(?<!or )(?<!nor )(?<!if )\b"
        r"(?:(?:he|she|it) (?:are|am)|(?:we|they|you) (?:is|am|has|does|was)|I (?:is|are|has|does))\b",
        re.IGNORECASE,
    ),
    "a form of the verb that does not fit": re.compile(
        r"\b(?:can|could|will|would|shall|should|must|cannot|won't|can't|don't|didn't|doesn't) (?:not )?"
        r"(?:is|are|was|were|been|has|had|does|did|goes|went|[a-z]{3,}(?<!n)(?<!ne)(?<!need)(?<!feed)(?<!seed)ed)\b",
        re.IGNORECASE,
    ),
    "a pair of marks that do not go together": re.compile(
        r"(?<!\.)\.\.(?!\.)|,,|;;|[,;:][.;:!]|[.;:]\s*,|,\s*[;:]|,\s*\.(?!\.|\d)|\?\.|!\.|—\s*[,;]"
    ),
    "a space before a mark": re.compile(r"\w [,;.!?](?=\s|$)"),
    "no space after a mark": re.compile(r"[a-z][,;][A-Za-z]|[a-z]{2}[.!?][A-Z][a-z]"),
    "a sentence without a capital": re.compile(r"(?<![A-Za-z]\.[A-Za-z])(?<!\betc)(?<!\bvs)(?<!\bcf)(?<!\.)[.] [a-z]"),
    "a sentence that begins with a mark": re.compile(r"(?:^|[.!?] )[,;:.]"),
    "a sentence cut short": re.compile(r"\b(?:the|an?|my|your|our|their|every|and|or|because)[.!?;](?=\s|$)"),
}


@lru_cache(maxsize=4096)
def faults(text: str) -> Counter[str]:
    """How often each kind of fault is in a text."""
    text = text.replace("’", "'")
    found = Counter({name: len(pattern.findall(text)) for name, pattern in _FAULTS.items()})
    for article in _ARTICLE.finditer(text):
        vowel = _VOWEL.match(article[2]) is not None
        if vowel != (article[1][1:] == "n") and not _EITHER.match(article[2]):
            found["a for an, or an for a"] += 1
    for left, right in ("()", "[]", "“”"):
        found["an open bracket or quotation"] += abs(text.count(left) - text.count(right))
    found["an open bracket or quotation"] += text.count('"') % 2
    return found
