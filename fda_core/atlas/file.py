"""The atlas as one file: a row a round in Parquet, and a card beside it that says what the rows depend on."""

import json
import platform
from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fda_core.algorithm.events import Event
from fda_core.analysis.summary import rounds_of, start_of
from fda_core.atlas.cells import COHORT, LANES, PARTS, Cell, Run
from fda_core.atlas.cells import runs as all_runs
from fda_core.atlas.curves import Atlas, Curve
from fda_core.atlas.default_figures import headline
from fda_core.runs.store import read_events
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import LabError
from fda_core.support.files import replace_whole

# clients_per_round has another spelling where all clients take part.
VARIES = (
    "seed", "clients", "clients_per_round", "alpha", "client_lr", "server_optimizer", "server_lr", "client_optimizer",
    "lanes",
)  # fmt: skip
SCHEMA = pa.schema([
    ("server", pa.string()), ("clients", pa.int16()), ("alpha", pa.float64()),
    ("client_lr", pa.float64()), ("server_lr", pa.float64()), ("lane", pa.string()),
    ("seed", pa.int32()), ("status", pa.string()), ("theta", pa.float64()),
    ("round", pa.int16()), ("epochs", pa.int16()), ("bytes_total", pa.int64()), ("test_loss", pa.float32()),
    ("accuracy", pa.float32()), ("variance", pa.float32()),
])  # fmt: skip
CELL = [entry.name for entry in fields(Cell)]


class AtlasError(LabError):
    """A file that is not this atlas."""


def rows_of(run: Run, events: list[Event]) -> list[dict]:
    """The rows of a run of one lane; round 0 is the untrained model."""
    start = start_of(events)
    status = next(event.status for event in events if event.event == "lane_finished")
    own = asdict(run.cell) | {
        "lane": run.lane, "seed": run.seed, "status": status, "theta": start.config["lanes"][0].get("theta"),
    }  # fmt: skip
    scores = {name: start.initial[name] for name in ("test_loss", "accuracy")}
    rows = [own | {"round": 0, "epochs": 0, "bytes_total": 0, "variance": None} | scores]
    wanted = {"round", "epochs", "bytes_total", "test_loss", "accuracy", "variance"}
    return rows + [own | event.model_dump(include=wanted) for event in rounds_of(events, run.lane)]


def save(runs: Iterable[Run], root: Path, path: Path) -> int:
    """Adds the runs that lie complete below `root` to the file; returns how many it has then.

    Raises `StoreError` for a run that cannot be read, and `AtlasError` where the file is of other settings.
    """
    new = {run: read_events(root / run.name) for run in runs}
    old = load(path) if path.exists() else None
    table = pa.Table.from_pylist([row for run, events in new.items() for row in rows_of(run, events)], SCHEMA)
    if old:
        table = pa.concat_tables([rows_in(path), table])
    card = merged(old.card if old else {}, [start_of(events) for events in new.values()])
    table = table.sort_by([(key, "ascending") for key in [*CELL, "lane", "seed", "round"]])
    curves = curves_in(table)
    card["commands"], card["default"] = commands(curves), headline(Atlas(curves, card))
    pq.write_table(table, whole := BytesIO(), compression="zstd")
    replace_whole(path, whole.getvalue())
    replace_whole(card_of(path), (json.dumps(card, indent=1) + "\n").encode())
    return len(curves)


def card_of(path: Path) -> Path:
    """Where the card of the file is."""
    return path.with_suffix(".json")


def merged(card: dict, starts: list) -> dict:
    """The card with what the new runs add. Raises `AtlasError` for a run of other settings."""
    today = datetime.now(UTC).date().isoformat()
    for start in starts:
        shared = shared_by_all(start.config)
        if card and shared_by_all(card["config"]) != shared:
            raise AtlasError("atlas.other_settings")
        card = card or {"config": shared, "versions": [], "machine": [], "first": today}
        machine = f"{platform.machine()}, {start.versions.get('threads')} thread(s) a run"
        card["versions"] += [start.versions] * (start.versions not in card["versions"])
        card["machine"] += [machine] * (machine not in card["machine"])
    played = {name: dict(lane.spec) | dict(lane.changes) for name, lane in LANES.items()}
    own = {"clients_per_round": COHORT, "lanes": played, "last": today}
    return card | own if starts else card


def commands(played: Collection[Run]) -> list[str]:
    """Those that play these runs, a part each."""
    found = [part.name for part in PARTS if any(run in played for run in all_runs((part,)))]
    return [f"fda-opt-lab atlas --part {name}" for name in found]


def shared_by_all(config: dict) -> dict:
    """The settings that no run of the atlas has for itself; one that an older version did not know has its default."""
    whole = ExperimentConfig(**{name: value for name, value in config.items() if name not in VARIES}).to_json()
    return {name: value for name, value in whole.items() if name not in VARIES}


def load(path: Path) -> Atlas:
    """What `save` wrote. Raises `AtlasError` for what is not an atlas."""
    try:
        table = rows_in(path)
        card = json.loads(card_of(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise AtlasError("atlas.not_read", path=path, reason=str(error)) from None
    return Atlas(curves_in(table), card)


def rows_in(path: Path) -> pa.Table:
    """All of the file. `pq.read_table` imports what it reads folders with, and `cast` Arrow's functions: together a
    third of a second of the first page with a curve."""
    with pq.ParquetFile(path) as file:
        table = file.read()
    return table if table.schema.equals(SCHEMA) else table.cast(SCHEMA)


def curves_in(table: pa.Table) -> dict[Run, Curve]:
    """Those of all runs, whose rows are in the order of their rounds."""
    begins = np.flatnonzero(numbers(table, "round") == 0).tolist()
    ends = [*begins[1:], len(table)]
    whole = {name: numbers(table, name) for name in ("epochs", "bytes_total", "test_loss", "accuracy", "variance")}
    return dict(curve_at(table, whole, *place) for place in zip(begins, ends, strict=True))


def numbers(table: pa.Table, name: str) -> np.ndarray:
    """A column, NaN where it has no value. Not by Arrow's own `to_numpy`, which imports pandas."""
    column = table[name].combine_chunks()
    return np.array(column.to_pylist(), np.float32) if column.null_count else np.from_dlpack(column)


def curve_at(table: pa.Table, whole: dict[str, np.ndarray], begin: int, end: int) -> tuple[Run, Curve]:
    """The run whose rows these are; `whole` has the columns that change from round to round."""
    own = {name: table[name][begin].as_py() for name in [*CELL, "lane", "seed", "status", "theta"]}
    cell = Cell(*(own[name] for name in CELL))
    arrays = {name: column[begin:end] for name, column in whole.items()}
    return Run(cell, own["lane"], own["seed"]), Curve(own["status"], own["theta"], **arrays)
