"""xLSTM: the LSTM with exponential gates, in two cells: one whose memory is a matrix, one whose last answer steers its gates.

    mLSTM   M <- f M + i k v'     n <- f n + i k     h = M'q / max(|n.q|, 1)           learns all places at once
    sLSTM   c <- f c + i z        n <- f n + i       h = o c / n                       its gates hear h, so place by place

with i = exp(...) and f = sigmoid(...).  All is kept divided by exp(m), m the largest exponent so far, which changes no answer and
lets no number overflow.  After https://arxiv.org/abs/2405.04517, its blocks too: the mLSTM inside a widened, gated stream after a
short convolution, the sLSTM followed by a gated feed-forward; of eight blocks the second is an sLSTM.  `all_at_once` is the
parallel form that learns; `step_by_step` is the recurrence, which it must equal and which writing uses.  Left out: kernels; the
reference code's power law for the sLSTM's first forget gates, which here start between 3 and 6 as the mLSTM's do.

Shapes: B batch, T time, H heads, D numbers a head.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vibejam.config import ModelConfig
from vibejam.labs.recurrent import CausalConv, RecurrentBlock, RecurrentLM, State, inner_width
from vibejam.model import causal_mask

AT_ONCE = 256  # places the parallel form takes together: its work grows with their square
SMALL_BLOCK = 4  # width of the blocks in the mLSTM's query, key and value
FIRST_FORGET = 3.0, 6.0  # a fresh model's forget gates, from the first head (mLSTM) or number (sLSTM) to the last


class XLSTMModel(RecurrentLM):
    """mLSTM blocks, and every eighth, beginning with the second, an sLSTM block."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config, [(SLSTMBlock if n % 8 == 1 else MLSTMBlock)(config) for n in range(config.n_layer)])


