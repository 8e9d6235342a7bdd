"""Architectures side by side on one text: the same tokens to learn from, the same trainer, the same held-out text.

All models have as many parameters as the transformer of the same width, as nearly as their shapes allow.  Three comparisons:

    parameters   nothing else is equal: each learns until it gets no better, for twice the minutes at most
    tokens       each reads as many tokens as the slowest read in its minutes
    minutes      each learns for as long

The text is parted in three by whole documents: to learn from, to choose the best moment of a run by, and to measure on, which
nothing is chosen by.  Figures are bits per byte over all of the last, scored with a stride.  Left out: the table and the charts
(report.py), and tuning: every architecture gets the plain transformer's recipe, which is to that one's advantage.
"""

import math
import statistics
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial

import torch

from vibejam.config import DataConfig, ModelConfig, TrainConfig
from vibejam.corpus import Corpus, check_trainable, split_corpus
from vibejam.data import TokenDataset
from vibejam.errors import SettingError, UserError
from vibejam.evaluate import estimate_loss, score_texts
from vibejam.labs.floors import compressed_bits_per_byte, compressors, kneser_ney
from vibejam.model import BaseLM, architecture, build_model, unfilled_model
from vibejam.readers import Document
from vibejam.recipe import plan_run
from vibejam.runtime import pick_device
from vibejam.tokenizer import Tokenizer, train_tokenizer
from vibejam.train import TrainState, train_lm

ALIKE = {"muon_lr": 0.0, "lr": 2e-3, "batch_size": 8}  # AdamW for all: Muon was tried on none of the others
COMPARISONS = ("minutes", "tokens", "parameters")
LONGER = 2  # times the minutes that a run for "parameters" may take
CLOSE_ENOUGH = 0.02  # parameters may differ by this share
CONTEXTS = 1_024, 16_384  # tokens after which the memory of writing is measured
EVALS, EVAL_TOKENS = 8, 4_096  # looks a run takes at the text to choose by, and how much of it: a slow model's looks are slow too


@dataclass(frozen=True)
class Run:
    """One architecture in one comparison with one seed."""

    comparison: str
    arch: str
    seed: int
    parameters: int
    bits_per_byte: float
    tokens: int
    seconds: float
    curve: tuple[tuple[float, int, float], ...]  # seconds, tokens and bits per byte on the text to choose by


@dataclass(frozen=True)
class Step:
    """Where a run is, between two things that come to be known."""

    comparison: str
    arch: str
    seed: int
    progress: float  # share of this run, 0 to 1
    seconds: float
    tokens: int
    bits_per_byte: float | None  # on the text to choose by, where it was looked at


