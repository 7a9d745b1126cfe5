"""The runs that a process has in memory, and the order in which they get their turn."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from filelock import FileLock

from fda_core.algorithm.events import Event
from fda_core.data.table import Table
from fda_core.live.states import check
from fda_core.runs.record import Producer
from fda_core.runs.snapshot import LIVE, Status
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import TEXTS
from fda_core.support.errors import ConfigError

LONGEST_QUEUE = 20
KEPT_IN_MEMORY = 20


@dataclass
class Job:
    """A run's state; every field is read and written under the lock of its `Jobs`."""

    run_id: str
    config: ExperimentConfig
    status: Status = field(default=Status.QUEUED, init=False)
    revision: int = 0
    events: list[Event] = field(default_factory=list)
    message: str = ""
    prepared: tuple[int, int] = (0, 0)
    stage: str = TEXTS
    rounds_allowed: int | None = None  # None: no limit; 0: paused
    group: str | None = None
    table: Table | None = None  # of the user's own, until it is in the run's folder
    produce: Producer | None = None  # who plays it in place of the engine; such a run is neither paused nor resumed
    resumed: bool = False  # its record is there and goes on
    lock: FileLock | None = None  # of its folder, from the promise to the end; what this says is true as long
    discarded: bool = False  # it has never begun, and left no folder
    in_round: bool = False
    seen: float = field(default_factory=time.monotonic)  # when somebody last looked at it

    def become(self, status: Status) -> None:
        """The one way to another status. Raises `UnlistedTransition`."""
        if status != self.status:
            check(self.status, status)
            self.status = status


class Jobs(OrderedDict[str, Job]):
    """By run id, in their order. `changed` is the one lock of a runner: whoever reads or writes a job holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition()

    def live(self) -> list[Job]:
        """Those that have not ended, the one that has its turn among them."""
        return [job for job in self.values() if job.status in LIVE]

    def first_queued(self) -> Job | None:
        """The one whose turn is next."""
        return next((job for job in self.values() if job.status == Status.QUEUED), None)

    def admit(self, jobs: list[Job], reserve: Callable[[Job], None], discard: Callable[[Job], None]) -> None:
        """Puts all or none at the end. reserve: called with each new one; what it raises is raised, after a discard of
        those before. Raises `ConfigError` where the queue is full."""
        with self.changed:
            if len(self.live()) + len(jobs) > LONGEST_QUEUE:
                raise ConfigError("live.queue_full", most=LONGEST_QUEUE, count=len(self.live()))
            reserved: list[Job] = []
            try:
                for job in jobs:
                    if not job.resumed:
                        reserve(job)
                        reserved.append(job)
            except Exception:
                for job in reserved:
                    discard(job)
                raise
            for job in jobs:
                self[job.run_id] = job
                self.move_to_end(job.run_id)
                self.touch(job)
            self._forget_old()

    def touch(self, job: Job) -> None:
        """Makes a change known to whoever waits for one."""
        job.revision += 1
        self.changed.notify_all()

    def _forget_old(self) -> None:
        ended = [run_id for run_id, job in self.items() if job.status not in LIVE]
        for run_id in ended[:-KEPT_IN_MEMORY]:
            del self[run_id]
