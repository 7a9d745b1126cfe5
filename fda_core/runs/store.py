"""A run is its folder: `config.json`, `events.jsonl` (the only record), and `summary.json` drawn from it.

The events of a round become durable together: they are written and synced when its `round` line comes. Whatever
kills the process, the file holds whole rounds and at most one torn line, which readers drop.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_data_path
from pydantic import ValidationError

from fda_core.errors import LabError
from fda_core.events import Epoch, Event, LaneFinished, RunFinished, RunStarted, parse

EVENTS, CONFIG, SUMMARY = "events.jsonl", "config.json", "summary.json"
RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


class StoreError(LabError):
    """A run folder that cannot be written or read."""


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


class Recorder:
    """Writes one run, closed by `finish`.

    Raises `StoreError` when the folder cannot be made, already holds a run, or cannot be written.
    """

    def __init__(self, folder: Path, run_id: str):
        self.folder, self.run_id = folder, run_id
        self.waiting: list[bytes] = []
        self.count = 0
        self.digest = hashlib.sha256()
        self.racing: dict[str, None] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.file = open(folder / EVENTS, "xb", buffering=0)  # noqa: SIM115 - open for the run's whole life
        except FileExistsError:
            raise StoreError(f"{folder} already holds a run: choose another folder.") from None
        except OSError as error:
            raise StoreError(f"{folder} cannot be written ({error.strerror}): choose another folder.") from None

    def add(self, event: Event) -> None:
        """Takes one event; a round's epochs wait for the round."""
        if isinstance(event, RunStarted):
            self.racing = {lane["id"]: None for lane in event.config["lanes"]}
            self._write_text(CONFIG, json.dumps(event.config, indent=2) + "\n")
        self.waiting.append(self._line(event))
        if isinstance(event, LaneFinished):
            self.racing.pop(event.lane, None)
        if not isinstance(event, Epoch):
            self._flush()

    def finish(self, status: str, message: str = "") -> list[Event]:
        """Closes the record; lanes still racing are marked stopped, their unfinished round is dropped."""
        self.waiting.clear()
        closing: list[Event] = [LaneFinished(lane=lane, status="stopped", message=message) for lane in self.racing]
        for event in closing:
            self.add(event)
        last = RunFinished(status=status, message=message, count=self.count, digest=self.digest.hexdigest())
        self.add(last)
        self.close()
        return [*closing, last]

    def close(self) -> None:
        self.file.close()

    def write_summary(self, summary: dict) -> None:
        self._write_text(SUMMARY, json.dumps(summary, indent=2) + "\n")

    def _line(self, event: Event) -> bytes:
        body = event.model_dump_json(by_alias=True)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        sequence = self.count + len(self.waiting)
        head = json.dumps({"run_id": self.run_id, "seq": sequence, "time": now})
        return f"{body[:-1]},{head[1:]}\n".encode()

    def _flush(self) -> None:
        lines, self.waiting = self.waiting, []
        good = self.file.tell()
        try:
            rest = memoryview(b"".join(lines))
            while rest:
                rest = rest[self.file.write(rest) :]
            os.fsync(self.file.fileno())
        except OSError as error:
            # Half a round on a full disk would damage the record once there is room again.
            with suppress(OSError):
                self.file.truncate(good)
                self.file.seek(good)
            problem = f"{self.folder} cannot be written ({error.strerror})"
            raise StoreError(f"{problem}: earlier rounds are kept; make room and start again.") from None
        self.count += len(lines)
        for line in lines:
            self.digest.update(line)

    def _write_text(self, name: str, text: str) -> None:
        draft = self.folder / f"{name}.part"
        try:
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, self.folder / name)
        except OSError as error:
            raise StoreError(f"{draft.parent} cannot be written ({error.strerror}): choose another folder.") from None


def read_events(folder: Path) -> list[Event]:
    """The events of a run folder; a torn last line is dropped. Raises `StoreError` for any other damage."""
    try:
        lines = (folder / EVENTS).read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise StoreError(f"{folder.name} cannot be read ({error.strerror}): its file {EVENTS} is missing.") from None
    events = list(_parsed(lines, folder))
    while events and isinstance(events[-1], Epoch):  # of a round that did not reach the disk whole
        events.pop()
    return events


def _parsed(lines: Iterable[bytes], folder: Path) -> Iterator[Event]:
    lines = list(lines)
    for number, line in enumerate(lines, 1):
        if number == len(lines) and not line.endswith(b"\n"):
            return
        try:
            yield parse(line)
        except ValidationError:
            raise StoreError(f"{folder.name} is damaged: line {number} of {EVENTS} is not an event.") from None
