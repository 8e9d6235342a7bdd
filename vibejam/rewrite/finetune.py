"""Learning to rewrite: a model is trained on pairs of a draft and what the person would write instead.

The model reads "Draft: ... Rewrite:" (pairs.PROMPT) and learns what follows, and that the text ends there.  A model on a pretrained
base learns a low-rank correction, and where there are enough of them what was turned down (preferring.py); one made from nothing
learns with all its weights, and to copy (copying.py).  What comes out is an ordinary run's folder.
Left out: making pairs (making.py), and resuming, for these runs take minutes.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random

import torch

from vibejam import checkpoint
from vibejam.base import CONTEXT, general_bits_per_byte
from vibejam.config import DataConfig, TrainConfig
from vibejam.copied import load_phrases, save_phrases
from vibejam.errors import UserError
from vibejam.fetch import BASES, base_path
from vibejam.files import write_json
from vibejam.learn import FORMAT, record, recorded
from vibejam.lora import add_low_rank
from vibejam.model import BaseLM, GPTModel
from vibejam.rewrite.copying import FILE as COPYING
from vibejam.rewrite.copying import CopyingModel, add_copying, copying_example, exchanges_of, made_strange, save_copying
from vibejam.rewrite.manner import SHORTEST, Manner, learn_manner, load_manner, save_manner, with_pairs
from vibejam.rewrite.pair_data import Example, PairData, encode_example, pair_loss, quick_pair_loss
from vibejam.rewrite.pairs import OUR_OWN, PROMPT, Pair, times_of, without_rejected
from vibejam.rewrite.preferring import PreferenceData, Preferring, with_preferences
from vibejam.runtime import pick_device
from vibejam.tokenizer import Tokenizer
from vibejam.train import TrainEvent, TrainState, train_lm
from vibejam.voice import background_drafts, background_people

HELD_SHARE = 0.1  # of the rewrites, held out to measure on
MEASURED = 100  # held-out rewrites that are measured on; more would take minutes and say the same
FEWEST = 8  # pairs; from fewer nothing is learnt
BATCH = 4  # pairs in a step, on a base
MANY = 6000  # pairs from which on a step takes four times as many: a token costs a quarter less, and steps there are enough
# files of a run that are written anew, or are the source's alone; all others come along
OWN_FILES = {"model.safetensors", "config.json", "tokenizer.json", "run.json", "metrics.jsonl", "phrases.safetensors",
             "train_state.safetensors", "base.json", COPYING}  # fmt: skip


def split_pairs(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """(learnt from, held out): about a tenth of the rewrites with all their drafts are held out, by a hash of the rewrite alone.

    So a pair's side is the same in every round of teaching, whatever is added: what was learnt once is never measured on.  Where
    chance would leave a side empty, the rewrite of the lowest hash is held out, or that of the highest is learnt.
    """
    order = sorted({pair.rewrite for pair in pairs}, key=_lot)
    below = sum(_lot(text) < HELD_SHARE for text in order)
    held = set(order[: min(max(below, 1), len(order) - 1)])
    return [p for p in pairs if p.rewrite not in held], [p for p in pairs if p.rewrite in held]


def _lot(text: str) -> float:
    """A number from 0 to 1 that is always the same for a text."""
    return int.from_bytes(sha256(text.encode()).digest()[:8]) / 2**64


def plan_finetune(
    minutes: float, max_iters: int, on_base: bool, seed: int = 1, reading: int = 0, batch_size: int = BATCH
) -> TrainConfig:
    """How a run on pairs learns; without any limit, for ten minutes.

    On a base, and if no number of steps is asked for, it ends after one `reading` of the pairs, which takes so many steps of
    `batch_size` pairs: what is read again is learnt by heart (ABLATIONS.md).  It is measured at its end alone, for then it is best,
    and a look before would tell chance: the rate is still high, and the held-out pairs are few.
    """
    settings: dict[str, object] = {"minutes": minutes, "max_iters": max_iters, "seed": seed, "warmup": 0.05, "patience": 3}
    if not minutes and not max_iters:
        settings["minutes"] = 10.0
    if on_base:
        settings |= {"batch_size": batch_size, "lr": 1e-3, "lora_rank": 16, "weight_decay": 0.0, "evals": 6}
        if reading and not max_iters:
            settings |= {"max_iters": reading, "lr": 2e-3, "evals": 1}
    else:
        settings |= {"batch_size": 8, "lr": 1e-3, "evals": 10}
    return TrainConfig(**settings)


def finetune(
    source: Path | str,
    pairs: Sequence[Pair],
    folder: Path,
    minutes: float = 0.0,
    max_iters: int = 0,
    seed: int = 1,
    device: str | None = None,
) -> Iterator[TrainEvent]:
    """Teach the model in `source`, a run's folder or a base's name, to rewrite as `pairs` do, into the new run `folder`.

    The best model by the held-out pairs is kept, and what else lies in the source's folder comes along.
    Raises UserError where there are too few pairs, none fits the model's context, or `folder` already holds a model.
    """
    if (folder / "config.json").exists():
        raise UserError(f"{folder} already holds a model; delete it, or choose another folder.")
    source = _source_folder(source)
    where = pick_device(device)
    model, tokenizer = checkpoint.load_model(source, where, torch.float32)
    manner = load_manner(source)  # a damaged file is told of before anything is written
    model.shorten_context(CONTEXT)
    run = _begun(source)
    on_base = run["base"] != "none"
    copies = not on_base and type(model) is GPTModel
    if copies:
        torch.manual_seed(seed)
        model = add_copying(model, source)
    data, counts, kept = _examples(pairs, tokenizer, model, seed)
    before = pair_loss(model, data)
    if on_base:
        train, counts["preferences"] = with_preferences(model, tokenizer, kept, data.train)
        if counts["preferences"]:
            data = PreferenceData(train, data.held, tokenizer.doc_end, seed)
    # what was turned down is learnt from more slowly, another version of each pair in each reading
    read_once = on_base and not counts["preferences"]
    batch_size = 4 * BATCH if read_once and counts["pairs"] >= MANY else BATCH
    reading = data.reading(batch_size) if read_once else 0
    config = plan_finetune(minutes, max_iters, on_base, seed, reading, batch_size)
    torch.manual_seed(seed)
    if on_base:
        if "general_bits_per_byte_before" not in run:
            run["general_bits_per_byte_before"] = general_bits_per_byte(model, tokenizer)
        add_low_rank(model, config.lora_rank)
    checkpoint.save_shape(folder, model.config, tokenizer)
    _bring_along(source, folder, kept, manner)
    run |= {
        "status": "running",
        "settings": {"model": asdict(model.config), "context": model.config.block_size, "train": asdict(config)}
        | {"data": run.get("settings", {}).get("data", asdict(DataConfig()))},
        "parameters": model.parameter_count(),
        "pairs": counts | {"loss_before": before and before.loss, "loss_after": None},
    }
    if counts["too_long"]:
        run["notes"].append(f"{counts['too_long']} pairs are longer than the model's context, so they were not learnt from.")
    write_json(folder / "run.json", run)

    learner = Preferring(model) if counts.get("preferences") else model
    exchanges = exchanges_of(kept) if copies else None

    def save(kind: str, learner: BaseLM | Preferring, state: TrainState) -> None:
        if kind == "best":
            checkpoint.save_weights(folder, model.plain() if copies else model, torch.bfloat16 if on_base else None)
            if copies:
                save_copying(folder, model, exchanges)

    def figures(last: TrainEvent) -> dict[str, object]:
        model, _ = checkpoint.load_model(folder, where)
        after = pair_loss(add_copying(model, folder) if copies else model, data)
        run["pairs"]["loss_after"] = after and after.loss
        found = {"iters": last.iteration, "seconds": round(last.seconds, 3), "stopped_early": last.stopped_early}
        found |= {"tokens_per_second": round(last.tokens_per_second, 1)}
        found |= {"val_loss": after and after.loss, "val_bits_per_byte": after and after.bits_per_byte}
        if on_base:
            found["general_bits_per_byte_after"] = general_bits_per_byte(model, tokenizer)
        return found

    measure = lambda learner, data: quick_pair_loss(getattr(learner, "model", learner), data)  # noqa: E731
    events = train_lm(learner, data, config, save=save, measure=measure, record=partial(record, folder))
    yield from recorded(events, folder, run, figures)


def _source_folder(source: Path | str) -> Path:
    if str(source) not in BASES:
        return Path(source)
    path = base_path(str(source))
    if path is None:
        raise UserError(f"The base model {source} is not here yet; get it with `vibejam fetch-base {source}`.")
    return path


def _begun(source: Path) -> dict:
    """The new run's run.json as far as the source decides it."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    run = {"format": FORMAT, "created": now, "base": source.name, "notes": []}
    if (source / "run.json").is_file():
        old = checkpoint.read_json(source / "run.json")
        kept = ("base", "text", "prompt", "notes", "settings", "general_bits_per_byte_before")
        run |= {name: old[name] for name in kept if name in old}
    run["notes"] = [*run["notes"], f"It goes on from {source.name} and learns to rewrite."]
    return run


