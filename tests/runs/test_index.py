"""The index says what the folders say, whatever happens to it, and reads only what changed."""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fda_core.runs import index as module
from fda_core.runs.index import Entry, Index
from fda_core.runs.meta import META, Meta, write_meta
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import EVENTS, new_run_id
from fda_core.runs.trash import delete, restore
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import StoreError
from tests.helpers.stored_runs import STORY, change_line, ids, keep_run
from tests.helpers.tiny_events import a_round

ROOT = Path(__file__).parents[2]


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


def test_a_run_killed_before_its_first_event_is_interrupted_and_says_what_it_was_to_be(root, index):
    run_id = new_run_id()
    Recorder(root / run_id, run_id, config=ExperimentConfig(seed=5).to_json()).close()
    [entry] = index.entries()
    assert (entry.status, entry.preset, entry.seed, entry.rounds, entry.lanes) == ("interrupted", "default", 5, 0, ())
