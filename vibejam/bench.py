"""`vibejam bench`: how fast writing is, against others in the same run, and what the speed costs.

One function a figure.  The contestants take turns, each is timed in seconds of the processor (the machine may be busy
with other things) on one thread, and what counts is the ratio: its median over the rounds, and the spread.  Loading has
a figure of its own, packing none.  transformers and llama-cpp-python are asked only where they are installed.
"""

import importlib.util
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.bench_dial import dial
from vibejam.bench_training import training
from vibejam.compiled import CompiledDecoder, compiled
from vibejam.config import SampleConfig
from vibejam.decoder import Decoder, one_thread, packed
from vibejam.errors import UserError
from vibejam.fetch import base_path, load_base
from vibejam.gguf_model import write_gguf
from vibejam.model import GPTModel, build_model
from vibejam.products import fastest, has_int8
from vibejam.runtime import cpu_has_bf16
from vibejam.sample import candidate_ids, stream_ids
from vibejam.tokenizer import Tokenizer

BASE = "smollm2-135m"
CONTEXT = 512
Figure = dict[str, object]

# Written for this file: what is read, gone on from, and measured on.
STORY = """\
The ferry stopped running in the autumn, and for a week nobody on the island said anything about it. People walked \
down to the slip at ten past eight, as they always had, and looked at the water, and walked back. My aunt kept her \
good coat on until noon. On the Sunday the schoolteacher pinned a notice to the door of the shop: there would be a \
meeting, there would be tea, and anyone who owned a boat was asked to say so before the talking started.

Eleven of us owned boats. Four of the boats floated. The shopkeeper drew a table on the back of a seed catalogue, \
with the days across the top and our names down the side, and by the time the tea was cold we had something that \
looked, if you held it far enough away, like a timetable. I was given Thursdays. I had not asked for Thursdays, and \
I said so, and my aunt said that nobody asks for Thursdays, which is why there are so many of them.

What I remember best is how quickly it stopped being an emergency. The first crossing was an event; there were \
photographs. By the third, people complained that I was late. A man I had known all my life asked me, quite \
seriously, whether there was a discount for regular passengers, and I heard myself answer that I would look into it. \
We built a shelter at the slip out of two doors and a piece of sail. Somebody painted a number on it, although there \
was only the one.

I have read since then about how such things are supposed to work: incentives, institutions, the long slow growth of \
trust. I do not say that any of it is wrong. But nobody in that room was thinking about trust. We were thinking \
about flour, and the post, and whether the engine would start in the cold. If you want people to share something, \
give them a thing that is plainly broken, a pot of tea, and a pencil. The rest they will do in order to be allowed \
to stop talking about it.

In March a letter came to say that the service would resume. There was another meeting. This time the schoolteacher \
had nothing to pin up, and we sat for a while without quite knowing what we had come to decide. Then the shopkeeper \
turned over the seed catalogue and asked who would be free on Thursdays.
"""


def one_stream(tokens: int = 64, rounds: int = 3) -> Figure:
    """Tokens a second, greedy, one text, SmolLM2: ours against transformers.generate and, where installed, llama.cpp.

    The prompt's reading is in the time of each.  "vibejam" writes through ONNX Runtime in 8 bits, "fp32" through it in full,
    "torch" in 8 bits without it; "llama.cpp" is its own loop, on 8 bits too.  Raises UserError where the base or transformers is
    missing.
    """
    fast, tokenizer = _base(None)
    exact, _ = _base(torch.float32)
    by_torch = packed(fast)
    prompt, config = tokenizer.encode(STORY[:200]), SampleConfig(max_new_tokens=tokens, temperature=0)
    contestants: dict[str, Callable[[], list[int]]] = {
        "transformers": _transformers(exact, tokenizer, prompt, tokens),
        "vibejam": lambda: list(stream_ids(fast, prompt, config)),
        "vibejam fp32": lambda: list(stream_ids(exact, prompt, config)),
    }
    contestants["vibejam, torch"] = lambda: list(stream_ids(fast, prompt, config, decoder=by_torch))
    llama = _llama_cpp(exact, tokenizer, prompt, tokens)
    if llama is not None:
        contestants["llama.cpp"] = llama
    seconds, texts = _take_turns(contestants, rounds)
    theirs = texts["transformers"]
    return {
        "tokens": tokens,
        "prompt_tokens": len(prompt),
        "weights": (compiled(fast) or by_torch).weights,
        "weights_torch": by_torch.weights,
        "tokens_per_second": {name: round(tokens / statistics.median(taken), 1) for name, taken in seconds.items()},
        "times_transformers": {
            name: _ratio(seconds["transformers"], taken) for name, taken in seconds.items() if name != "transformers"
        },
        "same_text": {name: text == theirs for name, text in texts.items() if name != "transformers"},
        "same_first_tokens": {name: _common(text, theirs) for name, text in texts.items() if name != "transformers"},
        "llama_cpp": "compared" if llama else "not installed; `pip install llama-cpp-python` adds it, with a compiler",
    }


