"""What was found by fuzzing for hours and by reading beside it, each kept as small as it can be."""

import json
import math
import shutil
import struct

import pytest
import torch
from killable import CORPUS
from runs import refused
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from vibejam.gguf_model import read_gguf
from vibejam.learn import learn, resumed_recipe
from vibejam.recipe import plan_run

pytestmark = pytest.mark.security

SHAPE = {"n_layer": 1, "n_head": 2, "n_embd": 32, "block_size": 32}


@pytest.mark.parametrize("items", [2**60, 2**32])
def test_a_gguf_whose_list_is_longer_than_the_file_is_not_read_until_memory_runs_out(tmp_path, items):
    key = struct.pack("<Q", 1) + b"a"
    numbers = struct.pack("<IIQ", 9, 0, items)  # a list of bytes, of which there are none
    (tmp_path / "a.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + key + numbers)
    refused(lambda: read_gguf(tmp_path / "a.gguf"), "no whole GGUF")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place") / "run"
    for _ in learn(CORPUS, folder, plan_run(CORPUS.characters, max_iters=2, shape=SHAPE, train={"batch_size": 2}), device="cpu"):
        pass
    return folder


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "copy")


def resume(folder) -> None:
    for _ in learn(CORPUS, folder, resumed_recipe(folder, {"max_iters": 3}, {}), resume=True, device="cpu"):
        pass


def test_what_the_others_change_is_resumed_when_it_is_not_changed(copy):
    resume(copy)
    assert json.loads((copy / "run.json").read_text())["status"] == "done"


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run.pop("text"),
        lambda run: run.update(text=None),
        lambda run: run.update(format="x"),
        lambda run: run.update(format=None),
        lambda run: run["settings"].update(context="x"),
        lambda run: run["settings"].update(context=-1),
        lambda run: run["settings"]["train"].update(max_iters=None),
    ],
)
def test_a_run_json_with_a_hole_is_not_resumed(copy, change):
    value = json.loads((copy / "run.json").read_text())
    change(value)
    (copy / "run.json").write_text(json.dumps(value))
    refused(lambda: resume(copy), "damaged")


def restate(folder, change) -> None:
    """Change the tensors and the numbers of the saved state."""
    path = folder / "train_state.safetensors"
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
    tensors, numbers = load_file(path), json.loads(about["numbers"])
    change(tensors, numbers)
    save_file(tensors, path, metadata=about | {"numbers": json.dumps(numbers)})


@pytest.mark.parametrize(
    "counter, value",
    [("iteration", "x"), ("iteration", -5), ("iteration", 10**30), ("parts", 0), ("seconds", math.nan), ("best_loss", None),
     ("lr_scale", [1]), ("finished", 1), ("tokens", 1.5)],
)  # fmt: skip
def test_a_count_that_no_run_can_come_to_is_not_gone_on_from(copy, counter, value):
    restate(copy, lambda tensors, numbers: numbers["counters"].update({counter: value}))
    refused(lambda: resume(copy), "state is damaged")


@pytest.mark.parametrize("place", [{"epoch": -1}, {"window": 2**70}, {"epoch": "x"}, {"window": None}])
def test_a_place_in_the_data_that_is_none_is_not_gone_on_from(copy, place):
    restate(copy, lambda tensors, numbers: numbers["data"].update(place))
    refused(lambda: resume(copy), "state is damaged")


@pytest.mark.parametrize("what", ["gone", "flat", "longer", "whole", "no number"])
@pytest.mark.parametrize("moment", ["exp_avg", "momentum"])
def test_moments_of_other_weights_are_not_gone_on_from(copy, moment, what):
    def change(tensors, numbers):
        name = next(name for name in sorted(tensors) if name.startswith(f"optimizer.{moment}."))
        old = tensors.pop(name)
        new = {"flat": torch.zeros(3), "longer": torch.zeros((*old.shape, 2)), "whole": old.to(torch.int64)}
        new["no number"] = torch.full_like(old, float("nan"))
        if what != "gone":
            tensors[name] = new[what]
        elif moment == "momentum":  # a matrix of which nothing is remembered begins anew; half of what is remembered is damage
            tensors[name.replace("momentum", "exp_avg")] = old

    restate(copy, change)
    refused(lambda: resume(copy), "state is damaged")


def test_squares_below_zero_are_not_gone_on_from(copy):
    def change(tensors, numbers):
        name = next(name for name in sorted(tensors) if name.startswith("optimizer.exp_avg_sq."))
        tensors[name] = -tensors[name] - 1

    restate(copy, change)
    refused(lambda: resume(copy), "state is damaged")
