"""The command line's contract: flags, JSON fields, exit status, and that stdout holds results alone."""

import json
import os
import subprocess
import sys

import pytest
from writing import essay, write_folder

from vibejam.cli import main


def run(capsys, *argv: str) -> dict:
    """Run a command that must succeed; its last line of stdout as JSON."""
    assert main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    """A folder of writing and a voice trained on it for thirty steps by the real command."""
    base = tmp_path_factory.mktemp("voice")
    write_folder(base / "writing")
    write_folder(base / "held", 2)
    (base / "held" / "essay-0.txt").write_text(essay(40), encoding="utf-8")
    (base / "held" / "essay-1.txt").write_text(essay(41), encoding="utf-8")
    argv = ["train-lm", "--text-path", str(base / "writing"), "--val-path", str(base / "held")]
    argv += ["--ckpt-path", str(base / "run"), "--max-iters", "30", "--n-layer", "1", "--n-embd", "32", "--n-head", "2"]
    argv += ["--block-size", "48", "--batch-size", "4", "--seed", "5", "--json"]
    done = subprocess.run([sys.executable, "-m", "vibejam.cli", *argv], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return base, json.loads(done.stdout.splitlines()[-1]), done


def test_toy_test_prints_the_shape_and_the_loss(capsys):
    result = run(capsys, "toy-test")
    assert result["logits_shape"] == [2, 32, 65] and result["loss"] > 0


def test_train_lm_prints_every_field_and_keeps_progress_off_stdout(voice):
    base, result, done = voice
    fields = "val_loss val_bits_per_byte iters seconds tokens_per_second parameters stopped_early ckpt_path"
    assert set(fields.split()) <= set(result)
    assert result["iters"] == 30 and result["ckpt_path"] == str(base / "run")
    assert len(done.stdout.splitlines()) == 1 and "bits per byte" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="NOT RUN: names a compiler as other systems do")
