"""A run is its folder: `config.json`, `events.jsonl` (the only record), `checkpoints/` to go on from, `summary.json`.

The events of a round become durable together: they are written and synced when its `round` line comes. Whatever
kills the process, the file holds whole rounds and at most a torn end, which readers drop and a resumption cuts off.
A lock file, held while a run is written, tells other processes that it is not theirs to resume.
"""

import errno
import json
import logging
import os
import re
import secrets
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from fda_core.algorithm.checkpoint import Checkpoint, CheckpointError, load
from fda_core.algorithm.events import Epoch, Event, RunStarted
from fda_core.runs.reading import Reader, event_of
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError, StoreError
from fda_core.support.messages import Message, Printable, because

log = logging.getLogger(__name__)

EVENTS, CONFIG, SUMMARY = "events.jsonl", "config.json", "summary.json"
FLOWER = "flower"  # an empty file: no engine plays the run, but a federation on Flower
CHECKPOINTS, LOCK = "checkpoints", "lock"
RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")

_asking = threading.Lock()  # who asks whether a run is held has it for a moment: not two of this process at once


def runs_folder() -> Path:
    """Where runs are kept: FDA_OPT_LAB_RUNS, or the user's data folder."""
    return Path(os.environ.get("FDA_OPT_LAB_RUNS") or user_data_path("fda-opt-lab", appauthor=False) / "runs")


def new_run_id() -> str:
    """Date, time (UTC) and six random digits; the only shape of run id that is ever turned into a path."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def folder_of(run_id: str, root: Path | None = None) -> Path | None:
    """The folder of a stored run, or None for an unknown or malformed id."""
    if not RUN_ID.fullmatch(run_id):
        return None
    folder = (root or runs_folder()) / run_id
    return folder if (folder / EVENTS).is_file() else None


def hold(folder: Path, patience: float = 1.0) -> FileLock:
    """Locks a run folder for this process; the lock ends with the process. Raises `StoreError` if another has it.

    patience: seconds; whoever asks whether it is held has it for a moment.
    """
    lock = FileLock(folder / LOCK, thread_local=False)  # taken where a run is asked for, let go where it was played
    try:
        lock.acquire(timeout=patience, poll_interval=0.01)
    except Timeout:
        raise StoreError("runs.elsewhere", run=folder.name) from None
    return lock


def held(folder: Path) -> bool:
    """Whether some process is writing the run."""
    if not (folder / LOCK).exists():
        return False
    try:
        with _asking:
            hold(folder, patience=0.1).release()
    except StoreError:
        return True
    except OSError:  # a folder that cannot be written is not being written
        return False
    return False


def read_checkpoint(folder: Path, lane: str) -> Checkpoint | None:
    """A lane's checkpoint; None where there is none that can be used."""
    file = folder / CHECKPOINTS / f"{lane}.safetensors"
    if not file.is_file():
        return None
    try:
        return load(file)
    except CheckpointError as error:
        log.warning("%s The lane %s begins again.", error, lane)
        return None


def read_events(folder: Path) -> list[Event]:
    """The events of a run folder; a torn last line is dropped. Raises `StoreError` for any other damage."""
    try:
        if (folder / EVENTS).is_fifo():  # it would be waited for
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        lines = (folder / EVENTS).read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise StoreError("runs.no_record", run=folder.name, reason=because(error), file=EVENTS) from None
    events = list(_parsed(lines, folder))
    drop_unfinished(events)
    return events


def drop_unfinished(events: list[Event]) -> None:
    """Takes away the epochs of a round that did not end: they are on no record, or on one that was torn."""
    while events and isinstance(events[-1], Epoch):
        events.pop()


def recorded_at(folder: Path) -> datetime | None:
    """When the run began; None where its first line does not say."""
    try:
        with open(folder / EVENTS, "rb") as file:
            return datetime.fromisoformat(json.loads(file.readline())["time"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def config_of(events: Sequence[Event], folder: Path) -> ExperimentConfig:
    """The experiment that a record begins with, or was to begin with when it was killed. Raises `StoreError`."""
    start = next((event for event in events if isinstance(event, RunStarted)), None)
    config = kept_config(folder) if start is None else start.config
    try:
        experiment = ExperimentConfig(**config)
    except ConfigError as error:
        raise StoreError("runs.damaged", run=folder.name, reason=error) from None
    if "lanes" not in config:  # the defaults of the one who reads are not what was run
        raise StoreError("runs.damaged", run=folder.name, reason=Message("part.no_lanes"))
    return experiment


def kept_config(folder: Path) -> dict:
    """`config.json`, which a run has before its first event. Raises `StoreError`."""
    try:
        config = json.loads((folder / CONFIG).read_bytes())
    except (OSError, ValueError, RecursionError):
        config = None
    if not isinstance(config, dict):
        raise StoreError("runs.nothing_to_show", run=folder.name)
    return config


def _parsed(lines: Sequence[bytes], folder: Path) -> Iterator[Event]:
    reader = Reader()
    for number, line in enumerate(lines, 1):
        if number == len(lines) and not line.endswith(b"\n"):
            return
        event = event_of(line)
        if isinstance(event, Message):
            raise StoreError("runs.line_damaged", run=folder.name, line=number, file=EVENTS, reason=Printable(event))
        if problem := reader.problem(event):
            raise StoreError("runs.line_strange", run=folder.name, line=number, file=EVENTS, reason=Printable(problem))
        yield event
