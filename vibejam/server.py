"""`vibejam serve`: a trained voice behind the OpenAI chat protocol, for any program that speaks it.

    POST /v1/chat/completions    in one piece or streamed      GET /v1/models      GET /health

`vibejam-rewrite` answers the last user message, a draft, with its rewrite; `vibejam-voice`, listed under the run's name
too, writes on from it; each draft writer answers it under its own name.  One generation at a time, a short queue, and a
client that hangs up stops what was being made for it.  The guard (guard.py) stands before all of it.

Left out: conversations (earlier messages are not read), tools, several answers at once, and encryption.  Draft writers
take no temperature, top_p or seed, and count no tokens, so their answers carry no `usage`.
"""

import contextlib
import hmac
import ipaddress
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vibejam.config import RewriteConfig, SampleConfig
from vibejam.errors import UserError
from vibejam.guard import Guard, launch_options
from vibejam.serve import Answer, ChatRequest, Desk, Refused, Served, Stop

if TYPE_CHECKING:  # they bring torch and a network client, which `launch_options` has no use for
    from vibejam.drafts import DraftWriter
    from vibejam.engine import StyleEngine
    from vibejam.rewrite.pairs import Pair

__all__ = ["Guard", "build_server", "launch_options", "run_server"]

LARGEST_BODY = 2**20  # bytes; some 170,000 words
Edits = Callable[[], "Sequence[Pair]"]  # what the person made of earlier drafts, as of now


def build_server(
    engine: "StyleEngine",
    writers: "Mapping[str, DraftWriter]" = MappingProxyType({}),
    edits: Edits = tuple,
    *,
    host: str,
    port: int,
    key: str = "",
) -> Starlette:
    """The server around one voice and the draft writers, by name.  With `key`, who asks must bring it as a bearer.

    `edits`: of what is always changed in them (rewrite/habits.py), all is changed in every draft too.
    """
    models = _models(engine, writers, edits)
    desk = Desk()
    began = int(time.time())

    async def chat(request: Request) -> Answer:
        _check_key(request, key)
        asked = ChatRequest.read(await _body(request))
        if asked.model not in models:
            sentence = f"There is no model of that name here; choose one of {', '.join(models)}."
            raise Refused(404, sentence, "model", "model_not_found")
        return Answer(desk, models[asked.model], asked)

    async def list_models(request: Request) -> JSONResponse:
        _check_key(request, key)
        data = [{"id": name, "object": "model", "created": began, "owned_by": m.owner} for name, m in models.items()]
        return JSONResponse({"object": "list", "data": data})

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    app = Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/models", list_models),
            Route("/health", health),
        ],
        middleware=[Middleware(Guard, host=host, port=port)],
        exception_handlers={HTTPException: _as_json},
    )
    app.state.desk = desk
    return app


def run_server(
    folder: Path | str,
    host: str = "127.0.0.1",
    port: int = 8000,
    writers: "Mapping[str, DraftWriter]" = MappingProxyType({}),
    edits: Edits = tuple,
) -> None:
    """Serve the voice in `folder` until interrupted; the key, if one is wanted, is VIBEJAM_API_KEY in the environment.

    Raises UserError where the folder holds no sound model, the port can't be had, or others could reach it keyless.
    """
    from vibejam.engine import StyleEngine

    key = os.environ.get("VIBEJAM_API_KEY", "").strip()
    if not key and not _is_loopback(host):
        raise UserError(f"At {host} others could use your voice; set VIBEJAM_API_KEY first, or leave --host out.")
    engine = StyleEngine(folder)
    bare = host.strip("[]")
    try:
        line = socket.create_server((bare, port), family=socket.AF_INET6 if ":" in bare else socket.AF_INET)
    except (OSError, OverflowError) as error:
        raise UserError(f"{host}:{port} can't be used ({error}); choose another --port or --host.") from error
    with line, contextlib.suppress(KeyboardInterrupt):
        port = line.getsockname()[1]
        app = build_server(engine, writers, edits, host=host, port=port, key=key)
        print(f"Your voice answers at http://{host}:{port}/v1; Ctrl-C ends it.", file=sys.stderr, flush=True)
        quiet = {"log_level": "warning", "access_log": False, "server_header": False}
        Server(uvicorn.Config(app, proxy_headers=False, timeout_graceful_shutdown=10, **quiet)).run(sockets=[line])


class Server(uvicorn.Server):
    """uvicorn, which would wait for the answers under way; here they end with it."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.desk.ending.set()
        await super().shutdown(sockets)


def _models(engine: "StyleEngine", writers: "Mapping[str, DraftWriter]", edits: Edits) -> dict[str, Served]:
    def count(text: str) -> int:
        return len(engine.tokenizer.encode(text))

    voice = Served(engine.stream, engine.name, SampleConfig().max_new_tokens, count)
    # a rewrite is bounded by its draft, which the body's limit bounds
    rewrite = Served(_rewritten_by(engine, edits), engine.name, LARGEST_BODY, count)
    written = {name: _written_by(writer) for name, writer in writers.items()}
    return {engine.folder.resolve().name: voice} | written | {"vibejam-voice": voice, "vibejam-rewrite": rewrite}


def _rewritten_by(engine: "StyleEngine", edits: Edits) -> Callable[[str, SampleConfig, Stop], Iterator[str]]:
    """A rewrite as text that grows: what is settled of the document, as far as it is."""

    def stream(draft: str, config: SampleConfig, stop: Stop) -> Iterator[str]:
        sent = 0
        for rewrite in engine.stream_rewrite(draft, RewriteConfig(seed=config.seed or RewriteConfig.seed), stop, edits=edits()):
            yield rewrite.settled[sent:]
            sent = len(rewrite.settled)

    return stream


def _written_by(writer: "DraftWriter") -> Served:
    def stream(text: str, config: SampleConfig, stop: Stop) -> Iterator[str]:
        return writer.stream(text, max_new_tokens=config.max_new_tokens, stop=stop)

    return Served(stream, writer.destination or writer.model, default_tokens=400)


def _check_key(request: Request, key: str) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # as long for a near miss as for a far one
    fits = hmac.compare_digest(given.strip().encode("latin-1"), key.encode())
    if key and not (scheme.lower() == "bearer" and fits):
        raise Refused(401, "The key is missing or wrong; send the server's VIBEJAM_API_KEY.", code="invalid_api_key")


async def _body(request: Request) -> bytes:
    body, size = bytearray(), 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size <= LARGEST_BODY:
                body += piece
            elif size > 16 * LARGEST_BODY:
                break  # up to here it is read to its end: a client that still sends does not hear an answer
    except ClientDisconnect:
        raise Refused(400, "The request broke off.") from None
    if size > LARGEST_BODY:
        raise Refused(413, f"The request is larger than {LARGEST_BODY // 2**20} MB; send a shorter text.", "messages")
    return bytes(body)


async def _as_json(request: Request, error: HTTPException) -> JSONResponse:
    if isinstance(error, Refused):
        return error.response()
    sentences = {404: "There is nothing at this address; use /v1/chat/completions or /v1/models."}
    refused = Refused(error.status_code, sentences.get(error.status_code, "This address is not used in this way."))
    refused.headers = error.headers
    return refused.response()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
