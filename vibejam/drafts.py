"""Who writes the draft: what every writer offers, and the writer behind any OpenAI-compatible endpoint.

The one place where a person's words leave the machine: to the host that `destination` names, over a `line`.  A key from
the environment goes to the environment's address and nowhere else.  Nothing here is logged or kept.

Left out: a total time limit for a model that keeps writing (`max_new_tokens` is one), and the removal of what a model
thinks aloud inside its answer.
"""

import os
import queue
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import httpx2

from vibejam import addresses
from vibejam.errors import UserError
from vibejam.line import Line

SYSTEM_MESSAGE = (
    "You write first drafts. Write what is asked for in plain, neutral prose, at the length asked for. "
    "Answer with the draft alone: no greeting, no heading unless one is asked for, and no remarks about the draft."
)
OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "none-needed"  # local servers want no key, but the client insists on one
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Draft:
    """A finished draft, and everything needed to say where it came from."""

    text: str
    model: str
    instruction: str
    destination: str | None
    seconds: float


class DraftWriter(Protocol):
    """What the engine and the pages need of a writer; subclasses bring `stream` and inherit `write`."""

    model: str  # as shown on the draft's column
    destination: str | None  # the host that the instruction is sent to; None where it stays on this machine

    def stream(
        self,
        instruction: str,
        *,
        max_new_tokens: int = 400,
        stop: Callable[[], bool] | None = None,
        system: str = SYSTEM_MESSAGE,
    ) -> Iterator[str]:
        """The draft in pieces as they are written.  Closing the iterator, or `stop()` turning true, ends it at once."""
        ...

    def write(
        self,
        instruction: str,
        *,
        max_new_tokens: int = 400,
        stop: Callable[[], bool] | None = None,
        system: str = SYSTEM_MESSAGE,
    ) -> Draft:
        """The whole draft; if `stop` ended it, what there was by then.  Raises what `stream` raises."""
        began = time.monotonic()
        text = "".join(self.stream(instruction, max_new_tokens=max_new_tokens, stop=stop, system=system)).strip()
        return Draft(text, self.model, instruction, self.destination, time.monotonic() - began)


