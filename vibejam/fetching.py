"""Fetching a base model in the background: a download that belongs to the process, not to a page.

One at a time; a page starts it, any number of pages look at it, and closing all of them changes nothing.  What is fetched, and
how it is checked, is fetch.py's; who may start it is for the pages to say.  Left out: stopping one before its end.
"""

import logging
import threading
from dataclasses import dataclass

from vibejam.errors import UserError
from vibejam.fetch import base_path, fetch_base

log = logging.getLogger(__name__)

FETCHING, DONE, FAILED = "fetching", "done", "failed"


@dataclass
class Fetch:
    """One download, as it stands: `what` is being done, and `share` of the whole is, 0 to 1."""

    name: str
    status: str = FETCHING
    what: str = ""
    share: float = 0.0
    error: str = ""  # one sentence, where it failed
    _thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self.status == FETCHING

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended; whether it has."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.alive

    def _tell(self, what: str, share: float) -> None:
        self.what, self.share = what, share

    def _run(self) -> None:
        try:
            fetch_base(self.name, self._tell)
            self.status = DONE
        except UserError as error:
            self.error, self.status = str(error), FAILED
        except Exception as error:  # a bug of ours: it must still end in a state that a page can show
            log.exception("a download failed")
            self.error = f"The download ended by a fault in vibejam ({type(error).__name__}); try again."
            self.status = FAILED


class Fetches:
    """The registry: the latest download of each base, and the one that is alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fetches: dict[str, Fetch] = {}

    def start(self, name: str) -> Fetch:
        """Fetch the base called `name` in the background.  Raises UserError for an unknown name, or while one is being fetched."""
        base_path(name)
        with self._lock:
            if self.alive() is not None:
                raise UserError("A download is already in progress; wait until it has ended, then try again.")
            fetch = Fetch(name)
            fetch._thread = threading.Thread(target=fetch._run, name=f"fetch {name}", daemon=True)
            self._fetches[name] = fetch
            fetch._thread.start()
            return fetch

    def alive(self) -> Fetch | None:
        """The download in progress, if there is one."""
        return next((fetch for fetch in self._fetches.values() if fetch.alive), None)

    def get(self, name: str) -> Fetch | None:
        """The latest download of `name` since the program started, alive or ended."""
        return self._fetches.get(name)


FETCHES = Fetches()  # the process's own
