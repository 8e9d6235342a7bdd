"""The draft writer that needs no network and no key: the base model, untouched, with the chat form it was taught.

It is small, so its drafts are plain and sometimes wrong; what it writes stays on this machine.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from vibejam.config import SampleConfig
from vibejam.drafts import SYSTEM_MESSAGE, DraftWriter
from vibejam.errors import UserError
from vibejam.fetch import base_path, load_base
from vibejam.model import BaseLM
from vibejam.pretrained import TURN_END, chat_prompt
from vibejam.runtime import pick_device
from vibejam.sample import stream_ids
from vibejam.tokenizer import Tokenizer

BASE = "smollm2-135m"
# the makers' own advice for this model: hardly daring, or it loses the thread
CAREFUL = {"temperature": 0.2, "top_p": 0.9}
CONTEXT = 2048  # tokens of instruction and draft together
SHORTEST_DRAFT = 64  # tokens; an instruction that leaves less room is too long


class LocalWriter(DraftWriter):
    """SmolLM2-135M-Instruct on this machine.  Raises UserError, with how to get it, where it was never fetched."""

    model = "SmolLM2-135M-Instruct"
    destination = None

    def __init__(self, device: str | None = None, seed: int | None = None) -> None:
        if base_path(BASE) is None:
            raise UserError(f"The draft writer is not on this machine yet; get it with `vibejam fetch-base {BASE}`.")
        self._device, self._seed = device, seed

    def stream(
        self,
        instruction: str,
        *,
        max_new_tokens: int = 400,
        stop: Callable[[], bool] | None = None,
        system: str = SYSTEM_MESSAGE,
    ) -> Iterator[str]:
        """The draft in pieces.  Raises UserError for an instruction that is empty or leaves no room for a draft."""
        if not instruction.strip():
            raise UserError("There is nothing to write about yet; say in a sentence what the draft should be.")
        model, tokenizer = _loaded(self._device)
        messages = [{"role": "system", "content": system}, {"role": "user", "content": instruction.strip()}]
        ids = chat_prompt(tokenizer, messages)
        room = CONTEXT - len(ids)
        if room < SHORTEST_DRAFT:
            raise UserError("That instruction is too long for the small model on this machine; shorten it.")
        text, end = tokenizer.stream(), tokenizer.inner.token_to_id(TURN_END)
        config = SampleConfig(max_new_tokens=min(max_new_tokens, room), seed=self._seed, **CAREFUL)
        for token in stream_ids(model, ids, config):
            if token in (end, tokenizer.doc_end) or (stop is not None and stop()):
                break
            yield text.push(token)
        yield text.finish()


def local_writer() -> LocalWriter | None:
    """The local writer, if its model is here."""
    return LocalWriter() if base_path(BASE) is not None else None


@lru_cache(maxsize=1)
def _loaded(device: str | None) -> tuple[BaseLM, Tokenizer]:
    model, tokenizer = load_base(BASE, pick_device(device), None)  # the fastest way this machine has
    model.shorten_context(CONTEXT)
    return model, tokenizer
