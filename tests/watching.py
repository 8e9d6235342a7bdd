"""`python tests/watching.py [--rounds 3 --minutes 0.7 --json]`: what a run in training loses to those who look at it.

The same text is learnt with the same recipe for the same minutes, by `vibejam train-lm` and in the app while two viewers look at
Train: two pages of a Chromium on this machine, which draw on the cores that the run learns on, and two that only ask as such a
page does, as a viewer on another machine would.  They take turns, so that a machine that grows slower hits them all.  Then, while
a run learns, Sample is asked for a text again and again; the time to the first token is the page's own.  Prints both; the exit
status is 1 where a target is missed.  Left out: a GPU, a pretrained base, a slow network.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, Popen

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from app_hands import ROOT, knobs  # noqa: E402
from caller import Visitor  # noqa: E402
from guarded_app import started  # noqa: E402
from visit import CHROMIUM, FLAGS, playwright_api, wait_for_curve  # noqa: E402

from pages.train import between_looks  # noqa: E402
from vibejam.checkpoint import read_json, read_metrics  # noqa: E402
from vibejam.corpus import load_corpus  # noqa: E402
from vibejam.workspace import Workspace  # noqa: E402

SHARE, FIRST_MS = 0.95, 300  # the targets
OWN, WALL = "by the run's own clock", "by the clock on the wall"  # tokens a second
ALONE, DRAWN, ASKED = "alone", "two pages drawn here", "two viewers elsewhere"
LOOKED_FROM = 0.3  # share of a run from which on it is measured: by then a page has loaded, which one does once and not each second
SAMPLES, SAMPLED_MINUTES = 20, 5  # how often is asked, and beside how long a run, which need not end
FIRST_TOKEN = """() => new Promise((done) => {
    const began = performance.now(), box = document.querySelector('#written');
    new MutationObserver((_, seen) => {  // there is a caret as long as it writes, so this is no text of before
        if (!box.querySelector('.caret') || !box.querySelector('.voice').textContent) return;
        seen.disconnect();
        requestAnimationFrame(() => done(performance.now() - began));
    }).observe(box, { subtree: true, childList: true, characterData: true });
    setTimeout(() => done(null), 20000);  // the voice may have ended its text at once
    document.querySelector('#write-on').click();
})"""


def computed(process: Popen) -> tuple[float, float]:
    """Seconds of a processor that `process` has had so far, and that all others had; 0 where the system does not say."""
    if not Path("/proc/stat").exists():
        return 0.0, 0.0
    own = sum(map(int, Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    times = [int(each) for each in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    others = sum(times) - sum(times[3:5]) - own  # in the fourth and fifth there was nothing to do
    return own / os.sysconf("SC_CLK_TCK"), others / os.sysconf("SC_CLK_TCK")


def follow(folder: Path, process: Popen) -> dict[str, object]:
    """Wait for the run in `folder` to end: the tokens that it learnt a second from LOOKED_FROM on.

    Its own clock leaves out measurements and whatever happens between two steps; the one on the wall leaves out nothing.
    """
    first, last, path = None, {"progress": 0, "stopped_early": False}, folder / "metrics.jsonl"
    while last["progress"] < 1 and not last["stopped_early"]:
        time.sleep(0.5)
        assert not process.poll(), "the run ended by a fault"
        last = (read_metrics(folder) or [last])[-1]
        if first is None and last["progress"] >= LOOKED_FROM:
            first, began, before = last, path.stat().st_mtime, computed(process)
    ended, after = path.stat().st_mtime, computed(process)
    while "figures" not in (run := read_json(folder / "run.json")):  # it measures itself once more on all that was held out
        time.sleep(0.2)
    step = run["settings"]["train"]["batch_size"] * run["settings"]["context"]
    learnt = (last["iteration"] - first["iteration"]) * step
    seconds = [event["iteration"] * step / event["tokens_per_second"] for event in (first, last)]  # of learning
    own, others = ((b - a) / (ended - began) for a, b in zip(before, after, strict=True))
    speeds = {OWN: learnt / (seconds[1] - seconds[0]), WALL: learnt / (ended - began)}
    return speeds | {"cores it had": own, "cores others had": others, "recipe": str([run["settings"], run["text"]["sha256"]])}


def alone(text: Path, folder: Path, minutes: float) -> dict[str, object]:
    """The run without the app."""
    command = [sys.executable, "-m", "vibejam.cli", "train-lm", "--text-path", str(text), "--ckpt-path", str(folder)]
    with Popen([*command, "--minutes", str(minutes)], cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL) as run:
        return follow(folder, run)


def begin(address: str, home: Path, minutes: float) -> Path:
    """Start a run in the app; its folder."""
    before = set((home / "checkpoints").glob("*/"))
    answer = Visitor(address).call("begin", None, "", "Quick", "none", *knobs(minutes=str(minutes)))
    assert not answer.error, answer.error
    (folder,) = set((home / "checkpoints").glob("*/")) - before
    return folder


@contextmanager
def drawn(address: str, run: str) -> Iterator[None]:
    """Two pages of a Chromium that show the run."""
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pages = [browser.new_page() for _ in range(2)]
        for page in pages:
            page.goto(f"{address}/#train")
            wait_for_curve(page)
        yield
        for page in pages:  # or it did not look to the end
            page.locator("[data-status=done]").wait_for()


@contextmanager
def asked(address: str, run: str) -> Iterator[None]:
    """Two that ask what is new as such a page does, and draw nothing."""
    viewers, over = [Visitor(address) for _ in range(2)], threading.Event()
    about = Workspace().runs_folder / run / "run.json"
    for viewer in viewers:
        viewer.stay()
        viewer.open("Train")
        while '\\"learnt' not in viewer.call("turn", None, run).text or not about.exists():  # the curve
            time.sleep(0.2)

    def look(viewer: Visitor) -> None:
        while not over.wait(between_looks(read_json(about))):
            viewer.call("tick", None, run, None)

    with ThreadPoolExecutor() as pool:
        looking = pool.map(look, viewers)
        try:
            yield
        finally:
            over.set()
        list(looking)  # raises what kept one of them from looking to the end


def sampled(address: str, home: Path) -> list[float]:
    """Milliseconds from a press on Write on to the first token on the page, while a run learns; the voice is that run's own."""
    folder, waits = begin(address, home, SAMPLED_MINUTES), []
    while not (folder / "model.safetensors").exists():
        time.sleep(0.2)
    with playwright_api.sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
        page.goto(f"{address}/#sample")
        page.locator("#write-on").wait_for()
        page.wait_for_timeout(3000)  # a page that has just been opened still asks for all that it shows
        for _ in range(SAMPLES):
            waits.append(page.evaluate(FIRST_TOKEN))
            page.locator("#write-on").wait_for()
            page.wait_for_timeout(500)
    assert read_json(folder / "run.json")["status"] == "running", "it was not learning to the end"
    return [wait for wait in waits if wait is not None]


