"""What kind of file this is, by name and content, and the texts in it: one `Part` each, not yet cleaned.

The content is believed before the name: a PDF called .txt is a PDF.  Every reader raises NotText with the reason where
there is nothing to learn.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from vibejam.reading import chats, html_text, mail, markdown_text, office, pdf_text
from vibejam.reading.cleaning import plain_line_ends
from vibejam.reading.decoding import NotText, decode

RECORD_SEPARATOR = "\x1e"  # on a line of its own, it ends one document of a plain text file and begins the next


@dataclass(frozen=True)
class Part:
    """One text of perhaps several in a file; `suffix` tells it from the rest, `left_out` says why it has no text."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()
    suffix: str = ""
    left_out: str = ""


_Reader = Callable[[str, bytes], list[Part]]
_RTF = re.compile(rb"\{\\rtf1?\s?\\(?:ansi|mac|pc|deff|adeflang|fbidis|uc)")
_NOT_WRITING = {
    "a program or its data, not writing": "py pyc js mjs ts tsx jsx css scss c h cc cpp hpp cs java kt go rs rb "
    "php pl sh bash zsh ps1 bat lua r m swift scala hs ml sql xml yaml yml toml ini cfg conf lock log map wasm so dll "
    "exe o a class ipynb bib sty",
    "a picture": "png jpg jpeg gif webp bmp tif tiff svg ico heic psd",
    "sound or film": "mp3 wav flac ogg m4a mp4 mov avi mkv webm opus",
    "an archive, which is not unpacked; add the files in it one by one": "zip tar gz tgz bz2 xz 7z rar",
    "not read here; save it as .docx, .pdf or .txt": "doc odt pages wpd wps epub mobi azw3 tex rst org adoc",
    "a table or slides, not writing; save the text as .csv, .docx or .txt": "xls xlsx ods numbers ppt pptx odp key",
    "model or numeric data, not writing": "npy npz pt pth safetensors bin gguf parquet pkl db sqlite",
}
_REASON = {suffix: reason for reason, suffixes in _NOT_WRITING.items() for suffix in suffixes.split()}


def parts_of(name: str, data: bytes) -> list[Part]:
    """One file's name and content → the texts in it.  Raises NotText, or whatever a library makes of a hostile file."""
    return _reader(name, data)(name, data)


def records(text: str, encoding: str, warnings: tuple[str, ...] = ()) -> list[Part]:
    """Plain text → its documents: several where lines with a record separator part them, else one."""
    texts = (
        re.split(rf"(?:\A|\n){RECORD_SEPARATOR}(?:\n|\Z)", plain_line_ends(text))
        if RECORD_SEPARATOR in text
        else [text]
    )
    if len(texts) == 1:
        return [Part(text, encoding, warnings)]
    return [Part(record, encoding, warnings, f", document {number}") for number, record in enumerate(texts, 1)]


def _reader(name: str, data: bytes) -> _Reader:
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    start = data[:1024].lstrip()
    if start.startswith(b"%PDF-") and (suffix == "pdf" or b"endobj" in data):  # a person may begin a note with "%PDF-"
        return _pdf
    if _RTF.match(start) or suffix == "rtf" and start.startswith(b"{\\rtf"):
        return _rtf
    if data.startswith(b"PK\x03\x04"):
        is_word = suffix in ("docx", "docm", "dotx") or suffix not in _REASON and b"word/document.xml" in data
        return _docx if is_word else _refuse(suffix)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _refuse("doc")
    if suffix in _REASON:
        return _refuse(suffix)
    if f"\n{RECORD_SEPARATOR}\n".encode() in data:
        return _text  # a corpus that was saved, under whatever name
    readers: dict[str, _Reader] = {
        "md": _markdown, "markdown": _markdown, "mdx": _markdown, "mkd": _markdown, "qmd": _markdown,
        "html": _html, "htm": _html, "xhtml": _html,
        "eml": _eml, "mbox": _mbox, "mbx": _mbox,
        "csv": _csv, "tsv": _csv, "json": _json, "jsonl": _json, "ndjson": _json,
        "pdf": _damaged_pdf,
    }  # fmt: skip
    return readers.get(suffix, _text)


def _refuse(suffix: str) -> _Reader:
    def refuse(name: str, data: bytes) -> list[Part]:
        raise NotText(_REASON.get(suffix, _REASON["zip"]))

    return refuse


def _damaged_pdf(name: str, data: bytes) -> list[Part]:
    raise NotText("damaged, or not a PDF at all" if data else "empty")


def _text(name: str, data: bytes) -> list[Part]:
    text, encoding, warnings = decode(data)
    if "whatsapp" in name.lower() or name == "_chat.txt":
        chat = chats.whatsapp_conversation(plain_line_ends(text))
        if chat is not None:
            return [Part(chat[0], encoding, warnings + chat[1])]
    return records(text, encoding, warnings)


def _markdown(name: str, data: bytes) -> list[Part]:
    text, encoding, warnings = decode(data)
    if not text.strip():
        return [Part("", encoding)]
    prose, more = markdown_text.markdown_text(plain_line_ends(text))
    return [Part(prose, encoding, warnings + more)]


def _html(name: str, data: bytes) -> list[Part]:
    return [Part(*html_text.html_file_text(data))]


def _docx(name: str, data: bytes) -> list[Part]:
    return [Part(office.docx_text(data), "Word document")]


def _rtf(name: str, data: bytes) -> list[Part]:
    return [Part(office.rtf_text(data), "RTF")]


def _pdf(name: str, data: bytes) -> list[Part]:
    return [Part(pdf_text.pdf_text(data), "PDF")]


def _eml(name: str, data: bytes) -> list[Part]:
    return [Part(*mail.eml_text(data))]


def _mbox(name: str, data: bytes) -> list[Part]:
    messages, left_out = mail.mbox_texts(data)
    parts = [Part(text, encoding, (), f", message {number}") for number, text, encoding in messages]
    return [*parts, Part("", "", left_out=left_out)] if left_out else parts


def _csv(name: str, data: bytes) -> list[Part]:
    text, encoding, warnings = decode(data)
    column, more = chats.csv_text(text, "\t" if name.lower().endswith(".tsv") else None)
    return [Part(column, encoding, warnings + more)]


def _json(name: str, data: bytes) -> list[Part]:
    text, encoding, warnings = decode(data)
    found = chats.json_conversations(text)
    return [
        Part(chat, encoding, warnings + more, f", chat {number}" if len(found) > 1 else "")
        for number, (chat, more) in enumerate(found, 1)
    ]
