"""One run from start to end: writing → held-out split → tokens → model → training → a folder that holds the voice.

Both faces train through `learn`; it is a generator of TrainEvents, and breaking out of it keeps what is done.  Its figures end up
in the run's run.json, scored over the whole held-out text with the best weights.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch

from vibejam import checkpoint
from vibejam.base import general_bits_per_byte, start_on_base
from vibejam.config import DataConfig, SampleConfig, TrainConfig
from vibejam.copied import save_phrases
from vibejam.corpus import Corpus, check_trainable, split_corpus, without_overlap
from vibejam.data import TokenDataset, join
from vibejam.errors import UserError
from vibejam.evaluate import score_texts
from vibejam.files import sweep, write_json
from vibejam.lock import hold
from vibejam.model import BaseLM, build_model
from vibejam.parallel import Group, WorkerLost, is_connection, restarted, take_part
from vibejam.recipe import Recipe
from vibejam.rewrite.manner import SHORTEST, learn_manner, save_manner
from vibejam.runtime import is_compiler, is_out_of_memory, pick_device
from vibejam.sample import generate_text
from vibejam.tokenizer import Tokenizer, train_tokenizer
from vibejam.train import TrainEvent, TrainState, train_lm
from vibejam.voice import background_drafts, background_people

FORMAT = 4  # as checkpoint.py's, which says what changed
SAMPLE_PROMPT = "I think "  # what every measurement's sample goes on from
SECONDS_BETWEEN_METRICS = 0.25  # a curve needs no more points than that


def learn(
    corpus: Corpus,
    folder: Path,
    recipe: Recipe,
    *,
    held: Corpus | None = None,
    device: str | None = None,
    resume: bool = False,
    prompt: str = SAMPLE_PROMPT,
) -> Iterator[TrainEvent]:
    """Learn `corpus` into `folder`, measuring on `held` or on whole documents held out of it.

    With `resume` the run in `folder` goes on, with its own model and tokenizer, to the end that `recipe.train` names; one that was
    killed before it saved anything begins again.  Under torchrun all processes learn together: the first writes, and `folder` must
    be one that all can read.
    Raises UserError where the text is too little, `folder` holds something else or is being trained, or memory runs out.
    """
    check_trainable(corpus)
    group, device = take_part(device)
    resume = resume or restarted()
    busy = f"{folder} is being trained by another vibejam; wait until it ends, or choose another folder."
    with hold(folder, busy) if group.first else nullcontext():
        if group.first:
            sweep(folder)
        try:
            yield from _learn(corpus, folder, recipe, held, pick_device(device), resume, prompt, group)
        except (MemoryError, RuntimeError) as error:
            if is_connection(error):
                raise WorkerLost from error
            if is_compiler(error):
                raise UserError(
                    "torch.compile can't translate the model here, often for want of a C++ compiler; install one, or leave it out."
                ) from error
            if not is_out_of_memory(error):
                raise
            raise UserError(
                "The machine ran out of memory; choose a smaller model or a smaller batch. What was saved is kept."
            ) from error


def _learn(
    corpus: Corpus,
    folder: Path,
    recipe: Recipe,
    held: Corpus | None,
    where: torch.device,
    resume: bool,
    prompt: str,
    group: Group,
) -> Iterator[TrainEvent]:
    train_texts, val_texts, notes = _split(corpus, held, recipe)
    state = None
    begun = (folder / "run.json").is_file()
    if resume and begun and not (folder / "train_state.safetensors").is_file():
        resume = False  # killed before its first save
    elif not resume and (folder / "model.safetensors").exists():
        raise UserError(f"{folder} already holds a model; resume it, delete it, or choose another folder.")
    if resume:
        state = checkpoint.load_state(folder)
        run = checkpoint.read_json(folder / "run.json")
        checkpoint.check_format(folder, run.get("format", 1), FORMAT)
        base, block, learnt = _as_it_was(folder, run)
        if base == "none":
            model, tokenizer = checkpoint.load_model(folder, where)
        else:  # the folder holds what was merged; what goes on learning starts from the base again
            model, tokenizer = start_on_base(base, recipe.train, where)
        prompt = str(run.get("prompt", prompt))  # or its samples would no longer compare
        if learnt != _fingerprint(train_texts):
            notes.append("Your writing has changed since this run began; it goes on with the writing as it is now.")
    else:
        run = {"format": FORMAT, "created": datetime.now(UTC).isoformat(timespec="seconds"), "prompt": prompt}
        run["base"] = recipe.base
        if recipe.base == "none":
            tokenizer = train_tokenizer(train_texts, recipe.data.tokenizer, recipe.data.vocab_size)
        else:
            model, tokenizer = start_on_base(recipe.base, recipe.train, where)
            run["general_bits_per_byte_before"] = general_bits_per_byte(model, tokenizer) if group.first else None
        block = _fitting_block(train_texts, val_texts, tokenizer, int(recipe.shape["block_size"]), notes)
        if recipe.base == "none":
            model = _new_model(recipe, tokenizer, block).to(where)
        if group.first:
            _save_what_stays(folder, model, tokenizer, train_texts)
    data = TokenDataset(tokenizer, train_texts, val_texts, block, recipe.train.seed)
    if not data.has_val:  # nothing would say when the second model is the better one
        recipe = replace(recipe, train=replace(recipe.train, first_turn=0.0))
    model.look_over(data.train_documents)
    run |= {
        "status": "running",
        "text": _describe(corpus, train_texts, val_texts)
        | {"bytes_per_token": sum(len(text.encode()) for text in train_texts) / data.train_tokens},
        "settings": {
            "model": asdict(model.config),
            "context": block,
            "train": asdict(recipe.train),
            "data": asdict(recipe.data),
        },
        "parameters": model.parameter_count(),
        "notes": [*recipe.reasons, *notes],
    }
    if not group.first:  # it learns along and writes nothing
        yield from train_lm(model, data, recipe.train, state=state, group=group)
        return
    write_json(folder / "run.json", run)
    yield from _train(folder, run, model, data, val_texts, recipe.train, state, prompt, group)


def _as_it_was(folder: Path, run: dict) -> tuple[str, int, str]:
    """What a run that is resumed stands on, its context, and the fingerprint of its text; UserError where run.json is damaged."""
    try:
        found = str(run["base"]), run["settings"]["context"], run["text"]["sha256"]
        if isinstance(found[1], int) and found[1] > 0:
            return found
    except (KeyError, TypeError):
        pass
    raise UserError(f"{folder / 'run.json'} is damaged; delete that run or restore the file.")


def _save_what_stays(folder: Path, model: BaseLM, tokenizer: Tokenizer, train_texts: list[str]) -> None:
    """What of a run is known before the first step: its shape, its tokenizer, the person's phrases and manner."""
    checkpoint.save_shape(folder, model.config, tokenizer)
    save_phrases(folder, train_texts)
    if sum(len(text.split()) for text in train_texts) >= SHORTEST:
        save_manner(folder, learn_manner(train_texts, background_drafts(), background_people()))


