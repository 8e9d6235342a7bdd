"""Architectures side by side: what is held equal is equal, floors are true predictions, and the command leaves what it promises."""

import json
import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from writing import essay, write_folder

from vibejam.checkpoint import load_model
from vibejam.cli import main
from vibejam.config import ModelConfig
from vibejam.corpus import load_corpus
from vibejam.errors import UserError
from vibejam.labs import floors, harness, report
from vibejam.labs.floors import KneserNey
from vibejam.labs.harness import Comparison, Run, compare, equal_parameters, memory_of_writing, part_texts
from vibejam.model import ARCHITECTURES, build_model, unfilled_model
from vibejam.runtime import pick_device

LABS = [name for name in ARCHITECTURES if name != "transformer"]
TINY = {"n_layer": 2, "n_head": 2, "n_embd": 32, "block_size": 16}


@pytest.fixture
def short(monkeypatch):
    """Contexts that a test has time to read."""
    monkeypatch.setattr(harness, "CONTEXTS", (32, 128))


# floors


def slow_kneser_ney(text: bytes, order: int, context: bytes, letter: int) -> float:
    """The formula, one letter at a time, from plain counts."""
    grams = Counter(text[i : i + order] for i in range(len(text) - order + 1))
    for _ in range(order - max(1, len(context) + 1)):  # shorter n-grams count once for each different letter before them
        grams = Counter(gram[1:] for gram in grams)
    n = next(iter(grams), b"") and len(next(iter(grams)))
    once, twice = (sum(c == k for c in grams.values()) for k in (1, 2))
    discount = once / (once + 2 * twice) if once else 0.5
    here = {gram: c for gram, c in grams.items() if gram[:-1] == context[len(context) - n + 1 :]}
    below = 1 / 256 if n == 1 else slow_kneser_ney(text, order, context[len(context) - n + 2 :], letter)
    total = sum(here.values())
    if not total:
        return below
    count = here.get(context[len(context) - n + 1 :] + bytes([letter]), 0)
    return (max(count - discount, 0) + discount * len(here) * below) / total


@pytest.mark.parametrize("context", [b"", b"t", b"th", b"he", b"zz", b"\xff", b"mill"])
def test_kneser_ney_is_its_formula_and_its_probabilities_sum_to_one(context):
    text, order = essay(0).encode()[:600], 3
    model, context = KneserNey(text, order), context[-(order - 1) :]
    ours = [model.probabilities(context + bytes([letter]), len(context))[0] for letter in range(256)]
    assert sum(ours) == pytest.approx(1)
    for letter in b"the .zQ\x00":
        assert ours[letter] == pytest.approx(slow_kneser_ney(text, order, context, letter))


def test_kneser_ney_scores_a_text_byte_by_byte():
    train, test = essay(0).encode(), essay(1).encode()
    model = KneserNey(train, 4)
    slow = [model.probabilities(test[: i + 1], i)[0] for i in range(len(test))]
    assert model.bits_per_byte(test) == pytest.approx(float(-np.log2(slow).mean()))
    assert model.bits_per_byte(test) < KneserNey(train, 1).bits_per_byte(test) < 8
    with pytest.raises(ValueError, match="between 1 and 8, not 9"):
        KneserNey(train, 9)


def test_kneser_neys_order_is_chosen_on_the_text_for_choosing():
    train, choose, measure = essay(0).encode(), essay(5).encode(), essay(0).encode()
    best = {text: min(floors.ORDERS, key=lambda n: KneserNey(train, n).bits_per_byte(text)) for text in (choose, measure)}
    assert best[choose] < best[measure], "or the choice would not tell on which of them it was made"
    name, score = floors.kneser_ney(train, choose, measure)
    assert name == f"Kneser-Ney, {best[choose]} bytes" and score == KneserNey(train, best[choose]).bits_per_byte(measure)


