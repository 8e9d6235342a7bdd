"""Rewriting with no pretrained model: a small one made from nothing that points into the draft and copies whole words.

A pointer (See, Liu & Manning 2017, https://arxiv.org/abs/1704.04368) over a `GPTModel`: at each place of the answer it either
writes a token or copies a word or mark of the draft, all of its tokens,

    p(write token) = (1 - g) p_model(token)        p(copy the word at j) = g a_j

with a gate g and an attention a of their own.  Which words are copies, the pair says: those that stand in both texts.  So a word
that was never seen can be said again, and a small model, which breaks rare words in the middle, need not spell them.
It knows too little English for a paraphrase, too.  What it proposes may therefore differ from the draft only by exchanges of words
that the pairs showed; they are kept as hashes, no text.
Left out: other architectures (they have no keys and values to write on from), a penalty for repeating, and choosing (selector.py).
"""

import difflib
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vibejam.config import ModelConfig, SampleConfig
from vibejam.errors import UserError
from vibejam.files import write_atomically
from vibejam.model import GPTModel, KVCache, unfilled_model
from vibejam.rewrite.pair_data import Example, encode_example
from vibejam.rewrite.pairs import PROMPT, Pair
from vibejam.rewrite.proposers import Said
from vibejam.sample import draw, unused_ids
from vibejam.tokenizer import Tokenizer

FILE, FORMAT = "copying.safetensors", "1"
CONTEXT = 1024  # tokens that a draft and its rewrite may have: more than such a model looked back on while it learnt to write
STRANGE = 0.2  # of the longer words that are copied, spelt at random where they are learnt from
OFTEN = 2  # times that pairs must show an exchange of words
LONGEST = 3  # words on either side of one; what is longer is a paraphrase and says little of each word
LONGER, ROOM = 1.5, 16  # an answer's tokens: so many times the draft's, and some more
_WORD = re.compile(r"\w+(?:[^\w\s—–…]\w+)*|[^\w\s]")  # what is copied whole: "1.29", "don't" and "example.com" too, or a mark
_DRAFT = tuple(map(len, PROMPT.split("{draft}")))  # what of a prompt stands before the draft and after it


class CopyingModel(GPTModel):
    """A plain transformer with the pointer's query, key and gate beside it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        C = config.n_embd
        wide = {name: nn.Linear(C, C, bias=False) for name in ("query", "key")}
        self.pointer = nn.ModuleDict({**wide, "gate": nn.Linear(C, 1)})
        for part in self.pointer.values():
            nn.init.normal_(part.weight, std=0.02)
        nn.init.zeros_(self.pointer["gate"].bias)

    def loss(self, idx: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """The weighted mean of the targets' nats as `BaseLM.loss` has it; a target of vocab_size + j is the copy of what is at j.

        What can be copied stands before the first target.
        """
        self._check_length(idx)
        counted, V = targets >= 0, self.config.vocab_size
        weights = counted.float() if weights is None else weights
        states = self.hidden_states(idx)  # (B, T, C)
        attention, gate = self.pointed(states, states, counted.cumsum(1) - counted.int() == 0)  # (B, T, T), (B, T)
        copies, writes = targets >= V, counted & (targets < V)  # (B, T)
        copied = attention.gather(2, (targets - V).clamp(min=0)[..., None])[..., 0] + F.logsigmoid(gate)  # (B, T)
        written = -F.cross_entropy(self.head(states[writes]).float(), targets[writes], reduction="none")  # (N,)
        written = written + F.logsigmoid(-gate[writes])
        total = -(written * weights[writes]).sum() - (copied[copies] * weights[copies]).sum()
        return total / weights[counted].sum().clamp(min=1)

    def pointed(self, states: Tensor, draft: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Of states (B, T, C) looking at a draft's (B, S, C) where `seen` (B, S): log a (B, T, S), and the gate's logit (B, T)."""
        asked, keys = self.pointer["query"](states), self.pointer["key"](draft)
        scores = (asked @ keys.transpose(1, 2)).float() / math.sqrt(asked.shape[-1])  # (B, T, S)
        attention = F.log_softmax(scores.masked_fill(~seen[:, None, :], -1e9), -1)
        return attention, self.pointer["gate"](states).float()[..., 0]

    def read_on(self, idx: Tensor, cache: KVCache) -> Tensor:
        """The next tokens (B, T) after those in `cache`, to their states (B, T, C); else as `forward_cached`."""
        start, end = cache.used, cache.used + idx.shape[1]
        x, rotary = self.embed(idx), (self.cos[start:end], self.sin[start:end])
        for layer, block in enumerate(self.blocks):
            x = block(x, rotary, cache.layer(layer, end), None)
        cache.used = end
        return self.norm(x)

    def plain(self) -> GPTModel:
        """The transformer alone, with the same weights."""
        model = unfilled_model(self.config)
        model.load_state_dict({n: w for n, w in self.state_dict().items() if not n.startswith("pointer.")})
        model.counted = self.counted
        return model


