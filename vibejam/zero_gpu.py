"""Training where a GPU is lent for seconds at a time: a free Space of Hugging Face, which they call ZeroGPU.

There, what is to run on the GPU is a function that asks for it beforehand and runs in a forked process: of what it changes, only
what it yields and what it writes to disk comes back (https://huggingface.co/docs/hub/spaces-zerogpu).  So a run goes there in
chunks, each of which resumes it from its folder, through the same `learn`.  Where the GPU is refused, because the visitor's
minutes of today are used up, or is taken away, the run goes on where it stood, on the CPU.
Left out: anything but training; sampling and rewriting are small enough for the CPU there.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from vibejam.checkpoint import read_json
from vibejam.corpus import Corpus
from vibejam.errors import UserError
from vibejam.learn import SAMPLE_PROMPT, learn
from vibejam.recipe import Recipe
from vibejam.runtime import is_zero_gpu
from vibejam.train import TrainEvent

CHUNK_SECONDS = 40.0  # of learning in one go; measuring and saving come on top
ASKED_SECONDS = 60  # a visitor without an account has 120 a day
GONE = "The lent GPU is used up or was taken away, so the run goes on on this server's CPU; it is slower there."


def learn_here(
    corpus: Corpus, folder: Path, recipe: Recipe, *, resume: bool = False, prompt: str = SAMPLE_PROMPT
) -> Iterator[TrainEvent]:
    """`learn`, in the way of the machine that this is: in one go, or in chunks on a GPU that is lent."""
    if not is_zero_gpu():
        yield from learn(corpus, folder, recipe, resume=resume, prompt=prompt)
        return
    last = None
    try:
        while True:
            for found in _chunk(corpus, folder, recipe, resume, prompt, CHUNK_SECONDS):
                if isinstance(found, str):
                    raise UserError(found)
                last = found
                yield found
            resume = True
            if last is None or read_json(folder / "run.json")["status"] == "done":
                return
    except UserError:
        raise
    except Exception:  # whatever the service says: it is no fault of the run's
        if last is not None:
            yield replace(last, val_loss=None, val_bits_per_byte=None, best=False, sample=None, note=GONE)
    resume = (folder / "run.json").is_file()
    yield from learn(corpus, folder, recipe, resume=resume, prompt=prompt, device="cpu")


def _on_the_gpu_for_a_while(
    corpus: Corpus, folder: Path, recipe: Recipe, resume: bool, prompt: str, seconds: float
) -> Iterator[TrainEvent | str]:
    """So many seconds of `learn`, which is then left as by a pause; a UserError comes back as its sentence."""
    began = time.monotonic()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    events = learn(corpus, folder, recipe, resume=resume, prompt=prompt, device=device)
    try:
        for event in events:
            yield event
            if time.monotonic() - began > seconds:
                break
    except UserError as error:  # of an exception only its name would come back
        yield str(error)
    finally:
        events.close()  # saves the last state


if is_zero_gpu():
    import spaces  # the service's own package; app.py has imported it first of all

    _chunk = spaces.GPU(duration=ASKED_SECONDS)(_on_the_gpu_for_a_while)
else:
    _chunk = _on_the_gpu_for_a_while
