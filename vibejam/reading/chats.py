"""Exports of other programs → the person's own words: chats with an assistant or with people, a CSV's text column.

Of a chat with an assistant only the turns of the user are taken.  A chat between people does not say which of them is
the person: whoever wrote most of it is taken, and the warning names them.
"""

import csv
import io
import json
import re
from collections import defaultdict
from typing import Any

from vibejam.reading.decoding import NotText

Conversation = tuple[str, tuple[str, ...]]  # (own words, warnings)

_TEXT_COLUMNS = ("text", "full_text", "content", "body", "message", "post", "comment", "tweet", "description", "entry")
_FIELD_LIMIT = 10_000_000  # characters in one cell
_WHATSAPP = re.compile(
    r"^\u200e?\[?\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[ \u202f\u00a0]?[AaPp]\.?[Mm]\.?)?"
    r"\]?(?: -)? (?P<who>[^:\n]{1,60}): (?P<text>.*)$"
)
_WHATSAPP_EVENT = re.compile(r"^\u200e?\[?\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}[:.]\d{2}")
_NOT_TYPED = re.compile(
    r"\u200e|<Media omitted>|<attached: |\(file attached\)|This message was deleted|You deleted this message|null$"
)


def json_conversations(text: str) -> list[Conversation]:
    """JSON, or JSON lines, of a chat export → one entry a conversation.  Raises NotText where it is no chat."""
    try:
        whole = json.loads(text)
    except RecursionError:
        raise NotText("JSON nested too deep to be a chat export") from None
    except ValueError:
        whole = _json_lines(text)
    found = [conversation for part in _parts(whole) if (conversation := _conversation(part))]
    if not found:
        raise NotText("JSON, but not a chat export with words of yours in it")
    return found


def whatsapp_conversation(text: str) -> Conversation | None:
    """A WhatsApp export → the messages of whoever wrote most; None where the text is no such export."""
    said: dict[str, list[str]] = defaultdict(list)
    who = ""
    for line in text.split("\n"):
        match = _WHATSAPP.match(line)
        if match:
            who = match["who"].strip()
            if _NOT_TYPED.match(match["text"]):
                who = ""
            else:
                said[who].append(match["text"])
        elif _WHATSAPP_EVENT.match(line):
            who = ""  # "You created this group"
        elif who and line.strip():
            said[who][-1] += "\n" + line
    return _commonest(said) if said else None


def csv_text(text: str, delimiter: str | None = None) -> Conversation:
    """A table → the column that holds prose, one paragraph a row.  Raises NotText where no column does."""
    rows = _rows(text, delimiter or _delimiter(text))
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    has_header = bool(header) and all(len(cell.split()) <= 3 and not re.search(r"\d{2}", cell) for cell in header)
    body = rows[1:] if has_header else rows
    columns = range(max((len(row) for row in body), default=0))
    prose = {column: sum(_prose_words(row[column]) for row in body if column < len(row)) for column in columns}
    named = [header.index(name) for name in _TEXT_COLUMNS if has_header and name in header]
    best = next((column for column in named if prose.get(column)), None)
    if best is None:
        best = max(prose, key=lambda column: prose[column], default=None)
    if best is None or not prose[best]:
        raise NotText("a table without a column of prose")
    cells = (row[best].strip() for row in body if best < len(row))
    name = rows[0][best].strip() if has_header and best < len(rows[0]) else f"number {best + 1}"
    return "\n\n".join(filter(None, cells)), (f"only the column “{name}” was taken",)


def _json_lines(text: str) -> list[Any]:
    values = []
    for line in text.split("\n"):
        if line.strip():
            try:
                values.append(json.loads(line))
            except (ValueError, RecursionError):
                raise NotText("damaged JSON: cut off, or not JSON at all") from None
    return values


def _parts(whole: Any) -> list[Any]:
    """The conversations in an export, whatever it wraps them in."""
    if isinstance(whole, dict):
        for name in ("conversations", "chats"):
            inner = whole.get(name)
            inner = inner.get("list") if isinstance(inner, dict) else inner
            if isinstance(inner, list):
                return inner
        return [whole]
    if isinstance(whole, list):
        turns = any(isinstance(item, dict) and ("role" in item or "sender" in item or "from" in item) for item in whole)
        return [whole] if turns else whole
    return []


def _conversation(part: Any) -> Conversation | None:
    if isinstance(part, dict) and isinstance(part.get("mapping"), dict):
        turns = _chatgpt_turns(part)
    elif isinstance(part, dict):
        turns = next(
            (
                part[name]
                for name in ("messages", "chat_messages", "turns", "conversation", "conversations")
                if isinstance(part.get(name), list)
            ),
            [],
        )
    else:
        turns = part if isinstance(part, list) else []
    turns = [turn for turn in turns if isinstance(turn, dict)]
    typed = [_text_of(turn) for turn in turns if _role(turn) in ("user", "human")]
    if any(_role(turn) for turn in turns):
        text = "\n\n".join(filter(None, typed))
        return (text, ("only your own turns of the chat were taken",)) if text else None
    said: dict[str, list[str]] = defaultdict(list)
    for turn in turns:
        who = turn.get("from") or turn.get("sender_name") or turn.get("author") or ""
        if isinstance(who, str) and who and _text_of(turn):
            said[who].append(_text_of(turn))
    return _commonest(said) if said else None


def _chatgpt_turns(part: dict[str, Any]) -> list[Any]:
    """The branch of the tree that was shown last, oldest first; all turns where the export does not say which it is."""
    nodes = {key: node for key, node in part["mapping"].items() if isinstance(node, dict)}
    branch: list[Any] = []
    key = part.get("current_node")
    while isinstance(key, str) and key in nodes:
        node = nodes.pop(key)  # popped: a tree that points back at itself ends here
        branch.append(node.get("message"))
        key = node.get("parent")
    return branch[::-1] if branch else [node.get("message") for node in nodes.values()]


def _role(turn: dict[str, Any]) -> str:
    author = turn.get("author")
    role = author.get("role") if isinstance(author, dict) else turn.get("role")
    if role is None and turn.get("sender") in ("human", "assistant"):
        role = turn["sender"]
    if role is None and turn.get("from") in ("human", "gpt", "system"):
        role = turn["from"]
    return role if isinstance(role, str) else ""


def _text_of(turn: dict[str, Any]) -> str:
    content = next((turn[name] for name in ("content", "text", "value") if turn.get(name)), "")
    if isinstance(content, dict):
        content = content.get("parts") or content.get("text") or ""
    if isinstance(content, list):
        pieces = [part.get("text") if isinstance(part, dict) else part for part in content]
        content = "".join(piece for piece in pieces if isinstance(piece, str))
    return content.strip() if isinstance(content, str) else ""


def _commonest(said: dict[str, list[str]]) -> Conversation:
    who = max(said, key=lambda name: len(said[name]))
    warning = f"only the messages of {who}, who wrote the most, were taken"
    return "\n\n".join(said[who]), (warning,) if len(said) > 1 else ()


def _delimiter(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0]
    outside = re.sub(r'"[^"]*"', "", first)
    return max(",;\t|", key=outside.count)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    limit = csv.field_size_limit(_FIELD_LIMIT)
    try:
        return [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(map(str.strip, row))
        ]
    except csv.Error:
        raise NotText("a damaged table (CSV)") from None
    finally:
        csv.field_size_limit(limit)


def _prose_words(cell: str) -> int:
    words = re.findall(r"[^\W\d_]{2,}", cell)
    return len(words) if len(words) >= 3 else 0