def test_compressors_are_charged_for_what_is_new_alone():
    found = dict(floors.compressors())
    assert list(found) == ["lzma", "zstd", "PPMd"] and found["lzma"] is not None
    learnt = "".join(essay(n) for n in range(8)).encode()
    for size in filter(None, found.values()):
        known = floors.compressed_bits_per_byte(size, learnt, learnt[1000:3000])
        alike = floors.compressed_bits_per_byte(size, learnt, essay(9).encode())
        alien = floors.compressed_bits_per_byte(size, learnt, np.random.default_rng(0).bytes(2000))
        assert known < 0.5 and known < alike < 2 and alien > 7.5


# what is held equal


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("shape", [(2, 4, 64), (4, 2, 128)])
def test_every_architecture_weighs_what_the_transformer_weighs(arch, shape):
    n_layer, n_head, n_embd = shape
    like = ModelConfig(vocab_size=300, n_layer=n_layer, n_head=n_head, n_embd=n_embd, dropout=0.1)
    config = equal_parameters(like, arch)
    with torch.device("meta"):
        weight, wanted = unfilled_model(config).parameter_count(), unfilled_model(like).parameter_count()
    assert config.arch == arch and config.n_embd == n_embd and config.dropout == 0.1
    assert abs(weight - wanted) <= 0.02 * wanted


def test_the_three_parts_of_a_text_are_whole_documents_and_share_nothing(tmp_path):
    texts = part_texts(load_corpus(write_folder(tmp_path / "writing", 30)))
    parts = [set(texts.train), set(texts.choose), set(texts.measure)]
    assert sum(map(len, parts)) == 30 == len(set.union(*parts)) and all(parts)
    (tmp_path / "short.txt").write_text(essay(0)[:700])
    with pytest.raises(UserError, match="too little text to hold two parts"):
        part_texts(load_corpus(tmp_path / "short.txt"))


@pytest.mark.parametrize("arch", ["mamba", "xlstm"])
def test_the_memory_of_writing_is_measured_and_flat(arch, short):
    shape = ModelConfig(vocab_size=20, **TINY)
    flat, growing = memory_of_writing(ModelConfig(vocab_size=20, arch=arch, **TINY)), memory_of_writing(shape)
    assert flat[32] == flat[128] > 0 and growing[128] == 4 * growing[32] == 2 * 4 * 2 * 128 * 32


def test_comparisons_hold_equal_what_they_say(tmp_path, short, monkeypatch):
    """Minutes by a clock, tokens by the slowest run of those, and a model kept is the best of its run; nobody counts n-grams."""
    built = []
    monkeypatch.setattr(harness, "build_model", lambda config: built.append(config) or build_model(config))
    corpus = load_corpus(write_folder(tmp_path / "writing", 20))
    *_, last = compare(corpus, ["transformer", "mamba"], 0.01, 2, device="cpu", shape=TINY)
    by = {name: [run for run in last.runs if run.comparison == name] for name in harness.COMPARISONS}
    assert [len(runs) for runs in by.values()] == [4, 4, 4] and built and not any(config.counted for config in built)
    assert {(run.arch, run.seed) for run in by["minutes"]} == {(a, s) for a in ("transformer", "mamba") for s in (1, 2)}
    assert len({run.tokens for run in by["tokens"]}) == 1
    assert by["tokens"][0].tokens == min(run.tokens for run in by["minutes"])
    assert all(run.seconds >= 0.6 for run in by["minutes"]) and all(math.isfinite(run.bits_per_byte) for run in last.runs)
    assert all(0 < run.bits_per_byte < 8.3 and run.curve for run in last.runs)
    assert len({run.bits_per_byte for run in by["tokens"]}) == 4, "seeds and architectures differ"


def to_its_end(run) -> tuple[list, Run]:
    """The steps of a run, and what it came to."""
    steps = []
    while True:
        try:
            steps.append(next(run))
        except StopIteration as ended:
            return steps, ended.value


