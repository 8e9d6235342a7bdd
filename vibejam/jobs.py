"""Background training: runs that belong to the process, not to a page.

One registry holds the jobs; one worker trains at a time, for there is one device.  A page starts a job, any number of pages look at
it, and closing all of them changes nothing.  Pausing ends the worker and keeps the state on disk, so that resuming after a
pause and resuming after a crash are the same thing.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from vibejam import checkpoint
from vibejam.errors import UserError
from vibejam.files import write_json

log = logging.getLogger(__name__)

PREPARING, RUNNING, STOPPING, DONE, PAUSED, STOPPED, FAILED = (
    "preparing", "running", "stopping", "done", "paused", "stopped", "failed"
)  # fmt: skip
ALIVE = (PREPARING, RUNNING, STOPPING)
LEARN, TEACH, COMPARE = "learn", "teach", "compare"  # what a job does; only learning a voice can be paused, the others stop


class Event(Protocol):
    """Any dataclass that counts on."""

    iteration: int


@dataclass
class Job:
    """One run in training.  `events` is the whole curve so far, in the form of metrics.jsonl, oldest first."""

    folder: Path
    kind: str = LEARN
    status: str = PREPARING
    error: str = ""
    events: list[dict[str, object]] = field(default_factory=list)
    _ending: str | None = None  # PAUSED or STOPPED once asked for
    _thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self.status in ALIVE

    @property
    def ending(self) -> bool:
        """Whether it was asked to end."""
        return self._ending is not None

    def since(self, count: int) -> list[dict[str, object]]:
        """The events after the first `count`."""
        return self.events[count:]

    def pause(self) -> None:
        """End soon, keeping everything, to go on later; where that is not possible, stop."""
        self._end(PAUSED if self.kind == LEARN else STOPPED)

    def stop(self) -> None:
        """End soon, keeping the best model."""
        self._end(STOPPED)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the worker has ended; whether it has."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.alive

    def _end(self, how: str) -> None:
        if self.alive and self._ending is None:
            self._ending, self.status = how, STOPPING

    def _run(self, start: Callable[[], Iterator[Event]]) -> None:
        try:
            events = start()
            for event in events:
                if self.status == PREPARING:
                    self.status = RUNNING
                    # a run that was killed goes on from its last saved step: what came after it is done over again
                    self.events = [e for e in self.events if e["iteration"] < event.iteration]
                self.events.append({k: v for k, v in asdict(event).items() if v is not None})
                if self._ending:
                    events.close()
                    break
            ended = self._ending or DONE
            if self._ending and (self.folder / "run.json").is_file():  # else it was stopped before there was anything to keep
                run = checkpoint.read_json(self.folder / "run.json")
                write_json(self.folder / "run.json", run | {"status": ended})
            self.status = ended
        except UserError as error:
            self.error, self.status = str(error), FAILED
        except MemoryError:
            self.error, self.status = "The machine ran out of memory; choose a smaller model or a smaller batch.", FAILED
        except Exception as error:  # a bug of ours: the worker must still end in a state that a page can show
            log.exception("a run failed")
            self.error = f"The run ended by a fault in vibejam ({type(error).__name__}); what was saved can be resumed."
            self.status = FAILED


class Jobs:
    """The registry: the job of each run folder, and the one that is alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[Path, Job] = {}

    def start(self, folder: Path, start: Callable[[], Iterator[Event]], kind: str = LEARN) -> Job:
        """Train in the background what `start()` yields.  Raises UserError while another run is alive."""
        with self._lock:
            if self.alive() is not None:
                raise UserError("A run is already in progress; wait for it, or stop it first.")
            job = Job(folder, kind, events=checkpoint.read_metrics(folder))
            # in the context of who asked for it: on some Spaces it says whose GPU minutes these are
            work = copy_context().run
            job._thread = threading.Thread(target=work, args=(job._run, start), name=f"train {folder.name}", daemon=True)
            self._jobs[folder] = job
            job._thread.start()
            return job

    def alive(self) -> Job | None:
        """The run in progress, if there is one."""
        return next((job for job in self._jobs.values() if job.alive), None)

    def latest(self, runs_folder: Path, kind: str) -> Job | None:
        """The last job of this kind in that folder of runs since the program started, alive or ended."""
        own = [job for job in self._jobs.values() if job.kind == kind and job.folder.parent == runs_folder]
        return own[-1] if own else None

    def forget(self, folder: Path) -> None:
        """Keep nothing of a run that has ended: its samples may quote the person."""
        with self._lock:
            if folder in self._jobs and not self._jobs[folder].alive:
                del self._jobs[folder]

    def get(self, folder: Path) -> Job | None:
        """The job that trained `folder` since the program started, alive or ended."""
        return self._jobs.get(folder)


JOBS = Jobs()  # the process's own