def recipe_of(run: dict, times: float = 1.0) -> Recipe:
    """The recipe of a run, from its run.json, for resuming it; `times` as long as it was planned."""
    settings = run["settings"]
    shape = {name: value for name, value in settings["model"].items() if name != "vocab_size"}
    train = settings["train"] | {
        "minutes": settings["train"]["minutes"] * times,
        "max_iters": round(settings["train"]["max_iters"] * times),
    }
    return Recipe(shape, TrainConfig(**train), DataConfig(**settings["data"]), tuple(run["notes"]), run["base"])


def resumed_recipe(folder: Path, ends: dict[str, object], changed: dict[str, object]) -> Recipe:
    """The recipe of the run in `folder` with another end, where one is named, and what else was set by hand.

    Raises UserError where its run.json is damaged.
    """
    run = checkpoint.read_json(folder / "run.json")
    checkpoint.check_format(folder, run.get("format", 1), FORMAT)
    try:
        own = recipe_of(run)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{folder / 'run.json'} is damaged; delete that run or restore the file.") from error
    anew = {"minutes": 0.0, "max_iters": 0} | ends if ends else {}
    return replace(own, train=replace(own.train, **anew, **changed))


def _train(
    folder: Path,
    run: dict,
    model: BaseLM,
    data: TokenDataset,
    val_texts: list[str],
    config: TrainConfig,
    state: TrainState | None,
    prompt: str,
    group: Group,
) -> Iterator[TrainEvent]:
    """Train, and keep all that comes of it in `folder`."""
    tokenizer, on_base = data.tokenizer, run["base"] != "none"
    sampling = SampleConfig(max_new_tokens=120 if tokenizer.kind == "char" else 45, seed=config.seed)

    def save(kind: str, model: BaseLM, state: TrainState) -> None:
        if kind == "best":
            checkpoint.save_weights(folder, model, torch.bfloat16 if on_base else None)  # as the base itself is kept
        else:
            checkpoint.save_state(folder, state)

    def sample(model: BaseLM) -> str:
        return prompt + generate_text(model, tokenizer, prompt, sampling)

    events = train_lm(model, data, config, state=state, save=save, sample=sample, record=partial(record, folder), group=group)
    device = next(model.parameters()).device
    yield from recorded(events, folder, run, lambda last: _figures(folder, last, val_texts, device, on_base))


