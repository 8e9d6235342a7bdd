"""vibejam on a Space of Hugging Face: one that lends a GPU for seconds, with a stand-in for its package that forks as that does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from vibejam import runtime

ROOT = Path(__file__).resolve().parents[1]
SPACE = {"SPACE_ID": "someone/vibejam", "SPACE_HOST": "someone-vibejam.hf.space", "SPACES_ZERO_GPU": "true"}
LENDING_KNOWS = ("2.10.0", "2.11.0")  # versions of torch that such Spaces support, of those without known holes


def visited(home: Path, *how: str, chunks: int = 99, environment: dict[str, str] = SPACE) -> dict:
    """What came of a visit; `chunks`: how often a GPU is lent."""
    path = os.pathsep.join([str(ROOT / "tests" / "space"), str(ROOT)])
    names = {name: value for name, value in os.environ.items() if not name.startswith(("SPACE", "OPENAI_", "VIBEJAM_"))}
    names |= {"VIBEJAM_HOME": str(home), "PYTHONPATH": path, "STAND_IN_CHUNKS": str(chunks), "OMP_NUM_THREADS": "1"} | environment
    program = [sys.executable, str(ROOT / "tests" / "space" / "visit_a_space.py"), str(ROOT / "tests"), *how]
    done = subprocess.run(program, env=names, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def in_one_go(tmp_path_factory) -> dict:
    """The same run where nothing is lent: a Space with a CPU of its own."""
    found = visited(tmp_path_factory.mktemp("one"), "asked", environment=SPACE | {"SPACES_ZERO_GPU": ""})
    assert found["status"] == "done" and found["lent"] == []
    return found


def test_a_run_in_chunks_on_a_lent_gpu_ends_bit_for_bit_as_in_one_go(tmp_path, in_one_go):
    found = visited(tmp_path, "asked", "stepwise", chunks=4000)
    assert found["status"] == found["run"] == "done" and found["iters"] == in_one_go["iters"] == 8
    assert len(found["lent"]) > 3 and set(found["lent"]) == {60} and found["processes"] == len(found["lent"])
    assert found["iterations"] == sorted(found["iterations"]) and found["iterations"][-1] == 8
    assert found["weights"] == in_one_go["weights"]


@pytest.mark.parametrize(("how", "chunks"), [(("asked",), 1), ((), 99)])
def test_where_the_gpu_is_refused_the_run_goes_on_on_the_cpu_and_says_so(tmp_path, in_one_go, how, chunks):
    """Refused after one chunk, as when a visitor's minutes are used up; and at once, as without a request."""
    found = visited(tmp_path, *how, "stepwise", chunks=chunks)
    assert found["status"] == "done" and found["iters"] == 8 and found["weights"] == in_one_go["weights"]
    assert len(found["lent"]) == (1 if how else 0)
    assert any("CPU" in note for note in found["notes"]) == bool(how)


def test_a_stop_between_chunks_keeps_the_run(tmp_path):
    found = visited(tmp_path, "asked", "stepwise", "stopped", chunks=4000)
    assert found["status"] == found["run"] == "stopped" and 0 < found["iters"] < 8 and found["error"] == ""


def test_a_space_shows_its_visitors_no_settings_a_button_to_copy_it_and_programs_nothing(in_one_go):
    assert in_one_go["duplicate"] and in_one_go["public"] == [] and in_one_go["settings"] == [False]
    assert "/visitors/" in in_one_go["folder"] and not Path(in_one_go["folder"]).exists(), "a visitor who has gone leaves nothing"


def test_one_place_says_what_machine_this_is(monkeypatch):
    import torch

    for name in SPACE:
        monkeypatch.delenv(name, raising=False)
    assert not runtime.is_space() and not runtime.is_zero_gpu()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert runtime.pick_device().type == "cuda"
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert not runtime.is_zero_gpu(), "that name alone makes no Space"
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    assert runtime.is_space() and runtime.is_zero_gpu()
    assert runtime.pick_device().type == "cpu", "torch says there that a GPU is always there; it is not"
    monkeypatch.setenv("SPACES_ZERO_GPU", "false")
    assert runtime.is_space() and not runtime.is_zero_gpu() and runtime.pick_device().type == "cuda"


def test_what_a_space_reads_of_this_repository_fits_such_a_space():
    front = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    assert front["sdk"] == "gradio" and front["app_file"] == "app.py" and front["python_version"].startswith("3.12")
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = {r.name: r for r in map(Requirement, (line for line in lines if line and not line.startswith("#")))}
    assert Version(front["sdk_version"]) in wanted["gradio"].specifier
    assert all(version in wanted["torch"].specifier for version in LENDING_KNOWS) and "2.12.0" not in wanted["torch"].specifier
