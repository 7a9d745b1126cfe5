"""A damaged index hides no run, and several threads and processes may use one at once."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from peewee import SqliteDatabase

from fda_core.algorithm.events import LaneFinished, RunFinished
from fda_core.runs import index as module
from fda_core.runs.index import INDEX, Index
from fda_core.runs.store import read_events
from fda_core.support.errors import StoreError
from tests.helpers.stored_runs import ids, keep_run

ROOT = Path(__file__).parents[2]


# The index itself is damaged


def other_table(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as database:
        database.execute("create table runs_1 (run_id text, other text)")
    database.close()


def other_rows(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("update runs_1 set entry = '{'")
    database.close()


def damage_page(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(data)


INDEX_DAMAGES = {
    "no database": lambda file: file.write_bytes(b"no database at all" * 100),
    "nothing": lambda file: file.write_bytes(b""),
    "cut": lambda file: os.truncate(file, 5000),
    "a page": damage_page,
    "another table": other_table,
    "other rows": other_rows,
    "gone": lambda file: file.unlink(),
    "a foreign log": lambda file: Path(f"{file}-wal").write_bytes(os.urandom(9000)),
}


@pytest.mark.parametrize("name", INDEX_DAMAGES)
@pytest.mark.parametrize("new", [False, True], ids=["while it is used", "found so"])
def test_a_damaged_index_is_made_again(root, index, name, new):
    for _ in range(3):
        keep_run(root)
    before = index.entries()
    INDEX_DAMAGES[name](root / INDEX)
    index = Index(root) if new else index
    assert index.entries() == before
    assert not index.in_memory
    assert len(sqlite3.connect(root / INDEX).execute("select * from runs_1").fetchall()) == 3


def full(database: sqlite3.Connection) -> None:
    database.execute("pragma max_page_count = 1")


def read_only(database: sqlite3.Connection) -> None:
    database.execute("pragma query_only = 1")


@pytest.mark.parametrize("limit", [full, read_only])
def test_an_index_that_cannot_be_written_is_kept_in_memory(root, monkeypatch, caplog, read, limit):
    class Limited(SqliteDatabase):
        def _add_conn_hooks(self, connection):
            super()._add_conn_hooks(connection)
            if self.database != ":memory:":
                limit(connection)

    monkeypatch.setattr(module, "SqliteDatabase", Limited)
    runs = {keep_run(root), keep_run(root)}
    index = Index(root)
    assert set(ids(index.entries())) == runs
    assert index.in_memory and "kept in memory" in caplog.text
    read.clear()
    newest = keep_run(root, seed=5)
    assert ids(index.entries("seed 5")) == [newest]
    assert len(index.entries()) == 3
    assert read == [newest]  # the memory lasts


def test_a_folder_in_the_place_of_the_index_hides_no_run(root, index):
    run_id = keep_run(root)
    (root / INDEX).mkdir()
    (root / INDEX / "mine").touch()
    assert ids(index.entries()) == [run_id]
    assert (root / INDEX / "mine").exists()
    with pytest.raises(StoreError, match=r"index\.sqlite cannot be removed .*: close the app first\.$"):
        index.rebuild()


def test_an_index_in_memory_may_be_used_by_any_thread(root, index):
    keep_run(root)
    (root / INDEX).mkdir()
    assert at_once(index.entries, index.entries, index.entries) == [index.entries()] * 3


# Several at once


def at_once(*calls):
    """What the calls return, each in a thread of its own."""
    results = [None] * len(calls)

    def call(place):
        results[place] = calls[place]()

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_file_is_in_a_mode_in_which_readers_do_not_wait(root, index):
    keep_run(root)
    index.entries()
    assert sqlite3.connect(root / INDEX).execute("pragma journal_mode").fetchone() == ("wal",)


def test_threads_with_one_index_or_several_see_all_runs(root, index):
    runs = {keep_run(root) for _ in range(5)}

    def look():
        return [set(ids(index.entries())) == runs == set(ids(Index(root).entries())) for _ in range(5)]

    assert at_once(look, look, look, look) == [[True] * 5] * 4
    assert not index.in_memory


def test_threads_leave_no_open_file(root, index):
    keep_run(root)
    at_once(*[index.entries] * 4)
    assert [path.name for path in root.glob(f"{INDEX}*")] == [INDEX]  # the last one to close removes the log


LOOK = """
import sys
from pathlib import Path
from fda_core.runs.index import Index
for _ in range(15):
    index = Index(Path(sys.argv[1]))
    assert len(index.entries()) == 4
    assert not index.in_memory
"""


def test_processes_share_an_index_from_its_making(root):
    for _ in range(4):
        keep_run(root)
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", LOOK, str(root)]
    processes = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=60)[1] for process in processes] == [""] * 3


def test_an_index_that_another_process_holds_for_long_is_not_thrown_away(root, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    index, runs = Index(root), {keep_run(root)}
    index.entries()
    holder = sqlite3.connect(root / INDEX, isolation_level=None)
    holder.execute("begin immediate")
    file = (root / INDEX).stat().st_ino
    runs.add(keep_run(root))
    assert set(ids(index.entries())) == runs
    holder.close()
    assert (root / INDEX).stat().st_ino == file
    assert set(ids(Index(root).entries())) == runs


def test_nothing_but_the_index_is_written(root, index):
    run_id = keep_run(root)
    before = {path: path.stat().st_mtime_ns for path in (root / run_id).iterdir()}
    index.entries()
    assert {path: path.stat().st_mtime_ns for path in (root / run_id).iterdir()} == before
    assert isinstance(read_events(root / run_id)[-1], RunFinished)
    assert any(isinstance(event, LaneFinished) for event in read_events(root / run_id))
    assert {path.name for path in root.iterdir()} == {run_id, INDEX}
