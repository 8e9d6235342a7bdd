"""The names that each way of starting answers to: this machine's, the one asked for, every address, a Space's."""

import asyncio
import os
import socket
import subprocess
import sys

import httpx
import pytest
from guarded_app import EVIL, free_port

from vibejam.guard import Guard, launch_options

pytestmark = pytest.mark.security


def status(guard, host, origin=None, method="GET", path="/"):
    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    asyncio.run(guard(scope, None, send))
    return sent[0]["status"], dict(sent[0]["headers"])


async def inner(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_the_host_that_was_asked_for():
    guard = Guard(inner, "my-box.lan", 7860)
    assert status(guard, "my-box.lan:7860")[0] == 200
    assert status(guard, "other-box.lan:7860")[0] == 400
    assert status(Guard(inner, "fd00::7", 7860), "[fd00::7]:7860")[0] == 200
    assert status(Guard(inner, "127.0.0.1", 80), "localhost")[0] == 200


def test_every_address_answers_to_numbers_and_its_own_name_only():
    guard = Guard(inner, "0.0.0.0", 7860)
    for host in (
        "192.168.1.7:7860",
        "10.0.0.2:8080",
        "[fd00::7]:7860",
        "localhost:9000",
        f"{socket.gethostname().lower()}:7860",
    ):
        assert status(guard, host)[0] == 200, host
        assert status(guard, host, EVIL, "POST")[0] == 403
        assert status(guard, host, f"http://{host}", "POST")[0] == 200
    for host in (
        "evil.example:7860",
        "evil.example",
        "192.168.1.7.evil.example:7860",
        "",
        "localhost:1:2",
        "[evil]:7860",
    ):
        assert status(guard, host)[0] == 400, host


def test_a_space_answers_to_its_own_names_and_is_framed_by_the_hub_only(monkeypatch):
    monkeypatch.setenv("SPACE_HOST", "me-vibejam.hf.space,voice.example.org")
    guard = Guard(inner, "0.0.0.0", 7860)
    answered, headers = status(guard, "me-vibejam.hf.space", "https://me-vibejam.hf.space", "POST")
    assert answered == 200
    assert headers[b"content-security-policy"].endswith(b"frame-ancestors https://huggingface.co")
    assert status(guard, "voice.example.org")[0] == 200
    assert status(guard, "localhost:7860")[0] == 200  # Gradio asks itself once when it starts
    assert status(guard, "me-vibejam.hf.space", "http://me-vibejam.hf.space", "POST")[0] == 403
    assert status(guard, "me-vibejam.hf.space", "https://huggingface.co", "POST")[0] == 403
    assert status(guard, "other.hf.space")[0] == 400
    assert status(guard, "10.0.0.2:7860")[0] == 400


def test_a_web_socket_and_a_second_host_are_refused_whatever_server_stands_before():
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(None, "127.0.0.1", 7860)({"type": "websocket", "path": "/"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"localhost:7860"), (b"host", b"evil.example")],
    }
    asyncio.run(Guard(inner, "127.0.0.1", 7860)(scope, None, send))
    assert sent[1]["status"] == 400


def test_both_ways_in_are_guarded_even_where_gradio_starts_no_lifespan():
    from starlette.applications import Starlette
    from starlette.routing import Route
    from starlette.testclient import TestClient

    options = launch_options("127.0.0.1", 7860)["app_kwargs"]
    bare = Starlette(routes=[Route("/", lambda request: None)], middleware=options["middleware"])
    assert TestClient(bare).get("/", headers={"Host": "evil.example"}).status_code == 400


def test_ipv6_loopback_is_reachable_under_its_own_name():
    import gradio as gr

    if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("NOT RUN: this machine has no IPv6")
    with gr.Blocks() as demo:
        gr.Textbox()
    port = free_port()
    demo.launch(prevent_thread_lock=True, quiet=True, **launch_options("::1", port))
    try:
        assert httpx.get(f"http://[::1]:{port}/config", trust_env=False).status_code == 200
        assert httpx.get(f"http://[::1]:{port}/config", headers={"Host": "evil"}, trust_env=False).status_code == 400
    finally:
        demo.close()


def test_the_guard_imports_neither_gradio_nor_torch():
    code = "import sys, vibejam.server; sys.exit(any(m in sys.modules for m in ('gradio', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
