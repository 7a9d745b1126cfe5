"""A run as a timeline, from its events alone: every model and sketch that travelled, when it left and arrived.

Each lane has its own track on the common clock of simulated seconds. A round begins where the lane's last one ended. It
is cut into equal scenes: the models go out, every local epoch, the models come back. A state is sent in the second half
of the epoch it belongs to. When a round ended is the record's; how it is cut is ours, so that a model on a fast link
can be seen at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fda_core.algorithm.events import Epoch, Event, Round, RunStarted
from fda_core.analysis.summary import cost_to_target, lane_ids, rounds_of, start_of, started

Kind = Literal["down", "sketch", "up"]


@dataclass(frozen=True)
class Transfer:
    """Packets of one event that travel together, one for each of `clients`; `bytes` of all of them.

    start, end: simulated seconds.
    """

    kind: Kind
    round: int
    clients: tuple[str, ...]
    bytes: int
    start: float
    end: float


@dataclass(frozen=True)
class TrackRound:
    """A round: who trained, from when to when, and how the lane stood at its end; local epochs are running totals."""

    round: int
    clients: tuple[str, ...]
    start: float
    end: float
    epochs: int
    accuracy: float | None


@dataclass(frozen=True)
class Track:
    """A lane. reached: simulated seconds after which it had reached the target, None where it had not."""

    lane: str
    transfers: tuple[Transfer, ...]
    rounds: tuple[TrackRound, ...]
    reached: float | None

    @property
    def bytes(self) -> int:
        """Of all transfers."""
        return sum(transfer.bytes for transfer in self.transfers)

    def packets(self, *kinds: Kind) -> int:
        """How many models or states travelled, each client's counted by itself."""
        return sum(len(transfer.clients) for transfer in self.transfers if transfer.kind in kinds)


@dataclass(frozen=True)
class Timeline:
    """clients: everybody there is, in a fixed order; accuracy: the untrained model's; seconds: simulated, of all."""

    tracks: tuple[Track, ...]
    clients: tuple[str, ...]
    accuracy: float | None
    seconds: float


def until_target(events: Sequence[Event]) -> list[Event]:
    """The run with each lane cut off after the round in which it had reached the target: the race to it."""
    start = started(events)
    costs = {lane: cost_to_target(events, lane) for lane in lane_ids(start)} if start else {}
    last = {lane: cost.rounds for lane, cost in costs.items() if cost}
    return [
        event
        for event in events
        if not isinstance(event, Epoch | Round) or event.round <= last.get(event.lane, event.round)
    ]


def timeline(events: Sequence[Event]) -> Timeline:
    """The timeline of a run that has started; epochs of a round that did not end are not in it."""
    start = start_of(events)
    tracks = tuple(track(events, lane) for lane in lane_ids(start))
    seconds = max((one.rounds[-1].end for one in tracks if one.rounds), default=0.0)
    return Timeline(tracks, everybody(start, tracks), start.initial.get("accuracy"), seconds)


def everybody(start: RunStarted, tracks: Sequence[Track]) -> tuple[str, ...]:
    """The clients that the record names at its start, then those that trained all the same."""
    try:
        known = [str(client["id"]) for client in start.facts["clients"]]
    except (KeyError, TypeError):  # a record from elsewhere need not say
        known = []
    return tuple(dict.fromkeys([*known, *(client for one in tracks for own in one.rounds for client in own.clients)]))


def track(events: Sequence[Event], lane: str) -> Track:
    """One lane's; its clock starts at 0 simulated seconds."""
    epochs: dict[int, list[Epoch]] = {}
    for event in events:
        if isinstance(event, Epoch) and event.lane == lane:
            epochs.setdefault(event.round, []).append(event)
    transfers: list[Transfer] = []
    rounds, now, done = [], 0.0, 0
    for event in rounds_of(events, lane):
        end = max(now, event.simulated_seconds)
        done += event.epochs
        rounds.append(TrackRound(event.round, tuple(event.clients), now, end, done, event.accuracy))
        transfers += shown(event, epochs.get(event.round, []), now, end)
        now = end
    reached = cost_to_target(events, lane)
    return Track(lane, tuple(transfers), tuple(rounds), reached.simulated_seconds if reached else None)


def shown(event: Round, epochs: Sequence[Epoch], start: float, end: float) -> Iterator[Transfer]:
    """The transfers of one round, in the order in which they leave; none without bytes."""
    scene = (end - start) / (len(epochs) + 2)
    left = [client for client in event.clients if client not in event.dropped]
    if event.bytes_down:
        yield Transfer("down", event.round, tuple(event.clients), event.bytes_down, start, start + scene)
    for number, (epoch, senders) in enumerate(zip(epochs, checked(event, epochs), strict=True), 1):
        there = start + (number + 1) * scene
        if bytes := epoch.bytes_monitor_up + epoch.bytes_monitor_down:
            yield Transfer("sketch", event.round, senders, bytes, there - scene / 2, there)
    if event.bytes_up:
        yield Transfer("up", event.round, tuple(left), event.bytes_up, end - scene, end)


def checked(event: Round, epochs: Iterable[Epoch]) -> Iterator[tuple[str, ...]]:
    """Who sent a state after each epoch: one who drops out does so at the end of its last one, without a word."""
    trained, steps = dict(zip(event.clients, event.client_steps, strict=False)), 0
    for epoch in epochs:
        steps += epoch.steps
        yield tuple(client for client in event.clients if client not in event.dropped or trained.get(client, 0) > steps)
