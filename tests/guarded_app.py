"""A tiny Gradio app behind the guard, and vibejam's own app as a person starts it, for the tests of the guard."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tally import count

from vibejam.guard import launch_options

ROOT = Path(__file__).resolve().parents[1]
HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy")
EVIL = "http://evil.example"
ANSWERED = []  # (method, path, status) as the server saw it, for what a browser hides


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def app():
    import gradio as gr

    def count(text):
        for i in range(4):
            time.sleep(0.3)
            yield f"{text} {i}"

    def crash(text):
        raise RuntimeError("SENTINEL-CRASH " + text)

    with gr.Blocks() as demo:
        box, out = gr.Textbox(), gr.Textbox()
        gr.Button("count").click(count, box, out, api_name="count")
        gr.Button("crash").click(crash, box, out, api_name="crash")
        gr.File()
    port = free_port()
    server, _, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options("127.0.0.1", port))

    @server.get("/broken")
    def broken():
        raise RuntimeError("SENTINEL-BROKEN")

    guarded = server.middleware_stack

    async def noted(scope, receive, send):
        async def send_noted(message):
            if message["type"] == "http.response.start":
                ANSWERED.append((scope["method"], scope["path"], message["status"]))
            await send(message)

        await guarded(scope, receive, send_noted)

    server.middleware_stack = noted
    yield f"http://127.0.0.1:{port}"
    demo.close()


@pytest.fixture(scope="module")
def web(app):
    with httpx.Client(base_url=app, timeout=20, trust_env=False, event_hooks={"response": [counted]}) as client:
        yield client


def counted(response):
    count("requests to a guarded app")
    count("requests refused", response.status_code >= 400)


def has_headers(response):
    return all(name in response.headers for name in HEADERS)


def upload(web, **headers):
    return web.post("/gradio_api/upload", files={"files": ("a.txt", b"some words")}, headers=headers)


@pytest.fixture(scope="module")
def real_app(tmp_path_factory):
    """vibejam's own app as a person starts it, with a home that holds a secret; its address and the home."""
    home = tmp_path_factory.mktemp("home")
    for place in ("data/me/writing/diary.json", "checkpoints/first/run.json"):
        (home / place).parent.mkdir(parents=True)
        (home / place).write_text('{"text": "SENTINEL-DIARY"}')
    with started(home, OPENAI_API_KEY="SENTINEL-KEY", VIBEJAM_LLM_MODEL="some-model") as (_, address):
        yield address, home


@contextmanager
def started(home, program=(str(ROOT / "app.py"),), **environment):
    """vibejam's own app as a person starts it, or `program` around it: its process and its address."""
    port = free_port()
    command = [sys.executable, "-u", *program, "--port", str(port), "--no-browser"]
    environment = {**os.environ, "VIBEJAM_HOME": str(home), **environment}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        while "vibejam is at" not in (home / "log").read_text():
            assert process.poll() is None, (home / "log").read_text()
            time.sleep(0.1)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(30)
