"""Background training: runs that belong to the process, not to a page.

One registry holds the jobs; one worker trains at a time, for there is one device, and where strangers share it the others wait in
line.  A page starts a job, any number of pages look at it, and closing all of them changes nothing.  Pausing ends the worker and
keeps the state on disk, so that resuming after a pause and resuming after a crash are the same thing.
"""

import logging
import sys
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

WAITING, PREPARING, RUNNING, STOPPING, DONE, PAUSED, STOPPED, FAILED = (
    "waiting", "preparing", "running", "stopping", "done", "paused", "stopped", "failed"
)  # fmt: skip
ALIVE = (WAITING, PREPARING, RUNNING, STOPPING)
LONGEST_LINE = 10  # runs that may wait
# Seconds that a thread may keep Python to itself while another waits.  A step of training lets go of it some thousand times, and at
# Python's own 5 ms the waiting to get it back costs a run among four busy threads half of the share that is its due; at 1 ms none.
TURN = 0.001
LEARN, TEACH, COMPARE = "learn", "teach", "compare"  # what a job does; only learning a voice can be paused, the others stop


class Event(Protocol):
    """Any dataclass that counts on."""

    iteration: int


@dataclass
class Job:
    """One run in training.  `events` is the whole curve so far, in the form of metrics.jsonl, oldest first."""

    folder: Path
    kind: str = LEARN
    status: str = WAITING
    error: str = ""
    events: list[dict[str, object]] = field(default_factory=list)
    _ending: str | None = None  # PAUSED or STOPPED once asked for
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)  # the registry's

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
        """Wait until the worker has ended, if it has begun; whether it has."""
        if self._thread is not None and self._thread.ident is not None:
            self._thread.join(seconds)
        return not self.alive

    def _end(self, how: str) -> None:
        with self._lock:
            if self.alive and self._ending is None:
                self._ending, self.status = how, how if self.status == WAITING else STOPPING

    def _run(self, start: Callable[[], Iterator[Event]]) -> None:
        try:
            events = start()
            for event in events:
                with self._lock:  # who stops it meanwhile is not overruled
                    begins = self.status == PREPARING
                    self.status = RUNNING if begins else self.status
                if begins:
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
            kept = "can be resumed" if self.kind == LEARN else "is kept"
            self.error = f"The run ended by a fault in vibejam ({type(error).__name__}); what was saved {kept}."
            self.status = FAILED


class Jobs:
    """The registry: the job of each run folder, and the one that is alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[Path, Job] = {}
        self._line: list[Job] = []

    def start(self, folder: Path, start: Callable[[], Iterator[Event]], kind: str = LEARN, in_line: bool = False) -> Job:
        """Train in the background what `start()` yields; with `in_line`, once it is its turn.

        Raises UserError while another run is alive, or where the line is long already.
        """
        with self._lock:
            if self.alive() is not None and not in_line:
                raise UserError("A run is already in progress; wait for it, or stop it first.")
            if len(self._waiting()) >= LONGEST_LINE:
                raise UserError(f"{LONGEST_LINE} runs are waiting in line already; try again in a few minutes.")
            job = Job(folder, kind, events=checkpoint.read_metrics(folder), _lock=self._lock)
            # in the context of who asked for it: on some Spaces it says whose GPU minutes these are
            work = copy_context().run
            job._thread = threading.Thread(target=work, args=(self._work, job, start), name=f"train {folder.name}", daemon=True)
            self._jobs[folder] = job
            self._line.append(job)
            self._begin_next()
            return job

    def _work(self, job: Job, start: Callable[[], Iterator[Event]]) -> None:
        sys.setswitchinterval(TURN)
        try:
            job._run(start)
        finally:
            with self._lock:
                self._begin_next()

    def _begin_next(self) -> None:
        """Let the first in line begin, if nothing else is in progress.  The lock is held."""
        self._line = self._waiting()
        if self._line and self.alive() is None:
            job = self._line.pop(0)
            job.status = PREPARING
            job._thread.start()

    def _waiting(self) -> list[Job]:
        return [job for job in self._line if job.status == WAITING]

    def place(self, folder: Path) -> int:
        """Which one in line the run in `folder` is, the first being 1; 0 for one that does not wait."""
        return next((number for number, job in enumerate(self._waiting(), 1) if job.folder == folder), 0)

    def alive(self) -> Job | None:
        """The run in progress, if there is one."""
        return next((job for job in list(self._jobs.values()) if job.alive and job.status != WAITING), None)

    def of(self, runs_folder: Path) -> Job | None:
        """The run in that folder of runs that is in progress or waits, if there is one."""
        return next((job for job in list(self._jobs.values()) if job.alive and job.folder.parent == runs_folder), None)

    def latest(self, runs_folder: Path, kind: str) -> Job | None:
        """The last job of this kind in that folder of runs since the program started, alive or ended."""
        own = [job for job in self._jobs.values() if job.kind == kind and job.folder.parent == runs_folder]
        return own[-1] if own else None

    def forget(self, folder: Path) -> None:
        """Keep nothing of a run that has ended: its samples may quote the person."""
        with self._lock:
            if folder in self._jobs and not self._jobs[folder].alive:
                del self._jobs[folder]

    def forget_all(self, runs_folder: Path) -> None:
        """The same of every run in that folder of runs, and of those that ended before there was anything to keep."""
        with self._lock:
            self._jobs = {at: job for at, job in self._jobs.items() if job.alive or at.parent != runs_folder}

    def get(self, folder: Path) -> Job | None:
        """The job that trained `folder` since the program started, alive or ended."""
        return self._jobs.get(folder)


JOBS = Jobs()  # the process's own
