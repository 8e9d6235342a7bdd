"""Writing with a model: the next token drawn again and again, from a memory of what was read so far.

`stream_text` yields text as it comes; `generate_text` waits for all of it; `candidate_ids` draws several texts side
by side.  The fast path is decoder.py's, or for one text compiled.py's, where they apply; any other model reads through
its own cache.  When the context is full, its newer half is read again and writing goes on from there.  The slow
reference, which reads everything again for each token, stands in the tests.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.compiled import CompiledDecoder, compiled
from vibejam.config import SampleConfig
from vibejam.decoder import Decoder, packed
from vibejam.model import BaseLM
from vibejam.tokenizer import Tokenizer

AnyDecoder = Decoder | CompiledDecoder
FEW = 256  # tokens that nearly always hold all of top-p


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
    for token in stream_tokens(model, tokenizer, prompt_ids(tokenizer, prompt), config, stop=stop):
        piece = text.push(token)
        if piece:
            yield piece
    rest = text.finish()
    if rest:
        yield rest


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """The ids that are read before a text is written: as in training, a document begins after the last one's end."""
    return [tokenizer.doc_end, *tokenizer.encode(prompt)]


def stream_tokens(
    model: BaseLM, tokenizer: Tokenizer, ids: list[int], config: SampleConfig, *, stop: Callable[[], bool] = lambda: False
) -> Iterator[int]:
    """The same as ids, after any `ids`: all that stand before the document's end."""
    tokens = stream_ids(model, ids, config, banned=unused_ids(tokenizer))
    while not stop():
        token = next(tokens, tokenizer.doc_end)
        if token == tokenizer.doc_end:
            return
        yield token


def unused_ids(tokenizer: Tokenizer) -> list[int]:
    """Ids that stand for nothing a person could read: control tokens other than the document's end."""
    return [i for i, token in tokenizer.inner.get_added_tokens_decoder().items() if token.special and i != tokenizer.doc_end]


def stream_ids(
    model: BaseLM, ids: list[int], config: SampleConfig, banned: Sequence[int] = (), decoder: AnyDecoder | None = None
) -> Iterator[int]:
    """Up to `max_new_tokens` ids after `ids` (at least one), drawn as `config` says; `decoder` is the fastest there is."""
    decoder = decoder or compiled(model) or packed(model)
    yield from _stream(model, decoder, ids, config, list(banned), _dice(config))


def candidate_ids(
    model: BaseLM, ids: list[int], count: int, config: SampleConfig, ends: Collection[int], banned: Sequence[int] = ()
) -> list[list[int]]:
    """`count` texts after `ids` (at least one), drawn side by side from one reading of them.

    Each stops on its own: before one of `ends`, after `max_new_tokens`, or when the context is full.
    """
    dice, block = _dice(config), model.config.block_size
    banned = list(banned)  # as an index, an empty tuple would mean every token
    ids = ids[-max(1, block - config.max_new_tokens) :]
    length = min(config.max_new_tokens, block - len(ids) + 1)
    config = replace(config, max_new_tokens=length)
    decoder = packed(model)
    if decoder is None:
        texts = (_stream(model, None, ids, config, banned, dice) for _ in range(count))
        return [list(takewhile(lambda token: token not in ends, text)) for text in texts]
    written: list[list[int]] = [[] for _ in range(count)]
    alike = [list(range(count))] if length else []  # texts that are the same so far: one row of the memory is theirs
    may = torch.ones(model.config.vocab_size, dtype=torch.bool)
    may[banned] = False
    may = may.nonzero()[:, 0]  # (n,), the ids to draw from
    few = len(may) < model.config.vocab_size / 2  # then the others need not be thought of at all
    if few:
        decoder = decoder.narrowed(may)
    memory, logits = decoder.read(ids, max(0, length - 1))
    memory = memory.fork(len(alike))
    while alike:
        parted: dict[tuple[int, int], list[int]] = {}  # by row and token
        for row, texts in enumerate(alike):
            for text, place in zip(texts, draws(logits[row] if few else logits[row, may], config, len(texts), dice), strict=True):
                token = int(may[place])
                if token not in ends:
                    written[text].append(token)
                    if len(written[text]) < length:
                        parted.setdefault((row, token), []).append(text)
        if not parted:
            break
        rows, tokens = zip(*parted, strict=True)
        if rows != tuple(range(len(alike))):  # what has ended is not read any further
            memory.keep(list(rows))
        alike = list(parted.values())
        logits = decoder.step(torch.tensor(tokens), memory)  # (B, n or V), with B = len(alike)
    return written


