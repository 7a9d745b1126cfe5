"""Deleted runs: moved aside in one step, and kept for a week in which they can be restored."""

import os
import shutil
import time
from pathlib import Path

from fda_core.runs.store import RUN_ID, held
from fda_core.support.errors import StoreError
from fda_core.support.messages import because

TRASH, GOING = ".trash", ".going-"
KEPT_DAYS = 7


def delete(run_id: str, root: Path) -> None:
    """Moves a run to the trash. Raises `StoreError` if there is no such run, or a process is writing it."""
    folder = checked(run_id, root)
    if not folder.is_dir():
        raise StoreError("runs.nothing_to_delete", run=run_id)
    if held(folder):
        raise StoreError("runs.being_written", run=run_id)
    try:
        os.utime(folder)  # when it was deleted; before the move, so that no older date ever stands in the trash
        (root / TRASH).mkdir(exist_ok=True)
    except OSError as error:
        raise refused(run_id, error) from None
    move(folder, root / TRASH / run_id)


def restore(run_id: str, root: Path) -> None:
    """Moves a deleted run back. Raises `StoreError` if it is not in the trash, or a run of its id is there."""
    folder = checked(run_id, root / TRASH)
    if not folder.is_dir():
        raise StoreError("runs.not_in_trash", run=run_id)
    move(folder, root / run_id)


def deleted(root: Path) -> list[str]:
    """The ids of the runs in the trash, the last deleted first."""
    return [folder.name for folder in sorted(in_trash(root), key=deleted_at, reverse=True)]


def empty(root: Path, older_than_days: float = KEPT_DAYS) -> list[str]:
    """Removes for good what was deleted longer ago, and returns the ids. Raises `StoreError`."""
    latest, gone = time.time() - 86_400 * older_than_days, []
    try:
        for folder in in_trash(root):
            if deleted_at(folder) <= latest:
                os.replace(folder, folder.with_name(f"{GOING}{folder.name}"))  # half a run can never be restored
                gone.append(folder.name)
        clear(root / TRASH)
    except OSError as error:
        raise StoreError("runs.trash_not_emptied", reason=because(error), folder=root / TRASH) from None
    return gone


def clear(trash: Path) -> None:
    """Removes what is going, also what an earlier attempt left over."""
    for folder in trash.glob(f"{GOING}*"):
        folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)


def checked(run_id: str, parent: Path) -> Path:
    """Where the run would be; nothing but a run id is ever made into a path. Raises `StoreError`."""
    if not RUN_ID.fullmatch(run_id):
        raise StoreError("runs.no_run_id", run=run_id[:40])
    return parent / run_id


def in_trash(root: Path) -> list[Path]:
    """The folders of deleted runs, in no order."""
    try:
        return [folder for folder in (root / TRASH).iterdir() if RUN_ID.fullmatch(folder.name) and folder.is_dir()]
    except OSError:  # nothing was ever deleted
        return []


def deleted_at(folder: Path) -> float:
    """Seconds since 1970; infinite for one that is not there any more."""
    try:
        return folder.stat().st_mtime
    except OSError:  # restored a moment ago
        return float("inf")


def move(folder: Path, to: Path) -> None:
    """One rename: whoever looks finds the whole run in one of the two places."""
    if to.exists():
        raise StoreError("runs.there_already", path=to)
    try:
        os.rename(folder, to)
    except OSError as error:
        raise refused(folder.name, error) from None


def refused(run_id: str, error: OSError) -> StoreError:
    """The error to raise about a run that cannot be moved."""
    return StoreError("runs.not_moved", run=run_id, reason=because(error))
