"""Writes the record of a run, round by round, and goes on with the record of an interrupted one."""

import io
import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

from filelock import FileLock

from fda_core.algorithm.checkpoint import Checkpoint, CheckpointError, save
from fda_core.algorithm.events import Epoch, Event, LaneFinished, Round, RunFinished, RunStarted
from fda_core.federation.resumption import Resumption
from fda_core.runs.journal import Journal, begin
from fda_core.runs.store import CHECKPOINTS, CONFIG, EVENTS, SUMMARY, hold, read_checkpoint, read_events
from fda_core.support.errors import StoreError
from fda_core.support.files import replace_whole
from fda_core.support.messages import because

log = logging.getLogger(__name__)


class Recorder:
    """Writes one run, closed by `finish`, or by `close` if it is to be resumed.

    With `resume` it continues an interrupted run; `kept` are the events on record. config: the experiment, kept from
    the very beginning, so that a run can be resumed that was killed before its first event. lock: on the folder, of a
    caller who lets it go himself; without one the recorder has its own until it is closed. Raises `StoreError` when
    the folder cannot be made or written, already holds a run, or has none to resume; what it made is then gone.
    """

    def __init__(
        self, folder: Path, run_id: str, resume: bool = False, config: dict | None = None, lock: FileLock | None = None
    ):
        self.folder = folder
        self.racing: dict[str, None] = {}
        self.rounds: dict[str, int] = {}  # on record, by lane
        self.kept: list[Event] = []
        if resume and not (folder / EVENTS).is_file():
            raise StoreError("runs.nothing_to_resume", folder=folder)
        if not resume and (folder / EVENTS).exists():
            raise StoreError("runs.folder_taken", folder=folder)
        made = not folder.exists()
        self.own: FileLock | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.own = None if lock else hold(folder)
            self.journal = Journal(self._open(resume, config), folder, run_id)
        except (OSError, StoreError) as error:
            self._let_go()
            if made:
                shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, StoreError):
                raise
            if isinstance(error, FileExistsError) and folder.is_dir():
                raise StoreError("runs.folder_taken", folder=folder) from None
            raise StoreError("runs.not_written_other", path=folder, reason=because(error)) from None
        if resume:
            self._continue()

    def _open(self, resume: bool, config: dict | None) -> io.FileIO:
        """The record; a new one durable under its name, its settings before it."""
        file = self.folder / EVENTS
        if resume:
            return open(file, "r+b", buffering=0)
        if config is not None:
            replace_whole(self.folder / CONFIG, (json.dumps(config, indent=2) + "\n").encode())
        return begin(file)

    def _continue(self) -> None:
        """Cuts off what the interruption tore, and counts what is there."""
        try:
            self.kept = read_events(self.folder)
            if self.kept and isinstance(self.kept[-1], RunFinished):
                raise StoreError("runs.ended", run=self.folder.name)
            journal = self.journal
            lines = journal.file.readall().splitlines(keepends=True)[: len(self.kept)]
            journal.file.truncate(sum(map(len, lines)))
            journal.file.seek(0, os.SEEK_END)
            journal.run_id = json.loads(lines[0]).get("run_id", journal.run_id) if lines else journal.run_id
            journal.account(lines)
            for event in self.kept:
                self._follow(event)
        except BaseException:
            self.close()
            raise

    @property
    def resumption(self) -> Resumption | None:
        """For an engine that goes on where the record ends; None where nothing is on record."""
        if not self.kept:
            return None
        known = {lane: read_checkpoint(self.folder, lane) for lane in self.rounds}
        # A checkpoint is written after its round: one that is ahead belongs to another record.
        usable = {lane: found for lane, found in known.items() if found and found.round <= self.rounds[lane]}
        facts = next((event.facts for event in self.kept if isinstance(event, RunStarted)), {})
        return Resumption(dict(self.rounds), frozenset(self.rounds) - frozenset(self.racing), usable, facts)

    def known(self, event: Event) -> bool:
        """Whether the event belongs to a round that is on record: a lane may resume at an earlier one."""
        return isinstance(event, Epoch | Round) and event.round <= self.rounds.get(event.lane, 0)

    def add(self, event: Event) -> None:
        """Takes one event; a round's epochs wait for the round."""
        self.journal.add(event.model_dump_json(by_alias=True))
        if not isinstance(event, Epoch):
            self.journal.flush()
        self._follow(event)

    def _follow(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.racing = {lane["id"]: None for lane in event.config["lanes"]}
            self.rounds = dict.fromkeys(self.racing, 0)
        elif isinstance(event, LaneFinished):
            self.racing.pop(event.lane, None)
        elif isinstance(event, Round):
            self.rounds[event.lane] = event.round

    def keep(self, lane: str, checkpoint: Checkpoint) -> None:
        """A lane's newest checkpoint replaces the one before. One that cannot be written costs time, not the run."""
        try:
            save(checkpoint, self.folder / CHECKPOINTS / f"{lane}.safetensors")
        except CheckpointError as error:
            log.warning("%s A resumption would begin further back.", error)

    def finish(self, status: str, message: str = "") -> list[Event]:
        """Closes the record; lanes still racing are marked stopped, their unfinished round is dropped."""
        self.journal.waiting.clear()
        closing: list[Event] = [LaneFinished(lane=lane, status="stopped", message=message) for lane in self.racing]
        for event in closing:
            self.add(event)
        ending: Any = status  # pydantic says whether it is one
        count, digest = self.journal.count, self.journal.digest.hexdigest()
        last = RunFinished(status=ending, message=message, count=count, digest=digest)
        self.add(last)
        self.close()
        return [*closing, last]

    def close(self) -> None:
        """Leaves the record as it is and lets others have the folder; without `finish`, the run can be resumed."""
        self.journal.close()
        self._let_go()

    def _let_go(self) -> None:
        if self.own:
            self.own.release()
            self.own = None

    def write_summary(self, summary: dict) -> None:
        """Puts `summary.json` beside the record. Raises `StoreError`."""
        self._write_text(SUMMARY, json.dumps(summary, indent=2) + "\n")

    def _write_text(self, name: str, text: str) -> None:
        try:
            replace_whole(self.folder / name, text.encode())
        except OSError as error:
            raise StoreError("runs.not_written_other", path=self.folder, reason=because(error)) from None