def candidates(count: int = 8, tokens: int = 40, rounds: int = 3, model: GPTModel | None = None) -> Figure:
    """Seconds for `count` sampled candidates of `tokens` tokens after one prompt, against writing them in turn."""
    vocabulary = range(model.config.vocab_size) if model else None
    if model is None:
        model, tokenizer = _base(None)
        prompt = tokenizer.encode(STORY[:200])
    else:
        prompt = [vocabulary[i % len(vocabulary)] for i in range(8)]
    config = SampleConfig(max_new_tokens=tokens, temperature=0.8, seed=1)
    seconds, _ = _take_turns(
        {
            "together": lambda: candidate_ids(model, prompt, count, config, ends=()),
            "in turn": lambda: [list(stream_ids(model, prompt, config)) for _ in range(count)],  # through ONNX Runtime
        },
        rounds,
    )
    return {
        "candidates": count,
        "tokens": tokens,
        "weights": packed(model).weights,
        "seconds": {name: round(statistics.median(taken), 3) for name, taken in seconds.items()},
        "tokens_per_second": round(count * tokens / statistics.median(seconds["together"]), 1),
        "times_in_turn": _ratio(seconds["in turn"], seconds["together"]),
    }


def rounding(text: str = STORY) -> Figure:
    """Bits per byte of SmolLM2, a step a token as in writing, in 8 bits against fp32: one text and eight a step.

    And one through ONNX Runtime, which rounds in its own way.
    """
    if not has_int8():
        raise UserError("This machine has no int8 products to compare; choose another figure with --what.")
    model, tokenizer = _base(None)
    exact, rounded = Decoder(model, "fp32"), Decoder(model, "int8")
    figures = {f"texts_a_step_{n}": rounded_against_exact(rounded, exact, tokenizer, [text], n) for n in (1, 8)}
    figures["onnxruntime"] = rounded_against_exact(CompiledDecoder(model), exact, tokenizer, [text], 1)
    return figures


def rounded_against_exact(
    rounded: Decoder | CompiledDecoder, exact: Decoder, tokenizer: Tokenizer, texts: Sequence[str], rows: int
) -> Figure:
    """Bits per byte in both, and the change in per cent with its standard error: little text decides little."""
    nats, size = {}, 0
    for name, decoder in (("exact", exact), ("rounded", rounded)):
        scored = [stepwise_nats(decoder, tokenizer, text, rows) for text in texts]
        nats[name], size = torch.cat([found for found, _ in scored]), sum(length for _, length in scored)
    change, whole = nats["rounded"] - nats["exact"], float(nats["exact"].sum())
    return {
        "tokens": len(change),
        **{name: round(float(found.sum()) / math.log(2) / size, 4) for name, found in nats.items()},
        "per_cent_worse": round(100 * float(change.sum()) / whole, 2),
        "standard_error": round(100 * float(change.std()) * math.sqrt(len(change)) / whole, 2),
    }


