"""Runs what the plan says into folders, several at a time; a run that is complete is never run again."""

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from statistics import mean

from fda_core.algorithm.events import RunFinished
from fda_core.analysis.summary import rounds_of
from fda_core.evidence.plan import (
    BASELINE,
    FEDOPT,
    LATE_ROUNDS,
    TUNING_SEED,
    Rates,
    Scope,
    grid,
    race_folder,
    search_folder,
)
from fda_core.runs.record import Outcome, Recording, record
from fda_core.runs.store import CONFIG, held, new_run_id, read_events
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import LabError

Say = Callable[[str], None]
Job = tuple[Path, ExperimentConfig]


class EvidenceError(LabError):
    """A run of the evidence that could not be played."""


def play(scope: Scope, root: Path, workers: int, say: Say) -> None:
    """The search for learning rates, then the races with the ones it chose. Raises `EvidenceError`."""
    tried = [(server, alpha, rates) for server, alpha in scope.cells for rates in grid(server)]
    run_all(
        [
            (search_folder(root, *trial), scope.config(*trial[:2], TUNING_SEED, trial[2], FEDOPT[:1]))
            for trial in tried
        ],
        workers, say,
    )  # fmt: skip
    chosen = {cell: best_rates(root, *cell) for cell in scope.cells}
    # Seed by seed, so that an interrupted evidence has whole comparisons.
    run_all(
        [
            (race_folder(root, *cell, seed), scope.config(*cell, seed, chosen[cell], scope.lanes))
            for seed in scope.seeds
            for cell in scope.cells
        ],
        workers, say,
    )  # fmt: skip


def best_rates(root: Path, server: str, alpha: float) -> Rates:
    """The rates with the lowest mean test loss over FedOpt E=1's last rounds on the tuning seed."""
    return min(grid(server), key=lambda rates: late_loss(search_folder(root, server, alpha, rates)))


def late_loss(folder: Path) -> float:
    """Infinite for a lane that diverged."""
    late = rounds_of(read_events(folder), BASELINE)[-LATE_ROUNDS:]
    losses = [event.test_loss for event in late if event.test_loss is not None]
    return mean(losses) if late and len(losses) == len(late) and not diverged(folder) else float("inf")


def diverged(folder: Path) -> bool:
    """Whether any lane of the run did."""
    return any(event.event == "lane_finished" and event.status == "diverged" for event in read_events(folder))


def complete(folder: Path, config: ExperimentConfig) -> bool:
    """Whether the folder holds this very experiment, finished."""
    try:
        kept = ExperimentConfig(**json.loads((folder / CONFIG).read_bytes()))
        last = read_events(folder)[-1]
    except (OSError, ValueError, LabError, IndexError):
        return False
    return kept == config and isinstance(last, RunFinished) and last.status == "finished"


def run_all(jobs: list[Job], workers: int, say: Say) -> None:
    """Plays what is not complete yet, in `workers` processes. Raises `EvidenceError` for a run that does not finish."""
    waiting = [job for job in jobs if not complete(*job)]
    if len(waiting) < len(jobs):
        say(f"{len(jobs) - len(waiting)} runs are there already")
    # Threads of several training processes on the same cores wait for one another: one thread each.
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(run_one, *job): job[0] for job in waiting}
        try:
            for count, future in enumerate(as_completed(futures), 1):
                status, message = future.result()
                if status != "finished":
                    raise EvidenceError("evidence.run_failed", folder=futures[future], status=status, message=message)
                say(f"{count} of {len(waiting)}: {futures[future].name}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def run_one(folder: Path, config: ExperimentConfig) -> Outcome:
    """Plays a run from its beginning. Raises `EvidenceError` when another process is at it."""
    if held(folder):
        raise EvidenceError("evidence.being_written", folder=folder)
    shutil.rmtree(folder, ignore_errors=True)  # what an interrupted run left
    return record(Recording(config, folder, new_run_id()))
