"""A visitor who speaks to the running app as its page does, over HTTP, but sends whatever it likes.

Every handler of every page can be called like this, whether the page shows it or not.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
from tally import count


def _lines(stream: httpx.Response) -> Iterator[str]:
    """The lines of a stream as they come; httpx's own also cut at line ends that may stand inside a text."""
    rest = b""
    for piece in stream.iter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.decode() for line in lines)


@dataclass
class Answer:
    """What came back: the last output of each component, or an error's words."""

    data: list = field(default_factory=list)
    error: str = ""
    text: str = ""  # all that was received, for whoever looks for what must not be in it


class Visitor:
    """One open page: a session of its own, whose values the server keeps."""

    def __init__(self, address: str) -> None:
        self.web = httpx.Client(base_url=address, timeout=300, trust_env=False, headers={"Origin": address})
        self.session = secrets.token_hex(6)
        self.open_page: httpx.Response | None = None
        self.handlers: dict[str, dict] = {}
        config = self.web.get("/config").json()
        for handler in config["dependencies"]:
            self.handlers.setdefault(handler["api_name"], handler)
        self.parts = {(part["props"].get("elem_id") or part["props"].get("label")): part["id"] for part in config["components"]}
        self.events = {tuple(target): handler for handler in config["dependencies"] for target in handler["targets"]}

    def upload(self, name: str, data: bytes) -> dict:
        """Put a file where the app puts dropped files; how the page then names it."""
        answer = self.web.post("/gradio_api/upload", files={"files": (name, data)})
        count("requests")
        path = answer.raise_for_status().json()[0]
        return {"path": path, "orig_name": name, "size": len(data), "meta": {"_type": "gradio.FileData"}}

    def open(self, tab: str) -> Answer:
        """Go to a tab; from then on the server knows what can be chosen there."""
        handler = self.events[(self.parts[tab], "select")]
        return self._call(handler, [None] * len(handler["inputs"]))

    def press(self, button: str, *data: object) -> Answer:
        """Press a button, named by its place on the page."""
        return self._call(self.events[(self.parts[button], "click")], list(data))

    def call(self, handler: str, *data: object) -> Answer:
        """Call a handler by its function's name."""
        return self._call(self.handlers[handler], list(data))

    def _call(self, handler: dict, data: list) -> Answer:
        """Call, and wait for the last word; the server fills in what it keeps itself."""
        asked = {"data": data, "fn_index": handler["id"], "session_hash": self.session}
        joined = self.web.post("/gradio_api/queue/join", json=asked)
        count("requests", 2)
        if joined.status_code != 200:
            return Answer(error=f"{joined.status_code}", text=joined.text)
        answer = Answer()
        with self.web.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            for line in _lines(stream):
                answer.text += line + "\n"
                if not line.startswith("data: "):
                    continue
                message = json.loads(line[6:])
                if message["msg"] == "process_completed":
                    output = message["output"]
                    answer.data = output.get("data") or []
                    answer.error = "" if message["success"] else str(output.get("error"))
                elif message["msg"] == "process_generating" and not answer.data:
                    answer.data = message["output"].get("data") or []
                if message["msg"] in ("close_stream", "unexpected_error"):
                    break
        return answer

    def stay(self) -> None:
        """Let the server know that the page is open, as a browser does; it then knows as well when it is closed."""
        asked = self.web.build_request("GET", f"/gradio_api/heartbeat/{self.session}")
        self.open_page = self.web.send(asked, stream=True)

    def leave(self) -> None:
        """Close the page."""
        if self.open_page is not None:
            self.open_page.close()
        self.web.close()
