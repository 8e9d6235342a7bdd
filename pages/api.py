"""The two calls that programs may make (gradio_client): write on, and rewrite.  Everything else of the app is private.

They serve the owner of this machine; on a Space, where a call says nothing about whose voice it may use, there are
none.
"""

import gradio as gr

from pages import state
from pages.sample import dice
from vibejam.config import RewriteConfig
from vibejam.errors import UserError
from vibejam.workspace import OWNER


def offer() -> None:
    """Add both to the Blocks that is open now."""
    gr.api(sample, api_name="sample")
    gr.api(rewrite, api_name="rewrite")


def sample(
    prompt: str,
    voice: str = "",
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 0.95,
    max_new_tokens: int = 200,
    seed: int = 1,
) -> str:
    """What the voice (a run's folder name; empty: the newest) writes after `prompt`."""
    try:
        return _engine(voice).sample(prompt, dice(temperature, top_k, top_p, max_new_tokens, seed)).text
    except UserError as error:
        raise gr.Error(str(error), print_exception=False) from error


def rewrite(draft: str, voice: str = "", seed: int = 1) -> str:
    """The draft in the manner of the voice (a run's folder name; empty: the newest)."""
    try:
        return _engine(voice).rewrite(draft, RewriteConfig(seed=seed)).text
    except UserError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _engine(voice: str):
    choices = state.voice_choices(OWNER)
    if not choices:
        raise UserError("There is no voice yet; train one first.")
    return state.engine(state.find_run(OWNER, voice or choices[0][1]))