def test_the_figure_is_that_of_the_best_moment_on_the_text_to_measure_on(tmp_path, monkeypatch):
    """A run that only gets worse keeps its first look, and what it is scored on is none of what it chose by."""
    texts = part_texts(load_corpus(write_folder(tmp_path / "writing", 20)))
    looks = iter([1.0, 2.0, 3.0, 4.0])
    kept, scored = [], []

    def look(model, data, max_tokens):
        kept.append({name: w.clone() for name, w in model.state_dict().items()})
        return SimpleNamespace(loss=next(looks), bits_per_byte=1.0)

    def score(model, tokenizer, measured):
        assert measured == texts.measure
        scored.append({name: w.clone() for name, w in model.state_dict().items()})
        return SimpleNamespace(bits_per_byte=2.5)

    monkeypatch.setattr(harness, "estimate_loss", look)
    monkeypatch.setattr(harness, "score_texts", score)
    config = ModelConfig(vocab_size=texts.tokenizer.vocab_size, **TINY)
    plan = harness.TrainConfig(max_iters=8, evals=4, patience=0)
    steps, run = to_its_end(harness.train_one("tokens", config, plan, texts, pick_device("cpu")))
    assert [step.tokens for step in steps] == [n * plan.batch_size * TINY["block_size"] for n in range(1, 9)]
    assert [step.progress for step in steps] == [n / 8 for n in range(1, 9)] and run.tokens == steps[-1].tokens
    assert [step.bits_per_byte for step in steps] == [None, 1.0] * 4
    assert run.bits_per_byte == 2.5 and len(kept) == 4

    def scored_is(look):  # which a fast core takes in bfloat16
        return all(torch.equal(scored[0][name].to(weight.dtype), weight) for name, weight in look.items())

    assert scored_is(kept[0]) and not scored_is(kept[3])


# what is shown


def known():
    runs = [
        Run(name, arch, seed, 1000, bits + seed / 10, 5000, 10.0, ((5.0, 2500, 3.0), (10.0, 5000, 2.5)))
        for name in harness.COMPARISONS
        for arch, bits in (("transformer", 2.0), ("mamba", 2.2))
        for seed in (1, 2)
    ]
    text = {"train_bytes": 9000, "choose_bytes": 1000, "measure_bytes": 1000, "tokenizer": "char", "vocabulary": 60}
    memory = {"transformer": {1024: 4096, 16384: 65536}, "mamba": {1024: 2048, 16384: 2048}}
    return Comparison(text, 3.0, 2, runs, {"lzma": 3.2, "zstd": None}, memory)


def test_the_table_has_mean_and_spread_and_says_what_is_missing():
    lines = report.table(known()).splitlines()
    assert lines[2].startswith("| transformer | 1,000 | 2.150 ± 0.071 | 2.150 ± 0.071 |") and "| 500 |" in lines[2]
    assert "4 kB after 1,024, 64 kB after 16,384" in lines[2] and "2 kB after 1,024, 2 kB after 16,384" in lines[3]
    assert "| lzma | – | 3.200 |" in lines[4] and "zstd | – | not installed" in lines[5]
    assert all(line.count("|") == lines[0].count("|") for line in lines[:6])
    assert "9,000 bytes learnt from" in lines[7] and "2 seeds" in lines[7]


def test_the_figures_hold_every_run_and_fetch_nothing(tmp_path):
    report.save(known(), tmp_path)
    bars, curves = report.bars(known()), report.curves(known())
    dots = [trace for trace in bars.data if not trace.error_y.array]
    assert sorted(y for trace in dots for y in trace.y) == sorted(run.bits_per_byte for run in known().runs)
    assert [list(trace.y) for trace in curves.data] == [[3.0, 2.5]] * 4 and curves.data[0].name == "transformer"
    page = (tmp_path / "figures.html").read_text(encoding="utf-8")
    assert "src=" not in page.split("</script>")[-1] and '<script src="http' not in page
    assert json.loads((tmp_path / "results.json").read_text())["runs"][0]["bits_per_byte"] == pytest.approx(2.1)
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == report.table(known())


# the commands


