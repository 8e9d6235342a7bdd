"""The tuned transformer: what learns most from a person's few hundred kilobytes in a few minutes of a CPU.

It is `GPTModel` with five things changed, each measured in ABLATIONS.md:

    tables of hashed n-grams    each token brings, beside its own vector, one for it and the token before it, one for it and the two
                                before it, and so on: most of what a small text has to teach, at the price of a look-up; one that
                                the text said c times is believed by 1 - 2/c, for what was said once or twice is no habit yet
    LayerNorm without gains     one operation on a CPU where RMSNorm is six
    QK-norm                     queries and keys are normalised, so that a high learning rate does no harm
    ReLU squared                in the place of SwiGLU (https://arxiv.org/abs/2109.08668)
    two tables                  for reading and writing a token

No Llama has the first four, so what it learns can't be exported, and it is not what is planned unless asked for.  Hashed n-grams
after "Byte Latent Transformer" (https://arxiv.org/abs/2412.09871); the discount is the absolute one of n-gram models, as Kneser and
Ney's (https://doi.org/10.1109/ICASSP.1995.479394).  Left out: how it is trained (optim.py moves the tables row by row).

Shapes: B batch, T time (tokens), C width (n_embd), H heads, D head size, N tables, R rows of each, S slots for what was counted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vibejam.config import ModelConfig
from vibejam.errors import SettingError
from vibejam.model import BaseLM, KVCache, attend, rotary_tables, rotate

PRIMES = 1_000_003, 7_919  # any two that share nothing with the rows will do: they decide which n-grams share a row
DISCOUNT = 2  # how many times that an n-gram was said count for nothing


class TunedModel(BaseLM):
    """A stack of blocks between token and n-gram tables and an output layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.kv_heads != config.n_head:
            raise SettingError("A tuned model has as many heads for keys and values as heads; leave n_kv_head out.")
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.n_embd)
        self.grams = nn.ModuleList(GramTable(config.gram_rows, config.n_embd, config.gram_slots) for _ in range(config.grams))
        self.drop = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(TunedBlock(config) for _ in range(config.n_layer))
        self.norm = nn.LayerNorm(config.n_embd, elementwise_affine=False)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self._set_turns()
        for name, weight in self.named_parameters():
            if not name.startswith("grams."):  # those begin at nothing: an n-gram says something once it was seen
                writes_to_stream = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * config.n_layer) if writes_to_stream else 0.02)

    def shorten_context(self, block_size: int) -> None:
        """Read at most `block_size` tokens at a time from now on; the weights are the same at any length."""
        self.config = replace(self.config, block_size=min(block_size, self.config.block_size))
        self._set_turns()

    def _set_turns(self) -> None:
        cos, sin = rotary_tables(self.config)  # (block_size, D) each
        self.register_buffer("cos", cos.to(self.embed.weight.device), persistent=False)
        self.register_buffer("sin", sin.to(self.embed.weight.device), persistent=False)

    def row_tables(self) -> list[nn.Parameter]:
        return [table.weight for table in self.grams]

    @torch.no_grad()
    def look_over(self, documents: Sequence[Tensor]) -> None:
        super().look_over(documents)  # then how often each n-gram is said, and so how far its row is to be believed
        said: list[list[Tensor]] = [[] for _ in self.grams]
        for ids in documents:  # (n,): no n-gram reaches from one into the next
            before = ids.new_full((1, self.config.grams), -1)
            for keys, found in zip(said, gram_keys(ids[None], before), strict=True):
                keys.append(found[0])
        for table, keys in zip(self.grams, said, strict=True):
            table.believe(torch.cat(keys))

    def hidden_states(self, idx: Tensor) -> Tensor:
        x = self.drop(self._vectors(idx, idx.new_full((len(idx), self.config.grams), -1)))  # (B, T, C)
        turns = self.cos[: idx.shape[1]], self.sin[: idx.shape[1]]
        for block in self.blocks:
            x = block(x, turns)
        return self.norm(x)  # (B, T, C)

    def new_cache(self, batch_size: int, length: int) -> "TunedCache":
        plain = KVCache.empty(self.config, batch_size, length, self.head.weight)
        before = torch.full((batch_size, self.config.grams), -1, device=plain.keys.device)
        return TunedCache(plain.keys, plain.values, before=before)

    def forward_cached(self, idx: Tensor, cache: "TunedCache") -> Tensor:
        start, end = cache.used, cache.used + idx.shape[1]
        if end > cache.length:
            raise ValueError(f"the cache holds {cache.length} tokens, {end} are needed")
        x, turns = self._vectors(idx, cache.before), (self.cos[start:end], self.sin[start:end])
        for layer, block in enumerate(self.blocks):
            x = block(x, turns, cache.layer(layer, end))
        cache.used = end
        cache.before = torch.cat([cache.before, idx], dim=1)[:, idx.shape[1] :]
        return self.head(self.norm(x))  # (B, T, V)

    def _vectors(self, idx: Tensor, before: Tensor) -> Tensor:
        """Tokens (B, T) after the N `before` them (B, N), -1 where there was none, to what the blocks read (B, T, C)."""
        x = self.embed(idx)  # (B, T, C)
        for table, keys in zip(self.grams, gram_keys(idx, before), strict=True):
            said = table(keys).to(x.dtype)  # (B, T, C)
            if self.training and self.config.gram_dropout:  # whole n-grams, or the rest of one would still give it away
                said = said * F.dropout(said.new_ones(*keys.shape, 1), self.config.gram_dropout)
            x = x + said
        return x


