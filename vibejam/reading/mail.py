"""E-mail → only the words the sender typed: no headers, quotations, signatures, disclaimers or attachments.

The standard library takes a message apart, mail-parser-reply knows how mail programs in many languages introduce a
quotation.  An mbox holds the mail of several people; the commonest sender is taken for the person.
"""

import re
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage as Message
from email.utils import getaddresses

from mailparser_reply import EmailReplyParser
from mailparser_reply.constants import MAIL_LANGUAGES

from vibejam.reading.cleaning import plain_line_ends
from vibejam.reading.decoding import NotText, decode
from vibejam.reading.html_text import html_to_text

_LANGUAGES = [name for name in MAIL_LANGUAGES if len(name) == 2]
_PARSER = EmailReplyParser(languages=_LANGUAGES)
_LONGEST_LINE = 300  # the library's patterns take time with the square of a line's length
_LONGEST_BODY = 200_000  # characters; a longer letter was not typed
_POSTMARK = re.compile(rb"(?:\A|\n\r?\n)From [^\n]{1,300}\n")
_ESCAPED_FROM = re.compile(rb"(?m)^>(>{0,20}From )")
_SENT_FROM = re.compile(
    "(?:" + "|".join(filter(None, (MAIL_LANGUAGES[n]["sent_from"] for n in _LANGUAGES))) + ")", re.IGNORECASE
)
_CLOSING = re.compile(
    "(?:"
    + "|".join(pattern for name in _LANGUAGES for pattern in MAIL_LANGUAGES[name]["signatures"] if pattern)
    + "|best|cheers|love|yours|sincerely|with (?:best|kind|warm))",
    re.IGNORECASE,
)
_RULE = re.compile(r"-{5,}.{0,60}-{3,}$|[_-]{32,}$")  # "-----Original Message-----", a mailing list's footer
_FEW_WORDS = 4
_NEAR_END = 9  # lines: a closing further up than this begins a sentence, not a signature


def eml_text(data: bytes) -> tuple[str, str]:
    """One message's bytes → (the sender's own words, encoding).  Raises NotText where there are none."""
    message = _parse(data)
    if not message.keys() or message["From"] is None and message["Subject"] is None:
        raise NotText("not an e-mail message: it has no headers")
    text, encoding = _own_body(message)
    if not text.strip():
        raise NotText("an e-mail without words of the sender's own")
    return text, encoding


def mbox_texts(data: bytes) -> tuple[list[tuple[int, str, str]], str | None]:
    """A mailbox's bytes → ([(number from 1, own words, encoding) of the owner's messages], what was left out or None).

    The owner is whoever sent most of it.  Raises NotText where no message is readable.
    """
    messages = [_parse(_ESCAPED_FROM.sub(rb"\1", raw)) for raw in _split_mbox(data)]
    senders = Counter(filter(None, map(_sender, messages)))
    if not senders:
        raise NotText("no e-mail message in it with a sender")
    owner = senders.most_common(1)[0][0]
    kept: list[tuple[int, str, str]] = []
    others = wordless = 0
    for number, message in enumerate(messages, start=1):
        if _sender(message) != owner:
            others += 1
            continue
        text, encoding = _own_body(message)
        if text.strip():
            kept.append((number, text, encoding))
        else:
            wordless += 1
    return kept, _left_out(owner, others, wordless)


def own_words(body: str) -> str:
    """The text of a message → what its sender typed: answers between quotations stay, quotations and signatures go."""
    lines = [line.rstrip() for line in plain_line_ends(body[:_LONGEST_BODY]).split("\n")]
    lines = _unquoted_around(lines)
    # Long lines are paragraphs, never a header: the library sees a stand-in for each.
    long = {f"\ue000{number}\ue001": line for number, line in enumerate(lines) if len(line) > _LONGEST_LINE}
    stand_in = {line: mark for mark, line in long.items()}
    message = _PARSER.read(re.sub("\n{3,}", "\n\n", "\n".join(stand_in.get(line, line) for line in lines)).strip())
    mine: list[str] = []
    for reply in message.replies:
        text = reply.content.replace(reply.headers, "", 1) if reply.headers else reply.content
        quotes = [line.lstrip().startswith(">") for line in text.split("\n") if line.strip()]
        if reply.headers and not any(quotes):
            break  # after "From: … Sent: …" or an unmarked "… wrote:" all the rest is the other person's
        for disclaimer in reply.disclaimers:
            text = text.replace(disclaimer, "")
        mine.extend(line for line in text.split("\n") if not line.lstrip().startswith(">"))
    kept = _without_signature([long.get(line, line) for line in mine])
    return "\n".join(kept).strip()


def _unquoted_around(lines: list[str]) -> list[str]:
    """Text up to a rule such as "-----Original Message-----"; what follows belongs to somebody else."""
    for number, line in enumerate(lines):
        if _RULE.match(line) and number:
            return lines[:number]
    return lines


def _without_signature(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    for number, line in enumerate(lines):
        bare = line.strip()
        if bare in ("--", "__") or (len(bare.split()) < 12 and _SENT_FROM.match(bare)):
            return lines[:number]
        short = len(bare.split()) <= _FEW_WORDS
        if number and short and number >= len(lines) - _NEAR_END and _CLOSING.match(bare):
            # "Best wishes, / Sam" is how the person ends a letter; titles and telephone numbers below it are not.
            name = next((n for n in range(number + 1, len(lines)) if lines[n].strip()), number)
            short_name = len(lines[name].split()) <= _FEW_WORDS
            return _without_signature(lines[: number + 1]) if not short_name else lines[: name + 1]
    return lines


def _split_mbox(data: bytes) -> list[bytes]:
    marks = list(_POSTMARK.finditer(data))
    ends = [mark.start() for mark in marks[1:]] + [len(data)]
    return [data[mark.end() : end] for mark, end in zip(marks, ends, strict=False)]


def _parse(data: bytes) -> Message:
    return message_from_bytes(data, policy=policy.default)


def _sender(message: Message) -> str:
    try:
        found = getaddresses([str(message["From"] or "")])
    except Exception:  # broken headers raise from deep inside the standard library
        return ""
    return found[0][1].lower() if found else ""


def _own_body(message: Message) -> tuple[str, str]:
    for kind in ("plain", "html"):
        part = message.get_body(preferencelist=(kind,))
        if part is None:
            continue
        source, encoding = _content(part)
        text = own_words(html_to_text(source) if kind == "html" else _flowed(part, source))
        if text:
            return text, encoding
    return "", ""


def _content(part: Message) -> tuple[str, str]:
    data = part.get_payload(decode=True) or b""
    charset = part.get_content_charset() or ""
    try:
        return data.decode(charset), charset.upper()
    except (LookupError, UnicodeDecodeError):
        text, encoding, _ = decode(data)
        return text, encoding


def _flowed(part: Message, text: str) -> str:
    """A line that ends in a blank goes on in the next one where the message says format=flowed."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    return re.sub(r"(?m)^((?!-- $|>).*) \n(?!>|-- \n)", r"\1 ", plain_line_ends(text))


def _left_out(owner: str, others: int, wordless: int) -> str | None:
    parts = []
    if others:
        parts.append(
            f"{others:,} {'message' if others == 1 else 'messages'} by other people "
            f"(the commonest sender, {owner}, was taken for you)"
        )
    if wordless:
        parts.append(f"{wordless:,} without words of the sender's own")
    return " and ".join(parts) or None
