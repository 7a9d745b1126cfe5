"""When a round ends: a rule is asked after every local epoch, and told the exact variance when the round is over."""

import math
from typing import Literal, Protocol

from fda_core.config import LaneSpec

Reason = Literal["first-round", "threshold", "epoch-cap", "fixed-schedule"]


class Rule(Protocol):
    """`threshold` is the Θ in force, None for a rule without one; `monitored` says whether states are exchanged."""

    threshold: float | None
    monitored: bool

    def verdict(self, epoch: int, estimate: float | None) -> Reason | None:
        """Why to synchronise after local epoch `epoch` (from 1), or None to go on training."""
        ...

    def learn(self, epochs: int, variance: float) -> None:
        """The round took `epochs` local epochs and ended at this exact variance."""
        ...


class Schedule:
    """FedOpt: synchronise after E local epochs, whatever the clients' models look like."""

    threshold = None
    monitored = False

    def __init__(self, epochs: int):
        self.epochs = epochs

    def verdict(self, epoch: int, estimate: float | None) -> Reason | None:
        return "fixed-schedule" if epoch >= self.epochs else None

    def learn(self, epochs: int, variance: float) -> None:
        pass


class FixedThreshold:
    """FDA: go on while the estimate is at most a given Θ (arXiv 2405.20988, section 2), at most M local epochs."""

    monitored = True

    def __init__(self, threshold: float, max_epochs: int):
        self.threshold = threshold
        self.max_epochs = max_epochs

    def verdict(self, epoch: int, estimate: float) -> Reason | None:
        if estimate > self.threshold:
            return "threshold"
        return "epoch-cap" if epoch >= self.max_epochs else None

    def learn(self, epochs: int, variance: float) -> None:
        pass


class AdaptiveThreshold(FixedThreshold):
    """FDA-OPT: Θ ← (M/2)/e · Var after a round of e local epochs; the first round is exactly one epoch.

    Reference code, `fda_opt.py`: the last round's variance per local epoch, for M/2 epochs.
    """

    def __init__(self, max_epochs: int):
        super().__init__(-math.inf, max_epochs)

    def verdict(self, epoch: int, estimate: float) -> Reason | None:
        return "first-round" if self.threshold == -math.inf else super().verdict(epoch, estimate)

    def learn(self, epochs: int, variance: float) -> None:
        self.threshold = (self.max_epochs / 2) / epochs * variance


def make_rule(spec: LaneSpec) -> Rule:
    match spec.rule:
        case "schedule":
            return Schedule(spec.epochs)
        case "fixed":
            return FixedThreshold(spec.theta, spec.max_epochs)
        case "adaptive":
            return AdaptiveThreshold(spec.max_epochs)
