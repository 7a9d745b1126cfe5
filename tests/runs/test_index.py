"""The index says what the folders say, whatever happens to it, and reads only what changed."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from peewee import SqliteDatabase

from fda_core.config import ExperimentConfig
from fda_core.events import LaneFinished, RunFinished
from fda_core.runs import index as module
from fda_core.runs.index import INDEX, Entry, Index
from fda_core.runs.meta import META, Meta, write_meta
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import EVENTS, StoreError, new_run_id, read_events
from fda_core.runs.trash import delete, restore
from tests.stored_runs import STORY, change_line, keep_run
from tests.tiny_events import a_round

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def index(root):
    return Index(root)


@pytest.fixture
def read(monkeypatch):
    """The ids of the runs whose folders were read."""
    seen, real = [], module.read_entry
    monkeypatch.setattr(module, "read_entry", lambda folder: seen.append(folder.name) or real(folder))
    return seen


def ids(entries) -> list[str]:
    return [entry.run_id for entry in entries]


def only(index) -> Entry:
    (entry,) = index.entries()
    return entry


def test_an_entry_says_what_the_record_says(root, index):
    story = [a_round("fda-opt", n, accuracy=0.9) for n in (1, 2, 3)] + [a_round(number=1, accuracy=0.9)]
    settings = {"preset": "quick", "clients": 12, "alpha": 0.3, "seed": 7, "server_optimizer": "adam"}
    run_id = keep_run(root, story, message="well done", began="2026-03-04T05:06:07.089+02:00", group="g-1", **settings)
    write_meta(root / run_id, Meta(name="My run", tags=("b", "a")))
    assert only(index) == Entry(
        run_id=run_id, name="My run", tags=("b", "a"), created=datetime(2026, 3, 4, 3, 6, 7, 89_000, UTC),
        status="finished", message="well done", preset="quick", clients=12, alpha=0.3, seed=7,
        model=ExperimentConfig().model, server_optimizer="adam", group="g-1", lanes=("fedopt", "fda-opt"), rounds=4,
        to_target={"fedopt": None, "fda-opt": 96},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "shown"), [("finished",) * 2, ("stopped",) * 2, ("failed",) * 2, (None, "interrupted")]
)
def test_the_status_is_that_of_the_closing_line(root, index, status, shown):
    keep_run(root, status=status, message="why")
    assert (only(index).status, only(index).message) == (shown, "why" if status else "")


def test_a_run_that_failed_before_it_began_says_why(root, index):
    run_id = new_run_id()
    Recorder(root / run_id, run_id).finish("failed", "The package is not installed.")
    entry = only(index)
    assert (entry.status, entry.message) == ("failed", "The package is not installed.")
    assert (entry.preset, entry.clients, entry.lanes, entry.to_target) == ("", None, (), {})


def test_a_round_that_is_added_is_counted(root, index):
    run_id = keep_run(root, STORY[:2], status=None)
    assert (only(index).rounds, only(index).status) == (1, "interrupted")
    recorder = Recorder(root / run_id, run_id, resume=True)
    recorder.add(a_round(number=2))
    assert only(index).rounds == 2
    recorder.finish("finished")
    assert only(index).status == "finished"


# Damaged folders


def emptied(folder: Path) -> None:
    (folder / EVENTS).write_bytes(b"")


def binary(folder: Path) -> None:
    (folder / EVENTS).write_bytes(bytes(range(256)) + b"\n")


def too_deep(folder: Path) -> None:
    (folder / EVENTS).write_bytes(b"[" * 100_000 + b"\n")


def a_folder_instead(folder: Path) -> None:
    (folder / EVENTS).unlink()
    (folder / EVENTS).mkdir()


DAMAGES = {
    "a line": (lambda folder: change_line(folder, 2, event="party"), "is damaged: line 3 of events.jsonl is not an"),
    "empty": (emptied, "ended before its first round"),
    "binary": (binary, "line 1 of events.jsonl is not an event"),
    "too deep": (too_deep, "line 1 of events.jsonl is not an event"),
    "no record": (lambda folder: (folder / EVENTS).unlink(), "its file events.jsonl is missing"),
    "a folder": (a_folder_instead, "cannot be read (Is a directory)"),
    "a setting": (lambda folder: change_line(folder, 0, config={"clients": 0}), "clients = 0 is not allowed"),
    "no word": (lambda folder: change_line(folder, 0, config={"self": 1}), "is damaged"),
    "no lanes": (lambda folder: change_line(folder, 0, config={}), "is damaged"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_run_is_one_entry_with_its_sentence_and_harms_no_other(root, index, name):
    damage, sentence = DAMAGES[name]
    good, bad = keep_run(root, began="2026-01-01T00:00:00Z"), keep_run(root)
    write_meta(root / bad, Meta(name="still named"))
    damage(root / bad)
    entry, other = index.entries()
    assert (entry.run_id, entry.name, entry.status, entry.clients) == (bad, "still named", "damaged", None)
    assert bad in entry.message and sentence in entry.message and entry.message.endswith(".")
    assert (other.run_id, other.status, other.rounds) == (good, "finished", 3)


def test_a_damaged_name_is_no_name(root, index):
    run_id = keep_run(root)
    (root / run_id / META).write_bytes(b"\xff{")
    assert (only(index).name, only(index).status) == ("", "finished")


def test_what_is_no_run_folder_is_not_listed(root, index):
    run_id = keep_run(root)
    for name in ("20260101-000000-ABCDEF", ".trash", ".import-" + run_id, "x" + run_id):
        shutil.copytree(root / run_id, root / name)
    (root / new_run_id()).write_text("a file with the name of a run")
    assert ids(index.entries()) == [run_id]


@pytest.mark.skipif(os.name == "nt", reason="there a missing folder's parent is as good as missing")
def test_a_folder_of_runs_that_cannot_be_read_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot be read \(Not a directory\): choose another folder of runs\.$"):
        Index(tmp_path / "file").entries()


def test_a_folder_that_is_not_there_has_no_runs_and_is_not_made(root, index):
    assert index.entries() == []
    assert not root.exists()
    keep_run(root)
    assert len(index.entries()) == 1


# Order and time


@pytest.fixture
def elsewhere(monkeypatch):
    """Not in Greenwich."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    take_over = getattr(time, "tzset", lambda: None)  # not on Windows
    take_over()
    yield
    monkeypatch.undo()
    take_over()


