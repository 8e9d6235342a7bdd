"""A text as words, numbers, marks and what stands word for word; words brought to a form in which they can be compared."""

import re
from collections.abc import Iterator

from vibejam.rewrite.remembered import remembered
from vibejam.rewrite.words import CONTRACTIONS, FUNCTION, PAST, SUBJECTS

PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " "})
_LITERAL = r"""
    (?P<literal>
        `+[^`\n]+`+                                                            # code
      | !?\[[^\[\]\n]*\]\([^()\s]*(?:\s"[^"\n]*")?\)                           # a link with its words
      | (?:https?://|www\.)[^\s<>"')\]]*[^\s<>"')\].,;:!?]
      | [\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+
      | \{\{[^{}\n]*\}\}|\{%[^%\n]*%\}|<\|[^|>\n]*\|>|</?[A-Za-z][^<>\n]{0,200}>|\$?\{\w+\}|\[/?[A-Z_ ]{3,}\]|%[sd]\b
      | &(?:[a-z]{2,8}|\#\d{2,6});                                               # an HTML entity
      | (?<!\w)[@\#][A-Za-z]\w*
      | (?<![\w/])(?:~|\.{1,2})?/(?:[\w.-]+/)*[\w.-]*\w                          # a path
      | \b[A-Za-z][A-Za-z0-9]*_\w+
      | \b(?![A-Za-z]\.)[A-Za-z][\w-]*(?:\.[a-z][\w-]*)*\.[a-z]{2,5}\d?\b         # file.txt, docs.example.org
    ) |"""
_PLAIN_TOKEN = r"""
    (?P<word>'(?:tis|twas|twere|em)\b|to-(?:day|night|morrow)\b|per\ cent\b|(?:[A-Za-z]\.){2,}|[^\W\d_][^\W_]*(?:'[^\W\d_]+)*)
  | (?P<number>\+\d[\d ]*\d|\d+(?:[.,:/–-]\d+)*(?:(?:st|nd|rd|th)\b)?)
  | (?P<mark>\*{1,3}|_{1,3}|~~|\.\.\.|--|[^\w\s])
    """
_ANY = re.compile(_LITERAL + _PLAIN_TOKEN, re.VERBOSE)
_COMMON = re.compile(_PLAIN_TOKEN, re.VERBOSE)
_UNCOMMON = re.compile(r"[`@<{\[_%/#&]|[A-Za-z]\.[A-Za-z]")  # without these, nothing is a literal
EMPTY = re.compile(  # says nothing
    r"\b(?:it (?:is|should be|must be) (?:also )?(?:worth|important to|interesting to|useful to)? ?"
    r"(?:not(?:e|ing|ed)|mention(?:ing|ed)?|remember(?:ing)?|point(?:ing)? out|say(?:ing)?) that|please note that)\b", re.IGNORECASE
)  # fmt: skip
_ENDINGS = (("ing", 3), ("ied", 3), ("ies", 3), ("edly", 4), ("ed", 3), ("es", 3), ("ly", 4), ("er", 4), ("est", 4))


def tokens_of(plain: str) -> Iterator[re.Match[str]]:
    """The tokens of a text after PLAIN; `lastgroup` is "word", "number", "mark" or "literal"."""
    return (_ANY if _UNCOMMON.search(plain) else _COMMON).finditer(plain)


@remembered(1 << 16)
def expanded(lower: str) -> tuple[str, ...]:
    """A word with its contraction written out; where "'s" and "'d" have two meanings they stay."""
    if lower in CONTRACTIONS:
        return tuple(CONTRACTIONS[lower].split())
    if "'" not in lower:
        return (lower,)
    if lower.endswith("n't"):
        return (lower[:-3], "not")
    base, _, end = lower.rpartition("'")
    whole = {"ll": "will", "ve": "have", "re": "are", "m": "am", "d": "'d"}.get(end)
    if whole:
        return (*expanded(base), whole)
    if end == "s":
        return (base, "'s") if base in SUBJECTS else (base, "'s?")
    return (lower,)


def parts_of(number: str) -> list[str]:
    """The numbers in a token: "1914-18" is two, a telephone's is one."""
    if number[0] == "+":
        return [re.sub(r"\D", "", number)]
    parts = re.split("[–-]", number)
    return parts if len(parts) == 2 else [number]


@remembered(1 << 16)
def key_of(lower: str) -> str:
    """A name without its possessive or plural."""
    word = lower.removesuffix("'s").removesuffix("'")
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word


@remembered(1 << 16)
def stem(word: str) -> str:
    """What the forms of a word have in common, roughly: for comparing, not for reading."""
    word = PAST.get(word, word)
    for end, least in _ENDINGS:
        if word.endswith(end) and len(word) - len(end) >= least:
            word = word[: -len(end)] + ("y" if end in ("ied", "ies") else "")
            break
    else:
        word = word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word.rstrip("e") if len(word) > 3 else word


@remembered(1 << 16)
def content(word: str) -> str:
    """The stem of a word that says something by itself; "" of function words, marks and literals."""
    return stem(word) if word[0].isalnum() and word not in FUNCTION else ""
