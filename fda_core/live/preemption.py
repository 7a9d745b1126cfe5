"""Who gives way: a run that nobody looks at, or that stands still, while another one waits."""

import time

from fda_core.live.guard import Guard
from fda_core.live.jobs import Job, Jobs
from fda_core.runs.snapshot import Status
from fda_core.support.errors import Cancelled, Preempted

UNWATCHED = 60  # seconds without a viewer after which a run gives its place to one that waits
PAUSED = 600  # seconds a paused run may keep others waiting, watched or not
PATROL = 1.0  # seconds between two looks at these


def await_turn(job: Job, jobs: Jobs, guard: Guard) -> None:
    """Returns when the next step may be taken; called under the lock. Raises `Cancelled` or `Preempted`."""
    began = time.monotonic()
    while True:
        if job.status == Status.STOPPING:
            raise Cancelled
        still = time.monotonic() - began
        if gives_way(job, jobs, still):
            raise Preempted("live.make_way" if job.rounds_allowed == 0 else "")
        if job.rounds_allowed != 0:
            return guard.wait(still)
        jobs.changed.wait(PATROL)


def gives_way(job: Job, jobs: Jobs, still: float) -> bool:
    """Whether another run gets the place: nobody looks at this one, or it has stood still for too many seconds.

    Runs of one seed study do not take it from each other, and one that could not be resumed keeps it.
    """
    if job.produce or (job.in_round and job.rounds_allowed != 0):
        return False
    if not any(other is not job and (job.group is None or other.group != job.group) for other in jobs.live()):
        return False
    return time.monotonic() - job.seen > UNWATCHED or still > PAUSED
