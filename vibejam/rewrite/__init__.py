"""A draft in, the same draft in the person's manner out: for now the way vibejam's first notes had it.

The model reads "Draft: ... Rewrite:" and goes on.  A model that learnt only how a person writes does not know yet that a rewrite
must say the same; what comes back is a continuation in their voice, and the app calls it that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from vibejam.config import SampleConfig
from vibejam.errors import UserError
from vibejam.model import BaseLM
from vibejam.sample import stream_text
from vibejam.tokenizer import Tokenizer

AS_LONG_AS_IT_TAKES = SampleConfig(max_new_tokens=0)  # here 0 means: by the length of the draft
PROMPT = "Draft: {draft}\n\nRewrite:"


@dataclass(frozen=True)
class Rewrite:
    """A draft and what became of it.  `kept_as_is`: the draft stayed as it was, because nothing better was found."""

    draft: str
    text: str
    kept_as_is: bool


def rewrite_text(
    draft: str,
    model: BaseLM,
    tokenizer: Tokenizer,
    config: SampleConfig = AS_LONG_AS_IT_TAKES,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Rewrite:
    """Rewrite `draft` in one go.  Raises UserError where there is nothing to rewrite."""
    text = "".join(stream_rewrite(draft, model, tokenizer, config, stop=stop)).strip()
    return Rewrite(draft, text, kept_as_is=text == draft.strip())


def stream_rewrite(
    draft: str,
    model: BaseLM,
    tokenizer: Tokenizer,
    config: SampleConfig = AS_LONG_AS_IT_TAKES,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """The rewrite in pieces, at most half as long again as the draft; the draft itself where the model finds nothing to say.

    Raises UserError, at once, where there is nothing to rewrite.
    """
    if not draft.strip():
        raise UserError("There is nothing to rewrite; paste a draft of at least one sentence.")
    longest = max(16, len(tokenizer.encode(draft)) * 3 // 2)
    config = replace(config, max_new_tokens=min(config.max_new_tokens, longest) if config.max_new_tokens else longest)
    return _or_the_draft(stream_text(model, tokenizer, PROMPT.format(draft=draft.strip()), config, stop=stop), draft)


def _or_the_draft(pieces: Iterator[str], draft: str) -> Iterator[str]:
    said = False
    for piece in pieces:
        said = said or bool(piece.strip())
        yield piece
    if not said:
        yield draft.strip()
