"""A tiny voice that learnt one sentence, and a server of it that tests can watch and hold."""

import queue
import socket
import threading
import time

import httpx
import openai
import pytest
import torch
import uvicorn
from writing import essay

from vibejam import checkpoint
from vibejam.config import ModelConfig
from vibejam.drafts import DraftWriter
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.model import build_model
from vibejam.rewrite.manner import learn_manner, save_manner
from vibejam.server import Server, build_server
from vibejam.tokenizer import CharTokenizer

DRAFT = "The gate was open when I came down, and the dog was in the lane again."
GOOD = {"model": "vibejam-voice", "messages": [{"role": "user", "content": "SENTINEL-TEXT"}], "max_tokens": 2}


class Watched(StyleEngine):
    """The engine itself, watched: each call of `stream` tells how it ended, and `gate` can hold it."""

    def __init__(self, folder):
        super().__init__(folder)
        self.gate, self.began, self.ended = threading.Event(), queue.Queue(), queue.Queue()
        self.gate.set()

    def stream(self, prompt, config, stop=lambda: False):
        self.began.put(prompt)
        pieces = 0
        try:
            while not self.gate.wait(0.02) and not stop():
                pass
            for piece in super().stream(prompt, config, stop):
                pieces += 1
                yield piece
            if prompt.startswith("crash"):
                raise RuntimeError(prompt)
        finally:
            self.ended.put(pieces)


class Upper(DraftWriter):
    """A draft writer that needs no model."""

    model, destination = "upper-1", None

    def stream(self, instruction, *, max_new_tokens=400, stop=None, system=""):
        if not instruction.strip():
            raise UserError("There is nothing to write about yet; say in a sentence what the draft should be.")
        for word in instruction.upper().split()[:max_new_tokens]:
            yield word + " "


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "first"
    torch.manual_seed(7)
    tokenizer = CharTokenizer.train([DRAFT])
    shape = ModelConfig(vocab_size=tokenizer.vocab_size, block_size=32, n_layer=1, n_head=2, n_embd=16)
    model = build_model(shape)
    ids = torch.tensor(tokenizer.encode((DRAFT + " ") * 6))
    for step in range(80):  # until it writes letters, and on and on: its text never ended
        starts = range(step % 7, len(ids) - 33, 32)
        _, loss = model(
            torch.stack([ids[i : i + 32] for i in starts]), torch.stack([ids[i + 1 : i + 33] for i in starts])
        )
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter -= 0.02 * (1 - step / 80) * gradient.sign()
    checkpoint.save_model(path, model, tokenizer)
    save_manner(path, learn_manner([essay(n) for n in range(4)], [], [essay(9)]))
    return path


def serving(engine, key=""):
    """A server of `engine` in a thread; returns it and its address."""
    line = socket.create_server(("127.0.0.1", 0))
    port = line.getsockname()[1]
    app = build_server(engine, {"upper-1": Upper()}, host="127.0.0.1", port=port, key=key)
    server = Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, args=([line],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    def end():
        server.should_exit = True
        thread.join(20)
        line.close()
        assert not thread.is_alive()

    return f"http://127.0.0.1:{port}", end


@pytest.fixture(scope="module")
def module_engine(folder):
    return Watched(folder)


@pytest.fixture(scope="module")
def url(module_engine):
    address, end = serving(module_engine)
    yield address
    end()


@pytest.fixture
def engine(module_engine):
    module_engine.gate.set()
    for line in (module_engine.began, module_engine.ended):
        while not line.empty():
            line.get()
    yield module_engine
    module_engine.gate.set()


@pytest.fixture
def client(url, engine):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=60) as client:
        yield client


def chat(client, text, model="vibejam-voice", **settings):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **settings)


def post(url, **body):
    return httpx.post(f"{url}/v1/chat/completions", json=body, trust_env=False, timeout=30)


def error_of(response):
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["message"]
    assert response.headers["x-content-type-options"] == "nosniff"
    return error
