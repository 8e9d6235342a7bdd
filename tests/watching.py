"""`python tests/watching.py [--rounds 3 --minutes 0.7 --json]`: what a run in training loses to those who look at it.

The same text is learnt with the same recipe for the same minutes, by `vibejam train-lm` and in the app while two viewers look at
Train: two pages of a Chromium on this machine, which draw on the cores that the run learns on, and two that only ask as such a
page does, as a viewer on another machine would.  The conditions take turns, so that a machine that grows slower hits them all.
Then, while a run learns, Sample is asked for a text again and again; the time to its first token is the page's own.

Prints tokens a second of each round and what share of them is left, and the milliseconds; the exit status is 1 where a target is
missed.  Left out: a GPU, a pretrained base, viewers on a phone or behind a slow network.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from app_hands import ROOT, knobs  # noqa: E402
from caller import Visitor  # noqa: E402
from guarded_app import started  # noqa: E402
from visit import CHROMIUM, FLAGS, curve, go, playwright_api, wait_for_curve  # noqa: E402

from vibejam.checkpoint import read_json, read_metrics  # noqa: E402
from vibejam.corpus import load_corpus  # noqa: E402
from vibejam.workspace import Workspace  # noqa: E402

OWN, WALL = "by the run's own clock", "by the clock on the wall"  # tokens a second
ALONE, DRAWN, ASKED = "alone", "two pages drawn here", "two viewers elsewhere"
LOOKED_FROM = 0.3  # share of a run from which on it is measured: by then a page has loaded, which one does once and not each second
EVERY = 1.0  # seconds between two questions of a page; pages/train.py's clock
SHARE, FIRST_MS = 0.95, 300  # the targets
SAMPLED_MINUTES = 10  # of the run beside which is sampled; it is stopped when enough was asked
SAMPLES = 20
FIRST_TOKEN = """() => new Promise((done) => {
    const began = performance.now(), box = document.querySelector('#written');
    box.querySelectorAll('.voice').forEach((old) => old.remove());
    new MutationObserver((_, seen) => {
        if (!box.querySelector('.voice')?.textContent) return;
        seen.disconnect();
        requestAnimationFrame(() => done(performance.now() - began));
    }).observe(box, { subtree: true, childList: true, characterData: true });
    document.querySelector('#write-on').click();
})"""


def computed(process: subprocess.Popen) -> tuple[float, float]:
    """Seconds of a processor that `process` has had so far, and that all others had; 0 where the system does not say."""
    if not Path("/proc/stat").exists():
        return 0.0, 0.0
    own = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    user, nice, system, _, _, *rest = Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    own, everyone = sum(map(int, own)), sum(map(int, (user, nice, system, *rest)))
    return own / os.sysconf("SC_CLK_TCK"), (everyone - own) / os.sysconf("SC_CLK_TCK")


def follow(folder: Path, process: subprocess.Popen, looking: Callable[[], bool] = lambda: True) -> dict[str, object]:
    """Wait for the run in `folder` to end: the tokens that it learnt a second from LOOKED_FROM on.

    Its own clock leaves out measurements and whatever happens between two steps; the one on the wall leaves out nothing.
    """
    first, events, path = None, [], folder / "metrics.jsonl"
    while not (events and (events[-1]["progress"] >= 1 or events[-1]["stopped_early"])):
        time.sleep(0.5)
        assert not process.poll(), "the run ended by a fault"
        events = read_metrics(folder) if path.exists() else []
        if first is None and events and events[-1]["progress"] >= LOOKED_FROM:
            first, began, before = events[-1], path.stat().st_mtime, computed(process)
            assert looking(), "nobody looked yet when the measurement began: give the runs more minutes"
    last, ended, after = events[-1], path.stat().st_mtime, computed(process)
    while "figures" not in (run := read_json(folder / "run.json")):  # it measures itself once more on all that was held out
        time.sleep(0.2)
    settings = run["settings"]
    step = settings["train"]["batch_size"] * settings["context"]
    learnt = (last["iteration"] - first["iteration"]) * step
    seconds = [event["iteration"] * step / event["tokens_per_second"] for event in (first, last)]  # of learning
    own, others = ((b - a) / (ended - began) for a, b in zip(before, after, strict=True))
    speeds = {OWN: learnt / (seconds[1] - seconds[0]), WALL: learnt / (ended - began)}
    return speeds | {"cores it had": own, "cores others had": others, "recipe": json.dumps([settings, run["text"]["sha256"]])}


def alone(text: Path, folder: Path, minutes: float) -> dict[str, object]:
    """The run without the app."""
    command = [sys.executable, "-m", "vibejam.cli", "train-lm", "--text-path", str(text), "--ckpt-path", str(folder)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, "--minutes", str(minutes)], cwd=ROOT, **quiet) as run:
        return follow(folder, run)


def begin(address: str, home: Path, minutes: float) -> Path:
    """Start a run in the app; its folder."""
    before = set((home / "checkpoints").glob("*/"))
    answer = Visitor(address).call("begin", None, "", "Quick", "none", *knobs(minutes=str(minutes)))
    (folder,) = set((home / "checkpoints").glob("*/")) - before
    assert not answer.error, answer.error
    return folder


@contextmanager
def drawn(address: str, run: str) -> Iterator[Callable[[], bool]]:
    """Two pages of a Chromium at Train; whether both show the run."""
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pages = [browser.new_page() for _ in range(2)]
        for page in pages:
            page.goto(f"{address}/#train")
        for page in pages:
            wait_for_curve(page)
        yield lambda: all(curve(page)["learnt"] > 2 for page in pages)
        for page in pages:  # or it did not look to the end
            page.locator("[data-status=done]").wait_for()
        browser.close()


@contextmanager
def asked(address: str, run: str) -> Iterator[Callable[[], bool]]:
    """Two that ask what is new as such a page does, and draw nothing; whether both have been told of the run."""
    told, over = [0, 0], threading.Event()

    def look(which: int) -> None:
        viewer = Visitor(address)
        viewer.stay()
        viewer.open("Train")
        while not over.wait(EVERY):
            told[which] += '"unit' in viewer.call("tick", None, run, None).text.replace("\\", "")
        viewer.leave()

    looking = [threading.Thread(target=look, args=(which,)) for which in range(2)]
    for thread in looking:
        thread.start()
    yield lambda: all(told)
    over.set()
    for thread in looking:
        thread.join()


def sampled(address: str, home: Path) -> list[float]:
    """Milliseconds from a press on Write on to the first token on the page, while a run learns; the voice is that run's own."""
    folder = begin(address, home, SAMPLED_MINUTES)
    while not (folder / "model.safetensors").exists():
        time.sleep(0.2)
    waits = []
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.goto(address)
        go(page, "Sample")
        page.locator("#write-on").wait_for()
        page.wait_for_timeout(3000)  # a page that has just been opened still asks for all that it shows
        for _ in range(SAMPLES):
            waits.append(page.evaluate(FIRST_TOKEN))
            page.locator("#write-on").wait_for()
            page.wait_for_timeout(500)
        assert read_json(folder / "run.json")["status"] == "running", "it was not learning to the end"
        browser.close()
    return waits


