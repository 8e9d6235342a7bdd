"""Folders that lie: what is not sound is refused in one sentence, before it does harm."""

import json
import pickle
import struct
import subprocess
import sys
import textwrap

import pytest
import torch
from runs import TOKENIZER, refused, small
from safetensors.torch import load_file, save_file
from test_older_files import manner_of_format_1
from writing import essay

from vibejam.checkpoint import FORMAT, load_model, load_state, read_json, save_model
from vibejam.copied import load_phrases
from vibejam.rewrite.manner import BUCKETS, load_manner
from vibejam.rewrite.pairs import read_pairs
from vibejam.tokenizer import CharTokenizer

pytestmark = pytest.mark.security


@pytest.fixture
def folder(tmp_path):
    """A sound run."""
    save_model(tmp_path / "run", small(), TOKENIZER)
    return tmp_path / "run"


def rewrite_config(folder, change):
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))


def test_a_folder_without_a_model_is_refused(tmp_path):
    refused(lambda: load_model(tmp_path / "nowhere"), "no vibejam model", "nowhere")
    refused(lambda: load_model(tmp_path), "no vibejam model")
    refused(lambda: load_state(tmp_path), "no saved state")


@pytest.mark.parametrize("missing", ["model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_refused(folder, missing):
    (folder / missing).unlink()
    refused(lambda: load_model(folder), str(folder))


def test_another_tokenizer_than_the_models_own_is_refused(folder):
    other = CharTokenizer.train([essay(0).swapcase()])
    (folder / "tokenizer.json").write_text(other.to_json())
    refused(lambda: load_model(folder), "tokenizer.json is not the one")


def test_a_tokenizer_with_more_tokens_than_the_model_or_ids_beyond_it_is_refused(tmp_path):
    save_model(tmp_path, small(vocab_size=TOKENIZER.vocab_size - 1), TOKENIZER)
    refused(lambda: load_model(tmp_path), "more tokens")
    table = json.loads(TOKENIZER.to_json())
    table["model"]["vocab"]["g"] = 10**6
    gaps = CharTokenizer.from_json(json.dumps(table))
    save_model(tmp_path, small(), gaps)
    refused(lambda: load_model(tmp_path), "more tokens")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.pop("norm.weight"),
        lambda t: t.update(extra=torch.zeros(3)),
        lambda t: t.update({"norm.weight": torch.ones(31)}),
        lambda t: t.update({"norm.weight": torch.ones(1, 32)}),
        lambda t: t.update({"norm.weight": torch.tensor([float("nan")] + [1.0] * 31)}),
        lambda t: t.update({"norm.weight": torch.tensor([float("inf")] + [1.0] * 31)}),
        lambda t: t.update({"norm.weight": torch.ones(32, dtype=torch.int32)}),
        lambda t: t.update({"norm.weight": torch.ones(32, dtype=torch.complex64)}),
        lambda t: t.update({"norm.weight": torch.ones(32).to(torch.float8_e4m3fn)}),
        lambda t: t.clear(),
    ],
    ids=["missing", "extra", "short", "flat", "nan", "infinite", "whole numbers", "complex", "float8", "empty"],
)
def test_weights_that_do_not_fit_are_refused(folder, change):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)
    refused(lambda: load_model(folder), "damaged", str(folder))


def header(content: bytes, size: int | None = None) -> bytes:
    return struct.pack("<Q", len(content) if size is None else size) + content


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        header(b"", 10 * 2**30),
        header(b"{" * 200, 10 * 2**30),
        header(b"", 2**64 - 1),
        header(b"[" * 50_000),
        header(b"{" * 50_000),
        header(b'{"a":{"dtype":"F32","shape":[10000000000],"data_offsets":[0,40000000000]}}'),
        header(b'{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}'),
        header(b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}') + b"1234",
        header(b"not json at all"),
    ],
    ids=[
        "empty",
        "byte",
        "10 GB",
        "10 GB and some",
        "2**64",
        "nested",
        "objects",
        "huge",
        "overflow",
        "negative",
        "words",
    ],
)
@pytest.mark.parametrize("name", ["model.safetensors", "train_state.safetensors"])
def test_a_header_that_lies_is_refused_and_allocates_nothing(folder, name, data):
    (folder / name).write_bytes(data)
    refused(lambda: (load_model if name.startswith("model") else load_state)(folder), name if data else "")