class EndpointWriter(DraftWriter):
    """A model behind an OpenAI-compatible address.  Making one sends nothing and looks nothing up.

    `timeout`: the longest silence, in seconds, before or within an answer, retries included.  `retries`: how often a
    busy or failing service is asked again.  `public`: strangers type the address (see `addresses`).
    Raises UserError for an address that may not be used, no model, or no key where one is needed.
    """

    def __init__(
        self, base_url: str, model: str, api_key: str, timeout: float = 60.0, retries: int = 2, *, public: bool = False
    ):
        self.base_url = addresses.check_base_url(base_url, public=public)
        self.destination = addresses.host_of(self.base_url)
        self.model = model.strip()
        self.timeout, self.retries, self.public = timeout, retries, public
        self._key = api_key.strip()
        if not self.model or not self.model.isprintable() or len(self.model) > 200:
            raise UserError(f"Name the model at {self.destination} that should write the draft, on one line.")
        if not self._key.isascii() or not self._key.isprintable() or " " in self._key:
            raise UserError("The key holds a space or an unusual character; copy it again from where it was given out.")
        if not self._key and not addresses.is_local(self.base_url):
            raise UserError(
                f"There is no key for {self.destination}; type one for this session, or set OPENAI_API_KEY, with "
                "OPENAI_BASE_URL if the key is not OpenAI's, before vibejam starts."
            )

    def stream(
        self,
        instruction: str,
        *,
        max_new_tokens: int = 400,
        stop: Callable[[], bool] | None = None,
        system: str = SYSTEM_MESSAGE,
    ) -> Iterator[str]:
        """The draft in pieces.  Nothing is sent before the first piece is asked for.

        Raises UserError, one sentence with neither the key nor the service's own words, for whatever goes wrong.
        """
        if not instruction.strip():
            raise UserError("There is nothing to write about yet; say in a sentence what the draft should be.")
        line = Line(self._key or NO_KEY, public=self.public)
        pieces: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        # Its own thread, because a blocked read hears neither `stop` nor the closing of this iterator.
        arguments = (line, system, _sendable(instruction), max_new_tokens, pieces)
        threading.Thread(target=self._ask, args=arguments, name="vibejam-draft", daemon=True).start()
        try:
            last_sign = time.monotonic()
            while stop is None or not stop():
                try:
                    piece = pieces.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    if time.monotonic() - last_sign > self.timeout:
                        raise UserError(self._sentence(line, httpx2.ReadTimeout("silence"))) from None
                    continue
                if piece is None:
                    return
                if isinstance(piece, Exception):
                    raise piece
                if piece:
                    yield piece
                last_sign = time.monotonic()  # after the yield: a slow reader is not the service's silence
        finally:
            line.cut()

    def _ask(self, line: Line, system: str, instruction: str, max_new_tokens: int, pieces: queue.SimpleQueue) -> None:
        """In the thread: everything read, then None for a whole answer or the exception to raise."""
        import openai  # most of a second to import, so only once a draft is asked for

        def chunks(limit: str):
            return client.chat.completions.create(
                model=self.model,
                messages=[{"role": "system", "content": system}, {"role": "user", "content": instruction}],
                stream=True,
                **{limit: max_new_tokens},
            )

        try:
            # trust_env: no proxy and no .netrc from the environment; the line writes its own headers
            http = httpx2.Client(transport=line, follow_redirects=False, trust_env=False, timeout=self.timeout)
            with http, openai.OpenAI(
                base_url=self.base_url, api_key=NO_KEY, max_retries=self.retries, timeout=self.timeout, http_client=http
            ) as client:
                try:
                    answer = chunks("max_tokens")  # the name every compatible server knows ...
                except openai.BadRequestError as error:
                    if error.param != "max_tokens":
                        raise
                    answer = chunks("max_completion_tokens")  # ... but OpenAI's own newer models
                self._read(answer, max_new_tokens, pieces)
            pieces.put(None)
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            pieces.put(UserError(self._sentence(line, error)))
        except Exception as error:  # a UserError, or a bug: either way it belongs to whoever asked
            pieces.put(error)

    def _read(self, answer, max_new_tokens: int, pieces: queue.SimpleQueue) -> None:
        events, written, finish = 0, False, None
        try:
            for chunk in answer:
                events += 1
                text, finish_here = _text_and_finish(chunk)
                finish = finish_here or finish
                written = written or bool(text.strip())
                pieces.put(_sendable(text))  # an empty piece is still a sign of life
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            events = 0  # not the protocol, whatever came before
        if not events:
            raise UserError(
                f"{self.destination} answered in a form that cannot be read; check the address, often ending in /v1."
            )
        if finish is None:
            raise UserError(f"The answer from {self.destination} broke off part-way; try again.")
        if not written and finish == "length":
            raise UserError(
                f"{self.model} used all {max_new_tokens} tokens before it wrote anything; choose a model that does not "
                "think first, or allow a longer draft."
            )
        if not written:
            raise UserError(f"{self.model} at {self.destination} answered with no text; try again, or another model.")

    def _sentence(self, line: Line, error: BaseException | None) -> str:
        """What went wrong and what to do, never in the service's words: they may quote the key or the text."""
        if line.status is not None and line.status >= 300:  # also while a busy service is about to be asked again
            return self._status_sentence(line.status)
        causes = []
        while error is not None:
            causes.append(error)
            error = error.__cause__ or error.__context__
        if any(isinstance(cause, httpx2.TimeoutException) for cause in causes):
            return f"{self.destination} sent nothing for {self.timeout:g} s; try again, or a faster model."
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            return (
                f"{self.destination} could not prove over https that it is that host; check the address, and whether a "
                "local one should begin with http://."
            )
        if any(isinstance(cause, httpx2.ConnectError) for cause in causes):
            return f"There is no connection to {self.destination}; check the address and that the service is running."
        return f"The answer from {self.destination} broke off part-way; try again."

    def _status_sentence(self, status: int) -> str:
        host, model = self.destination, self.model
        if 300 <= status < 400:
            return f"{host} wanted your text sent on to another address, which vibejam does not do; check the address."
        if status in (408, 504):
            return f"{host} gave up waiting for {model}; try again, or a faster model."
        if status >= 500:
            return f"{host} has trouble of its own (status {status}); try again in a minute."
        return {
            401: f"{host} did not accept the key; check that it is whole and belongs to this address.",
            402: f"{host} asks for payment; check your account there.",
            403: f"{host} does not let this key use {model}; choose another model or another key.",
            404: f"{host} knows no model called {model} at this address; check the model's name and the address, "
            "which often ends in /v1.",
            413: f"{host} found the instruction too long; shorten it.",
            429: f"{host} takes no more requests from this key for now; wait a minute, or check your credit there.",
        }.get(status, f"{host} did not accept the request for {model} (status {status}); check the model's name.")


