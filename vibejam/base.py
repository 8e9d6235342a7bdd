"""Standing on a pretrained model: how a run on one begins, and what it forgot of the language meanwhile."""

import json
from pathlib import Path

import torch

from vibejam.config import TrainConfig
from vibejam.evaluate import score_texts
from vibejam.fetch import load_base
from vibejam.lora import add_low_rank
from vibejam.model import BaseLM
from vibejam.tokenizer import Tokenizer

CONTEXT = 1024  # tokens a tuned model reads at a time; SmolLM2 could read 8,192, which a laptop's CPU would rather not
# Plain prose in no one's voice, our own: what a person's writing should not make the model worse at.
GENERAL_TEXT = Path(__file__).resolve().parents[1] / "assets" / "sample-drafts.jsonl"
GENERAL_BYTES = 8000


def start_on_base(base: str, config: TrainConfig, device: torch.device) -> tuple[BaseLM, Tokenizer]:
    """The base called `base` in fp32, ready to learn: all of it, or a correction of rank `config.lora_rank`.

    Raises UserError where the base was not fetched yet.
    """
    model, tokenizer = load_base(base, device, torch.float32)
    model.shorten_context(CONTEXT)
    if config.lora_rank:
        torch.manual_seed(config.seed)
        add_low_rank(model, config.lora_rank)
    return model, tokenizer


def general_bits_per_byte(model: BaseLM, tokenizer: Tokenizer) -> float | None:
    """Bits per byte on the general text: the forgetting figure, taken before and after.  None where the text is not here."""
    if not GENERAL_TEXT.is_file():
        return None
    texts, size = [], 0
    for line in GENERAL_TEXT.read_text(encoding="utf-8").splitlines():
        texts.append(json.loads(line)["draft"])
        size += len(texts[-1].encode())
        if size >= GENERAL_BYTES:
            break
    return score_texts(model, tokenizer, texts).bits_per_byte
