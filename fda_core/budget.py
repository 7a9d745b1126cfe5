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
from fda_core.runs.summary import cost_to_target, lane_ids, rounds_of, started, summarize

WIDEST, NARROWEST = 1e5, 1e-3  # Mbit/s between which a break-even is looked for
POINTS, REFINEMENTS = 64, 5  # 64 lines, then 64 between two of them, and so on


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


@dataclass(frozen=True)
class BreakEven:
    """uplink: Mbit/s, None if one lane is the faster on every line. slow, fast: whether ours is the faster on slower
    lines than that, and on faster ones."""

    uplink: float | None
    slow: bool
    fast: bool


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
    cost = cost_to_target(events, lane)
    if cost is None:
        return None
    config = started(events).config
    network = Network.of(scenario.link, config["clients"], config["seed"])
    return sum(seconds_of(trip, network, scenario, speed, device) for trip in trips(events, lane)[: cost.rounds])


def break_even(events: Sequence[Event], ours: str, theirs: str, scenario: Scenario) -> BreakEven | None:
    """Where both lanes take equally long, the downlink in proportion to the uplink; the one nearest to the scenario's
    if there are several. None if one of them does not reach the target."""
    low, high, own = NARROWEST, WIDEST, scenario.link.uplink_mbit
    for _ in range(REFINEMENTS):
        uplinks = np.geomspace(low, high, POINTS)
        both = [times(events, lane, scenario, uplinks / own, 1.0) for lane in (ours, theirs)]
        if any(seconds is None for seconds in both):
            return None
        ahead = both[0] < both[1]
        turns = np.flatnonzero(ahead[1:] != ahead[:-1])
        if not len(turns):
            return BreakEven(None, bool(ahead[0]), bool(ahead[-1]))
        turn = min(turns, key=lambda at: abs(np.log(uplinks[at] / own)))
        low, high = uplinks[turn], uplinks[turn + 1]
    return BreakEven(float((low * high) ** 0.5), bool(ahead[turn]), bool(ahead[turn + 1]))


def at_budget(events: Sequence[Event], scenario: Scenario, gigabytes: float) -> dict[str, Round | None]:
    """Each lane's last round within so many bytes; None for one whose first round is more."""
    found = {}
    for lane in lane_ids(started(events)):
        rounds = rounds_of(events, lane)
        spent = np.cumsum([moved(trip, scenario) for trip in trips(events, lane)])
        within = int(np.searchsorted(spent, gigabytes * 1e9, side="right"))
        found[lane] = rounds[within - 1] if within else None
    return found


def on(scenario: Scenario, **link: float) -> Scenario:
    """The same with another link."""
    return replace(scenario, link=scenario.link.model_copy(update=link))
