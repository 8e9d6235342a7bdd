"""`python -m tests.load [--visitors 20]`: visitors of a Space, all at once, each uploading, sampling, rewriting while one trains.
`python -m tests.load --minutes 60 [--visitors 3]`: so many at a time, who come, train if nobody does, and leave, for an hour.

Each has a word of their own in all they send and in the name of their run, and everything that comes back to any is searched for
the words of the others.  Prints what was counted, and over minutes the server's memory and what it keeps of those who have gone;
the exit status is 1 where anyone saw what is another's, a call failed, or something was kept.
Left out: what a proxy in front would do.  Who closes a page is forgotten an hour later, but here at once.
"""

import argparse
import json
import os
import random
import shutil
import signal
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
THOUGHT = 4.0  # seconds at most that a visitor thinks before each step, where they come and go
REPORTS = 10  # lines about memory over the minutes
BAD = ("answers that held another's words", "calls that failed", "tries that got something")
NOTHING_KEPT = ("visitors", "typed texts", "exports", "runs", "rewrites under way", "values of pages")  # when all have gone


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
    visitor.stay()
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


def stroll(address: str, number: int, everyone: int, voice: Path, home: Path, dice: random.Random) -> None:
    """One visitor from arriving to leaving, with a thought before each step; trains for a while if nobody else does."""

    def think() -> None:
        time.sleep(dice.uniform(0, THOUGHT))

    visitor = Visitor(address)
    visitor.stay()
    check(visitor.call("greet", None), number, everyone, "arriving")
    for n in range(dice.randint(4, 9)):
        think()
        file = visitor.upload(f"{word(number)}-{n}.txt", f"{word(number)} {essay(dice.randrange(10**6))}".encode())
        check(visitor.call("take_files", None, [file]), number, everyone, "uploading")
    own = next(p for p in (home / "data" / "visitors").glob("*/writing/*.json") if word(number) in p.read_text()).parents[1]
    run = f"run-{word(number)}"
    shutil.copytree(voice, own / "runs" / run)
    visitor.call("begin", None, "", "Quick", "none", *knobs())
    for tab in ("Train", "Sample", "Rewrite", "Write"):
        think()
        check(visitor.open(tab), number, everyone, tab)
    check(visitor.call("show", None), number, everyone, "looking at the figures")
    for _ in range(dice.randint(1, 4)):
        think()
        check(visitor.press("write-on", None, run, word(number), 0.8, 0, 0.95, 60, ""), number, everyone, "sampling")
        check(visitor.call("seen_as", None, "tokens", None), number, everyone, "looking at the tokens")
        draft = f"It is important to note that {word(number)} was there. {essay(dice.randrange(10**6), paragraphs=1)}"
        check(visitor.press("rewrite", None, run, "paste", "", "", "", "", draft, 1.0, []), number, everyone, "rewriting")
    if dice.random() < 0.3:
        check(visitor.call("remove_everything", None), number, everyone, "removing")
    count("visitors who came and left")
    visitor.leave()


def pace(folder: Path, start: float, end: float) -> float:
    """Steps a second between two moments of a run's own clock, but for the time that it measures and writes samples."""
    events = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    inside = [e for e in events if start <= e["seconds"] <= end]
    steps = [(a, b) for a, b in zip(inside, inside[1:], strict=False) if "val_loss" not in a and "val_loss" not in b]
    return sum(b["iteration"] - a["iteration"] for a, b in steps) / max(1e-9, sum(b["seconds"] - a["seconds"] for a, b in steps))


def computed(process: subprocess.Popen) -> float:
    """Seconds of a processor that the server has had so far; 0 where the system does not say."""
    status = Path(f"/proc/{process.pid}/stat")
    fields = status.read_text().rpartition(")")[2].split() if status.exists() else ["0"] * 20
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def steps(folder: Path) -> int:
    """How far the run is."""
    return json.loads((folder / "metrics.jsonl").read_text().rpartition("\n")[0].splitlines()[-1])["iteration"]