class MLSTMBlock(RecurrentBlock):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        H = config.n_head
        inner = inner_width(config, math.lcm(SMALL_BLOCK, H))
        self.n_head, self.inner = H, inner
        self.norm = nn.LayerNorm(config.n_embd, bias=False)
        self.widen = nn.Linear(config.n_embd, 2 * inner, bias=False)
        self.conv = CausalConv(inner)
        self.query, self.key, self.value = (BlockLinear(inner, inner // SMALL_BLOCK) for _ in range(3))
        self.gates = nn.Parameter(torch.zeros(2 * H, 3 * inner))
        self.gates_bias = nn.Parameter(torch.cat([torch.zeros(H), torch.linspace(*FIRST_FORGET, H)]))
        self.skip = nn.Parameter(torch.ones(inner))
        self.out_norm = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, config.n_embd, bias=False)
        self.drop = nn.Dropout(config.dropout)

    def empty_state(self, batch_size: int, like: Tensor) -> State:
        D = self.inner // self.n_head
        memory = (like.new_zeros(batch_size, self.n_head, *rest, dtype=torch.float32) for rest in ((D, D), (D,), ()))
        return self.conv.empty_state(batch_size, like), *memory

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        before, *memory = state
        wide, gate = self.widen(self.norm(x)).chunk(2, dim=-1)  # (B, T, inner) each
        near, before = self.conv(wide, before)
        parts = [self.query(near), self.key(near), self.value(wide)]
        opened = F.linear(torch.cat(parts, dim=-1), self.gates, self.gates_bias).float()  # (B, T, 2H)
        come, forget = opened.transpose(1, 2).chunk(2, dim=1)  # (B, H, T) each
        q, k, v = (part.unflatten(-1, (self.n_head, -1)).transpose(1, 2).float() for part in parts)  # (B, H, T, D)
        read = step_by_step if x.shape[1] == 1 else all_at_once
        h, memory = read(q, k, v, come, forget, tuple(memory))
        h = headwise_norm(h.transpose(1, 2)).to(x.dtype) * self.out_norm + self.skip * near  # (B, T, inner)
        return x + self.drop(self.out(h * F.silu(gate))), (before, *memory)


class SLSTMBlock(RecurrentBlock):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        H, C, D = config.n_head, config.n_embd, config.head_dim
        self.n_head = H
        self.norm = nn.LayerNorm(C, bias=False)
        self.conv = CausalConv(C)
        self.come, self.forget, self.fill, self.show = (BlockLinear(C, H) for _ in range(4))
        self.again = nn.Parameter(torch.zeros(H, D, 4 * D))  # from a head's last answer to its four gates
        self.gates_bias = nn.Parameter(torch.zeros(H, 4, D))
        with torch.no_grad():
            self.gates_bias[:, 1] = torch.linspace(*FIRST_FORGET, D)
        self.out_norm = nn.Parameter(torch.ones(C))
        self.feed_norm = nn.LayerNorm(C, bias=False)
        self.feed = -(-4 * C // 3 // 8) * 8
        self.up = nn.Linear(C, 2 * self.feed, bias=False)
        self.out = nn.Linear(self.feed, C, bias=False)
        self.drop = nn.Dropout(config.dropout)

    def empty_state(self, batch_size: int, like: Tensor) -> State:
        H, D = self.again.shape[:2]
        cells = torch.zeros(4, batch_size, H, D, device=like.device)
        cells[3] = -1e4  # m: whatever comes first counts in full, however small its exponent
        return self.conv.empty_state(batch_size, like), *cells.unbind()

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        before, *cells = state
        normed = self.norm(x)
        near, before = self.conv(normed, before)
        gates = [self.come(near), self.forget(near), self.fill(normed), self.show(normed)]
        gates = torch.stack([gate.unflatten(-1, (self.n_head, -1)) for gate in gates], dim=3)  # (B, T, H, 4, D)
        h, cells = slstm(gates.float() + self.gates_bias.float(), self.again.float(), tuple(cells))
        x = x + self.drop(headwise_norm(h).to(x.dtype) * self.out_norm)
        opened, filled = self.up(self.feed_norm(x)).chunk(2, dim=-1)
        return x + self.drop(self.out(F.gelu(opened) * filled)), (before, *cells)


class BlockLinear(nn.Module):
    """A square matrix of `blocks` blocks along its diagonal, zero elsewhere; takes and gives (..., width)."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(blocks, width // blocks, width // blocks))
        nn.init.normal_(self.weight, std=(2 / (5 * (width // blocks))) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        parts = x.unflatten(-1, (len(self.weight), -1))  # (..., blocks, d)
        return torch.einsum("...bi,bio->...bo", parts, self.weight).flatten(-2)


def headwise_norm(h: Tensor) -> Tensor:
    """(B, T, H, D) to (B, T, H*D), each head with mean 0 and variance 1."""
    return F.layer_norm(h, h.shape[-1:]).flatten(2)


def step_by_step(q: Tensor, k: Tensor, v: Tensor, come: Tensor, forget: Tensor, state: State) -> tuple[Tensor, State]:
    """The mLSTM's recurrence: q, k, v (B, H, T, D), and the gates before their exp and sigmoid (B, H, T).

    Gives the answers (B, H, T, D) and the state afterwards: M (B, H, D, D), n (B, H, D), m (B, H).
    """
    memory, norm, peak = state
    k, log_forget, answers = k * k.shape[-1] ** -0.5, F.logsigmoid(forget), []
    for t in range(q.shape[2]):
        now = torch.maximum(log_forget[..., t] + peak, come[..., t])  # (B, H)
        f, i = torch.exp(log_forget[..., t] + peak - now)[..., None], torch.exp(come[..., t] - now)[..., None]  # (B, H, 1)
        norm, peak = f * norm + i * k[:, :, t], now
        memory = f[..., None] * memory + (i * k[:, :, t])[..., None] * v[:, :, t, None]  # (B, H, D, D)
        found = (q[:, :, t, None] @ memory).squeeze(2)  # (B, H, D)
        weight = (q[:, :, t] * norm).sum(-1).abs()  # (B, H)
        answers.append(found / torch.maximum(weight, torch.exp(-peak))[..., None])
    return torch.stack(answers, dim=2), (memory, norm, peak)


def all_at_once(q: Tensor, k: Tensor, v: Tensor, come: Tensor, forget: Tensor, state: State) -> tuple[Tensor, State]:
    """The same in parallel, AT_ONCE places at a time: attention whose weights fade and whose sum need not be one."""
    answers = []
    for part in zip(*(x.split(AT_ONCE, dim=2) for x in (q, k, v, come, forget)), strict=True):
        answer, state = _together(*part, state)
        answers.append(answer)
    return torch.cat(answers, dim=2), state


def _together(q: Tensor, k: Tensor, v: Tensor, come: Tensor, forget: Tensor, state: State) -> tuple[Tensor, State]:
    memory, norm, peak = state
    T, k = q.shape[2], k * k.shape[-1] ** -0.5
    faded = F.logsigmoid(forget).cumsum(-1)  # (B, H, T): log of what is left of the state before
    weights = faded[..., :, None] - faded[..., None, :] + come[..., None, :]  # (B, H, T, S): log of what S counts for at T
    weights = weights.masked_fill(~causal_mask(T, T, q.device), -torch.inf)
    carried = faded + peak[..., None]  # (B, H, T)
    peaks = torch.maximum(weights.amax(-1), carried).detach()  # no answer depends on them
    scores = (q @ k.mT) * torch.exp(weights - peaks[..., None])  # (B, H, T, S)
    carried = torch.exp(carried - peaks)[..., None]  # (B, H, T, 1)
    found = scores @ v + carried * (q @ memory)  # (B, H, T, D)
    weight = scores.sum(-1, keepdim=True) + carried * (q @ norm[..., None])  # (B, H, T, 1)
    answers = found / torch.maximum(weight.abs(), torch.exp(-peaks)[..., None])
    i = torch.exp(weights[..., -1, :] - peaks[..., -1:])[..., None]  # (B, H, S, 1): what each place leaves
    f = carried[:, :, -1]  # (B, H, 1)
    return answers, (f[..., None] * memory + (i * k).mT @ v, f * norm + (i * k).sum(2), peaks[..., -1].clone())


def slstm(gates: Tensor, again: Tensor, state: State) -> tuple[Tensor, State]:
    """The sLSTM's recurrence: gates (B, T, H, 4, D), come, forget, fill, show, as the input alone makes them; `again` (H, D, 4D).

    Gives the answers (B, T, H, D), and the state afterwards: h, c, n and m (B, H, D) each.
    """
    h, c, n, m = state
    answers = []
    for raw in gates.unbind(1):
        heard = (h[..., None, :] @ again).unflatten(-1, (4, -1)).squeeze(2)  # (B, H, 4, D)
        come, forget, fill, show = (raw + heard).unbind(2)  # (B, H, D) each
        kept = F.logsigmoid(forget) + m
        m = torch.maximum(kept, come).detach()  # no answer depends on it
        f, i = torch.exp(kept - m), torch.exp(come - m)
        c, n = f * c + i * torch.tanh(fill), f * n + i
        h = torch.sigmoid(show) * c / n
        answers.append(h)
    return torch.stack(answers, dim=1), (h, c, n, m)