def test_the_newest_run_comes_first(root, index):
    times = ["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.001+00:00", "2025-12-31T23:00:00-05:00"]
    oldest, middle, newest = (keep_run(root, began=time) for time in times)
    assert ids(index.entries()) == [newest, middle, oldest]


@pytest.mark.parametrize(
    ("began", "created"),
    [
        ("2026-02-03T04:05:06", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        (5, None),
    ],
)
def test_a_time_that_says_too_little_is_taken_as_utc_or_from_the_run_id(root, index, began, created, elsewhere):
    run_id = keep_run(root, began=began)
    by_id = datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    assert only(index).created == (created or by_id)
    assert only(index).created.utcoffset().total_seconds() == 0


def test_a_run_id_that_is_no_date_is_listed_last(root, index):
    run_id = keep_run(root)
    (root / "99999999-999999-abcdef").mkdir()
    assert ids(index.entries()) == [run_id, "99999999-999999-abcdef"]


# Search


@pytest.fixture
def named(root):
    """Three runs by their names."""
    runs = {
        "Straße ÄPFEL 100%": keep_run(root, seed=3, group="study-x", server_optimizer="adam"),
        "a_b\\c 'quoted' \"x\"": keep_run(root, seed=31, preset="where-it-loses"),
        "Ελληνικά": keep_run(root, seed=1, model="minilm-roberta"),
    }
    for name, run_id in runs.items():
        write_meta(root / run_id, Meta(name=name, tags=("common", f"only {name[0]}")))
    return {name[0]: run_id for name, run_id in runs.items()}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", "SaΕ"), ("  ", "SaΕ"), ("common", "SaΕ"), ("COMMON", "SaΕ"),
        ("strasse", "S"), ("äpfel", "S"), ("A\u0308PFEL", "S"), ("ΕΛΛΗΝΙΚΆ", "Ε"), ("ellinika", ""),
        ("where-it-loses", "a"), ("WHERE loses", "a"), ("roberta", "Ε"), ("adam", "S"), ("study-x", "S"),
        ("adam äpfel", "S"), ("adam roberta", ""), ("only", "SaΕ"), ("fedopt", ""),
        ("seed", "SaΕ"), ("seed 3", "S"), ("seed 31", "a"), ("Seed  3 adam", "S"), ("3 seed", None), ("seed 2", ""),
        ("*", ""), ("?", ""), ("[a-z]", ""),
        ("%", "S"), ("100%", "S"), ("1_0", ""), ("_", "a"), ("a_b", "a"), ("a%b", ""), ("\\", "a"), ("b\\c", "a"),
        ("'", "a"), ('"', "a"), ("'; DROP TABLE runs_1; --", ""), ("' OR '1'='1", ""),
        ("comm\x00on", "SaΕ"), ("\x00", "SaΕ"), ("\ud800", "SaΕ"), ("💥", ""), ("x" * 5000, ""),
        ("common " * 5000, "SaΕ"), (" ".join(map(str, range(3000))), ""),
    ],
)  # fmt: skip
def test_a_search_finds_runs_that_have_all_words_somewhere(index, named, search, found):
    result = ids(index.entries(search))
    if found is None:  # the digit alone may stand in any run id
        assert named["S"] in result
    else:
        assert sorted(result) == sorted(named[first] for first in found)
    assert not index.in_memory and len(index.entries()) == 3


