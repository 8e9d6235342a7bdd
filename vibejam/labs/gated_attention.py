"""Gated attention: each head's answer is scaled by a gate that its query's place opens or shuts.

    y_h = sigmoid(w_h . x) * attention_h(x)          one number a head and place

After "Gated Attention for Large Language Models" (https://arxiv.org/abs/2505.06708), its headwise gate on the attention's output: a
head that finds nothing can now say so, instead of resting its weight on the first token.  All else is `GPTModel`'s.  Left out: the
paper's gate for every single number of a head, which has D times the weights.
"""

import torch
from torch import Tensor, nn

from vibejam.config import ModelConfig
from vibejam.model import GPTModel, Heads


class GatedAttentionModel(GPTModel):
    """The transformer with a gate on every head."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        for block in self.blocks:
            block.attention = GatedHeads(config)
        self._initialise()


class GatedHeads(Heads):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.gate = nn.Linear(config.n_embd, config.n_head, bias=False)

    def answers(self, x: Tensor, rotary: tuple[Tensor, Tensor], past: tuple[Tensor, Tensor] | None, seen: Tensor | None) -> Tensor:
        opened = torch.sigmoid(self.gate(x)).transpose(1, 2)  # (B, H, T)
        return super().answers(x, rotary, past, seen) * opened[..., None]  # (B, H, T, D)
