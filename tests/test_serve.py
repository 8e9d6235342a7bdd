"""`vibejam serve` as its clients meet it: the real openai client, over HTTP, against a real (tiny) model."""

import json
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest
import torch
import uvicorn

from vibejam import checkpoint
from vibejam.config import ModelConfig, SampleConfig
from vibejam.drafts import DraftWriter
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.model import build_model
from vibejam.serve import WAITING, ChatRequest, Served, Writing
from vibejam.server import LARGEST_BODY, Server, build_server, run_server
from vibejam.tokenizer import CharTokenizer

DRAFT = "The gate was open when I came down, and the dog was in the lane again."
KEY = "SENTINEL-KEY-42"


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

    def stream(self, instruction, *, max_new_tokens=400, stop=None):
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
        _, loss = model(torch.stack([ids[i : i + 32] for i in starts]), torch.stack([ids[i + 1 : i + 33] for i in starts]))
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients):
                parameter -= 0.02 * (1 - step / 80) * gradient.sign()
    checkpoint.save_model(path, model, tokenizer)
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


def test_the_models_are_listed_with_the_run_they_come_from(client, engine):
    models = {model.id: model for model in client.models.list()}
    assert set(models) == {"vibejam-rewrite", "vibejam-voice", "first", "upper-1"}
    assert models["vibejam-voice"].owned_by == engine.name and models["vibejam-voice"].object == "model"


def test_the_voice_answers_as_the_engine_does_and_counts(client, engine):
    answer = chat(client, "The gate", max_tokens=12, temperature=0.5, top_p=0.9, seed=3)
    expected = engine.sample("The gate", SampleConfig(max_new_tokens=12, temperature=0.5, top_p=0.9, seed=3)).text
    choice = answer.choices[0]
    assert choice.message.content == expected and choice.message.role == "assistant" and choice.finish_reason == "length"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (8, 12, 20)
    assert answer.object == "chat.completion" and answer.model == "vibejam-voice"
    assert chat(client, "The gate", "first", max_tokens=12, temperature=0.5, top_p=0.9, seed=3).choices[0].message.content == expected


def test_what_is_asked_of_the_dice_is_honoured(client):
    def text(**settings):
        return chat(client, "The gate", max_tokens=40, **settings).choices[0].message.content

    assert text(seed=1, temperature=1) == text(seed=1, temperature=1) != text(seed=2, temperature=1)
    assert text(temperature=0, seed=1) == text(temperature=0, seed=2)
    assert text(top_p=1e-6, temperature=1) == text(temperature=0)
    assert len(text(max_completion_tokens=7, seed=1)) <= 7  # wins over max_tokens


def test_a_stream_says_the_same_in_pieces(client):
    settings = {"max_tokens": 30, "seed": 5}
    whole = chat(client, "The dog", **settings).choices[0].message.content
    chunks = list(chat(client, "The dog", stream=True, stream_options={"include_usage": True}, **settings))
    assert chunks[0].choices[0].delta.role == "assistant" and len({chunk.id for chunk in chunks}) == 1
    pieces = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(pieces) == whole and len(pieces) > 5
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "length"
    assert chunks[-1].usage.completion_tokens == 30 and not chunks[-1].choices
    assert all(chunk.usage is None for chunk in chat(client, "The dog", stream=True, **settings))


def test_a_stream_is_sent_as_it_is_written(client, engine):
    engine.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(chat, client, "The dog", stream=True, max_tokens=3000, temperature=0)
        engine.began.get(timeout=20)
        engine.gate.set()
        stream = stream.result(20)
    next(stream), next(stream), next(stream)
    assert engine.ended.empty()
    stream.close()
    engine.ended.get(timeout=20)


def test_the_rewrite_is_the_engine_s(client, engine):
    for stream in (False, True):
        answer = chat(client, DRAFT, "vibejam-rewrite", seed=4, stream=stream)
        text = "".join(c.choices[0].delta.content or "" for c in answer) if stream else answer.choices[0].message.content
        assert text.strip() == engine.rewrite(DRAFT, SampleConfig(max_new_tokens=10_000, seed=4)).text
    short = chat(client, DRAFT, "vibejam-rewrite", seed=4, max_tokens=5)
    assert short.usage.completion_tokens == 5 and short.choices[0].finish_reason == "length"


def test_only_the_last_user_message_is_read(client, engine):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "one"},
                {"role": "assistant", "content": "two"}, {"role": "user", "content": [{"type": "text", "text": "The "},
                {"type": "text", "text": "gate"}]}]  # fmt: skip
    client.chat.completions.create(model="vibejam-voice", messages=messages, max_tokens=2)
    assert engine.began.get_nowait() == "The gate"


