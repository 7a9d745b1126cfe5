"""The run folders as one tidy table, a row a round, and what it takes to read it: config, versions, rates, targets."""

import json
import math
from itertools import pairwise
from pathlib import Path

import pandas as pd

from fda_core.algorithm.events import Event
from fda_core.analysis.summary import lane_ids, rounds_of, start_of
from fda_core.evidence.plan import (
    BASELINE,
    LATE_ROUNDS,
    TARGET_SHARES,
    TUNING_SEED,
    Rates,
    Scope,
    grid,
    race_folder,
    search_folder,
)
from fda_core.evidence.play import best_rates, late_loss
from fda_core.runs.store import read_events

CHANCE = 0.5  # accuracy of guessing: the two labels are equally frequent
DIFFERS = ("seed", "alpha", "server_optimizer", "server_lr", "client_lr")


def table(scope: Scope, root: Path) -> pd.DataFrame:
    """Columns server, alpha, seed, lane, status, round, epochs, bytes_total, test_loss, accuracy, variance, reason.

    Round 0 is the untrained model. Raises `StoreError` where a run is missing.
    """
    rows = []
    for server, alpha in scope.cells:
        for seed in scope.seeds:
            events = read_events(race_folder(root, server, alpha, seed))
            rows += [{"server": server, "alpha": alpha, "seed": seed, **row} for row in rows_of(events)]
    return pd.DataFrame(rows)


def rows_of(events: list[Event]) -> list[dict]:
    """One run's rows of `table`, lane by lane, without the columns that name the run; status None: it has not ended."""
    start = start_of(events)
    status = {event.lane: event.status for event in events if event.event == "lane_finished"}
    rows = []
    for lane in lane_ids(start):
        own = {"lane": lane, "status": status.get(lane)}
        initial = {"test_loss": start.initial["test_loss"], "accuracy": start.initial["accuracy"]}
        rows.append(own | {"round": 0, "epochs": 0, "bytes_total": 0} | rounded(initial))
        for event in rounds_of(events, lane):
            values = event.model_dump(include={"round", "epochs", "bytes_total", "reason"})
            rows.append(own | values | rounded(event.model_dump(include={"test_loss", "accuracy", "variance"})))
    return rows


def rounded(values: dict) -> dict:
    """Six digits; what is not a number is None."""
    return {
        name: None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
        for name, value in values.items()
    }


def about(scope: Scope, root: Path) -> dict:
    """Everything the table depends on: the shared config, versions, the search with its choice, the targets."""
    events = read_events(race_folder(root, *scope.cells[0], scope.seeds[0]))
    start = start_of(events)
    config = {name: value for name, value in start.config.items() if name not in DIFFERS}
    cells = []
    for server, alpha in scope.cells:
        chosen = best_rates(root, server, alpha)
        tried = {
            f"{rates.client:g}/{rates.server:g}": late_loss(search_folder(root, server, alpha, rates))
            for rates in grid(server)
        }
        cell = {"server": server, "alpha": alpha, "client_lr": chosen.client, "server_lr": chosen.server}
        cells.append(cell | {"held_accuracy": held_accuracy(root, server, alpha, chosen), "tried": rounded(tried)})
    return {
        "config": config, "versions": start.versions, "seeds": list(scope.seeds),
        "tuning_seed": TUNING_SEED, "late_rounds": LATE_ROUNDS, "target_shares": TARGET_SHARES,
        "cells": cells,
    }  # fmt: skip


def held_accuracy(root: Path, server: str, alpha: float, rates: Rates) -> float:
    """The best accuracy that FedOpt E=1 held in two consecutive rounds on the tuning seed."""
    folder = search_folder(root, server, alpha, rates)
    accuracies = [event.accuracy or 0.0 for event in rounds_of(read_events(folder), BASELINE)]
    return max(min(pair) for pair in pairwise(accuracies))


def targets(about: dict, share: float) -> dict[tuple[str, float], float]:
    """Per server and α the accuracy at which FedOpt E=1 had made this share of its gain over guessing."""
    return {
        (cell["server"], cell["alpha"]): CHANCE + share * (cell["held_accuracy"] - CHANCE) for cell in about["cells"]
    }


def save(scope: Scope, root: Path, csv: Path) -> None:
    """The table as CSV, and what it takes to read it as JSON of the same name beside it. Raises `StoreError`."""
    csv.parent.mkdir(parents=True, exist_ok=True)
    table(scope, root).to_csv(csv, index=False)
    csv.with_suffix(".json").write_text(json.dumps(about(scope, root), indent=1) + "\n", encoding="utf-8")


def load(csv: Path) -> tuple[pd.DataFrame, dict]:
    """What `save` wrote."""
    return pd.read_csv(csv), json.loads(csv.with_suffix(".json").read_text(encoding="utf-8"))
