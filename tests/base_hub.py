"""A hub on this machine that has a base in miniature, for tests of the app that fetch one: real HTTP, held back on demand.

Run as a program it starts the app on such a hub, as `python tests/base_hub.py FOLDER GATE [app.py's own arguments]`: the app has no
setting for where bases come from, so they are put in its way inside its process.  The hub is held until the file GATE is there.
"""

import hashlib
import http.server
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

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
    """Sends the weights; of the files after them only a byte now and then while `held()`, so that nobody takes it for dead."""

    held: Callable[[], bool]
    agents: list[str]  # what each request said of who asks

    def answer(self, *, with_body: bool) -> None:
        self.agents.append(self.headers.get("user-agent", ""))
        if with_body and self.path.endswith(FILES[1:]):
            self.wfile = Dribble(self.wfile, self.held)
        with suppress(BrokenPipeError):  # whoever asked has gone
            super().answer(with_body=with_body)


class Dribble:
    """A stream that writes a byte every half second while it is `held()`, and then all the rest."""

    def __init__(self, stream: BinaryIO, held: Callable[[], bool]) -> None:
        self._stream, self._held = stream, held

    def write(self, data: bytes) -> None:
        while data and self._held():
            self._stream.write(data[:1])
            data = data[1:]
            time.sleep(0.5)
        self._stream.write(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def serve_hub(folder: Path, held: Callable[[], bool], patch: Callable[[str, object], None]) -> http.server.HTTPServer:
    """Serve `folder`/hub, and let huggingface_hub believe that it is the hub: `patch(name, value)` sets each constant."""
    handler = type("TestHub", (HeldHub,), {"folder": folder / "hub", "asked": [], "agents": [], "held": staticmethod(held)})
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
def hub(tmp_path, monkeypatch, gate) -> Iterator[type[HeldHub]]:
    """A hub that has the base, but holds back what follows the weights until `gate` is set."""
    monkeypatch.setitem(BASES, NAME, make_base(tmp_path))
    server = serve_hub(
        tmp_path, lambda: not gate.is_set(), lambda name, value: monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
    )
    yield server.RequestHandlerClass
    gate.set()
    server.shutdown()
    server.server_close()


def until_the_weights_are_here(fetch: Fetch) -> None:
    while fetch.share < 0.5 and fetch.alive:
        fetch.wait(0.02)


if __name__ == "__main__":
    from huggingface_hub import constants

    folder, gate = map(Path, sys.argv[1:3])
    BASES[NAME] = make_base(folder)
    serve_hub(folder, lambda: not gate.exists(), lambda name, value: setattr(constants, name, value))
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import app

    sys.exit(app.main(sys.argv[3:]))
