"""The guard: what stands between a browser and a vibejam server, and refuses what did not come from its own page.

A server on this machine is reachable from every web page its owner visits.  So each request must name this server in
Host (or a page could make its own name point here), must not come from another page (Origin, Sec-Fetch-Site), and must
not ask for what vibejam never uses: Gradio's routes that hand one person's text to another, or fetch an address for a
stranger.  What comes in and what goes out passes through piece by piece; nothing is held back.

Left out: who the person is (there is no login), how much they may ask for, and encryption.
"""

import contextlib
import ipaddress
import os
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_UPLOAD = 100 * 2**20  # bytes a file: some fifty million words of plain text
HUB = "https://huggingface.co"  # the one page that shows a Space inside a frame
METHODS = ("GET", "HEAD", "POST")
WILDCARDS = ("0.0.0.0", "::", "")
EVERY_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
# As prefixes, because Starlette's routes also match a path with a line break at its end.
CLOSED = re.compile(
    r"/(gradio_api/)?(deep_link|runs(?![a-z])|run-history|monitoring|profiling|proxy=|dev/|vibe-|undo-vibe-|mcp"
    r"|docs(?![a-z])|redoc|openapi\.json|file[=/]\s*[a-z][a-z0-9+.-]+:)",  # a drive's C: is one letter
    re.IGNORECASE,
)
CONTENT_POLICY = (
    "default-src 'self'; connect-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "
)


class Guard:
    """Pure ASGI middleware.  `host` and `port`: what the server is bound to; a Space's own names come from SPACE_HOST.

    Refuses with one plain sentence: 400 a foreign Host, 403 a foreign page, 404 a closed route, 405 an unused method.
    Applying it twice is the same as applying it once.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self.app = app
        self.space = tuple(name.strip().lower() for name in os.environ.get("SPACE_HOST", "").split(",") if name.strip())
        self.hosts = frozenset(_own_hosts(host, port)).union(self.space)
        self.wildcard = host in WILDCARDS and not self.space
        self.headers = {
            "Content-Security-Policy": CONTENT_POLICY + (HUB if self.space else "'none'"),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":  # a web socket; nothing here speaks over one
            return await send({"type": "websocket.close", "code": 1008})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self.app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if not self._is_own(host):
            return _refuse(400, "This address is not vibejam's own; open the one that vibejam printed when it started.")
        if any(origin.lower() not in self._origins(host) for origin in origins):
            return _refuse(403, "Another page asked for this; open vibejam itself and do it there.")
        site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode")
        follows_link = scope["method"] in ("GET", "HEAD") and mode == "navigate"
        if site not in ("same-origin", "none") and not follows_link:
            return _refuse(403, "Another page asked for this; open vibejam itself and do it there.")
        if scope["method"] not in METHODS:
            return _refuse(405, "vibejam does not use this method; use GET or POST.", {"Allow": ", ".join(METHODS)})
        if CLOSED.match(scope["path"]) or b"deep_link" in scope["query_string"]:
            return _refuse(404, "There is nothing here; go back to vibejam's first page.")
        return None

    def _is_own(self, host: str) -> bool:
        if host in self.hosts:
            return True
        parts = EVERY_HOST.fullmatch(host) if self.wildcard else None
        # Bound to every address: a number can't be made to point elsewhere as a name can, and a container's port is
        # often published under another.
        return parts is not None and (parts[1] in _own_names() or _is_number(parts[1]))

    def _origins(self, host: str) -> tuple[str, ...]:
        if host in self.space:
            return (f"https://{host}",)
        return (f"http://{host}", f"https://{host}")  # https where a proxy stands in front


def launch_options(host: str, port: int) -> dict[str, Any]:
    """What `demo.launch(**...)` of the browser app needs to be safe; how it looks is the app's own."""
    options = {"host": host, "port": port}

    @contextlib.asynccontextmanager
    async def guard_first(app: Starlette) -> AsyncIterator[None]:
        # Gradio puts its own middleware before ours, and the page for a crash stands before all: go in front of them.
        app.middleware_stack = Guard(app.middleware_stack, **options)
        yield

    return {
        "server_name": f"[{host}]" if ":" in host and not host.startswith("[") else host,
        "server_port": port,
        "app_kwargs": {
            "middleware": [Middleware(Guard, **options)],  # stands even where the one in front could not be put
            "lifespan": guard_first,
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
        },
        "strict_cors": True,
        "enable_monitoring": False,
        "run_history": False,  # else every input, keys too, is kept in the browser in plain text
        "state_session_capacity": 100,
        "max_file_size": LARGEST_UPLOAD,
        "show_error": False,  # what was not foreseen may quote the person's text
        "share": False,
        "mcp_server": False,
        "ssr_mode": False,
        "num_workers": 0,  # they would answer on ports of their own, past the guard
    }


def _own_hosts(host: str, port: int) -> list[str]:
    names = ["localhost", "127.0.0.1", "[::1]"]
    if host not in WILDCARDS:
        names.append(f"[{host}]" if ":" in host and not host.startswith("[") else host.lower())
    # a browser leaves the usual port out
    return [f"{name}:{port}" for name in names] + (names if port in (80, 443) else [])


def _own_names() -> tuple[str, ...]:
    name = socket.gethostname().lower()
    return ("localhost", name, f"{name}.local")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _refuse(status: int, sentence: str, headers: dict[str, str] | None = None) -> PlainTextResponse:
    return PlainTextResponse(sentence + "\n", status, headers)
