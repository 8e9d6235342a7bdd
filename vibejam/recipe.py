"""How large a model, and how it learns, for so much text and so many minutes, with the reasons in words.

Chosen on CPU cores, on documents held out of one author's training folder: in the same CPU time, 1,024 tokens a step predicted them
7 % better than 2,048 (one seed).  What a person sets by hand always wins.
"""

import time
from dataclasses import dataclass

import torch

from vibejam.base import start_on_base
from vibejam.config import DataConfig, ModelConfig, TrainConfig
from vibejam.errors import SettingError
from vibejam.model import architecture, build_model
from vibejam.optim import Masters, build_optimizer
from vibejam.runtime import compute_dtype, pick_device

SPEED_SECONDS = 2.0  # how long a person may be kept waiting for an estimate
SHORT_PASSAGE = 128  # tokens of one such step on a base


@dataclass(frozen=True)
class Preset:
    """A choice offered as one button."""

    name: str
    minutes: float
    sentence: str


QUICK = Preset("Quick", 1.0, "About a minute: enough to hear your rhythm and your favourite words.")
BETTER = Preset("Better", 10.0, "About ten minutes: a larger model that gets further into your sentences.")
PRESETS = {preset.name: preset for preset in (QUICK, BETTER)}


@dataclass(frozen=True)
class Recipe:
    """Everything a run needs but the text.  `shape` lacks the vocabulary, which the tokenizer decides."""

    shape: dict[str, object]
    train: TrainConfig
    data: DataConfig
    reasons: tuple[str, ...]
    base: str = "none"

    def model_config(self, vocab_size: int, block_size: int) -> ModelConfig:
        return ModelConfig(**{**self.shape, "vocab_size": vocab_size, "block_size": block_size})


def plan_run(
    characters: int,
    minutes: float = 0.0,
    max_iters: int = 0,
    *,
    shape: dict[str, object] | None = None,
    train: dict[str, object] | None = None,
    data: DataConfig = DataConfig(),
    base: str = "none",
) -> Recipe:
    """The recipe for `characters` of text; `shape` and `train` hold what a person set by hand.

    On a pretrained `base` the shape is the base's own, but for the context that is learnt with.
    Without any limit it plans the Quick preset's minute.  Raises ValueError for settings that contradict each other.
    """
    if not minutes and not max_iters:
        minutes = QUICK.minutes
    if base != "none":
        return _on_a_base(base, minutes, max_iters, shape or {}, train or {}, data)
    architecture(str((shape or {}).get("arch", "transformer")))  # an unknown one is refused before anything is written
    quick = compute_dtype(pick_device()) != torch.float32  # a CPU without bfloat16 learns several times slower
    long = minutes > (3 if quick else 20) or max_iters > 3000
    shape_plan: dict[str, object] = (
        {"n_layer": 6, "n_head": 4, "n_embd": 256, "block_size": 256}
        if long
        else {"n_layer": 4, "n_head": 2, "n_embd": 128, "block_size": 128}
    )
    reasons = [
        f"{shape_plan['n_layer']} blocks of width {shape_plan['n_embd']}: "
        + ("there is time for a larger model." if long else "a small model gets furthest in so few minutes.")
    ]
    little = characters < (2_000_000 if long else 300_000)
    shape_plan["dropout"] = 0.1 if little else 0.0
    if little:
        reasons.append("Dropout 0.1: the run will read this text many times and should not learn it by heart.")
    shape_plan |= shape or {}
    settings: dict[str, object] = {"minutes": minutes, "max_iters": max_iters, "lr": 1.5e-3 if long else 2e-3}
    return Recipe(shape_plan, TrainConfig(**(settings | (train or {}))), data, tuple(reasons))


def _on_a_base(base: str, minutes: float, max_iters: int, shape: dict, train: dict, data: DataConfig) -> Recipe:
    ignored = sorted(set(shape) - {"block_size"})
    if ignored:
        raise SettingError(f"{base} brings its own {', '.join(ignored)}; leave that out, or choose base none.")
    settings = {"minutes": minutes, "max_iters": max_iters, "batch_size": 1, "lora_rank": 16, "evals": 6, "weight_decay": 0.0}
    settings |= train
    settings.setdefault("lr", 1e-3 if settings["lora_rank"] else 3e-5)
    how = f"a correction of rank {settings['lora_rank']} to each matrix" if settings["lora_rank"] else "all of its weights"
    reasons = (f"{base} knows the language already; your writing teaches it {how}.",)
    return Recipe({"block_size": 256} | shape, TrainConfig(**settings), data, reasons, base)


def measure_speed(recipe: Recipe, device: str | None = None, vocab_size: int = 1024, steps: int = 6) -> float:
    """Tokens a second that this machine learns with `recipe`, from up to `steps` steps on made-up tokens, in two seconds or so.

    On a base it is the base that learns, in one short passage a step, for a whole one may take ten seconds.  Raises UserError where
    the base was not fetched yet.
    """
    where = pick_device(device)
    batch, block = recipe.train.batch_size, int(recipe.shape["block_size"])
    if recipe.base == "none":
        model = build_model(recipe.model_config(vocab_size, block)).to(where)
    else:
        model, tokenizer = start_on_base(recipe.base, recipe.train, where)
        batch, block, vocab_size = 1, min(block, SHORT_PASSAGE), tokenizer.vocab_size
    masters = Masters(model, compute_dtype(where))
    optimizer = build_optimizer(model, recipe.train)
    ids = torch.randint(vocab_size, (batch, block), device=where)  # (B, T)
    times = []
    for _ in range(steps):
        began = time.perf_counter()
        masters.worker.loss(ids, ids).backward()
        masters.collect()
        optimizer.step()
        masters.distribute()
        times.append(time.perf_counter() - began)
        if sum(times) > SPEED_SECONDS:
            break
    return ids.numel() / sorted(times)[(len(times) - 1) // 2]  # of two the quicker: the first warms up
