"""How much of the processor other programs take: what a run takes then is theirs to say."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import psutil

SPAN = 5.0  # seconds that are looked back on
APART = 0.5  # seconds between two looks
CROWDED = 0.4  # of all cores


class Sample(NamedTuple):
    """Seconds: of a clock, of all cores together, of those what programs took, and this one of it."""

    clock: float
    all: float
    taken: float
    own: float


def sample() -> Sample:
    """Now."""
    times, own = psutil.cpu_times(), psutil.Process().cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    everything = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)  # both in user time too
    return Sample(time.monotonic(), everything, everything - idle, own.user + own.system)


class OtherPrograms:
    """May be asked by any thread, and lets none wait for another: a class of viewers asks some thirty times a second.

    every: seconds between two looks; in between the last one's verdict holds.
    """

    def __init__(self, sample: Callable[[], Sample] = sample, every: float = APART):
        self.sample, self.every, self.looking = sample, every, threading.Lock()
        self.seen: deque[Sample] = deque()
        self.crowded, self.next = False, -math.inf

    def crowding(self) -> bool:
        """Whether they took more than `CROWDED` of the last seconds; False before anything is known."""
        if time.monotonic() >= self.next and self.looking.acquire(blocking=False):
            try:
                self.crowded = self._look()
                self.next = time.monotonic() + self.every
            finally:
                self.looking.release()
        return self.crowded

    def _look(self) -> bool:
        now = self.sample()
        self.seen.append(now)
        while len(self.seen) > 2 and now.clock - self.seen[1].clock >= SPAN:
            self.seen.popleft()
        before = self.seen[0]
        passed = now.all - before.all
        others = (now.taken - before.taken) - (now.own - before.own)
        return passed > 0 and others > CROWDED * passed
