"""What rewriting remembers of the words and sentences it has read, so as not to read them again, and how all of it is forgotten.

They are whoever's wrote them, so when somebody's writing is deleted, nothing of it may stay in memory here.  Left out: tables of
the language, which are nobody's.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from weakref import WeakSet

_remembered: WeakSet = WeakSet()  # a cache goes with what it belongs to


def remembered(most: int) -> Callable[[Callable], Any]:
    """A decorator: the function's last `most` answers are kept until `forget_what_was_read`."""

    def keep(function: Callable) -> Any:
        kept = lru_cache(maxsize=most)(function)
        _remembered.add(kept)
        return kept

    return keep


def forget_what_was_read() -> None:
    for kept in list(_remembered):
        kept.cache_clear()
