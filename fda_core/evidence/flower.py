"""What was measured of FDA-OPT on Flower: `flower.json`, written by `python -m benchmarks.flower`."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from fda_core.algorithm.ledger import WIRE_BYTES_PER_PARAMETER
from fda_core.evidence.tables import FLOWER

# What the benchmark calls a message, by its name here.
MESSAGES = {
    "start": "model to a client", "order": "order to go on", "state": "state to the server",
    "upload": "model to the server",
}  # fmt: skip
CLIENTS, HERE = 3, "in this process"


@dataclass(frozen=True)
class Measured:
    """lines: that change in the example besides imports. weights: of the model that travelled. apart: the largest
    relative difference of variance and Θ from the engine's. messages: bytes of one of each kind. wire_over_ledger: of a
    whole run, the share that Flower's messages have more than the ledger counts. runtimes: whether each played the same
    epochs in every round."""

    lines: int
    weights: int
    same_epochs: bool
    apart: float
    messages: dict[str, int]
    wire_over_ledger: float
    runtimes: dict[str, bool]
    clients: int
    machine: str
    date: str


@cache
def measured() -> Measured | None:
    """None where it was never measured."""
    if not FLOWER.exists():
        return None
    return of(json.loads(FLOWER.read_text(encoding="utf-8")))


def of(found: dict[str, Any]) -> Measured:
    """From the benchmark's figures."""
    parity, about = found["parity"], found["machine"]
    return Measured(
        lines=found["lines"], weights=parity["model_bytes"] // WIRE_BYTES_PER_PARAMETER,
        same_epochs=parity["epochs"] == parity["epochs_of_the_engine"],
        apart=max(parity["variance"], parity["threshold"]),
        messages={name: found["messages"][kind] for name, kind in MESSAGES.items()},
        wire_over_ledger=parity["wire_bytes"] / parity["ledger_bytes"] - 1,
        runtimes={name: row["same_epochs"] for name, row in found["runtimes"].items() if name != HERE},
        clients=CLIENTS, machine=about["machine"], date=about["date"],
    )  # fmt: skip
