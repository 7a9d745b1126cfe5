"""What a run that waits is told: how many are ahead of it, and for how long at most."""

from fda_core.cost.time_left import seconds_left, seconds_per_round
from fda_core.cost.timings import TimingStore
from fda_core.live.jobs import Job, Jobs
from fda_core.runs.snapshot import Status


def outlook(job: Job, jobs: Jobs, timings: TimingStore) -> tuple[int, float | None]:
    """Runs ahead of a queued one, and the seconds that they take at most; None where one is paused or unknown."""
    if job.status != Status.QUEUED:
        return 0, None
    live = jobs.live()
    ahead = live[: live.index(job)]
    if not ahead or any(other.status == Status.PAUSED for other in ahead):
        return len(ahead), None
    measured = next(filter(None, (seconds_per_round(other.events) for other in ahead)), None)
    left = [seconds_left(other.config, other.events, measured, timings.cost(other.config)) for other in ahead]
    known = [seconds for seconds in left if seconds is not None]
    return len(ahead), sum(known) if len(known) == len(left) else None
