"""Every setting of vibejam, each with one plain sentence.

The sentence beside a field is its only documentation: the command line prints it as `--help`, the app shows it under the
control (`help_for`).  What is left out: settings nobody has asked for, and anything that can be worked out from the text.
"""

import math
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

from vibejam.errors import SettingError

MAX_CONTEXT = 131_072  # tokens; the weights' file says nothing of the context, so nothing else bounds its tables
MAX_LAYERS = 1024
MAX_GRAMS, MAX_ROWS = 16, 2**20
MAX_SEED = 2**32 - 1


def knob(default: Any, sentence: str) -> Any:
    """A dataclass field with its default and the one sentence that explains it."""
    return field(default=default, metadata={"help": sentence})


def help_for(config: type, name: str) -> str:
    """The sentence of `config.name`.  Raises KeyError for a field that does not exist."""
    return _fields(config)[name].metadata["help"]


def default_of(config: type, name: str) -> Any:
    """The default of `config.name`, or None where the field is required.  Raises KeyError for an unknown field."""
    default = _fields(config)[name].default
    return None if default is MISSING else default


def _fields(config: type) -> dict[str, Field]:
    return {f.name: f for f in fields(config)}


@dataclass(frozen=True)
class RopeScaling:
    """Llama 3.1's stretching of the rotary frequencies (https://arxiv.org/abs/2407.21783), as config.json names it."""

    factor: float = knob(1.0, "How many times longer the context is than the one the model was first trained on.")
    low_freq_factor: float = knob(1.0, "Wavelengths longer than the old context divided by this are stretched fully.")
    high_freq_factor: float = knob(4.0, "Wavelengths shorter than the old context divided by this are left alone.")
    original_context: int = knob(8192, "The context length, in tokens, that the model was first trained on.")

    def __post_init__(self) -> None:
        if not (0 < self.factor < math.inf and 0 < self.original_context < math.inf):
            raise SettingError("rope_scaling's factor and original_context must be above 0")
        if not 0 < self.low_freq_factor < self.high_freq_factor < math.inf:
            raise SettingError("rope_scaling's low_freq_factor must be above 0 and below its high_freq_factor")


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a model: all that `build_model` needs, and all that config.json holds besides the tokenizer's hash."""

    vocab_size: int = field(metadata={"help": "How many different tokens the model knows."})
    block_size: int = knob(128, "How many tokens the model looks back on: its context.")
    n_layer: int = knob(4, "How many blocks are stacked; more can learn more and take longer.")
    n_head: int = knob(4, "How many attention heads a block has; the width must be a multiple of it.")
    n_embd: int = knob(128, "How many numbers describe a token inside the model: its width.")
    dropout: float = knob(0.0, "Share of values dropped while learning, against learning by heart; 0.1 to 0.2 on little text.")
    arch: str = knob(
        "transformer", "Which kind: a plain transformer can be exported and taught to rewrite; a tuned one learns more, and can't."
    )
    n_kv_head: int | None = knob(None, "Heads for keys and values, fewer than heads in grouped-query attention; none: the same.")
    n_hidden: int | None = knob(None, "Width inside the feed-forward; none: 8/3 of the model's width, rounded up to 32.")
    norm_eps: float = knob(1e-5, "A small number that keeps the normalisation from dividing by zero.")
    rope_theta: float = knob(10_000.0, "The base of the rotary positions' wavelengths.")
    rope_scaling: RopeScaling | None = knob(None, "How a pretrained model's rotary positions were stretched, if they were.")
    tie_embeddings: bool = knob(True, "Whether reading and writing a token share one table.")
    grams: int = knob(0, "How many tables of hashed n-grams a tuned model reads by: of 2 tokens, of 3, and so on.")
    gram_rows: int = knob(32_768, "How many rows such a table has; n-grams that share one are not told apart.")
    gram_slots: int = knob(0, "In how many slots it holds how often the text said an n-gram; 0: it believes all of them alike.")
    gram_dropout: float = knob(0.0, "Share of the n-grams passed over while learning, against learning them by heart.")
    counted: int = knob(0, "How many tokens the longest n-grams have that are counted and predicted by, too; 0: none are.")

    def __post_init__(self) -> None:
        sizes = (self.vocab_size, self.block_size, self.n_layer, self.n_head, self.n_embd, self.kv_heads, self.hidden)
        if not all(isinstance(size, int) for size in sizes) or min(sizes) < 1:
            raise SettingError(
                "vocab_size, block_size, n_layer, n_head, n_kv_head, n_embd and n_hidden must be whole numbers of at least 1"
            )
        if not (0 <= self.grams <= MAX_GRAMS and 1 <= self.gram_rows <= MAX_ROWS and 0 <= self.gram_slots <= MAX_ROWS):
            raise SettingError(f"grams lie between 0 and {MAX_GRAMS}, gram_rows and gram_slots between 1 and {MAX_ROWS}")
        if not (isinstance(self.counted, int) and 0 <= self.counted <= MAX_GRAMS):
            raise SettingError(f"counted lies between 0 and {MAX_GRAMS}")
        if self.block_size > MAX_CONTEXT or self.n_layer > MAX_LAYERS:
            raise SettingError(f"block_size is {MAX_CONTEXT} at most and n_layer {MAX_LAYERS}")
        if self.n_embd % self.n_head or (self.n_embd // self.n_head) % 2:
            raise SettingError(f"n_embd {self.n_embd} must be an even multiple of n_head {self.n_head}")
        if self.n_head % self.kv_heads:
            raise SettingError(f"n_head {self.n_head} must be a multiple of n_kv_head {self.kv_heads}")
        for name in ("dropout", "gram_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingError(f"{name} {getattr(self, name)} must lie in [0, 1)")
        if not (0 <= self.norm_eps < 1 and 0 < self.rope_theta < math.inf):
            raise SettingError("norm_eps must lie in [0, 1) and rope_theta above 0")

    @property
    def kv_heads(self) -> int:
        return self.n_kv_head or self.n_head

    @property
    def head_dim(self) -> int:
        return self.n_embd // self.n_head

    @property
    def hidden(self) -> int:
        return self.n_hidden or -(-8 * self.n_embd // 3 // 32) * 32


@dataclass(frozen=True)
class TrainConfig:
    """How a model learns.  `minutes` or `max_iters` ends a run, whichever comes first; 0 means no such limit."""

    minutes: float = knob(0.0, "How long to learn, in minutes; the learning rate is planned to reach zero then.")
    max_iters: int = knob(0, "How many steps to learn for; the learning rate is planned to reach zero then.")
    batch_size: int = knob(8, "How many passages the model reads in one step.")
    accumulate: int = knob(1, "In how many parts a step's passages are read: more take less memory and learn the same.")
    lr: float = knob(2e-3, "The highest learning rate: how far one step moves the weights.")
    muon_lr: float = knob(0.0, "The same for the matrices inside the blocks, which Muon then moves; 0: AdamW moves all.")
    warmup: float = knob(0.02, "Share of the run in which the learning rate climbs from zero.")
    weight_decay: float = knob(0.1, "How strongly weights are pulled towards zero, against learning by heart.")
    grad_clip: float = knob(1.0, "The longest step one batch may ask for; longer ones are shortened.")
    first_turn: float = knob(0.0, "Share of the run after which the model also learns to say what it said then; 0: it never does.")
    anew: bool = knob(False, "Whether it begins from nothing again there, taught by what it was, which is slow and forgets best.")
    evals: int = knob(16, "How many times a run measures itself on the held-out text.")
    patience: int = knob(6, "Measurements without improvement after which the run stops early; 0: never.")
    lora_rank: int = knob(0, "On a pretrained base: the rank of the correction that is learnt; 0 learns all weights.")
    compile: bool = knob(False, "Have torch.compile translate the model first: a minute before the first step, faster steps then.")
    seed: int = knob(1, "The number that fixes every random choice.")

    def __post_init__(self) -> None:
        if not (0 <= self.minutes < math.inf and self.max_iters >= 0 and (self.minutes or self.max_iters)):
            raise SettingError("a run needs an end: minutes or max_iters above 0")
        if self.batch_size < 1 or self.evals < 1 or self.patience < 0 or not 0 < self.lr < math.inf:
            raise SettingError("batch_size and evals must be at least 1, lr above 0, and patience not below 0")
        if not (1 <= self.accumulate <= self.batch_size and 0 <= self.muon_lr < math.inf):
            raise SettingError("accumulate must lie between 1 and batch_size, and muon_lr not below 0")
        if not 0 <= self.first_turn < 1:
            raise SettingError("first_turn must lie in [0, 1)")
        if not (0 <= self.warmup < 1 and 0 <= self.weight_decay < math.inf and self.grad_clip > 0):
            raise SettingError("warmup must lie in [0, 1), weight_decay not below 0, and grad_clip above 0")
        _check_seed(self.seed)


@dataclass(frozen=True)
class DataConfig:
    """How text becomes tokens, and what is held out."""

    tokenizer: str = knob("auto", "What a token is: char, one character; bpe, pieces of words; auto, by the amount of text.")
    vocab_size: int | None = knob(None, "How many tokens a bpe tokenizer may have; none: by the amount of text.")
    val_fraction: float = knob(0.1, "Share of the writing held out, as whole documents, to measure on.")
    seed: int = knob(1, "The number that fixes which documents are held out.")

    def __post_init__(self) -> None:
        if self.tokenizer not in ("auto", "char", "bpe"):
            raise SettingError(f"tokenizer is 'auto', 'char' or 'bpe', not {self.tokenizer!r}")
        if not 0 <= self.val_fraction < 0.9:
            raise SettingError(f"val_fraction {self.val_fraction} must lie in [0, 0.9)")
        _check_seed(self.seed)


@dataclass(frozen=True)
class SampleConfig:
    """How the next token is drawn from the model's probabilities."""

    max_new_tokens: int = knob(200, "How many tokens to write at most.")
    temperature: float = knob(0.8, "How daring the choice is: 0 always takes the likeliest token, 1 follows the probabilities.")
    top_k: int = knob(0, "Choose among this many likeliest tokens only; 0: all.")
    top_p: float = knob(0.95, "Choose among the likeliest tokens that together reach this probability; 1: all.")
    min_p: float = knob(0.0, "Leave out tokens less likely than this share of the likeliest one; 0: none.")
    seed: int | None = knob(None, "The number that fixes the dice: the same seed writes the same text; none: a new text each time.")

    def __post_init__(self) -> None:
        if self.max_new_tokens < 0 or self.top_k < 0 or not 0 <= self.temperature < math.inf:
            raise SettingError("max_new_tokens, temperature and top_k can't be below 0")
        if not 0 < self.top_p <= 1 or not 0 <= self.min_p <= 1:
            raise SettingError("top_p must lie in (0, 1] and min_p in [0, 1]")
        if self.seed is not None:
            _check_seed(self.seed)


@dataclass(frozen=True)
class RewriteConfig:
    """How a draft is rewritten."""

    strength: float = knob(1.0, "How far to go: 0 changes hardly anything, 1 takes on the whole voice.")
    candidates: int = knob(48, "How many other ways of putting each sentence a taught model looks into; more is better and slower.")
    seed: int = knob(1, "The number that fixes the dice: the same seed gives the same rewrite.")

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise SettingError(f"a strength lies between 0 and 1, not {self.strength}")
        if not 0 <= self.candidates <= 64:
            raise SettingError(f"candidates lie between 0 and 64, not {self.candidates}")
        _check_seed(self.seed)


def _check_seed(seed: int) -> None:
    if not 0 <= seed <= MAX_SEED:
        raise SettingError(f"a seed lies between 0 and {MAX_SEED}, not {seed}")
