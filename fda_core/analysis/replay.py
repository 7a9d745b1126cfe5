"""A stored run played again from its events alone, at the pace it had or faster."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fda_core.algorithm.events import Epoch, Event, Round

SPEEDS = (1, 2, 5, 10, 20, 50)
SHORTEST = 10.0  # seconds a replay should last where the viewer chose no speed: shorter ones end before they are seen
LONGEST_ROUND = 3600.0  # seconds; a record may say anything


class ReplayClock:
    """When each event was known, in seconds of training since the first; epochs lie evenly before their round."""

    def __init__(self, events: Sequence[Event]):
        self.events = tuple(events)
        self.moments: list[float] = []
        now, epochs = 0.0, 0
        for event in self.events:
            if isinstance(event, Epoch):
                epochs += 1
                continue
            length = duration(event) if isinstance(event, Round) else 0.0
            self.moments += [now + length * (i + 1) / (epochs + 1) for i in range(epochs)]
            now, epochs = now + length, 0
            self.moments.append(now)
        self.moments += [now] * epochs
        self.rounds = [m for m, event in zip(self.moments, self.events, strict=True) if isinstance(event, Round)]

    @property
    def length(self) -> float:
        """Seconds of the whole replay at speed 1."""
        return self.moments[-1] if self.moments else 0.0

    def until(self, seconds: float) -> tuple[Event, ...]:
        """What was known by then; the first event always is."""
        return self.events[: max(1, bisect_right(self.moments, seconds))]

    def rounds_until(self, seconds: float) -> int:
        """How many rounds, of all lanes, had been played by then."""
        return bisect_right(self.rounds, seconds)

    def moment_of(self, rounds: int) -> float:
        """When so many rounds had been played; the whole length for all of them."""
        return 0.0 if rounds <= 0 else self.length if rounds >= len(self.rounds) else self.rounds[rounds - 1]


def duration(event: Round) -> float:
    """Measured seconds of a round, as far as a record can be believed: from 0 to `LONGEST_ROUND`."""
    return min(max(event.seconds, 0.0), LONGEST_ROUND) if math.isfinite(event.seconds) else 0.0


def fitting(length: float) -> int:
    """The fastest speed up to 10 at which so many seconds of training last long enough to be watched."""
    return max((speed for speed in SPEEDS[:4] if length / speed >= SHORTEST), default=SPEEDS[0])


@dataclass(frozen=True)
class Player:
    """Where one viewer's replay stands. `since`: the clock's time when it was at `position`, None while paused."""

    position: float = 0.0
    speed: int = SPEEDS[3]
    since: float | None = None

    def at(self, now: float, length: float) -> float:
        """Seconds of the run shown."""
        moved = 0.0 if self.since is None else self.speed * (now - self.since)
        return min(length, self.position + moved)

    def playing(self, now: float, length: float) -> bool:
        """Whether it moves: neither paused nor at the end. now: the clock's time; length: seconds of the run."""
        return self.since is not None and self.at(now, length) < length

    def play(self, now: float, length: float) -> "Player":
        """Goes on, or begins again at the end."""
        position = self.at(now, length)
        return replace(self, position=0.0 if position >= length else position, since=now)

    def pause(self, now: float, length: float) -> "Player":
        """Stands still where it is now."""
        return replace(self, position=self.at(now, length), since=None)

    def seek(self, seconds: float) -> "Player":
        """Stands still at so many seconds of the run."""
        return replace(self, position=seconds, since=None)

    def with_speed(self, speed: int, now: float, length: float) -> "Player":
        """From where it is now, so many seconds of the run a second."""
        since = now if self.since is not None else None
        return replace(self, position=self.at(now, length), speed=speed, since=since)
