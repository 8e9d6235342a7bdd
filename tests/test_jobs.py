"""Training belongs to the process: any page may look, stop, pause and resume, and a crash is a pause nobody asked for."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from writing import essay, write_folder

from vibejam import checkpoint
from vibejam.corpus import build_corpus, load_corpus
from vibejam.errors import UserError
from vibejam.jobs import DONE, FAILED, LONGEST_LINE, PAUSED, STOPPED, Jobs
from vibejam.learn import learn
from vibejam.readers import Document
from vibejam.recipe import plan_run

SHAPE = {"n_layer": 1, "n_head": 2, "n_embd": 32, "block_size": 32}
CORPUS = build_corpus([Document(f"essay {n}", essay(n), "utf-8") for n in range(8)])


def recipe(steps: int):
    return plan_run(CORPUS.characters, max_iters=steps, shape=SHAPE, train={"batch_size": 4})


def until(condition, seconds: float = 60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def test_a_run_ends_done_with_its_whole_curve_and_figures(tmp_path):
    job = Jobs().start(tmp_path, lambda: learn(CORPUS, tmp_path, recipe(20)))
    assert job.wait(120) and job.status == DONE, job.error
    assert [e["iteration"] for e in job.events] == list(range(1, 21))
    assert job.since(18) == job.events[18:]
    run = checkpoint.read_json(tmp_path / "run.json")
    assert run["status"] == "done" and run["figures"]["iters"] == 20
    measured = [e for e in job.events if "val_loss" in e]
    assert measured and all(e["sample"].startswith("I think ") for e in measured)


def test_a_second_run_is_refused_kindly_while_one_is_alive(tmp_path):
    jobs = Jobs()
    job = jobs.start(tmp_path / "a", lambda: learn(CORPUS, tmp_path / "a", recipe(100_000)))
    with pytest.raises(UserError, match="already in progress"):
        jobs.start(tmp_path / "b", lambda: learn(CORPUS, tmp_path / "b", recipe(5)))
    assert jobs.alive() is job
    job.stop()
    assert job.wait(60) and jobs.alive() is None


def test_where_strangers_share_the_machine_runs_begin_in_turn(tmp_path):
    jobs, began = Jobs(), []

    def go(name, gate):
        def work():
            began.append(name)
            gate.wait(60)
            return
            yield

        return jobs.start(tmp_path / name, work, in_line=True)

    gates = [threading.Event() for _ in range(4)]
    first, second, third, fourth = (go(name, gate) for name, gate in zip("abcd", gates, strict=True))
    until(lambda: began == ["a"])
    assert jobs.alive() is first and [jobs.place(tmp_path / name) for name in "abcd"] == [0, 1, 2, 3]
    with pytest.raises(UserError, match="already in progress"):
        jobs.start(tmp_path / "e", lambda: iter(()))
    second.stop()
    assert second.status == STOPPED and second.wait(0) and jobs.place(tmp_path / "c") == 1
    for gate in gates:
        gate.set()
    until(lambda: not fourth.alive)
    assert began == ["a", "c", "d"] and jobs.alive() is None and {first.status, third.status, fourth.status} == {DONE}


def test_the_line_has_an_end(tmp_path):
    jobs, gate = Jobs(), threading.Event()

    def work():
        gate.wait(60)
        return
        yield

    made = [jobs.start(tmp_path / str(n), work, in_line=True) for n in range(1 + LONGEST_LINE)]
    with pytest.raises(UserError, match="waiting in line already"):
        jobs.start(tmp_path / "one more", work, in_line=True)
    gate.set()
    until(lambda: not any(job.alive for job in made))


def test_stop_keeps_a_usable_model(tmp_path):
    job = Jobs().start(tmp_path, lambda: learn(CORPUS, tmp_path, recipe(100_000)))
    until(lambda: len(job.events) > 3)
    job.stop()
    assert job.wait(60) and job.status == STOPPED
    checkpoint.load_model(tmp_path)
    run = checkpoint.read_json(tmp_path / "run.json")
    assert run["status"] == "stopped" and run["figures"]["val_bits_per_byte"] > 0


def test_pause_and_resume_give_one_curve_and_the_weights_of_a_run_never_paused(tmp_path):
    jobs = Jobs()
    paused = jobs.start(tmp_path / "paused", lambda: learn(CORPUS, tmp_path / "paused", recipe(60)))
    until(lambda: len(paused.events) > 5)
    paused.pause()
    assert paused.wait(60) and paused.status == PAUSED
    assert 0 < len(paused.events) < 60
    resumed = jobs.start(tmp_path / "paused", lambda: learn(CORPUS, tmp_path / "paused", recipe(60), resume=True))
    assert resumed.wait(120) and resumed.status == DONE, resumed.error
    whole = jobs.start(tmp_path / "whole", lambda: learn(CORPUS, tmp_path / "whole", recipe(60)))
    assert whole.wait(120)
    assert resumed.events[-1]["iteration"] == 60 and resumed.events[-1]["train_loss"] == whole.events[-1]["train_loss"]
    assert (tmp_path / "paused/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()


def test_train_longer_goes_on_from_where_a_finished_run_ended(tmp_path):
    jobs = Jobs()
    assert jobs.start(tmp_path, lambda: learn(CORPUS, tmp_path, recipe(20))).wait(120)
    job = jobs.start(tmp_path, lambda: learn(CORPUS, tmp_path, recipe(40), resume=True))
    assert job.wait(120) and job.status == DONE, job.error
    assert job.events[-1]["iteration"] == 40
    assert checkpoint.read_json(tmp_path / "run.json")["figures"]["iters"] == 40


def test_a_failing_run_is_one_sentence_and_frees_the_worker(tmp_path):
    jobs = Jobs()
    tiny = build_corpus([Document("note", "Hi.", "utf-8")])
    job = jobs.start(tmp_path, lambda: learn(tiny, tmp_path, recipe(5)))
    assert job.wait(60) and job.status == FAILED
    assert job.error.endswith(".") and "200" in job.error and "\n" not in job.error
    assert jobs.alive() is None


def test_a_fault_of_ours_is_told_without_its_traceback(tmp_path, caplog):
    def broken():
        raise RuntimeError("secret words of the person")
        yield

    job = Jobs().start(tmp_path, broken)
    assert job.wait(60) and job.status == FAILED
    assert "secret" not in job.error and "RuntimeError" in job.error


@pytest.mark.faults
def test_a_killed_run_is_resumed_to_the_same_weights(tmp_path):
    """kill -9 in mid-run, then resume: bit for bit the run that was never killed."""
    writing = write_folder(tmp_path / "writing")
    argv = [sys.executable, "-m", "vibejam.cli", "train-lm", "--text-path", str(writing), "--max-iters", "80", "--json"]
    argv += ["--n-layer", "1", "--n-embd", "32", "--n-head", "2", "--block-size", "32", "--batch-size", "4"]
    killed, whole = str(tmp_path / "killed"), str(tmp_path / "whole")
    process = subprocess.Popen([*argv, "--ckpt-path", killed], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    steps = (line for line in process.stderr if "step" in line)
    for _ in range(3):
        next(steps)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert json.loads((tmp_path / "killed/run.json").read_text())["status"] == "running"
    for folder, extra in ((killed, ["--resume"]), (whole, [])):
        subprocess.run([*argv, "--ckpt-path", folder, *extra], check=True, capture_output=True, env=os.environ)
    assert (tmp_path / "killed/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()
    curve = [e["iteration"] for e in checkpoint.read_metrics(tmp_path / "killed")]
    assert curve == sorted(set(curve)) and curve[-1] == 80


def test_resuming_with_other_writing_says_so(tmp_path):
    for _ in learn(CORPUS, tmp_path, recipe(10)):
        pass
    other = build_corpus([Document(f"essay {n}", essay(n), "utf-8") for n in range(20, 28)])
    for _ in learn(other, tmp_path, recipe(20), resume=True):
        pass
    assert any("changed" in note for note in checkpoint.read_json(tmp_path / "run.json")["notes"])


def test_held_out_writing_is_never_learnt_from(tmp_path):
    held = build_corpus([Document("held", essay(3), "utf-8")])
    for _ in learn(CORPUS, tmp_path, recipe(5), held=held):
        pass
    run = checkpoint.read_json(tmp_path / "run.json")
    assert any("held out too" in note for note in run["notes"])
    assert run["text"]["train_characters"] == CORPUS.characters - len(held.documents[0].text)


@pytest.mark.security
def test_a_run_keeps_no_text_of_the_person(tmp_path):
    text = essay(1).replace("the gate", "a xylophone")
    write_folder(tmp_path / "writing")
    (tmp_path / "writing" / "marked.txt").write_text(text, encoding="utf-8")
    for _ in learn(load_corpus(tmp_path / "writing"), tmp_path / "run", recipe(5)):
        pass
    for path in (tmp_path / "run").iterdir():
        assert b"xylophone" not in path.read_bytes(), path.name
