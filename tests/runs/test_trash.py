"""A deleted run is whole in the trash, comes back as it was, and goes for good only after its time."""

import os
import time
from pathlib import Path

import pytest

from fda_core.runs.snapshot import stored
from fda_core.runs.store import EVENTS, folder_of, hold
from fda_core.runs.trash import GOING, TRASH, delete, deleted, empty, restore
from fda_core.support.errors import StoreError
from tests.helpers.fake import fast_config, reach
from tests.helpers.stored_runs import keep_run

DAY = 86_400
UNKNOWN = "20260101-000000-abcdef"


@pytest.fixture
def run_id(root):
    return keep_run(root)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}


def age(root: Path, run_id: str, days: float) -> None:
    """As if it had been deleted so long ago."""
    then = time.time() - days * DAY
    os.utime(root / TRASH / run_id, (then, then))


def test_a_deleted_run_is_no_run_any_more(root, run_id):
    other = keep_run(root)
    delete(run_id, root)
    assert folder_of(run_id, root) is None
    assert deleted(root) == [run_id]
    assert stored(root / other).status == "finished"


def test_a_restored_run_is_what_it_was(root, run_id):
    before = content(root / run_id)
    delete(run_id, root)
    restore(run_id, root)
    assert content(root / run_id) == before
    assert deleted(root) == []


def test_a_run_being_written_is_not_deleted(root, run_id):
    lock = hold(root / run_id)
    with pytest.raises(StoreError, match=rf"^The run {run_id} is being written: stop it, then delete it\.$"):
        delete(run_id, root)
    assert deleted(root) == []
    lock.release()
    delete(run_id, root)
    assert deleted(root) == [run_id]


def test_a_damaged_run_can_be_deleted(root, run_id):
    (root / run_id / EVENTS).unlink()
    delete(run_id, root)
    assert deleted(root) == [run_id]


@pytest.mark.parametrize("action", [delete, restore])
def test_an_unknown_run_is_refused(root, run_id, action):
    with pytest.raises(StoreError, match=rf"{UNKNOWN} .*: it "):
        action(UNKNOWN, root)


@pytest.mark.parametrize("action", [delete, restore])
@pytest.mark.parametrize(
    "name", ["", ".", "..", TRASH, "../outside", "a\x00b", UNKNOWN + "/", UNKNOWN + "\n", "x" * 999]
)
def test_what_is_no_run_id_is_never_made_into_a_path(root, run_id, action, name):
    (root.parent / "outside").mkdir()
    (root / TRASH).mkdir()
    with pytest.raises(StoreError, match=r"^'.*' is no run id: choose a run from the list\.$"):
        action(name, root)
    assert (root.parent / "outside").is_dir() and (root / run_id).is_dir()


def test_a_run_deleted_twice_is_refused_the_second_time(root, run_id):
    delete(run_id, root)
    with pytest.raises(StoreError, match="may be in the trash already"):
        delete(run_id, root)


@pytest.mark.parametrize("action", [delete, restore])
def test_no_run_replaces_another(root, run_id, action):
    delete(run_id, root)
    (root / run_id).mkdir()
    with pytest.raises(StoreError, match=r"is there already"):
        action(run_id, root)
    assert (root / TRASH / run_id / EVENTS).is_file()


def test_a_move_that_fails_is_a_sentence_and_moves_nothing(root, run_id, monkeypatch):
    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", denied)
    with pytest.raises(
        StoreError, match=r"cannot be moved \(Permission denied\): see that its folder can be written\.$"
    ):
        delete(run_id, root)
    assert stored(root / run_id).status == "finished"


def test_a_trash_that_cannot_be_made_is_a_sentence(root, run_id):
    (root / TRASH).touch()
    with pytest.raises(StoreError, match=r"cannot be moved \(File exists\)"):
        delete(run_id, root)


def test_the_last_deleted_is_listed_first(root):
    runs = [keep_run(root) for _ in range(3)]
    for run_id, days in zip(runs, (2, 3, 1), strict=True):
        delete(run_id, root)
        age(root, run_id, days)
    assert deleted(root) == [runs[2], runs[0], runs[1]]


def test_where_nothing_was_deleted_there_is_nothing(tmp_path):
    assert deleted(tmp_path / "none") == [] == empty(tmp_path / "none")


def test_only_what_was_deleted_long_ago_goes_for_good(root):
    old, young = keep_run(root), keep_run(root)
    for run_id, days in ((old, 7.01), (young, 6.99)):
        delete(run_id, root)
        age(root, run_id, days)
    assert empty(root) == [old]
    assert deleted(root) == [young]
    assert [path.name for path in (root / TRASH).iterdir()] == [young]
    restore(young, root)
    assert stored(root / young).status == "finished"


def test_an_old_run_has_its_week_too(root, run_id):
    os.utime(root / run_id, (0, 0))
    delete(run_id, root)
    assert empty(root) == []


def test_the_trash_can_be_emptied_at_once(root, run_id):
    delete(run_id, root)
    assert empty(root, older_than_days=0) == [run_id]
    assert list((root / TRASH).iterdir()) == []


def test_half_a_removed_run_cannot_be_restored_and_goes_with_the_next_emptying(root, run_id, monkeypatch):
    delete(run_id, root)

    def killed(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", killed)
        with pytest.raises(StoreError, match=r"cannot be emptied \(Input/output error\)"):
            empty(root, older_than_days=0)
    assert deleted(root) == []
    assert (root / TRASH / f"{GOING}{run_id}").is_dir()
    assert empty(root) == []
    assert list((root / TRASH).iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_is_removed_and_not_what_it_points_to(root, run_id, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (root / UNKNOWN).symlink_to(tmp_path / "elsewhere")
    delete(UNKNOWN, root)
    assert empty(root, older_than_days=0) == [UNKNOWN]
    assert (tmp_path / "elsewhere").is_dir()


def test_a_run_that_has_not_ended_cannot_be_deleted(runner, fake):
    run_id = runner.start(fast_config())
    waiting = runner.start(fast_config())
    reach(runner, run_id, "running")
    for live in (run_id, waiting):
        with pytest.raises(StoreError, match="stop it, then delete it"):
            runner.delete(live)


def test_a_run_deleted_by_the_runner_is_gone_until_it_is_restored(runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config())
    before = reach(runner, run_id, "finished").events
    runner.delete(run_id)
    assert runner.snapshot(run_id) is None
    restore(run_id, runner.folder)
    assert runner.snapshot(run_id).events == before
