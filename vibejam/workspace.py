"""Where a person's writing and runs lie, and nothing else: one folder an owner, looked up by name, never joined from input.

    data/me/writing/ID.json          one document each, as it was read and cleaned
    checkpoints/RUN/                 one run each (checkpoint.py)
    data/visitors/TOKEN/...          the same two for each visitor of a public Space
"""

import hashlib
import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from vibejam.checkpoint import read_json
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.readers import Document

FORMAT = 1
OWNER = "me"  # the one person of a laptop
_TOKEN = re.compile(r"[0-9a-f]{32}")


def home() -> Path:
    """The folder that holds data/ and checkpoints/: VIBEJAM_HOME, else the source checkout, else ~/vibejam."""
    asked = os.environ.get("VIBEJAM_HOME")
    if asked:
        return Path(asked).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[1]
    return checkout if (checkout / "app.py").is_file() else Path.home() / "vibejam"


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
        (self.writing_folder / f"{id}.json").unlink(missing_ok=True)

    def remove_all(self) -> None:
        """Forget all the writing; runs stay until they are deleted."""
        shutil.rmtree(self.writing_folder, ignore_errors=True)

    def new_run(self, name: str = "") -> Path:
        """A folder for a new run, named by the moment it starts (and `name`, as far as it makes a file name)."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
        stem = "-".join(filter(None, [datetime.now().strftime("%Y-%m-%d-%H%M%S"), slug]))
        folder, n = self.runs_folder / stem, 2
        while folder.exists():
            folder, n = self.runs_folder / f"{stem}-{n}", n + 1
        folder.mkdir(parents=True)
        return folder

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
        """Delete a run with its model and its curve.  Raises UserError where there is none of that name."""
        shutil.rmtree(self.run(name), ignore_errors=True)

    def remove_visitor(self) -> None:
        """Delete everything of a visitor who has gone.  Raises ValueError for the owner of a laptop."""
        if self.runs_folder.parent != self.writing_folder.parent:
            raise ValueError("only a visitor's folder goes as a whole")
        shutil.rmtree(self.runs_folder.parent, ignore_errors=True)
