"""Measures a `Timings`: a few seconds of real training on a small sample, with parts that a run is made of.

Means, not medians: what other programs take from this one they will take from the run too.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from fda_core import setup
from fda_core.algorithm.checkpoint import save
from fda_core.algorithm.drift_projection import DriftProjection
from fda_core.algorithm.monitors import DriftStatistics, Monitor, make_monitor
from fda_core.cost.estimate import Timings
from fda_core.data.examples import of_table
from fda_core.data.table import Table
from fda_core.federation.baselines import make_lane
from fda_core.federation.local_round import LocalRound
from fda_core.federation.players import lanes_at_once
from fda_core.models import devices, memory
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import TEXTS, Tick

Clock = Callable[[], float]

SAMPLE = 128  # texts for training, and as many for testing
COHORTS = (1, 8, 40)  # clients trained at once
ROOM = 400e6  # bytes that the measured clients may take
BUDGET = 0.25  # seconds spent on one number, if it takes so little
LONG = 1.0  # seconds after which a number is known well enough, and more clients are not tried


def measure(
    config: ExperimentConfig, tick: Tick = lambda: None, clock: Clock = time.perf_counter, models: Path | None = None,
    table: Table | None = None,
) -> Timings:  # fmt: skip
    """The timings of this config's model, training and data, on this machine and with torch's present threads.

    `tick` is called between parts and may raise. models: see `prepare`; table: the user's own, if the config names
    one. No text of it and nothing computed from texts reaches the disk. Raises what `prepare` raises.
    """
    began, small, prefix = clock(), sample(config), Prefix(tick, clock)
    data = None if table is None else of_table(table, small)
    ready = setup.prepare(small, prefix.progress, models, data=data, keep=False)
    load = clock() - began - prefix.seconds
    watch, together = Watch(tick, clock), lanes_at_once(replace(ready, config=config))
    with tempfile.TemporaryDirectory() as folder, threads(torch.get_num_threads() // together):
        measured = Rounds(ready, watch, Path(folder)).all()
        score = watch.seconds(lambda: ready.score(ready.initial))
    steps, epochs, between = (tuple((m[0], m[i]) for m in measured) for i in (1, 2, 3))
    texts = small.train_examples + small.test_examples
    kept = len(ready.trainer.train.ids) / len(ready.trainer.train) if prefix.seconds else 0
    return Timings(
        step=steps, epoch=epochs, round=between, score=score / small.test_examples, prefix=prefix.seconds / texts,
        load=load, shape=ready.shape, tokens=kept, together=together,
    )  # fmt: skip


@contextmanager
def threads(count: int) -> Iterator[None]:
    """With so many of torch's in a step."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def sample(config: ExperimentConfig) -> ExperimentConfig:
    """The same on a few texts, all of one client."""
    few: dict[str, object]
    few = {"train_examples": min(config.train_examples, max(SAMPLE, config.batch_size)), "clients": 1}
    few |= {"test_examples": min(config.test_examples, SAMPLE), "clients_per_round": None, "partition": "dirichlet"}
    return ExperimentConfig(**config.to_dict() | few)


class Prefix:
    """Seconds that the frozen layers take, seen from the progress they report."""

    def __init__(self, tick: Tick, clock: Clock):
        self.tick, self.clock, self.seconds = tick, clock, 0.0
        self.began: float | None = None

    def progress(self, done: int, total: int, stage: str = TEXTS, /) -> None:
        """A `Progress`: time runs from the first text; fetching a model does not count."""
        self.tick()
        if stage != TEXTS:
            return
        now = self.clock()
        self.began = now if self.began is None else self.began
        self.seconds = now - self.began


class Watch:
    """Takes the time of what can be done again."""

    def __init__(self, tick: Tick, clock: Clock):
        self.tick, self.clock = tick, clock

    def once(self, action: Callable[[], object]) -> float:
        """Seconds of doing it a single time."""
        self.tick()
        began = self.clock()
        action()
        devices.finish()
        return self.clock() - began

    def seconds(self, action: Callable[[], object]) -> float:
        """The mean of three times at least, of fewer where they take long; after one that warms up, however long that
        took: on busy cores the first has been seen to take a thousand times as long as the next."""
        self.once(action)
        times = [self.once(action)]
        while sum(times) < BUDGET or (len(times) < 3 and sum(times) < LONG):
            times.append(self.once(action))
        return sum(times) / len(times)


class Rounds:
    """Parts of a round with any number of clients, on the experiment's few texts."""

    def __init__(self, ready: setup.Prepared, watch: Watch, folder: Path):
        self.ready, self.watch, self.folder = ready, watch, folder
        self.lane = make_lane(ready, ready.config.lanes[0], ready.score(ready.initial))
        self.monitor: Monitor = make_monitor("sketch", ready.trainer.layout.size, ready.config.seed)

    def all(self) -> list[tuple[int, float, float, float]]:
        """As many clients as there are room and patience for: beyond, a straight line must do."""
        each = memory.FLOAT * memory.CLIENT * self.ready.trainer.layout.size
        measured: list[tuple[int, float, float, float]] = []
        for clients in COHORTS:
            if measured and (clients * each > ROOM or measured[-1][1] * clients / measured[-1][0] > LONG):
                break
            measured.append(self.of(clients))
        return measured

    def of(self, clients: int) -> tuple[int, float, float, float]:
        """The clients; seconds of a step, of an epoch besides, of a round besides."""
        local, watch = self.begin(clients), self.watch
        opened = watch.seconds(lambda: self.begin(clients))
        step = watch.seconds(lambda: local.cohort.train(1))
        axes = watch.seconds(lambda: DriftProjection().add(local.cohort.drifts))
        local.projection.add(local.cohort.drifts)
        epoch = watch.seconds(lambda: self.check(local))
        return clients, step, epoch, opened + axes + watch.seconds(self.close)

    def begin(self, clients: int) -> LocalRound:
        """A round of so many clients from the initial weights, each with one batch of the sample."""
        ready, texts = self.ready, len(self.ready.partition[0])
        batch = min(texts, ready.config.batch_size)
        # Clients share the sample: each begins elsewhere in it.
        parts = [(np.arange(batch) + client * batch) % texts for client in range(clients)]
        return LocalRound(ready, ready.initial, parts, list(range(clients)), 1)

    def check(self, local: LocalRound) -> None:
        """What happens between two local epochs."""
        self.monitor.estimate(DriftStatistics.of(local.cohort.drifts))
        local.projection.add(local.cohort.drifts)

    def close(self) -> None:
        """The server's step is small beside the copy of its state that goes to disk."""
        save(self.lane.checkpoint(), self.folder / "checkpoints" / "lane.safetensors")