def gram_keys(idx: Tensor, before: Tensor) -> list[Tensor]:
    """For n = 2, 3, ... a number (B, T) for each place's last n tokens; N of them for N tokens `before`."""
    T, N = idx.shape[1], before.shape[1]
    whole, key, found = torch.cat([before, idx], dim=1) + 1, idx + 1, []  # (B, N + T); 0 is no token
    for back in range(1, N + 1):
        key = key * PRIMES[0] + whole[:, N - back : N - back + T] * PRIMES[1] * (back + 1)
        key = key & (2**40 - 1)  # far from where int64 would overflow
        found.append(key)
    return found


def row_of(keys: Tensor, rows: int) -> Tensor:
    return (keys ^ (keys >> 15)) % rows


class GramTable(nn.Module):
    """R rows of C numbers, which n-grams share.  A step touches few of them, and its gradient is of those alone.

    With S slots it also holds how far each n-gram is believed: all of them wholly, until `believe` was told what the text says.
    """

    def __init__(self, rows: int, width: int, slots: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(rows, width))
        self.trust = nn.Parameter(torch.ones(slots), requires_grad=False) if slots else None

    def forward(self, keys: Tensor) -> Tensor:
        said = F.embedding(row_of(keys, len(self.weight)), self.weight, sparse=True)  # (B, T, C)
        return said if self.trust is None else said * self.trust[self._slot_of(keys)].unsqueeze(-1)

    def believe(self, keys: Tensor) -> None:
        """`keys` (n,) are those of the whole text, as often as it says them; of those that share a slot the commonest counts."""
        if self.trust is None:
            return
        kinds, times = keys.unique(return_counts=True)
        trust = torch.zeros(len(self.trust)).scatter_reduce_(0, self._slot_of(kinds), (1 - DISCOUNT / times).clamp(min=0), "amax")
        self.trust.copy_(trust)

    def _slot_of(self, keys: Tensor) -> Tensor:
        return (keys * PRIMES[1] >> 17) % len(self.trust)  # by other digits than the row, or what shares one would share both


class TunedBlock(nn.Module):
    """Attention, then the feed-forward, each on a normalised copy and added to the stream."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_head, C = config.n_head, config.n_embd
        inner = config.n_hidden or 4 * C
        self.norm = nn.LayerNorm(C, elementwise_affine=False)
        self.qkv, self.out = nn.Linear(C, 3 * C, bias=False), nn.Linear(C, C, bias=False)
        self.up, self.down = nn.Linear(C, inner, bias=False), nn.Linear(inner, C, bias=False)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], past: tuple[Tensor, Tensor] | None = None) -> Tensor:
        T = x.shape[1]
        q, k, v = self.qkv(self.norm(x)).unflatten(2, (3 * self.n_head, -1)).transpose(1, 2).chunk(3, dim=1)  # (B, H, T, D)
        q, k = (rotate(F.layer_norm(part, part.shape[-1:]), *turns) for part in (q, k))
        if past is not None:
            keys, values = past  # (B, H, S, D): the last T places are this call's to fill
            keys[:, :, -T:], values[:, :, -T:] = k, v
            k, v = keys.to(q.dtype), values.to(q.dtype)
        y = attend(q, k, v).transpose(1, 2).flatten(2)  # (B, T, C)
        x = x + self.drop(self.out(y))
        return x + self.drop(self.down(F.relu(self.up(self.norm(x))).square()))


@dataclass
class TunedCache(KVCache):
    """Keys and values, and the last tokens (B, N) for the n-grams of the next ones."""

    before: Tensor | None = None

    def keep(self, rows: list[int]) -> None:
        super().keep(rows)
        self.before = self.before[rows]
