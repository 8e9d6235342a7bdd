"""Draft beside rewrite: from a real endpoint over HTTP or from the model on this machine, on a page that needs nothing else."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest
from endpoint_server import endpoint, says  # noqa: F401  (endpoint is a fixture)
from tiny_base import lay_tiny_base
from writing import essay

from vibejam import local_writer
from vibejam.cli import main
from vibejam.corpus import build_corpus
from vibejam.learn import learn
from vibejam.readers import Document
from vibejam.recipe import plan_run

ROOT = Path(__file__).resolve().parents[1]
SHAPE = {"n_layer": 1, "n_head": 2, "n_embd": 32, "block_size": 64}


@pytest.fixture
def voice(tmp_path):
    corpus = build_corpus([Document(f"essay {n}", essay(n), "utf-8") for n in range(4)])
    for _ in learn(corpus, tmp_path / "checkpoints" / "second", plan_run(corpus.characters, max_iters=5, shape=SHAPE)):
        pass
    return tmp_path / "checkpoints" / "second"


@pytest.fixture
def tiny_base(home):
    local_writer._loaded.cache_clear()
    lay_tiny_base()
    yield
    local_writer._loaded.cache_clear()


def compare(capsys, *argv: str) -> dict:
    assert main(["compare", "--instruction", "Say <b>no</b> & thank them.", "--json", *argv]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_page_shows_an_endpoint_s_draft_beside_the_rewrite(voice, endpoint, monkeypatch, capsys, tmp_path):  # noqa: F811
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-only")
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "big-model")
    endpoint.will(says("Thank you for <asking>. However, I can not come today."))
    out = tmp_path / "both.html"
    result = compare(capsys, "--ckpt-path", str(voice), "--out", str(out), "--seed", "1")
    page = out.read_text(encoding="utf-8")
    assert result["draft"] == "Thank you for <asking>. However, I can not come today."
    assert result["draft_model"] == "big-model" and "second" in result["rewrite_model"]
    assert "big-model" in page and "&lt;asking&gt;" in page and "Say &lt;b&gt;no&lt;/b&gt; &amp; thank them." in page
    assert "<del>" in page and "Bits per byte" in page
    assert "sk-test-only" not in page


def test_the_page_needs_nothing_from_anywhere(voice, tiny_base, capsys, tmp_path):
    out = tmp_path / "both.html"
    compare(capsys, "--ckpt-path", str(voice), "--out", str(out), "--llm", "local", "--seed", "1")
    page = out.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)\s*=|url\(|@import|<script|https?://", page)


def test_the_two_sides_come_from_different_models(voice, tiny_base, capsys, tmp_path):
    result = compare(capsys, "--ckpt-path", str(voice), "--out", str(tmp_path / "both.html"), "--llm", "local")
    assert result["draft_model"] == "SmolLM2-135M-Instruct" != result["rewrite_model"]


def test_without_anyone_to_write_the_draft_the_next_step_is_told(voice, capsys, tmp_path):
    argv = ["compare", "--ckpt-path", str(voice), "--instruction", "x", "--out", str(tmp_path / "x.html")]
    assert main(argv) == 2
    assert "fetch-base" in capsys.readouterr().err
    assert main([*argv, "--llm", "openai"]) == 2
    assert "VIBEJAM_LLM_MODEL" in capsys.readouterr().err


def test_the_readme_s_example_runs(voice, tiny_base, tmp_path, monkeypatch):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", readme, re.S)[1]
    assert len(example.strip().splitlines()) <= 8
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})
    assert "SmolLM2-135M-Instruct" in printed.getvalue() and "second (" in printed.getvalue()
