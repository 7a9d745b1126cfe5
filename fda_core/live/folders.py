"""The folders of a runner's jobs, there and held from the moment a run is promised: should the process die, they are
there to be resumed, and until then no other process resumes or deletes them."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from fda_core.data import table_files
from fda_core.data.table import Table
from fda_core.live.jobs import Job, Jobs
from fda_core.runs import kept_tables
from fda_core.runs.record import OPEN, Outcome, give_up
from fda_core.runs.recorder import Recorder
from fda_core.runs.snapshot import on_record
from fda_core.runs.store import FLOWER, hold
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import StoreError


class Folders:
    """root: where they are; asked anew each time, as the environment may change."""

    def __init__(self, root: Callable[[], Path]):
        self.root = root

    def of(self, job: Job) -> Path:
        """Where the job's folder is."""
        return self.root() / job.run_id

    def table(self, config: ExperimentConfig, given: Table | None = None) -> Table | None:
        """The table that the config names, in memory: the run that has it now may be deleted. Raises `TableError`."""
        if not table_files.needs_table(config):
            return None
        sha256 = table_files.digest_of(config)
        return given if given is not None and given.sha256 == sha256 else kept_tables.find(sha256, self.root())

    def reserve(self, job: Job) -> None:
        """Gives a new job its folder, with settings and table, and holds it; nothing is left of a folder that cannot
        be made. Raises `LabError`."""
        folder = self.of(job)
        try:
            with closing(Recorder(folder, job.run_id, config=job.config.to_json())) as recorder:
                if job.table is not None:
                    table_files.keep(job.table, folder)
                if job.produce:
                    (folder / FLOWER).touch()
                job.lock, recorder.own = recorder.own, None  # without a moment in which nobody has it
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        job.table = None

    def take(self, run_id: str) -> FileLock:
        """Holds the folder of a run that is to be resumed. Raises `StoreError` where another process has it."""
        return hold(self.root() / run_id)

    def release(self, job: Job) -> None:
        """Lets go of the folder; from now on it alone says what became of the run."""
        if job.lock:
            job.lock.release()
            job.lock = None

    def discard(self, job: Job) -> None:
        """Removes the folder of a job that has never begun."""
        job.discarded = True
        shutil.rmtree(self.of(job), ignore_errors=True)
        self.release(job)
        shutil.rmtree(self.of(job), ignore_errors=True)  # some systems remove no file that is held

    def closed(self, job: Job) -> bool:
        """Whether its record says how it ended."""
        try:
            return on_record(self.of(job)).status not in OPEN
        except StoreError:  # nothing can be closed there
            return True

    def close(self, job: Job, outcome: Outcome, jobs: Jobs) -> None:
        """Closes the record of a job that is not played, and lets go of it. Not to be called under the lock."""
        problem = ""
        try:
            give_up(self.of(job), outcome, job.lock)
        except StoreError as error:
            problem = str(error)
        with jobs.changed:
            job.message = problem or outcome.message
            self.release(job)
            jobs.touch(job)
