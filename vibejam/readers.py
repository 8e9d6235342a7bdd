"""Files, folders and pasted text → Documents of clean text, or a Skipped with the reason.

Reads .txt .md .html .docx .pdf .rtf .eml .mbox .csv and chat exports (.json, .jsonl, WhatsApp's .txt).  Bad content
never raises: it comes back as Skipped.  Archives are not unpacked, attachments not opened, links inside a folder not
followed, dot files and folders of installed packages left out; nothing is ever written.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vibejam.errors import UserError
from vibejam.reading.cautions import cautions
from vibejam.reading.cleaning import clean
from vibejam.reading.decoding import NotText
from vibejam.reading.formats import Part, parts_of, records

LARGEST_FILE = 50_000_000  # bytes


@dataclass(frozen=True)
class Document:
    """One text by the person, cleaned; `source` names the file, `encoding` what it was taken to be written in."""

    source: str
    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """Something that was not read, and why, as a short plain phrase without a full stop."""

    source: str
    reason: str


_VERSION_CONTROL = {".git", ".hg", ".svn", ".bzr", "CVS"}
_PACKAGES = {"node_modules", "bower_components", "site-packages", "__pycache__", "venv", "virtualenv"}


def read_bytes(name: str, data: bytes) -> list[Document | Skipped]:
    """One file's bytes → its texts; the name's last part and the content decide how.  Bad content never raises."""
    source = _shown(re.split(r"[/\\]", name)[-1].strip()) or "unnamed file"
    if len(data) > LARGEST_FILE:
        return [Skipped(source, _too_large(len(data)))]
    try:
        parts = parts_of(source, data)
    except NotText as reason:
        return [Skipped(source, str(reason))]
    except Exception as error:  # whatever a library makes of a hostile file, the person's import goes on
        return [Skipped(source, f"damaged, or not what its name says ({type(error).__name__})")]
    return _finish(source, parts)


def read_path(path: Path | str) -> list[Document | Skipped]:
    """A file, or every file in a folder and the folders in it, in order of name; sources are paths inside the folder.

    Raises UserError where there is no such file or folder.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        why = "may not be opened" if isinstance(error, PermissionError) else "does not exist"
        raise UserError(f"{_shown(str(path))} {why}; check the path to your writing.") from None
    if stat.S_ISDIR(mode):
        return [result for file, source in _walk(path) for result in _read_entry(path, file, source)]
    return _read_file(path, _shown(path.name))


def read_pasted(text: str, source: str = "pasted text") -> list[Document | Skipped]:
    """Text from a form → Documents, as a .txt would give."""
    return _finish(_shown(source), records(text, "Unicode"))


def _finish(source: str, parts: list[Part]) -> list[Document | Skipped]:
    results: list[Document | Skipped] = []
    for part in parts:
        if part.left_out:
            results.append(Skipped(source + part.suffix, part.left_out))
            continue
        text, warnings = clean(part.text)
        if any(map(str.isalnum, text)):
            whole = (*part.warnings, *warnings, *cautions(text))
            results.append(Document(source + part.suffix, text, part.encoding, whole))
        else:
            results.append(Skipped(source + part.suffix, "empty" if not text else "no words in it"))
    return results


# --- what lies in a folder


def _walk(folder: Path) -> Iterator[tuple[os.DirEntry[str] | Skipped, str]]:
    waiting: list[tuple[str, str]] = [(str(folder), "")]
    while waiting:
        here, prefix = waiting.pop()
        try:
            with os.scandir(here) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            yield Skipped(_shown(prefix.rstrip("/")) or ".", "a folder that may not be opened"), ""
            continue
        folders = []
        for entry in found:
            if entry.is_dir(follow_symlinks=False) and not _left_out(entry):
                folders.append((entry.path, f"{prefix}{entry.name}/"))
            else:
                yield entry, _shown(prefix + entry.name)
        waiting.extend(reversed(folders))


def _left_out(entry: os.DirEntry[str]) -> str:
    """Why a file or folder is not looked into at all; "" where it is."""
    if entry.name in _VERSION_CONTROL:
        return "version control, left out"
    if entry.name in _PACKAGES:
        return "a folder of installed packages, left out"
    return "hidden (its name begins with a dot), left out" if entry.name.startswith(".") else ""


def _read_entry(folder: Path, entry: os.DirEntry[str] | Skipped, source: str) -> list[Document | Skipped]:
    if isinstance(entry, Skipped):
        return [entry]
    reason = _left_out(entry)
    if not reason and entry.is_symlink():
        reason = _why_not_followed(Path(entry.path), folder)
    return [Skipped(source, reason)] if reason else _read_file(Path(entry.path), source)


def _why_not_followed(link: Path, folder: Path) -> str:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        return "a link that leads nowhere"
    inside = target.is_relative_to(folder.resolve())
    return (
        "a link to something that is read where it lies"
        if inside
        else "a link that leads outside this folder, not followed"
    )


def _read_file(path: Path, source: str) -> list[Document | Skipped]:
    try:
        # Without O_NONBLOCK the opening of a named pipe would wait for somebody to write into it.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return [Skipped(source, "not a file but a pipe, a socket or a device")]
            if status.st_size > LARGEST_FILE:
                return [Skipped(source, _too_large(status.st_size))]
            with os.fdopen(os.dup(handle), "rb") as file:
                data = file.read(LARGEST_FILE + 1)
        finally:
            os.close(handle)
    except PermissionError:
        return [Skipped(source, "may not be opened (no permission)")]
    except OSError as error:
        return [Skipped(source, f"could not be opened ({error.strerror or 'read error'})")]
    return [_renamed(result, source) for result in read_bytes(path.name, data)]


def _renamed(result: Document | Skipped, source: str) -> Document | Skipped:
    """The same result under its path inside the folder instead of its bare name."""
    folder = source.rpartition("/")[0]
    if not folder:
        return result
    name = f"{folder}/{result.source}"
    if isinstance(result, Skipped):
        return Skipped(name, result.reason)
    return Document(name, result.text, result.encoding, result.warnings)


def _shown(name: str) -> str:
    """A name that is safe to print: file names may hold line ends, escape codes and bytes that are no characters."""
    return "".join(character if character.isprintable() else "?" for character in name)


def _too_large(size: int) -> str:
    return f"too large: {size // 1_000_000} MB, at most {LARGEST_FILE // 1_000_000} MB is read; split it"
