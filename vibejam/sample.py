"""Writing with a model: the next token drawn again and again, from a cache of what was read so far.

`stream_text` yields text as it comes; `generate_text` waits for all of it.  When the context is full, its newer half is
read again and writing goes on from there.  The slow reference, which reads all again for each token, stands in the tests.
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.config import SampleConfig
from vibejam.model import BaseLM
from vibejam.tokenizer import Tokenizer


def generate_text(
    model: BaseLM,
    tokenizer: Tokenizer,
    prompt: str,
    config: SampleConfig = SampleConfig(),
    *,
    stop: Callable[[], bool] = lambda: False,
) -> str:
    """What the model writes after `prompt`, which is not repeated."""
    return "".join(stream_text(model, tokenizer, prompt, config, stop=stop))


def stream_text(
    model: BaseLM,
    tokenizer: Tokenizer,
    prompt: str,
    config: SampleConfig = SampleConfig(),
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """The same, in pieces of whole characters, as they are written.  `stop()` is asked before each token.

    The text ends at the end of a document or after `max_new_tokens`.  A prompt longer than the context is read from its end.
    """
    text = tokenizer.stream()
    ids = [tokenizer.doc_end, *tokenizer.encode(prompt)]  # as in training: a document begins after the last one's end
    tokens = stream_ids(model, ids, config, banned=unused_ids(tokenizer))
    while not stop():
        token = next(tokens, tokenizer.doc_end)
        if token == tokenizer.doc_end:
            break
        piece = text.push(token)
        if piece:
            yield piece
    rest = text.finish()
    if rest:
        yield rest


def unused_ids(tokenizer: Tokenizer) -> list[int]:
    """Ids that stand for nothing a person could read: control tokens other than the document's end."""
    return [i for i, token in tokenizer.inner.get_added_tokens_decoder().items() if token.special and i != tokenizer.doc_end]


def stream_ids(model: BaseLM, ids: list[int], config: SampleConfig, banned: list[int] = []) -> Iterator[int]:
    """Up to `max_new_tokens` ids after `ids` (at least one), drawn as `config` says."""
    device = next(model.parameters()).device
    dice = None
    if config.seed is not None:
        dice = torch.Generator().manual_seed(config.seed)
    block = model.config.block_size
    context = ids[-block:]
    cache = model.new_cache(1, block)
    logits = _read(model, context, cache, device)  # (V,)
    for _ in range(config.max_new_tokens):
        logits[banned] = -torch.inf
        token = draw(logits, config, dice)
        yield token
        context.append(token)
        if len(context) > block:
            context = context[-max(1, block // 2) :]
            cache = model.new_cache(1, block)
            logits = _read(model, context, cache, device)
        else:
            logits = _read(model, [token], cache, device)


@torch.no_grad()
def _read(model: BaseLM, ids: list[int], cache: object, device: torch.device) -> Tensor:
    """Read `ids` on top of `cache`; the logits (V,) of the token after them, on the CPU."""
    return model.forward_cached(torch.tensor([ids], device=device), cache)[0, -1].float().cpu()


def draw(logits: Tensor, config: SampleConfig, dice: torch.Generator | None = None) -> int:
    """One id from logits (V,)."""
    probabilities = distribution(logits, config)
    if config.temperature == 0:
        return int(probabilities.argmax())
    return int(torch.multinomial(probabilities, 1, generator=dice))


def distribution(logits: Tensor, config: SampleConfig) -> Tensor:
    """Logits (V,) to the probabilities (V,) that are drawn from: temperature first, then top-k, top-p and min-p.

    Top-p keeps the fewest tokens that reach p together, always at least one (https://arxiv.org/abs/1904.09751); min-p is
    relative to the likeliest token (https://arxiv.org/abs/2407.01082).  Temperature 0 puts all on the likeliest.
    """
    if config.temperature == 0:
        return F.one_hot(logits.argmax(), len(logits)).float()
    below = logits.double() - logits.max()  # (V,), none above 0, so that tiny temperatures stay finite
    probabilities = F.softmax(below / config.temperature, dim=-1)
    ordered, order = probabilities.sort(descending=True, stable=True)  # of equally likely tokens the first
    keep = torch.ones_like(ordered, dtype=torch.bool)
    if config.top_k:
        keep[config.top_k :] = False
    if config.top_p < 1:
        keep &= ordered.cumsum(0) - ordered < config.top_p
    if config.min_p:
        keep &= ordered >= config.min_p * ordered[0]
    keep[0] = True
    ordered = ordered * keep
    return torch.zeros_like(probabilities).scatter(0, order, ordered / ordered.sum())
