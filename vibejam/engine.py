"""The one door to a trained voice, for the app, the command line and a notebook.

    engine = StyleEngine("checkpoints/first", writer=endpoint_from_environment())
    pair = engine.compare("Tell my landlord that the boiler is broken.")
    print(pair.draft.text, pair.rewrite.text, sep="\\n---\\n")

Left out: making a voice (learn.py), and who writes the draft (drafts.py).
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vibejam import checkpoint
from vibejam.config import RewriteConfig, SampleConfig
from vibejam.copied import CopiedRun, copied_runs, load_phrases
from vibejam.drafts import Draft, DraftWriter
from vibejam.errors import UserError
from vibejam.evaluate import score_texts
from vibejam.fetch import base_path
from vibejam.rewrite import Rewrite, rewrite_text, stream_rewrite
from vibejam.rewrite.copying import load_copying
from vibejam.rewrite.habits import habits_of
from vibejam.rewrite.manner import Manner, load_manner
from vibejam.rewrite.neutraliser import BASE
from vibejam.rewrite.pairs import Pair
from vibejam.rewrite.proposers import EditsProposer, ModelProposer, Proposer
from vibejam.rewrite.reverse import reverse_score
from vibejam.rewrite.trust import SAMPLES, Meaning
from vibejam.runtime import pick_device
from vibejam.sample import stream_text


@dataclass(frozen=True)
class Comparison:
    """A draft and its rewrite, side by side, each with the name of the model that wrote it."""

    draft: Draft
    rewrite: Rewrite
    draft_model: str
    rewrite_model: str


@dataclass(frozen=True)
class Sampled:
    """A text the model wrote, and how much of it stands word for word in what it learnt from (None: not known)."""

    text: str
    tokens: int
    tokens_per_second: float
    longest_copied_run: int | None


class StyleEngine:
    """A trained voice and, if there is one, a writer of drafts.  Raises UserError where `folder` holds no sound model."""

    def __init__(self, folder: Path | str, writer: DraftWriter | None = None, device: str | None = None) -> None:
        self.folder, self.writer = Path(folder), writer
        self.model, self.tokenizer = checkpoint.load_model(self.folder, pick_device(device))

    @cached_property
    def name(self) -> str:
        """The run's name and the first figures of its weights' hash, so that two columns can't be mistaken for each other."""
        return f"{self.folder.name} ({weights_hash(self.folder)[:8]})"

    def stream(self, prompt: str, config: SampleConfig, stop: Callable[[], bool] = lambda: False) -> Iterator[str]:
        """What the voice writes after `prompt`, in pieces."""
        return stream_text(self.model, self.tokenizer, prompt, config, stop=stop)

    def sample(self, prompt: str, config: SampleConfig = SampleConfig()) -> Sampled:
        """What the voice writes after `prompt`, measured."""
        began = time.perf_counter()
        text = "".join(self.stream(prompt, config))
        seconds = time.perf_counter() - began
        tokens = len(self.tokenizer.encode(text))
        return Sampled(text, tokens, tokens / max(seconds, 1e-9), self.copied(text))

    def copied(self, text: str) -> int | None:
        """The longest run of words, four or more, that `text` has from the training text; None for a base without one."""
        runs = self.copied_runs(text)
        return None if runs is None else max((run.words for run in runs), default=0)

    def copied_runs(self, text: str) -> list[CopiedRun] | None:
        """The parts of `text` that are such runs; None for a base without a training text."""
        phrases = load_phrases(self.folder)
        return None if phrases is None else copied_runs(text, phrases)

    def generate(self, instruction: str) -> Draft:
        """A draft from the big model.  Raises UserError where there is none to ask, or it does not answer."""
        if self.writer is None:
            raise UserError("No model to write the draft; set OPENAI_API_KEY, name a local server, or paste a draft.")
        return self.writer.write(instruction)

    @cached_property
    def manner(self) -> Manner:
        """What was learnt of the person's manner.  Raises UserError for a run that has none."""
        manner = load_manner(self.folder)
        if manner is None:
            raise UserError(
                f"The run {self.folder.name} has not learnt a manner: it is older than rewriting, or had too little writing; "
                "let it learn anew from at least a page."
            )
        return manner

    @cached_property
    def rewrites(self) -> bool:
        """Whether the model itself was trained to rewrite, so that it proposes too."""
        path = self.folder / "run.json"
        return path.is_file() and "pairs" in checkpoint.read_json(path)

    def proposers(self, config: RewriteConfig) -> list[Proposer]:
        """Who proposes rewrites in this voice."""
        found: list[Proposer] = [EditsProposer(self.manner)]
        if self.rewrites and config.candidates:
            samples = min(config.candidates, SAMPLES)  # it writes whole ones
            copying = load_copying(self.folder, self.model, self.tokenizer, samples, config.seed)
            found.append(copying or ModelProposer(self.model, self.tokenizer, config.candidates))
        return found

    def rewrite(
        self,
        draft: str,
        config: RewriteConfig = RewriteConfig(),
        stop: Callable[[], bool] = lambda: False,
        also: Sequence[Proposer] = (),
        edits: Sequence[Pair] = (),
    ) -> Rewrite:
        """The draft in the person's manner; a stop keeps what is done.

        `edits`: what the person made of earlier drafts, of which what they always change is changed first (rewrite/habits.py).
        `also`: who else proposes, such as `LLMProposer(writer, passages)`; nobody outside this machine is asked without it.
        Raises UserError where the draft is empty or the run knows no manner.
        """
        asked = [*self.proposers(config), *also]
        return rewrite_text(draft, self.manner, asked, **_how(config, edits, asked), stop=stop)

    def stream_rewrite(
        self,
        draft: str,
        config: RewriteConfig = RewriteConfig(),
        stop: Callable[[], bool] = lambda: False,
        also: Sequence[Proposer] = (),
        edits: Sequence[Pair] = (),
    ) -> Iterator[Rewrite]:
        """The whole document again and again, each time with more of it rewritten; else as `rewrite`."""
        asked = [*self.proposers(config), *also]
        return stream_rewrite(draft, self.manner, asked, **_how(config, edits, asked), stop=stop)

    def compare(self, instruction: str, config: RewriteConfig = RewriteConfig()) -> Comparison:
        """A draft for `instruction` beside its rewrite."""
        draft = self.generate(instruction)
        return Comparison(draft, self.rewrite(draft.text, config), draft.model, self.name)

    def strangeness(self, text: str) -> float:
        """Bits per byte that the voice needs for `text`: the lower, the more it reads like the person."""
        if not text.strip():
            return math.nan
        return score_texts(self.model, self.tokenizer, [text]).bits_per_byte


def weights_hash(folder: Path) -> str:
    """SHA-256 of the weights' file."""
    with open(folder / "model.safetensors", "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _how(config: RewriteConfig, edits: Sequence[Pair], asked: Sequence[Proposer]) -> dict[str, object]:
    return {"habits": habits_of(edits), "strength": config.strength, "meaning": _meaning(asked)}


def _meaning(proposers: Sequence[Proposer]) -> Meaning | None:
    """Who sees whether a candidate still says the same: needed where a model proposes, for small edits are safe without, and
    there only where the base model was fetched."""
    return reverse_score if len(proposers) > 1 and base_path(BASE) else None
