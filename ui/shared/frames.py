"""A run's events as one table for the charts."""

from collections.abc import Sequence

import pandas as pd

from fda_core.algorithm.events import Event
from fda_core.analysis.summary import costs, lane_ids, rounds_of, started

COLUMNS = ["lane", "round", "epochs", "megabytes", "seconds", "test_loss", "accuracy", "mcc", "round_epochs", "reason"]


def race_frame(events: Sequence[Event]) -> pd.DataFrame:
    """One row a synchronisation, after a row for the untrained model at zero; empty before the run has started.

    epochs, megabytes (10⁶ bytes) and seconds (simulated) are running totals of the lane.
    """
    start = started(events)
    rows = []
    for lane in lane_ids(start) if start else ():
        first = [start.initial["test_loss"], start.initial["accuracy"], (start.initial.get("metrics") or {}).get("mcc")]
        rows.append([lane, 0, 0, 0.0, 0.0, *first, 0, ""])
        rounds = rounds_of(events, lane)
        rows += [
            [lane, r.round, cost.local_epochs, cost.bytes / 1e6, cost.simulated_seconds, r.test_loss, r.accuracy,
             r.metrics.get("mcc"), r.epochs, r.reason]
            for r, cost in zip(rounds, costs(rounds), strict=True)
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)
