"""What a run comes to, per lane, computed from its events alone."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from fda_core.algorithm.events import Epoch, Event, LaneFinished, Round, RunStarted
from fda_core.settings.config import Target
from fda_core.settings.methods import is_baseline


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
    best_mcc: float | None = None

    def to_dict(self) -> dict:
        """Plain values for JSON, costs as objects of their own."""
        return asdict(self)


def rounds_of(events: Iterable[Event], lane: str) -> list[Round]:
    """The lane's rounds, in their order."""
    return [event for event in events if isinstance(event, Round) and event.lane == lane]


def started(events: Iterable[Event]) -> RunStarted | None:
    """The event a run begins with; None before it has started."""
    return next((event for event in events if isinstance(event, RunStarted)), None)


def start_of(events: Iterable[Event]) -> RunStarted:
    """The same of a run that has started. Raises `ValueError` for one that has not."""
    if (start := started(events)) is None:
        raise ValueError("these are not the events of a run that has started")
    return start


def lane_ids(start: RunStarted) -> list[str]:
    """The lanes, in the order of the config."""
    return [lane["id"] for lane in start.config["lanes"]]


def costs(rounds: list[Round]) -> list[Cost]:
    """The running costs after each round."""
    total, epochs = [], 0
    for event in rounds:
        epochs += event.epochs
        total.append(Cost(event.round, epochs, event.bytes_total, event.simulated_seconds))
    return total


def quality(event: Round, metric: str) -> float | None:
    """test_loss, accuracy, or what is among the round's other metrics."""
    return getattr(event, metric) if metric in ("test_loss", "accuracy") else event.metrics.get(metric)


def reached_at(rounds: list[Round], target: Target) -> int | None:
    """The index of the second of the first two consecutive rounds that meet the target: then it is known."""
    met = [target.met(quality(event, target.metric)) for event in rounds]
    return next((i for i in range(1, len(met)) if met[i - 1] and met[i]), None)


def cost_to_target(events: Sequence[Event], lane: str) -> Cost | None:
    """What the lane had spent when it reached the run's target; None where it did not."""
    rounds = rounds_of(events, lane)
    index = reached_at(rounds, Target(**start_of(events).config.get("target", {})))
    return None if index is None else costs(rounds)[index]


def rounds_played(events: Iterable[Event]) -> int:
    """Of all lanes together."""
    return sum(isinstance(event, Round) for event in events)


def rounds_at_most(events: list[Event], limit: int, lanes: int) -> int:
    """Rounds of all lanes together if none of those still racing ends early; `limit` rounds each."""
    ended = {event.lane for event in events if isinstance(event, LaneFinished)}
    played = sum(isinstance(event, Round) and event.lane in ended for event in events)
    return played + limit * (lanes - len(ended))


def variance_after(events: Iterable[Event], epoch: int) -> float | None:
    """The median exact variance that a run's rounds had after this many local epochs; None if no round got there.

    Left out are lanes in which clients do not start from one model, and epochs that a check broke off.
    """
    events = list(events)
    start = started(events)
    lanes = {lane["id"]: lane for lane in start.config["lanes"]} if start else {}
    apart = {name for name, lane in lanes.items() if is_baseline(lane["rule"])}
    stepwise = {name for name, lane in lanes.items() if lane.get("check") == "step"}
    broken = {
        (e.lane, e.round, e.epochs)
        for e in events
        if isinstance(e, Round) and e.lane in stepwise and e.reason == "threshold"
    }
    values = [
        e.variance
        for e in events
        if isinstance(e, Epoch) and e.epoch == epoch and e.variance is not None
        and e.lane not in apart and (e.lane, e.round, e.epoch) not in broken
    ]  # fmt: skip
    return median(values) if values else None


def state_bytes(events: Iterable[Event]) -> list[int]:
    """What one client sends for a check, one number for each size of state in the run; empty without checks.

    Known from the last epoch of a round, whose senders are the clients that had not dropped out.
    """
    sizes: set[int] = set()
    last: dict[str, Epoch] = {}
    for event in events:
        if isinstance(event, Epoch):
            last[event.lane] = event
        elif isinstance(event, Round) and (epoch := last.get(event.lane)) and epoch.round == event.round:
            senders = len(event.clients) - len(event.dropped)
            # With drop-outs, the checks of one epoch may have had different numbers of senders.
            if senders and (epoch.checks == 1 or (epoch.checks and not event.dropped)):
                sizes.add(epoch.bytes_monitor_up // (senders * epoch.checks))
    return sorted(sizes - {0})


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
    correlations = [value for event in rounds if (value := event.metrics.get("mcc")) is not None]
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
        best_mcc=max(correlations, default=None),
    )
