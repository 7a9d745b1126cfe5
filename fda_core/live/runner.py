"""One training at a time, in a background thread, for everyone who looks at it.

The thread publishes immutable snapshots and knows nothing of who reads them. A run that is not in memory any more is
read from its folder, so its address goes on working after a restart.
"""

import logging
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from fda_core.algorithm.events import Epoch, Event, Round, RunStarted
from fda_core.cost.estimate import CostEstimate, Timings
from fda_core.cost.time_left import seconds_left, seconds_per_round
from fda_core.cost.timings import TimingStore, key
from fda_core.data import table_files
from fda_core.data.table import Table, largest_site
from fda_core.live.guard import Guard
from fda_core.runs import kept_tables, trash
from fda_core.runs.record import Producer, give_up, record, simulate
from fda_core.runs.recorder import Recorder
from fda_core.runs.snapshot import LIVE, Job, Snapshot, stored
from fda_core.runs.store import drop_unfinished, folder_of, hold, new_run_id, runs_folder
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import TEXTS, Tick
from fda_core.support.errors import Cancelled, ConfigError, LabError, Preempted, StoreError
from fda_core.support.messages import Message, unexpected

log = logging.getLogger(__name__)

Measure = Callable[[ExperimentConfig, Tick, Table | None], Timings]

LONGEST_QUEUE = 20
KEPT_IN_MEMORY = 20
UNWATCHED = 60  # seconds without a viewer after which a run gives its place to one that waits
PAUSED = 600  # seconds a paused run may keep others waiting, watched or not
PATROL = 1.0  # seconds between two looks at these


