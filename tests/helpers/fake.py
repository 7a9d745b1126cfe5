"""A stand-in for training: valid events in a plausible order, at the pace a test sets."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fda_core.algorithm.events import Event, LaneFinished, Round, RunResumed, RunStarted
from fda_core.data import table_files
from fda_core.federation.resumption import Resumption
from fda_core.live.runner import Runner
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.support.callbacks import Progress, Tick
from tests.helpers.tiny_events import a_round, an_epoch

MODEL_BYTES, STATE_BYTES = 643_592, 6_004
PATIENCE = 60  # seconds; only a failing test ever waits that long


class Fake:
    """Plays `config.rounds` rounds of every lane in turn, asking `tick` before each epoch, as the engine does.

    held: every round waits until the test allows it. texts: reported through `progress` before the first event.
    error: raised after `after` rounds of the first run. diverging: a lane that ends as diverged after its first round.
    """

    def __init__(
        self, held: bool = False, texts: int = 0, error: Exception | None = None, after: int = 0,
        diverging: str | None = None,
    ):  # fmt: skip
        self.held, self.texts, self.error, self.after, self.diverging = held, texts, error, after, diverging
        self.permits = threading.Semaphore(0)
        self.played: list[ExperimentConfig] = []

    def allow(self, rounds: int) -> None:
        self.permits.release(rounds)

    def let_go(self) -> None:
        self.held = False

    def __call__(
        self, config: ExperimentConfig, progress: Progress, tick: Tick, keep=None,
        resumption: Resumption | None = None, home: Path | None = None,
    ) -> Iterator[Event]:  # fmt: skip
        self.played.append(config)
        if config.dataset == "table":
            table_files.load(home, config.table.sha256)
        for done in range(self.texts):
            self._await_permit(lambda done=done: progress(done, self.texts))
        racing = {lane.id: Lane(lane, config) for lane in config.lanes}
        if resumption is None:
            yield run_started(config)
        else:
            yield RunResumed(from_round=dict(resumption.recorded))
            racing = {id: lane for id, lane in racing.items() if id not in resumption.ended}
        for number in range(len(racing) * config.rounds):
            if self.error is not None and number == self.after:
                error, self.error = self.error, None
                raise error
            self._await_permit(tick)
            lane = next(iter(racing.values()))
            yield from lane.play(tick)
            racing[lane.spec.id] = racing.pop(lane.spec.id)  # to the end of the row
            if finished := lane.finished(diverged=lane.spec.id == self.diverging):
                del racing[lane.spec.id]
                yield finished
            if not racing:
                return

    def _await_permit(self, meanwhile: Callable[[], None]) -> None:
        meanwhile()
        while self.held and not self.permits.acquire(timeout=0.002):
            meanwhile()


class Lane:
    """One lane's totals; its quality depends on nothing but the local epochs so far."""

    def __init__(self, spec: LaneSpec, config: ExperimentConfig):
        self.spec, self.config = spec, config
        self.round, self.epochs, self.bytes = 0, 0, 0

    def play(self, tick: Tick) -> Iterator[Event]:
        self.round += 1
        monitored, size = self.spec.rule != "schedule", self.config.cohort_size
        epochs = self.spec.epochs or (1 if self.round == 1 else max(1, self.spec.max_epochs // 2))
        sent = size * (STATE_BYTES + 1) if monitored else 0  # at a check
        for epoch in range(1, epochs + 1):
            tick()
            yield an_epoch(self.spec.id, self.round, epoch, bytes_monitor_up=sent)
        self.epochs += epochs
        monitor = epochs * sent
        self.bytes += 2 * size * MODEL_BYTES + monitor
        yield a_round(
            self.spec.id, self.round, epochs=epochs, reason="threshold" if monitored else "fixed-schedule",
            bytes_down=size * MODEL_BYTES, bytes_up=size * MODEL_BYTES, bytes_monitor=monitor, bytes_total=self.bytes,
            test_loss=0.7 * math.exp(-self.epochs / 40), accuracy=0.5 + 0.3 * (1 - math.exp(-self.epochs / 10)),
        )  # fmt: skip

    def finished(self, diverged: bool) -> LaneFinished | None:
        if diverged:
            return LaneFinished(lane=self.spec.id, status="diverged", message="the test loss after round 1 is 9e+09")
        if self.round == self.config.rounds:
            return LaneFinished(lane=self.spec.id, status="cap", message=f"all {self.round} rounds played")
        return None


def run_started(config: ExperimentConfig) -> RunStarted:
    facts = {"model": "a stand-in", "trainable_parameters": MODEL_BYTES // 4, "model_bytes": MODEL_BYTES}
    return RunStarted(
        config=config.to_json(), versions={}, facts=facts, initial={"test_loss": 0.7, "accuracy": 0.5, "metrics": {}}
    )


def fast_config(**changes) -> ExperimentConfig:
    """Three lanes of three rounds unless told otherwise."""
    return ExperimentConfig(**{"clients": 4, "train_examples": 40, "rounds": 3} | changes)


def until(happened: Callable[[], object], what: str = "it did not happen") -> None:
    """Waits for another thread without a fixed sleep."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"{what} within {PATIENCE} s"
        time.sleep(0.002)


def reach(runner: Runner, run_id: str, status: str) -> Snapshot:
    """The run once it has this status."""
    until(lambda: runner.snapshot(run_id).status == status, f"{run_id} is {runner.snapshot(run_id).status}")
    return runner.snapshot(run_id)


def rounds_in(snapshot: Snapshot) -> int:
    return sum(isinstance(event, Round) for event in snapshot.events)


def reach_rounds(runner: Runner, run_id: str, count: int) -> Snapshot:
    until(lambda: rounds_in(runner.snapshot(run_id)) >= count, f"{run_id} played fewer than {count} rounds")
    return runner.snapshot(run_id)


def changes_within(runner: Runner, run_id: str, seconds: float = 0.3) -> bool:
    """Whether the run changes within a while."""
    before = runner.snapshot(run_id).revision
    with runner.changed:
        return runner.changed.wait_for(lambda: runner.snapshot(run_id).revision > before, timeout=seconds)


def paused(runner: Runner, fake: Fake, rounds: int = 2) -> str:
    """A run that has been paused after some rounds."""
    run_id = runner.start(fast_config())
    fake.allow(rounds)
    reach_rounds(runner, run_id, rounds)
    runner.pause(run_id)
    return run_id