def in_turns(text: Path, home: Path, rounds: int, minutes: float) -> dict[str, list[dict]]:
    """What `follow` found of each condition in each round."""
    found = {ALONE: [], DRAWN: [], ASKED: []}
    for number in range(rounds):
        found[ALONE].append(alone(text, home / f"alone-{number}", minutes))
        with started(home) as (process, address):
            for name, viewers in [(DRAWN, drawn), (ASKED, asked)][:: -1 if number % 2 else 1]:
                folder = begin(address, home, minutes)
                with viewers(address, folder.name):
                    found[name].append(follow(folder, process))
        print(f"round {number + 1}:", {name: round(runs[-1][OWN]) for name, runs in found.items()}, file=sys.stderr, flush=True)
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
        os.environ["VIBEJAM_HOME"], home = folder, Path(folder)
        for document in load_corpus(args.text_path).documents:
            Workspace().add(document)
        found = in_turns(args.text_path.absolute(), home, args.rounds, args.minutes)
        with started(home) as (_, address):
            waits = sampled(address, home)
    left = {}
    for name, runs in found.items():
        left[name] = {clock: median(a[clock] / b[clock] for a, b in zip(runs, found[ALONE], strict=True)) for clock in (OWN, WALL)}
        print(f"{name:>21}: {'  '.join(f'{run[OWN]:>8,.0f}' for run in runs)} tokens a second", end="")
        print(f", {left[name][OWN]:.1%} of alone {OWN}, {left[name][WALL]:.1%} {WALL}")
    print(f"the first token of a sample meanwhile: median {median(waits):.0f} ms, worst {max(waits):.0f} ms of {len(waits)}")
    if args.json:
        print(json.dumps({"rounds": found, "left": left, "first_token_ms": waits}))
    return 0 if min(min(each.values()) for each in left.values()) >= SHARE and max(waits) < FIRST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