def add_copying(model: GPTModel, folder: Path) -> CopyingModel:
    """`model` with a pointer: the one in `folder`, or a fresh one; it reads CONTEXT tokens from now on.

    Raises UserError where the pointer's file is damaged.
    """
    block = max(CONTEXT, model.config.block_size)
    copying = CopyingModel(replace(model.config, block_size=block))
    pointer = _read(folder)[0] if (folder / FILE).is_file() else {}
    _fill(copying, {**model.state_dict(), **pointer}, folder)
    copying.counted = model.counted
    return copying.to(next(model.parameters()).device).eval()


def load_copying(folder: Path, model: GPTModel, tokenizer: Tokenizer, count: int, seed: int) -> "CopyingProposer | None":
    """The proposer of the run in `folder`, whose transformer is `model`; None where it has no pointer.  Raises UserError where
    its file is damaged."""
    if not (folder / FILE).is_file():
        return None
    return CopyingProposer(add_copying(model, folder), tokenizer, _read(folder)[1], count, seed=seed)


def save_copying(folder: Path, model: CopyingModel, exchanges: Tensor) -> None:
    """What of the model is not in model.safetensors, and the exchanges of words that it may propose."""
    parts = {n: w.detach().float().cpu().contiguous() for n, w in model.state_dict().items() if n.startswith("pointer.")}
    parts["exchanges"] = exchanges
    write_atomically(folder / FILE, lambda temporary: save_file(parts, temporary, metadata={"format": FORMAT}))


def exchanges_of(pairs: Sequence[Pair]) -> Tensor:
    """Hashes (n,) of the exchanges of words, dropped and added ones among them, that at least OFTEN pairs show."""
    shown = Counter[int]()
    for pair in pairs:
        short = [(gone, come) for gone, come in _changes(pair.draft, pair.rewrite) if max(len(gone), len(come)) <= LONGEST]
        shown.update({_hash(old, new) for gone, come in short for old in gone or [""] for new in come or [""]})
    return torch.tensor(sorted(key for key, count in shown.items() if count >= OFTEN), dtype=torch.int64)


