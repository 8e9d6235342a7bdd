"""Mamba-2: a memory that each token writes to, reads from and lets fade, at a speed that the token itself decides.

Each head keeps a matrix M (P, N).  A token with value x (P), key b (N), query c (N) and step s > 0 does

    M <- exp(-s * rate) M + s * x b'          y = M c + skip * x

After "Transformers are SSMs" (https://arxiv.org/abs/2405.21060): one key and query for all heads, a short convolution before, a
gated norm after.  `scan` learns in chunks, by matrix products; `step_by_step` is the line above, which `scan` must equal and which
writing uses.  The memory is as large after any number of tokens.  Left out: several groups of keys, a state carried from one
training batch to the next, kernels.

Shapes: B batch, T time, H heads, P numbers a head, N numbers a key, K chunks of Q tokens.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vibejam.config import ModelConfig
from vibejam.labs.recurrent import CausalConv, RecurrentBlock, RecurrentLM, State, inner_width

KEY = 64  # N
CHUNK = 32  # Q: within a chunk the work is Q a token, between chunks N
FASTEST_STEP, SLOWEST_STEP = 0.1, 0.001  # what a fresh model's steps are drawn between


class MambaModel(RecurrentLM):
    """A stack of Mamba-2 blocks; they have no feed-forward, so twice as many weigh what a transformer's blocks weigh."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config, [MambaBlock(config) for _ in range(config.n_layer)])


class MambaBlock(RecurrentBlock):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        inner, H = inner_width(config, config.n_head), config.n_head
        self.n_head, self.split = H, [inner, inner + 2 * KEY, H]
        self.norm = nn.RMSNorm(config.n_embd, eps=config.norm_eps)
        self.widen = nn.Linear(config.n_embd, sum(self.split), bias=False)
        self.conv = CausalConv(inner + 2 * KEY)
        self.log_rate = nn.Parameter(torch.empty(H))
        self.step_bias = nn.Parameter(torch.empty(H))
        self.skip = nn.Parameter(torch.ones(H))
        self.out_norm = nn.RMSNorm(inner, eps=config.norm_eps)
        self.out = nn.Linear(inner, config.n_embd, bias=False)
        self.drop = nn.Dropout(config.dropout)
        with torch.no_grad():
            nn.init.uniform_(self.log_rate, 1, 16).log_()
            nn.init.uniform_(self.step_bias, math.log(SLOWEST_STEP), math.log(FASTEST_STEP))
            self.step_bias.exp_().expm1_().log_()  # softplus undone

    def empty_state(self, batch_size: int, like: Tensor) -> State:
        P = self.split[0] // self.n_head
        return self.conv.empty_state(batch_size, like), like.new_zeros(batch_size, self.n_head, P, KEY, dtype=torch.float32)

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        B, T, _ = x.shape
        before, memory = state
        gate, mixed, step = self.widen(self.norm(x)).split(self.split, dim=-1)
        mixed, before = self.conv(mixed, before)
        value, key, query = mixed.split([self.split[0], KEY, KEY], dim=-1)
        value = value.view(B, T, self.n_head, -1)  # (B, T, H, P)
        step = F.softplus(step.float() + self.step_bias.float())  # (B, T, H)
        read = step_by_step if T == 1 else scan
        y, memory = read(value.float(), step, self.log_rate.float().exp(), key.float(), query.float(), memory)
        y = (y.to(x.dtype) + self.skip[:, None] * value).flatten(2)  # (B, T, inner)
        return x + self.drop(self.out(self.out_norm(y * F.silu(gate)))), (before, memory)


def step_by_step(x: Tensor, step: Tensor, rate: Tensor, b: Tensor, c: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """The recurrence itself: values x (B, T, H, P), steps (B, T, H), rates (H), keys b and queries c (B, T, N).

    Gives what was read (B, T, H, P), and the memory (B, H, P, N) afterwards.
    """
    read = []
    for t in range(x.shape[1]):
        fade = torch.exp(-step[:, t] * rate)[..., None, None]  # (B, H, 1, 1)
        written = (step[:, t, :, None] * x[:, t])[..., None] * b[:, t, None, None]  # (B, H, P, N)
        memory = fade * memory + written
        read.append((memory @ c[:, t, None, :, None]).squeeze(-1))  # (B, H, P)
    return torch.stack(read, dim=1), memory


def scan(x: Tensor, step: Tensor, rate: Tensor, b: Tensor, c: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """The same by chunks: inside one as attention whose weights fade, from one to the next through the memory."""
    B, T, H, P = x.shape
    filling = -T % CHUNK  # steps of length 0: they neither write nor fade
    x, step, b, c = (F.pad(part, (0, 0) * (part.dim() - 2) + (0, filling)) for part in (x, step, b, c))
    x = (x * step[..., None]).unflatten(1, (-1, CHUNK)).transpose(2, 3)  # (B, K, H, Q, P)
    fades = (-step * rate).unflatten(1, (-1, CHUNK)).transpose(2, 3)  # (B, K, H, Q): log of what each token keeps
    b, c = b.unflatten(1, (-1, CHUNK))[:, :, None], c.unflatten(1, (-1, CHUNK))[:, :, None]  # (B, K, 1, Q, N)

    square = torch.ones(CHUNK, CHUNK, dtype=torch.bool, device=x.device)
    since = fades[..., :, None].masked_fill(square.triu(), 0).cumsum(-2)  # summed anew: differences of one sum would cancel
    weights = since.masked_fill(square.triu(1), -torch.inf).exp()  # (B, K, H, Q, Q): what a token's trace is worth to a later one
    inside = (weights * (c @ b.mT)) @ x  # (B, K, H, Q, P)

    added = (x * weights[..., -1, :, None]).mT @ b  # (B, K, H, P, N): what each chunk leaves
    kept = fades.cumsum(-1).exp()  # (B, K, H, Q): what is left of what was there
    starts = []
    for k in range(x.shape[1]):
        starts.append(memory)
        memory = kept[:, k, :, -1, None, None] * memory + added[:, k]
    before = (c @ torch.stack(starts, dim=1).mT) * kept[..., None]  # (B, K, H, Q, P)
    return (inside + before).transpose(2, 3).flatten(1, 2)[:, :T], memory
