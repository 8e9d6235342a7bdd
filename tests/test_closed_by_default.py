"""What Gradio leaves open by default, and what has opened programs of its kind to strangers, is closed here; one test an item."""

import ast
import inspect
import os
import re
import tomllib
from pathlib import Path

import pytest
from app_hands import ROOT, nothing_left_running  # noqa: F401
from caller import Visitor
from guarded_app import free_port
from writing import essay

import app
from pages import state
from vibejam.files import write_json
from vibejam.guard import LARGEST_UPLOAD, launch_options

pytestmark = pytest.mark.security

SOURCES = {path: path.read_text(encoding="utf-8") for part in ("vibejam", "pages") for path in (ROOT / part).rglob("*.py")}
SOURCES[ROOT / "app.py"] = (ROOT / "app.py").read_text(encoding="utf-8")


def test_every_switch_that_gradio_leaves_on_is_off():
    options = launch_options("127.0.0.1", 7860)
    off = ("run_history", "enable_monitoring", "show_error", "share", "mcp_server", "ssr_mode")
    assert all(options[name] is False for name in off) and options["strict_cors"] is True
    assert options["app_kwargs"] | {"docs_url": None, "redoc_url": None, "openapi_url": None} == options["app_kwargs"]
    assert options["max_file_size"] == LARGEST_UPLOAD <= 100 * 2**20
    assert options["state_session_capacity"] == state.VISITORS_KEPT <= 100, "what pages hold in memory is bounded"
    assert not {"allowed_paths", "auth", "pwa"} & options.keys()
    assert "delete_cache=" in inspect.getsource(app.build_app), "an upload that nobody handed in goes within the hour"


@pytest.mark.parametrize(
    "hole",
    [
        r"trust_remote_code",  # LLaMA-Factory and others: the model's own code is run
        r"\bgr\.load\b|\bload_chat\b",  # Gradio: fetches a stranger's address
        r"FileExplorer",  # Gradio: read files out of its folder
        r"BrowserState",  # what is kept in the browser is readable there
        r"\ballowed_paths\b",
        r"\bshare\s*=\s*True",
        r"\bmcp_server\s*=\s*True",
        r"\beval\(|\bexec\(|\bos\.system\b|\bshell\s*=\s*True|\b__import__\(",
        r"allow_custom_value\s*=\s*True",
    ],
)
def test_what_has_opened_other_programs_stands_nowhere_in_the_code(hole):
    found = [path.name for path, text in SOURCES.items() if re.search(hole, re.sub(r"\.eval\(", ".", text))]
    assert not found


def test_the_holes_that_libraries_have_closed_are_behind_the_versions_that_are_asked_for():
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    least = {re.split(r"[<>=]", line)[0]: re.search(r">=([\d.]+)", line)[1] for line in asked}
    assert tuple(map(int, least["gradio"].split("."))) >= (6, 31), "files read outside, addresses fetched, cookies shared, brotli"
    assert tuple(map(int, least["torch"].split("."))) >= (2, 10), "CVE-2025-32434 and CVE-2026-24747"


def test_a_page_that_calls_itself_by_a_path_gets_no_other_folder(monkeypatch, home, tmp_path):
    """Gradio takes whatever name a browser gives its page; here nothing is found by it."""
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    blocks, port = app.build_app(), free_port()
    app.launch(blocks, "127.0.0.1", port)
    try:
        stranger = Visitor(f"http://127.0.0.1:{port}")
        stranger.session = f"../../../../..{tmp_path}/outside"
        stranger.call("greet", "../../../outside")  # and the owner, which the server alone knows, it says itself
        answer = stranger.call("take_pasted", "../../../outside", essay(0))
        stranger.leave()
        assert answer.data and not answer.error
    finally:
        blocks.close(verbose=False)
    assert not (tmp_path / "outside").exists()
    made = [path.relative_to(home) for path in home.rglob("*.json")]
    assert made and all(re.fullmatch(r"data/visitors/[0-9a-f]{32}/writing/[0-9a-f]{16}\.json", str(path)) for path in made)


def test_every_test_that_security_names_is_there_and_runs_with_one_of_its_two_commands():
    tests = {}  # name → what it is marked with
    for path in (ROOT / "tests").glob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        of_all = " ".join(ast.unparse(n) for n in tree.body if ast.unparse(n).startswith("pytestmark"))
        for test in (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")):
            tests[test.name] = " ".join([of_all, *map(ast.unparse, test.decorator_list)])
    named = re.findall(r"`(test_\w+)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert len(named) > 60 and not set(named) - tests.keys()
    assert not [name for name in named if not re.search(r"mark\.(security|faults)\b", tests[name])]


@pytest.mark.faults
def test_every_write_is_on_the_disk_before_it_takes_the_old_one_s_place(monkeypatch, tmp_path):
    done, sync, swap = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (done.append("fsync"), sync(descriptor)))
    monkeypatch.setattr(os, "replace", lambda old, new: (done.append("rename"), swap(old, new)))
    write_json(tmp_path / "a.json", {"a": 1})
    assert done[:2] == ["fsync", "rename"] and (os.name != "posix" or done[2:] == ["fsync"])
    writers = [path for path, text in SOURCES.items() if re.search(r"\bsave_file\(", text)]
    unsafe = [p.name for p in writers if "write_atomically" not in SOURCES[p]]
    assert not unsafe, "weights are written whole or not at all"
    assert Path(tmp_path / "a.json").is_file()
