"""What a run would cost on somebody's own network: arithmetic on its events, no training.

Assumed is that rounds and local epochs stay as they were: link, devices, price and the size of what travels change
time and money, not the course of the training. Time is a sum of maxima over the clients (`network.py`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fda_core.algorithm.events import Epoch, Event, Round
from fda_core.algorithm.network import Network
from fda_core.analysis.summary import cost_to_target, rounds_of, start_of, summarize
from fda_core.settings.config import Link
from fda_core.settings.methods import is_baseline

Factor = float | np.ndarray  # one, or [G] of them

WIDEST, NARROWEST = 1e5, 1e-3  # Mbit/s between which a break-even is looked for
POINTS = (64, 80, 80, 80)  # 64 lines, then 80 between two of them, and so on: to a millionth


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
    """One round as the network sees it: who took part, the steps before a check in each local epoch, how many checks
    there were in each, and the bytes of one state."""

    clients: list[int]
    segments: list[float]
    checks: list[int]
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
            counts = [max(1, epoch.checks) for epoch in epochs]
            segments = [epoch.steps / count for epoch, count in zip(epochs, counts, strict=True)]
            checks = sum(epoch.checks for epoch in epochs)
            sent = sum(epoch.bytes_monitor_up for epoch in epochs)
            state = round(sent / checks / max(1, len(event.clients) - len(event.dropped))) if checks else None
            found.append(Trip([int(client) for client in event.clients], segments, counts, state))
            epochs = []
    return found


def senders(events: Sequence[Event]) -> list[str]:
    """The lanes that are on the network, in the order of the config: references send nothing."""
    return [lane["id"] for lane in start_of(events).config["lanes"] if not is_baseline(lane["rule"])]


def bills(events: Sequence[Event], scenario: Scenario) -> list[Bill]:
    """What each lane of the run that sends anything would cost, in the order of its config."""
    network, found, there = _network(events, scenario), [], senders(events)
    for lane in summarize(list(events)):
        if lane.lane not in there:
            continue
        cost = lane.to_target or lane.spent
        taken = trips(events, lane.lane)[: cost.rounds]
        size = sum(moved(trip, scenario) for trip in taken)
        seconds = float(seconds_of(taken, network, scenario)[0])
        dollars = size / 1e9 * scenario.link.price_per_gb
        found.append(
            Bill(lane.lane, lane.to_target is not None, cost.rounds, cost.local_epochs, size, seconds, dollars)
        )
    return found


def moved(trip: Trip, scenario: Scenario) -> float:
    """Bytes of a round: the model down and up, and for each check a state up and a byte down."""
    checks = 0 if trip.state is None else sum(trip.checks) * (trip.state + 1)
    return scenario.scale * len(trip.clients) * (2 * scenario.payload + checks)


def seconds_of(
    taken: Sequence[Trip], network: Network, scenario: Scenario, speed: Factor = 1.0, device: Factor = 1.0
) -> np.ndarray:
    """Seconds of rounds together, [G]; speed and device: factors [G] on the links and on the seconds of a step, or 1.

    Rounds alike in their clients and checks are computed together.
    """
    links, devices = (np.atleast_1d(factor)[:, None, None] for factor in (speed, device))
    alike = defaultdict(list)
    for trip in taken:
        alike[len(trip.clients), len(trip.segments), trip.state].append(trip)
    return sum(
        (_seconds(trips, network, scenario, links, devices).sum(axis=1) for trips in alike.values()), start=np.zeros(1)
    )


def _seconds(
    alike: list[Trip], network: Network, scenario: Scenario, speed: np.ndarray, device: np.ndarray
) -> np.ndarray:
    """Seconds of each round [G, R] of as many clients and segments.

    As `Network.round_seconds`, and the server's line, where it is limited, carries what goes to or comes from all.
    """
    clients, state = np.array([trip.clients for trip in alike]), alike[0].state
    segments = np.array([trip.segments for trip in alike], float).T[:, :, None]  # [L, R, 1]
    checks = np.array([trip.checks for trip in alike], float).T  # [L, R]
    shared = trip_seconds(scenario.payload, clients.shape[1], scenario)
    down = np.maximum(scenario.payload / (network.down[clients] * speed), shared)
    up = np.maximum(scenario.payload / (network.up[clients] * speed), shared)
    step = device * network.step_seconds
    if state is None:
        return (down + step * (checks[:, :, None] * segments).sum(axis=0) + up).max(axis=2) + network.rtt
    told = state / (network.up[clients] * speed)
    checks[0] -= 1  # the very first, for which the model has to come down
    later = sum(
        count * ((step * segment + told).max(axis=2) + network.rtt)
        for segment, count in zip(segments, checks, strict=True)
    )
    return (down + step * segments[0] + told).max(axis=2) + later + up.max(axis=2) + 2 * network.rtt


def trip_seconds(size: int, clients: int, scenario: Scenario) -> float:
    """How long the server's line needs for all clients' transfers one way; 0 without a limit."""
    if scenario.server_mbit is None:
        return 0.0
    return scenario.scale * clients * size / (scenario.server_mbit * 1e6 / 8)


def times(events: Sequence[Event], lane: str, scenario: Scenario, speed: Factor, device: Factor) -> np.ndarray | None:
    """Seconds to the target [G] for factors on links and devices; None if the lane does not reach it."""
    cost = cost_to_target(events, lane)
    if cost is None:
        return None
    return seconds_of(trips(events, lane)[: cost.rounds], _network(events, scenario), scenario, speed, device)


def _network(events: Sequence[Event], scenario: Scenario) -> Network:
    config = start_of(events).config
    return Network.of(scenario.link, config["clients"], config["seed"])


def break_even(events: Sequence[Event], ours: str, theirs: str, scenario: Scenario) -> BreakEven | None:
    """Where both lanes take equally long, the downlink in proportion to the uplink; the one nearest to the scenario's
    if there are several. None if one of them does not reach the target."""
    taken = []
    for lane in (ours, theirs):
        if (cost := cost_to_target(events, lane)) is None:
            return None
        taken.append(trips(events, lane)[: cost.rounds])
    network, low, high, own = _network(events, scenario), NARROWEST, WIDEST, scenario.link.uplink_mbit
    for points in POINTS:
        uplinks = np.geomspace(low, high, points)
        both = [seconds_of(rounds, network, scenario, uplinks / own) for rounds in taken]
        ahead = both[0] < both[1]
        turns = np.flatnonzero(ahead[1:] != ahead[:-1])
        if not len(turns):
            return BreakEven(None, bool(ahead[0]), bool(ahead[-1]))
        turn = min(turns, key=lambda at: abs(np.log(uplinks[at] / own)))
        low, high = uplinks[turn], uplinks[turn + 1]
    return BreakEven(float((low * high) ** 0.5), bool(ahead[turn]), bool(ahead[turn + 1]))


@dataclass(frozen=True)
class Within:
    """A lane within a budget. last: its last round by then, None where not one is; ended: bytes of the whole lane if it
    ended before the budget was spent."""

    last: Round | None
    ended: float | None


def at_budget(events: Sequence[Event], scenario: Scenario, budget: float) -> dict[str, Within]:
    """Each lane after so many bytes."""
    found = {}
    for lane in senders(events):
        rounds = rounds_of(events, lane)
        spent = np.cumsum([moved(trip, scenario) for trip in trips(events, lane)])
        within = int(np.searchsorted(spent, budget, side="right"))
        ended = 0 < within == len(rounds) and spent[-1] < budget
        found[lane] = Within(rounds[within - 1] if within else None, float(spent[-1]) if ended else None)
    return found


def on(scenario: Scenario, **link: float) -> Scenario:
    """The same with another link."""
    return replace(scenario, link=scenario.link.model_copy(update=link))
