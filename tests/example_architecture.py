"""The shortest architecture that keeps the contract: a fading average of what was read, then a feed-forward."""

import torch
from torch import nn

from vibejam.model import BaseLM, FeedForward


class FadingAverage(BaseLM):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.n_embd)
        self.fade = nn.Parameter(torch.linspace(0, 5, config.n_embd))
        self.feed_forward = FeedForward(config)
        self.head = nn.Linear(config.n_embd, config.vocab_size)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.head.weight, std=0.02)

    def hidden_states(self, idx):
        return self.read(idx, self.new_cache(len(idx), idx.shape[1]))

    def new_cache(self, batch_size, length):
        return {"average": self.fade.new_zeros(batch_size, self.config.n_embd)}

    def forward_cached(self, idx, cache):
        return self.head(self.read(idx, cache))

    def read(self, idx, cache):
        averages = []
        for x in self.embed(idx).unbind(1):  # (B, C) each
            cache["average"] = torch.lerp(x, cache["average"], self.fade.sigmoid())
            averages.append(cache["average"])
        x = torch.stack(averages, dim=1)  # (B, T, C)
        return x + self.feed_forward(x)
