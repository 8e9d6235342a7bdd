"""What teaching would take: which passages would be drafted, by whom, at what cost, and for how long the voice would learn."""

import math
import weakref

from pages import state
from pages.service import service
from pages.words import count, span
from vibejam.errors import UserError
from vibejam.fetch import base_path
from vibejam.local_writer import BASE
from vibejam.teach import MOST_PASSAGES, SECONDS_A_PASSAGE, cost_of, drafted, passages_for

FEWEST_PASSAGES, LONGEST_MINUTES = 20, 60.0
SERVICE_SENTENCE = (
    "A strong model of a service drafts better, and your voice learns to tell its drafts from you: "
    "name one under “A service to ask”, further up on this page."
)
_cut: list = []  # the corpus that was cut into passages last (weakly: what is removed is not kept here), for which run, and they


def chosen_passages(owner: str, about: dict, most: object) -> list[str]:
    """The first passages; cutting a large writing into them takes a second, so they are kept until it changes.

    Raises UserError for a number that the slider cannot say, for a handler can be called without it, and where there are none.
    """
    if not isinstance(most, int | float) or not FEWEST_PASSAGES <= most <= MOST_PASSAGES:
        raise UserError(f"Between {FEWEST_PASSAGES} and {MOST_PASSAGES} passages can be drafted; move the slider there.")
    corpus, split = state.corpus(owner), about["settings"].get("data")
    known = list(_cut)
    if not (known and known[0]() is corpus and known[1] == split):
        known = [weakref.ref(corpus, lambda gone: _cut.clear()), split, passages_for(corpus, about, MOST_PASSAGES)]
        _cut[:] = known
    return known[2][: int(most)]


def chosen_minutes(minutes: object) -> float:
    if not isinstance(minutes, int | float) or not math.isfinite(minutes) or not 0 < minutes <= LONGEST_MINUTES:
        raise UserError(f"It can learn for {LONGEST_MINUTES:.0f} minutes at most; move the slider there.")
    return float(minutes)


def costs(
    owner: str, run: state.Run, most: float, minutes: float, address: str, model: str, key: str
) -> tuple[list[str], str, int]:
    """What each way costs, in sentences; the text of the button that sends, empty for none; and how many drafts are there."""
    try:
        passages = chosen_passages(owner, run.about, most)
        drafts, learning = state.workspace(owner).drafts_file, span(chosen_minutes(minutes) * 60)
        asked = service(address, model, key)
        by_model = base_path(BASE) is not None
        theirs, ours = (cost_of(passages, drafts, kind) for kind in ("llm", "local" if by_model else "corrupt"))
    except UserError as error:
        return [str(error)], "", 0
    lines, to = [SERVICE_SENTENCE], ""
    if asked is not None:
        done = len(passages) - theirs.passages
        there = f"{count(done, 'passage')} of {len(passages)} are drafted by a service already. " if done else ""
        lines = [
            f"{there}{count(theirs.passages, 'passage')} of your writing, {theirs.words:,} words, would be sent to "
            f"{asked.destination} and drafted by {asked.model}: about {_round(theirs.tokens_in)} tokens to read and "
            f"{_round(theirs.tokens_out)} to write, at that service's prices. Nothing else is sent, and you can stop at any time."
        ]
        to = f"Send {count(theirs.passages, 'passage')} to {asked.destination}" if theirs.passages else ""
    there = f"{len(passages) - ours.passages} are drafted already. " if ours.passages < len(passages) else ""
    took = (
        f"Drafting takes {span(ours.passages * SECONDS_A_PASSAGE)} on two plain cores"
        if by_model
        else "The drafts are made by rules, in seconds; the small model that knows English, which Train offers, drafts better"
    )
    on_this_machine = f"On this machine nothing is sent. {there}{took}, and then it learns for {learning} at most"
    lines.append(f"{on_this_machine}; it goes on if you close this page.")
    return lines, to, len(drafted(passages, drafts))


def _round(tokens: int) -> str:
    """An estimate with no more figures than it deserves: 13,319 is 13,000."""
    return f"{round(tokens, 2 - len(str(tokens))):,}"
