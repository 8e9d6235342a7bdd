"""What goes wrong around a run: a full disk, a folder that may not be written, NaN, text that goes, a clock that is set back."""

import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from killable import CORPUS, RECIPE
from learning import PLAN, Saves, dataset, same, small, train_some, weights
from tally import count, nothing_lost
from writing import write_folder

from vibejam import checkpoint
from vibejam import train as module
from vibejam.errors import UserError
from vibejam.files import write_text
from vibejam.jobs import FAILED, Jobs
from vibejam.learn import learn
from vibejam.readers import Document
from vibejam.rewrite.pairs import Pair, read_pairs, write_pairs
from vibejam.train import train_lm
from vibejam.workspace import Workspace

pytestmark = pytest.mark.faults

FULL_DISK = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from killable import CORPUS, RECIPE
    from vibejam.errors import UserError
    from vibejam.learn import learn
    from vibejam.readers import Document
    from vibejam.rewrite.pairs import Pair, read_pairs, write_pairs
    from vibejam.workspace import Workspace

    disk = Path({disk!r})
    def fill(leave):
        with open(disk / "ballast", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        with open(disk / "ballast", "r+b") as file:
            file.truncate(max(0, file.seek(0, 2) - leave))

    def told(what, act):
        try:
            act()
        except UserError as error:
            print(what, "|", error)

    def begin(resume):
        for event in learn(CORPUS, disk / "run", RECIPE, resume=resume, device="cpu"):
            if not resume and event.iteration == 7:
                fill(20_000)

    Workspace().add(Document("letter", "The gate was open.", "utf-8"))
    write_pairs(disk / "pairs.jsonl", [Pair("1", "a draft", "a rewrite", "given")])
    told("run", lambda: begin(False))
    told("writing", lambda: Workspace().add(Document("long", "x" * 99_999, "utf-8")))
    told("pairs", lambda: write_pairs(disk / "pairs.jsonl", [Pair("1", "a" * 99_999, "a rewrite", "given")]))
    (disk / "ballast").unlink()
    assert [entry.document.text for entry in Workspace().writing()] == ["The gate was open."]
    assert [pair.draft for pair in read_pairs(disk / "pairs.jsonl")] == ["a draft"]
    begin(True)
    print("resumed")
    """
)


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room_again(tmp_path):
    """A real one, of two megabytes, where this system lets one be made."""
    disk = tmp_path / "disk"
    disk.mkdir()
    code = tmp_path / "fill.py"
    code.write_text(FULL_DISK.format(tests=str(Path(__file__).parent), disk=str(disk)), encoding="utf-8")
    keep = tmp_path / "after"
    script = f"mount -t tmpfs -o size=2m tmpfs {disk} || exit 77; {sys.executable} {code} && cp -r {disk}/run {keep}"
    if shutil.which("unshare") is None:
        pytest.skip("NOT RUN: there is no `unshare` here, so no small disk could be made to fill")
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script],
        env={**os.environ, "VIBEJAM_HOME": str(disk / "home")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("NOT RUN: this system lets nobody mount a small disk, so none was filled")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(" |")[0] for line in lines] == ["run", "writing", "pairs", "resumed"], done.stdout
    assert all("free some space" in line and line.endswith(".") for line in lines[:3])
    for _ in learn(CORPUS, tmp_path / "whole", RECIPE, device="cpu"):
        pass
    nothing_lost(
        (keep / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes(),
        "the weights of a run whose disk was never full",
    )
    nothing_lost(not list(keep.glob(".*.tmp")), "a clean folder")
    count("faults survived", 3)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="NOT RUN: the administrator may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_sentence_for_everything_that_writes(tmp_path, home):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    _refused_everywhere(closed)


def test_a_file_in_the_folder_s_place_is_a_sentence_for_everything_that_writes(tmp_path):
    """What stands for a read-only folder where the administrator runs the tests."""
    closed = tmp_path / "closed"
    closed.write_text("no folder")
    _refused_everywhere(closed)


def _refused_everywhere(closed):
    for act in (
        lambda: next(learn(CORPUS, closed / "run", RECIPE, device="cpu")),
        lambda: write_pairs(closed / "pairs.jsonl", [Pair("1", "a", "b", "given")]),
        lambda: write_text(closed / "a.txt", "text"),
    ):
        with pytest.raises(UserError, match="may write to") as refusal:
            act()
        assert "\n" not in str(refusal.value) and str(refusal.value).endswith(".")
        count("faults survived")


def gives_nan_at(steps):
    """A model whose loss is no number at these steps."""
    model, calls = small(dropout=0.0), []

    class Sometimes(type(model)):
        def loss(self, *batch):  # of the model that computes, which is a copy in bfloat16 where the CPU has it
            calls.append(1)
            value = super().loss(*batch)
            return value * float("nan") if self.training and len(calls) in steps else value

    model.__class__ = Sometimes
    return model


def test_after_a_step_that_gave_no_number_the_rate_recovers(monkeypatch):
    plan = replace(PLAN, max_iters=140, evals=1)
    events = list(train_lm(gives_nan_at({5, 6}), dataset(), plan))
    clean = list(train_lm(small(dropout=0.0), dataset(), plan))
    assert [e.iteration for e in events if e.note] == [5, 6] and "for a while" in events[4].note
    shares = [a.lr / b.lr for a, b in zip(events, clean, strict=True)]
    assert shares[6] == pytest.approx(0.25) and 0.4 < shares[60] < 0.6, "half of the way after as many good steps as a halving is"
    assert shares[-1] == pytest.approx(1.0), "today's fault is forgotten"
    assert all(e.train_loss == e.train_loss for e in events[6:])
    count("faults survived", 2)


def test_a_rate_that_is_recovering_goes_on_recovering_after_a_break():
    """The state carries it, so a resumed run is the uninterrupted one, bit for bit, through a NaN as well."""
    whole = Saves()
    model = train_some(save=whole, model=gives_nan_at({5}))
    part = Saves()
    train_some(until=20, save=part, model=gives_nan_at({5}))
    saved = part.last("last")[2]
    assert saved.numbers["counters"]["lr_scale"] < 1
    resumed = train_some(state=saved, model=small(seed=9, dropout=0.0))
    nothing_lost(same(weights(resumed), weights(model)), "the weights of the run that was not broken off")


def test_a_loss_that_stays_nan_ends_in_a_sentence_and_the_best_model_is_kept():
    saves = Saves()
    model = gives_nan_at(range(25, 100))
    with pytest.raises(UserError, match="no longer a number"):
        list(train_lm(model, dataset(), PLAN, save=saves))
    nothing_lost(all(bool(w.isfinite().all()) for w in saves.last("best")[1].values()), "the best model")
    count("faults survived")


def test_memory_that_runs_out_is_a_sentence_and_what_was_saved_is_kept(tmp_path, monkeypatch):
    """torch has no kind of error for it on a CPU, only words; these are its own."""
    with pytest.raises(RuntimeError) as real:
        torch.empty(2**60)
    told = str(real.value)
    original, calls = module._measure, []

    def greedy(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError(told)
        return original(*arguments)

    monkeypatch.setattr(module, "_measure", greedy)
    job = Jobs().start(tmp_path, lambda: learn(CORPUS, tmp_path, RECIPE, device="cpu"))
    assert job.wait(120) and job.status == FAILED
    assert "ran out of memory" in job.error and "smaller" in job.error
    checkpoint.load_model(tmp_path)
    monkeypatch.undo()
    last = [event for event in learn(CORPUS, tmp_path, RECIPE, device="cpu", resume=True)][-1]
    nothing_lost(last.progress == 1, "the rest of the run")
    count("faults survived")


def test_writing_deleted_in_mid_run_changes_nothing_for_that_run_and_is_told_at_the_next(tmp_path):
    folder = write_folder(tmp_path / "text", 3)
    argv = [sys.executable, "-m", "vibejam.cli", "train-lm", "--text-path", str(folder), "--n-layer", "1", "--n-embd", "32"]
    argv += ["--n-head", "2", "--block-size", "32", "--batch-size", "4", "--max-iters", "60"]
    process = subprocess.Popen([*argv, "--ckpt-path", str(tmp_path / "run")], stderr=subprocess.PIPE, text=True)
    while "step" not in (line := process.stderr.readline()):
        assert process.poll() is None, line
    (folder / "essay-0.txt").unlink()
    rest = process.communicate()[1]
    assert process.returncode == 0 and "Traceback" not in rest
    checkpoint.load_model(tmp_path / "run")
    shutil.rmtree(folder)
    done = subprocess.run([*argv, "--ckpt-path", str(tmp_path / "run"), "--resume"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    nothing_lost((tmp_path / "run" / "model.safetensors").is_file(), "the voice")
    count("faults survived", 2)


def test_a_clock_that_is_set_back_changes_no_run_and_overwrites_none(tmp_path, monkeypatch):
    import time
    from datetime import datetime

    from vibejam import workspace

    hours = iter(range(10**9, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(hours)))
    events = list(learn(CORPUS, tmp_path, RECIPE, device="cpu"))
    assert all(a.seconds <= b.seconds and a.progress <= b.progress for a, b in zip(events, events[1:], strict=False))
    monkeypatch.undo()

    class Stuck(datetime):
        @classmethod
        def now(cls, *_):
            return cls(2001, 1, 1)

    monkeypatch.setattr(workspace, "datetime", Stuck)
    folders = [Workspace().new_run() for _ in range(3)]
    nothing_lost(len(set(folders)) == 3, "a folder for each run")
    count("faults survived")


def test_the_settings_of_a_file_that_was_cut_short_are_refused_and_the_rest_still_read(home):
    space = Workspace()
    ids = [space.add(Document(f"{n}", f"Letter {n}.", "utf-8")) for n in range(3)]
    path = space.writing_folder / f"{ids[1]}.json"
    path.write_bytes(path.read_bytes()[:-9])
    nothing_lost({entry.id for entry in space.writing()} == {ids[0], ids[2]}, "the pieces beside a damaged one")
    write_pairs(home / "p.jsonl", [Pair("1", "a", "b", "given")])
    (home / "p.jsonl").write_bytes((home / "p.jsonl").read_bytes() + b'{"draft": "c", "rew')
    with pytest.raises(UserError, match="Line 2"):
        read_pairs(home / "p.jsonl")
    count("faults survived", 2)
