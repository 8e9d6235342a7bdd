"""How large a model, and how it learns, for so much text and so many minutes, with the reasons in words.

Chosen on CPU cores, by the runs in ABLATIONS.md.  What a person sets by hand always wins.
"""

import math
import time
from dataclasses import dataclass

import torch

from vibejam.base import start_on_base
from vibejam.config import DataConfig, ModelConfig, TrainConfig
from vibejam.errors import SettingError
from vibejam.model import architecture, build_model, unfilled_model
from vibejam.optim import Masters, build_optimizer
from vibejam.runtime import compute_dtype, pick_device
from vibejam.tokenizer import BPE_FROM, vocab_size_for

SPEED_SECONDS = 2.0  # how long a person may be kept waiting for an estimate
SHORT_PASSAGE = 128  # tokens of one such step on a base
NOMINAL = {"cuda": 2_000_000, "torch.bfloat16": 46_000, "torch.float32": 16_000}  # tokens a second, times blocks
WORTH_DEPTH = 1_000_000  # tokens from which four blocks learn more in the same time than two
FEW_TOKENS = 800_000  # below which, as where it begins anew, a plain model gets further by twice the steps of half as many passages
CHARACTERS_A_PIECE = 2.5  # in a bpe token learnt from so little text
KNOWN_CHARACTERS = 350  # tokens of a character tokenizer: bytes, and the text's own characters
SLOTS_A_ROW = 16  # to keep which n-grams are believed: a row is a hundred numbers or more, a slot is one
LONGEST_COUNTED = {"pieces": 5, "characters": 7}  # tokens; longer ones are hardly ever met again
LOOK = 16_384  # tokens a measurement reads at most
READS_FASTER = 2.0  # than it learns
READ_BESIDE = 0.35  # of a step's time, what the teacher of a second turn takes besides
AGAINST_HEART = (  # below how many readings of the text: what share of its n-grams, and of all else, is passed over
    (1.2, 0.0, 0.0),
    (2.5, 0.3, 0.0),
    (8, 0.5, 0.1),
    (30, 0.7, 0.1),
    (math.inf, 0.6, 0.1),
)
BATCH, CONTEXT = 16, 128  # passages a step, tokens in each
GENTLY = 12  # readings from which half the rate gets further, or the last ones undo what the first brought
DECAY_A_READING = 16.0  # from then on: decay times steps, for a little text is read in few and forgets as much in each reading
LEAST_DECAY, MOST_DECAY = 0.1, 0.6
TWO_TURNS, SHALLOW = 12, 20  # from which a run is better parted in two turns; and where a plain model of two blocks is
ANEW = 30  # from which the second of them had better begin from nothing
FIRST_TURN = 0.25  # of a run
TAUGHT = 10  # readings at most that the first turn takes: a teacher that knows the text by heart says nothing new
ENOUGH = 40  # readings, beyond which even the second turn is learnt by heart
ENOUGH_TOKENS = {"tuned": 800_000, "transformer": 1_600_000}  # read of the smallest text, whose readings have few steps


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
    arch = str((shape or {}).get("arch", "transformer"))
    architecture(arch)  # an unknown one is refused before anything is written
    if arch in ("transformer", "tuned"):
        size = (train or {}).get("batch_size"), (shape or {}).get("block_size")
        shape_plan, settings, reasons = _by_readings(arch, characters, minutes, max_iters, size, data)
    else:
        shape_plan, settings, reasons = _untuned(characters, minutes, max_iters)
    settings = {"minutes": minutes, "max_iters": max_iters} | settings
    return Recipe(shape_plan | (shape or {}), TrainConfig(**(settings | (train or {}))), data, tuple(reasons))


Plan = tuple[dict[str, object], dict[str, object], list[str]]  # the shape, how it learns, and why


