"""A run as one looks at it, whoever plays it: in this process, in another one, or nobody any more."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from fda_core.algorithm.events import Event, RunFinished, RunStarted
from fda_core.runs.store import EVENTS, FLOWER, config_of, held, read_events
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import TEXTS
from fda_core.support.errors import StoreError
from fda_core.support.messages import because

KEPT_READ = 32  # runs read from their folders


class Status(StrEnum):
    """How a run stands. The words are kept in records and are keys of the interface's catalogues."""

    QUEUED = "queued"
    PREPARING = "preparing"  # model and data are loaded, texts computed; no event yet
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"  # ends with its current local step
    PREEMPTED = "preempted"  # gave its place away, its record is open; a runner queues or interrupts it at once
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its record is open: it can be resumed
    ELSEWHERE = "elsewhere"  # its record is open: another process plays it


LIVE = (Status.QUEUED, Status.PREPARING, Status.RUNNING, Status.PAUSED, Status.STOPPING)


@dataclass(frozen=True)
class Snapshot:
    """A run as it was at one moment. `revision` grows with every change; equal revisions look equal.

    place: runs ahead in the queue; wait: seconds until its turn at most, None where nothing is known. prepared: texts
    of the frozen prefix done and total, or bytes of another stage. steerable: whether it can be paused and resumed: the
    engine plays it, and no federation on Flower.
    """

    run_id: str
    config: ExperimentConfig
    status: Status
    revision: int
    events: tuple[Event, ...] = ()
    message: str = ""
    place: int = 0
    wait: float | None = None
    prepared: tuple[int, int] = (0, 0)
    stage: str = TEXTS
    steerable: bool = True

    @property
    def live(self) -> bool:
        """Whether this process has it in hand: it will still change."""
        return self.status in LIVE


def stored(folder: Path) -> Snapshot:
    """A run read back from its folder, and whether some process has it in hand. Raises `StoreError`."""
    run = on_record(folder)
    return replace(run, status=Status.ELSEWHERE) if run.status == Status.INTERRUPTED and held(folder) else run


def on_record(folder: Path) -> Snapshot:
    """What its folder says of a run: how it ended, or that it is to be resumed. Raises `StoreError`."""
    try:
        state = (folder / EVENTS).stat()
    except OSError as error:
        raise StoreError("runs.not_read", path=folder.name, reason=because(error)) from None
    return _read(folder, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=KEPT_READ)
def _read(folder: Path, size: int, changed: int) -> Snapshot:
    """Once for all who look at the run, until its record changes."""
    events = read_events(folder)
    config = config_of(events, folder)
    last = events[-1] if events else None
    ended = last if isinstance(last, RunFinished) else None
    status = Status(ended.status) if ended else Status.INTERRUPTED
    flower = (folder / FLOWER).exists() or any(isinstance(e, RunStarted) and e.source == "flower" for e in events[:1])
    return Snapshot(
        folder.name, config, status, len(events), tuple(events), ended.message if ended else "", steerable=not flower
    )
