"""Token by token: what a voice wrote, each token inked by how unlikely it was, and what else could stand at one place.

The place in hand is drawn with what the dice leave of it: the model's own probability of each token as a pale bar, the probability
with which it is drawn as a dark one, and what temperature, top-k and top-p cut away.  assets/tokens.js sends what is pressed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import gradio as gr

from pages import look, state
from pages.words import count, esc
from vibejam.config import SampleConfig
from vibejam.copied import CopiedRun
from vibejam.errors import UserError
from vibejam.token_view import Option, Place, Token, logits_at, place, tokens_of

TEXT, TOKENS = "text", "tokens"
BITS = (0.5, 1.5, 3.0, 5.0, 8.0)  # of surprise: upper edges of the inks, from a pale one to the strongest
CONTEXT = 40  # characters of what stands before a place
HOW = (
    "Pale tokens the model expected; the stronger the ink, the less likely a token was. Choose one to see what else could have "
    "stood there, and let the voice go on from it."
)


@dataclass(frozen=True)
class Written:
    """What a voice wrote, as ids: the first `given` are the prompt's."""

    voice: str
    prompt: str
    ids: tuple[int, ...]
    given: int
    new: int = 0  # ids of the last writing, in so many seconds
    seconds: float = 0.0


@dataclass(frozen=True)
class InHand:
    """A place after `ids`, with its logits, and the token that stands there, if one does."""

    voice: str
    prompt: str
    ids: tuple[int, ...]
    given: int
    stands: int | None = None
    logits: object = field(default=None, repr=False, compare=False)


def text_html(prompt: str, text: str, runs: Sequence[CopiedRun] = (), facts: Sequence[str] = ()) -> str:
    """The prompt and what the voice made of it, the longest copied run marked; `facts` come when it is finished."""
    longest = max(runs, key=lambda run: run.words, default=None)
    body = esc(text)
    if longest is not None:
        before, copied, after = text[: longest.start], text[longest.start : longest.end], text[longest.end :]
        body = f'{esc(before)}<mark title="{_copied_title(longest)}">{esc(copied)}</mark>{esc(after)}'
    caret = "" if facts else look.CARET
    given = f'<span class="given">{esc(prompt)}</span>'
    return _sheet(f'<p class="read" data-text="">{given}<span class="voice">{body}</span>{caret}</p>', facts)


def tokens_html(prompt: str, tokens: list[Token], given: int, runs: Sequence[CopiedRun], facts: Sequence[str]) -> str:
    """The same, token by token; `given` is the place of the first."""
    longest = max(runs, key=lambda run: run.words, default=None)
    pieces, at = [], 0
    for number, token in enumerate(tokens, given):
        copied = longest is not None and longest.start < at + len(token.text) and at < longest.end
        at += len(token.text)
        pieces.append(_token(token, number, copied, first=number == given))
    legend = "".join(f'<i class="s{ink}"></i>' for ink in range(len(BITS) + 1))
    return _sheet(
        f'<p class="read tokens" role="group" aria-label="The text, token by token" data-text="">'
        f'<span class="given">{esc(prompt)}</span>{"".join(pieces)}</p>'
        f'<p class="inks" aria-hidden="true">expected {legend} surprising</p>{look.quiet(HOW)}',
        facts,
    )


def _sheet(body: str, facts: Sequence[str]) -> str:
    figures = f'<span class="figures">{esc(" · ".join(filter(None, facts)))}</span>' if facts else "<span></span>"
    return f'<div class="sheet">{body}<footer>{figures}{look.COPY}</footer></div>'


def _token(token: Token, number: int, copied: bool, first: bool) -> str:
    bits = -math.log2(max(token.probability, 1e-30))
    ink = sum(bits > edge for edge in BITS)
    marks = f"t s{ink}" + (" copied" if copied else "") + (" nl" if token.text.endswith("\n") else "")
    what = " ".join(token.text.split()) or ("a new line" if "\n" in token.text else "a space" if token.text else "part of a letter")
    said = f"{what}: {percent(token.probability)}, {_ranked(token.rank)}"
    return (
        f'<span class="{marks}" role="button" tabindex="{0 if first else -1}" data-at="{number}" title="{esc(said)}" '
        f'aria-label="{esc(said)}">{esc(token.text)}</span>'
    )


def _ranked(rank: int) -> str:
    return "the likeliest" if rank == 0 else f"{count(rank, 'token was', 'tokens were')} likelier"


def _copied_title(run: CopiedRun) -> str:
    return f"{run.words} words in a row that stand in your writing too"


def copied_words(runs: list[CopiedRun] | None, text: str) -> str:
    """How much of a text stands word for word in the writing it was learnt from."""
    if runs is None:
        return ""
    if not runs:
        return "no four words in a row are copied from your writing"
    longest, copied = max(run.words for run in runs), sum(run.words for run in runs)
    rest = f", and {copied} of {len(text.split())} words in runs of four or more" if copied > longest else ""
    return f"{longest} words in a row are copied from your writing{rest}"