def _example(tokenizer: Tokenizer, pair: Pair) -> Example:
    return encode_example(tokenizer, PROMPT.format(draft=pair.draft), pair.draft, pair.rewrite)


def _examples(pairs: Sequence[Pair], tokenizer: Tokenizer, model: BaseLM, seed: int) -> tuple[PairData, dict, list[Pair]]:
    """The data that `model` learns from; what run.json says of it; and the pairs that are learnt from."""
    wanted, block = without_rejected(pairs), model.config.block_size
    as_copies = isinstance(model, CopyingModel)
    encoded = {p: copying_example(tokenizer, p) if as_copies else _example(tokenizer, p) for p in wanted}
    fitting = [pair for pair in encoded if len(encoded[pair].weights) <= block]
    if len(fitting) < FEWEST:
        raise UserError(
            f"{len(fitting)} of {len(encoded)} pairs fit this model's context of {block} tokens, and at least {FEWEST} are needed; "
            "give more, or shorter ones."
        )
    learnt, held = split_pairs(fitting)
    counts = {
        "pairs": len(fitting),
        "held_out": len(held),
        "too_long": len(encoded) - len(fitting),
        "turned_down": len(pairs) - len(wanted),
        "kinds": dict(Counter(pair.kind for pair in fitting)),
    }
    measured = sorted(held, key=lambda pair: _lot(pair.rewrite))[:MEASURED]
    learning = {p: made_strange(encoded[p], tokenizer, Random(p.draft)) for p in learnt} if as_copies else encoded
    train = [replace(learning[p], times=times) for p, times in zip(learnt, times_of(learnt), strict=True)]
    return PairData(train, [encoded[p] for p in measured], tokenizer.doc_end, seed), counts, learnt


def _bring_along(source: Path, folder: Path, pairs: Sequence[Pair], manner: Manner | None) -> None:
    """The source's other files; its phrases with the rewrites' added; and its manner or the rewrites', with what the pairs show."""
    for file in sorted(source.iterdir()):
        if file.is_file() and file.name not in OWN_FILES and not file.name.startswith("."):
            shutil.copyfile(file, folder / file.name)
    rewrites = [pair.rewrite for pair in pairs]
    save_phrases(folder, rewrites, load_phrases(source))
    texts = list(dict.fromkeys(rewrites))
    if manner is None and sum(len(text.split()) for text in texts) >= SHORTEST:
        manner = learn_manner(texts, background_drafts(), background_people())
    if manner is not None:
        brought = [pair for pair in pairs if pair.kind not in OUR_OWN]
        save_manner(folder, with_pairs(manner, [pair.draft for pair in brought], [pair.rewrite for pair in brought]))
