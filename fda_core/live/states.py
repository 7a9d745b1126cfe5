"""Which status of a run in memory may follow which. `Job.become` asks here; nothing else changes a status."""

from fda_core.runs.snapshot import Status

# A recording may end in each of these ways whatever the run was doing, be it paused or about to stop. All but the last
# are for good: a run that is resumed is queued anew, as another job.
OUTCOMES = frozenset({Status.FINISHED, Status.STOPPED, Status.FAILED, Status.INTERRUPTED, Status.PREEMPTED})

ALLOWED = {
    Status.QUEUED: frozenset({Status.PREPARING, Status.STOPPED}),
    Status.PREPARING: OUTCOMES | {Status.RUNNING, Status.PAUSED, Status.STOPPING},
    Status.RUNNING: OUTCOMES | {Status.PAUSED, Status.STOPPING},
    Status.PAUSED: OUTCOMES | {Status.RUNNING, Status.STOPPING},
    Status.STOPPING: OUTCOMES,
    Status.PREEMPTED: frozenset({Status.QUEUED, Status.INTERRUPTED, Status.STOPPED}),
}


class UnlistedTransition(RuntimeError):
    """A defect of the runner: a status that may not follow the one before."""


def check(before: Status, after: Status) -> None:
    """Raises `UnlistedTransition`."""
    if after not in ALLOWED.get(before, ()):
        raise UnlistedTransition(f"A run that is {before} cannot become {after}.")
