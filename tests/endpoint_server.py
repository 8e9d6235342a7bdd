"""A real HTTP server on loopback that speaks the OpenAI chat protocol, and every fault a test asks it for.

Use: `from endpoint_server import endpoint, says` in a test module; then `endpoint.will(says("Hello"), ...)`, one turn a
request, the last one repeated.  It keeps what it was asked, and notices when the client hangs up.
Left out: TLS, and everything but `POST …/chat/completions`.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

PATIENCE = 20  # seconds until a test that waits for something that never comes fails


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]  # lower-case names
    body: dict


class Handler(BaseHTTPRequestHandler):
    """Hands the request to the endpoint's next turn."""

    protocol_version = "HTTP/1.1"
    endpoint: "Endpoint"
    asked: Asked  # what is being answered

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.asked = Asked(self.path, headers, body)
        turn = self.endpoint.take(self.asked)
        try:
            turn(self)
        except (BrokenPipeError, ConnectionResetError):
            self.endpoint.hung_up.set()
            self.close_connection = True

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def open_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def event(self, data: object) -> None:
        line = f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def piece(self, text: str | None, finish: str | None = None) -> None:
        delta = {} if text is None else {"content": text}
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.event({"object": "chat.completion.chunk", "choices": [choice]})

    def close_stream(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def wait_for_hang_up(self) -> None:
        self.connection.settimeout(PATIENCE)
        try:
            gone = self.connection.recv(1) == b""
        except ConnectionError:
            gone = True
        except TimeoutError:
            gone = False
        if gone:
            self.endpoint.hung_up.set()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: the test's own output is enough."""


Turn = Callable[[Handler], None]


class Endpoint:
    """The server as a test sees it."""

    def __init__(self, port: int = 0) -> None:
        self.asked: list[Asked] = []
        self.hung_up = threading.Event()  # the client closed the connection in the middle of a turn
        self.gate = threading.Event()  # what `says_after_gate` waits for
        self._turns: list[Turn] = [says("A plain draft.")]
        self._lock = threading.Lock()
        handler = type("ThisHandler", (Handler,), {"endpoint": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def will(self, *turns: Turn) -> None:
        self._turns = list(turns)

    def take(self, asked: Asked) -> Turn:
        with self._lock:
            self.asked.append(asked)
            return self._turns.pop(0) if len(self._turns) > 1 else self._turns[0]

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    yield server
    server.close()


def says(*pieces: str, finish: str | None = "stop") -> Turn:
    def turn(handler: Handler) -> None:
        handler.open_stream()
        handler.event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
        for piece in pieces:
            handler.piece(piece)
        handler.piece(None, finish)
        handler.event({"choices": [], "usage": {"completion_tokens": len(pieces)}})
        handler.event("[DONE]")
        handler.close_stream()

    return turn


def replies(reply: Callable[[str], str]) -> Turn:
    """What `reply` makes of the last message."""
    return lambda handler: says(reply(handler.asked.body["messages"][-1]["content"]))(handler)


def says_after_gate(first: str, second: str) -> Turn:
    """The second piece only after the test has opened `gate`."""

    def turn(handler: Handler) -> None:
        handler.open_stream()
        handler.piece(first)
        handler.endpoint.gate.wait(PATIENCE)
        handler.piece(second, "stop")
        handler.event("[DONE]")
        handler.close_stream()

    return turn


def says_then_hangs(*pieces: str) -> Turn:
    """With no pieces, not even the status line."""

    def turn(handler: Handler) -> None:
        if pieces:
            handler.open_stream()
        for piece in pieces:
            handler.piece(piece)
        handler.wait_for_hang_up()

    return turn


def breaks_off(*pieces: str) -> Turn:
    """The connection closes inside the chunked body."""

    def turn(handler: Handler) -> None:
        handler.open_stream()
        for piece in pieces:
            handler.piece(piece)
        handler.close_connection = True

    return turn


def streams(*events: object) -> Turn:
    """These events and nothing else."""

    def turn(handler: Handler) -> None:
        handler.open_stream()
        for event in events:
            handler.event(event)
        handler.close_stream()

    return turn


def fails(status: int, message: str = "the service's own words", param: str | None = None, **headers: str) -> Turn:
    """An error that, like some services' own, quotes the key it was sent."""

    def turn(handler: Handler) -> None:
        quoted = f"{message} {handler.headers['Authorization']}"
        body = {"error": {"message": quoted, "type": "error", "param": param, "code": None}}
        handler.answer(status, json.dumps(body).encode(), **headers)

    return turn


def answers(body: bytes, **headers: str) -> Turn:
    """Status 200 and this body."""
    return lambda handler: handler.answer(200, body, **headers)
