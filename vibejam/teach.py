"""Teaching a voice to rewrite: passages of the person's own are drafted neutrally, and the voice learns to undo it.

What the person edited or took of rewrites is learnt from as well.
`teach` is one generator of TrainEvents from the first passage to the new run; breaking out of it while it drafts keeps the drafts,
and while it learns the best so far.  A voice that did not get better on pairs it never saw is not kept.
Left out: who may be asked and what they were told before (pages/), and the making and the learning themselves (rewrite/).
"""

import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vibejam import checkpoint
from vibejam.config import DataConfig
from vibejam.corpus import Corpus, split_corpus
from vibejam.drafts import SYSTEM_MESSAGE, DraftWriter
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.rewrite.decisions import EDIT
from vibejam.rewrite.finetune import finetune, split_pairs
from vibejam.rewrite.making import AT_ONCE, INSTRUCTION, Drafter, by_neutraliser, by_rules, by_writer, make_pairs, passages_of
from vibejam.rewrite.pairs import Pair, read_pairs
from vibejam.train import TrainEvent

PASSAGES = 170  # so many drafts of a strong model's brought the voice all the way
MOST_PASSAGES = 800  # a small model's teach less each: those of 700 took one voice half as far again as those of 300
MINUTES = 10.0
LOCAL_BATCH = 16  # side by side they are several times as fast as one by one
RULES_BATCH = 100
CHARACTERS_A_TOKEN = 4.0  # of English, roughly, in any service's count
SECONDS_A_PASSAGE = 2.0  # of one plain core, measured: 29 for 16 passages; for estimates only


@dataclass(frozen=True)
class Drafting:
    """Who drafts the passages: what their pairs are called, the drafter, and how many at once."""

    kind: str
    drafter: Drafter
    batch: int


@dataclass(frozen=True)
class Cost:
    """What is still to be drafted: passages and words, and the tokens that a service would count, roughly."""

    passages: int
    words: int
    tokens_in: int
    tokens_out: int


def drafting_by(writer: DraftWriter, stop: Callable[[], bool] = lambda: False) -> Drafting:
    """Drafts by the service behind `writer`; a stop ends it in the middle of an answer."""
    return Drafting("llm", by_writer(writer, stop), AT_ONCE)


def drafting_here(seed: int = 1) -> Drafting:
    """Drafts by the neutraliser on this machine."""
    return Drafting("local", by_neutraliser(seed), LOCAL_BATCH)


def drafting_by_rules(seed: int = 1) -> Drafting:
    """Drafts by rules, which need no model at all."""
    return Drafting("corrupt", by_rules(seed), RULES_BATCH)


def teachable(run: dict) -> bool:
    """Whether the run described by this run.json can be taught to rewrite: it stands on a base, or is a plain transformer, which
    learns to copy what it rewrites."""
    shape = run.get("settings", {}).get("model")
    return not from_nothing(run) or isinstance(shape, dict) and shape.get("arch", "transformer") == "transformer"


def from_nothing(run: dict) -> bool:
    """Whether the run described by this run.json learnt from the person's writing alone."""
    return run.get("base", "none") == "none"


def passages_for(corpus: Corpus, run: dict, most: int = PASSAGES) -> list[str]:
    """The passages to draft for the run described by this run.json: none of what it is measured on.

    Raises UserError where there is nothing to draft.
    """
    known = DataConfig.__dataclass_fields__
    given = {name: value for name, value in run.get("settings", {}).get("data", {}).items() if name in known}
    data = DataConfig(**given)
    learnt, _ = split_corpus(corpus, data.val_fraction, data.seed)
    passages = passages_of(learnt)[:most]
    if not passages:
        raise UserError("There are no whole sentences of yours to learn from; add some of your writing first.")
    return passages


def drafted(passages: Sequence[str], drafts: Path) -> list[Pair]:
    """The pairs in the file `drafts` whose passage is one of these."""
    if not drafts.is_file() or not drafts.stat().st_size:
        return []
    wanted = set(passages)
    return [pair for pair in read_pairs(drafts) if pair.rewrite in wanted]