def test_a_draft_writer_answers_under_its_own_name(client):
    answer = chat(client, "open the gate", "upper-1")
    assert answer.choices[0].message.content == "OPEN THE GATE " and answer.usage is None
    assert answer.choices[0].finish_reason == "stop"
    assert chat(client, "open the gate", "upper-1", max_tokens=2).choices[0].finish_reason == "length"


def test_stop_texts_end_the_answer_and_are_not_in_it(client):
    settings = {"max_tokens": 200, "seed": 6, "temperature": 1}
    whole = chat(client, "The dog", **settings).choices[0].message.content
    stop = whole[20:23]
    for given in (stop, ["never this", stop]):
        answer = chat(client, "The dog", stop=given, **settings).choices[0]
        assert answer.message.content == whole[: whole.index(stop)] and answer.finish_reason == "stop"
    until = whole.index(stop) + len(stop)  # the stop text and the limit are reached by the same token
    assert chat(client, "The dog", stop=stop, **{**settings, "max_tokens": until}).choices[0].finish_reason == "stop"
    streamed = chat(client, "The dog", stop=stop, stream=True, **settings)
    assert "".join(c.choices[0].delta.content or "" for c in streamed) == whole[: whole.index(stop)]


@pytest.mark.parametrize("stops", [["ab"], ["aab", "ba"], ["abc", "b"], ["zz"], ["a"], ["abab", "bb"]])
def test_a_stop_text_is_found_however_the_text_is_cut(stops):
    for text in ("aababcab", "abbaab", "zzaz", "xaxaxabx", "", "ab"):
        found = [text.index(stop) for stop in stops if stop in text]
        # with several, the one that is complete first ends the answer, as it would if read letter by letter
        ends = {min((text[: i + 1].index(s) for s in stops if s in text[: i + 1])) for i in range(len(text))
                if any(s in text[: i + 1] for s in stops)} if found else {len(text)}  # fmt: skip
        for cut in range(1, 4):
            model = Served(lambda *_: iter([text[i : i + cut] for i in range(0, len(text), cut)]), "me", 100, len)  # noqa: B023
            asked = ChatRequest(model="m", messages=[{"role": "user", "content": "x"}], stop=stops)
            writing = Writing(model, asked, lambda: False)
            assert len("".join(writing)) in ends and not any(stop in writing.text for stop in stops)


@pytest.mark.parametrize("stream", [False, True])
def test_hanging_up_stops_the_generation(client, engine, stream):
    if stream:
        answer = chat(client, "The dog", stream=True, max_tokens=30_000, temperature=0)
        for _ in range(4):
            next(answer)
        answer.close()
    else:
        with pytest.raises(openai.APITimeoutError):
            chat(client.with_options(timeout=0.5), "The dog", max_tokens=30_000, temperature=0)
    assert engine.ended.get(timeout=30) < 30_000
    assert chat(client, "The dog", max_tokens=3).choices[0].message.content  # and the next is served


def test_who_hangs_up_while_waiting_is_never_served(url, client, engine):
    engine.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(chat, client, "one", max_tokens=3)
        assert engine.began.get(timeout=20) == "one"
        with pytest.raises(openai.APITimeoutError):
            chat(client.with_options(timeout=0.5), "two", max_tokens=3)
        third = ThreadPoolExecutor(1).submit(chat, client, "three", max_tokens=3)
        time.sleep(0.2)  # lets the server hear that the second has gone; if it has not, the assertion below fails
        engine.gate.set()
        assert first.result(20) and third.result(20)
    assert engine.began.get(timeout=20) == "three" and engine.began.empty()


def test_two_clients_at_once_get_what_each_would_alone(client, engine):
    alone = [chat(client, text, max_tokens=60, seed=9).choices[0].message.content for text in ("The dog", "The gate")]

    def streamed(text):
        return "".join(c.choices[0].delta.content or "" for c in chat(client, text, max_tokens=60, seed=9, stream=True))

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(streamed, ["The dog", "The gate"] * 3))
    assert answers == alone * 3


def test_a_full_queue_says_when_to_come_back(url, engine):
    engine.gate.clear()
    body = {"model": "vibejam-voice", "messages": [{"role": "user", "content": "x"}], "max_tokens": 2}
    extra = 3
    with ThreadPoolExecutor(1 + WAITING + extra) as pool:
        waiting = [pool.submit(post, url, **body) for _ in range(1 + WAITING + extra)]
        refused = []
        deadline = time.monotonic() + 30
        while len(refused) < extra and time.monotonic() < deadline:
            refused = [f.result() for f in waiting if f.done()]
            time.sleep(0.02)
        engine.gate.set()
        statuses = sorted(f.result().status_code for f in waiting)
    assert statuses == [200] * (1 + WAITING) + [429] * extra
    assert all(r.status_code == 429 and int(r.headers["retry-after"]) > 0 for r in refused)
    assert error_of(refused[0])["code"] == "rate_limit_exceeded"


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        chat(client, "x", "gpt-4o")
    assert caught.value.code == "model_not_found" and caught.value.param == "model" and "vibejam-rewrite" in str(caught.value)


