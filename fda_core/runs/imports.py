"""Takes over somebody else's `events.jsonl`: every line is checked before anything is kept."""

import json
import os
import shutil
from pathlib import Path

from fda_core.events import LaneFinished, RunResumed, RunStarted, parse
from fda_core.runs.audit import audit_lines
from fda_core.runs.store import CONFIG, EVENTS, StoreError, config_of, new_run_id

MOST_BYTES, MOST_LINES, LONGEST_LINE = 20_000_000, 200_000, 200_000


def import_events(data: bytes, root: Path) -> str:
    """Keeps the events as a new run under `root`, byte for byte, and returns its id.

    Raises `StoreError`, in a sentence that names the line, and leaves nothing behind.
    """
    lines = data.splitlines(keepends=True)
    if len(data) > MOST_BYTES or len(lines) > MOST_LINES:
        raise StoreError(f"The file is too large: at most {MOST_BYTES:,} bytes and {MOST_LINES:,} lines are taken.")
    long = next((number for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE), None)
    if long:
        raise StoreError(f"Line {long} is longer than {LONGEST_LINE:,} bytes: this is not the record of a run.")
    if problems := audit_lines(lines).problems:
        raise StoreError(f"The file is not the whole record of a run. {problems[0]}")
    check_lanes(lines)
    return keep(data, json.loads(lines[0])["config"], root)


def check_lanes(lines: list[bytes]) -> None:
    """The first line starts a run, and no other speaks of lanes that it does not have."""
    first = parse(lines[0]) if lines else None
    if not isinstance(first, RunStarted):
        raise StoreError("Line 1 does not start a run: choose the file events.jsonl of a run's folder.")
    lanes = {lane.id for lane in config_of([first], Path("imported")).lanes}
    for number, line in enumerate(lines[1:], 2):
        event = parse(line)
        if isinstance(event, RunStarted):
            raise StoreError(f"Line {number} starts another run: one file holds one run.")
        named = set(event.from_round) if isinstance(event, RunResumed) else {getattr(event, "lane", None)} - {None}
        if unknown := named - lanes:
            kind = "ends" if isinstance(event, LaneFinished) else "speaks of"
            raise StoreError(f"Line {number} {kind} a lane that the run does not have: {sorted(unknown)[0][:40]!r}.")


def keep(data: bytes, config: dict, root: Path) -> str:
    """All of it or nothing: written beside the runs, then renamed."""
    run_id = new_run_id()
    draft = root / f".import-{run_id}"
    try:
        draft.mkdir(parents=True)
        (draft / EVENTS).write_bytes(data)
        (draft / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        os.replace(draft, root / run_id)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise StoreError(f"{root} cannot be written ({error.strerror}): make room there or choose another.") from None
    return run_id