def percent(share: float) -> str:
    """31 %, 0.4 %, under 0.1 %."""
    if share < 0.001:
        return "under 0.1 %"
    return f"{share:.1%}".replace("%", " %") if share < 0.0995 else f"{share:.0%}".replace("%", " %")


def in_hand(owner: str, written: Written | None, at: object) -> InHand:
    """The place `at` of what was written.  Raises UserError where there is none."""
    if not isinstance(written, Written):
        raise UserError("There is no text here any more; write on again.")
    engine = state.engine(state.find_run(owner, written.voice))
    logits = logits_at(engine.model, engine.tokenizer, written.ids, written.given, at)
    stands = written.ids[at] if at < len(written.ids) else None
    return InHand(written.voice, written.prompt, written.ids[:at], written.given, stands, logits)


def tokens_of_written(owner: str, written: Written) -> tuple[list[Token], str, list[CopiedRun] | None]:
    """The tokens, the text they make, and what of it is copied.  Raises UserError where the voice is gone."""
    engine = state.engine(state.find_run(owner, written.voice))
    text = engine.tokenizer.decode(written.ids[written.given :])
    return tokens_of(engine.model, engine.tokenizer, written.ids, written.given), text, engine.copied_runs(text)


def place_html(owner: str, hand: InHand, config: SampleConfig) -> str:
    """What may stand at the place in hand under these dice."""
    tokenizer = state.engine(state.find_run(owner, hand.voice)).tokenizer
    found = place(hand.logits, tokenizer, config, also=hand.stands)
    before = (hand.prompt + tokenizer.decode(hand.ids[hand.given :]))[-CONTEXT:]
    most = max(max(option.probability, option.drawn) for option in found.options)
    rows = "".join(_option(option, most, option.id == hand.stands) for option in found.options)
    kept = 1 - found.by_top_k - found.by_top_p
    parts = [("kept", kept), ("by-k", found.by_top_k), ("by-p", found.by_top_p)]
    bar = "".join(f'<i class="{name}" style="width:{share * 100:.2f}%"></i>' for name, share in parts if share > 0)
    sentence = _cut_sentence(found, config)
    return (
        f'<section class="place" aria-label="What may stand here"><h3>After “<span>{esc(before.lstrip())}</span>”</h3>'
        f'<div class="cut" role="img" aria-label="{esc(sentence)}">{bar}</div>{look.quiet(sentence)}'
        f'<ul class="options">{rows}</ul><p class="quiet">The pale bar is the model’s own probability, the dark one that with '
        f"which these dice draw it. Choose a token, and the voice goes on from it.</p></section>"
    )


def _cut_sentence(found: Place, config: SampleConfig) -> str:
    if config.temperature == 0:
        return "Temperature 0 leaves the likeliest token alone."
    cuts = [f"top-k cuts {percent(found.by_top_k)}"] * (found.by_top_k > 0)
    cuts += [f"top-p cuts {percent(found.by_top_p)}"] * (found.by_top_p > 0)
    warmth = "" if config.temperature == 1 else f" at temperature {config.temperature:g}"
    said = f"{found.kept:,} of {found.of:,} tokens can be drawn"
    return f"{said}. Of the probability{warmth}, {' and '.join(cuts)}." if cuts else f"{said}; nothing is cut away."


def _option(option: Option, most: float, stands: bool) -> str:
    own, drawn = percent(option.probability), percent(option.drawn)
    said = f"cut by {option.cut}" if option.cut else f"drawn {drawn}"
    name = "the text ends here" if option.ends else _shown(option.text)
    bars = f'<i class="own" style="width:{option.probability / most * 100:.1f}%"></i>'
    bars += "" if option.cut else f'<i class="drawn" style="width:{option.drawn / most * 100:.1f}%"></i>'
    here = ' aria-current="true"' if stands else ""
    marks = "option" + (" cutaway" if option.cut else "") + (" word" if option.ends else "")
    inside = (
        f'<span class="what">{esc(name)}</span><span class="bars" aria-hidden="true">{bars}</span>'
        f'<span class="much">{own}, {said}{", stands here" if stands else ""}</span>'
    )
    if option.ends:
        return f'<li><div class="{marks}"{here}>{inside}</div></li>'
    return f'<li><button type="button" class="{marks}" data-id="{option.id}"{here}>{inside}</button></li>'


def _shown(text: str) -> str:
    """A token so that each can be told from the others: a space before it is a dot."""
    if "�" in text:
        return "part of a letter"
    return text.replace("\n", "⏎").replace("\t", "⇥").replace(" ", "·")


def pressed(event: gr.EventData, name: str) -> int | None:
    """What the browser says was pressed, a number or nothing that a page sends."""
    value = state.sent(event, name)
    return value if type(value) is int else None