class CopyingProposer:
    """A model from nothing that learnt from pairs: samples that differ from the draft as the pairs' rewrites differ from theirs."""

    name, agreed, fluent = "your model", 2, False

    def __init__(
        self, model: CopyingModel, tokenizer: Tokenizer, exchanges: Tensor, count: int = 8, temperature: float = 0.7, seed: int = 1
    ) -> None:
        self.model, self.tokenizer, self.count = model, tokenizer, count
        self.known = frozenset(exchanges.tolist())
        self.sampling = SampleConfig(temperature=temperature, top_p=0.95, seed=seed)

    def __call__(self, units: Sequence[str], stop: Callable[[], bool] = lambda: False) -> list[Said]:
        return [{} if stop() else dict.fromkeys(filter(partial(self.allowed, unit), self.samples(unit)), 1.0) for unit in units]

    def allowed(self, draft: str, text: str) -> bool:
        """Whether `text` differs from `draft` by known exchanges alone."""
        for gone, come in _changes(draft, text):
            for old in gone:
                if not any(_hash(old, new) in self.known for new in [*come, ""]):
                    return False
            for new in come:
                if not any(_hash(old, new) in self.known for old in [*gone, ""]):
                    return False
        return True

    @torch.inference_mode()
    def samples(self, unit: str) -> list[str]:
        """What the model writes for one unit: different texts that found their end."""
        prompt = PROMPT.format(draft=unit)
        asked = self.tokenizer.inner.encode(prompt, add_special_tokens=False)
        words = {1 + tokens[0]: [asked.ids[t] for t in tokens] for _, tokens in _words(prompt, asked.offsets, *_DRAFT)}
        ids, room = [self.tokenizer.doc_end, *asked.ids], round(len(self.tokenizer.encode(unit)) * LONGER) + ROOM
        if len(ids) + room > self.model.config.block_size:
            return []
        written = (self.tokenizer.decode(row).strip() for row in self._write(ids, words, room))
        return list(dict.fromkeys(text for text in written if text))

    def _write(self, ids: list[int], words: dict[int, list[int]], room: int) -> list[list[int]]:
        """`count` answers side by side, those that ended; `words` are the tokens of what can be copied, by its place."""
        model, end, V = self.model, self.tokenizer.doc_end, self.model.config.vocab_size
        device, banned = model.embed.weight.device, unused_ids(self.tokenizer)
        dice = torch.Generator().manual_seed(self.sampling.seed)
        memory = model.new_cache(self.count, len(ids) + room)
        draft = model.read_on(torch.tensor([ids] * self.count, device=device), memory)  # (B, S, C)
        seen = torch.tensor([[place in words for place in range(len(ids))]], device=device)  # (1, S)
        states = draft[:, -1:]  # (B, 1, C)
        answers: list[list[int]] = [[] for _ in range(self.count)]
        follows: list[list[int]] = [[] for _ in answers]  # what is left of a word that is being copied
        writing = set(range(self.count))
        for _ in range(room):
            attention, gate = model.pointed(states, draft, seen.expand(self.count, -1))  # (B, 1, S), (B, 1)
            written = F.log_softmax(model.head(states).float(), -1)  # (B, 1, V)
            written[..., banned] = -torch.inf
            attention = attention.masked_fill(~seen[:, None], -torch.inf)  # where there is no word at all, too
            both = [F.logsigmoid(-gate)[..., None] + written, F.logsigmoid(gate)[..., None] + attention]
            choices = torch.cat(both, -1)[:, 0].cpu()  # (B, V + S)
            for row in sorted(writing):
                if not follows[row]:
                    choice = draw(choices[row], self.sampling, dice)
                    follows[row] = [choice] if choice < V else list(words[choice - V])
                if follows[row] == [end]:
                    writing.remove(row)
                else:
                    answers[row].append(follows[row].pop(0))
            if not writing:
                break
            told = [[answers[row][-1] if row in writing else end] for row in range(self.count)]
            states = model.read_on(torch.tensor(told, device=device), memory)  # (B, 1, C)
        return [answer for row, answer in enumerate(answers) if row not in writing]


