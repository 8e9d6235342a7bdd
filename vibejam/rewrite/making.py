"""Making pairs out of a person's writing alone: passages of it, each with a neutral draft to learn to undo.

The draft comes from rules (corruption.py), from the neutraliser on this machine, or from a big model that is asked.  What the last
two wrote is sieved: a draft that lost a fact, copied, or says something else teaches the wrong thing.  Every batch is kept as it
comes, and what is in the file already is not drafted again, so that stopping costs nothing.
Left out: real edits, which are written with pairs.write_pairs.
"""

import difflib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from vibejam.drafts import DraftWriter
from vibejam.embed import load_embedder
from vibejam.errors import UserError
from vibejam.files import sweep
from vibejam.rewrite.corruption import corrupt
from vibejam.rewrite.facts import facts_of
from vibejam.rewrite.neutraliser import neutral_drafts
from vibejam.rewrite.pairs import Pair, read_pairs, write_pairs
from vibejam.rewrite.units import is_english, split_document

MOST_SENTENCES = 4
FEWEST_WORDS, MOST_WORDS = 6, 70  # of a passage: a rewriting unit has 45 at most, and small models lose the thread of long ones
SHORTEST, LONGEST = 0.6, 1.6  # words of a draft for one of the passage
COPIED = 12  # words in a row from which on a draft is a copy, where they are also half of it
ALIKE = 0.7  # cosine of MiniLM's vectors below which it says something else
SMALL = {"1", "2"}  # numbers that words such as "one", "a couple" and "both" come and go with
AT_ONCE = 4  # passages that a service is asked about side by side
INSTRUCTION = (
    "Say the following passage again as a plain, neutral draft, as an assistant would write it that knows nothing of the author. "
    "Keep every fact, name, number, negation and quotation, the order of what is said, and who says it (I stays I). Keep none of "
    "the manner: other words and other constructions wherever there are plain ones, and at most six words in a row as they stand. "
    "About as long as the passage.\n\nPassage:\n{passage}"
)

Drafter = Callable[[Sequence[str]], list[str | None]]  # a draft of each passage; None where there is none


@dataclass(frozen=True)
class Made:
    """How far the making is."""

    done: int  # passages, those found in the file included
    of: int
    pairs: int  # in the file
    rejected: int  # drafts in this sitting that were not good enough, or did not come


def passages_of(texts: Sequence[str], seed: int = 1) -> list[str]:
    """Passages of one to four whole sentences of a paragraph, each once: the same ones for any seed, which decides their order."""
    passages: list[str] = []
    for text in texts:
        dice = random.Random(text)
        paragraph, sentences, wanted = -1, [], 0
        for piece in [*split_document(text), None]:
            over = piece is None or piece.paragraph != paragraph or len(sentences) == wanted
            if over and sentences:
                passages.append(" ".join(sentences))
                sentences = []
            if piece is not None and piece.prose:
                if not sentences:
                    paragraph, wanted = piece.paragraph, dice.randint(1, MOST_SENTENCES)
                sentences.append(" ".join(piece.text.split()))
    whole = (p for p in dict.fromkeys(passages) if p.rstrip("\"'”’)").endswith((".", "!", "?", "…")))
    fitting = [p for p in whole if FEWEST_WORDS <= len(p.split()) <= MOST_WORDS and is_english(p)]
    random.Random(seed).shuffle(fitting)
    return fitting


def make_pairs(passages: Sequence[str], kind: str, drafter: Drafter, out: Path, batch: int) -> Iterator[Made]:
    """Draft the passages, `batch` of like length at a time, into the pairs' file `out`; how far it is, after each batch.

    Pairs that are there already, of whatever kind, stay.  Raises what the drafter raises; what is done by then is kept.
    """
    sweep(out.parent, out.name)
    pairs = read_pairs(out) if out.is_file() and out.stat().st_size else []
    known = {pair.id for pair in pairs}
    ids = {passage: f"{kind}-{sha256(passage.encode()).hexdigest()[:12]}" for passage in passages}
    left = [passage for passage in ids if ids[passage] not in known]
    done, rejected = len(ids) - len(left), 0
    yield Made(done, len(ids), len(pairs), rejected)
    left.sort(key=len)
    batches = [left[start : start + batch] for start in range(0, len(left), batch)]
    random.Random(len(left)).shuffle(batches)  # or whoever stops early would have short ones alone
    for some in batches:
        for passage, draft in zip(some, drafter(some), strict=True):
            if draft is None:
                rejected += 1
            else:
                pairs.append(Pair(ids[passage], draft, passage, kind))
        write_pairs(out, pairs)
        done += len(some)
        yield Made(done, len(ids), len(pairs), rejected)


def by_rules(seed: int) -> Drafter:
    """Drafts by corruption: some of them the passage itself, none where no rule applies."""
    return lambda passages: [corrupt(passage, seed) for passage in passages]


def by_neutraliser(seed: int) -> Drafter:
    """Drafts by the model on this machine, sieved."""
    return lambda passages: sieved(passages, neutral_drafts(passages, seed))


def by_writer(writer: DraftWriter, stop: Callable[[], bool] = lambda: False) -> Drafter:
    """Drafts by a big model, sieved.  One that fails is left out; where all of a batch fail, the first one's error is raised."""

    def ask(passage: str) -> str | UserError | None:
        try:
            text = writer.write(INSTRUCTION.format(passage=passage), stop=stop).text
            return None if stop() else text  # what a stop cut short is no draft
        except UserError as error:
            return error

    def draft(passages: Sequence[str]) -> list[str | None]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(ask, passages))
        failed = [answer for answer in answers if isinstance(answer, UserError)]
        if len(failed) == len(answers):
            raise failed[0]
        return sieved(passages, [None if isinstance(answer, UserError) else answer for answer in answers])

    return draft


def sieved(passages: Sequence[str], drafts: Sequence[str | None]) -> list[str | None]:
    """The drafts, None in the place of those that do not say what the passage says in other words."""
    kept = [
        None if draft is None or fault(passage, draft) else draft for passage, draft in zip(passages, drafts, strict=True)
    ]
    embedder = load_embedder()
    both = [i for i, draft in enumerate(kept) if draft is not None]
    if embedder is None or not both:
        return kept
    vectors = embedder.embed([passages[i] for i in both] + [kept[i] for i in both])  # (2n, D)
    for i, cosine in zip(both, (vectors[: len(both)] * vectors[len(both) :]).sum(1).tolist(), strict=True):
        if cosine < ALIKE:
            kept[i] = None
    return kept


def fault(passage: str, draft: str) -> str | None:
    """What is wrong with a draft of a passage, or None.  Laxer than the guards: here words shall change."""
    old, new = ([word.lower() for word in re.findall(r"[\w'’]+", text)] for text in (passage, draft))
    if not SHORTEST * len(old) - 2 <= len(new) <= LONGEST * len(old) + 2:
        return "length"
    run = difflib.SequenceMatcher(None, old, new, autojunk=False).find_longest_match().size
    if old == new or (run >= COPIED and 2 * run >= len(new)):
        return "copied"
    before, after = facts_of(passage), facts_of(draft)
    if any(number not in SMALL for number in (set(before.numbers) ^ set(after.numbers)) if number[0] not in "#x"):
        return "numbers"
    if not before.names.keys() <= after.keys or not after.names.keys() <= before.keys:
        return "names"
    if bool(before.classes["not"]) != bool(after.classes["not"]):
        return "negation"
    if "?" in passage and "?" not in draft:
        return "question"
    return None
