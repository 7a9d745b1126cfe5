"""One run while it has its turn: what the recording tells of it, and what becomes of it in the end."""

import logging
from functools import partial

from fda_core.algorithm.events import Epoch, Event, Round, RunStarted
from fda_core.live.folders import Folders
from fda_core.live.guard import Guard
from fda_core.live.jobs import Job, Jobs
from fda_core.live.measuring import Measuring
from fda_core.live.preemption import await_turn
from fda_core.runs.record import OPEN, Callbacks, Outcome, Producer, Recording, record
from fda_core.runs.snapshot import Status
from fda_core.runs.store import drop_unfinished
from fda_core.support.callbacks import TEXTS
from fda_core.support.errors import Cancelled, LabError
from fda_core.support.messages import unexpected

log = logging.getLogger(__name__)


class Playing:
    """`watch`, `progress` and `tick` are called by the recording, in the worker; each takes the lock for itself."""

    def __init__(self, job: Job, jobs: Jobs, folders: Folders, measuring: Measuring):
        self.job, self.jobs, self.folders, self.measuring = job, jobs, folders, measuring
        self.known = len(job.events)  # on record; a resumed recording shows them first

    def play(self, produce: Producer) -> None:
        """Returns when the run has ended or given its place away."""
        outcome = self._outcome(produce)
        with self.jobs.changed:
            late = self._end(outcome)
        if late:
            self.folders.close(self.job, late, self.jobs)

    def _outcome(self, produce: Producer) -> Outcome:
        job = self.job
        try:
            callbacks = Callbacks(self.watch, self.progress, partial(self.tick, Guard()))
            folder = self.folders.of(job)
            return record(
                Recording(job.config, folder, job.run_id, job.group, resume=True, lock=job.lock), callbacks, produce
            )
        except LabError as error:
            message = str(error)
        except Exception as error:  # whatever it was, the queue goes on
            log.exception("run %s failed", job.run_id)
            message = unexpected(error)
        # A record that cannot be opened now may be resumed another time; one that has not begun is closed.
        return Outcome(Status.INTERRUPTED if job.resumed else Status.FAILED, message)

    def watch(self, event: Event) -> None:
        """Takes over an event that is on record now."""
        if self.known:
            self.known -= 1
            return
        with self.jobs.changed:
            self._happened(event)

    def progress(self, done: int, total: int, stage: str = TEXTS) -> None:
        """Raises `Cancelled`."""
        with self.jobs.changed:
            self.job.prepared, self.job.stage = (done, total), stage
            self.jobs.touch(self.job)
            if self.job.status == Status.STOPPING:
                raise Cancelled

    def tick(self, guard: Guard) -> None:
        """Returns when the next local step may be taken. Raises `Cancelled` or `Preempted`."""
        guard.check()
        with self.jobs.changed:
            await_turn(self.job, self.jobs, guard)

    def _happened(self, event: Event) -> None:
        job = self.job
        if job.status == Status.PREPARING:
            job.become(Status.PAUSED if job.rounds_allowed == 0 else Status.RUNNING)
        job.events.append(event)
        if isinstance(event, RunStarted):
            self.measuring.began(job.config)
        if isinstance(event, Epoch | Round):
            job.in_round = isinstance(event, Epoch)
        if isinstance(event, Round) and job.rounds_allowed:
            job.rounds_allowed -= 1
            if job.rounds_allowed == 0 and job.status == Status.RUNNING:
                job.become(Status.PAUSED)
        self.jobs.touch(job)

    def _end(self, outcome: Outcome) -> Outcome | None:
        """How its record is still to be closed, if it is: somebody pressed Stop while it gave its place away, or it has
        failed before it was opened."""
        job, late = self.job, None
        if outcome.status == Status.PREEMPTED and job.status == Status.STOPPING:
            late = Outcome(Status.STOPPED)
        elif outcome.status == Status.FAILED and not self.folders.closed(job):
            late = outcome
        job.become(outcome.status)
        job.message = outcome.message
        if outcome.status in OPEN:
            drop_unfinished(job.events)
        if outcome.status == Status.PREEMPTED:
            job.resumed = True
            job.become(Status.STOPPED if late else Status.INTERRUPTED if outcome.message else Status.QUEUED)
            self.jobs.move_to_end(job.run_id)
        if not late and job.status != Status.QUEUED:
            self.folders.release(job)
        self.jobs.touch(job)
        return late
