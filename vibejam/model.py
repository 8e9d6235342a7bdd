"""The model: `BaseLM`, what every architecture promises, and `GPTModel`, a small pre-norm decoder in Llama's shape.

RMSNorm, rotary positions, grouped-query attention, a gated feed-forward, no biases: the shape that pretrained weights come
in and that other tools can load, so one class serves a model made from nothing and one that stands on SmolLM2.
Left out: files (checkpoint.py), tokens and text (tokenizer.py), choosing the next token (sample.py).

Shapes: B batch, T time (tokens), C width (n_embd), H heads, G key/value heads, D head size, V vocabulary.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import checkpoint

from vibejam.config import ModelConfig, RopeScaling
from vibejam.counted import Counted, count
from vibejam.errors import SettingError

LOSS_CHUNK = 4_000_000  # logits held in memory at once while the loss is computed: 16 MB in fp32


class BaseLM(nn.Module, ABC):
    """What training, sampling and evaluation ask of any architecture.

    A subclass is built of a ModelConfig alone, keeps it as `config`, has an output layer `head`, and gives `hidden_states`,
    `new_cache` and `forward_cached`; the loss and the slow reference sampler are shared.  What else it promises stands in
    tests/test_contract.py, which holds every entry of ARCHITECTURES to it.
    """

    config: ModelConfig
    head: nn.Linear
    counted: Counted | None = None  # what `look_over` found; the network learns without it, for it knows the text by heart
    rounded = False  # weights kept in half precision, and none was asked for: who writes may round further (decoder.py)

    @abstractmethod
    def hidden_states(self, idx: Tensor) -> Tensor:
        """Tokens (B, T) to the states before the output layer (B, T, C).  Position t sees tokens up to t only."""

    @abstractmethod
    def new_cache(self, batch_size: int, length: int) -> object:
        """An empty memory for `forward_cached` that can hold `length` tokens of `batch_size` texts."""

    @abstractmethod
    def forward_cached(self, idx: Tensor, cache: object) -> Tensor:
        """The next tokens (B, T) after those already in `cache`, to the network's logits (B, T, V); the cache moves on by T."""

    def forward(self, idx: Tensor, targets: Tensor | None = None) -> tuple[Tensor | None, Tensor | None]:
        """Tokens (B, T) to logits (B, T, V) as `predicted` and, given targets (B, T), their mean loss in nats a token.

        Targets of -1 do not count; where none does, the loss is 0.  Raises ValueError for texts longer than the context or
        empty.
        """
        self._check_length(idx)
        logits = self.predicted(self.head(self.hidden_states(idx)), idx)  # (B, T, V)
        if targets is None:
            return logits, None
        total = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum")
        return logits, total / (targets >= 0).sum().clamp(min=1)

    def predicted(self, logits: Tensor, idx: Tensor) -> Tensor:
        """What is expected after the last n of tokens (B, T): by the network's logits (B, n, V) and by what was counted."""
        if self.counted is None:
            return logits
        before = idx.shape[1] - logits.shape[1]
        return self.counted.beside(logits, idx[:, before:], idx[:, :before])

    @torch.no_grad()
    def generate(self, idx: Tensor, max_new_tokens: int, temperature: float = 1.0) -> Tensor:
        """The slow, obvious sampler: (B, T) to (B, T + max_new_tokens).  Temperature 0 takes the likeliest each time."""
        for _ in range(max_new_tokens):
            logits = self(idx[:, -self.config.block_size :])[0][:, -1].float()  # (B, V)
            if temperature == 0:
                token = logits.argmax(dim=-1, keepdim=True)  # (B, 1)
            else:
                token = torch.multinomial(F.softmax(logits / temperature, dim=-1), 1)  # (B, 1)
            idx = torch.cat([idx, token], dim=1)
        return idx

    def loss(self, idx: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """The loss of the network alone, in chunks, so that a large vocabulary's logits never lie in memory all at once.

        Given `weights` (B, T), their mean: how much each target counts; logits are made only where one does.
        """
        self._check_length(idx)
        states, targets = self.hidden_states(idx).flatten(0, 1), targets.flatten()  # (B*T, C), (B*T,)
        if weights is None:
            weights = (targets >= 0).float()
        else:
            counted = targets >= 0
            states, targets, weights = states[counted], targets[counted], weights.flatten()[counted]
        rows = max(1, LOSS_CHUNK // self.config.vocab_size)
        if len(states) <= rows:
            total = self._summed_loss(states, targets, weights)
        else:
            total = sum(
                checkpoint(self._summed_loss, *chunk, use_reentrant=False)  # logits are made again in the backward pass
                for chunk in zip(states.split(rows), targets.split(rows), weights.split(rows), strict=True)
            )
        return total / weights.sum().clamp(min=1)

    def _summed_loss(self, states: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        losses = F.cross_entropy(self.head(states).float(), targets, ignore_index=-1, reduction="none")
        return (losses * weights).sum()

    def _check_length(self, idx: Tensor) -> None:
        if not 1 <= idx.shape[1] <= self.config.block_size:
            raise ValueError(f"{idx.shape[1]} tokens given, but this model reads 1 to {self.config.block_size} at a time")

    def look_over(self, documents: Sequence[Tensor]) -> None:
        """Count the n-grams of the whole text, each document's tokens (n,), where the config says so; before learning from it."""
        if self.config.counted:
            self.counted = count(documents, self.config.vocab_size, self.config.counted)

    def row_tables(self) -> list[nn.Parameter]:
        """Tables of which a step touches few rows: their gradients are sparse, and they are learnt and kept in fp32."""
        return []

    def parameter_count(self) -> int:
        """How many numbers the model learns; tied tables count once."""
        return sum(p.numel() for p in self.parameters())


class GPTModel(BaseLM):
    """A stack of pre-norm blocks between a token table and an output layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.n_embd)
        self.drop = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.norm = nn.RMSNorm(config.n_embd, eps=config.norm_eps)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        if config.tie_embeddings:
            self.head.weight = self.embed.weight
        cos, sin = rotary_tables(config)  # (block_size, D) each
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        """Normal weights of 0.02; what writes into the residual stream smaller, by its depth (GPT-2)."""
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                writes_to_stream = name.endswith(("attention.out.weight", "feed_forward.down.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * self.config.n_layer) if writes_to_stream else 0.02)

    def shorten_context(self, block_size: int) -> None:
        """Read at most `block_size` tokens at a time from now on; the weights are the same at any length."""
        self.config = replace(self.config, block_size=min(block_size, self.config.block_size))
        self.cos, self.sin = self.cos[: self.config.block_size], self.sin[: self.config.block_size]

    def hidden_states(self, idx: Tensor) -> Tensor:
        T = idx.shape[1]
        x = self.drop(self.embed(idx))  # (B, T, C)
        rotary = self.cos[:T], self.sin[:T]
        for block in self.blocks:
            x = block(x, rotary)
        return self.norm(x)  # (B, T, C)

    def new_cache(self, batch_size: int, length: int) -> "KVCache":
        return KVCache.empty(self.config, batch_size, length, self.embed.weight)

    def forward_cached(self, idx: Tensor, cache: "KVCache") -> Tensor:
        start, end = cache.used, cache.used + idx.shape[1]
        if end > cache.length:
            raise ValueError(f"the cache holds {cache.length} tokens, {end} are needed")
        x = self.embed(idx)  # (B, T, C)
        rotary, seen = (self.cos[start:end], self.sin[start:end]), cache.seen(start, end)
        for layer, block in enumerate(self.blocks):
            x = block(x, rotary, cache.layer(layer, end), seen)
        cache.used = end
        return self.head(self.norm(x))  # (B, T, V)


class Block(nn.Module):
    """Attention, then the feed-forward, each on a normalised copy and added to the stream."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.n_embd, eps=config.norm_eps)
        self.attention = Heads(config)
        self.feed_forward_norm = nn.RMSNorm(config.n_embd, eps=config.norm_eps)
        self.feed_forward = FeedForward(config)

    def forward(
        self,
        x: Tensor,
        rotary: tuple[Tensor, Tensor],
        past: tuple[Tensor, Tensor] | None = None,
        seen: Tensor | None = None,
    ) -> Tensor:
        x = x + self.attention(self.attention_norm(x), rotary, past, seen)  # (B, T, C)
        return x + self.feed_forward(self.feed_forward_norm(x))  # (B, T, C)


class Heads(nn.Module):
    """Causal attention: H heads ask, G groups of keys and values answer (https://arxiv.org/abs/2305.13245)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_head, self.kv_heads, self.head_dim = config.n_head, config.kv_heads, config.head_dim
        self.query = nn.Linear(config.n_embd, config.n_head * config.head_dim, bias=False)
        self.key = nn.Linear(config.n_embd, config.kv_heads * config.head_dim, bias=False)
        self.value = nn.Linear(config.n_embd, config.kv_heads * config.head_dim, bias=False)
        self.out = nn.Linear(config.n_head * config.head_dim, config.n_embd, bias=False)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor], past: tuple[Tensor, Tensor] | None, seen: Tensor | None) -> Tensor:
        y = self.answers(x, rotary, past, seen)  # (B, H, T, D)
        return self.drop(self.out(y.transpose(1, 2).flatten(2)))  # (B, T, C)

    def answers(self, x: Tensor, rotary: tuple[Tensor, Tensor], past: tuple[Tensor, Tensor] | None, seen: Tensor | None) -> Tensor:
        """What each head found (B, H, T, D), before they are put together."""
        B, T, _ = x.shape
        q = self.query(x).view(B, T, self.n_head, self.head_dim).transpose(1, 2)  # (B, H, T, D)
        k = self.key(x).view(B, T, self.kv_heads, self.head_dim).transpose(1, 2)  # (B, G, T, D)
        v = self.value(x).view(B, T, self.kv_heads, self.head_dim).transpose(1, 2)  # (B, G, T, D)
        q, k = rotate(q, *rotary), rotate(k, *rotary)
        if past is not None:
            keys, values = past  # (B, G, S, D): the last T places are this call's to fill
            keys[:, :, -T:], values[:, :, -T:] = k, v
            k, v = keys.to(q.dtype), values.to(q.dtype)
        return attend(q, k, v, seen)  # (B, H, T, D)


class FeedForward(nn.Module):
    """SwiGLU (https://arxiv.org/abs/2002.05202): one half of the widened state gates the other."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.n_embd, config.hidden, bias=False)
        self.up = nn.Linear(config.n_embd, config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.n_embd, bias=False)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.down(F.silu(self.gate(x)) * self.up(x)))  # (B, T, C)


def attend(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None = None) -> Tensor:
    """Causal attention of the last T of S places: q (B, H, T, D), k and v (B, G, S, D) to (B, H, T, D).

    `seen` (B, 1, T, S), where it is given, says itself which places are looked at.
    Training on a CPU takes the written-out form: the fused one's backward pass is four times slower there in bfloat16.
    """
    B, H, T, D = q.shape
    G, S = k.shape[1:3]
    if seen is not None:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=seen, enable_gqa=G != H)
    if not (q.requires_grad and q.device.type == "cpu"):
        if T == S or T == 1:
            return F.scaled_dot_product_attention(q, k, v, is_causal=T > 1, enable_gqa=G != H)
        mask = causal_mask(T, S, q.device)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=G != H)
    grouped = q.reshape(B, G, H // G * T, D)  # the heads of a group share its keys: one product for all of them
    scores = (grouped * D**-0.5) @ k.transpose(-2, -1)  # (B, G, H/G*T, S)
    scores = scores.view(B, G, H // G, T, S).masked_fill(~causal_mask(T, S, q.device), float("-inf"))
    weights = F.softmax(scores, dim=-1, dtype=torch.float32).to(q.dtype)  # (B, G, H/G, T, S)
    return (weights.view(B, G, H // G * T, S) @ v).view(B, H, T, D)


def causal_mask(T: int, S: int, device: torch.device) -> Tensor:
    """(T, S), true where the query, one of the last T of S places, may look."""
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)


def rotary_tables(config: ModelConfig) -> tuple[Tensor, Tensor]:
    """Cosines and sines (block_size, D) of the rotary positions (https://arxiv.org/abs/2104.09864), Llama's half-split."""
    D = config.head_dim
    if torch.get_default_device().type == "meta":  # shapes alone are asked for; arithmetic there costs a second of imports
        return torch.empty(config.block_size, D), torch.empty(config.block_size, D)
    frequency = config.rope_theta ** -(torch.arange(0, D, 2, dtype=torch.float64) / D)  # (D/2,)
    if config.rope_scaling is not None:
        frequency = stretch(frequency, config.rope_scaling)
    angle = torch.outer(torch.arange(config.block_size, dtype=torch.float64), frequency)  # (block_size, D/2)
    angle = torch.cat([angle, angle], dim=1)  # (block_size, D)
    return angle.cos().float(), angle.sin().float()


def stretch(frequency: Tensor, scaling: RopeScaling) -> Tensor:
    """Llama 3.1's rule: long waves are slowed by `factor`, short ones kept, those between blended.  (D/2,) to (D/2,)."""
    turns = scaling.original_context * frequency / (2 * math.pi)  # how often a wave turns in the old context
    blend = (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor)
    blend = blend.clamp(0, 1)
    return blend * frequency + (1 - blend) * frequency / scaling.factor


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn queries or keys (B, H, T, D) by their positions' angles (T, D)."""
    first, second = x.chunk(2, dim=-1)  # (B, H, T, D/2) each
    return x * cos.to(x.dtype) + torch.cat([-second, first], dim=-1) * sin.to(x.dtype)


@dataclass
class KVCache:
    """Keys and values of the tokens read so far: two tensors (L, B, G, length, D), filled up to `used`.

    Texts of different length end at the same place: `hidden` (B, length) is true for the filling before a shorter one.
    """

    keys: Tensor
    values: Tensor
    used: int = 0
    hidden: Tensor | None = None

    @classmethod
    def empty(cls, config: ModelConfig, batch_size: int, length: int, like: Tensor) -> "KVCache":
        shape = (config.n_layer, batch_size, config.kv_heads, min(length, config.block_size), config.head_dim)
        return cls(like.new_zeros(shape), like.new_zeros(shape))

    @property
    def length(self) -> int:
        return self.keys.shape[3]

    def keep(self, rows: list[int]) -> None:
        """Go on with these of the texts alone."""
        self.keys, self.values = self.keys[:, rows], self.values[:, rows]
        self.hidden = None if self.hidden is None else self.hidden[rows]

    def seen(self, start: int, end: int) -> Tensor | None:
        """(B, 1, end - start, end), true where a place looks: at itself, and before it at all that is not hidden."""
        if self.hidden is None:
            return None
        places = causal_mask(end, end, self.hidden.device)[start:]  # (T, S)
        itself = places & ~places.tril(start - 1)
        return (places & ~self.hidden[:, None, None, :end]) | itself

    def layer(self, layer: int, end: int) -> tuple[Tensor, Tensor]:
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


ARCHITECTURES = {  # name: module and class, imported when one is built, so that the plain model loads nothing of the labs
    "transformer": "vibejam.model:GPTModel",
    "tuned": "vibejam.tuned:TunedModel",
    "gated-attention": "vibejam.labs.gated_attention:GatedAttentionModel",
    "mamba": "vibejam.labs.mamba:MambaModel",
    "xlstm": "vibejam.labs.xlstm:XLSTMModel",
}


def architecture(name: str) -> type[BaseLM]:
    """The class behind a name in ARCHITECTURES.  Raises SettingError, which names those there are, for any other."""
    if name not in ARCHITECTURES:
        raise SettingError(f"There is no architecture called {name!r}; choose one of {', '.join(ARCHITECTURES)}.")
    module, _, kind = ARCHITECTURES[name].partition(":")
    return getattr(import_module(module), kind)


def build_model(config: ModelConfig | None = None, **settings: object) -> BaseLM:
    """A freshly initialised model: of `config`, of the settings (`arch=`, `vocab_size=` ...), or of one changed by the other.

    Raises SettingError for an unknown architecture or a shape that it can't have.
    """
    config = replace(config, **settings) if config is not None else ModelConfig(**settings)
    return architecture(config.arch)(config)


def unfilled_model(config: ModelConfig) -> BaseLM:
    """A model of `config` whose weights are whatever lay in memory: for a caller who copies all of them in from a file.

    It saves the seconds that throwing dice for 135 million weights would take.  Raises ValueError as `build_model` does.
    """
    with _NoDice():
        return build_model(config).eval()


class _NoDice(TorchFunctionMode):
    """Within it the initialisers of torch.nn.init leave their tensor as it is."""

    def __torch_function__(
        self, function: Callable, types: object, args: tuple = (), kwargs: dict[str, object] | None = None
    ) -> object:
        kwargs = kwargs or {}
        if getattr(function, "__module__", None) == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return function(*args, **kwargs)