def _by_readings(
    arch: str, characters: int, minutes: float, max_iters: int, size: tuple[int | None, int | None], data: DataConfig
) -> Plan:
    """By how often the text will be read; `size`, passages a step and tokens in each, where they are given.

    The tuned model's tables of n-grams learn fastest, and learn by heart first; the plain transformer, which can be exported and
    taught to copy, is what nobody has to ask for.
    """
    batch, context = size[0] or BATCH, size[1] or CONTEXT
    most = max_iters * batch * context
    pieces = data.tokenizer == "bpe" or (data.tokenizer == "auto" and characters >= BPE_FROM)
    tokens = max(1.0, characters / (CHARACTERS_A_PIECE if pieces else 1.0))
    device = pick_device()
    speed = NOMINAL["cuda" if device.type == "cuda" else str(compute_dtype(device))]
    layers = 2
    read = _tokens_read(minutes * 60 * speed / layers, most)
    if read > WORTH_DEPTH:
        layers = 4
        read = _tokens_read(minutes * 60 * speed / layers, most)
    enough = max(ENOUGH * tokens, ENOUGH_TOKENS[arch])
    too_long = read > enough and not most
    times = (enough if too_long else read) / tokens
    if arch != "tuned" and not most and (read < FEW_TOKENS or times >= ANEW):
        batch = size[0] or BATCH // 2
    table, dropout = next(rule[1:] for rule in AGAINST_HEART if times < rule[0])
    shape: dict[str, object] = {"arch": arch, "n_layer": layers, "n_head": 2, "n_embd": 128, "block_size": context}
    shape["counted"] = LONGEST_COUNTED["pieces" if pieces else "characters"]
    reasons = [
        f"{layers} blocks of width 128: "
        + ("there is time for a deeper model." if layers > 2 else "a small model gets furthest in so little time."),
        f"The text is read about {times:,.0f} times, so " if times >= 1.5 else "The text is read about once, so ",
        f"How often it says what after {shape['counted'] - 1} {'pieces of words' if pieces else 'characters'} or fewer is counted "
        "besides, and goes into every prediction.",
    ]
    if arch == "tuned":
        rows = 2 ** min(15, max(10, round(math.log2(characters / 16 + 1))))
        shape |= {"grams": 3 if pieces else 4, "gram_rows": rows, "gram_slots": SLOTS_A_ROW * rows}
        shape |= {"dropout": dropout, "gram_dropout": table}
        against = f"{table:.0%} of the n-grams and {dropout:.0%} of the rest are"
        reasons.append(
            f"{shape['grams']} tables of {rows:,} hashed n-grams, which learn fastest; such a model is no Llama to export."
        )
    else:
        dropout = min(dropout, 0.1)
        shape["dropout"], against = dropout, f"{dropout:.0%} of its numbers are"
    reasons[1] += (
        f"{against} passed over, against learning it by heart."
        if table and arch == "tuned" or dropout
        else "nothing need keep it from being learnt by heart."
    )
    settings: dict[str, object] = {"batch_size": batch, "lr": 8e-3, "muon_lr": 0.02}
    if too_long:
        settings["max_iters"] = math.ceil(enough / (batch * context))
        reasons.append(f"Reading it more often makes it worse, so the run ends after {settings['max_iters']:,} steps.")
    if times >= GENTLY:
        decay = min(MOST_DECAY, max(LEAST_DECAY, DECAY_A_READING * batch * context / tokens))
        settings |= {"lr": 4e-3, "muon_lr": 0.01, "weight_decay": round(decay, 2)}
    if times >= (TWO_TURNS if arch == "tuned" or layers > 2 else SHALLOW):
        settings |= {"first_turn": min(FIRST_TURN, TAUGHT / times), "anew": times >= ANEW}
        then = "teaches one that begins from nothing" if times >= ANEW else "is its own teacher from then on"
        reasons.append(f"So much reading is done in two turns: what the model is after the first one {then}.")
    return shape, settings, reasons


def _tokens_read(*limits: float) -> float:
    return min(limit for limit in limits if limit)


