"""One process at a time: a lock on a folder that the system lets go of when its holder ends, however it ends.

A lock is an empty file that stays; whether somebody holds it is the system's knowledge, so a crash leaves nothing to clean up.
Left out: other machines on a shared network folder, where the system may not know of each other's locks.
"""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from filelock import FileLock, Timeout

from vibejam.errors import UserError

NAME = ".lock"


def hold(folder: Path, refusal: str) -> AbstractContextManager:
    """The lock on `folder`, which is made, until the context is left.  Raises UserError with `refusal` where another holds it."""
    lock = FileLock(folder / NAME, timeout=0, thread_local=False)  # a generator may be closed by another thread
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise UserError(refusal) from None
    except NotImplementedError:  # a network folder without locks: then there is nothing to ask
        return nullcontext()
    except OSError as error:
        raise UserError(f"Could not write in {folder} ({error.strerror or error}); choose a folder you may write to.") from error
    return _Held(lock)


class _Held(AbstractContextManager):
    def __init__(self, lock: FileLock) -> None:
        self.lock = lock

    def __exit__(self, *_: object) -> None:
        self.lock.release()
