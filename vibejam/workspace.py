"""Where a person's writing and runs lie, and nothing else: one folder an owner, looked up by name, never joined from input.

    data/me/writing/ID.json          one document each, as it was read and cleaned
    data/me/writing/drafts.jsonl     passages of it with a neutral draft each (teach.py); they go when their writing goes
    data/me/decisions.jsonl          what the person took, edited or turned down of rewrites (rewrite/decisions.py)
    data/me/rewrite.json             the rewrite on the table (open_review.py)
    data/me/sample.json              what a voice wrote last (pages/last_sample.py)
    data/me/labs/NAME/results.json   one comparison of architectures each (labs/watched.py)
    checkpoints/RUN/                 one run each (checkpoint.py)
    checkpoints/picked.json          which of them the person speaks with, where they have chosen one
    data/visitors/TOKEN/...          the same for each visitor of a public Space
    data/uploads/                    where a dropped file lies while it is read

One program at a time has it: `claim` says so, and clears away what a killed one left behind.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from vibejam.checkpoint import read_json
from vibejam.errors import UserError
from vibejam.files import sweep, write_json, write_text
from vibejam.lock import hold
from vibejam.readers import Document
from vibejam.reading.cautions import cautions, is_about_secrets, mask_secrets

FORMAT = 1
OWNER = "me"  # the one person of a laptop
LONGEST_NAME = 60  # characters of a name that a person gives a run
_TOKEN = re.compile(r"[0-9a-f]{32}")
_RUN = re.compile(r"\d{4}-\d\d-\d\d-\d{6}(-.*)?")  # as new_run names them


def home() -> Path:
    """The folder that holds data/ and checkpoints/: VIBEJAM_HOME, else the source checkout, else ~/vibejam."""
    asked = os.environ.get("VIBEJAM_HOME")
    if asked:
        return Path(asked).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[1]
    return checkout if (checkout / "app.py").is_file() else Path.home() / "vibejam"


def uploads_folder() -> Path:
    """Where the app may put a dropped file until it is read."""
    return home() / "data" / "uploads"


def claim() -> AbstractContextManager:
    """Have this home for oneself until the context is left, and clear away what a killed program left in it.

    Raises UserError where another vibejam has it.
    """
    place = home()
    claimed = hold(
        place / "data",
        f"vibejam is open already with what lies in {place}; use that window, or set VIBEJAM_HOME to another folder.",
    )
    shutil.rmtree(uploads_folder(), ignore_errors=True)
    shutil.rmtree(place / "data" / "visitors", ignore_errors=True)  # nobody knows their names any more
    own = place / "data" / OWNER
    for folder in (own, own / "writing", *own.glob("labs/*/")):
        sweep(folder)
    for folder in (place / "checkpoints").glob("*/"):
        unborn = _RUN.fullmatch(folder.name) and not (folder / "run.json").exists()  # ended before anything was learnt
        if unborn or any(folder.glob(".*.tmp")):
            with contextlib.suppress(UserError), hold(folder, "The command line is training it."):
                sweep(folder)
                if unborn:
                    shutil.rmtree(folder, ignore_errors=True)
    return claimed


def new_visitor() -> str:
    """A name for a visitor of a public Space that nobody can guess; made here, never taken from the browser."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Writing:
    """A stored document and the name it is removed by."""

    id: str
    document: Document