def _untuned(characters: int, minutes: float, max_iters: int) -> Plan:
    """For the labs' architectures, for which nobody has looked."""
    quick = compute_dtype(pick_device()) != torch.float32  # a CPU without bfloat16 learns several times slower
    long = minutes > (3 if quick else 20) or max_iters > 3000
    shape: dict[str, object] = (
        {"n_layer": 6, "n_head": 4, "n_embd": 256, "block_size": 256}
        if long
        else {"n_layer": 4, "n_head": 2, "n_embd": 128, "block_size": 128}
    )
    reasons = [
        f"{shape['n_layer']} blocks of width {shape['n_embd']}: "
        + ("there is time for a larger model." if long else "a small model gets furthest in so few minutes.")
    ]
    little = characters < (2_000_000 if long else 300_000)
    shape["dropout"] = 0.1 if little else 0.0
    if little:
        reasons.append("Dropout 0.1: the run will read this text many times and should not learn it by heart.")
    return shape, {"lr": 1.5e-3 if long else 2e-3}, reasons


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
        optimizer.zero_grad(set_to_none=True)
        masters.backward(masters.worker.loss(ids, ids))
        optimizer.step()
        masters.distribute()
        times.append(time.perf_counter() - began)
        if sum(times) > SPEED_SECONDS:
            break
    return ids.numel() / sorted(times)[(len(times) - 1) // 2]  # of two the quicker: the first warms up


@dataclass(frozen=True)
class Forecast:
    """What a run will take on this machine."""

    seconds: float
    bytes: int
    tokens_per_second: float

    @property
    def sentence(self) -> str:
        length = f"{self.seconds / 60:,.1f} minutes" if self.seconds >= 90 else f"{self.seconds:,.0f} seconds"
        return f"This will take about {length} and {self.bytes / 1e6:,.0f} MB of memory beside the program's own."


def foretell(recipe: Recipe, characters: int, device: str | None = None) -> Forecast:
    """Measured before a run that begins from nothing: a few steps on made-up tokens, and all measuring counted in."""
    pieces = recipe.data.tokenizer == "bpe" or (recipe.data.tokenizer == "auto" and characters >= BPE_FROM)
    vocab_size = (recipe.data.vocab_size or vocab_size_for(characters)) if pieces else KNOWN_CHARACTERS
    config, plan = recipe.model_config(vocab_size, int(recipe.shape["block_size"])), recipe.train
    speed = measure_speed(recipe, device, vocab_size)
    step = plan.batch_size * config.block_size
    limits = [plan.minutes * 60, plan.max_iters * step / speed * listening(plan)]
    held = recipe.data.val_fraction * characters / (CHARACTERS_A_PIECE if pieces else 1.0)  # tokens
    looks = plan.evals * min(held, LOOK) / (READS_FASTER * speed)
    seconds = [limits[0] or math.inf, (limits[1] or math.inf) + looks]  # minutes count the looks, steps do not
    return Forecast(min(seconds) + 2 * held / (READS_FASTER * speed), memory_of(config, plan), speed)


def listening(plan: TrainConfig) -> float:
    """How much longer steps take for a teacher that reads along in the second turn, on the whole run."""
    return 1 + READ_BESIDE * (1 - plan.first_turn) if plan.first_turn else 1.0


def memory_of(config: ModelConfig, plan: TrainConfig) -> int:
    """Bytes that learning holds at its fullest: weights with what moves them, and what a step's passages leave to go back by."""
    with torch.device("meta"):  # shapes alone
        model = unfilled_model(config)
        tables = sum(table.numel() for table in model.row_tables())
        still = sum(p.numel() for p in model.parameters() if not p.requires_grad)  # counted once, not learnt
    learning = model.parameter_count() - tables - still
    weights = 18 * learning + 6 * (tables + still)  # fp32, gradient, two moments, a bf16 copy; rows have no moments
    rows = -(-plan.batch_size // plan.accumulate)
    width = 14 * config.n_embd + 3 * config.hidden  # numbers a token and block
    attention = 3 * config.n_head * config.block_size  # scores and weights, as the CPU writes them out
    tokens = rows * config.block_size
    if plan.first_turn:  # the teacher, and what it expects
        weights += 2 * (learning + tables + still) + 8 * tokens * config.vocab_size
    return int(weights + 4 * tokens * (config.n_layer * (width + attention) + 3 * config.vocab_size))
