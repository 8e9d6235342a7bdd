"""Two processes that learn one model under torchrun, over gloo here: the curve of one, one writer, and nothing lost by a kill."""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from killable import CORPUS
from learning import PLAN, Saves, dataset, small
from writing import write_folder

from vibejam import optim
from vibejam import train as module
from vibejam.checkpoint import load_model, load_state, read_json, read_metrics
from vibejam.learn import learn, recipe_of
from vibejam.parallel import Group

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not (dist.is_available() and dist.is_gloo_available()), reason="NOT RUN: this torch has no gloo"),
]
TESTS = Path(__file__).parent


AT_ITS_END = """
import atexit, pathlib
def threads():  # where the system lists them
    return [(task / "comm").read_text() for task in pathlib.Path("/proc/self/task").glob("*")]
atexit.register(lambda: print("Threads at the end:", threads()))  # after all that is registered later
"""


def torchrun(folder, script, *options, code=0):
    """Run `script` in two processes, if no option says another number; what they printed."""
    (folder / "worker.py").write_text(f"import sys\nsys.path[:0] = [{str(TESTS)!r}]\n{AT_ITS_END}" + textwrap.dedent(script))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(TESTS.parent)}
    done = subprocess.run([*command, str(folder / "worker.py")], capture_output=True, text=True, timeout=400, env=environment)
    assert (done.returncode == 0) == (code == 0), done.stderr[-3000:]
    assert "gloo" not in done.stdout, "a thread that outlives its group may abort the process as Python ends"
    return done


SHAPES = {
    "transformer": {"dropout": 0.0},
    "tuned": {"arch": "tuned", "dropout": 0.0, "grams": 2, "gram_rows": 64},
}
PLANS = {
    "transformer": PLAN,
    "tuned": module.TrainConfig(
        **{**vars(PLAN), "muon_lr": 0.02, "batch_size": 5, "accumulate": 2, "first_turn": 0.25, "anew": True}
    ),
}


@pytest.mark.parametrize("arch, processes", [("transformer", 2), ("tuned", 2), ("tuned", 6)])
def test_several_processes_learn_the_curve_of_one(arch, processes, tmp_path, monkeypatch):
    """Five passages are parted three to two, and each part in two again; or one each, and the sixth process has none."""
    torchrun(
        tmp_path,
        f"""
        import atexit, json, pathlib, torch
        from learning import dataset, small
        from test_parallel import PLANS, SHAPES

        def threads():  # where the system lists them
            return [(task / "comm").read_text() for task in pathlib.Path("/proc/self/task").glob("*")]

        atexit.register(lambda: print(threads()))  # after all that is registered later
        from vibejam import optim, train
        from vibejam.parallel import take_part
        optim.compute_dtype = train.compute_dtype = lambda device: torch.float32
        group, device = take_part("cpu")
        saved = []
        model = small(seed=group.rank, **SHAPES[{arch!r}])  # each begins elsewhere, and the first one's weights count
        events = train.train_lm(model, dataset(), PLANS[{arch!r}], group=group, save=lambda *a: saved.append(a[0]))
        told = [(e.train_loss, e.val_loss, e.best, e.seconds > 0) for e in events]
        total = sum(float(p.double().abs().sum()) for p in model.parameters())
        with open({str(tmp_path)!r} + f"/{{group.rank}}.json", "w") as file:
            json.dump({{"told": told, "saved": saved, "total": total}}, file)
        """,
        "--nproc-per-node",
        str(processes),
    )
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    for each in (module, optim):
        monkeypatch.setattr(each, "compute_dtype", lambda device: torch.float32)
    saves = Saves()
    alone = list(module.train_lm(small(**SHAPES[arch]), dataset(), PLANS[arch], save=saves))
    assert len(first["told"]) == len(alone) == PLAN.max_iters
    for (loss, held, best, timed), event in zip(first["told"], alone, strict=True):
        assert loss == pytest.approx(event.train_loss, abs=1e-4) and timed
        assert (held is None) == (event.val_loss is None) and best is event.best
        assert held is None or held == pytest.approx(event.val_loss, abs=1e-4)
    assert [told[:3] for told in first["told"]] == [told[:3] for told in second["told"]], "all know what the first one measured"
    assert first["total"] == second["total"], "and hold the same weights"
    assert first["saved"] == [kind for kind, *_ in saves.all] and second["saved"] == []


