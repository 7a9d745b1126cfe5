"""Records of a run that are valid, or nearly so: every value of a whole one replaced by others, one at a time."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fda_core.algorithm.events import LaneFinished
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import EVENTS
from fda_core.settings.config import ExperimentConfig, LaneSpec
from tests.helpers.tiny_events import a_round, an_epoch, started

VALUES = (
    None, True, 0, 1, -1, 2, 0.5, -0.5, 1e-300, 1e99, 1e300, 10**9, 10**18, 10**30, float("nan"), float("inf"), "", "x",
    "1", "99", "=1+1", "<b>**x**", "\x00", "ä" * 300, [], [1], [[]], {}, {"x": 1}, {"mcc": None}, {"mcc": 0.5},
)  # fmt: skip
OWNERS = [{"id": str(k), "examples": 100, "labels": [40, 60]} for k in range(40)]
KINDS = {
    "fedopt-e1": {"rule": "schedule", "epochs": 1},
    "fedopt-e5": {"rule": "schedule", "epochs": 5},
    "fda-opt": {"rule": "adaptive", "max_epochs": 10},
    "fda-fixed": {"rule": "fixed", "theta": 0.5, "max_epochs": 4, "check": "step"},
    "tapered": {"rule": "tapered", "max_epochs": 8},
    "adacomm": {"rule": "adacomm", "epochs": 6},
    "decaying": {"rule": "decaying", "epochs": 6},
    "centralised": {"rule": "centralised", "epochs": 1},
    "local-only": {"rule": "local-only", "epochs": 1},
}


def lanes(*names: str) -> tuple[LaneSpec, ...]:
    return tuple(LaneSpec(id=name, **KINDS[name]) for name in names)


def a_record(
    folder: Path, specs: tuple[LaneSpec, ...], rounds: int = 4, ends: bool = True, **settings: Any
) -> list[dict]:
    """The lines of a run as the recorder writes them. specs: its lanes; the target is reached in round 3."""
    recorder = Recorder(folder, folder.name, config=ExperimentConfig(lanes=specs, **settings).to_json())
    start = started(*specs, **settings)
    facts = start.facts | {
        "labels": ["no", "yes"],
        "clients": OWNERS,
        "path": "fast",
        "seconds_per_step": 0.1,
        "rows": {"rows": 5000, "empty": 3, "of tomorrow": 1},
    }
    recorder.add(start.model_copy(update={"facts": facts}))
    for number in range(1, rounds + 1):
        for spec in specs:
            play(recorder, spec, number)
    for spec in specs if ends else ():
        recorder.add(LaneFinished(lane=spec.id, status="target", message="target reached in round 3"))
    recorder.finish("finished") if ends else recorder.close()
    return [json.loads(line) for line in (folder / EVENTS).read_bytes().splitlines()]


def play(recorder: Recorder, spec: LaneSpec, number: int) -> None:
    """One round of 2 local epochs at most; every lane's bytes add up."""
    epochs, sent = min(2, spec.epochs or spec.max_epochs or 1), 0 if spec.is_baseline else 24
    checks = {"fda": 2 if spec.every_step else 1}.get(spec.kind.method, 0)
    for epoch in range(1, epochs + 1):
        variance = {"variance_estimate": 0.4, "threshold": 0.5} if checks else {}
        recorder.add(
            an_epoch(
                spec.id,
                number,
                epoch,
                checks=checks,
                bytes_monitor_up=checks * 16,
                bytes_monitor_down=checks * 2,
                **variance,
            )
        )
    monitor = epochs * checks * 18
    clients = {"clients": ["all"], "client_steps": [2], "client_train_loss": [0.5], "client_sq_drift": [1.0],
               "paths": [[[0.0, 1.0]]]} if spec.kind.pooled else {}  # fmt: skip
    recorder.add(
        a_round(
            spec.id, number, epochs=epochs, bytes_down=sent, bytes_up=sent, bytes_monitor=monitor,
            bytes_total=number * (2 * sent + monitor), accuracy=0.5 + 0.1 * number,
            reason="threshold" if checks else "fixed-schedule", **clients,
        )
    )  # fmt: skip


def sealed(rows: list[dict]) -> bytes:
    """Numbered and closed again, so that what is behind numbers and digest is reached."""
    lines, digest = [], hashlib.sha256()
    for number, row in enumerate(rows):
        row = row | {"seq": number}
        if row.get("event") == "run_finished" and number == len(rows) - 1:
            row |= {"count": number, "digest": digest.hexdigest()}
        lines.append(json.dumps(row).encode() + b"\n")
        digest.update(lines[-1])
    return b"".join(lines)


def places(value: Any, above: tuple = ()) -> Iterator[tuple]:
    """The way to every value within, lists by their first item alone."""
    inside = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else ()
    for name, inner in inside:
        yield (*above, name)
        yield from places(inner, (*above, name))


def changed(rows: list[dict], line: int, place: tuple, value: Any) -> list[dict]:
    """A copy with another value there; whatever sums it is part of stay as they were."""
    rows = json.loads(json.dumps(rows))
    spot: Any = rows[line]
    for name in place[:-1]:
        spot = spot[name]
    spot[place[-1]] = value
    return rows
