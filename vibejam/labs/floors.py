"""What needs no training to predict a text: counted letters and compressors, in the same bits per byte as the models.

A model that does not beat these has learnt nothing worth its minutes.  Kneser-Ney is a true prediction of every byte.  A
compressor's figure is how much longer its output gets when the held-out text follows the text learnt from, so that it has read
what the models read.
"""

import lzma
from collections.abc import Callable, Iterator

import numpy as np

ORDERS = range(2, 9)  # bytes an n-gram may have: eight fit one 64-bit number
Compressor = Callable[[bytes], int]


class KneserNey:
    """Interpolated Kneser-Ney over bytes (Kneser & Ney 1995, one discount an order as in Chen & Goodman 1999).

    The longest n-grams are counted as they occur; shorter ones by how many different bytes they follow.  Below all lies a
    uniform byte, so nothing is impossible.
    """

    def __init__(self, text: bytes, order: int) -> None:
        """Count `text`.  Raises ValueError for an order outside 1 to 8."""
        if not 1 <= order <= 8:
            raise ValueError(f"an order lies between 1 and 8, not {order}")
        self.order = order
        self.tables = []  # from one byte to `order`: n-grams, their counts, contexts, their sums and kinds, the discount
        above = None
        for n in range(order, 0, -1):
            if above is None:
                grams, counts = np.unique(_grams(text, n), return_counts=True)
            else:  # each different longer n-gram counts once for its ending
                grams, counts = np.unique(above & np.uint64((1 << 8 * n) - 1), return_counts=True)
            above = grams
            contexts, first, kinds = np.unique(grams >> np.uint64(8), return_index=True, return_counts=True)
            sums = np.add.reduceat(counts, first) if len(counts) else counts
            once, twice = (counts == 1).sum(), (counts == 2).sum()
            discount = once / (once + 2 * twice) if once else 0.5
            self.tables.insert(0, (grams, counts, contexts, sums, kinds, discount))

    def probabilities(self, text: bytes, start: int = 0) -> np.ndarray:
        """Of each byte of `text` from `start` on, given those before it (n,)."""
        p = np.full(len(text) - start, 1 / 256)
        for n, (grams, counts, contexts, sums, kinds, discount) in enumerate(self.tables, 1):
            from_ = max(start, n - 1)  # places that have n - 1 bytes before them
            if from_ >= len(text):
                break
            wanted = _grams(text[from_ - n + 1 :], n)
            count, _ = _look_up(wanted, grams, counts, counts)
            total, kind = _look_up(wanted >> np.uint64(8), contexts, sums, kinds)
            seen = total > 0
            below = p[from_ - start :]
            total = np.maximum(total, 1)
            p[from_ - start :] = np.where(seen, (np.maximum(count - discount, 0) + discount * kind * below) / total, below)
        return p

    def bits_per_byte(self, text: bytes, before: bytes = b"") -> float:
        """Of `text`, read after `before`."""
        before = before[-self.order :]
        return float(-np.log2(self.probabilities(before + text, len(before))).mean())


def kneser_ney(train: bytes, val: bytes, test: bytes) -> tuple[str, float]:
    """The order that predicts `val` best, by name, and its bits per byte on `test`; counted is `train` alone."""
    models = [KneserNey(train, order) for order in ORDERS]
    best = min(models, key=lambda model: model.bits_per_byte(val))
    return f"Kneser-Ney, {best.order} bytes", best.bits_per_byte(test)


def compressors() -> Iterator[tuple[str, Compressor | None]]:
    """Each compressor's name, and what gives the length of its output, or None where its package is not installed."""
    dictionary = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 27}
    yield "lzma", lambda text: len(lzma.compress(text, lzma.FORMAT_RAW, filters=[dictionary]))
    try:
        import zstandard

        long = zstandard.ZstdCompressionParameters.from_level(19, window_log=27, enable_ldm=True)
        yield "zstd", lambda text: len(zstandard.ZstdCompressor(compression_params=long).compress(text))
    except ImportError:
        yield "zstd", None
    try:
        import pyppmd

        yield "PPMd", lambda text: len(pyppmd.compress(text, max_order=6, mem_size=256 << 20))
    except ImportError:
        yield "PPMd", None


def compressed_bits_per_byte(size: Compressor, learnt: bytes, test: bytes) -> float:
    """Bits for each byte of `test` where `learnt` stands before it."""
    return 8 * (size(learnt + test) - size(learnt)) / len(test)


def _grams(text: bytes, n: int) -> np.ndarray:
    """Every run of n bytes as one number, the last byte lowest (len - n + 1,)."""
    letters = np.frombuffer(text, dtype=np.uint8).astype(np.uint64)
    length = max(0, len(letters) - n + 1)
    grams = np.zeros(length, dtype=np.uint64)
    for place in range(n):
        grams = (grams << np.uint64(8)) | letters[place : place + length]
    return grams


def _look_up(wanted: np.ndarray, keys: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """The values beside the keys that are wanted, 0 where there is no such key."""
    if not len(keys):
        return tuple(np.zeros(len(wanted)) for _ in values)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found = keys[at] == wanted
    return tuple(np.where(found, value[at], 0) for value in values)
