"""The folders of a runner's jobs, from the moment they wait: should the process die, they are there to be resumed."""

import logging
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from fda_core.data import table_files
from fda_core.data.table import Table
from fda_core.live.jobs import Job, Jobs
from fda_core.runs import kept_tables
from fda_core.runs.record import give_up
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import hold
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import StoreError

log = logging.getLogger(__name__)


class Folders:
    """root: where they are; asked anew each time, as the environment may change."""

    def __init__(self, root: Callable[[], Path]):
        self.root = root

    def of(self, job: Job) -> Path:
        """Where the job's folder is, or will be."""
        return self.root() / job.run_id

    def table(self, config: ExperimentConfig, given: Table | None = None) -> Table | None:
        """The table that the config names, in memory: the run that has it now may be deleted. Raises `TableError`."""
        digest = config.table.sha256 if config.table else None
        if digest is None or not table_files.needs_table(config):
            return None
        if given is not None and given.sha256 == digest:
            return given
        return kept_tables.find(digest, self.root())

    def reserve(self, job: Job) -> None:
        """Gives a job that has to wait its folder, with settings and table, and holds it."""
        folder = self.of(job)
        try:
            with closing(Recorder(folder, job.run_id, config=job.config.to_json())):
                if job.table is not None:
                    table_files.keep(job.table, folder)
            job.lock = hold(folder)
        except StoreError:  # it may be written when the run's turn comes, and says so then if not
            log.warning("the run %s waits without a folder", job.run_id, exc_info=True)
            shutil.rmtree(folder, ignore_errors=True)  # half of one would be in the way then

    def release(self, job: Job) -> bool:
        """Lets go of a reserved folder, for the recorder; whether there was one."""
        if job.lock is None:
            return False
        job.lock.release()
        job.lock = None
        return True

    def discard(self, job: Job) -> None:
        """Removes the reserved folder of a job that has never begun; one without is left alone."""
        if self.release(job):
            shutil.rmtree(self.of(job), ignore_errors=True)

    def close(self, job: Job, jobs: Jobs) -> None:
        """Closes the record of a job that was stopped while it was not played. Not to be called under the lock."""
        try:
            give_up(self.of(job))
        except StoreError as error:
            with jobs.changed:
                job.message = str(error)
                jobs.touch(job)
