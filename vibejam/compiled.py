"""The faster way to write one text: llama.cpp, where its Python binding is installed (`pip install -e ".[fast]"`).

It takes the model as it lies in memory, a fine-tuned one like any other: the weights, in 8 bits, go through a temporary
file that is gone before the first word, so it can never be an old one.  `read` and `step` are those of `Decoder`, and
sample.py still chooses the token.  Where something is missing or looks wrong, one sentence says so and `Decoder` writes.
Left out: several texts side by side, for which torch's products measured faster, and models in fp32, whose text stays
the same to the letter.

Shapes: T tokens; V vocabulary.
"""

import ctypes
import importlib
import importlib.util
import logging
import sys
import tempfile
import weakref
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from vibejam.decoder import Packing, can_decode, may_round
from vibejam.errors import UserError
from vibejam.gguf_model import write_gguf
from vibejam.model import BaseLM, GPTModel

PACKAGE = "llama_cpp"
READ_AT_ONCE = 256  # tokens of a prompt
TRIAL = 8  # tokens on which it must agree with the model before it may write
NEAR = 0.3  # of the logits' spread: 8 bits are off by a tenth of it, and so are the products in bfloat16 of a CPU that has them


class Reading:
    """What llama.cpp remembers of one text: `position` tokens of up to `length`.  What it takes goes when this goes."""

    def __init__(self, decoder: "CompiledDecoder", context: object, length: int) -> None:
        self.decoder, self.context = decoder, context  # the weights must outlive what refers to them
        self.length, self.position = length, 0


class CompiledDecoder:
    """`model` as it is now, in llama.cpp: weights that change later are not seen.

    Raises RuntimeError, or what a broken build raises, where it can't be loaded or computes something else.
    """

    weights = "8 bits in llama.cpp"

    def __init__(self, model: GPTModel) -> None:
        self._library, self.config = _library(), model.config
        # under Windows a file that is still mapped stays until the system clears it away
        with tempfile.TemporaryDirectory(prefix="vibejam-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "model.gguf"
            write_gguf(path, model, None, in_8_bits=True)
            settings = self._library.llama_model_default_params()
            settings.n_gpu_layers = 0
            self._model = self._library.llama_model_load_from_file(str(path).encode(), settings)
        if not self._model:
            raise RuntimeError("it did not take the model")
        weakref.finalize(self, self._library.llama_model_free, self._model)
        self._try_out(model)

    def read(self, ids: list[int], room: int) -> tuple[Reading, Tensor]:
        """The prompt: its memory, with `room` for more tokens, and logits (1, V).

        Raises ValueError where both together, or nothing, would be more than the context holds.
        """
        T, library = len(ids), self._library
        if not 1 <= T <= T + room <= self.config.block_size:
            raise ValueError(f"{T} tokens and room for {room} more do not fit a context of {self.config.block_size}")
        settings = library.llama_context_default_params()
        settings.n_ctx = T + room
        settings.n_batch = settings.n_ubatch = min(T, READ_AT_ONCE)
        settings.n_threads, settings.n_threads_batch = 1, torch.get_num_threads()  # for one: decoder.one_thread
        context = library.llama_init_from_model(self._model, settings)
        if not context:
            raise UserError("There is not enough memory to write with llama.cpp; close something or shorten the text.")
        memory = Reading(self, context, T + room)
        weakref.finalize(memory, library.llama_free, context)
        for start in range(0, T, READ_AT_ONCE):
            logits = self._decode(ids[start : start + READ_AT_ONCE], memory)
        return memory, logits

    def step(self, tokens: Tensor, memory: Reading) -> Tensor:
        """One more token (1,), to logits (1, V) in fp32.  Raises ValueError where the memory is full."""
        if memory.position == memory.length:
            raise ValueError(f"the memory holds {memory.length} tokens and is full")
        return self._decode(tokens.tolist(), memory)

    def _decode(self, ids: list[int], memory: Reading) -> Tensor:
        """Read `ids` (T,) after what was read, and the logits (1, V) after the last."""
        library = self._library
        tokens = (library.llama_token * len(ids))(*ids)  # a name of its own: the batch only points to it
        failed = library.llama_decode(memory.context, library.llama_batch_get_one(tokens, len(ids)))
        if failed:
            raise UserError(f"llama.cpp stopped in the middle of a text (its code is {failed}); try again.")
        memory.position += len(ids)
        found = library.llama_get_logits_ith(memory.context, -1)
        shape = (1, self.config.vocab_size)
        return torch.from_numpy(np.ctypeslib.as_array(ctypes.cast(found, ctypes.POINTER(ctypes.c_float)), shape).copy())

    def _try_out(self, model: GPTModel) -> None:
        """Raises RuntimeError unless both say nearly the same of what follows a few tokens."""
        ids = torch.linspace(0, self.config.vocab_size - 1, min(TRIAL, self.config.block_size)).long()  # (T,)
        with torch.inference_mode():
            expected = model.forward_cached(ids[None], model.new_cache(1, len(ids)))[0, -1].float()  # (V,)
        found = self.read(ids.tolist(), 0)[1][0]
        if not (found - expected).square().mean().sqrt() < NEAR * expected.std():  # NaN is not near either
            raise RuntimeError("its numbers are not the model's")


def compiled(model: BaseLM) -> CompiledDecoder | None:
    """llama.cpp's decoder of `model` as it is now, made anew where weights have changed; None where there can be none."""
    if not (can_decode(model) and may_round(model)) or importlib.util.find_spec(PACKAGE) is None:
        return None
    return _DECODERS(model)


def _made(model: GPTModel) -> CompiledDecoder | None:
    try:
        return CompiledDecoder(model)
    except Exception as error:  # whatever a build that does not fit this machine or this version comes up with
        reason = " ".join(str(error).split()) or type(error).__name__
        print(f"llama.cpp is installed but can't write here ({reason}); writing goes on without it.", file=sys.stderr)
        return None


_DECODERS: Packing[CompiledDecoder | None] = Packing(_made)


def _library() -> ModuleType:
    logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL)  # it prints a page of settings otherwise
    return importlib.import_module(PACKAGE)
