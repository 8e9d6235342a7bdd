"""Files of every format there ever was, written by hand as that version wrote them: an upgrade loses nothing."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from killable import CORPUS
from safetensors.torch import save_file
from tally import nothing_lost

from pages import state
from vibejam import checkpoint
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.learn import learn, recipe_of
from vibejam.rewrite.manner import BUCKETS, load_manner
from vibejam.rewrite.pairs import read_pairs
from vibejam.workspace import Workspace

pytestmark = pytest.mark.faults

OLDER = Path(__file__).parent / "older"


@pytest.fixture
def run(home):
    """A run of format 1.  Its JSON is in the folder; its tensors, which nobody writes by hand, are told in tensors.json."""
    folder = Workspace().runs_folder / "2026-11-22-160512-quick"
    shutil.copytree(OLDER / "run-1", folder)
    told = json.loads((folder / "tensors.json").read_text())
    (folder / "tensors.json").unlink()
    torch.manual_seed(0)
    weights = {name: torch.randn(shape) * 0.02 for name, shape in told["weights"].items()}
    save_file(weights, folder / "model.safetensors")
    moments = {f"optimizer.{kind}.{name}": torch.zeros(shape) for kind, of in told["moments"].items() for name, shape in of.items()}
    saved = {f"model.{name}": w for name, w in weights.items()} | moments | {"rng.cpu": torch.get_rng_state()}
    save_file(saved, folder / "train_state.safetensors", {"numbers": json.dumps(told["numbers"])})
    save_file({"phrases": torch.arange(5)}, folder / "phrases.safetensors")
    return folder


def test_a_run_of_format_1_writes_and_goes_on(run):
    nothing_lost(len(StyleEngine(run).sample("The gate").text) > 0, "the voice")
    shown = state.read_run(run)
    nothing_lost(shown.status == "stopped" and shown.can_go_on and len(shown.events) == 2, "its state and its curve")
    recipe = recipe_of(checkpoint.read_json(run / "run.json"))
    last = [event for event in learn(CORPUS, run, recipe, resume=True, device="cpu")][-1]
    nothing_lost(last.iteration == 20 and last.progress == 1, "the rest of its steps")


def test_writing_of_format_1_is_read(home):
    shutil.copytree(OLDER / "writing-1", Workspace().writing_folder)
    documents = [entry.document for entry in Workspace().writing()]
    nothing_lost([d.text for d in documents] == ["The gate was open.\n"], "the writing")
    assert documents[0].warnings == ("a warning",)


@pytest.mark.parametrize("name", ["pairs-0.jsonl", "pairs-1.jsonl"])
def test_pairs_of_either_make_are_read(name):
    """At first a line carried no number."""
    pairs = read_pairs(OLDER / name)
    nothing_lost([(p.id, p.draft, p.rewrite, p.kind) for p in pairs] == [("a", "It is open.", "It's open.", "corrupt")], "a pair")


def manner_of_format_1(folder, **changes):
    tensors = {
        "rate": torch.tensor([0.5, 0.1], dtype=torch.double),
        "spread": torch.tensor([0.1, 0.2], dtype=torch.double),
        "weights": torch.zeros(BUCKETS),
        "grams": torch.tensor([1, 2]),
        "gram_counts": torch.tensor([3, 4], dtype=torch.int32),
        "contexts": torch.tensor([1]),
        "context_followers": torch.tensor([2], dtype=torch.int32),
        "total": torch.tensor([7]),
    }
    note = {"format": "1", "common": '["the", ","]', "taste": '{"it\'s": -0.5}', "bias": "0.25", "typical": "1.5"}
    note["marks"] = '{"apostrophe": "\'"}'
    for name, value in changes.items():
        (note if name in note else tensors)[name] = value
    save_file(tensors, folder / "manner.safetensors", note)


def test_a_manner_of_format_1_is_read(tmp_path):
    manner_of_format_1(tmp_path)
    manner = load_manner(tmp_path)
    nothing_lost(manner.common == ["the", ","] and manner.bias == 0.25 and manner.words.total == 7, "the manner")


def test_files_of_a_later_vibejam_are_refused_with_what_to_do(run, tmp_path):
    recipe = recipe_of(checkpoint.read_json(run / "run.json"))
    (tmp_path / "pairs.jsonl").write_text('{"format": 9, "draft": "a", "rewrite": "b"}\n')
    manner_of_format_1(tmp_path, format="9")
    for act in (lambda: read_pairs(tmp_path / "pairs.jsonl"), lambda: load_manner(tmp_path)):
        with pytest.raises(UserError, match="newer vibejam; update"):
            act()
    state_file = run / "train_state.safetensors"
    save_file({"a": torch.zeros(1)}, state_file, {"numbers": "{}", "format": "9"})
    with pytest.raises(UserError, match="newer vibejam; update"):
        checkpoint.load_state(run)
    shutil.copy(OLDER / "run-1" / "config.json", run)
    about = json.loads((run / "run.json").read_text()) | {"format": 9}
    (run / "run.json").write_text(json.dumps(about))
    save_file({"a": torch.zeros(1)}, state_file, {"numbers": "{}"})
    with pytest.raises(UserError, match="newer vibejam; update"):
        next(learn(CORPUS, run, recipe, resume=True, device="cpu"))
