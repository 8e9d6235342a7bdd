"""A hub on this machine that has a base in miniature, for tests of the app that fetch one: real HTTP, held back on demand.

Run as a program it starts the app on such a hub, as `python tests/base_hub.py FOLDER GATE [app.py's own arguments]`: the app has no
setting for where bases come from, so they are put in its way inside its process.  A held hub waits until the file GATE is there.
"""

import hashlib
import http.server
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from test_fetch import Hub
from tiny_base import tiny_base

from vibejam.checkpoint import save_model
from vibejam.download import Base
from vibejam.export import export_hf
from vibejam.fetch import BASES
from vibejam.fetching import Fetch

NAME = "smollm2-135m"
FILES = ("model.safetensors", "config.json", "tokenizer.json")


def make_base(folder: Path) -> Base:
    """A tiny base under SmolLM2's title, with its files in `folder`/hub and in no package."""
    model, tokenizer = tiny_base()
    save_model(folder / "run", model, tokenizer)
    export_hf(folder / "run", folder / "hub")
    paths = {name: folder / "hub" / name for name in FILES}
    return Base(
        title=BASES[NAME].title,
        licence="apache-2.0",
        repository="someone/tiny",
        revision="0" * 40,
        hub_files={name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()},
        hub_bytes=sum(path.stat().st_size for path in paths.values()),
        package="not-to-be-had==1.0",
        package_files={"nowhere.gguf": "0" * 64},
        package_bytes=1,
        is_language_model=True,
    )


class HeldHub(Hub):
    """Sends the weights, and the files after them once `let_go()` says so."""

    let_go: Callable[[], object]

    def answer(self, *, with_body: bool) -> None:
        if with_body and not self.path.endswith(FILES[0]):
            self.let_go()
        with suppress(BrokenPipeError):  # whoever asked has lost patience and asks again
            super().answer(with_body=with_body)


def serve_hub(folder: Path, let_go: Callable[[], object], patch: Callable[[str, object], None]) -> http.server.HTTPServer:
    """Serve `folder`/hub, and let huggingface_hub believe that it is the hub: `patch(name, value)` sets each constant."""
    handler = type("TestHub", (HeldHub,), {"folder": folder / "hub", "asked": [], "let_go": staticmethod(let_go)})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    patch("ENDPOINT", address)
    patch("HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    patch("HF_HUB_OFFLINE", False)
    return server


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Lets the hub's held files go; whatever happens, nothing waits for ever."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def hub(tmp_path, monkeypatch, gate) -> Iterator[Path]:
    """The folder of a hub that has the base, but holds back what follows the weights until `gate` is set."""
    monkeypatch.setitem(BASES, NAME, make_base(tmp_path))
    server = serve_hub(
        tmp_path, gate.wait, lambda name, value: monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
    )
    yield tmp_path / "hub"
    gate.set()
    server.shutdown()
    server.server_close()


def until_the_weights_are_here(fetch: Fetch) -> None:
    while fetch.share < 0.5 and fetch.alive:
        fetch.wait(0.02)


def _wait_for(gate: Path) -> None:
    while not gate.exists():
        time.sleep(0.05)


if __name__ == "__main__":
    from huggingface_hub import constants

    folder, gate = map(Path, sys.argv[1:3])
    BASES[NAME] = make_base(folder)
    serve_hub(folder, lambda: _wait_for(gate), lambda name, value: setattr(constants, name, value))
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import app

    sys.exit(app.main(sys.argv[3:]))
