"""`vibejam bench --what training`: how much is learnt in the same time on the same core, beside nanoGPT's documented run.

Everybody gets the same text and one thread, and is timed in seconds of the processor, for the machine may be busy otherwise.  What
counts is nats a character (and bits per byte) over the whole held-out text, in windows of the model's own context side by
side, as nanoGPT reads; nothing is chosen by that text but the last of four looks.  Nobody's start-up is in a time: it is told.
Left out: GPUs, and sampling (bench.py).
"""

import math
import statistics
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from vibejam import nanogpt
from vibejam.config import DataConfig, ModelConfig
from vibejam.data import TokenDataset, byte_count, join
from vibejam.decoder import one_thread
from vibejam.errors import UserError
from vibejam.evaluate import score_ids
from vibejam.model import BaseLM, build_model
from vibejam.recipe import Recipe, plan_run
from vibejam.tokenizer import Tokenizer, train_tokenizer
from vibejam.train import train_lm

SAMPLE = Path(__file__).resolve().parents[1] / "assets" / "sample"
WARM_UP, PACED = 20, 100  # steps of nanoGPT that are not counted, and that say how many fit into the minutes
FEWER = 30  # times less than nanoGPT's is the time of the short runs
Figure = dict[str, object]


@dataclass(frozen=True)
class Texts:
    """What is learnt from and what is held out, as whole documents."""

    learnt: list[str]
    held: list[str]

    @property
    def held_characters(self) -> int:
        return sum(map(len, self.held))


def training(
    text_path: Path | str = SAMPLE,
    val_path: Path | str | None = None,
    minutes: float | None = None,
    seeds: int = 5,
    say: Callable[[str], None] = lambda line: None,
) -> Figure:
    """nanoGPT's CPU run once, as documented or, given `minutes`, with as many steps as they hold; then vibejam's tuned model: by
    characters in a thirtieth of that time, with each seed, and in all of it once, by characters and by pieces; and what is planned
    without a knob, the plain transformer.

    Raises UserError where there is too little text, or none is held out.
    """
    texts = read(Path(text_path), Path(val_path) if val_path else None)
    with one_thread():
        say("nanoGPT, as documented" if minutes is None else f"nanoGPT, {minutes:g} minutes")
        theirs = _theirs(texts, minutes)
        ours = {}
        for name, kind, share, runs in (
            ("tuned, characters, a thirtieth of the time", "char", FEWER, seeds),
            ("tuned, characters, the same time", "char", 1, 1),
            ("tuned, the same time", "auto", 1, 1),
            ("as planned, the same time", "auto", 1, 1),
        ):
            arch, found = ("tuned" if name.startswith("tuned") else "transformer"), []
            for seed in range(1, runs + 1):
                say(f"vibejam: {name}, seed {seed}")
                recipe = plan(texts, theirs["seconds"] / share, seed, {"arch": arch}, data=DataConfig(tokenizer=kind))
                found.append(learn(texts, recipe))
                say(f"{found[-1]['loss']:.4f} nats a character after {found[-1]['seconds']:.1f} s")
            ours[name] = _together(found)
    ratio = {name: round(run["loss"]["mean"] / theirs["loss"], 3) for name, run in ours.items()}
    return {
        "text": {"learnt": sum(map(len, texts.learnt)), "held_out": texts.held_characters},
        "nanogpt": theirs,
        "vibejam": ours,
        "loss_as_a_share_of_nanogpts": ratio,
    }


def read(text_path: Path, val_path: Path | None) -> Texts:
    """The files as they are, uncleaned; of a text with nothing beside it the last tenth is held out, as nanoGPT does it."""
    try:
        learnt = _documents(text_path)
        held = _documents(val_path) if val_path else []
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{text_path} can't be read as plain text; give .txt or .md files.") from error
    if not held:
        whole = "".join(learnt)
        learnt, held = [whole[: int(0.9 * len(whole))]], [whole[int(0.9 * len(whole)) :]]
    if min(sum(map(len, learnt)), sum(map(len, held))) < 1000:
        raise UserError("There is too little text to measure on; give at least ten thousand characters.")
    return Texts(learnt, held)


def _documents(path: Path) -> list[str]:
    files = sorted(file for file in path.iterdir() if file.suffix in (".txt", ".md")) if path.is_dir() else [path]
    return [file.read_text(encoding="utf-8") for file in files]


