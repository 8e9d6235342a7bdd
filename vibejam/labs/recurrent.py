"""What the recurrent architectures share: the stack of blocks that hand a state on, and the short convolution before the memory.

A block takes the stream x (B, T, C) and its state after the tokens before, and gives both after these T tokens.  The state is
a tuple of tensors whose size does not depend on how much was read, which is the point of such models: writing after 16,000
tokens costs what it costs after ten.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vibejam.config import ModelConfig
from vibejam.errors import SettingError
from vibejam.model import BaseLM

State = tuple[Tensor, ...]


class RecurrentBlock(nn.Module, ABC):
    """One block of a `RecurrentLM`; `out` is the matrix that writes into the stream."""

    out: nn.Linear

    @abstractmethod
    def empty_state(self, batch_size: int, like: Tensor) -> State:
        """The state before the first token, on the device of `like`."""

    @abstractmethod
    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """The stream (B, T, C) and the state, after T more tokens."""


class RecurrentLM(BaseLM):
    """Blocks with a state between a token table and an output layer."""

    def __init__(self, config: ModelConfig, blocks: Iterable[RecurrentBlock]) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.n_embd)
        self.drop = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.RMSNorm(config.n_embd, eps=config.norm_eps)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        if config.tie_embeddings:
            self.head.weight = self.embed.weight
        self._initialise()

    def _initialise(self) -> None:
        """Small init (https://arxiv.org/abs/1910.05895) inside the blocks, smaller by depth where they write into the stream."""
        for linear in (module for module in self.blocks.modules() if isinstance(module, nn.Linear)):
            nn.init.normal_(linear.weight, std=math.sqrt(2 / (5 * linear.in_features)))
        for block in self.blocks:
            nn.init.normal_(block.out.weight, std=math.sqrt(1 / (5 * block.out.in_features * self.config.n_layer)))
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.head.weight, std=0.02)

    def hidden_states(self, idx: Tensor) -> Tensor:
        return self._read(idx, self.new_cache(len(idx), idx.shape[1]))

    def new_cache(self, batch_size: int, length: int) -> list[State]:
        """The blocks' states; they are as large for any `length`, and go on reading beyond it."""
        return [block.empty_state(batch_size, self.embed.weight) for block in self.blocks]

    def forward_cached(self, idx: Tensor, cache: list[State]) -> Tensor:
        return self.head(self._read(idx, cache))  # (B, T, V)

    def _read(self, idx: Tensor, cache: list[State]) -> Tensor:
        x = self.drop(self.embed(idx))  # (B, T, C)
        for layer, block in enumerate(self.blocks):
            x, cache[layer] = block(x, cache[layer])
        return self.norm(x)


class CausalConv(nn.Module):
    """Each channel's last WIDTH numbers, weighed and put through SiLU: how neighbouring letters meet before the memory."""

    WIDTH = 4

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(self.WIDTH, channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        nn.init.uniform_(self.weight, -(self.WIDTH**-0.5), self.WIDTH**-0.5)

    def empty_state(self, batch_size: int, like: Tensor) -> Tensor:
        return like.new_zeros(batch_size, self.WIDTH - 1, len(self.bias))

    def forward(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, channels) after the WIDTH - 1 numbers `before` it; what comes out, and the last WIDTH - 1 numbers of all."""
        T, x = x.shape[1], torch.cat([before, x], dim=1)
        y = self.bias + sum(self.weight[place] * x[:, place : place + T] for place in range(self.WIDTH))
        return F.silu(y), x[:, T:].clone()  # a view would keep all that was read


def inner_width(config: ModelConfig, multiple: int) -> int:
    """How wide a block is inside: `n_hidden`, or twice the model's width.

    Raises SettingError where that is no multiple of `multiple`.
    """
    inner = config.n_hidden or 2 * config.n_embd
    if inner % multiple:
        raise SettingError(f"n_hidden is {inner}, but a {config.arch} of {config.n_head} heads needs a multiple of {multiple}.")
    return inner
