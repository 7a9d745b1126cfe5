"""Plays what the atlas lacks, the most important first, and says how long the rest will take."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from fda_core.analysis.summary import rounds_of
from fda_core.atlas.campaign import Job, complete, play_all
from fda_core.atlas.cells import LANES, LOCAL_EPOCHS, OURS, TRAIN, Run, scale_of
from fda_core.runs.store import read_events

Say = Callable[[str], None]
SETTLED = 3  # the round from which on FDA-OPT's Θ counts: its first ones only look for the scale


def play(runs: list[Run], root: Path, workers: int, say: Say) -> Iterator[Run]:
    """Plays them, each into a folder of its own below `root`, and yields them as they are done or were already.

    An interruption costs the runs that were being played, and no others. Raises `CampaignError`.
    """
    scaled = [run for run in runs if LANES[run.lane].theta_scale]
    first = [run for run in runs if run not in scaled] + sorted({scale_of(run) for run in scaled})
    for stage in (first, scaled):
        jobs = {run: job_of(run, root) for run in stage}
        missing = {run: job for run, job in jobs.items() if not complete(*job)}
        yield from (run for run in runs if run in jobs and run not in missing)
        yield from (run for run in play_some(missing, workers, say) if run in runs)


def play_some(jobs: dict[Run, Job], workers: int, say: Say) -> Iterator[Run]:
    """Plays them all, and says after each how many are left and for about how long."""
    at = {folder: run for run, (folder, _) in jobs.items()}
    left, began, done = sum(map(local_steps, jobs)), time.monotonic(), 0.0
    for count, folder in enumerate(play_all(list(jobs.values()), workers), 1):
        done += local_steps(at[folder])
        minutes = (time.monotonic() - began) / done * (left - done) / 60
        say(f"{count} of {len(jobs)}: {folder.name}; about {minutes:.0f} min left")
        yield at[folder]


def local_steps(run: Run) -> float:
    """About how many steps each of its clients trains."""
    return LOCAL_EPOCHS * TRAIN / run.cell.clients


def job_of(run: Run, root: Path) -> Job:
    """Its folder and its experiment; a lane with a fixed Θ needs FDA-OPT's run to be there. Raises `StoreError`."""
    return root / run.name, run.config(theta_of(run, root))


def theta_of(run: Run, root: Path) -> float | None:
    """Θ of a lane with a fixed one, to two digits: so many times the median that FDA-OPT settled at."""
    if (scale := LANES[run.lane].theta_scale) is None:
        return None
    rounds = rounds_of(read_events(root / scale_of(run).name), OURS)
    settled = [event.threshold_next for event in rounds[SETTLED - 1 :] if event.threshold_next is not None]
    return float(f"{scale * median(settled):.2g}")
