"""What a list shows of a run, read from its folder."""

import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from fda_core.algorithm.events import Event, RunFinished
from fda_core.analysis.summary import rounds_played, started, summarize
from fda_core.runs.meta import META, read_meta
from fda_core.runs.store import EVENTS, RUN_ID, config_of, read_events, recorded_at
from fda_core.support.errors import StoreError
from fda_core.support.messages import Message, because

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One run of the list.

    status: finished, stopped, failed, interrupted (not closed) or damaged; message: the run's, or what is damaged.
    From `preset` on everything is empty or None where the record says nothing: damaged, or ended before it began.
    to_target: bytes by lane until the target was reached; None where it was not.
    """

    run_id: str
    created: datetime
    name: str = ""
    tags: tuple[str, ...] = ()
    status: str = "damaged"
    message: str = ""
    preset: str = ""
    clients: int | None = None
    alpha: float | None = None
    seed: int | None = None
    model: str = ""
    server_optimizer: str = ""
    group: str | None = None
    lanes: tuple[str, ...] = ()
    rounds: int = 0
    to_target: dict[str, int | None] = field(default_factory=dict)

    def to_json(self) -> str:
        """One line, the time in ISO's form."""
        return json.dumps(asdict(self) | {"created": self.created.isoformat()})

    @classmethod
    def from_json(cls, text: str) -> "Entry":
        """Undoes `to_json`. Raises `ValueError`, `KeyError` or `TypeError` for what is none."""
        values = json.loads(text)
        lists = {name: tuple(values[name]) for name in ("tags", "lanes")}
        return cls(**values | lists | {"created": datetime.fromisoformat(values["created"])})


def states(root: Path) -> dict[str, str]:
    """The run folders by id, each with a text that changes when its record or its name does. Raises `StoreError`."""
    try:
        folders = [entry for entry in os.scandir(root) if RUN_ID.fullmatch(entry.name) and entry.is_dir()]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError("runs.folder_not_read", path=root, reason=because(error)) from None
    return {entry.name: f"{state(entry.path, EVENTS)} {state(entry.path, META)}" for entry in folders}


def state(folder: str, name: str) -> str:
    """A text that changes when the file does: size, time, and which file it is; `none` without it."""
    try:
        found = os.stat(os.path.join(folder, name))
    except OSError:
        return "none"
    # A name written twice within one tick of the file system's clock is another file.
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ino}"


def read_entry(folder: Path) -> Entry:
    """The run in a folder; a damaged one says so itself and raises nothing."""
    meta = read_meta(folder)
    entry = Entry(folder.name, created_at(folder), meta.name, meta.tags)
    try:
        return recorded(entry, read_events(folder), folder)
    except StoreError as error:
        return replace(entry, message=str(error))
    except Exception:  # no folder, whatever is in it, may hide the others
        log.exception("the run %s cannot be read", folder.name)
        damaged = Message("runs.damaged", run=folder.name, reason=Message("part.other_program"))
        return replace(entry, message=str(damaged))


def recorded(entry: Entry, events: list[Event], folder: Path) -> Entry:
    """The entry with what its events say. Raises `StoreError` for a record without usable settings."""
    last = events[-1] if events else None
    if isinstance(last, RunFinished):
        entry = replace(entry, status=last.status, message=last.message)
    start = started(events)
    if start is None and isinstance(last, RunFinished):
        return entry  # it failed before it began, and says why
    config = config_of(events, folder)
    lanes = summarize(events)
    return replace(
        entry,
        status=entry.status if isinstance(last, RunFinished) else "interrupted",
        preset=config.preset,
        clients=config.clients,
        alpha=config.alpha,
        seed=config.seed,
        model=config.model,
        server_optimizer=config.server_optimizer,
        group=start.group if start else None,
        lanes=tuple(lane.lane for lane in lanes),
        rounds=rounds_played(events),
        to_target={lane.lane: lane.to_target.bytes if lane.to_target else None for lane in lanes},
    )


def created_at(folder: Path) -> datetime:
    """When the run began, in UTC; by its id where its first line does not say."""
    if found := recorded_at(folder):
        with suppress(OverflowError):  # a time outside the calendar
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    try:
        return datetime.strptime(folder.name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
