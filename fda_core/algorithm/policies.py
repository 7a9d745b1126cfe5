"""When a round ends: a rule is asked at every check, and told the exact variance when the round is over."""

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal

import numpy as np

from fda_core.algorithm.checkpoint import State
from fda_core.settings.methods import resolve

if TYPE_CHECKING:  # settings are checked by a library that a rule can do without
    from fda_core.settings.config import LaneSpec

Reason = Literal["first-round", "threshold", "epoch-cap", "fixed-schedule", "all-dropped"]


class Rule(ABC):
    """`threshold` is the Θ in force, None for a rule without one; `monitored` says whether states are exchanged."""

    threshold: float | None = None
    monitored = True

    def segments(self, epoch_steps: int) -> list[int]:
        """The local steps between one check and the next within a local epoch."""
        return [epoch_steps]

    @abstractmethod
    def verdict(self, epochs: int, estimate: float | None) -> Reason | None:
        """Why to synchronise at a check with `epochs` local epochs completed, or None to go on training."""

    def hear(self, loss: float) -> None:  # noqa: B027 - most rules do not ask
        """The clients' mean training loss in the round's first local epoch; comes before `learn`."""

    def learn(self, epochs: int, variance: float) -> None:  # noqa: B027 - most rules have nothing to learn
        """The round took `epochs` local epochs and ended at this exact variance."""

    def state(self) -> State:
        """What the rule has learnt from the rounds so far."""
        return {}

    def restore(self, state: State) -> None:
        """Undoes `state`."""
        vars(self).update(state)


class Schedule(Rule):
    """FedOpt: synchronise after E local epochs, whatever the clients' models look like."""

    monitored = False

    def __init__(self, epochs: int):
        self.epochs = epochs

    def verdict(self, epochs: int, estimate: float | None) -> Reason | None:
        """The schedule is over after E local epochs; there is no estimate to look at."""
        return "fixed-schedule" if epochs >= self.epochs else None


class Decaying(Schedule):
    """E_r = ⌈E₀/∛r⌉ local epochs in round r: rarely at first, more and more often.

    Mills, Hu and Min 2023 (arXiv 2305.09628), the schedule that knows the round alone; there in local steps.
    """

    def __init__(self, epochs: int):
        super().__init__(epochs)
        self.first, self.rounds = epochs, 0

    def learn(self, epochs: int, variance: float) -> None:
        """In whole numbers: a root that is off by its last digit would make one epoch more."""
        self.rounds += 1
        self.epochs = next(e for e in range(1, self.first + 1) if e**3 * (self.rounds + 1) >= self.first**3)

    def state(self) -> State:
        """Rounds so far, and E for the next."""
        return {"rounds": self.rounds, "epochs": self.epochs}


class AdaComm(Schedule):
    """E = ⌈√(F/F₁) · E₀⌉ with the training loss F of the last round and F₁ of the first, never more than before.

    AdaComm of Wang and Joshi 2019 (arXiv 1810.08313), there in local steps and once an interval of some minutes; here a
    round is the interval, and their rule for an interval without progress, halving, is left out: from round to round
    the loss of other clients goes up and down by itself.
    """

    def __init__(self, epochs: int):
        super().__init__(epochs)
        self.first = epochs
        self.first_loss: float | None = None

    def hear(self, loss: float) -> None:
        """A loss that is no number, or not above 0, says nothing."""
        if not (math.isfinite(loss) and loss > 0):
            return
        self.first_loss = self.first_loss or loss
        wanted = math.ceil(math.sqrt(loss / self.first_loss) * self.first)
        self.epochs = max(1, min(self.epochs, wanted))

    def state(self) -> State:
        """F₁, None before the first round, and E for the next."""
        return {"first_loss": self.first_loss, "epochs": self.epochs}


class FixedThreshold(Rule):
    """FDA: go on while the estimate is at most a given Θ (arXiv 2405.20988, section 2), at most M local epochs."""

    threshold: float

    def __init__(self, threshold: float, max_epochs: int, every_step: bool = False):
        self.threshold = threshold
        self.max_epochs = max_epochs
        self.every_step = every_step

    def segments(self, epoch_steps: int) -> list[int]:
        """A check after every local step if asked for, else one at the end of the epoch."""
        return [1] * epoch_steps if self.every_step else [epoch_steps]

    def verdict(self, epochs: int, estimate: float | None) -> Reason | None:
        """v̂ > Θ, or M local epochs are completed; an estimate that is no number exceeds nothing."""
        assert estimate is not None, "a rule with a threshold is monitored"
        if estimate > self.threshold:
            return "threshold"
        return "epoch-cap" if epochs >= self.max_epochs else None