def _theirs(texts: Texts, minutes: float | None) -> Figure:
    """It knows every character of both parts, which is to its advantage: where it does not, it stops with a KeyError."""
    learnt, held = "".join(texts.learnt), "".join(texts.held)
    number = {character: i for i, character in enumerate(sorted(set(learnt + held)))}
    ids, held_ids = (torch.tensor([number[character] for character in text]) for text in (learnt, held))
    run = nanogpt.CPU_RUN
    torch.manual_seed(1337)
    model = nanogpt.NanoGPT(len(number), run)
    if minutes is not None:
        for step, _ in nanogpt.train(nanogpt.NanoGPT(len(number), run), ids, WARM_UP + PACED):
            if step == WARM_UP:
                before = time.process_time()
        run = replace(run, iterations=int(minutes * 60 / ((time.process_time() - before) / PACED)))
    before = time.process_time()
    for _ in nanogpt.train(model, ids, run.iterations):
        pass
    seconds = time.process_time() - before
    loss = nanogpt.whole_split(model, held_ids, run.block_size)
    return {
        "seconds": round(seconds, 1),
        "steps": run.iterations + 1,
        "tokens_per_second": round((run.iterations + 1) * run.batch_size * run.block_size / seconds),
        "parameters": sum(p.numel() for p in model.parameters()),
        "loss": round(loss, 4),
        "loss_by_its_own_estimate": round(nanogpt.its_estimate(model, held_ids, run), 4),
        "bits_per_byte": round(loss * (len(held_ids) - 1) / math.log(2) / byte_count(texts.held), 4),
    }


def plan(
    texts: Texts, seconds: float, seed: int, shape: dict, train: dict | None = None, data: DataConfig = DataConfig()
) -> Recipe:
    """What is planned for so many seconds, but for what `shape`, `train` and `data` say; it measures itself as seldom as may be."""
    looks = {"evals": 4 if seconds > 30 else 1, "patience": 0, "seed": seed}
    return plan_run(sum(map(len, texts.learnt)), seconds / 60, shape=shape, train=looks | (train or {}), data=data)


def learn(texts: Texts, recipe: Recipe) -> Figure:
    """Learn as planned and measure on all that is held out."""
    began, kind = time.process_time(), recipe.data.tokenizer
    tokenizer = train_tokenizer(texts.learnt, kind, recipe.data.vocab_size)
    seed = recipe.train.seed
    torch.manual_seed(seed)
    model = build_model(recipe.model_config(tokenizer.vocab_size, int(recipe.shape["block_size"])))
    data = TokenDataset(tokenizer, texts.learnt, texts.held, model.config.block_size, seed)
    model.look_over(data.train_documents)
    start_up = time.process_time() - began
    with closing(train_lm(model, data, recipe.train, clock=time.process_time)) as events:
        (last,) = deque(events, maxlen=1)
    nats, _ = score_ids(model, join(texts.held, tokenizer), tokenizer.doc_end, model.config.block_size)
    return {
        "seconds": last.seconds,
        "start_up_seconds": start_up,
        "steps": last.iteration,
        "tokens_per_second": last.tokens_per_second,
        "parameters": model.parameter_count(),
        "loss": nats / texts.held_characters,
        "loss_by_its_own_estimate": _estimate(model, data, tokenizer) if kind == "char" else None,
        "bits_per_byte": nats / math.log(2) / byte_count(texts.held),
        "shape": _shape(model.config),
    }


def _estimate(model: BaseLM, data: TokenDataset, tokenizer: Tokenizer) -> float:
    """As nanoGPT estimates: windows drawn at random, as many characters in all, none that crosses a document's end."""
    T, run = data.block_size, nanogpt.CPU_RUN
    alike = replace(run, block_size=T, batch_size=max(1, run.batch_size * run.block_size // T))
    ids = data.val_ids[data.val_ids != tokenizer.doc_end]
    return nanogpt.its_estimate(lambda idx: model(idx)[0], ids, alike)


def _shape(config: ModelConfig) -> str:
    shown = asdict(config)
    return ", ".join(f"{name} {shown[name]}" for name in ("n_layer", "n_embd", "block_size", "vocab_size", "grams", "gram_rows",
                                                        "dropout", "gram_dropout", "counted"))  # fmt: skip


def _together(runs: list[Figure]) -> Figure:
    """The seeds' runs as one: means, and of the losses the spread."""
    found: Figure = {"seeds": len(runs), "shape": runs[0]["shape"]}
    for name in ("seconds", "start_up_seconds", "steps", "tokens_per_second", "parameters"):
        found[name] = round(statistics.mean(run[name] for run in runs), 3)
    for name in ("loss", "loss_by_its_own_estimate", "bits_per_byte"):
        values = [run[name] for run in runs if run[name] is not None]
        if values:
            found[name] = {
                "mean": round(statistics.mean(values), 4),
                "lowest": round(min(values), 4),
                "highest": round(max(values), 4),
            }
            found[name]["deviation"] = round(statistics.stdev(values), 4) if len(values) > 1 else None
    return found
