"""A run that was changed anywhere, by a fault or a stranger, goes on or is refused in a sentence; so with its rewrites and exports.

As in test_fuzz.py the budget is fixed, and VIBEJAM_FUZZ=50 makes it fifty times as large.
"""

import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tally import count
from test_fuzz import JSON, budget, paths_in
from writing import essay

from vibejam.cli import main

pytestmark = pytest.mark.security

SMALL = "--n-layer 1 --n-embd 32 --n-head 2 --block-size 32 --batch-size 4".split()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that was stopped, and the writing it learns from."""
    place = tmp_path_factory.mktemp("place")
    (place / "text").mkdir()
    for number in range(6):
        (place / "text" / f"{number}.txt").write_text(essay(number, paragraphs=2))
    argv = ["train-lm", "--text-path", str(place / "text"), "--ckpt-path", str(place / "run"), "--max-iters", "4", *SMALL]
    with redirect_stderr(StringIO()), redirect_stdout(StringIO()):
        assert main(argv) == 0
    return place


def answer(argv: list[str]) -> None:
    """Whatever a command comes to, it says so."""
    told = StringIO()
    with redirect_stderr(told), redirect_stdout(StringIO()):
        try:
            status = main(argv)
        except SystemExit as ended:
            status = ended.code
    assert status in (0, 2) and "Traceback" not in told.getvalue(), told.getvalue()
    count("inputs refused in a sentence", status == 2)


def changed(data, value: dict) -> dict:
    """One place of `value` is nonsense now, or is gone."""
    places = [place for place in paths_in(value) if place]
    *way, last = data.draw(st.sampled_from(places))
    inner = value
    for key in way:
        inner = inner[key]
    if data.draw(st.booleans()):
        inner[last] = data.draw(JSON)
    else:
        del inner[last]
    return value


def resume(place) -> None:
    argv = ["train-lm", "--text-path", str(place / "text"), "--ckpt-path", str(place / "copy"), "--max-iters", "6", "--resume"]
    answer(argv)


@pytest.fixture
def copied(run):
    def fresh():
        shutil.rmtree(run / "copy", ignore_errors=True)
        shutil.copytree(run / "run", run / "copy")
        return run / "copy"

    return fresh


@given(data=st.data())
@budget(12)
def test_a_run_json_changed_anywhere_is_resumed_rewritten_and_exported_or_refused(run, copied, data):
    count("inputs tried")
    folder = copied()
    value = changed(data, json.loads((folder / "run.json").read_text()))
    (folder / "run.json").write_bytes(json.dumps(value).encode(errors="surrogatepass"))
    answer(["rewrite-demo", "--ckpt-path", str(folder), "--draft", "It is important to note that we utilise it."])
    answer(["export", "--ckpt-path", str(folder), "--format", "gguf", "--out", str(run / "out.gguf")])
    resume(run)


@given(data=st.data())
@budget(12)
def test_numbers_of_a_saved_state_changed_anywhere_are_gone_on_from_or_refused(run, copied, data):
    count("inputs tried")
    path = copied() / "train_state.safetensors"
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
    about["numbers"] = json.dumps(changed(data, json.loads(about["numbers"])))
    save_file(load_file(path), path, metadata=about)
    resume(run)


@given(data=st.data())
@budget(12)
def test_tensors_of_a_saved_state_changed_anywhere_are_gone_on_from_or_refused(run, copied, data):
    count("inputs tried")
    path = copied() / "train_state.safetensors"
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
    tensors = load_file(path)
    name = data.draw(st.sampled_from(sorted(tensors)))
    old = tensors[name]
    choices = {
        "gone": None,
        "not a number": torch.full(old.shape, float("nan")),
        "infinite": torch.full(old.shape, float("inf")),
        "longer": torch.zeros((*old.shape, 2)),
        "flat": torch.zeros(3),
        "empty": torch.zeros(0),
        "whole": torch.full(old.shape, 2**40, dtype=torch.int64),
        "bytes": torch.zeros(old.shape, dtype=torch.uint8),
        "negative": -old.float() - 1,
        "renamed": old,
    }
    what = data.draw(st.sampled_from(sorted(choices)))
    del tensors[name]
    if what == "renamed":
        tensors[data.draw(st.sampled_from(["optimizer.x", "optimizer.step.no such", "", "optimizer.", "model."]))] = old
    elif what != "gone":
        tensors[name] = choices[what].contiguous()
    save_file(tensors, path, metadata=about)
    resume(run)
