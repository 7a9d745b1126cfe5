"""Takes over somebody else's `events.jsonl`: every line is checked before anything is kept."""

import json
import os
import shutil
from pathlib import Path

from fda_core.algorithm.events import RunStarted
from fda_core.runs.audit import audit_lines
from fda_core.runs.meta import META, Meta
from fda_core.runs.reading import event_of
from fda_core.runs.store import CONFIG, EVENTS, new_run_id
from fda_core.support.errors import StoreError
from fda_core.support.messages import Message, because

MOST_BYTES, MOST_LINES, LONGEST_LINE = 20_000_000, 200_000, 200_000
TAG = "imported"


def import_events(data: bytes, root: Path) -> str:
    """Keeps the events as a new run under `root`, byte for byte, and returns its id.

    Raises `StoreError`, in a sentence that names the line, and leaves nothing behind.
    """
    lines = lines_of(data)
    if wrong := audit_lines(lines).wrong:
        raise changed(wrong[0])
    start = event_of(lines[0]) if lines else None
    if not isinstance(start, RunStarted):
        raise changed(Message("record.no_start"))
    return keep(data, start.config, root)


def changed(problem: Message) -> StoreError:
    """The error to raise about a file that is not as a run wrote it."""
    return StoreError("record.unchanged", reason=problem)


def lines_of(data: bytes) -> list[bytes]:
    """The lines, as readers of records split them. Raises `StoreError` for what is too large to be looked at."""
    if len(data) > MOST_BYTES or max(data.count(b"\n"), data.count(b"\r")) > MOST_LINES:
        raise StoreError("record.too_large", bytes=MOST_BYTES, lines=MOST_LINES)
    lines = data.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise changed(Message("record.long_line", line=number, most=LONGEST_LINE))
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            raise changed(Message("record.no_text", line=number)) from None
    if lines and not lines[-1].endswith(b"\n"):
        raise StoreError("record.no_end", line=len(lines))
    return lines


def keep(data: bytes, config: dict, root: Path) -> str:
    """All of it or nothing: written beside the runs, then renamed. Raises `StoreError`."""
    run_id = new_run_id()
    draft = root / f".import-{run_id}"
    try:
        draft.mkdir(parents=True)
        (draft / EVENTS).write_bytes(data)
        (draft / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        (draft / META).write_text(Meta(tags=(TAG,)).model_dump_json(indent=2) + "\n", encoding="utf-8")
        os.replace(draft, root / run_id)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise StoreError("runs.not_written_either", path=root, reason=because(error)) from None
    return run_id
