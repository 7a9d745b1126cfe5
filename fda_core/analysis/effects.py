"""What heterogeneity did to a run: how far its clients' models drifted apart, and what that cost each lane."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fda_core.algorithm.events import Event
from fda_core.analysis.summary import Cost, rounds_of, start_of, summarize, variance_after


@dataclass(frozen=True)
class LaneEffect:
    """epochs: mean local epochs a round, without the first, which is one by rule; None before the second round."""

    lane: str
    epochs: float | None
    to_target: Cost | None
    best_accuracy: float | None


@dataclass(frozen=True)
class Effect:
    """variance: the median exact Var after one local epoch, over all rounds and lanes; None without rounds."""

    alpha: float
    seed: int
    variance: float | None
    lanes: tuple[LaneEffect, ...]


def effect(events: Sequence[Event]) -> Effect:
    """What the run came to; events: of one run, its start included."""
    config = start_of(events).config
    lanes = tuple(
        LaneEffect(lane.lane, mean_epochs(events, lane.lane), lane.to_target, lane.best_accuracy)
        for lane in summarize(list(events))
    )
    return Effect(config["alpha"], config["seed"], variance_after(events, 1), lanes)


def mean_epochs(events: Sequence[Event], lane: str) -> float | None:
    """Local epochs a round, without the first round; None before the second."""
    epochs = [event.epochs for event in rounds_of(events, lane)][1:]
    return sum(epochs) / len(epochs) if epochs else None


def swing(epochs: Sequence[int]) -> float:
    """The mean change of the local epochs from one round to the next, the first round left out."""
    changes = [abs(after - before) for before, after in pairwise(epochs[1:])]
    return sum(changes) / len(changes) if changes else 0.0