def test_a_run_is_found_by_a_part_of_its_id(index, named):
    assert ids(index.entries(named["a"][9:].upper())) == [named["a"]]


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        (None, "SaΕ"), ("", "SaΕ"), ("common", "SaΕ"), ("only Ε", "Ε"), (" only  a ", "a"), ("only", ""),
        ("Common", ""), ("comm%", ""), ("common\nonly a", ""), ("'", ""), ("\ud800common", "SaΕ"), ("x" * 100_000, ""),
    ],
)  # fmt: skip
def test_a_tag_is_met_as_a_whole(index, named, tag, found):
    assert sorted(ids(index.entries(tag=tag))) == sorted(named[first] for first in found)


def test_search_and_tag_narrow_together(index, named):
    assert ids(index.entries("seed 3", "common")) == [named["S"]]
    assert index.entries("seed 3", "only a") == []


# Reading again


def test_a_folder_that_did_not_change_is_not_read_again(root, index, read):
    keep_run(root), keep_run(root)
    first = index.entries()
    assert len(read) == 2
    assert index.entries() == first == Index(root).entries()
    assert len(read) == 2


def test_a_folder_that_changed_is_read_again_and_no_other(root, index, read):
    run_id, _ = keep_run(root), keep_run(root)
    index.entries()
    read.clear()
    for name in ("one", "two", "six"):  # of one length, as if within one tick of the clock
        write_meta(root / run_id, Meta(name=name))
        os.utime(root / run_id / META, ns=(0, 0))
        assert name in {entry.name for entry in index.entries()}
    change_line(root / run_id, 0, group="other")
    assert "other" in {entry.group for entry in index.entries()}
    (root / run_id / META).unlink()
    assert {entry.name for entry in index.entries()} == {""}
    assert read == [run_id] * 5


def test_a_run_that_is_gone_leaves_the_index_and_may_come_back(root, index):
    run_id, other = keep_run(root), keep_run(root)
    index.entries()
    delete(run_id, root)
    assert ids(index.entries()) == [other]
    restore(run_id, root)
    assert set(ids(index.entries())) == {run_id, other}


def test_a_run_deleted_while_it_is_read_is_not_listed(root, index, monkeypatch):
    run_id, other = keep_run(root), keep_run(root)
    real = module.read_entry

    def read(folder):
        if folder.name == run_id:
            delete(run_id, root)
        return real(folder)

    monkeypatch.setattr(module, "read_entry", read)
    assert ids(index.entries()) == [other]


def test_a_rebuilt_index_has_read_every_run_anew(root, index, read):
    keep_run(root), keep_run(root)
    before = index.entries()
    assert index.rebuild() == before
    assert len(read) == 4


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
