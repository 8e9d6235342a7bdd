"""A program that does, on what looks like a Space that lends a GPU, what its visitor does; prints what came of it as JSON."""

import json
import sys

import app  # isort: skip  first, as on a Space
import gradio as gr
import spaces
from gradio.context import LocalContext

from pages import settings, state, train, write
from vibejam import runtime, zero_gpu
from vibejam.checkpoint import read_json
from vibejam.config import DataConfig
from vibejam.jobs import JOBS
from vibejam.recipe import plan_run

sys.path.insert(0, sys.argv[1])
from writing import essay  # noqa: E402

ITERS, SEED = 8, 1
zero_gpu.CHUNK_SECONDS = 0.0 if "stepwise" in sys.argv else 1.5


def recipe(*_):
    """A tiny one, as the page would plan a large one."""
    shape = {"n_layer": 1, "n_head": 2, "n_embd": 32, "block_size": 32}
    train = {"batch_size": 4, "evals": 2, "seed": SEED, "patience": 0}
    return plan_run(20_000, 0, ITERS, shape=shape, train=train, data=DataConfig(tokenizer="char"), base="none"), "I think "


blocks = app.build_app()
config = blocks.get_config_file()
owner = state.greet("")
for n in range(8):
    write.take_pasted(owner, essay(n))
settings.recipe = recipe
if "asked" in sys.argv:  # as inside a handler that a visitor's press has called
    LocalContext.request.set(gr.Request(username="a visitor", session_hash="x"))
updates = train.begin(owner, "", "Quick", "none")
job = JOBS.alive()
if "stopped" in sys.argv:
    while len(spaces.lent) < 2 and job.alive:
        job.wait(0.05)
    job.stop()
assert job.wait(300), "it never ended"
run = read_json(job.folder / "run.json")
print(json.dumps({
    "lent": [seconds for seconds, _ in spaces.lent],
    "processes": len({process for _, process in spaces.lent}),
    "device": str(runtime.pick_device()),
    "status": job.status,
    "error": job.error,
    "run": run["status"],
    "iters": run["figures"]["iters"],
    "iterations": [event["iteration"] for event in job.events],
    "notes": [event["note"] for event in job.events if event.get("note")],
    "weights": (job.folder / "model.safetensors").read_bytes().hex(),
    "duplicate": any(part["props"].get("elem_id") == "duplicate" for part in config["components"]),
    "public": [fn.api_name for fn in blocks.fns.values() if fn.api_visibility == "public"],
    "settings": [part["props"].get("visible") for part in config["components"] if part["props"].get("elem_id") == "settings"],
    "folder": str(job.folder),
}))  # fmt: skip
state.forget(owner)
