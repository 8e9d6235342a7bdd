"""The neutraliser: what a person wrote, said again as a machine's plain draft, so that undoing it can be learnt offline.

It is SmolLM2 with a small low-rank correction that ships in assets/, learnt on assets/pairs/ and the sample writing's drafts: own
words of invented people beside neutral drafts of them.  The person whose text it is used on was never among them.

    python -m vibejam.rewrite.neutraliser --minutes 16      learn it anew, whole voices held out

Left out: judging what it wrote (pairs.py filters), and other bases.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vibejam.base import CONTEXT
from vibejam.checkpoint import read_json
from vibejam.config import SampleConfig, TrainConfig
from vibejam.errors import UserError
from vibejam.fetch import base_path, load_base
from vibejam.files import write_atomically
from vibejam.lora import add_low_rank, corrections, merge_corrections
from vibejam.model import BaseLM, GPTModel
from vibejam.rewrite.pair_data import Example, PairData, encode_example, pair_loss, quick_pair_loss
from vibejam.runtime import compute_dtype, pick_device
from vibejam.sample import draw, unused_ids
from vibejam.tokenizer import Tokenizer
from vibejam.train import train_lm

BASE, RANK = "smollm2-135m", 8
ASSETS = Path(__file__).resolve().parents[2] / "assets"
ADAPTER = ASSETS / "neutraliser.safetensors"
PROMPT = "Text: {text}\n\nPlain draft:"
SAMPLE = "sample"  # the voice of the sample writing, which is always learnt from
HELD_VOICES = 3
ROWS = 32  # passages that are drafted side by side
LONGEST = 400  # tokens of a prompt; with a third more for the draft it fits the context, and a passage is shorter anyway
CAREFUL = SampleConfig(temperature=0.3, top_p=0.9)


def neutral_drafts(
    passages: Sequence[str], seed: int = 1, progress: Callable[[int], None] = lambda done: None
) -> list[str | None]:
    """A neutral draft of each passage, in their order; None where the model found no end, or the passage is empty
    or longer than a page.

    `progress` is told how many are done, some at a time.  Raises UserError where the base or the correction is missing.
    """
    model, tokenizer = loaded()
    prompts = [[tokenizer.doc_end, *tokenizer.encode(PROMPT.format(text=passage.strip()))] for passage in passages]
    order = [i for i, passage in enumerate(passages) if passage.strip() and len(prompts[i]) <= LONGEST]
    order.sort(key=lambda i: len(prompts[i]))
    dice = torch.Generator().manual_seed(seed)
    drafts: list[str | None] = [None] * len(passages)
    for start in range(0, len(order), ROWS):
        rows = order[start : start + ROWS]
        for i, ids in zip(rows, _answers(model, tokenizer, [prompts[i] for i in rows], dice), strict=True):
            drafts[i] = tokenizer.decode(ids).strip() or None if ids is not None else None
        progress(start + len(rows))
    return drafts


@torch.inference_mode()
def _answers(
    model: GPTModel, tokenizer: Tokenizer, prompts: list[list[int]], dice: torch.Generator
) -> list[list[int] | None]:
    """What the model writes after each of the prompts, which are of like length; None for an answer without an end."""
    longest = max(map(len, prompts))
    room = longest * 4 // 3 + 8
    x = torch.tensor([[tokenizer.doc_end] * (longest - len(ids)) + ids for ids in prompts])  # (B, T)
    cache = model.new_cache(len(prompts), longest + room)
    cache.hidden = torch.tensor([[place < longest - len(ids) for place in range(cache.length)] for ids in prompts])  # (B, S)
    banned = unused_ids(tokenizer)
    answers: list[list[int] | None] = [[] for _ in prompts]
    writing = list(range(len(prompts)))  # which prompt each row of the cache belongs to
    for _ in range(room):
        logits = model.forward_cached(x, cache)[:, -1].float().cpu()  # (B, V)
        logits[:, banned] = -torch.inf
        tokens = [draw(row, CAREFUL, dice) for row in logits]
        for i, token in zip(writing, tokens, strict=True):
            answers[i].append(token)
        on = [row for row, token in enumerate(tokens) if token != tokenizer.doc_end]
        if not on:
            break
        if len(on) < len(writing):  # rows that are done are not read any further
            cache.keep(on)
        writing = [writing[row] for row in on]
        x = torch.tensor([[tokens[row]] for row in on])  # (B, 1)
    return [answer[:-1] if answer and answer[-1] == tokenizer.doc_end else None for answer in answers]


@lru_cache(maxsize=1)
def loaded() -> tuple[GPTModel, Tokenizer]:
    """The base with the correction added to its weights, in the precision that this machine is fast at: what it makes of a change
    is off by a seventh of a nat in bfloat16, and is there in half the time."""
    device = pick_device()
    model, tokenizer = load_base(BASE, device)
    model.shorten_context(CONTEXT)
    try:
        with safe_open(ADAPTER, framework="pt") as file:
            merge_corrections(model, {name: file.get_tensor(name) for name in file.keys()})
    except (OSError, SafetensorError, ValueError) as error:
        raise UserError(f"{ADAPTER} is missing or damaged; get it again from vibejam's repository.") from error
    return model.to(compute_dtype(device)), tokenizer


def learn_neutraliser(minutes: float, out: Path, seed: int = 1, say: Callable[[str], None] = print) -> None:
    """Learn the correction for so many minutes into `out`; the best by the held-out voices is kept."""
    voices = _voices()
    names = sorted(set(voices) - {SAMPLE})
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    held_names = [names[i] for i in order[:HELD_VOICES]]
    model, tokenizer = load_base(BASE, pick_device())
    model.shorten_context(CONTEXT)
    learnt = [row for name, rows in voices.items() if name not in held_names for row in rows]
    held = [row for name in held_names for row in voices[name]]
    data = PairData(*([_example(tokenizer, *row) for row in rows] for rows in (learnt, held)), tokenizer.doc_end, seed)
    before = pair_loss(model, data)
    say(f"{len(learnt)} pairs of {len(voices) - len(held_names)} voices; held out: {', '.join(held_names)}; loss {before.loss:.3f}")
    torch.manual_seed(seed)
    add_low_rank(model, RANK)
    note = {
        "base": BASE,
        "base_sha256": str(read_json(base_path(BASE) / "base.json")["sha256"]),
        "rank": str(RANK),
        "prompt": PROMPT,
        "data": f"{len(learnt)} pairs of {len(voices) - len(held_names)} invented voices",
        "held_out": f"{len(held)} pairs of {', '.join(held_names)}",
        "licence": "CC0-1.0",
    }

    def save(kind: str, model: BaseLM, state: object) -> None:
        if kind == "best":
            parts = {name: part.to("cpu", torch.bfloat16).contiguous() for name, part in corrections(model).items()}
            write_atomically(out, lambda temporary: save_file(parts, temporary, metadata=note))

    config = TrainConfig(
        minutes=minutes, batch_size=4, lr=2e-3, warmup=0.05, weight_decay=0.0, evals=6, patience=3, lora_rank=RANK, seed=seed
    )
    for event in train_lm(model, data, config, save=save, measure=quick_pair_loss):
        if event.val_loss is not None or event.note or event.iteration % 10 == 0:
            kept = "" if event.val_loss is None else f", held-out {event.val_loss:.3f}{' *' if event.best else ''}"
            speed = f"({event.tokens_per_second:.0f} tokens/s)"
            say(f"{event.progress:4.0%}  step {event.iteration}: loss {event.train_loss:.3f}{kept} {speed}")


def _voices() -> dict[str, list[tuple[str, str]]]:
    """(own words, neutral draft) of each voice that the correction is learnt from."""
    voices: dict[str, list[tuple[str, str]]] = {}
    for path in [*sorted((ASSETS / "pairs").glob("*.jsonl")), ASSETS / "sample-drafts.jsonl"]:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            voices.setdefault(row.get("voice", SAMPLE), []).append((row["original"], row["draft"]))
    return voices


def _example(tokenizer: Tokenizer, words: str, draft: str) -> Example:
    """Here all words count alike: what must be copied, names and numbers, is the harder part to learn."""
    return encode_example(tokenizer, PROMPT.format(text=words), words, draft, changed_counts=1.0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Learn the neutraliser's correction anew.")
    parser.add_argument("--minutes", type=float, required=True, help="How long to learn.")
    parser.add_argument("--out", type=Path, default=ADAPTER, help="Where the correction goes.")
    parser.add_argument("--seed", type=int, default=1, help="Fixes the order and which voices are held out.")
    args = parser.parse_args()
    learn_neutraliser(args.minutes, args.out, args.seed, lambda line: print(line, file=sys.stderr, flush=True))