def stepwise_nats(decoder: Decoder | CompiledDecoder, tokenizer: Tokenizer, text: str, rows: int = 1) -> tuple[Tensor, int]:
    """Nats (n,) of each token, and how many bytes they are: `rows` stretches side by side, one step a token.

    A full context is begun anew.  The few tokens that do not fill the last column are left out.
    """
    ids = torch.tensor(tokenizer.encode(text))
    ids, nats = ids[: len(ids) // rows * rows].view(rows, -1), []  # (B, T)
    for window in ids.split(decoder.config.block_size - 1, dim=1):
        memory, logits = decoder.read([tokenizer.doc_end], window.shape[1])
        if rows > 1:
            memory, logits = memory.fork(rows), logits.expand(rows, -1)
        for tokens in window.T:
            nats.append(F.cross_entropy(logits, tokens, reduction="none").double())  # (B,)
            logits = decoder.step(tokens, memory)
    return torch.cat(nats), len(tokenizer.decode(ids.flatten().tolist()).encode())


def from_scratch(
    n_layer: int = 6, n_embd: int = 384, block_size: int = 256, tokens: int = 500, rounds: int = 2
) -> Figure:
    """A character model of nanoGPT's shape (https://github.com/karpathy/nanoGPT), untrained, writing as its sample.py does: 500
    characters after one, most of them with a full context.

    Ours against reading the whole context again for each token, as nanoGPT does it, with the same model for all.  Until the context
    is full everybody reads the same; from then on ours begins anew with its newer half, where nanoGPT drops one character.
    """
    torch.manual_seed(0)
    model = build_model(vocab_size=65, block_size=block_size, n_layer=n_layer, n_head=6, n_embd=n_embd).eval()
    config = SampleConfig(max_new_tokens=tokens, temperature=0)

    def again() -> list[int]:
        return model.generate(torch.tensor([[0]]), tokens, temperature=0)[0, 1:].tolist()

    def ours(decoder: Decoder | CompiledDecoder) -> Callable[[], list[int]]:
        return lambda: list(stream_ids(model, [0], config, decoder=decoder))

    exact = CompiledDecoder(model)
    model.rounded = True  # as one whose text need not stay the same to the letter
    rounded = CompiledDecoder(model)
    contestants = {
        "again": again,
        "vibejam": ours(exact),
        "vibejam, 8 bits": ours(rounded),
        "vibejam, torch": ours(Decoder(model, "fp32")),
        "vibejam, torch, 8 bits": ours(Decoder(model, fastest())),
    }
    seconds, texts = _take_turns(contestants, rounds)
    return {
        "shape": f"{n_layer} layers, {n_embd} wide, context {block_size}, 65 characters",
        "tokens": tokens,
        "weights": [exact.weights, rounded.weights],
        "tokens_per_second": {name: round(tokens / statistics.median(taken), 1) for name, taken in seconds.items()},
        "times_reading_again": {
            name: _ratio(seconds["again"], taken) for name, taken in seconds.items() if name != "again"
        },
        "same_first_tokens": {name: _common(text, texts["again"]) for name, text in texts.items() if name != "again"},
    }


def loading(rounds: int = 5) -> Figure:
    """Seconds on the clock until the kept copy of SmolLM2 is ready to compute; the file is likely in memory already."""
    seconds = []
    for _ in range(rounds):
        before = time.perf_counter()
        _base(None)
        seconds.append(time.perf_counter() - before)
    return {
        "seconds": round(statistics.median(seconds), 2),
        "lowest": round(min(seconds), 2),
        "highest": round(max(seconds), 2),
    }


FIGURES: dict[str, Callable[[], Figure]] = {
    "decode": one_stream,
    "candidates": candidates,
    "rounding": rounding,
    "from-scratch": from_scratch,
    "load": loading,
    "training": partial(training, minutes=0.5, seeds=2),
    "dial": dial,
}
ON_A_TEXT = {"training": training, "dial": dial}  # can be measured on any


def run(
    what: str | None = None, say: Callable[[str], None] = lambda line: None, learning: dict[str, object] | None = None
) -> Figure:
    """The figure called `what`, or all of them; `learning` says on which text, how long and how often it is measured."""
    names = [what] if what else list(FIGURES)
    results: Figure = {"processor_seconds_on": "one thread", "torch": torch.__version__, "cpu": _abilities()}
    for name in names:
        say(f"Measuring {name}")
        results[name] = ON_A_TEXT[name](**learning, say=say) if name in ON_A_TEXT and learning else FIGURES[name]()
    return results


def _abilities() -> dict[str, bool]:
    """What the CPU has of what makes writing fast."""
    names = {"avx2": "_is_avx2_supported", "avx512": "_is_avx512_supported", "vnni": "_is_vnni_supported"}
    found = {ability: bool(getattr(torch.cpu, name, lambda: False)()) for ability, name in names.items()}
    return {**found, "bf16": cpu_has_bf16()}


def _take_turns(
    contestants: dict[str, Callable[[], object]], rounds: int
) -> tuple[dict[str, list[float]], dict[str, object]]:
    """Seconds of the processor for each, round by round after one that is not counted, and what each last gave."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    given: dict[str, object] = {}
    with one_thread():
        for turn in range(rounds + 1):
            for name, run in contestants.items():
                before = time.process_time()
                given[name] = run()
                if turn:
                    seconds[name].append(time.process_time() - before)
    return seconds, given


def _ratio(theirs: list[float], ours: list[float]) -> Figure:
    """How many times faster `ours` is: round by round, for the machine's pace changes between them."""
    ratios = sorted(a / b for a, b in zip(theirs, ours, strict=True))
    figures = {"median": statistics.median(ratios), "lowest": ratios[0], "highest": ratios[-1]}
    return {name: round(ratio, 2) for name, ratio in figures.items()}


def _common(one: list[int], other: list[int]) -> int:
    """How many tokens both begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _base(dtype: torch.dtype | None) -> tuple[GPTModel, Tokenizer]:
    if base_path(BASE) is None:
        raise UserError(f"The figures are of {BASE}, which is not here yet; get it with `vibejam fetch-base {BASE}`.")
    model, tokenizer = load_base(BASE, "cpu", dtype)
    model.shorten_context(CONTEXT)
    return model, tokenizer


def _transformers(model: GPTModel, tokenizer: Tokenizer, prompt: list[int], tokens: int) -> Callable[[], list[int]]:
    """transformers.generate in fp32, as a plain install does it, from our own export of the same weights."""
    if importlib.util.find_spec("transformers") is None:
        raise UserError('transformers, to compare with, is not here; get it with `pip install -e ".[test]"`.')
    import transformers

    from vibejam.export import export_hf

    with tempfile.TemporaryDirectory() as folder:
        export_hf(base_path(BASE), Path(folder) / "hf")
        theirs = transformers.AutoModelForCausalLM.from_pretrained(Path(folder) / "hf", dtype=torch.float32).eval()
    idx = torch.tensor([prompt])

    def generate() -> list[int]:
        written = theirs.generate(
            idx,
            attention_mask=torch.ones_like(idx),
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=False,
            pad_token_id=tokenizer.doc_end,
        )
        return written[0, len(prompt) :].tolist()

    return generate


def _llama_cpp(
    model: GPTModel, tokenizer: Tokenizer, prompt: list[int], tokens: int
) -> Callable[[], list[int]] | None:
    """llama.cpp's own loop on one thread, on 8 bits of the same weights; None where it is not installed."""
    if importlib.util.find_spec("llama_cpp") is None:
        return None
    import llama_cpp

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "base.gguf"
        write_gguf(path, model, tokenizer, in_8_bits=True)
        settings = {"n_threads": 1, "n_threads_batch": 1, "use_mmap": False, "verbose": False}
        theirs = llama_cpp.Llama(str(path), n_ctx=CONTEXT, **settings)

    def generate() -> list[int]:
        theirs.reset()
        stream = theirs.generate(prompt, temp=0.0, top_k=1, repeat_penalty=1.0)
        return [next(stream) for _ in range(tokens)]

    return generate
