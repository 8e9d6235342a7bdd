"""How much of a text was copied word for word from the writing a model learnt from.

A run keeps no text, only 64-bit hashes of every four words in a row; a copied run is as many of those in a row.  Chance
matches between different phrases do not occur at this size (a million phrases against 2^64).  The hashes can't be read back, but
they can confirm a guess, as the weights can: they belong to the person as much as the weights do.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vibejam.errors import UserError
from vibejam.files import write_atomically

WORDS_IN_A_ROW = 4
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def phrase_hashes(texts: Iterable[str]) -> Tensor:
    """Sorted, distinct hashes (n,) of every four words in a row in each text."""
    return torch.tensor([h for text in texts for h in _hashes(text)], dtype=torch.int64).unique()


def longest_copied_run(text: str, phrases: Tensor) -> int:
    """The longest run of words in `text`, four or more, that the training text holds too; 0 where there is none."""
    return max((run.words for run in copied_runs(text, phrases)), default=0)


@dataclass(frozen=True)
class CopiedRun:
    """A part of a text, from one character up to another, and how many words it has."""

    start: int
    end: int
    words: int


def copied_runs(text: str, phrases: Tensor) -> list[CopiedRun]:
    """The parts of `text` whose every four words in a row stand in the training text, in reading order.

    Two that touch, each in a place of its own in the training text, count as one.
    """
    known = torch.isin(torch.tensor(list(_hashes(text)), dtype=torch.int64), phrases).tolist()
    places = [match.span() for match in _WORD.finditer(text)]
    runs: list[CopiedRun] = []
    first = None
    for i, hit in enumerate([*known, False]):
        if hit and first is None:
            first = i
        elif not hit and first is not None:
            last = i + WORDS_IN_A_ROW - 2
            runs.append(CopiedRun(places[first][0], places[last][1], last - first + 1))
            first = None
    return runs


def save_phrases(folder: Path, texts: Iterable[str], known: Tensor | None = None) -> None:
    """Keep the phrases of `texts`, and with them those that were `known` before."""
    phrases = phrase_hashes(texts)
    if known is not None:
        phrases = torch.cat([phrases, known]).unique()
    write_atomically(folder / "phrases.safetensors", lambda temporary: save_file({"phrases": phrases}, temporary))


def load_phrases(folder: Path) -> Tensor | None:
    """The run's phrases, or None where it has none, as a pretrained model.  Raises UserError where they are damaged."""
    path = folder / "phrases.safetensors"
    if not path.is_file():
        return None
    try:
        phrases = load_file(path)["phrases"]
        if phrases.dtype != torch.int64 or phrases.dim() != 1:
            raise ValueError("no hashes")
        return phrases
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise UserError(f"{path} is damaged; delete that run or restore the file.") from error


def _hashes(text: str) -> Iterator[int]:
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    for i in range(len(words) - WORDS_IN_A_ROW + 1):
        digest = hashlib.blake2b("\0".join(words[i : i + WORDS_IN_A_ROW]).encode(), digest_size=8).digest()
        yield int.from_bytes(digest, "little", signed=True)
