"""Work that the fault tests kill: each function runs in a process of its own, says on a pipe what is safely kept, and is ended by
SIGKILL at a moment of the dice's choosing, with no handler and no `finally`.

The processes are forked from one that has torch loaded, and the dice are thrown once the work has begun, so that every kill hits
the work and none the loading.  VIBEJAM_KILLS says how often (3 a kind).
"""

import multiprocessing
import multiprocessing.forkserver
import os
import random
import sys
import time
from bisect import bisect
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest
from tally import count
from writing import essay

from vibejam import learn as module
from vibejam.config import SampleConfig
from vibejam.corpus import build_corpus
from vibejam.learn import learn
from vibejam.readers import Document
from vibejam.recipe import plan_run
from vibejam.rewrite.making import by_rules, make_pairs, passages_of
from vibejam.workspace import Workspace

KILLS = int(os.environ.get("VIBEJAM_KILLS", "3"))
DOCUMENTS = [Document(f"essay {n}", essay(n), "utf-8") for n in range(8)]
# so little that there is no manner to learn first, which would take longer than the training that is to be hit
CORPUS = build_corpus([Document(f"note {n}", essay(n, paragraphs=1), "utf-8") for n in range(5)])
STEPS = 60
RECIPE = plan_run(
    CORPUS.characters,
    max_iters=STEPS,
    shape={"n_layer": 1, "n_head": 2, "n_embd": 32, "block_size": 32, "dropout": 0.1},
    # a measurement and two saves every third step; after the fifteenth a second model begins
    train={"batch_size": 4, "evals": 20, "patience": 0, "first_turn": 0.25, "anew": True},
)
PASSAGES = passages_of([document.text for document in DOCUMENTS])
UPLOADS = 150
PATIENCE = 1800  # seconds, for a machine that is busy with other things


def train(said, folder: str, resume: bool) -> None:
    # short samples: at full length they take four fifths of the time, and the moments of a kill with it
    module.SampleConfig = lambda **settings: SampleConfig(**settings | {"max_new_tokens": 8})
    for event in learn(CORPUS, Path(folder), RECIPE, resume=resume, device="cpu"):
        said.send(event.iteration)


def upload(said, home: str) -> None:
    os.environ["VIBEJAM_HOME"] = home
    for number in range(UPLOADS):
        said.send(Workspace().add(Document(f"letter {number}", essay(number), "utf-8")))


def save_pairs(said, out: str) -> None:
    for made in make_pairs(PASSAGES, "corrupt", by_rules(1), Path(out), batch=8):
        said.send(made.pairs)


def begin(said, work: Callable, arguments: tuple) -> None:
    said.send("begun")
    work(said, *arguments)


class Worker:
    """Starts work that can be killed, and knows when it says what if it is not."""

    def __init__(self) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["killable"])
        with pytest.MonkeyPatch.context() as patch:  # it looks there alone, and says nothing where it finds nothing
            patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
            multiprocessing.forkserver.ensure_running()
        self.dice = random.Random(7)

    def whole(self, work: Callable, *arguments: object) -> list[float]:
        """Let `work` end; the seconds until each of its words, and until its end."""
        process, heard = self._start(work, arguments)
        began, moments = time.monotonic(), []
        for _ in words_of(heard):
            moments.append(time.monotonic() - began)
        process.join(PATIENCE)
        assert process.exitcode == 0
        return [*moments, time.monotonic() - began]

    def killed(self, work: Callable, *arguments: object, like: list[float]) -> list:
        """Kill `work` at a random moment of one that ended, `like` that: after as many words, and as long after the last of them,
        however fast this one goes.  What it had said by then."""
        process, heard = self._start(work, arguments)
        moment = self.dice.uniform(0, like[-1])
        words = bisect(like, moment)
        said = list(islice(words_of(heard), words))
        process.join(moment - (like[words - 1] if words else 0))
        process.kill()
        process.join()
        said += words_of(heard)
        count(f"kills in {work.__name__.replace('_', ' ')}")
        count("kills before anything was said to be kept", not any(said))
        count("kills that came too late to hit", process.exitcode == 0)
        return said

    def _start(self, work: Callable, arguments: tuple):
        heard, said = self.context.Pipe(duplex=False)
        process = self.context.Process(target=begin, args=(said, work, arguments))
        process.start()
        said.close()
        assert heard.recv() == "begun"
        return process, heard


def words_of(heard) -> Iterator:
    """What is said until nobody is there to say more, as it is heard."""
    with suppress(EOFError, OSError):  # the last word was cut short
        while True:
            yield heard.recv()


@pytest.fixture(scope="module")
def worker():
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("NOT RUN: this system has no forks, so nothing was killed")
    return Worker()
