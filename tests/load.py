"""`python -m tests.load [--visitors 20]`: visitors of a Space, all at once, each uploading, sampling, rewriting while one trains.

Each has a word of their own in all they send and in the name of their run, and everything that comes back to any is searched for
the words of the others.  Prints what was counted; the exit status is 1 where anyone saw what is another's, or a call failed.
Left out: visitors over hours, and what a proxy in front would do.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]
os.environ.setdefault("OMP_NUM_THREADS", "1")

from app_hands import knobs  # noqa: E402
from caller import Visitor  # noqa: E402
from guarded_app import ROOT, free_port  # noqa: E402
from tally import COUNTS, count  # noqa: E402
from writing import essay  # noqa: E402

from vibejam.corpus import build_corpus  # noqa: E402
from vibejam.learn import learn  # noqa: E402
from vibejam.readers import Document  # noqa: E402
from vibejam.recipe import plan_run  # noqa: E402

ALONE = 20.0  # seconds that the training runs before the others come


def word(number: int) -> str:
    return f"zq{number:02}visitor"


def check(answer, number: int, everyone: int, what: str) -> None:
    """Count what another's word stands in, and what failed."""
    seen = [other for other in range(everyone) if other != number and word(other) in answer.text]
    count("answers searched for the words of others")
    count("answers that held another's words", bool(seen))
    count("calls that failed", bool(answer.error))
    if seen or answer.error:
        print(f"visitor {number}, {what}: saw {seen}, error {answer.error!r}", file=sys.stderr)


def visit(address: str, number: int, everyone: int, voice: Path, home: Path, waits: list[float]) -> None:
    visitor = Visitor(address)
    check(visitor.call("greet", None), number, everyone, "arriving")
    file = visitor.upload(f"{word(number)}.txt", f"{word(number)} {essay(number)}".encode())
    shown = visitor.call("take_files", None, [file])
    check(shown, number, everyone, "uploading")
    count("visitors who saw their own writing", word(number) in shown.text)
    own = next(p for p in (home / "data" / "visitors").glob("*/writing/*.json") if word(number) in p.read_text()).parents[1]
    shutil.copytree(voice, own / "runs" / f"run-{word(number)}")
    began = time.monotonic()
    for tab in ("Train", "Sample", "Rewrite"):
        check(visitor.open(tab), number, everyone, tab)
    check(visitor.press("write-on", None, f"run-{word(number)}", "I think", 0.8, 0, 0.95, 40, "1"), number, everyone, "sampling")
    draft = f"It is important to note that {word(number)} was there, and that it rained."
    given = visitor.press("rewrite", None, f"run-{word(number)}", "paste", "", "", "", "", draft, 1.0, [])
    waits.append(time.monotonic() - began)
    check(given, number, everyone, "rewriting")
    other = (number + 1) % everyone
    for button, rest in (("write-on", ("I", 0.8, 0, 0.95, 20, "1")), ("longer", ()), ("resume", ())):
        answer = visitor.press(button, None, f"run-{word(other)}", *rest)
        count("tries to reach another's run")
        count("tries that got something", not answer.error and f"run-{word(other)}" in answer.text)
        count("answers that held another's words", any(essay(n)[:40] in answer.text for n in range(everyone) if n != number))
    visitor.leave()


def pace(folder: Path, start: float, end: float) -> float:
    """Steps a second between two moments of a run's own clock."""
    events = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    inside = [e for e in events if start <= e["seconds"] <= end]
    return (inside[-1]["iteration"] - inside[0]["iteration"]) / (inside[-1]["seconds"] - inside[0]["seconds"])


def memory(process: subprocess.Popen) -> int:
    """Megabytes that the server holds; 0 where the system does not say."""
    status = Path(f"/proc/{process.pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=20)
    everyone = parser.parse_args().visitors
    home = Path(tempfile.mkdtemp())
    corpus = build_corpus([Document(f"{n}", essay(n), "utf-8") for n in range(8)])
    shape = {"n_layer": 1, "n_head": 2, "n_embd": 32, "block_size": 32}
    for _ in learn(corpus, home / "voice", plan_run(corpus.characters, max_iters=20, shape=shape), device="cpu"):
        pass
    port = free_port()
    environment = os.environ | {"VIBEJAM_HOME": str(home / "home"), "SPACE_ID": "someone/vibejam", "GRADIO_TEMP_DIR": ""}
    del environment["GRADIO_TEMP_DIR"]
    command = [sys.executable, "-u", str(ROOT / "app.py"), "--host", "127.0.0.1", "--port", str(port), "--no-browser"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        while "vibejam is at" not in (home / "log").read_text():
            assert server.poll() is None, (home / "log").read_text()
            time.sleep(0.2)
        trainer = Visitor(f"http://127.0.0.1:{port}")
        trainer.call("greet", None)
        for n in range(8):
            trainer.call("take_pasted", None, f"{word(99)} {essay(n)}")
        trainer.call("begin", None, "", "Quick", "none", *knobs())
        while not (runs := list((home / "home" / "data" / "visitors").glob("*/runs/*/metrics.jsonl"))):
            time.sleep(0.2)
        time.sleep(ALONE)
        came = json.loads(runs[0].read_text().splitlines()[-1])["seconds"]
        before, waits = memory(server), []
        arrived = threading.Barrier(everyone)

        def come(number: int) -> None:
            arrived.wait()
            visit(f"http://127.0.0.1:{port}", number, everyone, home / "voice", home / "home", waits)

        with ThreadPoolExecutor(everyone) as pool:
            for future in [pool.submit(come, number) for number in range(everyone)]:
                future.result()
        last = json.loads(runs[0].read_text().splitlines()[-1])["seconds"]
        alone, crowded = pace(runs[0].parent, came * 0.2, came), pace(runs[0].parent, came, last)
        for what in ("answers that held another's words", "calls that failed", "tries that got something"):
            count(what, 0)
        for what in sorted(COUNTS):
            print(f"{COUNTS[what]:>8,} {what}")
        print(f"{everyone:>8,} visitors at once; a sample and a rewrite took them {min(waits):.1f} to {max(waits):.1f} s")
        print(f"{alone:>8.1f} steps a second of the training alone, {crowded:.1f} in the {last - came:.0f} s among them")
        print(f"{before:>8,} MB held by the server before, {memory(server):,} MB after")
        bad = ("answers that held another's words", "calls that failed", "tries that got something")
        return 1 if any(COUNTS[what] for what in bad) else 0
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