def test_the_command_writes_table_results_and_figures_and_prints_them(tmp_path, short, monkeypatch, capsys):
    monkeypatch.setattr(harness, "plan_run", lambda *a, **k: plan(*a, shape=TINY, train=k["train"]))
    plan, folder = harness_plan(), tmp_path / "out"
    write_folder(tmp_path / "writing", 20)
    args = ["labs", "--text-path", str(tmp_path / "writing"), "--archs", "transformer,xlstm", "--minutes", "0.01", "--seeds", "1"]
    assert main([*args, "--out", str(folder), "--device", "cpu", "--json"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out.splitlines()[-1])
    assert len(result["runs"]) == 6 and "minutes: xlstm, seed 1" in err
    assert {path.name for path in folder.iterdir()} == {"results.json", "table.md", "figures.html"}
    again = ["--out", str(folder), "--device", "cpu", "--json"]
    before = (folder / "results.json").read_text()
    assert main([*args, *again]) == 0 and json.loads(capsys.readouterr().out.splitlines()[-1])["runs"] == result["runs"]
    saved = json.loads(before)
    kept, lost = saved["runs"][:4], saved["runs"][4:]  # as if it had been stopped before the last two
    (folder / "results.json").write_text(json.dumps(saved | {"runs": kept}))
    assert main([*args[:-1], "2", *again]) == 0
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert done["runs"][:4] == kept and len(done["runs"]) == 12 and done["seeds"] == 2
    of = lambda runs: {(run["comparison"], run["arch"], run["seed"]) for run in runs}  # noqa: E731
    assert of(lost) < of(done["runs"][4:]) and len(of(done["runs"])) == 12
    assert len({run["tokens"] for run in done["runs"] if run["comparison"] == "tokens"}) == 1
    args[args.index("0.01")] = "0.02"
    assert main([*args, *again]) == 2 and "another text, or other minutes" in capsys.readouterr().err


def harness_plan():
    from vibejam.recipe import plan_run

    return plan_run


@pytest.mark.parametrize("wrong", [["--archs", "telepathy"], ["--archs", ","], ["--minutes", "0"], ["--seeds", "0"]])
def test_what_can_not_be_compared_is_refused_in_one_sentence(tmp_path, wrong, capsys):
    write_folder(tmp_path / "writing", 20)
    assert main(["labs", "--text-path", str(tmp_path / "writing"), "--out", str(tmp_path / "out"), *wrong]) == 2
    err = capsys.readouterr().err
    assert err.startswith("vibejam: ") and err.count("\n") == 1 and not (tmp_path / "out").exists()


@pytest.mark.parametrize("arch", LABS)
def test_a_run_of_any_architecture_goes_on_is_measured_and_writes_but_is_not_exported(tmp_path, arch, capsys):
    folder, writing = tmp_path / "run", write_folder(tmp_path / "writing")
    shape = ["--n-layer", "2", "--n-head", "2", "--n-embd", "16", "--block-size", "16", "--tokenizer", "char", "--device", "cpu"]
    train = ["train-lm", "--text-path", str(writing), "--ckpt-path", str(folder), "--json"]
    assert main([*train, "--arch", arch, *shape, "--max-iters", "6"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["iters"] == 6
    assert main([*train, "--max-iters", "9", "--resume", "--device", "cpu"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["iters"] == 9
    assert load_model(folder)[0].config.arch == arch
    assert main(["evaluate", "--ckpt-path", str(folder), "--text-path", str(writing), "--device", "cpu", "--json"]) == 0
    assert 1 < json.loads(capsys.readouterr().out.splitlines()[-1])["bits_per_byte"] < 9
    assert main(["sample-lm", "--ckpt-path", str(folder), "--prompt", "The", "--max-new-tokens", "30", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["tokens"]
    for form in ("hf", "gguf"):
        assert main(["export", "--ckpt-path", str(folder), "--format", form, "--out", str(tmp_path / form)]) == 2
        assert f"a {arch} is no Llama" in capsys.readouterr().err and not (tmp_path / form).exists()


def test_an_unknown_architecture_is_refused_before_anything_is_written(tmp_path, capsys):
    folder, writing = tmp_path / "run", write_folder(tmp_path / "writing")
    assert main(["train-lm", "--text-path", str(writing), "--ckpt-path", str(folder), "--arch", "rnn", "--max-iters", "3"]) == 2
    assert "no architecture called 'rnn'" in capsys.readouterr().err and not folder.exists()
