"""Questions about curves of quality against bytes: what a budget buys, and from where on one lane is ahead."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from fda_core.algorithm.events import Event, Round, RunStarted
from fda_core.analysis.summary import quality as measured
from fda_core.analysis.summary import rounds_of, started

# As with the target: one synchronisation ahead may be chance, two in a row count.
IN_A_ROW = 2

Quality = Literal["test_loss", "accuracy", "mcc"]


class Point(NamedTuple):
    """A place on a curve."""

    bytes: float
    value: float


def within(events: Sequence[Event], lane: str, budget: float) -> Round | None:
    """The lane's last round that ended with at most `budget` bytes sent; None if its first one needs more."""
    return next((event for event in reversed(rounds_of(events, lane)) if event.bytes_total <= budget), None)


def crossing(events: Sequence[Event], ours: str, theirs: str, quality: Quality) -> Point | None:
    """Where the curve of `ours` gets better than that of `theirs` and stays so, as far as both have sent bytes.

    Curves are straight between synchronisations. None if it never does, not for two synchronisations of its own, or if
    it is better from the first byte on.
    """
    a, b = (curve(events, lane, quality) for lane in (ours, theirs))
    end = min(a[0][-1], b[0][-1])
    places = np.unique(np.concatenate([a[0], b[0]]))
    places = places[places <= end]
    sign = -1 if quality == "test_loss" else 1
    lead = sign * (np.interp(places, *a) - np.interp(places, *b))
    behind = np.flatnonzero(~(lead > 0))
    if not len(behind) or behind[-1] == len(places) - 1:
        return None
    i = behind[-1]
    place = places[i] + (places[i + 1] - places[i]) * -lead[i] / (lead[i + 1] - lead[i])
    ahead = np.count_nonzero((a[0] > place) & (a[0] <= end))
    return Point(float(place), float(np.interp(place, *b))) if place > 0 and ahead >= IN_A_ROW else None


def curve(events: Sequence[Event], lane: str, quality: Quality) -> tuple[np.ndarray, np.ndarray]:
    """Bytes [n] and quality [n] of the untrained model and of every round; rounds without a number are left out."""
    start = started(events)
    points = [(0, untrained(start, quality))] if start else []
    points += [(event.bytes_total, measured(event, quality)) for event in rounds_of(events, lane)]
    points = [(size, value) for size, value in points if value is not None] or [(0, np.nan)]
    return np.array([size for size, _ in points], float), np.array([value for _, value in points], float)


def untrained(start: RunStarted, quality: Quality) -> float | None:
    """Of the model that all lanes start from; the loss and the accuracy are always on record."""
    return start.initial[quality] if quality in start.initial else start.initial.get("metrics", {}).get(quality)


def paired_rounds(events: Sequence[Event], lanes: Sequence[str]) -> tuple[int, int]:
    """Rounds that several of the lanes have played, and in how many of them the same clients trained."""
    clients: dict[int, list[list[str]]] = {}
    for lane in lanes:
        for event in rounds_of(events, lane):
            clients.setdefault(event.round, []).append(event.clients)
    shared = [each for each in clients.values() if len(each) > 1]
    return len(shared), sum(all(one == each[0] for one in each) for each in shared)
