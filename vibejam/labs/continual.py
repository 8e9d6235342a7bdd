"""Learning as writing arrives, over years: how much of the old a model keeps while it learns the new, and at what cost.

A corpus is put in order of time by the dates in its files' names or front matter and cut into periods of equal length.  Every
method starts from the same model of the first period and then meets one period after another:

    retrain   anew on all there is so far: the upper bound, and what it costs
    naive     on with the new period alone
    replay    on with the new period and as much again of earlier ones
    ewc       naive, each weight held by how much the past needs it (https://arxiv.org/abs/1612.00796)
    lora      a correction of low rank a period, merged before the next
    nested    naive, but feed-forwards learn at several speeds, the deeper the slower: the continuum memory of Nested Learning
              (Behrouz et al. 2025); a slow one collects its gradients over many steps and then takes one

After each period, every period's held-out documents are scored in bits per byte.  No setting was tuned on them.  Left out: choosing
among periods by their dates when writing, and streams that fit no memory.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from vibejam.config import ModelConfig, TrainConfig
from vibejam.corpus import Corpus, load_corpus, split_corpus
from vibejam.data import TokenDataset
from vibejam.errors import SettingError, UserError
from vibejam.evaluate import score_texts
from vibejam.lora import add_low_rank, merged_weights
from vibejam.model import BaseLM, build_model
from vibejam.optim import build_optimizer, lr_at
from vibejam.tokenizer import Tokenizer, train_tokenizer

METHODS = ("retrain", "naive", "replay", "ewc", "lora", "nested")
GO_ON = 0.3  # the learning rate of a model that goes on, as a share of a new one's
EWC_STRENGTH = 1_000.0
FISHER_BATCHES = 16
LORA_RANK = 8
SPEEDS = (1, 4, 16)  # steps between the updates of the feed-forwards of the first, second and last third of the blocks
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FRONT_MATTER = re.compile(r"^date:\s*[\"']?(\d{4}-\d{2}-\d{2})", re.MULTILINE)


@dataclass(frozen=True)
class Period:
    """Documents written between two dates (inclusive, as YYYY-MM-DD): to learn from, and to measure on."""

    first: str
    last: str
    learn: list[str]
    measure: list[str]


@dataclass(frozen=True)
class Course:
    """One method with one seed: `scores[t][p]` are bits per byte on period p's held-out text after learning period t."""

    method: str
    seed: int
    scores: list[list[float]]
    tokens: int  # learnt after the first period, the same text counted as often as it was read
    seconds: float

    @property
    def average(self) -> float:
        """Over all periods, at the end."""
        return statistics.mean(self.scores[-1])

    @property
    def backward_transfer(self) -> float:
        """How much worse the end is on each earlier period than the day it was learnt; below 0: later periods helped."""
        return statistics.mean(self.scores[-1][p] - self.scores[p][p] for p in range(len(self.scores) - 1))

    @property
    def forgetting(self) -> float:
        """How much worse the end is on the oldest period than the best it ever was."""
        return self.scores[-1][0] - min(row[0] for row in self.scores)


