"""kill -9 at any moment loses nothing that was said to be kept, and nothing that is found is half of something.

`VIBEJAM_KILLS=50 pytest -m faults tests/test_killed.py` kills fifty times a kind instead of three.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from app_hands import ME, ROOT, until
from guarded_app import free_port
from killable import CORPUS, KILLS, PASSAGES, STEPS, UPLOADS, save_pairs, train, upload, worker  # noqa: F401
from safetensors.torch import load_file
from tally import count, nothing_lost

import pages.train
import pages.write
from pages import state
from vibejam import checkpoint
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.rewrite.pairs import read_pairs
from vibejam.workspace import Workspace, claim

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def whole(worker, tmp_path_factory):  # noqa: F811
    """A run that nobody killed, and when it said what."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, worker.whole(train, str(folder), False)


def same_run(folder, other):
    """Whether two runs came to the same weights, the same state and the same curve, to the last bit."""
    states = [load_file(path / "train_state.safetensors") for path in (folder, other)]
    curves = [
        [(e["iteration"], e["train_loss"]) for e in checkpoint.read_metrics(path) if "val_loss" in e] for path in (folder, other)
    ]
    return (
        (folder / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()
        and states[0].keys() == states[1].keys()
        and all(states[0][name].equal(states[1][name]) for name in states[0])
        and curves[0] == curves[1]
    )


def leftovers(folder):
    return [path for path in folder.rglob("*.tmp")]


def test_a_run_killed_at_any_moment_opens_and_ends_as_the_one_that_was_never_killed(worker, whole, home):  # noqa: F811
    reference, moments = whole
    for _ in range(KILLS):
        folder = Workspace(ME).new_run("killed")
        said = worker.killed(train, str(folder), False, like=moments)
        with claim():  # the next start of the app
            nothing_lost(not leftovers(home), "a clean folder")
        saved = (folder / "train_state.safetensors").is_file()
        if saved:
            steps = checkpoint.load_state(folder).numbers["counters"]["iteration"]
            nothing_lost(steps >= 3 * ((said or [0])[-1] // 3), "the last measurement's state")
        else:
            nothing_lost(not said or said[-1] <= 3, "the first measurement's state")
        if (folder / "model.safetensors").is_file():
            checkpoint.load_model(folder)
            count("checkpoints that loaded")
        if (folder / "run.json").is_file():
            run = state.read_run(folder)
            nothing_lost(run.can_go_on and run.status in (state.INTERRUPTED, "done"), "the offer to resume")
            pages.train.opened(ME, folder.name)
            worker.whole(train, str(folder), True)
        else:
            folder.mkdir(exist_ok=True)  # it ended before there was a run, and was cleared away
            worker.whole(train, str(folder), False)
        nothing_lost(same_run(folder, reference), "the weights of a run that was never killed")
        count("faults survived")
        shutil.rmtree(folder)


def test_uploads_killed_at_any_moment_keep_every_piece_that_was_said_to_be_kept(worker, home, tmp_path):  # noqa: F811
    moments = worker.whole(upload, str(tmp_path / "all"))
    for _ in range(KILLS):
        shutil.rmtree(home, ignore_errors=True)
        said = worker.killed(upload, str(home), like=moments)
        with claim():
            nothing_lost(not leftovers(home), "a clean folder")
        found = {entry.id: entry.document.text for entry in Workspace(ME).writing()}
        nothing_lost(set(said) <= found.keys() and len(found) <= min(UPLOADS, len(said) + 1), "every piece")
        files = {path.stem for path in Workspace(ME).writing_folder.glob("*.json")}
        nothing_lost(files == found.keys(), "pieces that can all be read")
        pages.write.show(ME)
        count("faults survived")


def test_pairs_killed_at_any_moment_are_whole_and_the_same_command_finishes_them(worker, tmp_path):  # noqa: F811
    moments = worker.whole(save_pairs, str(tmp_path / "all.jsonl"))
    everything = {pair.id: pair for pair in read_pairs(tmp_path / "all.jsonl")}
    assert len(PASSAGES) > 50 and everything
    for number in range(KILLS):
        out = tmp_path / str(number) / "pairs.jsonl"
        said = worker.killed(save_pairs, str(out), like=moments)
        if any(said):
            nothing_lost(len(read_pairs(out)) >= said[-1], "every pair that was counted")
        worker.whole(save_pairs, str(out))
        nothing_lost({pair.id: pair for pair in read_pairs(out)} == everything, "the pairs of a command never killed")
        nothing_lost(not leftovers(out.parent), "a clean folder")
        count("faults survived")


@pytest.mark.slow
def test_the_app_killed_starts_again_and_clears_away_what_was_being_uploaded(home):
    """The whole program, through its own start; beside it a second one is told that the first is there."""
    (home / "log").parent.mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if name != "GRADIO_TEMP_DIR"} | {"VIBEJAM_HOME": str(home)}

    def command():
        return [sys.executable, "-u", str(ROOT / "app.py"), "--port", str(free_port()), "--no-browser"]

    def start():
        with (home / "log").open("w") as log:
            process = subprocess.Popen(command(), env=environment, stdout=log, stderr=log)
        while "vibejam is at" not in (home / "log").read_text():
            assert process.poll() is None, (home / "log").read_text()
            time.sleep(0.1)
        return process

    process = start()
    try:
        second = subprocess.run(command(), env=environment, capture_output=True, text=True, timeout=300)
        assert second.returncode == 2 and second.stderr.count("\n") == 1 and "open already" in second.stderr, second.stderr
        litter = home / "data" / "uploads" / "half an upload"
        litter.parent.mkdir(exist_ok=True)
        litter.write_text("SENTINEL")
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = start()
        nothing_lost(not litter.exists(), "a clean folder")
        count("faults survived")
    finally:
        process.kill()
        process.wait()


def test_a_second_process_on_one_run_is_told_so(tmp_path):
    text = tmp_path / "text"
    text.mkdir()
    for document in CORPUS.documents:
        (text / f"{document.source}.txt").write_text(document.text, encoding="utf-8")
    argv = [sys.executable, "-m", "vibejam.cli", "train-lm", "--text-path", str(text), "--ckpt-path", str(tmp_path / "run")]
    argv += ["--n-layer", "1", "--n-embd", "32", "--n-head", "2", "--block-size", "32", "--max-iters", "100000"]
    first = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    try:
        until((tmp_path / "run" / "run.json").is_file)
        second = subprocess.run([*argv, "--resume"], capture_output=True, text=True)
        assert second.returncode == 2 and second.stderr.count("\n") == 1 and "another vibejam" in second.stderr
    finally:
        first.kill()
        first.wait()
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    nothing_lost(run["status"] == "running", "the first one's run")
    count("faults survived")


def test_one_home_is_one_program_s():
    with claim():
        with pytest.raises(UserError, match="open already"):
            claim()
    with claim():
        pass


def test_what_visitors_left_in_a_server_that_was_killed_is_gone_at_the_next_start(home):
    from vibejam.workspace import new_visitor

    visitor = Workspace(new_visitor())
    visitor.add(CORPUS.documents[0])
    Workspace(ME).add(CORPUS.documents[0])
    with claim():
        assert visitor.writing() == [] and not (home / "data" / "visitors").exists()
        nothing_lost(len(Workspace(ME).writing()) == 1, "the owner's own writing")


def test_a_killed_run_s_voice_writes(worker, whole, tmp_path):  # noqa: F811
    _, moments = whole
    worker.killed(train, str(tmp_path), False, like=moments)
    worker.whole(train, str(tmp_path), (tmp_path / "run.json").is_file())
    assert StyleEngine(tmp_path).sample("the gate").text and checkpoint.read_metrics(tmp_path)[-1]["iteration"] == STEPS
