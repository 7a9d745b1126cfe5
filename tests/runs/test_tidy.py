"""Leftovers of kills go when they are old; nothing else does."""

import os
import time

import pytest

from fda_core.data.table_files import PREFIX
from fda_core.runs.store import CHECKPOINTS, EVENTS
from fda_core.runs.tidy import LEFT_OVER, tidy
from fda_core.runs.trash import KEPT_DAYS, delete, deleted
from tests.helpers.stored_runs import keep_run


def age(path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture
def leftovers(root):
    """A run with drafts in it, and a half import."""
    folder = root / keep_run(root)
    (folder / CHECKPOINTS).mkdir(exist_ok=True)
    drafts = [folder / "meta.json.0123.part", folder / CHECKPOINTS / "fedopt.safetensors.4567.part"]
    drafts.append(folder / PREFIX / "prefix-89ab.part" / "draft")
    drafts[-1].parent.mkdir(parents=True)
    for draft in drafts:
        draft.write_bytes(b"half")
    drafts[-1] = drafts[-1].parent
    half = root / ".import-20260101-000000-abcdef"
    half.mkdir()
    (half / EVENTS).write_bytes(b"half")
    return [*drafts, half]


def test_old_drafts_go_and_the_run_stays(root, leftovers):
    for draft in leftovers:
        age(draft, LEFT_OVER + 60)
    tidy(root)
    assert not any(draft.exists() for draft in leftovers)
    [run] = [path for path in root.iterdir() if path.name.startswith("2")]
    assert (run / EVENTS).is_file()


def test_what_somebody_may_be_writing_stays(root, leftovers):
    tidy(root)
    assert all(draft.exists() for draft in leftovers)


def test_the_trash_is_emptied_of_what_is_old(root):
    old, new = keep_run(root), keep_run(root)
    delete(old, root)
    delete(new, root)
    age(root / ".trash" / old, 86_400 * KEPT_DAYS + 60)
    tidy(root)
    assert deleted(root) == [new]


def test_without_a_folder_there_is_nothing_to_do(tmp_path):
    tidy(tmp_path / "nowhere")
