"""Matrices packed once for products with a few rows at a time, on a CPU: in fp32, bfloat16 or int8, for decoder.py.

Shapes: B rows, one for each text; `in` and `out` the matrix's own widths, which it holds as (out, in).
"""

import threading
import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from vibejam.runtime import cpu_has_bf16

Product = Callable[[Tensor], Tensor]  # (B, in) fp32 to (B, out) fp32


def has_int8() -> bool:
    """Whether torch's int8 products are here and exact: on x86."""
    return torch.backends.quantized.engine in ("x86", "fbgemm", "onednn")


def fastest() -> str:
    """The kind that writes fastest on this machine."""
    return "int8" if has_int8() else "bf16" if cpu_has_bf16() else "fp32"  # a CPU without bfloat16 crawls at it


def _fp32(weight: Tensor) -> Product:
    return lambda x: F.linear(x, weight)


def _bf16(weight: Tensor) -> Product:
    weight = weight.bfloat16()
    return lambda x: F.linear(x.bfloat16(), weight).float()


def _int8(weight: Tensor) -> Product:
    """Each row of the matrix with a scale of its own; what comes in is 12 bits in two rows of 7, so it hardly rounds.

    Seven bits, for without VNNI the sums of two products are kept in 16 and overflow at eight.  One row of them costs the
    model more than a per cent of its bits per byte; a second costs next to nothing while weights come from memory.
    """
    scales = (weight.abs().amax(1).double() / 127).clamp(min=1e-30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch will drop these one day; pyproject.toml pins versions that have them
        weight = F.pad(weight, (0, 2))  # nothing comes of the two places that `_Rows` ends in
        rounded = torch.quantize_per_channel(weight, scales, torch.zeros(len(weight), dtype=torch.long), 0, torch.qint8)
    packed, product = torch.ops.quantized.linear_prepack(rounded, None), torch.ops.quantized.linear_dynamic
    most, tiny = torch.tensor(63.0), torch.tensor(1e-30)  # a plain number would be made a tensor for each product

    def multiply(x: Tensor) -> Tensor:
        B = len(x)
        rows, whole, rest = _ROWS.of(*x.shape)
        step = torch.add(tiny, x.abs().amax(1, keepdim=True), alpha=1 / 63)  # (B, 1)
        exact = torch.div(x, step)  # (B, in), from -63 to 63
        torch.floor(exact, out=whole)
        torch.sub(exact, whole, out=rest).mul_(most)
        y = product(rows, packed, True)  # (2B, out)
        return y[:B].add_(y[B:], alpha=1 / 63).mul_(step)

    return multiply


class _Rows(threading.local):
    """Each thread's place for what `_int8` multiplies: (2B, in + 2), and of it the whole parts and the rests (B, in).

    The last two numbers of a row are -64 and 63, which makes the one scale that torch takes for all of them 1.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], tuple[Tensor, Tensor, Tensor]] = {}

    def of(self, B: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
        if (B, width) not in self._found:
            rows = torch.zeros(2 * B, width + 2)
            rows[:, -2], rows[:, -1] = -64, 63
            self._found[B, width] = rows, rows[:B, :-2], rows[B:, :-2]
        return self._found[B, width]


_ROWS = _Rows()
PACKERS: dict[str, Callable[[Tensor], Product]] = {"fp32": _fp32, "bf16": _bf16, "int8": _int8}