class AdaptiveThreshold(FixedThreshold):
    """FDA-OPT: Θ ← (M/2)/e · Var after a round of e local epochs; the first round is exactly one epoch.

    Reference code, `fda_opt.py`: the last round's variance per local epoch, for M/2 epochs.
    """

    def __init__(self, max_epochs: int):
        super().__init__(-math.inf, max_epochs)

    def verdict(self, epochs: int, estimate: float | None) -> Reason | None:
        """As with a fixed Θ, but for the first round, which has none yet and ends at its first check."""
        return "first-round" if self.threshold == -math.inf else super().verdict(epochs, estimate)

    def learn(self, epochs: int, variance: float) -> None:
        """The published rule; the variance is the exact one, not the monitor's."""
        self.threshold = (self.max_epochs / 2) / epochs * variance

    def state(self) -> State:
        """Θ, -∞ before the first round has ended."""
        return {"threshold": self.threshold}


class SmoothedThreshold(AdaptiveThreshold):
    """Ours, not in the paper: Θ ← √(Θ · Var·((M/2)/e)^p), p being how fast the variance grew within the round.

    The published rule takes p = 1; where the variance grows more slowly than √e it overshoots and swings between 1 and
    M epochs. p is the slope of log v̂ over log e, kept from the round before where there is none to see. The geometric
    mean halves what one round's clients can do; it begins once a slope has been seen (docs/method.md).
    """

    SLOPES = (0.1, 2.0)

    def __init__(self, max_epochs: int):
        super().__init__(max_epochs)
        self.slope: float | None = None
        self.seen: list[float] = []

    def verdict(self, epochs: int, estimate: float | None) -> Reason | None:
        """As the published rule; the round's estimates are remembered, one a local epoch."""
        assert estimate is not None, "a rule with a threshold is monitored"
        self.seen = [*self.seen[: epochs - 1], estimate]
        return super().verdict(epochs, estimate)

    def learn(self, epochs: int, variance: float) -> None:
        """Finds p from the round's estimates if it had several, all above 0, and moves Θ by the geometric mean."""
        guessed, seen = self.slope is None, self.seen
        if len(seen) > 1 and min(seen) > 0:
            steepness = np.polyfit(np.log(np.arange(1, len(seen) + 1)), np.log(seen), 1)[0]
            self.slope = float(np.clip(steepness, *self.SLOPES))
        wanted = variance * ((self.max_epochs / 2) / epochs) ** (1.0 if self.slope is None else self.slope)
        self.threshold = wanted if guessed or self.threshold <= 0 else math.sqrt(self.threshold * wanted)

    def state(self) -> State:
        """Θ, and the slope p, None until one has been seen."""
        return super().state() | {"slope": self.slope}


class TaperedThreshold(AdaptiveThreshold):
    """Ours, not in the paper: Θ ← (M/2)·(F/F₁)²/e · Var, F being the clients' training loss and F₁ the first round's.

    The published rule keeps rounds near M/2 local epochs however far training is, and misses the last point of quality
    that short rounds reach. Here rounds become shorter as the loss falls, as AdaComm's do (Wang and Joshi 2019, arXiv
    1810.08313), in steeper measure. The power was chosen on tuning seeds (docs/method.md).
    """

    POWER = 2.0

    def __init__(self, max_epochs: int):
        super().__init__(max_epochs)
        self.loss: float | None = None
        self.first_loss: float | None = None

    def hear(self, loss: float) -> None:
        """A loss that is no number, or not above 0, says nothing."""
        if math.isfinite(loss) and loss > 0:
            self.loss, self.first_loss = loss, self.first_loss or loss

    def learn(self, epochs: int, variance: float) -> None:
        """As published, for a part of M/2 epochs; for all of them while no loss was heard."""
        super().learn(epochs, variance)
        if self.loss and self.first_loss:
            self.threshold *= (self.loss / self.first_loss) ** self.POWER

    def state(self) -> State:
        """Θ, F and F₁, None both before the first round."""
        return super().state() | {"loss": self.loss, "first_loss": self.first_loss}


def make_rule(spec: "LaneSpec") -> Rule:
    """The rule of a lane, with nothing learnt yet."""
    return resolve(spec.kind.implementation)(*spec.kind.arguments(spec))