def endpoint_from_environment() -> EndpointWriter | None:
    """The endpoint that the environment names; None unless VIBEJAM_LLM_MODEL is set, so that a key which happens to lie
    there sends nothing anywhere.  Raises UserError like EndpointWriter."""
    model = _setting("VIBEJAM_LLM_MODEL")
    return _environment(model) if model else None


def endpoint_for(base_url: str, model: str, api_key: str, *, public: bool = False) -> EndpointWriter:
    """The endpoint as typed for this session; nothing is kept.

    With no address and no key typed, both come from the environment, together.  A typed address never gets the
    environment's key, unless it is the environment's address.  `public`: a stranger typed it, who may not choose
    another model at the expense of the environment's key.  Raises UserError like EndpointWriter.
    """
    base_url, model, api_key = base_url.strip(), model.strip(), api_key.strip()
    if base_url and (api_key or not _is_the_environments(base_url)):
        return EndpointWriter(base_url, model, api_key, public=public)
    if api_key:
        raise UserError(f"Type the address that the key belongs to as well, such as {OPENAI_URL}.")
    if not base_url and not _setting("OPENAI_API_KEY") and not _setting("OPENAI_BASE_URL"):
        raise UserError(
            "No endpoint is set up; type its address, model and key, or set OPENAI_BASE_URL, OPENAI_API_KEY and "
            "VIBEJAM_LLM_MODEL before vibejam starts."
        )
    theirs = _setting("VIBEJAM_LLM_MODEL")
    if public and model not in ("", theirs):
        raise UserError("To use another model than the one offered here, type its address and your own key as well.")
    return _environment(model or theirs)


def _setting(name: str) -> str:
    return os.environ.get(name, "").strip()


def _environment_url() -> str:
    return _setting("OPENAI_BASE_URL") or OPENAI_URL


def _environment(model: str) -> EndpointWriter:
    return EndpointWriter(_environment_url(), model, _setting("OPENAI_API_KEY"))


def _is_the_environments(base_url: str) -> bool:
    here = addresses.check_base_url(base_url, public=False)
    return here == addresses.check_base_url(_environment_url(), public=False)


def _text_and_finish(chunk) -> tuple[str, str | None]:
    """Of one event; servers differ in what they leave out of the first and the last."""
    choices = getattr(chunk, "choices", None)
    if not choices:
        return "", None
    delta = getattr(choices[0], "delta", None)
    return getattr(delta, "content", None) or "", getattr(choices[0], "finish_reason", None)


def _sendable(text: str) -> str:
    """Half a surrogate pair is no text: it can be neither sent nor saved."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
