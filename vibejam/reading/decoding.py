"""Bytes → text: which encoding a file was written in, and whether it is text at all.

A byte-order mark is believed, then UTF-8, then Windows-1252; other alphabets are asked of charset-normalizer.  Nothing
here knows file formats or tidies what it decoded.
"""

import re

from charset_normalizer import from_bytes
from ftfy.badness import badness

_MARKS = (  # longest first: UTF-32's little-endian mark begins with UTF-16's
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32", "UTF-32"),
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8 with a byte-order mark"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a picture, sound or film"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"\x00\x00\x00\x18ftyp", "a film"),
    (b"\x00\x00\x00\x20ftyp", "a film"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"SQLite format 3\x00", "a database"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1d\x7f]")
_SYMBOL_IN_WORD = re.compile("[a-zà-ÿ][¡-¿†‡ˆ‰Ÿ˜][a-zà-ÿ]", re.IGNORECASE)
_SAMPLE = 200_000  # bytes looked at to judge what a file is


class NotText(Exception):
    """A file holds nothing to learn from; the message is a short plain phrase without a full stop."""


def decode(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    """One file's bytes → (text, the encoding that was assumed, warnings).  Raises NotText for what is not text."""
    for mark, codec, label in _MARKS:
        if data.startswith(mark):
            return _lenient(data, codec, label)
    wide = _unmarked_utf16(data)
    if wide:
        return _lenient(data, wide, "UTF-16 (no byte-order mark; assumed)")
    _refuse_binary(data)
    try:
        return data.decode("utf-8"), "UTF-8", ()
    except UnicodeDecodeError:
        return _not_utf8(data)


def _refuse_binary(data: bytes) -> None:
    """Raises NotText where the bytes are a picture, a program or the like, whatever the file is called."""
    for magic, what in _MAGIC:
        if data.startswith(magic) and _CONTROL.search(data, 0, 1024):  # "ID3 tags, and why I hate them" is text
            raise NotText(f"not text: {what}")
    sample = data[:_SAMPLE]
    if len(_CONTROL.findall(sample)) > len(sample) // 20 + 4:
        raise NotText("not text: the file is binary")


def _unmarked_utf16(data: bytes) -> str | None:
    """English in UTF-16 has a NUL for every other byte, always on the same side."""
    sample = data[: _SAMPLE // 2 * 2]
    if len(sample) < 4:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    enough = len(sample) // 2 * 0.4
    if odd > enough and even * 20 < odd:
        return "utf-16-le"
    if even > enough and odd * 20 < even:
        return "utf-16-be"
    return None


def _not_utf8(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    sample = data[:_SAMPLE]
    western = sample.decode("cp1252", errors="replace")
    as_utf8 = sample.decode("utf-8", errors="replace")
    bad = as_utf8.count("\ufffd")
    good = sum(1 for character in as_utf8 if character > "\x7f") - bad
    high = sum(1 for byte in sample if byte > 127)
    letters = sum(1 for byte in sample if byte > 64)
    other_alphabet = high * 2 > letters or len(_SYMBOL_IN_WORD.findall(western)) * 6 > high
    if good > 4 * bad:
        return _lenient(data, "utf-8", "UTF-8")
    if other_alphabet:
        guesses = [guess for guess in from_bytes(sample) if guess.encoding not in ("utf_8", "ascii")]
        # One Cyrillic encoding read as another comes out with its capitals the wrong way round.
        best = next((guess for guess in guesses if not _shouts(str(guess))), None)
        if best is not None:
            return _lenient(data, best.encoding, f"{best.encoding.replace('_', '-')} (assumed)")
    # Bytes that make sense as Windows-1252 are that; broken pieces of UTF-8 look like mojibake when read so.
    if badness(western) * 12 > high:
        return _lenient(data, "utf-8", "UTF-8")
    return _lenient(data, "cp1252", "Windows-1252 (assumed: not valid UTF-8)")


def _shouts(text: str) -> bool:
    return sum(map(str.isupper, text)) > sum(map(str.islower, text))


def _lenient(data: bytes, codec: str, label: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        return data.decode(codec), label, ()
    except UnicodeDecodeError:
        kept = data.decode(codec, errors="replace")
        bad = kept.count("\ufffd")
        if bad * 5 > len(kept):
            raise NotText("not text: most of its bytes are no characters in any encoding") from None
        warning = f"{bad} unreadable {'byte' if bad == 1 else 'bytes'} left out (damaged {label.split(' (')[0]})"
        return kept.replace("\ufffd", ""), f"{label} (damaged)", (warning,)