@pytest.mark.parametrize("arch, processes", [("transformer", 2), ("tuned", 2), ("tuned", 6)])
def test_a_model_in_parts_learns_the_curve_of_one_process_and_goes_on_from_its_state(arch, processes, tmp_path, monkeypatch):
    """For each process too large to hold; half of the run, and the other half from the state that the first saved."""
    torchrun(
        tmp_path,
        f"""
        import json, torch
        from pathlib import Path
        from learning import dataset, small
        from test_parallel import PLANS, SHAPES
        from vibejam import optim, sharded, train
        from vibejam.checkpoint import load_state, save_state
        from vibejam.parallel import take_part
        sharded.ROOM = 0
        optim.compute_dtype = train.compute_dtype = lambda device: torch.float32
        group, device = take_part("cpu")
        def learn():  # what it holds is gone as it ends
            told, saved, state, plan = [], [], None, vars(PLANS[{arch!r}]) | {{"first_turn": 0.0, "anew": False}}
            for half in (plan["max_iters"] // 2, plan["max_iters"]):
                model = small(seed=group.rank, **SHAPES[{arch!r}])
                def save(kind, whole, state):
                    saved.append((kind, sum(float(p.double().abs().sum()) for p in whole.parameters())))
                    save_state(Path({str(tmp_path)!r}), state)
                for event in train.train_lm(model, dataset(), train.TrainConfig(**plan), state=state, group=group, save=save):
                    told.append((event.train_loss, event.val_loss, event.best))
                    held = sum(p.to_local().numel() if hasattr(p, "to_local") else 0 for p in model.parameters())
                    if event.val_loss is not None and event.iteration >= half:
                        break
                group.from_first([0.0], torch.device("cpu"))  # what the first one saved is there
                state = load_state(Path({str(tmp_path)!r}))
            table = {{id(p) for p in model.row_tables()}}
            parted = sum(p.numel() for p in model.parameters() if id(p) not in table)
            with open({str(tmp_path)!r} + f"/{{group.rank}}.json", "w") as file:
                json.dump({{"told": told, "saved": saved, "held": held, "parted": parted}}, file)
        learn()
        """,
        "--nproc-per-node",
        str(processes),
    )
    told = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(processes)]
    for each in (module, optim):
        monkeypatch.setattr(each, "compute_dtype", lambda device: torch.float32)
    saves = Saves()
    plan = replace(PLANS[arch], first_turn=0.0, anew=False)
    alone = list(module.train_lm(small(**SHAPES[arch]), dataset(), plan, save=saves))
    assert len(told[0]["told"]) == len(alone) == PLAN.max_iters
    for (loss, held, best), event in zip(told[0]["told"], alone, strict=True):
        assert loss == pytest.approx(event.train_loss, abs=1e-4) and best is event.best
        assert (held is None) == (event.val_loss is None)
        assert held is None or held == pytest.approx(event.val_loss, abs=1e-4)
    assert all(each["told"] == told[0]["told"] for each in told) and not any(each["saved"] for each in told[1:])
    assert sum(each["held"] for each in told) == told[0]["parted"], "each holds its part and no more"
    weights = sum(float(p.double().abs().sum()) for p in saves.last("last")[1].values())
    assert told[0]["saved"][-1] == ["last", pytest.approx(weights, rel=1e-5)]


WORKER = """
import os, signal
from pathlib import Path
from killable import CORPUS, RECIPE
from vibejam import sharded
from vibejam.learn import learn
sharded.ROOM = {room}
first_try = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
for event in learn(CORPUS, Path({folder!r}), RECIPE, device="cpu"):
    if os.environ["RANK"] == "1" and first_try and event.iteration == 31:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_worker_ends_the_run_with_a_whole_checkpoint_that_one_process_goes_on_from(tmp_path):
    folder = tmp_path / "run"
    torchrun(tmp_path, WORKER.format(folder=str(folder), room=0.5), "--max-restarts", "0", code=1)
    kept = load_state(folder).numbers["counters"]["iteration"]
    assert 27 <= kept <= 31, "the last measurement or later"
    load_model(folder)
    run = read_json(folder / "run.json")
    assert run["status"] in ("running", "failed"), "torchrun ends the other one, which may not get to say so"
    events = list(learn(CORPUS, folder, recipe_of(run), resume=True, device="cpu"))
    assert events[0].iteration == kept + 1 and events[-1].progress == 1
    assert [e["iteration"] for e in read_metrics(folder)] == sorted({e["iteration"] for e in read_metrics(folder)})


@pytest.mark.parametrize("room", [0.5, 0.0])
def test_an_elastic_restart_goes_on_with_the_run_and_ends_it(room, tmp_path):
    """Where each holds all of the model, and where each holds a part."""
    folder = tmp_path / "run"
    torchrun(tmp_path, WORKER.format(folder=str(folder), room=room), "--max-restarts", "1")
    run = read_json(folder / "run.json")
    assert run["status"] == "done" and run["figures"]["iters"] == 60
    load_model(folder)


def test_the_command_speaks_and_writes_once(tmp_path):
    writing = write_folder(tmp_path / "writing")
    shape = ["--n-layer", "1", "--n-head", "2", "--n-embd", "16", "--block-size", "16", "--tokenizer", "char", "--max-iters", "5"]
    arguments = ["train-lm", "--text-path", str(writing), "--ckpt-path", str(tmp_path / "run"), "--device", "cpu", "--json", *shape]
    done = torchrun(tmp_path, f"from vibejam.cli import main\nsys.exit(main({arguments!r}))")
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == 1 and json.loads(lines[0])["iters"] == 5
    written = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert len(written) == len({json.loads(line)["iteration"] for line in written})


def test_processes_that_end_in_a_crowd_all_end_well(tmp_path):
    script = """
    import torch
    from vibejam.parallel import take_part
    group, device = take_part("cpu")
    for _ in range(50):
        group.add_up([torch.ones(1000)])
        group.from_first([1.0], torch.device("cpu"))
    """
    torchrun(tmp_path, script, "--nproc-per-node", "6")


def test_alone_nothing_is_sent():
    alone, tensors = Group(), [torch.ones(2)]
    alone.add_up(tensors)
    alone.alike(tensors)
    assert torch.equal(tensors[0], torch.ones(2)) and alone.from_first([1.5, 2], torch.device("cpu")) == [1.5, 2]
    assert alone.share([torch.arange(3)])[0].tolist() == [0, 1, 2] and alone.first


def test_the_shares_of_all_processes_are_the_batch():
    batch = [torch.arange(5), torch.arange(5) * 10]
    shares = [Group(rank, 3).share(batch) for rank in range(3)]
    assert sorted(torch.cat([share[0] for share in shares]).tolist()) == [0, 1, 2, 3, 4]
    assert all(torch.equal(a * 10, b) for a, b in shares)