def in_turns(text: Path, home: Path, rounds: int, minutes: float) -> dict[str, list[dict]]:
    """What `follow` found of each condition in each round."""
    found = {ALONE: [], DRAWN: [], ASKED: []}
    for number in range(rounds):
        found[ALONE].append(alone(text, home / f"alone-{number}", minutes))
        with started(home) as (process, address):
            for name, viewers in [(DRAWN, drawn), (ASKED, asked)][:: -1 if number % 2 else 1]:
                folder = begin(address, home, minutes)
                with viewers(address, folder.name) as looking:
                    found[name].append(follow(folder, process, looking))
        for name, runs in found.items():
            print(f"round {number + 1}, {name}: {runs[-1][OWN]:,.0f} tokens a second", file=sys.stderr, flush=True)
    recipes = {run.pop("recipe") for runs in found.values() for run in runs}
    assert len(recipes) == 1, "not all learnt the same text by the same recipe"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=0.7, help="How long each run learns.")
    parser.add_argument("--text-path", type=Path, default=ROOT / "assets" / "sample")
    parser.add_argument("--json", action="store_true", help="Print one JSON object as the last line.")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and end what was started
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["VIBEJAM_HOME"] = folder
        for document in load_corpus(args.text_path).documents:
            Workspace().add(document)
        found = in_turns(args.text_path, home, args.rounds, args.minutes)
        with started(home) as (_, address):
            waits = sampled(address, home)
    left = {}
    for name, runs in found.items():
        share = {clock: median(a[clock] / b[clock] for a, b in zip(runs, found[ALONE], strict=True)) for clock in (OWN, WALL)}
        left |= {} if name == ALONE else {name: share}
        print(f"{name:>21}: {'  '.join(f'{run[OWN]:>8,.0f}' for run in runs)} tokens a second", end="")
        print(f", {share[OWN]:.1%} of alone {OWN}, {share[WALL]:.1%} {WALL}")
    print(f"the first token of a sample meanwhile: median {median(waits):.0f} ms, worst {max(waits):.0f} ms of {len(waits)}")
    if args.json:
        print(json.dumps({"rounds": found, "left": left, "first_token_ms": waits}))
    return 0 if min(min(each.values()) for each in left.values()) >= SHARE and max(waits) < FIRST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