def test_a_model_that_cant_be_translated_is_one_sentence(tmp_path):
    write_folder(tmp_path / "writing")
    argv = ["train-lm", "--text-path", str(tmp_path / "writing"), "--ckpt-path", str(tmp_path / "run"), "--max-iters", "2"]
    argv += ["--n-layer", "1", "--n-embd", "16", "--n-head", "2", "--block-size", "16", "--device", "cpu", "--compile"]
    environment = {**os.environ, "CXX": str(tmp_path / "none"), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-m", "vibejam.cli", *argv], capture_output=True, text=True, env=environment)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "install one, or leave it out" in done.stderr.splitlines()[-1]


def test_evaluate_agrees_with_what_training_said(voice, capsys):
    base, trained, _ = voice
    result = run(capsys, "evaluate", "--ckpt-path", str(base / "run"), "--text-path", str(base / "held"))
    assert result["bits_per_byte"] == pytest.approx(trained["val_bits_per_byte"], abs=1e-6)
    assert result["loss"] == pytest.approx(trained["val_loss"], abs=1e-6)
    assert result["bytes"] == sum(len(p.read_bytes()) for p in (base / "held").iterdir())
    assert result["tokens"] > 0


def test_sample_lm_repeats_itself_for_a_seed_and_only_then(voice, capsys):
    base, *_ = voice
    argv = ["sample-lm", "--ckpt-path", str(base / "run"), "--prompt", "The gate", "--max-new-tokens", "40"]
    first, again = (run(capsys, *argv, "--seed", "3") for _ in range(2))
    other = run(capsys, *argv, "--seed", "4")
    assert first["text"] == again["text"] != other["text"]
    assert {"tokens", "tokens_per_second", "longest_copied_run"} <= set(first)


def test_rewrite_demo_writes_one_line_a_draft(voice, capsys, tmp_path):
    base, *_ = voice
    drafts = tmp_path / "drafts.jsonl"
    drafts.write_text('{"id": "a", "draft": "The gate is open."}\n\n{"id": "b", "draft": "It rained."}\n', encoding="utf-8")
    out = tmp_path / "out.jsonl"
    summary = run(capsys, "rewrite-demo", "--ckpt-path", str(base / "run"), "--drafts", str(drafts), "--out", str(out))
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert summary["drafts"] == 2 and [row["id"] for row in rows] == ["a", "b"]
    assert set(rows[0]) == set("id draft rewrite meaning style_draft style_rewrite kept_as_is seconds".split())


@pytest.mark.parametrize("draft", ["", " \n\n\t\n"])
def test_an_empty_draft_is_nothing_to_rewrite(voice, capsys, draft):
    base, *_ = voice
    assert main(["rewrite-demo", "--ckpt-path", str(base / "run"), "--draft", draft]) == 2
    assert "nothing to rewrite" in capsys.readouterr().err


def test_prepared_data_trains_like_the_folder_it_came_from(capsys, tmp_path):
    write_folder(tmp_path / "writing", 3)
    (tmp_path / "writing" / "empty.txt").write_bytes(b"")
    (tmp_path / "writing" / "copy.txt").write_text(essay(0), encoding="utf-8")
    out = tmp_path / "corpus.txt"
    result = run(capsys, "prepare-data", "--raw", str(tmp_path / "writing"), "--out", str(out))
    assert result["documents"] == 3 and result["duplicates"] == 1
    assert [s["file"] for s in result["skipped"]] == ["empty.txt"] and result["skipped"][0]["reason"]
    again = run(capsys, "prepare-data", "--raw", str(out), "--out", str(tmp_path / "again.txt"))
    assert (again["documents"], again["characters"]) == (3, result["characters"])
    assert out.read_bytes() == (tmp_path / "again.txt").read_bytes()


@pytest.mark.parametrize(
    "argv",
    [
        ["no-such-command"],
        ["train-lm", "--text-path", "x"],
        ["train-lm", "--text-path", "nowhere", "--ckpt-path", "run"],
        ["train-lm", "--text-path", "README", "--ckpt-path", "run", "--n-head", "3", "--max-iters", "5"],
        ["evaluate", "--ckpt-path", "nowhere", "--text-path", "README"],
        ["sample-lm", "--ckpt-path", "nowhere", "--prompt", "x"],
        ["rewrite-demo", "--ckpt-path", "nowhere", "--draft", "x", "--drafts", "y"],
        ["compare", "--ckpt-path", "nowhere", "--instruction", "x", "--out", "x.html"],
        ["train-lm", "--text-path", "README", "--ckpt-path", "run", "--device", "abacus", "--max-iters", "5"],
    ],
)
def test_bad_input_is_one_line_and_status_2(argv, tmp_path):
    (tmp_path / "README").write_text(essay(1), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "vibejam.cli", *argv], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == "" and len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr


def test_too_little_writing_says_how_much_there_is_and_is_needed(tmp_path, capsys):
    (tmp_path / "note.txt").write_text("Hi.", encoding="utf-8")
    assert main(["train-lm", "--text-path", str(tmp_path), "--ckpt-path", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert "3" in said and "200" in said


def test_a_run_is_not_overwritten_unasked(voice, capsys):
    base, *_ = voice
    argv = ["train-lm", "--text-path", str(base / "writing"), "--ckpt-path", str(base / "run"), "--max-iters", "5"]
    assert main(argv) == 2
    assert "already holds a model" in capsys.readouterr().err


def test_ctrl_c_keeps_the_run_and_resume_goes_on(tmp_path):
    write_folder(tmp_path / "writing")
    argv = [sys.executable, "-m", "vibejam.cli", "train-lm", "--text-path", "writing", "--ckpt-path", "run", "--json"]
    argv += ["--max-iters", "400", "--n-layer", "1", "--n-embd", "32", "--n-head", "2", "--block-size", "32", "--batch-size", "4"]
    started = subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in started.stderr:
        if "step" in line:
            break
    started.send_signal(2)
    out, _ = started.communicate(timeout=60)
    stopped = json.loads(out.splitlines()[-1])
    assert started.returncode == 0 and 0 < stopped["iters"] < 400
    done = subprocess.run([*argv, "--resume"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["iters"] == 400
