"""nanoGPT's character model and its loop, re-stated from what it publishes: the yardstick that `vibejam bench` runs beside ours.

Shapes, rates and batches are those of its README and its config for Shakespeare by characters, at commit 3adf61e of
https://github.com/karpathy/nanoGPT.  As there: fp32 on a CPU, learnt positions, LayerNorm with a gain, GELU, one table for reading
and writing, windows drawn with replacement, AdamW one tensor at a time, a cosine down to a tenth.  Given its weights and its
batches, logits and 200 steps are the same (to 1e-6).  Left out: what the two documented runs do not use on a CPU (autocast,
compiling, several machines), files, and its estimate on the training text.

Shapes: B batch, T time, C width, H heads, V vocabulary.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Documented:
    """One of its documented runs; what both have in common stands in the code."""

    n_layer: int
    n_head: int
    n_embd: int
    block_size: int
    batch_size: int
    iterations: int
    dropout: float
    eval_batches: int
    claims: float  # nats a character, by its own estimate


CPU_RUN = Documented(4, 4, 128, 64, 12, 2000, 0.0, 20, 1.88)
GPU_RUN = Documented(6, 6, 384, 256, 64, 5000, 0.2, 200, 1.4697)
LR, LOWEST_LR, WARMUP = 1e-3, 1e-4, 100


class NanoGPT(nn.Module):
    """GPT-2's shape without biases: tokens (B, T) to logits (B, T, V)."""

    def __init__(self, vocab_size: int, run: Documented) -> None:
        super().__init__()
        self.run = run
        C = run.n_embd
        self.tokens = nn.Embedding(vocab_size, C)
        self.places = nn.Embedding(run.block_size, C)
        self.drop = nn.Dropout(run.dropout)
        self.blocks = nn.ModuleList(_Block(run) for _ in range(run.n_layer))
        self.norm = nn.LayerNorm(C, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                writes_to_stream = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * run.n_layer) if writes_to_stream else 0.02)

    def forward(self, idx: Tensor) -> Tensor:
        x = self.drop(self.tokens(idx) + self.places.weight[: idx.shape[1]])  # (B, T, C)
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.tokens.weight)  # (B, T, V)


class _Block(nn.Module):
    def __init__(self, run: Documented) -> None:
        super().__init__()
        C = run.n_embd
        self.heads, self.dropout = run.n_head, run.dropout
        self.norm_1, self.norm_2 = nn.LayerNorm(C, bias=False), nn.LayerNorm(C, bias=False)
        self.qkv, self.out = nn.Linear(C, 3 * C, bias=False), nn.Linear(C, C, bias=False)
        self.up, self.down = nn.Linear(C, 4 * C, bias=False), nn.Linear(4 * C, C, bias=False)
        self.drop = nn.Dropout(run.dropout)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norm_1(x)).chunk(3, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout if self.training else 0.0, is_causal=True)
        x = x + self.drop(self.out(y.transpose(1, 2).flatten(2)))  # (B, T, C)
        return x + self.drop(self.down(F.gelu(self.up(self.norm_2(x)))))


def lr_of(iteration: int, iterations: int) -> float:
    """Its learning rate: a climb of 100 steps, then a cosine."""
    if iteration < WARMUP:
        return LR * (iteration + 1) / (WARMUP + 1)
    share = min(1.0, (iteration - WARMUP) / max(1, iterations - WARMUP))
    return LOWEST_LR + 0.5 * (1 + math.cos(math.pi * share)) * (LR - LOWEST_LR)


def windows(ids: Tensor, count: int, T: int) -> tuple[Tensor, Tensor]:
    """`count` windows of `ids` (n,) from places drawn with replacement: tokens (B, T) and the tokens after them (B, T)."""
    starts = torch.randint(len(ids) - T, (count,))
    places = starts[:, None] + torch.arange(T + 1)  # (B, T + 1)
    return ids[places[:, :-1]], ids[places[:, 1:]]


def nats(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean loss in nats a token."""
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten())


def train(model: NanoGPT, ids: Tensor, iterations: int, stop: Callable[[], bool] = lambda: False) -> Iterator[tuple[int, float]]:
    """Learn `ids` (n,); yields each step's number and loss.  As there, steps 0 to `iterations`, both included."""
    groups = [[p for p in model.parameters() if p.dim() >= 2], [p for p in model.parameters() if p.dim() < 2]]
    optimizer = torch.optim.AdamW(
        [{"params": groups[0], "weight_decay": 0.1}, {"params": groups[1], "weight_decay": 0.0}], lr=LR, betas=(0.9, 0.99)
    )
    model.train()
    for iteration in range(iterations + 1):
        for group in optimizer.param_groups:
            group["lr"] = lr_of(iteration, iterations)
        loss = nats(model, *windows(ids, model.run.batch_size, model.run.block_size))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        yield iteration, loss.item()
        if stop():
            break
    model.eval()


@torch.no_grad()
def its_estimate(model: nn.Module, ids: Tensor, run: Documented) -> float:
    """Its own figure, in nats a character: the mean over windows drawn at random, `eval_batches` times `batch_size` of them."""
    losses = [nats(model, *windows(ids, run.batch_size, run.block_size)) for _ in range(run.eval_batches)]
    return float(torch.stack(losses).mean())


@torch.no_grad()
def whole_split(model: nn.Module, ids: Tensor, T: int) -> float:
    """Nats a character over all of `ids` (n,) but the first, in windows of `T` side by side."""
    total = 0.0
    for rows in torch.arange(0, len(ids) - 1, T).split(256):
        for full in (True, False):  # the last window may be shorter
            starts = rows[(rows + T < len(ids)) == full]
            if not len(starts):
                continue
            width = T if full else len(ids) - 1 - int(starts[0])
            places = starts[:, None] + torch.arange(width + 1)
            total += float(nats(model, ids[places[:, :-1]], ids[places[:, 1:]])) * len(starts) * width
    return total / (len(ids) - 1)