class Runner:
    """Keeps the queue and the one worker thread. All methods may be called from any thread and return at once.

    measure: how the worker finds out, while no run waits, what a config costs; None to never do that.
    """

    def __init__(
        self, folder: Path | None = None, produce: Producer = simulate, on_start: Callable[[], None] = lambda: None,
        measure: Measure | None = None,
    ):  # fmt: skip
        self.folder, self.produce, self.on_start, self.measure = folder, produce, on_start, measure
        self.timings = TimingStore(self._root)
        self.wanted: tuple[ExperimentConfig, Table | None] | None = None  # whose timings is to be measured
        self.met: set[str] = set()  # kinds of runs whose model and data are here, because one was played
        self.unmeasurable: set[str] = set()
        self.changed = threading.Condition()
        self.jobs: OrderedDict[str, Job] = OrderedDict()
        self.worker: threading.Thread | None = None

    def start(self, config: ExperimentConfig, rounds: int | None = None, table: Table | None = None) -> str:
        """Queues a run and returns its id; with `rounds` it pauses after that many. Raises `LabError`.

        table: the one that the configuration names by its digest; left out, some run must have it.
        """
        job = Job(new_run_id(), config, rounds_allowed=rounds, table=self._table(config, table))
        self._admit([job])
        return job.run_id

    def start_study(self, config: ExperimentConfig, seeds: int) -> list[str]:
        """Queues the experiment with so many seeds, from its own upwards, as one group. Raises `LabError`."""
        group, table = new_run_id(), self._table(config)
        configs = [ExperimentConfig(**config.to_dict() | {"seed": config.seed + i}) for i in range(seeds)]
        jobs = [Job(new_run_id(), config, group=group, table=table) for config in configs]
        self._admit(jobs)
        return [job.run_id for job in jobs]

    def resume(self, run_id: str) -> None:
        """Queues an interrupted run to be continued. Raises `ConfigError` or `StoreError`."""
        folder = folder_of(run_id, self._root())
        known = folder and stored(folder)
        if known is None or known.status != "interrupted":
            state = Message("part.no_run" if known is None else f"part.is_{known.status}")
            raise StoreError("live.not_interrupted", reason=state)
        with self.changed:
            old = self.jobs.get(run_id)
            revision = max(old.revision if old else 0, known.revision)
            if old is None or old.status not in LIVE:
                self._admit([Job(run_id, known.config, events=list(known.events), revision=revision, resumed=True)])

    def _table(self, config: ExperimentConfig, given: Table | None = None) -> Table | None:
        """In memory until the run begins: the run that has it now may be deleted meanwhile."""
        if not table_files.needs_table(config):
            return None
        if given is not None and given.sha256 == config.table.sha256:
            return given
        return kept_tables.find(config.table.sha256, self._root())

    def _admit(self, jobs: list[Job]) -> None:
        with self.changed:
            if len(self._live()) + len(jobs) > LONGEST_QUEUE:
                raise ConfigError("live.queue_full", most=LONGEST_QUEUE, count=len(self._live()))
            for job in jobs:
                if self._live() and not job.resumed:
                    self._reserve(job)
                self.jobs[job.run_id] = job
                self.jobs.move_to_end(job.run_id)
                self._touch(job)
            self._forget_old()
        self.wake()

    def _reserve(self, job: Job) -> None:
        """Gives a run that has to wait its folder: should the process die, it is there to be resumed."""
        folder = self._root() / job.run_id
        try:
            with closing(Recorder(folder, job.run_id, config=job.config.to_json())):
                if job.table is not None:
                    table_files.keep(job.table, folder)
            job.lock = hold(folder)
        except StoreError:  # it may be written when the run's turn comes, and says so then if not
            log.warning("the run %s waits without a folder", job.run_id, exc_info=True)
            shutil.rmtree(folder, ignore_errors=True)  # half of one would be in the way then

    def wake(self) -> None:
        """Starts the worker if it is not there; it then waits for runs."""
        with self.changed:
            if self.worker is None or not self.worker.is_alive():
                self.worker = threading.Thread(target=self._work, name="fda-opt-runner", daemon=True)
                self.worker.start()

    def pause(self, run_id: str) -> None:
        self._allow(run_id, 0)

    def unpause(self, run_id: str) -> None:
        self._allow(run_id, None)

    def step(self, run_id: str) -> None:
        """Plays one more round of the lane that is behind, then pauses."""
        self._allow(run_id, 1)

    def stop(self, run_id: str) -> None:
        """Ends the run within one local step; finished rounds are kept."""
        with self.changed:
            if not (job := self.jobs.get(run_id)) or job.status not in LIVE:
                return
            queued, job.stopping = job.status == "queued", True
            job.status = "stopped" if queued else "stopping"
            job.table = None if queued else job.table
            self._touch(job)
        if queued and job.resumed:
            self._close(job)
        elif queued and job.lock:  # it has never begun: nothing is left of it
            job.lock.release()
            shutil.rmtree(self._root() / job.run_id, ignore_errors=True)

    def snapshot(self, run_id: str, watching: bool = False) -> Snapshot | None:
        """The run as it is now, from memory or from its folder; None if there is no such run. Raises `StoreError`.

        watching: a viewer looks at it, which keeps it from giving its place away.
        """
        with self.changed:
            if job := self.jobs.get(run_id):
                if watching:
                    job.seen = time.monotonic()
                place, wait = self._outlook(job)
                return Snapshot(
                    run_id, job.config, job.status, job.revision, tuple(job.events), job.message, place, wait,
                    job.prepared, job.stage,
                )  # fmt: skip
        folder = folder_of(run_id, self._root())
        return folder and stored(folder)

    def _outlook(self, job: Job) -> tuple[int, float | None]:
        """Runs ahead of a queued one, and how long they take at most."""
        if job.status != "queued":
            return 0, None
        live = self._live()
        ahead = live[: live.index(job)]
        if not ahead or any(other.status == "paused" for other in ahead):
            return len(ahead), None
        timings = next(filter(None, (seconds_per_round(other.events) for other in ahead)), None)
        left = [seconds_left(other.config, other.events, timings, self.timings.cost(other.config)) for other in ahead]
        return len(ahead), None if None in left else sum(left)

    def cost(
        self, config: ExperimentConfig, parameters: int | None, measure: bool = True, table: Table | None = None
    ) -> tuple[CostEstimate | None, bool]:
        """What a run will cost as far as it is known, and whether its timings is being measured or about to be.

        parameters: trainable weights, where they are known without loading the model. measure: have the worker do it,
        as soon as nothing else is to be done. table: the one that the config names, if no run has it yet.
        """
        known = self.timings.cost(config, parameters, largest_site(config, table))
        if self.measure is None:
            return known, False
        with self.changed:
            name = key(config)
            if (measure or name in self.met) and not self.timings.fresh(config) and name not in self.unmeasurable:
                self.wanted = config, table
                self.changed.notify_all()
            soon = self.wanted is not None and key(self.wanted[0]) == name
        return known, soon and (known is None or known.seconds is None)

    def delete(self, run_id: str) -> None:
        """Moves a run that has ended to the trash. Raises `StoreError`."""
        with self.changed:  # so that nobody resumes it meanwhile
            if (job := self.jobs.get(run_id)) and job.status in LIVE:
                raise StoreError("live.not_ended", run=run_id)
            trash.delete(run_id, self._root())
            self.jobs.pop(run_id, None)

    def queue(self) -> list[tuple[str, str]]:
        """Run ids and statuses of the runs that have not ended, in their order."""
        with self.changed:
            return [(job.run_id, job.status) for job in self._live()]

    def _root(self) -> Path:
        return self.folder or runs_folder()

    def _live(self) -> list[Job]:
        return [job for job in self.jobs.values() if job.status in LIVE]

    def _forget_old(self) -> None:
        ended = [run_id for run_id, job in self.jobs.items() if job.status not in LIVE]
        for run_id in ended[:-KEPT_IN_MEMORY]:
            del self.jobs[run_id]

    def _allow(self, run_id: str, rounds: int | None) -> None:
        with self.changed:
            if (job := self.jobs.get(run_id)) and job.status in ("queued", "preparing", "running", "paused"):
                job.rounds_allowed = rounds
                if job.status in ("running", "paused"):
                    job.status = "paused" if rounds == 0 else "running"
                self._touch(job)

    def _touch(self, job: Job) -> None:
        job.revision += 1
        self.changed.notify_all()

    def _work(self) -> None:
        try:
            self.on_start()
        except Exception:  # a convenience that failed must not stop the queue
            log.exception("the runner's preparation failed")
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self._next() or self.wanted)
                if job := self._next():
                    job.status = "preparing"
                    # Two unwatched runs that give way to each other must each get somewhere in between.
                    job.in_round, job.seen = True, time.monotonic()
                    self._touch(job)
                wanted = self.wanted
            if job:
                self._play(job)
            else:
                self._measure(*wanted)

    def _next(self) -> Job | None:
        return next((job for job in self.jobs.values() if job.status == "queued"), None)

    def _measure(self, config: ExperimentConfig, table: Table | None) -> None:
        """Gives way to a run at once, and is done again after it."""

        def tick() -> None:
            with self.changed:
                if self._next():
                    raise Cancelled

        try:
            self.timings.put(config, self.measure(config, tick, self._table(config, table)))
        except Cancelled:
            return
        except Exception:  # whatever stands in the way of a run is told when the run is started
            log.info("the timings could not be measured", exc_info=True)
            self.unmeasurable.add(key(config))
        with self.changed:
            if self.wanted and self.wanted[0] is config:
                self.wanted = None

    def _play(self, job: Job) -> None:
        known = len(job.events)

        def watch(event: Event) -> None:
            nonlocal known
            if known:  # on record before
                known -= 1
                return
            with self.changed:
                self._happened(job, event)

        def progress(done: int, total: int, stage: str = TEXTS) -> None:
            with self.changed:
                job.prepared, job.stage = (done, total), stage
                self._touch(job)
                if job.stopping:
                    raise Cancelled

        def tick() -> None:
            guard.check()
            with self.changed:
                self._await_turn(job, guard)

        there = job.resumed or job.lock is not None
        if job.lock:
            job.lock.release()
            job.lock = None
        try:
            guard = Guard()
            status, message = record(
                job.config, self._root() / job.run_id, job.run_id, watch, progress, tick, self.produce,
                there, job.group, job.table,
            )  # fmt: skip
        except LabError as error:  # a record that cannot be opened now may be taken up another time
            status, message = "interrupted" if there else "failed", str(error)
        except Exception as error:  # whatever it was, the queue goes on
            log.exception("run %s failed", job.run_id)
            status, message = "failed", unexpected(error)
        with self.changed:
            late = self._ended(job, status, message)
        if late:
            self._close(job)

    def _happened(self, job: Job, event: Event) -> None:
        if job.status == "preparing":
            job.status = "paused" if job.rounds_allowed == 0 else "running"
        job.events.append(event)
        if isinstance(event, RunStarted):
            self.timings.prepared(job.config)
            self.met.add(key(job.config))
        if isinstance(event, Epoch | Round):
            job.in_round = isinstance(event, Epoch)
        if isinstance(event, Round) and job.rounds_allowed:
            job.rounds_allowed -= 1
            if job.rounds_allowed == 0 and job.status == "running":
                job.status = "paused"
        self._touch(job)

    def _await_turn(self, job: Job, guard: Guard) -> None:
        """Returns when the next step may be taken. Raises `Cancelled` or `Preempted`."""
        began = time.monotonic()
        while True:
            if job.stopping:
                raise Cancelled
            still = time.monotonic() - began
            if self._gives_way(job, still):
                raise Preempted("live.make_way" if job.rounds_allowed == 0 else "")
            if job.rounds_allowed != 0:
                return guard.wait(still)
            self.changed.wait(PATROL)

    def _gives_way(self, job: Job, still: float) -> bool:
        """Whether another run gets the place: nobody looks at this one, or it has stood still for too long.

        Runs of one seed study do not take it from each other.
        """
        if job.in_round and job.rounds_allowed != 0:
            return False
        if not any(other is not job and (job.group is None or other.group != job.group) for other in self._live()):
            return False
        return time.monotonic() - job.seen > UNWATCHED or still > PAUSED

    def _ended(self, job: Job, status: str, message: str) -> bool:
        """True if its record is still to be closed: somebody pressed Stop while it gave its place away."""
        late = status == "preempted" and job.stopping
        job.message, job.table = message, None
        if status in ("preempted", "interrupted"):
            drop_unfinished(job.events)
        if status == "preempted":
            job.resumed = True
            status = "stopped" if late else "interrupted" if message else "queued"
            self.jobs.move_to_end(job.run_id)
        job.status = status
        self._touch(job)
        return late

    def _close(self, job: Job) -> None:
        try:
            give_up(self._root() / job.run_id)
        except StoreError as error:
            with self.changed:
                job.message = str(error)
                self._touch(job)
