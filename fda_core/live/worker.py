"""The one thread of a runner: it plays the runs in their order, and measures while none waits."""

import logging
import threading
import time
from collections.abc import Callable

from fda_core.live.folders import Folders
from fda_core.live.jobs import Job, Jobs
from fda_core.live.measuring import Measuring
from fda_core.live.playing import Playing
from fda_core.runs.record import Producer
from fda_core.runs.snapshot import Status
from fda_core.support import heap

log = logging.getLogger(__name__)


class Worker:
    """on_start: called in the thread before its first work."""

    def __init__(
        self, jobs: Jobs, folders: Folders, measuring: Measuring, produce: Producer, on_start: Callable[[], None]
    ):
        self.jobs, self.folders, self.measuring = jobs, folders, measuring
        self.produce, self.on_start = produce, on_start
        self.thread: threading.Thread | None = None

    def wake(self) -> None:
        """Starts the thread if it is not there; it then waits for work."""
        with self.jobs.changed:
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._work, name="fda-opt-runner", daemon=True)
                self.thread.start()

    def _work(self) -> None:
        try:
            self.on_start()
        except Exception:  # a convenience that failed must not stop the queue
            log.exception("the runner's preparation failed")
        while True:
            with self.jobs.changed:
                self.jobs.changed.wait_for(lambda: self.jobs.first_queued() or self.measuring.wanted)
                job, wanted = self._take(), self.measuring.wanted
            if job:
                Playing(job, self.jobs, self.folders, self.measuring).play(job.produce or self.produce)
            elif wanted:
                self.measuring.measure(*wanted)
            heap.give_back()

    def _take(self) -> Job | None:
        """The run whose turn it is, from the queue."""
        if job := self.jobs.first_queued():
            job.become(Status.PREPARING)
            # Two unwatched runs that give way to each other must each get somewhere in between.
            job.in_round, job.seen = True, time.monotonic()
            self.jobs.touch(job)
        return job
