"""What heterogeneity did to a run: how far its clients' models drifted apart, and how long rounds became."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fda_core.algorithm.events import Event
from fda_core.analysis.summary import start_of, variance_after


@dataclass(frozen=True)
class Effect:
    """variance: the median exact Var after one local epoch, over all rounds and lanes; None without rounds."""

    alpha: float
    seed: int
    variance: float | None


def effect(events: Sequence[Event]) -> Effect:
    """What the run came to; events: of one run, its start included."""
    config = start_of(events).config
    return Effect(config["alpha"], config["seed"], variance_after(events, 1))


def mean_epochs(epochs: Sequence[int]) -> float | None:
    """The mean local epochs of a round, without the first, which has one by rule; None before the second."""
    later = epochs[1:]
    return sum(later) / len(later) if len(later) else None


def swing(epochs: Sequence[int]) -> float:
    """The mean change of the local epochs from one round to the next, the first round left out."""
    changes = [abs(after - before) for before, after in pairwise(epochs[1:])]
    return sum(changes) / len(changes) if changes else 0.0
