"""What `vibejam serve` refuses, in which words, and that nothing of the text or the key gets out on the way."""

import logging
import os
import signal
import socket
import subprocess
import sys

import httpx
import openai
import pytest
from voice_server import GOOD, Watched, chat, client, engine, error_of, folder, module_engine, post, serving, url  # noqa: F401

from vibejam.errors import UserError
from vibejam.server import LARGEST_BODY, run_server

pytestmark = pytest.mark.security

KEY = "SENTINEL-KEY-42"


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        chat(client, "x", "gpt-4o")
    assert (
        caught.value.code == "model_not_found"
        and caught.value.param == "model"
        and "vibejam-rewrite" in str(caught.value)
    )


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "SENTINEL-TEXT"}, "messages"),
        ({"messages": [{"role": "system", "content": "SENTINEL-TEXT"}]}, "messages"),
        ({"messages": [{}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": {"SENTINEL-TEXT": 1}}]}, "messages.0.content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "SENTINEL-TEXT"}}]}]},
            "messages.0.content",
        ),
        ({"temperature": 2.5}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": "SENTINEL-TEXT"}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 10**9}, "max_tokens"),
        ({"max_completion_tokens": -5}, "max_completion_tokens"),
        ({"seed": 2**70}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"n": 2}, "n"),
        ({"stop": ""}, "stop"),
        ({"stop": ["x"] * 50}, "stop"),
        ({"stop": {"a": 1}}, "stop"),
        ({"stream": "SENTINEL-TEXT"}, "stream"),
    ],
)
def test_a_request_out_of_bounds_is_told_where(url, change, param):
    response = post(url, **{**GOOD, **change})
    error = error_of(response)
    assert response.status_code == 400 and error["type"] == "invalid_request_error"
    assert (error["param"] or "").startswith(param) and "SENTINEL" not in response.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b"model=vibejam-voice",
        b"[" * 100_000,
        b'{"model": "vibejam-voice"',
        b"NaN",
        b'{"model": "vibejam-voice", "messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"model": "vibejam-voice", "messages": [{"role": "user", "content": "x"}], "temperature": NaN}',
        b'{"model": "vibejam-voice", "messages": [{"role": "user", "content": "x"}], "temperature": 1e999}',
    ],
)
def test_what_is_no_request_is_a_bad_request(url, body):
    response = httpx.post(f"{url}/v1/chat/completions", content=body, trust_env=False)
    assert response.status_code == 400 and error_of(response)


def test_an_empty_draft_is_refused_in_the_engine_s_words(url, client):
    for stream in (False, True):
        response = post(
            url,
            **{**GOOD, "model": "vibejam-rewrite", "messages": [{"role": "user", "content": " "}], "stream": stream},
        )
        assert response.status_code == 400 and "nothing to rewrite" in error_of(response)["message"]


@pytest.mark.parametrize("size", [LARGEST_BODY + 1, 12 * LARGEST_BODY])
def test_a_body_that_is_too_large_is_refused(client, url, size):
    with pytest.raises(openai.APIStatusError) as caught:
        chat(client, "x" * size)
    assert caught.value.status_code == 413 and caught.value.type == "invalid_request_error"

    def in_chunks():
        for _ in range(size // 2**16 + 1):
            yield b" " * 2**16

    assert httpx.post(f"{url}/v1/chat/completions", content=in_chunks(), trust_env=False).status_code == 413


def test_a_request_that_breaks_off_harms_nobody(url, client, caplog):
    port = httpx.URL(url).port
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 500\r\n\r\n{{".encode()
        )
    assert chat(client, "x", max_tokens=2)
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


def test_a_bug_is_told_without_a_word_of_the_text(url, engine, caplog):
    for name in ("vibejam", "uvicorn"):  # not the clients' own, which run in this process too
        caplog.set_level(logging.DEBUG, name)
    body = {**GOOD, "messages": [{"role": "user", "content": "crash SENTINEL-TEXT"}]}
    response = post(url, **body)
    assert response.status_code == 500 and error_of(response)["type"] == "server_error"
    assert (
        "SENTINEL" not in response.text + caplog.text
        and "RuntimeError" in caplog.text
        and "voice_server.py" in caplog.text
    )
    with openai.OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        with pytest.raises(openai.APIError, match="bug"):
            list(chat(client, "crash SENTINEL-TEXT", stream=True, max_tokens=5))
    assert chat(openai.OpenAI(base_url=f"{url}/v1", api_key="x"), "x", max_tokens=2)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("POST", "/v1/completions", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("GET", "/v1/models/../../etc/passwd", 404),
    ],
)
def test_other_addresses_answer_in_json_too(url, method, path, status):
    response = httpx.request(method, url + path, trust_env=False)
    assert response.status_code == status and error_of(response)


def test_the_guard_stands_before_it(url):
    for headers, status in (
        ({"Host": "evil.example"}, 400),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        response = httpx.post(f"{url}/v1/chat/completions", json=GOOD, headers=headers, trust_env=False)
        assert response.status_code == status and "content-security-policy" in response.headers
    assert httpx.get(f"{url}/health", trust_env=False).json() == {"status": "ok"}


def test_with_a_key_only_its_bearer_is_served(folder, caplog):
    for name in ("vibejam", "uvicorn"):  # not the clients' own, which run in this process too
        caplog.set_level(logging.DEBUG, name)
    address, end = serving(Watched(folder), KEY)
    try:
        with openai.OpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as client:
            assert chat(client, "x", max_tokens=2) and list(client.models.list())
        for given in ("", "Bearer", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", KEY, b"Bearer \xff\xfe"):
            for method, path in (("GET", "/v1/models"), ("POST", "/v1/chat/completions")):
                response = httpx.request(method, address + path, headers={"Authorization": given}, trust_env=False)
                assert response.status_code == 401 and error_of(response)["code"] == "invalid_api_key"
                assert response.headers["www-authenticate"] == "Bearer" and KEY not in response.text
        assert httpx.get(f"{address}/health", trust_env=False).status_code == 200
    finally:
        end()
    assert KEY not in caplog.text


def test_the_server_as_the_command_line_starts_it(folder, tmp_path):
    code = "import sys; from vibejam.server import run_server; run_server(sys.argv[1], '127.0.0.1', 0)"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "VIBEJAM_API_KEY": KEY},
    )
    try:
        line = process.stderr.readline()
        base = next(word.rstrip(";") for word in line.split() if word.startswith("http"))
        with openai.OpenAI(base_url=base, api_key=KEY, max_retries=0) as client:
            text = chat(client, "SENTINEL-TEXT", max_tokens=20, seed=1).choices[0].message.content
            open_answer = chat(client, "SENTINEL-TEXT", max_tokens=30_000, temperature=0, stream=True)
            next(open_answer)
            process.send_signal(signal.SIGINT)  # Ctrl-C while an answer is being made
            out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0 and not out
    assert text and not err and "SENTINEL" not in line


def test_what_the_person_can_put_right_is_said_in_one_sentence(folder, tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(UserError, match="choose another --port"):
            run_server(folder, "127.0.0.1", taken.getsockname()[1])
    with pytest.raises(UserError, match="choose another --port"):
        run_server(folder, "127.0.0.1", 99_999)
    with pytest.raises(UserError, match="no vibejam model"):
        run_server(tmp_path, "127.0.0.1", 0)
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org"):
        with pytest.raises(UserError, match="VIBEJAM_API_KEY"):
            run_server(folder, host, 0)