def copying_example(tokenizer: Tokenizer, pair: Pair) -> Example:
    """A pair as `encode_example` has it, but for words and marks that stand in both texts: each is one target, its copy."""
    prompt, answer = PROMPT.format(draft=pair.draft), " " + pair.rewrite
    plain = encode_example(tokenizer, prompt, pair.draft, pair.rewrite)
    asked, told = (tokenizer.inner.encode(text, add_special_tokens=False) for text in (prompt, answer))
    old, new = _words(prompt, asked.offsets, *_DRAFT), _words(answer, told.offsets)
    targets, weights = plain.ids[1:].clone(), plain.weights.clone()  # (T,)
    matcher = difflib.SequenceMatcher(None, [word for word, _ in old], [word for word, _ in new], autojunk=False)
    for i, j, size in matcher.get_matching_blocks():
        for (_, source), (_, copy) in zip(old[i : i + size], new[j : j + size], strict=True):
            if [asked.ids[t] for t in source] == [told.ids[t] for t in copy]:  # else its capital or its space is another
                places = torch.tensor(copy) + len(asked.ids)
                targets[places], weights[places] = -1, 0.0  # what follows the first is not drawn
                targets[places[0]], weights[places[0]] = tokenizer.vocab_size + 1 + source[0], 1.0
    return replace(plain, weights=weights, targets=targets)


def made_strange(example: Example, tokenizer: Tokenizer, dice: random.Random) -> Example:
    """A copying example with some of its longer copied words spelt at random, the same on both sides: a word is copied for where it
    stands, whatever it is."""
    ids, targets, V = example.ids.clone(), example.targets.tolist(), tokenizer.vocab_size
    for at, target in enumerate(targets):
        end = at + 1
        while target >= V and end < len(targets) and targets[end] == -1:
            end += 1
        if end - at > 1 and dice.random() < STRANGE:
            word = torch.tensor(dice.choices(range(V), k=end - at))
            word[word == tokenizer.doc_end] = 0
            ids[at + 1 : end + 1] = ids[target - V : target - V + end - at] = word
    return replace(example, ids=ids)


def _words(text: str, offsets: Sequence[tuple[int, int]], before: int = 0, after: int = 0) -> list[tuple[str, list[int]]]:
    """The words and marks of a text, each with its tokens' numbers; a token belongs to where its last character stands.

    What stands in the text's first and last characters, so many, is left out.
    """
    spans = [(match[0], match.span()) for match in _WORD.finditer(text, before, len(text) - after)]
    of = {place: number for number, (_, span) in enumerate(spans) for place in range(*span)}
    tokens: dict[int, list[int]] = {}
    for token, (_, end) in enumerate(offsets):
        if end - 1 in of:
            tokens.setdefault(of[end - 1], []).append(token)
    return [(spans[number][0], found) for number, found in sorted(tokens.items())]


def _changes(draft: str, rewrite: str) -> list[tuple[list[str], list[str]]]:
    """Where two texts differ: the words and marks that went, and those that came in their place."""
    old, new = (re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text.lower()) for text in (draft, rewrite))
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(old[i:j], new[m:n]) for what, i, j, m, n in codes if what != "equal"]


def _hash(old: str, new: str) -> int:
    return int.from_bytes(sha256(f"{old}\0{new}".encode()).digest()[:8], signed=True)


def _read(folder: Path) -> tuple[dict[str, Tensor], Tensor]:
    try:
        with safe_open(folder / FILE, framework="pt") as file:
            if int(file.metadata()["format"]) > int(FORMAT):
                raise UserError(f"{folder / FILE} was written by a newer vibejam; update vibejam to open it.")
            parts = {name: file.get_tensor(name) for name in file.keys()}
            return parts, parts.pop("exchanges")
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _damaged(folder) from error


def _fill(model: CopyingModel, weights: dict[str, Tensor], folder: Path) -> None:
    known = model.state_dict()
    try:
        if any(not bool(weight.isfinite().all()) for name, weight in weights.items() if name.startswith("pointer.")):
            raise ValueError("weights that are no numbers")
        model.load_state_dict({**{name: known[name] for name in known if name.startswith("pointer.")}, **weights})
    except (RuntimeError, ValueError) as error:
        raise _damaged(folder) from error


def _damaged(folder: Path) -> UserError:
    return UserError(f"{folder / FILE} is damaged; teach that voice anew, or restore the file.")