class Workspace:
    """The writing and the runs of one owner: "me", or a visitor's token.  Raises ValueError for any other name."""

    def __init__(self, owner: str = OWNER) -> None:
        if owner == OWNER:
            self.writing_folder = home() / "data" / OWNER / "writing"
            self.runs_folder = home() / "checkpoints"
        elif _TOKEN.fullmatch(owner):
            self.writing_folder = home() / "data" / "visitors" / owner / "writing"
            self.runs_folder = home() / "data" / "visitors" / owner / "runs"
        else:
            raise ValueError("an owner is 'me' or a token made by new_visitor")
        self.drafts_file = self.writing_folder / "drafts.jsonl"
        self.decisions_file = self.writing_folder.parent / "decisions.jsonl"
        self._picked_file = self.runs_folder / "picked.json"
        self.review_file = self.writing_folder.parent / "rewrite.json"
        self.sample_file = self.writing_folder.parent / "sample.json"
        self.labs_folder = self.writing_folder.parent / "labs"

    def add(self, document: Document) -> str:
        """Keep `document` and return its id; the same source and text again are the same document."""
        name = hashlib.sha256(f"{document.source}\0{document.text}".encode(errors="surrogatepass")).hexdigest()[:16]
        write_json(self.writing_folder / f"{name}.json", {"format": FORMAT, **asdict(document)})
        return name

    def writing(self) -> list[Writing]:
        """Everything kept, oldest first; a file that can't be read is left out."""
        found = []
        for path in sorted(self.writing_folder.glob("*.json"), key=lambda p: (p.stat().st_mtime_ns, p.name)):
            try:
                entry = read_json(path)
                document = Document(
                    entry["source"], entry["text"], entry["encoding"], tuple(entry["warnings"])
                )
            except (UserError, KeyError, TypeError):
                continue
            found.append(Writing(path.stem, document))
        return found

    def remove(self, id: str) -> None:
        """Forget one document.  Raises UserError where there is none of that name."""
        if id not in {entry.id for entry in self.writing()}:
            raise UserError("That piece of writing is no longer here; reload the page to see what is.")
        _delete(self.writing_folder / f"{id}.json")
        self._forget_drafts()

    def mask(self, id: str) -> str:
        """Put "•" signs in the place of what looks private in one document; its new id.  Raises UserError where there is none."""
        document = next((entry.document for entry in self.writing() if entry.id == id), None)
        if document is None:
            raise UserError("That piece of writing is no longer here; reload the page to see what is.")
        text = mask_secrets(document.text)
        warnings = [w for w in document.warnings if not is_about_secrets(w)] + list(filter(is_about_secrets, cautions(text)))
        new = self.add(replace(document, text=text, warnings=tuple(warnings)))
        if new != id:
            self.remove(id)
        return new

    def remove_all(self) -> None:
        """Forget all the writing, the drafts of it and what was decided; runs stay until they are deleted."""
        for path in self.writing_folder.parent.glob("*"):  # also what was made of it
            if path != self.runs_folder:
                _delete(path)

    def _forget_drafts(self) -> None:
        """Drafts of passages that stand in no writing any more."""
        if not self.drafts_file.is_file():
            return
        here = [" ".join(entry.document.text.split()) for entry in self.writing()]
        lines = self.drafts_file.read_text(encoding="utf-8").split("\n")
        kept = [line for line in lines if line.strip() and any(_passage(line) in text for text in here)]
        write_text(self.drafts_file, "".join(line + "\n" for line in kept))

    def new_run(self, name: str = "") -> Path:
        """A folder for a new run, named by the moment it starts (and `name`, as far as it makes a file name)."""
        folder = _new_folder(self.runs_folder, name)
        folder.mkdir(parents=True)
        return folder

    def new_comparison(self, name: str) -> Path:
        """Where a new comparison of architectures may be kept; the folder is made by its first result."""
        return _new_folder(self.labs_folder, name)

    def comparisons(self) -> list[Path]:
        """The folders of all comparisons, newest first: their names begin with the moment they did."""
        return sorted((path.parent for path in self.labs_folder.glob("*/results.json")), key=lambda p: p.name, reverse=True)

    def remove_comparison(self, name: str) -> None:
        """Delete a comparison.  Raises UserError where there is none of that name, or some of it stays."""
        for folder in self.comparisons():
            if folder.name == name:
                return _delete(folder)
        raise UserError("That comparison is no longer here; choose another one.")

    def runs(self) -> list[Path]:
        """The folders of all runs, newest first."""
        folders = [path.parent for path in self.runs_folder.glob("*/run.json")]
        return sorted(folders, key=lambda p: (p / "run.json").stat().st_mtime_ns, reverse=True)

    def run(self, name: str) -> Path:
        """The folder of the run called `name`.  Raises UserError where there is none: the name is looked up, not joined."""
        for folder in self.runs():
            if folder.name == name:
                return folder
        raise UserError("That run is no longer here; choose another one.")

    def remove_run(self, name: str) -> None:
        """Delete a run with its model, its curve and what it wrote last.

        Raises UserError where there is none of that name, or some of it stays.
        """
        _delete(self.run(name))
        if self.sample_file.is_file():
            with contextlib.suppress(UserError):
                if read_json(self.sample_file).get("voice") != name:
                    return
            _delete(self.sample_file)

    def rename_run(self, name: str, title: str) -> None:
        """Call the run `title`; its folder keeps its name.  Raises UserError where there is none, or for no good title."""
        folder, title = self.run(name), " ".join(title.split())
        if not title or len(title) > LONGEST_NAME or not title.isprintable():
            raise UserError(f"A run's name has between 1 and {LONGEST_NAME} characters; type another one.")
        if any(title in (run_name(other), other.name) for other in self.runs() if other != folder):
            raise UserError("Another run is called that already; choose another name.")
        file = folder / "run.json"
        when = file.stat()
        write_json(file, read_json(file) | {"name": title})
        os.utime(file, ns=(when.st_atime_ns, when.st_mtime_ns))  # a new name makes no run a newer one

    def pick_run(self, name: str) -> None:
        """Let the run speak wherever nothing else is chosen.  Raises UserError where there is none of that name."""
        write_json(self._picked_file, {"format": FORMAT, "run": self.run(name).name})

    def picked_run(self) -> Path | None:
        """The run that was picked, while it is there."""
        with contextlib.suppress(UserError):
            name = read_json(self._picked_file).get("run") if self._picked_file.is_file() else None
            return next((folder for folder in self.runs() if folder.name == name), None)
        return None

    def remove_visitor(self) -> None:
        """Delete everything of a visitor who has gone.  Raises ValueError for the owner of a laptop."""
        if self.runs_folder.parent != self.writing_folder.parent:
            raise ValueError("only a visitor's folder goes as a whole")
        shutil.rmtree(self.runs_folder.parent, ignore_errors=True)


def _new_folder(parent: Path, name: str) -> Path:
    """A folder that is not there yet, named by this moment and `name`, as far as it makes a file name."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    stem = "-".join(filter(None, [datetime.now().strftime("%Y-%m-%d-%H%M%S"), slug]))
    folder, n = parent / stem, 2
    while folder.exists():
        folder, n = parent / f"{stem}-{n}", n + 1
    return folder


def run_name(folder: Path) -> str:
    """What the person called the run in `folder`; nothing where they gave it no name."""
    try:
        name = read_json(folder / "run.json").get("name")
    except UserError:
        return ""
    return name if isinstance(name, str) else ""


def _passage(line: str) -> str:
    """The person's own words in a line of the drafts' file; of a damaged line, words that stand nowhere."""
    try:
        return " ".join(json.loads(line)["rewrite"].split())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "\0"


def _delete(path: Path) -> None:
    """A file or a whole folder.  Raises UserError where any of it stays: nobody may believe that it has gone."""
    with contextlib.suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if path.exists():
        raise UserError(f"{path} could not be deleted; close what has it open, or delete it by hand.")
