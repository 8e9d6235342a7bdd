"""What the writing says after the last few tokens: n-grams that are counted, not learnt, by modified Kneser-Ney.

Counting takes a second where learning takes minutes, and it errs elsewhere: a network knows what kind of word fits, a count which
one this person says there.  So a model that began from nothing predicts by both, their geometric mean.  The network learns
without, for what was counted knows the text by heart.  Counted are a text's n-grams of one token up to the longest; a longer one
has the last word, as far as it was said more often than chance says (interpolated, three discounts: Chen and Goodman,
https://doi.org/10.1006/csla.1999.0128).  An n-gram of four tokens or more that the text says once is not kept: it helps little, and
together they would be the text itself.  Left out: a share for each place; the best was nearly the same for all (ABLATIONS.md).

Shapes: B batch, T time (tokens), V vocabulary, C contexts of one length, E their n-grams.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

KEPT_SAID_ONCE = 3  # tokens that an n-gram has at most which is kept though the text says it once
SHARE = 0.4  # of what was counted in what is predicted
LEAST = 0.1  # a discount at least, so that nothing is impossible


@dataclass(frozen=True)
class Table:
    """What follows each context of one length: the n-grams of context i lie from starts[i] up to starts[i + 1]."""

    contexts: Tensor  # (C,) int64, ascending: a number for the tokens of each
    starts: Tensor  # (C + 1,) int64
    tokens: Tensor  # (E,) int64: the token after the context
    shares: Tensor  # (E,): how likely it is by this context alone
    rest: Tensor  # (C,): how much is left for what the shorter context says


class Counted:
    """Tables for contexts of 0 tokens, 1, and so on: log probabilities of what comes next, and tensors to be kept."""

    def __init__(self, tables: Sequence[Table], vocab_size: int) -> None:
        self.tables, self.vocab_size = list(tables), vocab_size

    def beside(self, logits: Tensor, idx: Tensor, before: Tensor) -> Tensor:
        """Logits (B, T, V) after tokens (B, T) that stand after others (B, N), to those of the mean, in fp32."""
        return self.log_probabilities(idx, before).lerp(logits.float(), 1 - SHARE)

    @torch.no_grad()
    def log_probabilities(self, idx: Tensor, before: Tensor) -> Tensor:
        """Of the token after each of `idx` (B, T), which stand after `before` (B, N): (B, T, V) in fp32."""
        if self.tables[0].starts.device != idx.device:
            self.tables = [Table(*(tensor.to(idx.device) for tensor in vars(table).values())) for table in self.tables]
        (B, T), V, longest = idx.shape, self.vocab_size, max(2, len(self.tables)) - 1
        stream = F.pad(torch.cat([before, idx], dim=1)[:, -T - longest :], (longest, 0), value=-1)  # -1 is no token
        contexts = stream.unfold(1, longest, 1)[:, -T:].flatten(0, 1)  # (B*T, longest)
        kinds, which = contexts[:, -1].unique(return_inverse=True)  # few, which have most to say: each is worked out once
        short = self._over(torch.full((len(kinds), V), 1 / V, device=idx.device), kinds[:, None], range(2))
        p = self._over(short[which], contexts, range(2, len(self.tables)))
        return p.clamp_(min=torch.finfo(p.dtype).tiny).log_().view(B, T, V)

    def _over(self, below: Tensor, contexts: Tensor, lengths: range) -> Tensor:
        """What contexts (n, L) say of the next token by their last few, as `lengths` has it; `below` (n, V) has what they leave."""
        left, places, parts = below.new_ones(len(below)), [], []
        for length in reversed(lengths):
            if length >= len(self.tables) or not len(self.tables[length].contexts):
                continue
            table = self.tables[length]
            keys, known = _numbers(contexts, length, self.vocab_size)
            row = torch.searchsorted(table.contexts, keys).clamp(max=len(table.contexts) - 1)
            place = (known & (table.contexts[row] == keys)).nonzero()[:, 0]  # (m,), where the text says what follows
            row = row[place]
            start, many = table.starts[row], table.starts[row + 1] - table.starts[row]
            first = start - many.cumsum(0) + many
            found = torch.arange(int(many.sum()), device=keys.device) + first.repeat_interleave(many)  # (E',)
            places.append((place * self.vocab_size).repeat_interleave(many) + table.tokens[found])
            parts.append(left[place].repeat_interleave(many) * table.shares[found])
            left[place] *= table.rest[row]
        p = below * left[:, None]
        if places:
            p.view(-1).index_add_(0, torch.cat(places), torch.cat(parts))
        return p

    def tensors(self) -> dict[str, Tensor]:
        """All of it by name, as `kept` takes it back."""
        return {f"{i}.{name}": tensor for i, table in enumerate(self.tables) for name, tensor in vars(table).items()}

    def __deepcopy__(self, memo: dict) -> "Counted":
        return self  # it never changes


def count(documents: Sequence[Tensor], vocab_size: int, longest: int) -> Counted:
    """The n-grams of up to `longest` tokens of documents (n,), as far as their numbers fit; none reaches from one into the next.

    Raises ValueError where there is not one token.
    """
    V, N = vocab_size, min(longest, int(62 / math.log2(max(2, vocab_size))))
    stream = torch.cat([F.pad(ids.cpu().long(), (N, 0), value=-1) for ids in documents] or [torch.empty(0)])
    grams = stream.unfold(0, N, 1)[stream[N - 1 :] >= 0] if len(stream) else stream[None]  # (n, N), each token with those before it
    if not grams.numel():
        raise ValueError("there is nothing to count")
    said = []  # for contexts of 0 tokens, 1, ...: their n-grams' numbers (E,), ascending, and how often each was said (E,)
    for length in range(N):
        keys, known = _numbers(grams[:, :-1], length, V)
        said.append((keys * V + grams[:, -1])[known].unique(return_counts=True))
    tables = []
    for length, (numbers, times) in enumerate(said):
        if length + 1 < N:  # a shorter one counts by how many different tokens stand before it
            longer = said[length + 1][0]
            numbers, times = (longer // V % V**length * V + longer % V).unique(return_counts=True)
        tables.append(_table(numbers, times, V, length))
    return Counted(tables, V)


def _table(grams: Tensor, times: Tensor, V: int, length: int) -> Table:
    """Of n-grams' numbers (E,), ascending, and how often each counts (E,)."""
    contexts, of = (grams // V).unique_consecutive(return_inverse=True)  # (C,), (E,)
    whole = torch.zeros(len(contexts)).index_add_(0, of, times.float())  # (C,)
    shares = (times - _discounts(times)[times.clamp(max=3)]) / whole[of]
    if length >= KEPT_SAID_ONCE:
        often = times > 1
        contexts, of = (grams[often] // V).unique_consecutive(return_inverse=True)
        grams, shares = grams[often], shares[often]
    many = torch.bincount(of, minlength=len(contexts))
    rest = 1 - torch.zeros(len(contexts)).index_add_(0, of, shares)
    return Table(contexts, F.pad(many.cumsum(0), (1, 0)), grams % V, shares, rest.clamp(min=1e-6))


def _discounts(times: Tensor) -> Tensor:
    """What is taken from an n-gram that counts 0, 1, 2, 3 times or more (4,)."""
    once, twice, *_ = kinds = [int((times == n).sum()) for n in (1, 2, 3, 4)]
    part = once / max(1, once + 2 * twice)
    found = [n - (n + 1) * part * more / max(1, some) for n, (some, more) in enumerate(zip(kinds, kinds[1:], strict=False), 1)]
    return torch.tensor([0.0] + [min(max(LEAST, discount), n - LEAST) for n, discount in enumerate(found, 1)])


def _numbers(contexts: Tensor, length: int, V: int) -> tuple[Tensor, Tensor]:
    """A number for the last `length` tokens of each of contexts (n, L), and whether all are there: (n,) each.  For none it is 0."""
    keys, known = contexts.new_zeros(len(contexts)), contexts.new_ones(len(contexts), dtype=torch.bool)
    for back in range(1, length + 1):
        keys, known = keys + contexts[:, -back] * V ** (back - 1), known & (contexts[:, -back] >= 0)
    return keys, known


def kept(tensors: Mapping[str, Tensor], vocab_size: int, longest: int) -> Counted:
    """What `Counted.tensors` gave.  Raises ValueError where it can't be that, whoever wrote it."""
    names = [field.name for field in fields(Table)]
    orders = len(tensors) // len(names)
    if not 1 <= orders <= longest or tensors.keys() != {f"{i}.{name}" for i in range(orders) for name in names}:
        raise ValueError("its tables are not those that its settings name")
    tables = [Table(*(tensors[f"{i}.{name}"] for name in names)) for i in range(orders)]
    for table in tables:
        C, E = len(table.contexts), len(table.tokens)
        whole, parts = (table.contexts, table.starts, table.tokens), (table.shares, table.rest)
        if [tensor.shape for tensor in vars(table).values()] != [(C,), (C + 1,), (E,), (E,), (C,)]:
            raise ValueError("its tables have other sizes")
        if any(t.dtype != torch.int64 for t in whole) or any(t.dtype != torch.float32 for t in parts):
            raise ValueError("its tables hold something other than numbers")
        if table.starts[0] != 0 or table.starts[-1] != E or (table.starts.diff() < 0).any() or (table.contexts.diff() <= 0).any():
            raise ValueError("its tables are out of order")
        if ((table.tokens < 0) | (table.tokens >= vocab_size)).any() or not all(((t >= 0) & (t <= 1)).all() for t in parts):
            raise ValueError("its tables hold what can't be counted")
    return Counted(tables, vocab_size)
