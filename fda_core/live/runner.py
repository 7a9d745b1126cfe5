"""One training at a time, in a background thread, for everyone who looks at it.

The thread publishes immutable snapshots and knows nothing of who reads them. A run that is not in memory any more is
read from its folder, so its address goes on working after a restart.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fda_core.cost.estimate import CostEstimate
from fda_core.data.table import Table
from fda_core.live.folders import Folders
from fda_core.live.jobs import Job, Jobs
from fda_core.live.measuring import Ahead, Measure, Measuring
from fda_core.live.other_programs import OtherPrograms
from fda_core.live.outlook import outlook
from fda_core.live.worker import Worker
from fda_core.runs import trash
from fda_core.runs.record import Outcome, Producer, simulate
from fda_core.runs.snapshot import LIVE, Snapshot, Status, on_record, stored
from fda_core.runs.store import folder_of, new_run_id, runs_folder
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import StoreError
from fda_core.support.messages import Message


class Runner:
    """Keeps the queue and the one worker thread. All methods may be called from any thread and return at once.

    measure: how the worker finds out, while no run waits, what a config costs; None to never do that. ahead: how it
    then gets a run of that config ready.
    """

    def __init__(
        self, folder: Path | None = None, produce: Producer = simulate, on_start: Callable[[], None] = lambda: None,
        measure: Measure | None = None, ahead: Ahead | None = None,
    ):  # fmt: skip
        self.folder = folder
        self.jobs = Jobs()
        self.changed = self.jobs.changed
        self.others = OtherPrograms()
        self.folders = Folders(self._root)
        self.measuring = Measuring(self.jobs, self.folders, measure, ahead)
        self.worker = Worker(self.jobs, self.folders, self.measuring, produce, on_start)

    def start(
        self, config: ExperimentConfig, rounds: int | None = None, table: Table | None = None,
        produce: Producer | None = None,
    ) -> str:  # fmt: skip
        """Queues a run and returns its id; with `rounds` it pauses after that many. Raises `LabError`.

        table: the one that the configuration names by its digest; left out, some run must have it. produce: a
        federation on Flower that plays it in place of the engine; such a run can be stopped, but not paused or resumed.
        """
        job = Job(
            new_run_id(), config, rounds_allowed=rounds, table=self.folders.table(config, table), produce=produce
        )  # fmt: skip
        self._admit([job])
        return job.run_id

    def start_study(self, config: ExperimentConfig, seeds: int) -> list[str]:
        """Queues the experiment with so many seeds, from its own upwards, as one group. Raises `LabError`."""
        group, table = new_run_id(), self.folders.table(config)
        configs = [ExperimentConfig(**config.to_dict() | {"seed": config.seed + i}) for i in range(seeds)]
        jobs = [Job(new_run_id(), config, group=group, table=table) for config in configs]
        self._admit(jobs)
        return [job.run_id for job in jobs]

    def resume(self, run_id: str) -> None:
        """Queues an interrupted run to be continued. Raises `ConfigError` or `StoreError`."""
        with self.changed:
            if (job := self.jobs.get(run_id)) and job.status == Status.QUEUED and job.lock:
                return
            if job and job.lock:
                raise StoreError("live.not_interrupted", reason=Message("part.is_elsewhere"))
            known = self.snapshot(run_id)
            if known is None or known.status != Status.INTERRUPTED:
                raise not_interrupted(known)
            if not known.steerable:
                raise StoreError("live.flower_not_resumed")
            lock = self.folders.take(run_id)
            try:
                known = told(on_record(self.folders.root() / run_id), job)  # another process may have been faster
                if known.status != Status.INTERRUPTED:
                    raise not_interrupted(known)
                job = Job(run_id, known.config, events=list(known.events), revision=known.revision, resumed=True)
                job.lock = lock
                self._admit([job])
            except Exception:
                lock.release()
                raise

    def _admit(self, jobs: list[Job]) -> None:
        self.jobs.admit(jobs, self.folders.reserve, self.folders.discard)
        self.wake()

    def wake(self) -> None:
        """Starts the worker if it is not there; it then waits for runs."""
        self.worker.wake()

    def pause(self, run_id: str) -> None:
        """Before the next local step; one that waits pauses when its turn comes."""
        self._allow(run_id, 0)

    def unpause(self, run_id: str) -> None:
        """Lets a paused run play on, without a limit of rounds."""
        self._allow(run_id, None)

    def step(self, run_id: str) -> None:
        """Plays one more round of the lane that is behind, then pauses."""
        self._allow(run_id, 1)

    def _allow(self, run_id: str, rounds: int | None) -> None:
        with self.changed:
            job = self.jobs.get(run_id)
            if job and not job.produce and job.status in LIVE and job.status != Status.STOPPING:
                job.rounds_allowed = rounds
                if job.status in (Status.RUNNING, Status.PAUSED):
                    job.become(Status.PAUSED if rounds == 0 else Status.RUNNING)
                self.jobs.touch(job)

    def stop(self, run_id: str) -> None:
        """Ends the run within one local step; finished rounds are kept."""
        with self.changed:
            if not (job := self.jobs.get(run_id)) or job.status not in LIVE:
                return
            queued = job.status == Status.QUEUED
            job.become(Status.STOPPED if queued else Status.STOPPING)
            self.jobs.touch(job)
        if queued and job.resumed:
            self.folders.close(job, Outcome(Status.STOPPED), self.jobs)
        elif queued:
            self.folders.discard(job)

    def snapshot(self, run_id: str, watching: bool = False) -> Snapshot | None:
        """The run as it is now: in memory while this process has it in hand, from then on as its folder says.

        None if there is no such run. watching: a viewer looks at it, which keeps it from giving its place away. Raises
        `StoreError`.
        """
        with self.changed:
            job = self.jobs.get(run_id)
            if job and (job.lock or job.discarded):
                if watching:
                    job.seen = time.monotonic()
                place, wait = outlook(job, self.jobs, self.measuring.timings)
                return Snapshot(
                    run_id, job.config, job.status, job.revision, tuple(job.events), job.message, place, wait,
                    job.prepared, job.stage, steerable=job.produce is None,
                )  # fmt: skip
        folder = folder_of(run_id, self._root())
        return told(stored(folder), job) if folder else None

    def cost(
        self, config: ExperimentConfig, parameters: int | None, measure: bool = True, table: Table | None = None
    ) -> tuple[CostEstimate | None, bool]:
        """What a run will cost as far as it is known, and whether its timings are being measured or about to be.

        parameters: trainable weights, where they are known without loading the model. measure: have the worker do it,
        as soon as nothing else is to be done. table: the one that the config names, if no run has it yet.
        """
        return self.measuring.cost(config, parameters, measure, table)

    def delete(self, run_id: str) -> None:
        """Moves a run that has ended to the trash. Raises `StoreError`."""
        with self.changed:  # so that nobody resumes it meanwhile
            if (job := self.jobs.get(run_id)) and (job.status in LIVE or job.lock):
                raise StoreError("live.not_ended", run=run_id)
            trash.delete(run_id, self._root())
            self.jobs.pop(run_id, None)

    def queue(self) -> list[tuple[str, Status]]:
        """Run ids and statuses of the runs that have not ended, in their order."""
        with self.changed:
            return [(job.run_id, job.status) for job in self.jobs.live()]

    def _root(self) -> Path:
        return self.folder or runs_folder()


def told(run: Snapshot, job: Job | None) -> Snapshot:
    """A run read from its folder, with what this process alone knows of it: why it was interrupted here."""
    if job is None:
        return run
    message = job.message if run.status == Status.INTERRUPTED else run.message
    more = max(0, len(run.events) - len(job.events))  # that another process added
    return replace(run, message=message, revision=job.revision + more)


def not_interrupted(known: Snapshot | None) -> StoreError:
    """The error to raise about a run that cannot be resumed."""
    state = Message("part.no_run" if known is None else f"part.is_{known.status}")
    return StoreError("live.not_interrupted", reason=state)
