"""An endpoint that answers each draft with versions that were recorded before, for measuring over HTTP what an LLM would bring.

    python tests/replay.py FILE.candidates.jsonl --drafts FILE.jsonl [--port N]

Then OPENAI_BASE_URL=http://127.0.0.1:N/v1 for any program that asks.  A recorded line is {"id": ..., "candidates": [...]}, a
draft's {"id": ..., "draft": ...}.  A request is known by the draft that shares the most words in a row with it, and is given that
draft's next version, round and round.  Left out: a request about no draft.
"""

import argparse
import itertools
import json
import re
import threading
from pathlib import Path

from endpoint_server import Endpoint, Handler, says

RUN = 4  # words


class Recorded:
    """The turn of an Endpoint that replays."""

    def __init__(self, recorded: Path, drafts: Path) -> None:
        versions = {row["id"]: row["candidates"] for row in _rows(recorded)}
        self._drafts = [(_runs(row["draft"]), itertools.cycle(versions[row["id"]])) for row in _rows(drafts)]
        self._lock = threading.Lock()

    def __call__(self, handler: Handler) -> None:
        asked = _runs(handler.asked.body["messages"][-1]["content"])
        with self._lock:
            text = next(max(self._drafts, key=lambda known: len(known[0] & asked) / max(1, len(known[0])))[1])
        says(text)(handler)


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + RUN]) for i in range(len(words))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("recorded", type=Path)
    parser.add_argument("--drafts", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8099)
    args = parser.parse_args()
    endpoint = Endpoint(args.port)
    endpoint.will(Recorded(args.recorded, args.drafts))
    print(f"replaying at {endpoint.url}; Ctrl-C ends it", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        endpoint.close()


if __name__ == "__main__":
    main()