@dataclass
class Comparison:
    """All that came of it, as plain values: what report.py draws and results.json holds."""

    text: dict[str, object]
    minutes: float
    seeds: int
    runs: list[Run] = field(default_factory=list)
    floors: dict[str, float | None] = field(default_factory=dict)
    memory: dict[str, dict[int, int]] = field(default_factory=dict)  # bytes of the memory after so many tokens

    def spread(self, comparison: str, arch: str) -> tuple[float, float] | None:
        """Mean and standard deviation over seeds of the bits per byte; None without runs."""
        found = [run.bits_per_byte for run in self.runs if (run.comparison, run.arch) == (comparison, arch)]
        return (statistics.mean(found), statistics.stdev(found) if len(found) > 1 else 0.0) if found else None

    def plain(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Texts:
    """The three parts of a text, and its tokenizer."""

    train: list[str]
    choose: list[str]
    measure: list[str]
    tokenizer: Tokenizer


def part_texts(corpus: Corpus, seed: int = 1) -> Texts:
    """A tenth to measure on, a tenth of the rest to choose by.  Raises UserError where the text is too little for that."""
    check_trainable(corpus)
    learnt, measure = split_corpus(corpus, 0.1, seed)
    rest = Corpus(tuple(Document(f"{number}", text, "utf-8") for number, text in enumerate(learnt)))
    train, choose = split_corpus(rest, 0.1, seed)
    if not (measure and choose):
        raise UserError("There is too little text to hold two parts of it out; give at least a few thousand characters.")
    settings = DataConfig()
    return Texts(train, choose, measure, train_tokenizer(train, settings.tokenizer, settings.vocab_size))


def compare(
    corpus: Corpus,
    archs: Sequence[str],
    minutes: float,
    seeds: int = 3,
    *,
    device: str | None = None,
    shape: dict[str, object] | None = None,
    known: Comparison | None = None,
    say: Callable[[str], None] = lambda line: None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Comparison]:
    """`course` without its steps, told line by line; `stop()` is asked at every one."""
    under_way = None
    with closing(course(corpus, archs, minutes, seeds, device=device, shape=shape, known=known)) as all_found:
        for found in all_found:
            if isinstance(found, Comparison):
                if under_way:
                    run, under_way = found.runs[-1], None
                    say(f"{run.bits_per_byte:.3f} bits per byte after {run.tokens:,} tokens in {run.seconds:.0f} s")
                yield found
            elif not under_way:
                under_way = found
                say(f"{found.comparison}: {found.arch}, seed {found.seed}")
            if stop():
                return


def course(
    corpus: Corpus,
    archs: Sequence[str],
    minutes: float,
    seeds: int = 3,
    *,
    device: str | None = None,
    shape: dict[str, object] | None = None,
    known: Comparison | None = None,
) -> Iterator[Comparison | Step]:
    """Everything that is known so far, again after the floors, each memory and each run; and between them each step of a run.

    `shape` is the transformer's where the recipe's own will not do.  `known`: what was kept of a comparison that was stopped; it
    goes on from there, with more seeds or architectures if they are asked for.
    Raises UserError for an unknown architecture, too little text, minutes and seeds that are none, or another text or time than
    `known`'s.
    """
    if minutes <= 0 or seeds < 1 or not archs:
        raise SettingError("A comparison needs minutes above 0, at least one seed and at least one architecture.")
    for name in archs:
        architecture(name)
    where, texts = pick_device(device), part_texts(corpus)
    shape = {"counted": 0} | (shape or {})  # architectures are compared, and counting is none
    recipe = plan_run(sum(map(len, texts.train)), minutes, shape=shape, train=ALIKE)
    like = recipe.model_config(texts.tokenizer.vocab_size, int(recipe.shape["block_size"]))
    configs = {name: equal_parameters(like, name) for name in dict.fromkeys(archs)}
    if known is None:
        known = Comparison(_about(texts), minutes, seeds, floors=floors(texts))
    elif (known.text, known.minutes) != (_about(texts), minutes):
        raise UserError("What was compared before was another text, or other minutes; choose another folder.")
    known.seeds, known.memory = max(seeds, known.seeds), {name: {} for name in configs} | known.memory
    yield known
    for name, config in configs.items():
        if not known.memory[name]:
            known.memory[name] = memory_of_writing(config)
            yield known
    done = {(run.comparison, run.seed, run.arch) for run in known.runs}
    for comparison in COMPARISONS:
        for seed in range(1, seeds + 1):
            for name, config in configs.items():
                if (comparison, seed, name) in done:
                    continue
                plan = _plan(recipe.train, comparison, seed, known, like.block_size)
                known.runs.append((yield from train_one(comparison, config, plan, texts, where)))
                yield known


def train_one(
    comparison: str, config: ModelConfig, plan: TrainConfig, texts: Texts, device: torch.device
) -> Generator[Step, None, Run]:
    """Train one model as all are trained, and measure what it was at its best moment."""
    torch.manual_seed(plan.seed)
    model = build_model(config).to(device)
    data = TokenDataset(texts.tokenizer, texts.train, texts.choose, config.block_size, plan.seed)
    model.look_over(data.train_documents)
    best: dict[str, torch.Tensor] = {}

    def save(kind: str, model: BaseLM, state: TrainState) -> None:
        if kind == "best":
            best.update({name: weight.detach().clone() for name, weight in model.state_dict().items()})

    curve, tokens_a_step = [], plan.batch_size * config.block_size
    measure = partial(estimate_loss, max_tokens=EVAL_TOKENS)
    with closing(train_lm(model, data, plan, save=save, measure=measure)) as events:
        for event in events:
            last = Step(
                comparison,
                config.arch,
                plan.seed,
                event.progress,
                event.seconds,
                event.iteration * tokens_a_step,
                event.val_bits_per_byte,
            )
            if last.bits_per_byte is not None:
                curve.append((round(last.seconds, 3), last.tokens, last.bits_per_byte))
            yield last
    model.load_state_dict(best)
    score = score_texts(model, texts.tokenizer, texts.measure)
    size = model.parameter_count()
    return Run(comparison, config.arch, plan.seed, size, score.bits_per_byte, last.tokens, last.seconds, tuple(curve))


def equal_parameters(like: ModelConfig, arch: str) -> ModelConfig:
    """The shape in which `arch` has as many parameters as a transformer of the shape `like`.

    The width stays; blocks are stacked until they weigh nearly as much, then their inner width makes up the rest.
    Raises SettingError where that does not come within CLOSE_ENOUGH.
    """
    wanted = _weight(like, arch="transformer")
    if arch == "transformer":
        return like
    layers = range(1, 4 * like.n_layer + 1)
    nearest = min(layers, key=lambda n: abs(_weight(like, arch=arch, n_layer=n) - wanted))
    step = math.lcm(4, like.n_head)  # in such steps every architecture can share its inner width among heads
    found = []
    for n_layer in range(max(1, nearest - 1), nearest + 2):
        narrow, wider = (_weight(like, arch=arch, n_layer=n_layer, n_hidden=inner) for inner in (step, 2 * step))
        inner = step * max(1, 1 + round((wanted - narrow) / max(1, wider - narrow)))  # each step weighs the same
        found.append(_changed(like, arch=arch, n_layer=n_layer, n_hidden=inner))
    config = min(found, key=lambda config: abs(_weight(config) - wanted))
    if abs(_weight(config) - wanted) > CLOSE_ENOUGH * wanted:
        raise SettingError(f"No {arch} of width {like.n_embd} has about {wanted:,} parameters; choose a larger width.")
    return config


@torch.no_grad()
def memory_of_writing(config: ModelConfig) -> dict[int, int]:
    """Bytes that a model of this shape remembers after reading as many tokens as CONTEXTS name, measured on its own cache."""
    model = build_model(_changed(config, block_size=max(CONTEXTS))).eval()
    sizes = {}
    for length in CONTEXTS:
        cache = model.new_cache(1, length)
        for piece in torch.zeros(1, length, dtype=torch.long).split(1_024, dim=1):
            model.forward_cached(piece, cache)
        sizes[length] = sum(part.untyped_storage().nbytes() for part in _tensors(cache))
    return sizes


def floors(texts: Texts) -> dict[str, float | None]:
    """Bits per byte on the text to measure on, of what needs no training; None where a package is missing."""
    train, choose, measure = ("\n\n".join(part).encode(errors="replace") for part in (texts.train, texts.choose, texts.measure))
    name, score = kneser_ney(train, choose, measure)
    found: dict[str, float | None] = {name: score}
    for name, size in compressors():
        found[name] = compressed_bits_per_byte(size, train, measure) if size else None
    return found


def _plan(train: TrainConfig, comparison: str, seed: int, known: Comparison, block_size: int) -> TrainConfig:
    settings = asdict(train) | {"seed": seed, "max_iters": 0, "minutes": known.minutes, "patience": 0, "evals": EVALS}
    if comparison == "tokens":
        read = {name: [run.tokens for run in known.runs if run.comparison == name] for name in COMPARISONS}
        fewest = min(read["tokens"] or read["minutes"])
        settings |= {"minutes": 0.0, "max_iters": max(1, fewest // (train.batch_size * block_size))}
    elif comparison == "parameters":
        settings |= {"minutes": LONGER * known.minutes, "patience": train.patience, "evals": LONGER * EVALS}
    return TrainConfig(**settings)


def _about(texts: Texts) -> dict[str, object]:
    parts = {"train": texts.train, "choose": texts.choose, "measure": texts.measure}
    sizes = {f"{name}_bytes": sum(len(text.encode(errors="replace")) for text in part) for name, part in parts.items()}
    return sizes | {"tokenizer": texts.tokenizer.kind, "vocabulary": texts.tokenizer.vocab_size}


def _changed(config: ModelConfig, **settings: object) -> ModelConfig:
    return ModelConfig(**{**asdict(config), **settings})


def _weight(config: ModelConfig, **settings: object) -> int:
    with torch.device("meta"):  # shapes alone
        return unfilled_model(_changed(config, **settings)).parameter_count()


def _tensors(cache: object) -> Iterator[torch.Tensor]:
    """Every tensor in a cache, whatever it is made of."""
    if isinstance(cache, torch.Tensor):
        yield cache
    else:
        parts = cache if isinstance(cache, (list, tuple)) else cache.values() if isinstance(cache, dict) else vars(cache).values()
        for part in parts:
            if part is not None and not isinstance(part, (int, float, str)):
                yield from _tensors(part)
