"""A run on disk: one folder that holds everything a model needs and no code.

    model.safetensors        the best weights so far, and what was counted beside them
    config.json              format version, the model's shape, the tokenizer's hash and its end-of-document token
    tokenizer.json           the tokenizer the model learnt with
    run.json                 what the run is: its name, text, settings, figures, state
    metrics.jsonl            one line an event of the loss curve, append-only
    train_state.safetensors  the last weights, the optimiser, the random state; its header holds the plain numbers as JSON,
                             so that the two can't come apart

Every file is written whole or not at all; nothing is ever unpickled.  Left out: what a run means to the app (workspace.py).
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vibejam.config import ModelConfig, RopeScaling
from vibejam.counted import kept
from vibejam.errors import UserError
from vibejam.files import write_atomically, write_json, write_text
from vibejam.lora import merged_weights
from vibejam.model import BaseLM, unfilled_model
from vibejam.runtime import compute_dtype
from vibejam.tokenizer import Tokenizer
from vibejam.train import TrainState

FORMAT = 4  # 2: tables of n-grams, Muon, a run that knows its plan; 3: which n-grams are believed; 4: counted ones; all are read
MAX_JSON = 64_000_000  # bytes; SmolLM2's tokenizer, the largest file here, has 2 MB
MAX_CONFIG = 100_000  # bytes of config.json, which holds a dozen numbers
COUNTED = "counted."  # before the names of what was counted, whose sizes are the text's and not in config.json
NUMBERS = {"F64", "F32", "F16", "BF16"}  # what weights may be stored as


def save_model(folder: Path, model: BaseLM, tokenizer: Tokenizer) -> None:
    """Write weights, shape and tokenizer into `folder`."""
    save_shape(folder, model.config, tokenizer)
    save_weights(folder, model)


def save_shape(folder: Path, model_config: ModelConfig, tokenizer: Tokenizer) -> None:
    """Write everything but the weights, which follow with `save_weights`."""
    write_text(folder / "tokenizer.json", tokenizer.to_json())
    config = {
        "format": FORMAT,
        "model": asdict(model_config),
        "tokenizer": {"sha256": tokenizer.fingerprint, "doc_end": tokenizer.doc_end_token},
    }
    write_json(folder / "config.json", config)


def save_weights(folder: Path, model: BaseLM, dtype: torch.dtype | None = None) -> None:
    """Write the weights, corrections merged, in `dtype` or as they are."""
    weights = {name: w.to(dtype) for name, w in merged_weights(model).items()}
    counts = model.counted.tensors() if model.counted is not None else {}
    _save_tensors(folder / "model.safetensors", weights | {COUNTED + name: tensor for name, tensor in counts.items()}, {})


def load_model(
    folder: Path | str, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> tuple[BaseLM, Tokenizer]:
    """The model, ready to use, and its tokenizer.

    It computes in `dtype`; unless one is named, in bfloat16 where it was stored so and the device is fast at it, else in float32.

    Raises UserError where the folder is missing, damaged or tampered with.
    """
    folder = Path(folder)
    config, tokenizer = load_config(folder)
    try:
        with torch.device("meta"):  # shapes alone: whatever sizes config.json names, nothing is allocated for them
            expected = {name: p.shape for name, p in unfilled_model(config).named_parameters()}
    except (ValueError, TypeError, RuntimeError, ArithmeticError) as error:  # torch has one for each kind of absurdity
        raise _damaged(folder, "config.json describes an impossible model") from error
    tensors, counts = _read_tensors(folder / "model.safetensors", expected)
    rounded = dtype is None and {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    if dtype is None:
        dtype = compute_dtype(torch.device(device)) if rounded else torch.float32
    model = unfilled_model(config)
    model.rounded = rounded
    for name, parameter in model.named_parameters():
        if not bool(torch.stack(tensors[name].aminmax()).isfinite().all()):  # one pass, and NaN comes through it
            raise _damaged(folder, "some weights are not numbers")
        parameter.data = tensors[name].to(device, dtype, copy=True)  # a copy: the file may be replaced under a map of it
    try:
        model.counted = kept(counts, config.vocab_size, config.counted) if counts else None
    except ValueError as error:
        raise _damaged(folder, "what it has counted makes no sense") from error
    return model.to(device, dtype), tokenizer  # the tables too


def load_config(folder: Path) -> tuple[ModelConfig, Tokenizer]:
    """The shape and the tokenizer of the model in `folder`; the tokenizer must be the one it learnt with."""
    if not (folder / "config.json").is_file():
        raise UserError(f"There is no vibejam model in {folder}; train one first, or choose a folder that holds config.json.")
    config = read_json(folder / "config.json", MAX_CONFIG)
    try:
        check_format(folder, config["format"], FORMAT)
        shape = dict(config["model"])
        shape["rope_scaling"] = RopeScaling(**shape["rope_scaling"]) if shape.get("rope_scaling") else None
        model_config = ModelConfig(**shape)
        expected, doc_end = config["tokenizer"]["sha256"], config["tokenizer"]["doc_end"]
        tokenizer = Tokenizer.from_json(_read_text(folder / "tokenizer.json"), doc_end)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise _damaged(folder, f"its settings can't be read ({type(error).__name__})") from error
    if tokenizer.fingerprint != expected:
        raise _damaged(folder, "tokenizer.json is not the one this model learnt with")
    if tokenizer.vocab_size > model_config.vocab_size:
        raise _damaged(folder, "its tokenizer knows more tokens than the model")
    return model_config, tokenizer


def save_state(folder: Path, state: TrainState) -> None:
    note = {"format": str(FORMAT), "numbers": json.dumps(state.numbers)}
    _save_tensors(folder / "train_state.safetensors", state.tensors, note)


def load_state(folder: Path) -> TrainState:
    """Where the run in `folder` stood.  Raises UserError where it never got that far or the file is damaged."""
    path = folder / "train_state.safetensors"
    if not path.is_file():
        raise UserError(f"The run in {folder} has no saved state to go on from; start it anew.")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            numbers = json.loads(file.metadata()["numbers"])
            check_format(folder, int(file.metadata().get("format", 1)), FORMAT)
    except (SafetensorError, KeyError, ValueError, TypeError, OSError, RecursionError) as error:
        raise _damaged(folder, "train_state.safetensors can't be read") from error
    return TrainState(tensors, numbers)


def append_metrics(folder: Path, event: dict[str, object]) -> None:
    """Add one event to the curve.  Raises UserError where the disk is full."""
    line = json.dumps(event, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"
    try:
        with open(folder / "metrics.jsonl", "ab+") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            torn = end and file.read(1) != b"\n"  # a crash cut the last line short; it must not swallow this one
            file.write(b"\n" + line if torn else line)
    except OSError as error:
        raise UserError(f"Could not write metrics.jsonl in {folder} ({error.strerror}); free some space.") from error


def read_metrics(folder: Path) -> list[dict[str, object]]:
    """The loss curve of the run in `folder`, oldest first; a line cut short by a crash is left out, and so is what a resumed
    run did over again."""
    curve: list[dict[str, object]] = []
    for event in _events(folder):
        while curve and curve[-1]["iteration"] >= event["iteration"]:
            curve.pop()  # written after the last save before a crash
        curve.append(event)
    return curve


def _events(folder: Path) -> Iterator[dict[str, object]]:
    path = folder / "metrics.jsonl"
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):  # splitlines would cut inside a sample
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("iteration"), int):
            yield event


def check_format(path: Path, found: int, known: int) -> None:
    """Raises UserError where what lies at `path` says that it is of a later make than this program knows, or of none."""
    if not isinstance(found, int):
        raise UserError(f"{path} is damaged; delete that run or restore its files.")
    if found > known:
        raise UserError(f"{path} was written by a newer vibejam; update vibejam to open it.")


def read_json(path: Path, limit: int = MAX_JSON) -> dict[str, object]:
    """A JSON object of at most `limit` bytes.  Raises UserError where the file is missing, larger, or something else."""
    try:
        value = json.loads(_read_text(path, limit))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged; delete that run or restore the file.") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} is damaged; delete that run or restore the file.")
    return value


def _read_text(path: Path, limit: int = MAX_JSON) -> str:
    try:
        if path.stat().st_size > limit:
            raise UserError(f"{path} is too large to be a vibejam file; delete that run or restore the file.")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror}); delete that run or restore the file.") from error


def _save_tensors(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    copies = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}

    def write(temporary: Path) -> None:
        try:
            save_file(copies, temporary, metadata=metadata)
        except SafetensorError as error:  # a full disk, in the library's words
            raise OSError(str(error)) from error

    write_atomically(path, write)


def _read_tensors(
    path: Path, expected: dict[str, torch.Size]
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Exactly the `expected` tensors, and those of what was counted; the header is checked before any of them is read."""
    try:
        with safe_open(path, framework="pt") as file:
            counts = [name for name in file.keys() if name.startswith(COUNTED)]
            found = {name: torch.Size(file.get_slice(name).get_shape()) for name in file.keys() if name not in counts}
            if found != expected:
                raise _damaged(path.parent, "its weights do not have the shapes that config.json names")
            if not all(file.get_slice(name).get_dtype() in NUMBERS for name in expected):
                raise _damaged(path.parent, "its weights are stored as something other than plain numbers")
            tensors = {name: file.get_tensor(name) for name in expected}
            return tensors, {name.removeprefix(COUNTED): file.get_tensor(name).clone() for name in counts}
    except (SafetensorError, OSError) as error:
        raise _damaged(path.parent, "model.safetensors can't be read") from error


def _damaged(folder: Path, what: str) -> UserError:
    return UserError(f"The model in {folder} is damaged: {what}; delete that run or restore its files.")
