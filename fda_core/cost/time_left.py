"""How long a run will take at most, from the rounds it has played, or from what was calculated beforehand."""

from collections.abc import Sequence

from fda_core.algorithm.events import Event, Round
from fda_core.analysis.summary import rounds_at_most
from fda_core.cost.estimate import CostEstimate
from fda_core.settings.config import ExperimentConfig


def seconds_per_round(events: Sequence[Event]) -> float | None:
    """The measured mean; None before the first round."""
    seconds = [event.seconds for event in events if isinstance(event, Round)]
    return sum(seconds) / len(seconds) if seconds else None


def seconds_left(
    config: ExperimentConfig, events: Sequence[Event], timings: float | None, cost: CostEstimate | None = None
) -> float | None:
    """Seconds until the end if no lane reaches the target early.

    For a run that has played no round: cost, what was calculated for it beforehand, or else timings, the seconds that
    another run's round takes; None where both are unknown.
    """
    own = seconds_per_round(events)
    if own is None and cost is not None and cost.seconds is not None:
        return cost.seconds.most
    timings = own or timings
    if timings is None:
        return None
    played = sum(isinstance(event, Round) for event in events)
    return timings * (rounds_at_most(list(events), config.rounds, len(config.lanes)) - played)