def record(folder: Path, event: TrainEvent) -> None:
    """Add `event` to the curve that is kept in `folder`."""
    checkpoint.append_metrics(folder, {k: v for k, v in asdict(event).items() if v is not None})


def recorded(
    events: Iterator[TrainEvent], folder: Path, run: dict, figures: Callable[[TrainEvent], dict[str, object]]
) -> Iterator[TrainEvent]:
    """The events as they come, those between measurements kept in `folder` too (`train_lm` records the others); whatever ends them,
    run.json says how, with `figures(last event)`."""
    last, written = None, 0.0
    status = "failed"
    try:
        for last in events:
            measured = last.sample is not None or last.val_loss is not None
            if measured or last.note or time.monotonic() - written >= SECONDS_BETWEEN_METRICS:
                if not measured:
                    record(folder, last)
                written = time.monotonic()
            yield last
        status = "done"
    except GeneratorExit:
        status = "stopped"
        raise
    finally:
        events.close()  # saves the last state
        if last is not None:
            run["figures"] = figures(last)
        run["status"] = status
        write_json(folder / "run.json", run)


def _figures(folder: Path, last: TrainEvent, val_texts: list[str], device: torch.device, on_base: bool) -> dict[str, object]:
    """What the run came to, measured with the weights that are kept, as anyone who loads the folder will find them."""
    figures: dict[str, object] = {
        "iters": last.iteration,
        "seconds": round(last.seconds, 3),
        "tokens_per_second": round(last.tokens_per_second, 1),
        "stopped_early": last.stopped_early,
        "val_loss": None,
        "val_bits_per_byte": None,
    }
    model, tokenizer = checkpoint.load_model(folder, device)
    if val_texts:
        score = score_texts(model, tokenizer, val_texts)
        figures |= {"val_loss": score.loss, "val_bits_per_byte": score.bits_per_byte}
    if on_base:
        figures["general_bits_per_byte_after"] = general_bits_per_byte(model, tokenizer)
    return figures


def _split(corpus: Corpus, held: Corpus | None, recipe: Recipe) -> tuple[list[str], list[str], list[str]]:
    """Training texts, held-out texts, and what the person should know about them."""
    notes = []
    if held is None:
        train, val = split_corpus(corpus, recipe.data.val_fraction, recipe.data.seed)
    else:
        corpus, dropped = without_overlap(corpus, held)
        if dropped:
            notes.append(f"{len(dropped)} pieces of writing are held out too, so they were not learnt from.")
        train, val = [d.text for d in corpus.documents], [d.text for d in held.documents]
    if not val:
        notes.append("There is too little writing to hold any out, so nothing says when it is learnt by heart; add more.")
    return train, val, notes


def _fitting_block(train: list[str], val: list[str], tokenizer: Tokenizer, wished: int, notes: list[str]) -> int:
    """The context, shortened where the text has no room for it."""
    room = len(join(train, tokenizer)) // 4
    if val:
        room = min(room, len(join(val, tokenizer)) - 1)
    if room >= wished:
        return wished
    block = max(8, room)
    notes.append(f"The context is {block} tokens instead of {wished}: there is not enough writing for a longer one.")
    return block


def _new_model(recipe: Recipe, tokenizer: Tokenizer, block: int) -> BaseLM:
    torch.manual_seed(recipe.train.seed)
    return build_model(recipe.model_config(tokenizer.vocab_size, block))


def _describe(corpus: Corpus, train: list[str], val: list[str]) -> dict[str, object]:
    return {
        "documents": len(corpus.documents),
        "characters": corpus.characters,
        "words": corpus.words,
        "train_characters": sum(map(len, train)),
        "val_characters": sum(map(len, val)),
        "sha256": _fingerprint(train),
    }


def _fingerprint(texts: list[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()
