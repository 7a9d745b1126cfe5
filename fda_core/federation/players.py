"""Who plays the rounds of the lanes: one after the other, or several lanes at the same time.

Rounds of different lanes do not depend on one another, so a lane may play its next one before its turn has come. Two
lanes with a thread each use two cores better than two threads in every step: the steps are too small to be divided
well. The numbers are those of one lane after the other with as many threads a step; so is the order of the events.
"""

from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from threading import Condition, Thread
from threading import Event as Flag
from typing import Any, Protocol

import torch
from torch import Tensor

from fda_core.algorithm.checkpoint import Checkpoint
from fda_core.algorithm.events import Event, LaneFinished
from fda_core.federation.experiment import Experiment
from fda_core.federation.lane import Lane
from fda_core.support.callbacks import Tick

AHEAD = 3  # turns that a lane may have played and nobody has read
LOOK_EVERY = 0.05  # seconds between two ticks while there is nothing to read


@dataclass(frozen=True)
class Turn:
    """What a lane is after its turn; the checkpoint is None of one that had ended before it."""

    clock: float
    checkpoint: Checkpoint | None
    finished: LaneFinished | None


class Players(Protocol):
    """Plays lanes whose tick is `step`."""

    def step(self) -> None:
        """Called before every local step of a lane; it may wait or raise."""

    def threads(self) -> dict[str, int]:
        """For the record: threads of a step, and how many lanes play at the same time."""

    def start(self, lanes: list[Lane]) -> None:
        """Before the first turn."""

    def turn(self, lane: str) -> Generator[Event, None, Turn]:
        """One round of the lane with this id, unless it has ended: a restored lane may have been about to."""

    def close(self) -> None:
        """Nothing is played any more once this returns."""


def lanes_at_once(experiment: Experiment) -> int:
    """As many as there are threads, where the trainer can be used by several."""
    return min(len(experiment.config.lanes), torch.get_num_threads()) if experiment.trainer.concurrent else 1


def players(experiment: Experiment) -> Players:
    """Those that suit the experiment and this machine."""
    workers = lanes_at_once(experiment)
    return Together(experiment.tick, workers) if workers > 1 else InTurn(experiment.tick)


def played(lane: Lane) -> Generator[Event, None, Turn]:
    """A turn of the lane, in the thread that asks."""
    ended = lane.stopping.verdict()
    if not ended:
        yield from lane.play_round()
    return Turn(lane.clock, None if ended else lane.checkpoint(), lane.finished())


class InTurn:
    """Each round is played when it is read."""

    def __init__(self, tick: Tick):
        self.step = tick
        self.lanes: dict[str, Lane] = {}

    def threads(self) -> dict[str, int]:
        """All of them in one step."""
        return {"threads": torch.get_num_threads()}

    def start(self, lanes: list[Lane]) -> None:
        """Nothing is played before it is read."""
        self.lanes = {lane.spec.id: lane for lane in lanes}

    def turn(self, lane: str) -> Generator[Event, None, Turn]:
        """See `Players`."""
        return played(self.lanes[lane])

    def close(self) -> None:
        """There is nothing to end."""


class Halted(Exception):
    """Nobody reads on."""


class Together:
    """Threads that play lanes, up to `AHEAD` turns ahead of whoever reads.

    tick: called in the thread that reads; while it waits, no lane takes a step.
    """

    def __init__(self, tick: Tick, workers: int):
        self.tick, self.workers = tick, workers
        self.racing: dict[str, Lane] = {}
        self.idle: list[str] = []
        self.said: dict[str, deque[Event | Turn]] = {}
        self.unread: dict[str, int] = {}  # turns
        self.changed, self.going, self.halted = Condition(), Flag(), False
        self.error: BaseException | None = None
        self.each = torch.get_num_threads() // workers
        self.running: list[Thread] = []

    def threads(self) -> dict[str, int]:
        """Each lane has its share of them."""
        return {"threads": self.each, "lanes_at_once": self.workers}

    def start(self, lanes: Iterable[Lane]) -> None:
        """Lets them play."""
        self.racing = {lane.spec.id: lane for lane in lanes}
        self.idle = list(self.racing)
        self.said = {name: deque() for name in self.racing}
        self.unread = dict.fromkeys(self.racing, 0)
        self.going.set()
        self.running = [Thread(target=self._work, name="fda-opt-lane", daemon=True) for _ in range(self.workers)]
        for thread in self.running:
            thread.start()

    def turn(self, lane: str) -> Generator[Event, None, Turn]:
        """See `Players`. Raises what has befallen any lane."""
        while True:
            self._look()
            with self.changed:
                self.changed.wait_for(lambda: self.said[lane] or self.error, LOOK_EVERY)
                if self.error:
                    raise self.error
                if not self.said[lane]:
                    continue
                found = self.said[lane].popleft()
                if isinstance(found, Turn):
                    self.unread[lane] -= 1
                    self.changed.notify_all()
                    return found
            yield found

    def _look(self) -> None:
        """The tick, which may wait or raise; meanwhile no lane goes on."""
        self.going.clear()
        try:
            self.tick()
        finally:
            self.going.set()

    def step(self) -> None:
        """The lanes' tick."""
        self.going.wait()
        if self.halted:
            raise Halted

    def close(self) -> None:
        """See `Players`."""
        with self.changed:
            self.halted = True
            self.changed.notify_all()
        self.going.set()
        for thread in self.running:
            thread.join()
        self.racing, self.said, self.error = {}, {}, None  # a lane knows its experiment, and that this: a circle
        torch.set_num_threads(torch.get_num_threads())  # threads to come take the number that was set last

    def _work(self) -> None:
        torch.set_num_threads(self.each)
        try:
            while lane := self._next():
                self._play(lane)
        except Halted:
            pass
        except BaseException as error:  # it is raised where the events are read
            with self.changed:
                self.error = error
                self.changed.notify_all()

    def _next(self) -> Lane | None:
        """The one that is furthest behind of those that nobody plays; None when there is no more to play."""
        with self.changed:
            while not self.halted and self.racing:
                if able := [name for name in self.idle if self.unread[name] < AHEAD]:
                    name = min(able, key=lambda name: self.racing[name].clock)
                    self.idle.remove(name)
                    return self.racing[name]
                self.changed.wait()
            return None

    def _play(self, lane: Lane) -> None:
        """A turn of it; what it says can be read at once."""
        name, saying = lane.spec.id, played(lane)
        while True:
            try:
                event = next(saying)
            except StopIteration as end:
                return self._played(name, of_its_own(end.value))
            with self.changed:
                self.said[name].append(event)
                self.changed.notify_all()

    def _played(self, name: str, turn: Turn) -> None:
        with self.changed:
            self.said[name].append(turn)
            self.unread[name] += 1
            if turn.finished:
                del self.racing[name]
            else:
                self.idle.append(name)
            self.changed.notify_all()


def of_its_own(turn: Turn) -> Turn:
    """With a checkpoint that the lane's next round does not change."""
    if turn.checkpoint is None:
        return turn
    return replace(turn, checkpoint=replace(turn.checkpoint, state=copied(turn.checkpoint.state)))


def copied(value: Any) -> Any:
    """The same with tensors of its own."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    return value.clone() if isinstance(value, Tensor) else value
