"""One training at a time, in a background thread, for everyone who looks at it.

The thread publishes immutable snapshots and knows nothing of who reads them. A run that is not in memory any more is
read from its folder, so its address goes on working after a restart.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fda_core.config import ExperimentConfig
from fda_core.errors import Cancelled, ConfigError, LabError
from fda_core.events import Event, Round, RunFinished
from fda_core.runs.record import Producer, record, simulate
from fda_core.runs.store import config_of, folder_of, new_run_id, read_events, runs_folder

log = logging.getLogger(__name__)

LIVE = ("queued", "preparing", "running", "paused", "stopping")
LONGEST_QUEUE = 20
KEPT_IN_MEMORY = 20


@dataclass(frozen=True)
class Snapshot:
    """A run as it was at one moment. `revision` grows with every change; equal revisions look equal.

    status: queued, preparing, running, paused, stopping, finished, stopped, failed, or interrupted (the process that
    ran it is gone). place: runs ahead in the queue. prepared: texts of the frozen prefix done and total.
    """

    run_id: str
    config: ExperimentConfig
    status: str
    revision: int
    events: tuple[Event, ...] = ()
    message: str = ""
    place: int = 0
    prepared: tuple[int, int] = (0, 0)

    @property
    def live(self) -> bool:
        return self.status in LIVE


@dataclass
class Job:
    """A run's state; every field is read and written under the runner's lock."""

    run_id: str
    config: ExperimentConfig
    status: str = "queued"
    revision: int = 0
    events: list[Event] = field(default_factory=list)
    message: str = ""
    prepared: tuple[int, int] = (0, 0)
    rounds_allowed: int | None = None  # None: no limit; 0: paused
    stopping: bool = False


class Runner:
    """Keeps the queue and the one worker thread. All methods may be called from any thread and return at once."""

    def __init__(
        self, folder: Path | None = None, produce: Producer = simulate, on_start: Callable[[], None] = lambda: None
    ):
        self.folder, self.produce, self.on_start = folder, produce, on_start
        self.changed = threading.Condition()
        self.jobs: OrderedDict[str, Job] = OrderedDict()
        self.worker: threading.Thread | None = None

    def start(self, config: ExperimentConfig, rounds: int | None = None) -> str:
        """Queues a run and returns its id; with `rounds` it pauses after that many. Raises `ConfigError`."""
        with self.changed:
            if len(self._live()) >= LONGEST_QUEUE:
                raise ConfigError(f"{LONGEST_QUEUE} runs are waiting already: stop one or wait until one has ended.")
            job = Job(new_run_id(), config, rounds_allowed=rounds)
            self.jobs[job.run_id] = job
            self._forget_old()
            self._touch(job)
        self.wake()
        return job.run_id

    def wake(self) -> None:
        """Starts the worker if it is not there; it then waits for runs."""
        with self.changed:
            if self.worker is None or not self.worker.is_alive():
                self.worker = threading.Thread(target=self._work, name="fda-opt-runner", daemon=True)
                self.worker.start()

    def pause(self, run_id: str) -> None:
        self._allow(run_id, 0)

    def resume(self, run_id: str) -> None:
        self._allow(run_id, None)

    def step(self, run_id: str) -> None:
        """Plays one more round of the lane that is behind, then pauses."""
        self._allow(run_id, 1)

    def stop(self, run_id: str) -> None:
        """Ends the run within one local step; finished rounds are kept."""
        with self.changed:
            if (job := self.jobs.get(run_id)) and job.status in LIVE:
                job.stopping = True
                job.status = "stopped" if job.status == "queued" else "stopping"
                self._touch(job)

    def snapshot(self, run_id: str) -> Snapshot | None:
        """The run as it is now, from memory or from its folder; None if there is no such run. Raises `StoreError`."""
        with self.changed:
            if job := self.jobs.get(run_id):
                ahead = [other.run_id for other in self._live()]
                place = ahead.index(run_id) if job.status == "queued" else 0
                return Snapshot(
                    run_id, job.config, job.status, job.revision, tuple(job.events), job.message, place, job.prepared
                )
        folder = folder_of(run_id, self._root())
        return folder and stored(folder)

    def queue(self) -> list[tuple[str, str]]:
        """Run ids and statuses of the runs that have not ended, in their order."""
        with self.changed:
            return [(job.run_id, job.status) for job in self._live()]

    def _root(self) -> Path:
        return self.folder or runs_folder()

    def _live(self) -> list[Job]:
        return [job for job in self.jobs.values() if job.status in LIVE]

    def _forget_old(self) -> None:
        ended = [run_id for run_id, job in self.jobs.items() if job.status not in LIVE]
        for run_id in ended[:-KEPT_IN_MEMORY]:
            del self.jobs[run_id]

    def _allow(self, run_id: str, rounds: int | None) -> None:
        with self.changed:
            if (job := self.jobs.get(run_id)) and job.status in ("queued", "preparing", "running", "paused"):
                job.rounds_allowed = rounds
                if job.status in ("running", "paused"):
                    job.status = "paused" if rounds == 0 else "running"
                self._touch(job)

    def _touch(self, job: Job) -> None:
        job.revision += 1
        self.changed.notify_all()

    def _work(self) -> None:
        try:
            self.on_start()
        except Exception:  # a convenience that failed must not stop the queue
            log.exception("the runner's preparation failed")
        while True:
            with self.changed:
                self.changed.wait_for(lambda: any(job.status == "queued" for job in self.jobs.values()))
                job = next(job for job in self.jobs.values() if job.status == "queued")
                job.status = "preparing"
                self._touch(job)
            self._play(job)

    def _play(self, job: Job) -> None:
        def watch(event: Event) -> None:
            with self.changed:
                if job.status == "preparing":
                    job.status = "paused" if job.rounds_allowed == 0 else "running"
                job.events.append(event)
                if isinstance(event, Round) and job.rounds_allowed:
                    job.rounds_allowed -= 1
                    if job.rounds_allowed == 0 and job.status == "running":
                        job.status = "paused"
                self._touch(job)

        def progress(done: int, total: int) -> None:
            with self.changed:
                job.prepared = (done, total)
                self._touch(job)
                if job.stopping:
                    raise Cancelled

        def tick() -> None:
            with self.changed:
                self.changed.wait_for(lambda: job.rounds_allowed != 0 or job.stopping)
                if job.stopping:
                    raise Cancelled

        try:
            outcome = record(job.config, self._root() / job.run_id, job.run_id, watch, progress, tick, self.produce)
        except LabError as error:
            outcome = ("failed", str(error))
        with self.changed:
            job.status, job.message = outcome
            self._touch(job)


def stored(folder: Path) -> Snapshot:
    """A run read back from its folder. Raises `StoreError`."""
    events = read_events(folder)
    config = config_of(events, folder)
    last = events[-1]
    ended = isinstance(last, RunFinished)
    return Snapshot(
        folder.name, config, last.status if ended else "interrupted", len(events),
        tuple(events), last.message if ended else "",
    )  # fmt: skip
