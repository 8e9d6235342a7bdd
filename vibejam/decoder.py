"""The fast way to write: a `GPTModel`'s weights packed once for reading one token at a time, on a CPU.

Queries, keys and values are one product, gate and up another; memory for the keys and values is laid
out once.  Candidates for one prompt share its reading (`Memory.fork`) and go on side by side.  The
slow, obvious reference is `GPTModel.forward_cached`, and the tests hold this against it.  Left out: GPUs, other
architectures and models that are still learning, which `sample.py` serves with the reference; choosing the token.

Shapes: B texts, S places, P places of the shared prompt, L layers, C width, H heads, G key/value heads, J = H/G heads
a group, D head size, V vocabulary.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vibejam.lora import LowRank
from vibejam.model import BaseLM, GPTModel, KVCache
from vibejam.products import PACKERS, Product, fastest, has_int8

Made = TypeVar("Made")


@dataclass
class Memory:
    """Keys and values of the tokens read so far: (L, G, B, length, D) fp32 each, filled up to `used`.

    Before them stands what all texts share, a `prompt` of one text, read once and kept once; `begins` (B,) says with how many
    tokens of it each text begins, where that is not all of them.
    """

    keys: Tensor
    values: Tensor
    used: int = 0
    prompt: "Memory | None" = None
    begins: Tensor | None = None

    @property
    def length(self) -> int:
        return self.keys.shape[3]

    @property
    def position(self) -> int | Tensor:
        """How many tokens each text has read: (B,) where they begin in different places."""
        if self.begins is not None:
            return self.begins + self.used
        return self.used + (self.prompt.used if self.prompt else 0)

    def fork(self, n: int, begins: Tensor | None = None) -> "Memory":
        """`n` texts that begin with what this one has read, or each with the first `begins` (n,) tokens of it.

        Raises ValueError where this memory holds several texts or is a fork.
        """
        L, G, B, length, D = self.keys.shape
        if B != 1 or self.prompt is not None:
            raise ValueError("only the memory of one text, as `read` gives it, can be forked")
        shape = (L, G, n, length - self.used, D)
        return Memory(torch.zeros(shape), torch.zeros(shape), 0, Memory(self.keys, self.values, self.used), begins)

    def keep(self, rows: list[int]) -> None:
        """Forget all texts but those of `rows`, which are numbered anew in that order; one that stands twice goes on as two."""
        self.keys, self.values = self.keys[:, :, rows], self.values[:, :, rows]
        self.begins = self.begins[rows] if self.begins is not None else None

    def filled(self, end: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Of each layer, up to `end`: keys (G*B, D, S) and values (G*B, S, D), ready for products."""
        keys, values = self.keys[:, :, :, :end].flatten(1, 2), self.values[:, :, :, :end].flatten(1, 2)
        return keys.transpose(-1, -2).unbind(), values.unbind()


@dataclass(frozen=True)
class _Layer:
    attend_norm: Tensor  # (C,)
    feed_norm: Tensor  # (C,)
    attend: Product  # C to (H + 2G) * D: queries, keys, values
    out: Product
    widen: Product  # C to twice the hidden width: gate, then up
    down: Product


class PromptReader:
    """A prompt, all at once, by the model's own parts: those, not the model, so that who keeps them may forget it (`Packing`)."""

    def __init__(self, model: GPTModel) -> None:
        self.config = model.config
        self._embed, self._blocks, self._rotary = model.embed, model.blocks, (model.cos, model.sin)
        self._finish, self._words = model.norm, model.head.weight.detach()

    def _read(self, ids: list[int], room: int, last: int = 1) -> tuple[KVCache, Tensor]:
        """Keys and values of `ids`, and the logits (n, V) after their `last` n.

        Raises ValueError where they and `room` for more together, or nothing, would be more than the context holds.
        """
        T = len(ids)
        if not 1 <= T <= T + room <= self.config.block_size:
            raise ValueError(f"{T} tokens and room for {room} more do not fit a context of {self.config.block_size}")
        with torch.inference_mode():
            cache = KVCache.empty(self.config, 1, T, self._embed.weight)
            x = self._embed(torch.tensor([ids]))  # (1, T, C)
            rotary = self._rotary[0][:T], self._rotary[1][:T]
            for number, block in enumerate(self._blocks):  # forward_cached, but for logits that nobody reads
                x = block(x, rotary, cache.layer(number, T))
            logits = F.linear(self._finish(x[0, -last:]), self._words).float()  # (n, V)
        return cache, logits.clone()  # the caller's own, which it may change


