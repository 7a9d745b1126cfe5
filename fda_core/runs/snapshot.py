"""A run as one looks at it, and the state the runner keeps of it."""

import time
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from filelock import FileLock

from fda_core.algorithm.events import Event, RunFinished
from fda_core.data.table import Table
from fda_core.runs.store import EVENTS, config_of, held, read_events
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import TEXTS
from fda_core.support.errors import StoreError
from fda_core.support.messages import because

LIVE = ("queued", "preparing", "running", "paused", "stopping")
KEPT_READ = 32  # runs read from their folders


@dataclass(frozen=True)
class Snapshot:
    """A run as it was at one moment. `revision` grows with every change; equal revisions look equal.

    status: queued, preparing, running, paused, stopping, finished, stopped, failed, interrupted (to be resumed), or
    elsewhere (another process plays it). place: runs ahead in the queue; wait: seconds until its turn at most, None
    where nothing is known. prepared: texts of the frozen prefix done and total, or bytes of another stage.
    """

    run_id: str
    config: ExperimentConfig
    status: str
    revision: int
    events: tuple[Event, ...] = ()
    message: str = ""
    place: int = 0
    wait: float | None = None
    prepared: tuple[int, int] = (0, 0)
    stage: str = TEXTS

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
    stage: str = TEXTS
    rounds_allowed: int | None = None  # None: no limit; 0: paused
    stopping: bool = False
    group: str | None = None
    table: Table | None = None  # of the user's own, until it is in the run's folder
    resumed: bool = False  # its record is there and goes on
    lock: FileLock | None = None  # of its folder, which it has while it waits
    in_round: bool = False
    seen: float = field(default_factory=time.monotonic)  # when somebody last looked at it


def stored(folder: Path) -> Snapshot:
    """A run read back from its folder. Raises `StoreError`."""
    try:
        state = (folder / EVENTS).stat()
    except OSError as error:
        raise StoreError("runs.not_read", path=folder.name, reason=because(error)) from None
    run = _read(folder, state.st_size, state.st_mtime_ns)
    return replace(run, status="elsewhere") if run.status == "interrupted" and held(folder) else run


@lru_cache(maxsize=KEPT_READ)
def _read(folder: Path, size: int, changed: int) -> Snapshot:
    """Once for all who look at the run, until its record changes."""
    events = read_events(folder)
    config = config_of(events, folder)
    last = events[-1] if events else None
    ended = isinstance(last, RunFinished)
    return Snapshot(
        folder.name, config, last.status if ended else "interrupted", len(events), tuple(events),
        last.message if ended else "",
    )  # fmt: skip