def _stream(
    model: BaseLM,
    decoder: AnyDecoder | None,
    ids: list[int],
    config: SampleConfig,
    banned: list[int],
    dice: torch.Generator | None,
) -> Iterator[int]:
    block = model.config.block_size
    context, memory = ids[-block:], None
    for left in range(config.max_new_tokens, 0, -1):
        if len(context) > block:
            context, memory = context[-max(1, block // 2) :], None
        if memory is None:
            memory, logits = _read(model, decoder, context, min(left - 1, block - len(context)))
        elif decoder is not None:
            logits = decoder.step(torch.tensor(context[-1:]), memory)[0]  # (V,)
        else:
            logits = _more(model, context[-1:], memory)
        logits = model.predicted(logits[None, None], torch.tensor([context]))[0, 0]
        logits[banned] = -torch.inf
        token = draw(logits, config, dice)
        yield token
        context.append(token)


def _read(model: BaseLM, decoder: AnyDecoder | None, ids: list[int], room: int) -> tuple[object, Tensor]:
    """The memory of `ids`, with room for more, and the logits (V,) of the token after them, on the CPU."""
    if decoder is not None:
        memory, logits = decoder.read(ids, room)
        return memory, logits[0]
    cache = model.new_cache(1, len(ids) + room)
    return cache, _more(model, ids, cache)


@torch.no_grad()
def _more(model: BaseLM, ids: list[int], cache: object) -> Tensor:
    device = next(model.parameters()).device
    return model.forward_cached(torch.tensor([ids], device=device), cache)[0, -1].float().cpu()


def _dice(config: SampleConfig) -> torch.Generator | None:
    return None if config.seed is None else torch.Generator().manual_seed(config.seed)


def draw(logits: Tensor, config: SampleConfig, dice: torch.Generator | None = None) -> int:
    """One id from logits (V,)."""
    return draws(logits, config, 1, dice)[0]


def draws(logits: Tensor, config: SampleConfig, count: int, dice: torch.Generator | None = None) -> list[int]:
    """`count` ids from the same logits (V,), each drawn by itself."""
    if config.temperature == 0:
        return [int(logits.argmax())] * count
    ids, probabilities = _kept(logits, config)
    return [int(ids[torch.multinomial(probabilities, 1, generator=dice)]) for _ in range(count)]


def distribution(logits: Tensor, config: SampleConfig) -> Tensor:
    """Logits (V,) to the probabilities (V,) that are drawn from: temperature first, then top-k, top-p and min-p.

    Top-p keeps the fewest tokens that reach p together, always at least one (https://arxiv.org/abs/1904.09751); min-p is
    relative to the likeliest token (https://arxiv.org/abs/2407.01082).  Temperature 0 puts all on the likeliest.
    """
    if config.temperature == 0:
        return F.one_hot(logits.argmax(), len(logits)).float()
    ids, probabilities = _kept(logits, config)
    return torch.zeros(len(logits), dtype=torch.double).scatter(0, ids, probabilities)


def _kept(logits: Tensor, config: SampleConfig) -> tuple[Tensor, Tensor]:
    """The ids that may be drawn (n,), likeliest first, and their probabilities (n,)."""
    below = logits.double() - logits.max()  # (V,), none above 0, so that tiny temperatures stay finite
    probabilities = F.softmax(below / config.temperature, dim=-1)
    ids = _likeliest(probabilities, config)
    ordered, order = probabilities[ids].sort(descending=True, stable=True)  # of equally likely tokens the first
    keep = torch.ones_like(ordered, dtype=torch.bool)
    if config.top_k:
        keep[config.top_k :] = False
    if config.top_p < 1:
        keep &= ordered.cumsum(0) - ordered < config.top_p
    if config.min_p:
        keep &= ordered >= config.min_p * ordered[0]
    keep[0] = True
    kept = ordered[keep]
    return ids[order[keep]], kept / kept.sum()


def _likeliest(probabilities: Tensor, config: SampleConfig) -> Tensor:
    """Ids (n,), ascending, beyond which no filter keeps any: sorting a large vocabulary takes longer than the model."""
    few = config.top_k or FEW
    while few < len(probabilities):
        floor = probabilities.topk(few).values[-1]
        ids = (probabilities >= floor).nonzero()[:, 0]  # all those as likely as the last one, too
        if config.top_k or (config.top_p < 1 and probabilities[ids].sum() >= config.top_p):
            return ids
        few = 8 * few if config.top_p < 1 else len(probabilities)
    return torch.arange(len(probabilities))
