"""The one line out of this machine: an HTTP transport that reaches one host, for one draft, and can be cut.

It connects to the addresses that `addresses` has just judged and to no others, writes its own headers, unpacks nothing,
and reads no more than a draft can need.

Left out: proxies, private certificate authorities, redirects (the client around it follows none).
"""

import socket
from collections.abc import Iterator

import httpx2

from vibejam import addresses

LONGEST_ANSWER = 8 * 2**20  # bytes on the wire: a thousand tokens with their wrapping take about 0.3 MB


class Cut(Exception):
    """The line was cut on purpose; not one of the client's exceptions, so that it is not tried again."""


class Line(httpx2.HTTPTransport):
    """The line for one draft.  `key`: sent as the bearer token.  `public`: see `addresses`.

    Raises UserError where the host may not be reached, `Cut` once it is cut, else what httpx2 raises.
    """

    def __init__(self, key: str, *, public: bool):
        # a connection a request, so that `_trace` sees every socket
        super().__init__(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))
        self.status: int | None = None  # of the answer to the latest request; None while there is none
        self._key, self._public = key, public
        self._socket: socket.socket | None = None
        self._is_cut = False

    def cut(self) -> None:
        """End whatever the line is doing, at once; nothing is sent after this."""
        self._is_cut = True
        if self._socket is not None:
            try:
                # the plain socket's shutdown wakes a read that is blocked in another thread, under TLS as well
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                pass  # already closed

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Like its parent's, but by address: the name was looked up and judged a moment ago, and is not asked again.

        The headers are written anew: the client adds facts about this machine, and whatever OPENAI_ORG_ID,
        OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS hold, and those belong to no address that somebody typed.
        """
        headers = {
            "Host": request.url.netloc.decode("ascii"),
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Content-Length": request.headers["Content-Length"],
            "Accept": "text/event-stream",
            "User-Agent": "vibejam",
        }
        extensions = {**request.extensions, "sni_hostname": request.url.host, "trace": self._trace}
        self.status, refused = None, None
        for address in addresses.addresses_to_reach(str(request.url), public=self._public):
            self._socket = None
            self._stop_if_cut()
            url = request.url.copy_with(host=address)
            try:
                response = super().handle_request(
                    httpx2.Request(request.method, url, headers=headers, stream=request.stream, extensions=extensions)
                )
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                if self._socket is not None:  # somebody was there, but could not prove the name
                    raise
                refused = error  # localhost is ::1 and 127.0.0.1; a server often listens on one of them
                continue
            self.status = response.status_code
            response.headers.pop("content-encoding", None)  # none was asked for; never unpack what a stranger packed
            response.stream = _Bounded(response.stream)
            return response
        raise refused

    def _trace(self, event: str, info: dict) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            self._stop_if_cut()  # in this order: a cut between the two is seen by one side or the other

    def _stop_if_cut(self) -> None:
        if self._is_cut:
            raise Cut


class _Bounded(httpx2.SyncByteStream):
    """An answer's bytes, up to what a draft can need: a service that never stops must not fill the memory."""

    def __init__(self, stream: httpx2.SyncByteStream):
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        left = LONGEST_ANSWER
        for piece in self._stream:
            left -= len(piece)
            if left < 0:
                raise httpx2.ReadError("the answer is longer than any draft")
            yield piece

    def close(self) -> None:
        self._stream.close()