class Decoder(PromptReader):
    """`model` as it is now, packed: weights that change later are not seen.

    `weights` is "fp32"; "bf16"; "int8", which costs SmolLM2 0.1 % of its bits per byte; or "auto": the fastest that this
    machine has for weights kept in bfloat16, fp32 for any other, whose text then stays the same to the letter.
    Raises ValueError for a model that `can_decode` refuses or a kind this machine lacks.
    """

    def __init__(self, model: GPTModel, weights: str = "auto") -> None:
        if not can_decode(model):
            raise ValueError("only a GPTModel on a CPU, without low-rank corrections, can be packed")
        if weights == "auto":
            weights = fastest() if may_round(model) else "fp32"
        if weights not in PACKERS or (weights == "int8" and not has_int8()):
            raise ValueError(f"this machine has no {weights!r} products for decoding")
        super().__init__(model)
        self.weights = weights
        with torch.inference_mode():
            pack = PACKERS[weights]
            self._layers = [self._pack_block(block, pack) for block in model.blocks]
            self._norm, self._head = _norm(model.norm), pack(self._words.float())
            half = self.config.head_dim // 2
            self._turns = torch.complex(model.cos[:, :half].float(), model.sin[:, :half].float())  # (block_size, D/2)

    def _pack_block(self, block: nn.Module, pack: Callable[[Tensor], Product]) -> _Layer:
        heads, feed = block.attention, block.feed_forward
        D = self.config.head_dim
        query, key = (_paired(part.weight.float(), D) for part in (heads.query, heads.key))
        return _Layer(
            _norm(block.attention_norm),
            _norm(block.feed_forward_norm),
            pack(torch.cat([query * D**-0.5, key, heads.value.weight.float()])),
            pack(heads.out.weight.float()),
            pack(torch.cat([feed.gate.weight, feed.up.weight]).float()),
            pack(feed.down.weight.float()),
        )

    def read(self, ids: list[int], room: int, last: int = 1) -> tuple[Memory, Tensor]:
        """The prompt, all at once, by the model itself: its memory, with `room` for more tokens, and the logits (n, V) after its
        `last` n tokens.

        Raises ValueError where both together, or nothing, would be more than the context holds.
        """
        T, config = len(ids), self.config
        cache, logits = self._read(ids, room, last)
        with torch.inference_mode():
            shape = (config.n_layer, config.kv_heads, 1, T + room, config.head_dim)
            memory = Memory(torch.zeros(shape), torch.zeros(shape), T)
            pairs = cache.keys.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)  # (L, 1, G, T, D), as in `_paired`
            memory.keys[:, :, :, :T] = pairs.transpose(1, 2)
            memory.values[:, :, :, :T] = cache.values.transpose(1, 2)
        return memory, logits

    def narrowed(self, ids: Tensor) -> "Decoder":
        """The same with logits of `ids` (n,) alone, in their order: of a large vocabulary the last product is a fifth of a step."""
        few = copy(self)
        with torch.inference_mode():
            few._words = self._words[ids]  # (n, C)
            few._head = PACKERS[self.weights](few._words.float())
        return few

    def step(self, tokens: Tensor, memory: Memory) -> Tensor:
        """One more token for each text (B,), to logits (B, V) in fp32; the memory moves on by one place.

        Raises ValueError where the memory is full.
        """
        if memory.used == memory.length:
            raise ValueError(f"the memory holds {memory.length} tokens and is full")
        with one_thread(), torch.inference_mode():
            logits = self._step(tokens, memory)
        memory.used += 1
        return logits.clone()  # the caller's own, which it may change

    def _step(self, tokens: Tensor, memory: Memory) -> Tensor:
        place, B, config = memory.used, len(tokens), self.config
        H, G, C, D = config.n_head, config.kv_heads, config.n_embd, config.head_dim
        # One number more than the width: the norm's epsilon. The length of the whole is then RMSNorm's divisor but for
        # a factor, which is in `_norm`, and three operations do the work of six.
        whole = torch.full((B, C + 1), math.sqrt(C * config.norm_eps))
        x = whole[:, :C]
        x.copy_(self._embed(tokens))
        turn, unseen = self._turns[memory.position], None  # (D/2,)
        if memory.begins is not None:
            turn, unseen = turn[:, None], torch.arange(memory.prompt.used) >= memory.begins[:, None]  # (B, 1, D/2), (B, P)
        new_keys, new_values = memory.keys[:, :, :, place].unbind(), memory.values[:, :, :, place].unbind()  # (G, B, D)
        own = memory.filled(place + 1)
        shared = memory.prompt.filled(memory.prompt.used) if memory.prompt else None
        for number, layer in enumerate(self._layers):
            state = layer.attend(_normed(x, whole, layer.attend_norm)).view(B, H + 2 * G, D)
            pairs = torch.view_as_complex(state[:, : H + G].unflatten(-1, (-1, 2)))  # (B, H+G, D/2)
            turned = torch.view_as_real(pairs * turn).flatten(-2)  # (B, H+G, D)
            new_keys[number].copy_(turned[:, H:].transpose(0, 1))
            new_values[number].copy_(state[:, H + G :].transpose(0, 1))
            query = turned[:, :H].view(B, G, H // G, D).transpose(0, 1).reshape(G * B, H // G, D)
            y = _attend(query, own[0][number], own[1][number], shared and (shared[0][number], shared[1][number]), unseen)
            y = y.view(G, B, -1).transpose(0, 1).reshape(B, H * D)
            x += layer.out(y)
            gate, up = layer.widen(_normed(x, whole, layer.feed_norm)).chunk(2, -1)
            x += layer.down(F.silu(gate).mul_(up))
        return self._head(_normed(x, whole, self._norm))


class Packing(Generic[Made]):
    """Makes each model's decoder once, and anew where its weights have changed; goes when the model goes."""

    def __init__(self, make: Callable[[GPTModel], Made]) -> None:
        self._make = make
        self._kept: WeakKeyDictionary[BaseLM, tuple[object, Made]] = WeakKeyDictionary()

    def __call__(self, model: GPTModel) -> Made:
        now = model.config, [(p.data_ptr(), p._version) for p in model.parameters()]
        if model not in self._kept or self._kept[model][0] != now:
            self._kept[model] = now, self._make(model)
        return self._kept[model][1]


_DECODERS = Packing(Decoder)


def packed(model: BaseLM) -> Decoder | None:
    """The decoder of `model` as it is now, packed anew where weights have changed; None where there can be none."""
    return _DECODERS(model) if can_decode(model) else None


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it torch computes on the caller's thread alone.

    A token's products are too short to be shared out: waiting for the other threads costs more than they save, many
    times more on a machine that is busy.  OpenMP keeps the number for each thread, so training elsewhere keeps its own.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _attend(query: Tensor, keys: Tensor, values: Tensor, shared: tuple[Tensor, Tensor] | None, unseen: Tensor | None) -> Tensor:
    """Queries (G*B, J, D) on keys (G*B, D, S), values (G*B, S, D) and shared ones (G, D, P), (G, P, D), but for those that are
    `unseen` (B, P).

    The heads of a group are rows of one product, and for what is shared those of all texts are: nothing is repeated.
    """
    scores = torch.bmm(query, keys)  # (G*B, J, S)
    if shared is None:
        return torch.bmm(scores.softmax(-1), values)
    keys, G, P = shared[0], shared[0].shape[0], shared[0].shape[2]
    early = torch.bmm(query.view(G, -1, query.shape[2]), keys).view(*scores.shape[:2], P)  # (G*B, J, P)
    if unseen is not None:
        early.unflatten(0, (G, -1)).masked_fill_(unseen[:, None], -torch.inf)  # (G, B, J, P)
    weights = torch.cat([early, scores], dim=-1).softmax(-1)  # (G*B, J, P+S)
    y = torch.bmm(weights[:, :, P:], values)
    return y + torch.bmm(weights[:, :, :P].view(G, -1, P), shared[1]).view_as(y)


def can_decode(model: BaseLM) -> bool:
    """Whether `Decoder` takes it: the plain transformer, on a CPU, without corrections that are still being learnt."""
    plain = type(model) is GPTModel and model.embed.weight.device.type == "cpu"
    return plain and not any(isinstance(module, LowRank) for module in model.blocks.modules())


def may_round(model: BaseLM) -> bool:
    """Whether its text need not stay the same to the letter: its weights were rounded before, and fp32 was not asked for."""
    return model.rounded or model.head.weight.dtype == torch.bfloat16


def _norm(norm: nn.RMSNorm) -> Tensor:
    """Its weights (C,), with the factor between a vector's length and its root mean square.

    Not folded into the matrix that follows: they damp the few channels so large that the others would be left no steps
    in int8.
    """
    return norm.weight.float() * math.sqrt(len(norm.weight))


def _normed(x: Tensor, whole: Tensor, norm: Tensor) -> Tensor:
    return (x / torch.linalg.vector_norm(whole, dim=-1, keepdim=True)).mul_(norm)


def _paired(weight: Tensor, D: int) -> Tensor:
    """Rows of queries or keys, a pair that turns together side by side: one complex product then turns them all."""
    return weight.unflatten(0, (-1, 2, D // 2)).transpose(1, 2).flatten(0, 2)