class Bomb:
    """What runs when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (open, (str(self.target), "w"))


@pytest.mark.parametrize("name", ["model.safetensors", "train_state.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("way", ["pickle", "torch"])
def test_a_pickle_is_refused_and_never_run(folder, tmp_path, name, way):
    target = tmp_path / "it ran"
    if way == "pickle":
        (folder / name).write_bytes(pickle.dumps(Bomb(target)))
    else:
        torch.save({"a": Bomb(target)}, folder / name)
    refused(lambda: (load_state if name.startswith("train") else load_model)(folder))
    assert not target.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "3",
        "{}",
        '{"format": 1}',
        "[" * 50_000,
        '{"a":' * 20_000,
        "9" * 5000,
        '"\ud800"',
        "{" + " " * 200_000 + "}",
    ],
    ids=[
        "empty",
        "null",
        "list",
        "number",
        "nothing",
        "no model",
        "nested",
        "deep",
        "long number",
        "surrogate",
        "padded",
    ],
)
def test_settings_that_are_none_are_refused(folder, text):
    (folder / "config.json").write_bytes(text.encode(errors="surrogatepass"))
    refused(lambda: load_model(folder), "damaged" if len(text) < 150_000 else "too large")
    (folder / "config.json").write_bytes(b"\xff\xfe\x00")
    refused(lambda: load_model(folder))


ABSURD = {
    "n_embd": [10**9, 2**40, 10**30, 0, -2, 1.5, 32.0, "32", None, [32], True, float("nan"), float("inf")],
    "vocab_size": [10**12, 10**30, -1, "many", None, 1e300],
    "n_layer": [10**9, 0, 1, 3, "two", 2.5, None],
    "n_head": [0, -2, 3, 10**9, "two", None],
    "n_kv_head": [-1, 3, 10**9, "one", 1.5],
    "n_hidden": [10**12, -1, 10**30, "wide", 33, 1.5],
    "block_size": [10**12, 2**62, 0, -1, "long", 16.5, None],
    "dropout": [1.5, float("nan"), "some", None],
    "norm_eps": [float("nan"), "tiny", -1, [], None],
    "rope_theta": [0, -1, float("nan"), "x", None, []],
    "rope_scaling": [{"factor": 0}, {"colour": 1}, [1], "x", {"low_freq_factor": 9.0}, {"factor": "x"}],
    "arch": ["telepathy", None, [], 7],
    "tie_embeddings": [False],
    "wings": [2],
}


@pytest.mark.parametrize("name, value", [(n, v) for n, values in ABSURD.items() for v in values])
def test_absurd_settings_are_refused(folder, name, value):
    rewrite_config(folder, lambda config: config["model"].update({name: value}))
    refused(lambda: load_model(folder), "damaged")


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="NOT RUN: only Linux limits a process's memory this way"
)
def test_absurd_settings_allocate_nothing(folder):
    """In a process that may have one gigabyte beyond what it has; the position tables would be the largest."""
    code = textwrap.dedent(
        """
        import json, re, resource, sys
        from pathlib import Path
        from vibejam.checkpoint import load_model
        from vibejam.errors import UserError
        used = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
        folder = Path(sys.argv[1])
        config = json.loads((folder / "config.json").read_text())
        wide = {"n_embd": 2**20, "block_size": 131072}
        for absurd in ({"n_embd": 10**9}, wide, {"vocab_size": 10**10}, {"n_layer": 1024}):
            (folder / "config.json").write_text(json.dumps(config | {"model": config["model"] | absurd}))
            try:
                load_model(folder)
            except UserError as refusal:
                print(refusal)
        """
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 4 and "impossible model" in lines[0], "more bytes than can be counted"
    assert all("do not have the shapes" in line for line in lines[1:]), (
        "told by comparing, not by running out of memory"
    )


def test_a_folder_of_a_newer_vibejam_is_refused_with_what_to_do(folder):
    rewrite_config(folder, lambda config: config.update(format=FORMAT + 1))
    refused(lambda: load_model(folder), "newer vibejam", "update")


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(format="1"),
        lambda c: c.pop("format"),
        lambda c: c.update(model=[1]),
        lambda c: c.update(tokenizer=None),
        lambda c: c["tokenizer"].update(doc_end="<|nothing|>"),
        lambda c: c["tokenizer"].update(doc_end=7),
        lambda c: c["tokenizer"].update(sha256=None),
    ],
)
def test_a_config_of_another_make_is_refused(folder, change):
    rewrite_config(folder, change)
    refused(lambda: load_model(folder), "damaged")


@pytest.mark.parametrize("metadata", [None, {"numbers": "[" * 50_000}, {"numbers": "not json"}, {"other": "{}"}])
def test_a_state_without_its_numbers_is_refused(tmp_path, metadata):
    save_file({"a": torch.zeros(1)}, tmp_path / "train_state.safetensors", metadata=metadata)
    refused(lambda: load_state(tmp_path), "train_state.safetensors")


def test_a_file_too_large_for_what_it_is_is_refused_unread(tmp_path):
    with open(tmp_path / "run.json", "wb") as file:
        file.truncate(10**12)  # a hole: takes no room on the disk
    refused(lambda: read_json(tmp_path / "run.json"), "too large")


# what else lies in a run's folder


def test_a_state_whose_weights_are_no_numbers_is_refused():
    """A run that went on from them would learn nothing."""
    from learning import PLAN, Saves, dataset, train_some
    from learning import small as young

    from vibejam.train import TrainState, train_lm

    saves = Saves()
    train_some(until=2, save=saves)
    state = saves.last("last")[2]
    for bad in (float("nan"), float("inf")):
        broken = TrainState(state.tensors | {"model.norm.weight": torch.full((32,), bad)}, state.numbers)
        refused(lambda state=broken: next(train_lm(young(), dataset(), PLAN, state=state)), "start the run anew")


@pytest.mark.parametrize(
    "changes",
    [
        {"rate": torch.tensor([0.5])},
        {"rate": torch.tensor([0.5, float("nan")], dtype=torch.double)},
        {"rate": torch.tensor([0.5, -1.0], dtype=torch.double)},
        {"rate": torch.tensor([1, 2])},
        {"spread": torch.zeros(2, dtype=torch.double)},
        {"weights": torch.zeros(3)},
        {"weights": torch.full((BUCKETS,), float("inf"))},
        {"weights": torch.zeros(BUCKETS, dtype=torch.complex64)},
        {"grams": torch.tensor([[1, 2]])},
        {"grams": torch.tensor([0.5, 1.0])},
        {"gram_counts": torch.tensor([3, -4], dtype=torch.int32)},
        {"gram_counts": torch.tensor([3], dtype=torch.int32)},
        {"total": torch.tensor([0])},
        {"total": torch.tensor([1, 2])},
        {"common": "[" * 50_000},
        {"common": "9" * 5000},
        {"common": "[1, 2]"},
        {"common": '"ab"'},
        {"taste": "[]"},
        {"taste": '{"a": "b"}'},
        {"taste": '{"a": NaN}'},
        {"taste": '{"a":' * 20_000},
        {"marks": '{"dash": 7}'},
        {"marks": '{"dash": ""}'},
        {"marks": "null"},
        {"bias": "nan"},
        {"bias": "much"},
        {"typical": "1e999"},
        {"format": "one"},
    ],
)
def test_a_manner_that_was_tampered_with_is_refused(tmp_path, changes):
    manner_of_format_1(tmp_path)
    load_manner(tmp_path)
    manner_of_format_1(tmp_path, **changes)
    refused(lambda: load_manner(tmp_path), "manner.safetensors", "damaged")


@pytest.mark.parametrize("missing", ["rate", "weights", "grams", "total"])
def test_a_manner_with_something_missing_is_refused(tmp_path, missing):
    manner_of_format_1(tmp_path)
    path = tmp_path / "manner.safetensors"
    tensors = load_file(path)
    del tensors[missing]
    save_file(tensors, path, {"format": "1", "common": "[]", "taste": "{}", "bias": "0", "typical": "0", "marks": "{}"})
    refused(lambda: load_manner(tmp_path), "damaged")
    save_file(tensors, path)
    refused(lambda: load_manner(tmp_path), "damaged")


LIES = [b"", b"\x80\x04K\x01.", header(b"", 10 * 2**30), header(b"[" * 50_000), header(b"", 2**64 - 1), header(b"not json at all")]


@pytest.mark.parametrize("data", LIES, ids=range(len(LIES)))
def test_a_manner_or_phrases_whose_header_lies_are_refused_and_allocate_nothing(tmp_path, data):
    for name, load in (("manner.safetensors", load_manner), ("phrases.safetensors", load_phrases)):
        (tmp_path / name).write_bytes(data)
        refused(lambda load=load: load(tmp_path), name, "damaged")


@pytest.mark.parametrize("phrases", [torch.zeros(3), torch.zeros(3, 1, dtype=torch.int64), torch.zeros((), dtype=torch.int64)])
def test_phrases_that_are_no_hashes_are_refused(tmp_path, phrases):
    save_file({"phrases": phrases}, tmp_path / "phrases.safetensors")
    refused(lambda: load_phrases(tmp_path), "phrases.safetensors")
    save_file({"other": torch.zeros(1, dtype=torch.int64)}, tmp_path / "phrases.safetensors")
    refused(lambda: load_phrases(tmp_path), "phrases.safetensors")


@pytest.mark.parametrize(
    "line",
    [
        "[" * 50_000,
        '{"a":' * 20_000,
        "9" * 5000,
        "null",
        "[]",
        '{"draft": "a"}',
        '{"draft": 7, "rewrite": "b"}',
        '{"draft": ["a"], "rewrite": "b"}',
        '{"draft": " ", "rewrite": "b"}',
        '{"draft": "\\ud800", "rewrite": "b"}',
        '{"format": "x", "draft": "a", "rewrite": "b"}',
        '{"format": null, "draft": "a", "rewrite": "b"}',
    ],
)
def test_pairs_that_are_none_are_refused_by_their_line(tmp_path, line):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"draft": "a", "rewrite": "b"}\n' + line + "\n", encoding="utf-8")
    refused(lambda: read_pairs(path), "Line 2", "pairs.jsonl")
    path.write_bytes(b"\xff\xfe\x00")
    refused(lambda: read_pairs(path), "pairs.jsonl")
