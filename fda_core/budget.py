"""What a run would cost on somebody's own network: arithmetic on its events, no training.

Assumed is that rounds and local epochs stay as they were: link, devices, price and the size of what travels change
time and money, not the course of the training. Time is a sum of maxima over the clients (`network.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fda_core.config import Link
from fda_core.events import Epoch, Event, Round
from fda_core.network import Network
from fda_core.runs.summary import started, summarize

WIDEST, NARROWEST = 1e5, 1e-3  # Mbit/s between which a break-even is looked for
HALVINGS = 50


@dataclass(frozen=True)
class Scenario:
    """link: the median client's, with its price; its `step_seconds` are those of the device. payload: |w| in bytes.

    scale: sites divided by those of the run, of which the same share takes part in a round. server_mbit: what the
    server's own line carries each way, None without a limit.
    """

    link: Link
    payload: int
    scale: float = 1.0
    server_mbit: float | None = None


@dataclass(frozen=True)
class Trip:
    """One round as the network sees it: who took part, the steps before each check, and the bytes of one state."""

    clients: list[int]
    legs: list[int]
    state: int | None


@dataclass(frozen=True)
class Bill:
    """A lane until the target, or until it ended where `reached` is false."""

    lane: str
    reached: bool
    rounds: int
    local_epochs: int
    bytes: float
    seconds: float
    dollars: float


def trips(events: Sequence[Event], lane: str) -> list[Trip]:
    """The lane's rounds. A client that dropped out is waited for like the others: the slower case."""
    found, epochs = [], []
    for event in events:
        if isinstance(event, Epoch) and event.lane == lane:
            epochs.append(event)
        elif isinstance(event, Round) and event.lane == lane:
            legs = [epoch.steps / max(1, epoch.checks) for epoch in epochs for _ in range(max(1, epoch.checks))]
            checks = sum(epoch.checks for epoch in epochs)
            sent = sum(epoch.bytes_monitor_up for epoch in epochs)
            state = round(sent / checks / max(1, len(event.clients) - len(event.dropped))) if checks else None
            found.append(Trip([int(client) for client in event.clients], legs, state))
            epochs = []
    return found


def bills(events: Sequence[Event], scenario: Scenario) -> list[Bill]:
    """What each lane of the run would cost, in the order of its config."""
    start = started(events)
    config = start.config
    network = Network.of(scenario.link, config["clients"], config["seed"])
    found = []
    for lane in summarize(list(events)):
        cost = lane.to_target or lane.spent
        taken = trips(events, lane.lane)[: cost.rounds]
        size = sum(moved(trip, scenario) for trip in taken)
        seconds = float(np.sum([seconds_of(trip, network, scenario) for trip in taken]))
        dollars = size / 1e9 * scenario.link.price_per_gb
        found.append(
            Bill(lane.lane, lane.to_target is not None, cost.rounds, cost.local_epochs, size, seconds, dollars)
        )
    return found


def moved(trip: Trip, scenario: Scenario) -> float:
    """Bytes of a round: the model down and up, and for each check a state up and a byte down."""
    checks = 0 if trip.state is None else len(trip.legs) * (trip.state + 1)
    return scenario.scale * len(trip.clients) * (2 * scenario.payload + checks)


def seconds_of(trip: Trip, network: Network, scenario: Scenario, speed=1.0, device=1.0):
    """Seconds of a round; speed and device: arrays [G] of factors on the links and on the seconds of a step, or 1.

    As `Network.round_seconds`, and the server's line, where it is limited, carries what goes to or comes from all.
    """
    speed, device = np.atleast_1d(speed)[:, None], np.atleast_1d(device)[:, None]
    shared = trip_seconds(scenario.payload, len(trip.clients), scenario)
    down = np.maximum(scenario.payload / (network.down[trip.clients] * speed), shared)
    up = np.maximum(scenario.payload / (network.up[trip.clients] * speed), shared)
    compute = [device * network.step_seconds * steps for steps in trip.legs]
    if trip.state is None:
        return (down + sum(compute) + up).max(axis=1) + network.rtt
    state = trip.state / (network.up[trip.clients] * speed)
    legs = [(leg + state + (down if i == 0 else 0)).max(axis=1) + network.rtt for i, leg in enumerate(compute)]
    return sum(legs) + up.max(axis=1) + network.rtt


def trip_seconds(size: int, clients: int, scenario: Scenario) -> float:
    """How long the server's line needs for all clients' transfers one way; 0 without a limit."""
    if scenario.server_mbit is None:
        return 0.0
    return scenario.scale * clients * size / (scenario.server_mbit * 1e6 / 8)


def times(events: Sequence[Event], lane: str, scenario: Scenario, speed, device) -> np.ndarray | None:
    """Seconds to the target [G] for factors on links and devices; None if the lane does not reach it."""
    start = started(events)
    [summary] = [each for each in summarize(list(events)) if each.lane == lane]
    if summary.to_target is None:
        return None
    network = Network.of(scenario.link, start.config["clients"], start.config["seed"])
    taken = trips(events, lane)[: summary.to_target.rounds]
    return sum(seconds_of(trip, network, scenario, speed, device) for trip in taken)


def break_even(events: Sequence[Event], ours: str, theirs: str, scenario: Scenario) -> float | None:
    """The uplink in Mbit/s at which both lanes take equally long, the downlink in proportion; 0 if `ours` never is the
    faster, infinity if it always is, None if one of them does not reach the target."""

    def ahead(uplink: float) -> float | None:
        speed = np.array([uplink / scenario.link.uplink_mbit])
        both = [times(events, lane, scenario, speed, np.ones(1)) for lane in (ours, theirs)]
        return None if None in [None if t is None else 0 for t in both] else float((both[1] - both[0])[0])

    slow, fast = ahead(NARROWEST), ahead(WIDEST)
    if slow is None or fast is None:
        return None
    if slow <= 0 or fast >= 0:  # bytes count most on a slow line: faster there, or nowhere
        return 0.0 if slow <= 0 else float("inf")
    low, high = NARROWEST, WIDEST
    for _ in range(HALVINGS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if ahead(middle) > 0 else (low, middle)
    return (low * high) ** 0.5


def at_budget(events: Sequence[Event], scenario: Scenario, gigabytes: float) -> dict[str, Round | None]:
    """Each lane's last round within so many bytes; None for one whose first round is more."""
    found = {}
    for lane in [each.lane for each in summarize(list(events))]:
        rounds = [event for event in events if isinstance(event, Round) and event.lane == lane]
        spent = np.cumsum([moved(trip, scenario) for trip in trips(events, lane)])
        within = int(np.searchsorted(spent, gigabytes * 1e9, side="right"))
        found[lane] = rounds[within - 1] if within else None
    return found


def on(scenario: Scenario, **link: float) -> Scenario:
    """The same with another link."""
    return replace(scenario, link=scenario.link.model_copy(update=link))
