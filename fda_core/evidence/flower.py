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
    """lines: that change in the example besides imports. weights: of the model that travelled.

    Against the engine, with the app in one process. rounds: that were played; equal: in how many of them both trained
    the same number of local epochs; apart: the largest relative difference of variance and Θ; wire_over_ledger: the
    share that Flower's messages have more than the ledger counts, of the whole run. messages: bytes of one of a kind.

    Against the app in one process, with Flower's runtimes. runtimes: whether each trained the same epochs in every
    round; runtimes_apart: the largest relative difference of variance, of all of them.
    """

    lines: int
    weights: int
    rounds: int
    equal: int
    apart: float
    messages: dict[str, int]
    wire_over_ledger: float
    runtimes: dict[str, bool]
    runtimes_apart: float
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
    ours, theirs = parity["epochs"], parity["epochs_of_the_engine"]
    runtimes = {name: row for name, row in found["runtimes"].items() if name != HERE}
    return Measured(
        lines=found["lines"], weights=parity["model_bytes"] // WIRE_BYTES_PER_PARAMETER,
        rounds=max(len(ours), len(theirs)), equal=sum(mine == other for mine, other in zip(ours, theirs, strict=False)),
        apart=max(parity["variance"], parity["threshold"]),
        messages={name: found["messages"][kind] for name, kind in MESSAGES.items()},
        wire_over_ledger=parity["wire_bytes"] / parity["ledger_bytes"] - 1,
        runtimes={name: row["same_epochs"] for name, row in runtimes.items()},
        runtimes_apart=max((row["variance"] for row in runtimes.values()), default=0.0),
        clients=CLIENTS, machine=about["machine"], date=about["date"],
    )  # fmt: skip
