"""Run folders for tests, written by the real recorder."""

import json
from collections.abc import Sequence
from pathlib import Path

from fda_core.algorithm.events import Event, RunStarted
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import EVENTS, new_run_id
from tests.helpers.tiny_events import a_round, an_epoch, started

STORY = (an_epoch(), a_round(), an_epoch("fda-opt"), a_round("fda-opt"), a_round(number=2))


def keep_run(
    root: Path, story: Sequence[Event] = STORY, status: str | None = "finished", message: str = "",
    began: str | None = None, group: str | None = None, **settings,
) -> str:  # fmt: skip
    """Keeps a run under `root` and returns its id; status None leaves it open. began: the time in its first line."""
    run_id = new_run_id()
    recorder = Recorder(root / run_id, run_id)
    for event in (begun(group=group, **settings), *story):
        recorder.add(event)
    recorder.finish(status, message) if status else recorder.close()
    if began is not None:
        change_line(root / run_id, 0, time=began)
    return run_id


def begun(group: str | None = None, **settings) -> RunStarted:
    """The first event, of a run that may be one of a group."""
    return started(**settings).model_copy(update={"group": group})


def change_line(folder: Path, number: int, **values) -> None:
    """Writes other values into one line of a record, whose digest is then wrong."""
    rows = [json.loads(line) for line in (folder / EVENTS).read_text().splitlines()]
    rows[number] |= values
    (folder / EVENTS).write_text("".join(json.dumps(row) + "\n" for row in rows))


def ids(entries) -> list[str]:
    return [entry.run_id for entry in entries]
