"""How long a run will take at most, from the rounds it has played, or from what was calculated beforehand."""

from collections.abc import Sequence

from fda_core.algorithm.events import Event, LaneFinished, Round
from fda_core.analysis.summary import rounds_of, started
from fda_core.cost.estimate import CostEstimate
from fda_core.settings.config import ExperimentConfig, LaneSpec


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
    usual = own or timings
    if usual is None:
        return None
    ended = {event.lane for event in events if isinstance(event, LaneFinished)}
    left = [lane_left(config, lane, events, usual) for lane in config.lanes if lane.id not in ended]
    return max(max(left, default=0), sum(left) / at_once(events))


def lane_left(config: ExperimentConfig, lane: LaneSpec, events: Sequence[Event], usual: float) -> float:
    """A lane's rounds yet to be played, each as long as its own were, or as is usual where it has none."""
    played = rounds_of(events, lane.id)
    rounds: float = config.rounds - len(played)
    epochs = sum(event.epochs for event in played)
    if played and (limit := config.local_epochs_of(lane)) is not None:
        rounds = min(rounds, max(0, limit - epochs) * len(played) / epochs)
    return rounds * (seconds_per_round(played) or usual)


def at_once(events: Sequence[Event]) -> int:
    """Lanes that were played at the same time, whose seconds overlap."""
    start = started(events)
    found = start.versions.get("lanes_at_once") if start else None
    return found if isinstance(found, int) and found > 0 else 1
