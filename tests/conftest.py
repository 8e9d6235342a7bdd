"""What every test may use: a home of its own, one CPU thread, and the real corpora where they are at hand."""

import os
from pathlib import Path

import pytest
import tally

# before torch is imported: on a busy machine two threads that wait for each other are several times slower than one
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before anything imports gradio

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture
def shared_corpora() -> Path:
    """The folder of real writing beside the repository; a test that needs it is skipped, loudly, without it."""
    folder = SHARED / "corpora"
    if not folder.is_dir():
        pytest.skip("NOT RUN: ../shared/corpora is not beside this repository, so this real-text test could not run")
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """Each test has a vibejam home of its own and no key of the person who runs it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("VIBEJAM_HOME", str(folder))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIBEJAM_LLM_MODEL", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    return folder


def pytest_terminal_summary(terminalreporter) -> None:
    lines = tally.report()
    if lines:
        terminalreporter.section("counted")
        terminalreporter.write_line("\n".join(lines))
