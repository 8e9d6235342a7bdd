"""Writes that are whole or not there at all: a temporary file beside the target, fsync, rename.

A process that is killed in a write leaves its temporary file behind; `sweep` takes those away.
"""

import contextlib
import glob
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from vibejam.errors import UserError


def write_atomically(path: Path | str, write: Callable[[Path], None]) -> None:
    """Call `write(temporary_path)`, then put the result in `path`'s place in one step.

    A reader, or a power cut, sees the old file or the new one, never half of either.
    Raises UserError where the disk is full or the folder can't be written.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        _flush_to_disk(temporary)
        os.replace(temporary, path)
        if os.name == "posix":  # the rename itself is durable once the folder is; Windows can't open folders
            with contextlib.suppress(OSError):  # some network folders can't be synced; the file itself is
                _flush_to_disk(path.parent)
    except OSError as error:
        raise UserError(
            f"Could not write {path.name} in {path.parent} ({error.strerror or error}); "
            "free some space or choose a folder you may write to."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def sweep(folder: Path, name: str = "") -> int:
    """Delete what writes that were killed left in `folder`, of the file called `name` or of all; how many there were.

    Only for whoever knows that nobody is writing there: it can't tell a dead write from one under way.
    """
    swept = 0
    for path in folder.glob(f".{glob.escape(name[:40])}*.tmp"):
        with contextlib.suppress(OSError):
            path.unlink()
            swept += 1
    return swept


def write_text(path: Path | str, text: str) -> None:
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8", newline="\n"))


def write_json(path: Path | str, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    data = text.encode(errors="backslashreplace")  # half a surrogate pair becomes its JSON escape, so it too comes back
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
