"""Plays what the plan says: the search for learning rates, then the races."""

from collections.abc import Callable
from pathlib import Path
from statistics import mean

from fda_core.analysis.summary import rounds_of
from fda_core.atlas.campaign import Job, complete, play_all
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
from fda_core.runs.store import read_events

Say = Callable[[str], None]


def play(scope: Scope, root: Path, workers: int, say: Say) -> None:
    """The search for learning rates, then the races with the ones it chose. Raises `CampaignError`."""
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


def run_all(jobs: list[Job], workers: int, say: Say) -> None:
    """Plays what is not complete yet. Raises `CampaignError` for a run that does not finish."""
    waiting = [job for job in jobs if not complete(*job)]
    if len(waiting) < len(jobs):
        say(f"{len(jobs) - len(waiting)} runs are there already")
    for count, folder in enumerate(play_all(waiting, workers), 1):
        say(f"{count} of {len(waiting)}: {folder.name}")
