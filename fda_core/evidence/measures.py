"""What each lane of a comparison comes to, and who won: arithmetic on the tidy table alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fda_core.analysis.saving import Spent, outcome
from fda_core.evidence.plan import BASELINE

EARLY = 0.25  # of the baseline's bytes to the target
CELL = ["server", "alpha", "seed"]


@dataclass(frozen=True)
class Measures:
    """One lane of one seed. `bytes` and `local_epochs` are those to the target, nan where it was not reached;
    `bytes_sent` are all the lane sent. Losses are test losses.

    The rises and `final_loss` are those of the rounds that make up the work all lanes did, `last_loss` comes after what
    the lane trained beyond it. `largest_rise` is above the lowest loss so far, `rise_after_lowest` above the lowest of
    all: the first sees every setback, the second only what was lost for good or until the end.
    """

    bytes: float
    bytes_sent: float
    local_epochs: float
    early_loss: float
    largest_rise: float
    rise_after_lowest: float
    final_loss: float
    last_loss: float
    best_accuracy: float
    mean_epochs: float
    swing: float
    diverged: bool


def measure(lane: pd.DataFrame, target: float, early_bytes: float, work: float) -> Measures:
    """lane: the rows of one lane in order, the untrained model first. work: the local epochs that all lanes trained."""
    losses, epochs = lane.test_loss.to_numpy(), lane.epochs.to_numpy()
    met = lane.accuracy.to_numpy()[1:] >= target
    reached = next((i + 1 for i in range(1, len(met)) if met[i - 1] and met[i]), None)
    later = epochs[2:]  # the first round is one epoch by rule
    early = losses[lane.bytes_total.to_numpy() <= early_bytes]
    shared = losses[: np.searchsorted(epochs.cumsum(), work) + 1]  # up to the round that completes it
    lowest = int(np.nanargmin(shared))
    return Measures(
        bytes=np.nan if reached is None else lane.bytes_total.iloc[reached],
        bytes_sent=lane.bytes_total.iloc[-1],
        local_epochs=np.nan if reached is None else epochs[: reached + 1].sum(),
        early_loss=early[-1],
        largest_rise=float(np.nanmax(shared - np.fmin.accumulate(shared))),
        rise_after_lowest=float(np.nanmax(shared[lowest:]) - shared[lowest]),
        final_loss=shared[-1],
        last_loss=losses[-1],
        best_accuracy=lane.accuracy.max(),
        mean_epochs=later.mean() if len(later) else np.nan,
        swing=np.abs(np.diff(later)).mean() if len(later) > 1 else np.nan,
        diverged=lane.status.iloc[0] == "diverged",
    )


def measures(table: pd.DataFrame, targets: dict[tuple[str, float], float]) -> pd.DataFrame:
    """A row per server, α, seed and lane: the fields of `Measures`, and ratios to FedOpt E=1 of the same seed.

    `bytes_ratio` is how many times fewer bytes the lane sent to the target: 0 where only FedOpt E=1 got there,
    infinite where only the lane did, nan where neither. `epochs_ratio`, of local epochs, needs both.
    """
    rows = []
    for (server, alpha, seed), group in table.groupby(CELL, sort=False):
        target = targets[server, alpha]
        lanes = {lane: rows.reset_index(drop=True) for lane, rows in group.groupby("lane", sort=False)}
        work = lanes[BASELINE].epochs.sum()
        base = measure(lanes[BASELINE], target, 0, work)
        # A baseline that never got there spent all its bytes on not getting there.
        budget = EARLY * (lanes[BASELINE].bytes_total.iloc[-1] if np.isnan(base.bytes) else base.bytes)
        for lane, own in lanes.items():
            found = measure(own, target, budget, work)
            ratios = {
                "bytes_ratio": bytes_ratio(base.bytes, found.bytes),
                "epochs_ratio": found.local_epochs / base.local_epochs,
            }
            rows.append({"server": server, "alpha": alpha, "seed": seed, "lane": lane, **vars(found), **ratios})
    return pd.DataFrame(rows)


def bytes_ratio(theirs: float, ours: float) -> float:
    """How many times fewer bytes ours needed; nan: not reached. 0 if only they got there, ∞ if only ours, else nan."""
    if np.isnan(ours):
        return np.nan if np.isnan(theirs) else 0.0
    return np.inf if np.isnan(theirs) else theirs / ours


def outcomes(measured: pd.DataFrame, ours: str, theirs: str) -> dict[str, int]:
    """How often lane `ours` wins against lane `theirs`, and so on, over all servers, α and seeds given."""
    wide = measured.pivot(index=CELL, columns="lane", values=["bytes", "bytes_sent"])
    needed, sent = wide["bytes"], wide["bytes_sent"]
    results = [
        outcome(spent(mine, mine_sent), spent(other, other_sent))
        for mine, other, mine_sent, other_sent in zip(
            needed[ours], needed[theirs], sent[ours], sent[theirs], strict=True
        )
    ]
    return {result: results.count(result) for result in ("win", "tie", "loss", "open", "neither")}


def spent(needed: float, sent: float) -> Spent:
    """needed: bytes to the target, nan where it was not reached."""
    return Spent(None if np.isnan(needed) else needed, sent)
