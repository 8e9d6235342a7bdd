"""The four calls that programs may make (gradio_client): write on, draft, rewrite, score.  All else of the app is private.

They serve the owner of this machine; on a Space, where a call says nothing about whose voice it may use, there are
none.  Nobody outside this machine is asked unless a call says so.
"""

import math

import gradio as gr

from pages import decided, state
from pages.rewrite import dial
from pages.sample import dice
from pages.service import writer_for
from vibejam.config import RewriteConfig
from vibejam.drafts import endpoint_from_environment
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.local_writer import LocalWriter
from vibejam.scores import scores
from vibejam.workspace import OWNER

LONGEST = 200_000  # characters of any text
LOCAL, SERVICE = "local", "service"


def offer() -> None:
    """Add all of them to the Blocks that is open now."""
    for call in (sample, draft, rewrite, score):
        gr.api(call, api_name=call.__name__)


def sample(
    prompt: str,
    voice: str = "",
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 0.95,
    max_new_tokens: int = 200,
    seed: int = 1,
) -> str:
    """What the voice (a run's folder name; empty: the one picked in the app, or the newest) writes after `prompt`."""
    try:
        return _engine(voice).sample(_text(prompt), dice(temperature, top_k, top_p, max_new_tokens, seed)).text
    except UserError as error:
        raise _told(error) from error


def draft(instruction: str, writer: str = LOCAL) -> str:
    """A plain draft for `instruction`.

    `writer`: "local", the small model on this machine; "service", the one that VIBEJAM_LLM_MODEL names, to which it is sent.
    """
    try:
        if writer not in (LOCAL, SERVICE):
            raise UserError('A writer is "local" or "service".')
        if writer == SERVICE and endpoint_from_environment() is None:
            raise UserError("No service is set up; set VIBEJAM_LLM_MODEL with OPENAI_API_KEY or OPENAI_BASE_URL, and start again.")
        chosen = LocalWriter() if writer == LOCAL else writer_for("", "", "")
        return chosen.write(_text(instruction)).text
    except UserError as error:
        raise _told(error) from error


def rewrite(draft: str, voice: str = "", seed: int = 1, strength: float = 1.0) -> str:
    """The draft in the manner of the voice (a run's folder name; empty: the one picked in the app, or the newest).

    Strength from 0, a light touch, to 1."""
    try:
        config = RewriteConfig(strength=dial(strength).strength, seed=_whole(seed, "seed"))
        return _engine(voice).rewrite(_text(draft), config, edits=decided.edits(OWNER)).text
    except UserError as error:
        raise _told(error) from error


def score(draft: str, rewrite: str) -> dict:
    """What is measured of a rewrite beside its draft; the distances are from the writing that is in the app, lower is nearer.

    {meaning, meaning_by, numbers_kept, names_kept, negations_kept, draft_distance, rewrite_distance, own_distance, habits: {name:
    {unit, draft, rewrite, own}}}; a distance is null where there is no writing to measure from.
    """
    try:
        before, after = _text(draft), _text(rewrite)
        if not before.strip() or not after.strip():
            raise UserError("Give both a draft and a rewrite of at least one sentence.")
        corpus = state.corpus(OWNER)
        profile = state.profile(OWNER) if corpus.words else None
        found = scores([(before, after)], before, after, profile, [document.text for document in corpus.documents], {})
    except UserError as error:
        raise _told(error) from error
    return {
        "meaning": round(found.meaning, 4),
        "meaning_by": "MiniLM" if found.by_minilm else "content words",
        "numbers_kept": found.facts.numbers,
        "names_kept": found.facts.names,
        "negations_kept": found.facts.negations,
        "draft_distance": _rounded(found.draft_distance),
        "rewrite_distance": _rounded(found.rewrite_distance),
        "own_distance": _rounded(found.own_distance),
        "habits": {
            axis.name: {"unit": axis.unit} | {side: _rounded(getattr(axis, side)) for side in ("draft", "rewrite", "own")}
            for axis in found.axes
        },
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _text(given: object) -> str:
    if not isinstance(given, str) or len(given) > LONGEST:
        raise UserError(f"A text is at most {LONGEST:,} characters; send less of it.")
    return given


def _whole(given: object, name: str) -> int:
    if not isinstance(given, int | float) or not math.isfinite(given):
        raise UserError(f"A {name} is a whole number.")
    return int(given)


def _told(error: UserError) -> gr.Error:
    return gr.Error(str(error), print_exception=False)


def _engine(voice: str) -> StyleEngine:
    choices = state.voice_choices(OWNER)
    if not choices:
        raise UserError("There is no voice yet; train one first.")
    return state.engine(state.find_run(OWNER, voice or choices[0][1]))