def memory(process: subprocess.Popen) -> int:
    """Megabytes that the server holds; 0 where the system does not say."""
    status = Path(f"/proc/{process.pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)


def kept(server: subprocess.Popen, log: Path) -> dict[str, int]:
    """What the server keeps in memory, as it says itself."""
    said = log.read_text().count("kept {")
    server.send_signal(signal.SIGUSR1)
    while log.read_text().count("kept {") == said:
        assert server.poll() is None, "the server has ended"
        time.sleep(0.2)
    return json.loads(log.read_text().rpartition("kept ")[2])


def a_crowd(address: str, server: subprocess.Popen, home: Path, everyone: int) -> bool:
    """All at once, while one trains."""
    trainer = Visitor(address)
    trainer.call("greet", None)
    for n in range(8):
        trainer.call("take_pasted", None, f"{word(99)} {essay(n)}")
    trainer.call("begin", None, "", "Better", "none", *knobs())
    while not (runs := list((home / "home" / "data" / "visitors").glob("*/runs/*/metrics.jsonl"))):
        time.sleep(0.2)
    started = computed(server), steps(runs[0].parent)
    time.sleep(ALONE)
    met = computed(server), steps(runs[0].parent)
    came = json.loads(runs[0].read_text().splitlines()[-1])["seconds"]
    before, waits = memory(server), []
    arrived = threading.Barrier(everyone)

    def come(number: int) -> None:
        arrived.wait()
        visit(address, number, everyone, home / "voice", home / "home", waits)

    with ThreadPoolExecutor(everyone) as pool:
        for future in [pool.submit(come, number) for number in range(everyone)]:
            future.result()
    last = json.loads(runs[0].read_text().splitlines()[-1])["seconds"]
    alone, crowded = pace(runs[0].parent, came * 0.2, came), pace(runs[0].parent, came, last)
    print(f"{everyone:>8,} visitors at once; a sample and a rewrite took them {min(waits):.1f} to {max(waits):.1f} s")
    ended = computed(server), steps(runs[0].parent)
    shares = [(b[1] - a[1]) / max(0.01, b[0] - a[0]) for a, b in ((started, met), (met, ended))]
    print(f"{alone:>8.2f} steps a second of the training alone, {crowded:.2f} in the {last - came:.0f} s among them")
    print(f"{shares[0]:>8.2f} steps for each second that the server computed alone, {shares[1]:.2f} among them")
    print(f"{before:>8,} MB held by the server before, {memory(server):,} MB after")
    return True


def coming_and_going(address: str, server: subprocess.Popen, home: Path, at_once: int, minutes: float) -> bool:
    """So many at a time for so long; whether nothing is kept of them in the end."""
    end, said = time.monotonic() + 60 * minutes, 0.0
    numbers, lock = iter(range(10**6)), threading.Lock()
    began = time.monotonic()

    def come(seed: int) -> None:
        dice = random.Random(seed)
        while time.monotonic() < end:
            with lock:
                number = next(numbers) % 90  # words of two figures; nobody else who is there has the same
            stroll(address, number, 90, home / "voice", home / "home", dice)

    def report(when: str) -> dict[str, int]:
        left = len(list((home / "home" / "data" / "visitors").glob("*")))
        found = kept(server, home / "log")
        gone = COUNTS["visitors who came and left"]
        print(f"{when}: {memory(server):,} MB, {gone} came and left, {left} workspaces, {found}", flush=True)
        return found | {"workspaces": left}

    with ThreadPoolExecutor(at_once) as pool:
        coming = [pool.submit(come, seed) for seed in range(at_once)]
        while not all(future.done() for future in coming):
            if time.monotonic() - said > 60 * minutes / REPORTS:
                said = time.monotonic()
                report(f"after {(said - began) / 60:.0f} minutes")
            time.sleep(1)
        for future in coming:
            future.result()
    for _ in range(120):  # a run that is measuring itself ends when it has done so
        time.sleep(1)
        found = kept(server, home / "log")
        if not any(found[name] for name in NOTHING_KEPT) and not list((home / "home" / "data" / "visitors").glob("*")):
            break
    found = report("when all have gone")
    return not found["workspaces"] and not any(found[name] for name in NOTHING_KEPT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=0)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and end the server
    home = Path(tempfile.mkdtemp())
    corpus = build_corpus([Document(f"{n}", essay(n), "utf-8") for n in range(8)])
    shape = {"n_layer": 1, "n_head": 2, "n_embd": 32, "block_size": 32}
    for _ in learn(corpus, home / "voice", plan_run(corpus.characters, max_iters=20, shape=shape), device="cpu"):
        pass
    port = free_port()
    environment = os.environ | {"VIBEJAM_HOME": str(home / "home"), "SPACE_ID": "someone/vibejam", "GRADIO_TEMP_DIR": ""}
    del environment["GRADIO_TEMP_DIR"]
    if args.minutes:
        environment["GRADIO_IS_E2E_TEST"] = "1"  # what a closed page leaves goes after a second instead of an hour
    command = [sys.executable, "-u", str(ROOT / "tests" / "watched_app.py"), "--host", "127.0.0.1", "--port", str(port)]
    with (home / "log").open("w") as log:
        server = subprocess.Popen([*command, "--no-browser"], env=environment, stdout=log, stderr=log)
    try:
        while "vibejam is at" not in (home / "log").read_text():
            assert server.poll() is None, (home / "log").read_text()
            time.sleep(0.2)
        address = f"http://127.0.0.1:{port}"
        if args.minutes:
            sound = coming_and_going(address, server, home, args.visitors, args.minutes)
        else:
            sound = a_crowd(address, server, home, args.visitors)
        for what in BAD:
            count(what, 0)
        for what in sorted(COUNTS):
            print(f"{COUNTS[what]:>8,} {what}")
        return 0 if sound and not any(COUNTS[what] for what in BAD) else 1
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
