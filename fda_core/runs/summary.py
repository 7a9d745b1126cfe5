"""What a run comes to, per lane, computed from its events alone."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median

from fda_core.config import Target
from fda_core.events import Epoch, Event, LaneFinished, Round, RunStarted


@dataclass(frozen=True)
class Cost:
    """What a lane had spent by the end of a round; `local_epochs` counts the epochs of one client's rounds."""

    rounds: int
    local_epochs: int
    bytes: int
    simulated_seconds: float


@dataclass(frozen=True)
class LaneSummary:
    """`best_accuracy` in 0…1; `to_target` is None while the target is not reached; `status` None while racing."""

    lane: str
    status: str | None
    spent: Cost
    bytes_down: int
    bytes_up: int
    bytes_monitor: int
    best_accuracy: float | None
    best_test_loss: float | None
    to_target: Cost | None

    def to_dict(self) -> dict:
        return asdict(self)


def rounds_of(events: Iterable[Event], lane: str) -> list[Round]:
    return [event for event in events if isinstance(event, Round) and event.lane == lane]


def started(events: Iterable[Event]) -> RunStarted | None:
    return next((event for event in events if isinstance(event, RunStarted)), None)


def lane_ids(start: RunStarted) -> list[str]:
    return [lane["id"] for lane in start.config["lanes"]]


def costs(rounds: list[Round]) -> list[Cost]:
    """The running costs after each round."""
    total, epochs = [], 0
    for event in rounds:
        epochs += event.epochs
        total.append(Cost(event.round, epochs, event.bytes_total, event.simulated_seconds))
    return total


def reached_at(rounds: list[Round], target: Target) -> int | None:
    """The index of the second of the first two consecutive rounds that meet the target: then it is known."""
    met = [target.met(getattr(event, target.metric)) for event in rounds]
    return next((i for i in range(1, len(met)) if met[i - 1] and met[i]), None)


def rounds_played(events: Iterable[Event]) -> int:
    return sum(isinstance(event, Round) for event in events)


def rounds_at_most(events: list[Event], limit: int, lanes: int) -> int:
    """Rounds of all lanes together if none of those still racing ends early; `limit` rounds each."""
    ended = {event.lane for event in events if isinstance(event, LaneFinished)}
    played = sum(isinstance(event, Round) and event.lane in ended for event in events)
    return played + limit * (lanes - len(ended))


def variance_after(events: Iterable[Event], epoch: int) -> float | None:
    """The median exact variance that a run's rounds had after this many local epochs; None if no round got there."""
    values = [e.variance for e in events if isinstance(e, Epoch) and e.epoch == epoch and e.variance is not None]
    return median(values) if values else None


def state_bytes(events: Iterable[Event], clients: int) -> int | None:
    """What one of the `clients` of a round sent for a check; None while there was no check.

    The largest share: where clients drop out fewer than all have sent.
    """
    checked = (e for e in events if isinstance(e, Epoch) and e.checks)
    return max((e.bytes_monitor_up // (clients * e.checks) for e in checked), default=None)


def summarize(events: list[Event]) -> list[LaneSummary]:
    """One summary a lane, in the order of the config; empty before the run has started."""
    start = started(events)
    if start is None:
        return []
    target = Target(**start.config.get("target", {}))
    status = {event.lane: event.status for event in events if isinstance(event, LaneFinished)}
    return [_lane(lane, rounds_of(events, lane), status.get(lane), target) for lane in lane_ids(start)]


def _lane(lane: str, rounds: list[Round], status: str | None, target: Target) -> LaneSummary:
    running, index = costs(rounds), reached_at(rounds, target)
    accuracies = [event.accuracy for event in rounds if event.accuracy is not None]
    losses = [event.test_loss for event in rounds if event.test_loss is not None]
    return LaneSummary(
        lane=lane,
        status=status,
        spent=running[-1] if running else Cost(0, 0, 0, 0.0),
        bytes_down=sum(event.bytes_down for event in rounds),
        bytes_up=sum(event.bytes_up for event in rounds),
        bytes_monitor=sum(event.bytes_monitor for event in rounds),
        best_accuracy=max(accuracies, default=None),
        best_test_loss=min(losses, default=None),
        to_target=None if index is None else running[index],
    )
