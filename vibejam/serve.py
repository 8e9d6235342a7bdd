"""One chat request at a time: what may be asked, the queue, and an answer that ends as soon as nobody listens.

Shapes and error bodies are those of OpenAI's chat completions, which its clients check.  Left out: addresses, keys and
which models there are (server.py).
"""

import asyncio
import contextlib
import json
import logging
import secrets
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from vibejam.config import SampleConfig
from vibejam.errors import UserError

LONGEST_ANSWER = 32_768  # tokens
WAITING = 8  # requests that may wait for the one at work
RETRY_SECONDS = 5
log = logging.getLogger(__name__)

Stop = Callable[[], bool]
StopText = Annotated[str, Field(min_length=1, max_length=200)]


class Refused(HTTPException):
    """A request that is not served: a status, one sentence, and where in the request the trouble lies."""

    def __init__(self, status: int, sentence: str, param: str | None = None, code: str | None = None) -> None:
        headers = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": str(RETRY_SECONDS)}}.get(status)
        super().__init__(status, sentence, headers)
        self.param, self.code = param, code

    def body(self) -> dict[str, Any]:
        kinds = {429: "rate_limit_error", 500: "server_error", 503: "server_error"}
        kind = kinds.get(self.status_code, "invalid_request_error")
        return {"error": {"message": self.detail, "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), self.status_code, self.headers)


class Part(BaseModel):
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    role: str
    content: str | list[Part] | None = None


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """The part of a chat request that is honoured; fields not named here are passed over."""

    model_config = ConfigDict(allow_inf_nan=False)
    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, le=LONGEST_ANSWER)
    max_completion_tokens: int | None = Field(None, ge=1, le=LONGEST_ANSWER)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    stop: StopText | Annotated[list[StopText], Field(max_length=16)] | None = None
    n: Literal[1] | None = None

    @classmethod
    def read(cls, body: bytes) -> "ChatRequest":
        """Raises Refused (400); its sentence names the field and never quotes what was in it."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise Refused(400, "The request can't be read as JSON; send one JSON object.")
        field = ".".join(str(step) for step in first["loc"])
        raise Refused(400, f"{field or 'The request'}: {first['msg']}.", field or None)

    def last_user_text(self) -> str:
        """Raises Refused (400) where the user said nothing."""
        for message in reversed(self.messages):
            if message.role == "user" and message.content is not None:
                return message.content if isinstance(message.content, str) else "".join(p.text for p in message.content)
        raise Refused(400, "There is no message of the role user; send your text as one.", "messages")

    def sampling(self, default_tokens: int) -> SampleConfig:
        given = {"temperature": self.temperature, "top_p": self.top_p, "seed": self.seed}
        tokens = self.max_completion_tokens or self.max_tokens or default_tokens
        return replace(SampleConfig(max_new_tokens=tokens), **{k: v for k, v in given.items() if v is not None})


@dataclass(frozen=True)
class Served:
    """What answers under one name.  `count`: a text's number of tokens, where that is known."""

    stream: Callable[[str, SampleConfig, Stop], Iterator[str]]
    owner: str
    default_tokens: int
    count: Callable[[str], int] | None = None


class Writing:
    """The text of one answer as it comes, ending before the first stop text; then what there is to say about it."""

    def __init__(self, model: Served, asked: ChatRequest, stop: Stop) -> None:
        self.model, self.prompt, self.stop = model, asked.last_user_text(), stop
        self.config = asked.sampling(model.default_tokens)
        self.stops = [asked.stop] if isinstance(asked.stop, str) else asked.stop or []
        self.text, self.pieces, self.cut = "", 0, False

    def __iter__(self) -> Iterator[str]:
        held = ""
        for piece in self.model.stream(self.prompt, self.config, self.stop):
            self.pieces += bool(piece)
            held += piece
            ends = [held.index(stop) for stop in self.stops if stop in held]
            self.cut = bool(ends)
            ready = min(ends) if ends else len(held) - self._undecided(held)
            self.text += held[:ready]
            if ready:
                yield held[:ready]
            held = held[ready:]
            if self.cut:
                return
        if held:
            self.text += held
            yield held

    def _undecided(self, held: str) -> int:
        """How many characters at the end of `held` may be the beginning of a stop text."""
        return max((k for stop in self.stops for k in range(1, len(stop)) if held.endswith(stop[:k])), default=0)

    def verdict(self) -> tuple[str, dict[str, int] | None]:
        """Why it ended, and the usage."""
        # A token writes a piece, or nothing until a later one completes its character; the text can be counted anew
        # where the model's tokenizer is known.  Both fall short of what was drawn, so the larger is nearer.
        wrote = max(self.pieces, self.model.count(self.text) if self.model.count else 0)
        wrote = min(wrote, self.config.max_new_tokens)
        finish = "length" if wrote == self.config.max_new_tokens and not self.cut else "stop"
        if self.model.count is None:
            return finish, None
        read = self.model.count(self.prompt)
        return finish, {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}


class Desk:
    """The one thread that generates, and the short queue before it."""

    def __init__(self) -> None:
        self.ending = threading.Event()  # once set, what is under way and what waits is refused
        self._thread = ThreadPoolExecutor(1, "vibejam-serve")
        self._busy = asyncio.Lock()  # first come, first served
        self._waiting = 0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Raises Refused (429) where too many wait already."""
        if self._busy.locked() and self._waiting >= WAITING:
            raise Refused(429, "Too many requests are waiting; try again in a few seconds.", code="rate_limit_exceeded")
        self._waiting += 1
        try:
            await self._busy.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._busy.release()

    async def do(self, function: Callable, *arguments: object) -> Any:
        """`function(*arguments)` in the thread.  Raises Refused (503) where the server is ending."""
        result = await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
        if self.ending.is_set():
            raise Refused(503, "vibejam was ended before this answer was; start it and ask again.")
        return result

    def do_later(self, function: Callable) -> None:
        self._thread.submit(function)


class Answer:
    """An ASGI response that generates while it is sent."""

    def __init__(self, desk: Desk, model: Served, asked: ChatRequest) -> None:
        self.desk, self.asked = desk, asked
        self.gone = threading.Event()
        self.writing = Writing(model, asked, lambda: self.gone.is_set() or desk.ending.is_set())
        self.started = False
        self.head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": asked.model}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._leave_with_client, receive, group.cancel_scope)
            try:
                async with self.desk.turn():
                    await (self._stream if self.asked.stream else self._whole)(scope, receive, send)
            except Exception as error:  # a cancellation is none, and passes
                await self._fail(error, scope, receive, send)
            group.cancel_scope.cancel()

    async def _leave_with_client(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            text = await self.desk.do("".join, self.writing)
            finish, usage = await self.desk.do(self.writing.verdict)
        finally:
            self.gone.set()
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        body = {**self.head, "object": "chat.completion", "choices": [choice], **({"usage": usage} if usage else {})}
        await JSONResponse(body)(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        pieces = iter(self.writing)
        try:
            piece = await self.desk.do(next, pieces, None)  # before the first byte: what is wrong shows by now
            headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            self.started = True
            await self._event(send, self._chunk({"role": "assistant", "content": ""}))
            while piece is not None:
                await self._event(send, self._chunk({"content": piece}))
                piece = await self.desk.do(next, pieces, None)
            finish, usage = await self.desk.do(self.writing.verdict)
        finally:
            self.gone.set()
            self.desk.do_later(pieces.close)  # not now: a step may still be at work in the thread
        await self._event(send, self._chunk({}, finish))
        if usage and self.asked.stream_options and self.asked.stream_options.include_usage:
            await self._event(send, {**self._chunk({}), "choices": [], "usage": usage})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    def _chunk(self, delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return {**self.head, "object": "chat.completion.chunk", "choices": [choice]}

    async def _event(self, send: Send, value: dict[str, Any]) -> None:
        line = f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
        await send({"type": "http.response.body", "body": line.encode(), "more_body": True})

    async def _fail(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(error, UserError):
            error = Refused(400, str(error))
        elif not isinstance(error, Refused):
            # where it happened, never its message, which may quote the text
            log.error("%s in an answer\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            error = Refused(500, "Something in vibejam failed, which is a bug; the window it runs in says where.")
        if not self.started:
            return await error.response()(scope, receive, send)
        await self._event(send, error.body())
        await send({"type": "http.response.body", "body": b""})
