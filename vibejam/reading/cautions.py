"""What a person should know before a text is learnt: it may hold secrets, it may not be theirs, it may say nothing.

Hints for warnings, by pattern: they find what is usual and prove nothing, and a text without a warning may not be safe.
"""

import re
import zlib

_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bhf_[A-Za-z0-9]{30,}|\bsk-[A-Za-z0-9_-]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}"
    r"|(?i:\b(?:api|access|secret|private|licen[cs]e)[ _-]?(?:key|token)\b[\s:=]{1,4}(?:is\s)?)"
    r"(?=[^\s\d]{0,40}\d)[^\s,;]{8,}"
)
_PASSWORD = re.compile(
    r"(?i:\b(?:password|passwd|pwd|passphrase|passcode|wi-?fi(?: (?:key|password))?|pin(?: code)?)\b)"
    r"[\s:=]{1,4}(?:is[\s:]{1,3})?(?=\S{0,40}[\d!@#$%^&*_-]\S)[^\s,;]{4,}"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_PHONE = re.compile(
    r"(?<![\w.+/-])(?:\+\d{1,3}[ .-]?|\(?0\d{2,4}\)?[ .-]?)(?:\(\d{1,4}\)[ .-]?)?\d{2,8}(?:[ .-]\d{2,8}){0,4}(?![\w/-])"
    r"|(?<![\w.+-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])"
)
_ADDRESS = re.compile(
    r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"  # a British postcode
    r"|\b\d{1,5}[a-z]? (?:[A-Z][\w'’-]{1,20} ){1,3}"
    r"(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Drive|Close|Court|Way|Terrace|Boulevard)\b"
)
_KEY_SIGNS = ("key", "token", "begin", "akia", "asia", "gh", "hf_", "sk-", "xox", "eyj")
_PASSWORD_SIGNS = ("passw", "pwd", "passphrase", "passcode", "wifi", "wi-fi", "pin")
_STOCK_PHRASES = (
    "today's fast-paced", "today's digital", "today's ever-changing", "more important than ever", "key takeaway",
    "in conclusion,", "full potential", "i hope this helps", "it's important to note", "it is important to note",
    "it's worth noting", "it is worth noting", "delve into", "delving into", "fosters understanding",
    "fosters collaboration", "foster a sense", "fosters innovation", "game-changer", "game changer", "seamless",
    "by leveraging", "leverage the power", "leveraging the power", "navigate the complexit", "navigating the complexit",
    "rich tapestry", "testament to", "as an ai ", "certainly! here", "in the realm of", "ever-evolving",
    "embark on a journey", "embark on this journey", "holistic approach", "builds trust", "cutting-edge",
    "plays a crucial role", "plays a pivotal role", "plays a vital role", "it is important to remember",
)  # fmt: skip
_MAY_HOLD = "may hold"
_SAMPLE = 400_000  # characters looked at for stock phrases and information


def find_secrets(text: str) -> list[str]:
    """Kinds of private things that `text` seems to hold, each worded to follow "may hold"; [] where none was found."""
    lowered = text.lower()
    found = {
        "a card number": any(_luhn(match[0]) for match in _CARD.finditer(text)),
        "a key": any(sign in lowered for sign in _KEY_SIGNS) and _KEY.search(text),
        "a password": any(sign in lowered for sign in _PASSWORD_SIGNS) and _PASSWORD.search(text),
        "a phone number": any(9 <= len(re.sub(r"\D", "", match[0])) <= 15 for match in _PHONE.finditer(text)),
        "an e-mail address": "@" in text and _MAIL.search(text),
        "a postal address": _ADDRESS.search(text),
    }
    return [kind for kind, hit in found.items() if hit]


def mask_secrets(text: str) -> str:
    """`text` with what `find_secrets` sees replaced by "•" signs, as many as there were characters."""
    text = _CARD.sub(lambda match: _dots(match[0]) if _luhn(match[0]) else match[0], text)
    text = _PHONE.sub(lambda match: _dots(match[0]) if 9 <= len(re.sub(r"\D", "", match[0])) <= 15 else match[0], text)
    for pattern in (_KEY, _PASSWORD, _MAIL, _ADDRESS):
        text = pattern.sub(lambda match: _dots(match[0]), text)
    return text


def is_about_secrets(warning: str) -> bool:
    """Whether a warning of `cautions` is the one that `mask_secrets` answers."""
    return warning.startswith(_MAY_HOLD)


def cautions(text: str) -> tuple[str, ...]:
    """Warnings about a clean text, each a short plain phrase."""
    warnings = []
    secrets = find_secrets(text)
    if secrets:
        listed = secrets[0] if len(secrets) == 1 else f"{', '.join(secrets[:-1])} and {secrets[-1]}"
        warnings.append(f"{_MAY_HOLD} {listed}: a model can say it again")
    if looks_machine_written(text):
        warnings.append("reads as if a machine had written it: leave it out if you did not")
    if says_little(text) and len(text) >= 1000:
        warnings.append("hardly any information in it: the same few characters over and over")
    return tuple(warnings)


def looks_machine_written(text: str) -> bool:
    """Three different stock phrases of language models, and at least one in every 150 words."""
    sample = text[:_SAMPLE].lower().replace("’", "'")
    counts = [sample.count(phrase) for phrase in _STOCK_PHRASES]
    return sum(map(bool, counts)) >= 3 and sum(counts) * 150 >= len(sample.split())


def says_little(text: str) -> bool:
    """Whether `text` packs into almost nothing: one line or one character, repeated."""
    sample = text[:_SAMPLE].encode("utf-8", "ignore")
    return len(zlib.compress(sample, 6)) < max(60, len(sample) // 50)


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _dots(secret: str) -> str:
    return "".join("•" if not character.isspace() else character for character in secret)
