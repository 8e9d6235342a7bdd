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
        return (1 - SHARE) * logits.float().log_softmax(-1) + SHARE * self.log_probabilities(idx, before)

    def log_probabilities(self, idx: Tensor, before: Tensor) -> Tensor:
        """Of the token after each of `idx` (B, T), which stand after `before` (B, N): (B, T, V) in fp32."""
        if self.tables[0].starts.device != idx.device:
            self.tables = [Table(*(tensor.to(idx.device) for tensor in vars(table).values())) for table in self.tables]
        (B, T), V = idx.shape, self.vocab_size
        stream = torch.cat([before, idx], dim=1)[:, -T - len(self.tables) :]
        stream = F.pad(stream, (len(self.tables), 0), value=-1)  # (B, L): -1 is no token
        p = torch.full((B * T, V), 1 / V, device=idx.device)
        for length, table in enumerate(self.tables):
            if not len(table.contexts):
                break
            keys, known = (part[:, -T:].flatten().contiguous() for part in _last(stream, length, V))  # (B*T,) each
            row = torch.searchsorted(table.contexts, keys).clamp(max=len(table.contexts) - 1)
            place = (known & (table.contexts[row] == keys)).nonzero()[:, 0]  # (n,), where the text says what follows
            row = row[place]
            p *= torch.ones(B * T, device=idx.device).index_copy(0, place, table.rest[row])[:, None]
            start, many = table.starts[row], table.starts[row + 1] - table.starts[row]
            found = torch.arange(int(many.sum()), device=idx.device) + (start - many.cumsum(0) + many).repeat_interleave(many)
            p.view(-1).index_add_(0, place.repeat_interleave(many) * V + table.tokens[found], table.shares[found])
        return p.clamp_(min=torch.finfo(p.dtype).tiny).log().view(B, T, V)

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
    stream = torch.cat([F.pad(ids.cpu(), (N, 0), value=-1) for ids in documents] or [torch.empty(0)])[None].long()  # (1, L)
    if not bool((stream >= 0).any()):
        raise ValueError("there is nothing to count")
    said = []  # for contexts of 0 tokens, 1, ...: their n-grams' numbers (E,), ascending, and how often each was said (E,)
    for length in range(N):
        keys, known = _last(stream, length, V)
        following = stream[:, length:]  # (1, L - length)
        keys, known = keys[:, : following.shape[1]], known[:, : following.shape[1]] & (following >= 0)
        said.append((keys * V + following)[known].unique(return_counts=True))
    tables = []
    for length, (grams, times) in enumerate(said):
        if length + 1 < N:  # a shorter one counts by how many different tokens stand before it
            longer = said[length + 1][0]
            grams, times = (longer // V % V**length * V + longer % V).unique(return_counts=True)
        tables.append(_table(grams, times, V, length))
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


def _last(stream: Tensor, length: int, V: int) -> tuple[Tensor, Tensor]:
    """A number for the last `length` tokens up to each place of `stream` (B, L), and whether all were there: (B, L - length + 1).

    For no tokens at all it is 0, in every place.
    """
    if not length:
        return torch.zeros_like(stream), torch.ones_like(stream, dtype=torch.bool)
    parts = [stream[:, length - 1 - back : stream.shape[1] - back] for back in range(length)]
    return sum(part * V**back for back, part in enumerate(parts)), torch.stack(parts).amin(0) >= 0


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
