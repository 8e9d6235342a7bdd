"""A program: a visitor of a Space does all that one can do, with a word that nobody else uses, and leaves; who still holds it?

Prints one JSON object: of what kinds the objects are that held the word before and after, and for each that still does, who holds
it.  A program of its own because a test runner holds on to things too.
"""

import gc
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app_hands import TINY, knobs, until
from writing import essay

from pages import rewrite, sample, state, train, write
from vibejam.jobs import JOBS

SECONDS = 60  # for a collection that another thread has begun, and that another one has to follow


def secret() -> str:
    """A word that stands in memory only where it was put."""
    return "ellebiznaz"[::-1]


def holding() -> list[tuple[object, int]]:
    """Every object that Python knows of that holds the word, and how often."""
    found, seen, waiting = [], set(), gc.get_objects()
    while waiting:
        thing, times = waiting.pop(), 0
        for part in gc.get_referents(thing):
            if type(part) in (str, bytes):
                text = part if type(part) is str else part.decode("latin-1")
                times += secret() in text.lower()
            elif not gc.is_tracked(part) and type(part) in (dict, tuple) and id(part) not in seen:
                seen.add(id(part))
                waiting.append(part)
        if times:
            found.append((thing, times))
    return found


def held() -> Counter:
    """The kinds of object that hold the word."""
    kinds = Counter()
    for thing, times in holding():
        kinds[type(thing).__name__] += times
    return kinds


def holders() -> list[list[str]]:
    """Of some objects that hold the word: who holds it, who holds that, and so on."""
    things, chains = [thing for thing, _ in holding()[:8]], []
    own = {id(things)}
    for thing in things:
        chain = [type(thing).__name__]
        while len(chain) < 8:
            above = [each for each in gc.get_referrers(thing) if not isinstance(each, FrameType) and id(each) not in own]
            own.add(id(above))
            if not above:
                break
            thing = above[0]
            chain.append(getattr(thing, "__qualname__", type(thing).__qualname__))
        chains.append(chain)
    return chains


def all_that_one_can_do(owner: str) -> None:
    for n in range(6):
        write.take_pasted(owner, f"{essay(n)}\n\nThen {secret().title()} quietly hid the {secret()} ledger, and it rained.")
    state.profile(owner)
    space = os.environ.pop("SPACE_ID")  # where nobody may say how long a run is
    train.begin(owner, "", "Quick", "none", *knobs(max_iters="4", **TINY))
    os.environ["SPACE_ID"] = space
    until(lambda: JOBS.alive() is None and state.voice_choices(owner), 900)
    run = state.voice_choices(owner)[0][1]
    draft = f"It is important to note that {secret().title()} could not utilise it. The {secret()} ledger was there."
    list(rewrite.stream(owner, run, rewrite.PASTE, "", "", "", "", draft, 1.0, []))
    list(sample.stream(owner, run, f"The {secret()}", 0.8, 0, 0.95, 20, "1"))


def main() -> None:
    owner = state.greet("")
    all_that_one_can_do(owner)
    before, end = held(), time.monotonic() + SECONDS
    state.forget(owner)
    gc.collect()
    while (after := held()) and time.monotonic() < end:
        gc.collect()
    print(json.dumps({"before": before, "after": after, "holders": holders() if after else []}))


if __name__ == "__main__":
    main()