def cost_of(passages: Sequence[str], drafts: Path, kind: str) -> Cost:
    """What drafting these would cost, those left out that are drafted so already."""
    done = {pair.rewrite for pair in drafted(passages, drafts) if pair.kind == kind}
    left = [passage for passage in passages if passage not in done]
    asked = sum(len(SYSTEM_MESSAGE) + len(INSTRUCTION.format(passage=passage)) for passage in left)
    answered = sum(map(len, left))
    words = sum(len(passage.split()) for passage in left)
    return Cost(len(left), words, math.ceil(asked / CHARACTERS_A_TOKEN), math.ceil(answered / CHARACTERS_A_TOKEN))


def teach(
    source: Path,
    folder: Path,
    passages: Sequence[str],
    drafts: Path,
    edits: Sequence[Pair],
    drafting: Drafting | None,
    *,
    minutes: float = MINUTES,
    max_iters: int = 0,
    seed: int = 1,
    device: str | None = None,
) -> Iterator[TrainEvent]:
    """Teach the voice in `source` to rewrite, into the new run `folder`.

    `passages` are drafted by `drafting` into the file `drafts`, where those that are there already stay; None: only those count.
    `edits` are the person's decisions, of which those of kind "edit" are learnt from, most of all, and what they turned down beside
    them where there is enough of it (rewrite/preferring.py).  The last event's note says what came of it.
    Raises UserError where there is too little to learn from, or whoever drafts fails; what is drafted by then is kept.
    """
    try:
        if drafting is not None:
            yield from _draft(passages, drafts, drafting)
        pairs = [*drafted(passages, drafts), *(pair for pair in edits if pair.kind == EDIT)]
        last = None
        for last in finetune(source, pairs, folder, minutes, max_iters, seed, device):
            yield last
        if last is not None:
            write_json(folder / "run.json", checkpoint.read_json(folder / "run.json") | {"taught_from": source.name})
            yield replace(last, note=_settled(folder), val_loss=None, val_bits_per_byte=None, best=False, sample=None)
    finally:
        if folder.is_dir() and not any(folder.iterdir()):  # ended before there was anything to keep
            folder.rmdir()


def outcome(pairs: dict) -> str:
    """The held-out loss before and after, in a sentence, from a run.json's "pairs"; nothing where it was not measured."""
    before, after, held = pairs.get("loss_before"), pairs.get("loss_after"), pairs.get("held_out")
    if not isinstance(before, float) or not isinstance(after, float):
        return ""
    return f"Held-out loss {before:.2f} before, {after:.2f} after, in nats a token on {held} pairs it never learnt from."


@dataclass(frozen=True)
class Seen:
    """A held-out pair: a draft, what each of two voices makes of it, and what the person had written."""

    draft: str
    before: str
    after: str
    own: str


def held_out(passages: Sequence[str], drafts: Path, edits: Sequence[Pair]) -> list[Pair]:
    """The pairs that a voice taught with these never learnt from, what the person decided first."""
    pairs = [*(pair for pair in edits if pair.kind == EDIT), *drafted(passages, drafts)]
    return split_pairs(pairs)[1] if len(pairs) > 1 else []


def before_and_after(before: StyleEngine, after: StyleEngine, pairs: Sequence[Pair]) -> Iterator[Seen]:
    """What the voice made of each draft before it was taught, and what it makes of it now."""
    for pair in pairs:
        yield Seen(pair.draft, before.rewrite(pair.draft).text, after.rewrite(pair.draft).text, pair.rewrite)


def _draft(passages: Sequence[str], drafts: Path, drafting: Drafting) -> Iterator[TrainEvent]:
    began = time.monotonic()
    for made in make_pairs(passages, drafting.kind, drafting.drafter, drafts, drafting.batch):
        share, seconds = made.done / made.of, time.monotonic() - began
        turned_away = f"; {made.rejected} drafts turned away, because they lost or copied something" if made.rejected else ""
        note = f"{made.done} of {made.of} passages are drafted{turned_away}."
        yield TrainEvent(0, share, math.nan, 0.0, 0.0, seconds, note=note)


def _settled(folder: Path) -> str:
    """What came of it; a run that is no better than its source goes."""
    found = checkpoint.read_json(folder / "run.json")["pairs"]
    before, after = found.get("loss_before"), found.get("loss_after")
    if before is None or after is None:
        return "There were too few pairs to hold any out, so nothing says whether it got better; try it."
    if after < before:
        return f"It got better and is kept. {outcome(found)}"
    shutil.rmtree(folder, ignore_errors=True)
    return f"It did not get better, so the voice stays as it was. {outcome(found)}"
