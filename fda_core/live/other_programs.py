"""How much of the processor other programs take: what a run takes then is theirs to say."""

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
    """May be asked by any thread."""

    def __init__(self, sample: Callable[[], Sample] = sample):
        self.sample, self.lock = sample, threading.Lock()
        self.seen: deque[Sample] = deque()

    def crowding(self) -> bool:
        """Whether they took more than `CROWDED` of the last seconds; False before anything is known."""
        with self.lock:
            now = self.sample()
            if not self.seen or now.clock - self.seen[-1].clock >= APART:
                self.seen.append(now)
            while len(self.seen) > 2 and now.clock - self.seen[1].clock >= SPAN:
                self.seen.popleft()
            before = self.seen[0]
        passed = now.all - before.all
        others = (now.taken - before.taken) - (now.own - before.own)
        return passed > 0 and others > CROWDED * passed