def in_periods(folder: Path | str, count: int = 4, seed: int = 1) -> list[Period]:
    """The dated documents of `folder`, oldest first, in `count` periods of about as many characters; a sixth of each is held out.

    Raises UserError where too few documents carry a date.
    """
    folder = Path(folder)
    dated = [(date_of(folder, document.source), document) for document in load_corpus(folder).documents]
    dated = sorted(((date, document) for date, document in dated if date), key=lambda pair: pair[0])
    if len(dated) < 4 * count or count < 2:
        raise UserError(
            f"{len(dated)} documents in {folder} carry a date and {count} periods need {4 * max(2, count)}; name files like "
            "2024-05-31-title.txt, or write a line `date: 2024-05-31` at their top."
        )
    total, cuts, seen = sum(len(document.text) for _, document in dated), [[] for _ in range(count)], 0
    for date, document in dated:
        cuts[min(count - 1, seen * count // total)].append((date, document))
        seen += len(document.text)
    if not all(len(cut) > 1 for cut in cuts):
        raise UserError("One document fills a whole period; choose fewer periods.")
    periods = []
    for cut in cuts:
        learn, measure = split_corpus(Corpus(tuple(document for _, document in cut)), 1 / 6, seed)
        periods.append(Period(cut[0][0], cut[-1][0], learn, measure))
    return periods


def date_of(folder: Path, source: str) -> str | None:
    """When a file was written, as its name or its front matter says."""
    named = _DATE.search(Path(source).name)
    if named:
        return named[0]
    try:
        with open(folder / source, encoding="utf-8", errors="replace") as file:
            found = _FRONT_MATTER.search(file.read(2_000))
    except OSError:
        return None
    return found[1] if found else None


def run_course(method: str, periods: Sequence[Period], shape: dict[str, object], config: TrainConfig) -> Course:
    """Learn the periods one after another by `method`, `config.max_iters` steps each, and score all after each.

    Raises SettingError for an unknown method.
    """
    if method not in METHODS:
        raise SettingError(f"There is no method called {method!r}; choose one of {', '.join(METHODS)}.")
    tokenizer = train_tokenizer(periods[0].learn, "auto", None)  # the future is not known to it
    new = ModelConfig(**shape, vocab_size=tokenizer.vocab_size)
    slower = TrainConfig(**asdict(config) | {"lr": config.lr * GO_ON})
    a_step = config.batch_size * new.block_size
    scores, tokens, penalty = [], 0, None
    model = _fresh(new, config)
    _learn(model, _data(tokenizer, periods[0].learn, new, config), config)
    began = time.monotonic()
    for t, period in enumerate(periods):
        if t:
            old = [text for earlier in periods[:t] for text in earlier.learn]
            steps, every, texts, plan = config.max_iters, {}, period.learn, slower
            if method == "retrain":
                model, steps, texts, plan = _fresh(new, config), config.max_iters * (t + 1), old + period.learn, config
            elif method == "replay":
                texts = period.learn + _as_much(old, sum(map(len, period.learn)), config.seed + t)
            elif method == "lora":
                add_low_rank(model, LORA_RANK)
            elif method == "nested":
                every = _speeds(model)
            plan = TrainConfig(**asdict(plan) | {"max_iters": steps})
            _learn(model, _data(tokenizer, texts, new, config), plan, penalty, every)
            tokens += steps * a_step
            if method == "lora":
                model = _merged(model)
        if method == "ewc":
            penalty = _held(model, _data(tokenizer, period.learn, new, config), config, penalty)
        scores.append([score_texts(model, tokenizer, other.measure).bits_per_byte for other in periods])
    return Course(method, config.seed, scores, tokens, time.monotonic() - began)


def table(courses: Sequence[Course], periods: Sequence[Period]) -> str:
    """Methods by average, transfer, forgetting and cost, mean ± standard deviation over seeds, in Markdown."""
    lines = ["| | average | backward transfer | forgetting of the oldest | tokens learnt | seconds |", "|---|---|---|---|---|---|"]
    for method in dict.fromkeys(course.method for course in courses):
        runs = [course for course in courses if course.method == method]
        cells = [_cell([getattr(run, name) for run in runs]) for name in ("average", "backward_transfer", "forgetting")]
        cost = f"{statistics.mean(run.tokens for run in runs):,.0f} | {statistics.mean(run.seconds for run in runs):.0f}"
        lines.append(f"| {method} | {' | '.join(cells)} | {cost} |")
    when = "; ".join(f"{period.first} to {period.last}" for period in periods)
    lines += ["", f"Bits per byte on held-out documents, lower is better in every column.  Periods: {when}.", ""]
    return "\n".join(lines)


def _cell(values: list[float]) -> str:
    mean = f"{statistics.mean(values):.3f}"
    return f"{mean} ± {statistics.stdev(values):.3f}" if len(values) > 1 else mean


Penalty = dict[str, tuple[Tensor, Tensor]]  # by parameter: what it was, and how much the past needs it


def _learn(
    model: BaseLM, data: TokenDataset, config: TrainConfig, penalty: Penalty | None = None, every: dict[str, int] | None = None
) -> None:
    """`config.max_iters` steps, in a loop of its own: train.py's knows nothing of penalties and speeds."""
    optimizer, speeds = build_optimizer(model, config), every or {}
    model.train()
    waiting: dict[str, Tensor] = {}
    for step in range(1, config.max_iters + 1):
        for group in optimizer.param_groups:
            group["lr"] = lr_at((step - 1) / config.max_iters, config)
        optimizer.zero_grad(set_to_none=True)
        model.loss(*data.get_batch("train", config.batch_size)).backward()
        for name, parameter in model.named_parameters():
            if parameter.grad is None:
                continue
            if penalty:
                was, needed = penalty[name]
                parameter.grad += EWC_STRENGTH * needed * (parameter.detach() - was)
            if speeds.get(name, 1) > 1:  # collect; once in a while give the mean
                waiting[name] = waiting.get(name, 0) + parameter.grad / speeds[name]
                parameter.grad = waiting.pop(name) if step % speeds[name] == 0 else None
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.grad_clip)
        optimizer.step()
    model.eval()


def _held(model: BaseLM, data: TokenDataset, config: TrainConfig, before: Penalty | None) -> Penalty:
    """Where the weights are, and the mean square of each one's gradient on this period, added to what earlier ones need."""
    needed = {name: torch.zeros_like(p) if before is None else before[name][1] for name, p in model.named_parameters()}
    for _ in range(FISHER_BATCHES):
        model.zero_grad(set_to_none=True)
        model.loss(*data.get_batch("train", 1)).backward()
        needed = {name: needed[name] + p.grad**2 / FISHER_BATCHES for name, p in model.named_parameters()}
    model.zero_grad(set_to_none=True)
    return {name: (p.detach().clone(), needed[name]) for name, p in model.named_parameters()}


def _speeds(model: BaseLM) -> dict[str, int]:
    """Steps between updates of each feed-forward weight, by its block's depth; all else learns at every step."""
    depth = len(model.blocks)
    return {
        f"blocks.{block}.{name}": SPEEDS[block * len(SPEEDS) // depth]
        for block, part in enumerate(model.blocks)
        for name, _ in part.named_parameters()
        if name.startswith("feed_forward.")
    }


def _fresh(shape: ModelConfig, config: TrainConfig) -> BaseLM:
    torch.manual_seed(config.seed)
    return build_model(shape)


def _data(tokenizer: Tokenizer, texts: list[str], shape: ModelConfig, config: TrainConfig) -> TokenDataset:
    return TokenDataset(tokenizer, texts, [], shape.block_size, config.seed)


def _merged(model: BaseLM) -> BaseLM:
    plain = build_model(model.config).eval()
    plain.load_state_dict(deepcopy(merged_weights(model)), strict=False)  # tied tables come once
    return plain


def _as_much(texts: list[str], characters: int, seed: int) -> list[str]:
    """Some of `texts`, drawn without looking, until they hold as many characters."""
    chosen, held = [], 0
    for number in torch.randperm(len(texts), generator=torch.Generator().manual_seed(seed)).tolist():
        if held >= characters:
            break
        chosen.append(texts[number])
        held += len(texts[number])
    return chosen


def compare_methods(
    periods: Sequence[Period],
    methods: Sequence[str],
    shape: dict[str, object],
    config: TrainConfig,
    seeds: int,
    say: Callable[[str], None] = lambda line: None,
) -> Iterator[list[Course]]:
    """All courses so far, again after each."""
    courses: list[Course] = []
    for seed in range(1, seeds + 1):
        for method in methods:
            course = run_course(method, periods, shape, TrainConfig(**asdict(config) | {"seed": seed}))
            say(f"{method}, seed {seed}: {course.average:.3f} bits per byte over all periods, {course.seconds:.0f} s")
            courses.append(course)
            yield courses
