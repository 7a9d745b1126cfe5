"""A stored run for other programs: one row a round as CSV, or all as JSON. `events.jsonl` itself is the third."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from fda_core.algorithm.events import Event, Round
from fda_core.analysis.summary import costs, lane_ids, rounds_of, started, summarize
from fda_core.runs.meta import read_meta
from fda_core.runs.store import read_events

# What begins a formula in a spreadsheet; the wide ones do in a Japanese one.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
OF_CONFIG = ("seed", "alpha", "clients", "server_optimizer")
OF_ROUND = (
    "round", "epochs", "reason", "variance", "threshold_next", "bytes_down", "bytes_up", "bytes_monitor",
    "bytes_total", "test_loss", "accuracy", "simulated_seconds",
)  # fmt: skip


def to_csv(folder: Path) -> str:
    """One row a round of every lane; bytes are counted, seconds simulated. Raises `StoreError`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["run_id", "name", *OF_CONFIG, "lane", *OF_ROUND, "local_epochs_total"])
    writer.writerows(map(cell, row) for row in _rows(folder, read_events(folder)))
    return text.getvalue()


def cell(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would compute it."""
    return text.startswith(FORMULA)


def _rows(folder: Path, events: list[Event]) -> Iterator[list]:
    if (start := started(events)) is None:
        return
    about = [folder.name, read_meta(folder).name, *(start.config.get(name) for name in OF_CONFIG)]
    for lane in lane_ids(start):
        rounds = rounds_of(events, lane)
        for event, cost in zip(rounds, costs(rounds), strict=True):
            yield [*about, lane, *(getattr(event, name) for name in OF_ROUND), cost.local_epochs]


def to_json(folder: Path) -> str:
    """Name, config, facts, versions, the summary of each lane and every round, as one object. Raises `StoreError`."""
    events, meta = read_events(folder), read_meta(folder)
    start = started(events)
    about = start.model_dump(mode="json", include={"config", "facts", "versions", "initial"}) if start else {}
    lanes = [lane.to_dict() for lane in summarize(events)]
    rounds = [event.model_dump(mode="json", by_alias=True) for event in events if isinstance(event, Round)]
    whole = {"run_id": folder.name, **meta.model_dump(), **about, "lanes": lanes, "rounds": rounds}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