GOOD = {"model": "vibejam-voice", "messages": [{"role": "user", "content": "SENTINEL-TEXT"}], "max_tokens": 2}


@pytest.mark.parametrize(
    ("change", "param"),
    [({"model": None}, "model"), ({"model": 5}, "model"), ({"messages": []}, "messages"), ({"messages": "SENTINEL-TEXT"}, "messages"),
     ({"messages": [{"role": "system", "content": "SENTINEL-TEXT"}]}, "messages"), ({"messages": [{}]}, "messages.0.role"),
     ({"messages": [{"role": "user", "content": {"SENTINEL-TEXT": 1}}]}, "messages.0.content"),
     ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "SENTINEL-TEXT"}}]}]}, "messages.0.content"),
     ({"temperature": 2.5}, "temperature"), ({"temperature": -1}, "temperature"), ({"temperature": "SENTINEL-TEXT"}, "temperature"),
     ({"top_p": 0}, "top_p"), ({"top_p": 1.1}, "top_p"), ({"max_tokens": 0}, "max_tokens"), ({"max_tokens": 10**9}, "max_tokens"),
     ({"max_completion_tokens": -5}, "max_completion_tokens"), ({"seed": 2**70}, "seed"), ({"seed": 1.5}, "seed"), ({"n": 2}, "n"),
     ({"stop": ""}, "stop"), ({"stop": ["x"] * 50}, "stop"), ({"stop": {"a": 1}}, "stop"), ({"stream": "SENTINEL-TEXT"}, "stream")],
)  # fmt: skip
def test_a_request_out_of_bounds_is_told_where(url, change, param):
    response = post(url, **{**GOOD, **change})
    error = error_of(response)
    assert response.status_code == 400 and error["type"] == "invalid_request_error"
    assert (error["param"] or "").startswith(param) and "SENTINEL" not in response.text


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"model=vibejam-voice", b"[" * 100_000, b'{"model": "vibejam-voice"', b"NaN",
     b'{"model": "vibejam-voice", "messages": [{"role": "user", "content": "\\ud800"}]}',
     b'{"model": "vibejam-voice", "messages": [{"role": "user", "content": "x"}], "temperature": NaN}',
     b'{"model": "vibejam-voice", "messages": [{"role": "user", "content": "x"}], "temperature": 1e999}'],
)  # fmt: skip
def test_what_is_no_request_is_a_bad_request(url, body):
    response = httpx.post(f"{url}/v1/chat/completions", content=body, trust_env=False)
    assert response.status_code == 400 and error_of(response)


def test_an_empty_draft_is_refused_in_the_engine_s_words(url, client):
    for stream in (False, True):
        response = post(url, **{**GOOD, "model": "vibejam-rewrite", "messages": [{"role": "user", "content": " "}], "stream": stream})
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
        line.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 500\r\n\r\n{{".encode())
    assert chat(client, "x", max_tokens=2)
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


def test_a_bug_is_told_without_a_word_of_the_text(url, engine, caplog):
    for name in ("vibejam", "uvicorn"):  # not the clients' own, which run in this process too
        caplog.set_level(logging.DEBUG, name)
    body = {**GOOD, "messages": [{"role": "user", "content": "crash SENTINEL-TEXT"}]}
    response = post(url, **body)
    assert response.status_code == 500 and error_of(response)["type"] == "server_error"
    assert "SENTINEL" not in response.text + caplog.text and "RuntimeError" in caplog.text and "test_serve.py" in caplog.text
    with openai.OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        with pytest.raises(openai.APIError, match="bug"):
            list(chat(client, "crash SENTINEL-TEXT", stream=True, max_tokens=5))
    assert chat(openai.OpenAI(base_url=f"{url}/v1", api_key="x"), "x", max_tokens=2)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/v1", 404), ("POST", "/v1/completions", 404), ("GET", "/v1/chat/completions", 405),
     ("POST", "/v1/models", 405), ("GET", "/v1/models/../../etc/passwd", 404)],
)  # fmt: skip
def test_other_addresses_answer_in_json_too(url, method, path, status):
    response = httpx.request(method, url + path, trust_env=False)
    assert response.status_code == status and error_of(response)


def test_the_guard_stands_before_it(url):
    for headers, status in (({"Host": "evil.example"}, 400), ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403),
                            ({"Sec-Fetch-Site": "cross-site"}, 403)):  # fmt: skip
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
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "VIBEJAM_API_KEY": KEY})  # fmt: skip
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


def test_events_are_json_lines_that_any_client_can_read(url):
    with httpx.stream("POST", f"{url}/v1/chat/completions", json={**GOOD, "stream": True}, trust_env=False) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]" and all(json.loads(line.removeprefix("data: ")) for line in lines[:-1])
