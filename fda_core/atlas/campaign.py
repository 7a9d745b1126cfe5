"""Runs many experiments into folders, several at a time; a run that is complete is never run again."""

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from fda_core.algorithm.events import RunFinished
from fda_core.runs.record import Outcome, Recording, record
from fda_core.runs.store import CONFIG, held, new_run_id, read_events
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import LabError

Job = tuple[Path, ExperimentConfig]


class CampaignError(LabError):
    """A run that could not be played."""


def complete(folder: Path, config: ExperimentConfig) -> bool:
    """Whether the folder holds this very experiment, finished."""
    try:
        kept = ExperimentConfig(**json.loads((folder / CONFIG).read_bytes()))
        last = read_events(folder)[-1]
    except (OSError, ValueError, LabError, IndexError):
        return False
    return kept == config and isinstance(last, RunFinished) and last.status == "finished"


def play_all(jobs: list[Job], workers: int) -> Iterator[Path]:
    """Plays them in `workers` processes, in the order given; yields each folder when it is done.

    Raises `CampaignError` for a run that does not finish; those that wait are then not begun.
    """
    with processes(workers) as pool:
        futures = {pool.submit(play_one, *job): job[0] for job in jobs}
        try:
            for future in as_completed(futures):
                folder = futures[future]
                status, message = future.result()
                if status != "finished":
                    raise CampaignError("campaign.run_failed", folder=folder, status=status, message=message)
                yield folder
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def processes(count: int) -> ProcessPoolExecutor:
    """So many, none of which outlives this one, even where it is killed."""
    # Threads of several training processes on the same cores wait for one another: one thread each.
    os.environ["OMP_NUM_THREADS"] = "1"
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=end_with_parent)


def end_with_parent() -> None:
    """Called in a new process; nobody would ever read what it plays on for."""
    parent = parent_process()
    assert parent is not None, "this is a process of a pool"

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def play_one(folder: Path, config: ExperimentConfig) -> Outcome:
    """Plays a run from its beginning. Raises `CampaignError` when another process is at it."""
    if held(folder):
        raise CampaignError("campaign.being_written", folder=folder)
    shutil.rmtree(folder, ignore_errors=True)  # what an interrupted run left
    return record(Recording(config, folder, new_run_id()))
