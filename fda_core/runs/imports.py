"""Takes over somebody else's `events.jsonl`: every line is checked before anything is kept."""

import json
import os
import shutil
from pathlib import Path

from fda_core.algorithm.events import Epoch, Event, Round, RunResumed, RunStarted, parse
from fda_core.runs.audit import audit_lines, plain
from fda_core.runs.meta import META, Meta
from fda_core.runs.store import CONFIG, EVENTS, new_run_id
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError, StoreError

MOST_BYTES, MOST_LINES, LONGEST_LINE = 20_000_000, 200_000, 200_000
TAG = "imported"
# What pages compute with; everything else that a first line may say is only shown.
NUMBERS = (
    ("initial", "test_loss"),
    ("initial", "accuracy"),
    ("facts", "trainable_parameters"),
    ("facts", "model_bytes"),
)
UNCHANGED = f"choose a file {EVENTS} as the run wrote it"


def import_events(data: bytes, root: Path) -> str:
    """Keeps the events as a new run under `root`, byte for byte, and returns its id.

    Raises `StoreError`, in a sentence that names the line, and leaves nothing behind.
    """
    lines = lines_of(data)
    if problems := audit_lines(lines).problems:
        raise StoreError(f"{problems[0].removesuffix('.')}: {UNCHANGED}.")
    start = parse(lines[0]) if lines else None
    if not isinstance(start, RunStarted):
        raise StoreError(f"Line 1 does not start a run: {UNCHANGED}.")
    lanes = {lane.id for lane in config_in(start).lanes}
    for number, line in enumerate(lines[1:], 2):
        if problem := out_of_place(parse(line), lanes):
            raise StoreError(f"Line {number} {problem}: {UNCHANGED}.")
    return keep(data, start.config, root)


def lines_of(data: bytes) -> list[bytes]:
    """The lines, as readers of records split them. Raises `StoreError` for what is too large to be looked at."""
    if len(data) > MOST_BYTES or max(data.count(b"\n"), data.count(b"\r")) > MOST_LINES:
        limits = f"at most {MOST_BYTES:,} bytes and {MOST_LINES:,} lines are taken"
        raise StoreError(f"The file is too large ({limits}): choose a shorter run.")
    lines = data.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise StoreError(f"Line {number} is longer than {LONGEST_LINE:,} bytes: {UNCHANGED}.")
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            raise StoreError(f"Line {number} is not text in UTF-8: {UNCHANGED}.") from None
    if lines and not lines[-1].endswith(b"\n"):
        raise StoreError(
            f"Line {len(lines)} has no end: copy the whole file, or remove that line if the run was killed."
        )
    return lines


def config_in(start: RunStarted) -> ExperimentConfig:
    """The experiment of the first line, which has all that pages need. Raises `StoreError`."""
    for part, name in NUMBERS:
        value = getattr(start, part).get(name, "")
        if type(value) not in (int, float) and not (value is None and part == "initial"):  # null: it was not finite
            raise StoreError(f"Line 1 has no number {part}.{name}: {UNCHANGED}.")
    if "model" not in start.facts:
        raise StoreError(f"Line 1 has no facts.model: {UNCHANGED}.")
    if "lanes" not in start.config:  # the defaults of the one who reads are not what was run
        raise StoreError(f"Line 1 names no lanes: {UNCHANGED}.")
    try:
        return ExperimentConfig(**start.config)
    except ConfigError as error:
        raise StoreError(f"Line 1 holds a setting that this version does not take: {plain(str(error))}") from None


def out_of_place(event: Event, lanes: set[str]) -> str | None:
    """What is wrong with a later line, if anything is."""
    if isinstance(event, RunStarted):
        return "starts another run"
    lane: str | None = getattr(event, "lane", None)
    named = set(event.from_round) if isinstance(event, RunResumed) else set() if lane is None else {lane}
    if unknown := named - lanes:
        return f"speaks of the lane {min(unknown)[:40]!a}, which the run does not have"
    if isinstance(event, Epoch | Round) and any(isinstance(value, int) and value < 0 for value in vars(event).values()):
        return "counts something below zero"
    return None


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
        raise StoreError(f"{root} cannot be written ({error.strerror}): make room there or choose another.") from None
    return run_id
