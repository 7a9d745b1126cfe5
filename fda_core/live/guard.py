"""Keeps a run from taking the whole day or the whole memory: it is preempted then, and can be resumed."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import psutil

from fda_core.support.errors import ConfigError, Preempted

MINUTES, FREE_MB = "FDA_OPT_LAB_MAX_MINUTES", "FDA_OPT_LAB_MIN_FREE_MB"
DEFAULT_MINUTES, DEFAULT_FREE_MB = 240, 300
LOOK_EVERY = 1.0  # seconds

Obstacle = Literal["memory", "minutes"]


def available_mb() -> float:
    """Memory that programs can still get, in 10⁶ bytes."""
    return psutil.virtual_memory().available / 1e6


@dataclass(frozen=True)
class Limits:
    """Minutes that a run may train at a stretch, and MB of memory that it must leave free."""

    minutes: float
    least_mb: float

    @classmethod
    def here(cls) -> "Limits":
        """From the environment. Raises `ConfigError`."""
        return cls(limit(MINUTES, DEFAULT_MINUTES), limit(FREE_MB, DEFAULT_FREE_MB))

    def obstacle(self, seconds: float, more_mb: float, free_mb: float) -> Obstacle | None:
        """Which of the two a run would meet that trains so long and takes so much more than is taken now."""
        if free_mb - more_mb < self.least_mb:
            return "memory"
        return "minutes" if seconds > 60 * self.minutes else None


class Guard:
    """Counts from its making; `check` may be called as often as one likes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, free_mb: Callable[[], float] = available_mb):
        self.clock, self.free_mb = clock, free_mb
        self.limits = Limits.here()
        self.began = self.looked = clock()
        self.waited = 0.0

    def wait(self, seconds: float) -> None:
        """Time in which the run stood still; it does not count."""
        self.waited += seconds

    def check(self) -> None:
        """Raises `Preempted`, in a sentence, when the run must give way."""
        now = self.clock()
        if now - self.looked < LOOK_EVERY:
            return
        self.looked = now
        if now - self.began - self.waited > 60 * self.limits.minutes:
            raise Preempted("live.minutes", minutes=self.limits.minutes, setting=MINUTES)
        if (free := self.free_mb()) < self.limits.least_mb:
            raise Preempted("live.memory", free=free, setting=FREE_MB)


def limit(name: str, default: float) -> float:
    """A limit from the environment. Raises `ConfigError` for what is not a number above 0."""
    text = os.environ.get(name) or default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise ConfigError("live.limit", name=name, text=text, default=default)
    return value
