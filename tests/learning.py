"""A little learning for tests: a model, a dataset and a plan of forty steps, and what a run saved."""

import torch
from writing import essay

from vibejam.config import TrainConfig
from vibejam.data import TokenDataset
from vibejam.model import BaseLM, build_model
from vibejam.tokenizer import CharTokenizer
from vibejam.train import TrainState, train_lm

TEXTS = [essay(n) for n in range(4)]
HELD_OUT = (essay(7),)
TOKENIZER = CharTokenizer.train(TEXTS)
PLAN = TrainConfig(max_iters=40, batch_size=4, lr=5e-3, evals=4, patience=0)


def small(seed=0, **settings) -> BaseLM:
    torch.manual_seed(seed)
    shape = dict(block_size=16, n_layer=2, n_head=2, n_embd=32, dropout=0.2)
    return build_model(**{"vocab_size": TOKENIZER.vocab_size, **shape, **settings})


def dataset(val=HELD_OUT, block=16):
    return TokenDataset(TOKENIZER, TEXTS, list(val), block)


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


class Saves:
    """Keeps what a run saves, as copies, in the order it came."""

    def __init__(self):
        self.all = []

    def __call__(self, kind, model, state):
        tensors = {name: tensor.clone() for name, tensor in state.tensors.items()}
        self.all.append((kind, weights(model), TrainState(tensors, state.numbers)))

    def last(self, kind):
        return next(entry for entry in reversed(self.all) if entry[0] == kind)


def train_some(until=None, state=None, model=None, save=lambda *a: None, plan=PLAN, sample=None):
    """Train, breaking out after step `until`; the model."""
    model, data = model or small(), dataset()
    for event in train_lm(model, data, plan, state=state, save=save, sample=sample):
        if event.iteration == until:
            break
    return model
