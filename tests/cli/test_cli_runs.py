"""`python -m fda_core index` and `import`: a folder of runs from the command line."""

import sqlite3

import pytest

from fda_core import cli
from fda_core.runs.index import INDEX, Index
from fda_core.runs.meta import read_meta
from fda_core.runs.store import EVENTS, read_events
from tests.helpers.stored_runs import change_line, keep_run


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def file(tmp_path):
    """Somebody else's record."""
    return tmp_path / "theirs" / keep_run(tmp_path / "theirs") / EVENTS


@pytest.fixture
def app_root(tmp_path, monkeypatch):
    """Where the app keeps its runs."""
    monkeypatch.setenv("FDA_OPT_LAB_RUNS", str(tmp_path / "app"))
    return tmp_path / "app"


def refusal(capsys, code: int) -> str:
    """The one sentence of a refused command."""
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert printed.err.count("\n") == 1 and printed.err.endswith(".\n")
    return printed.err


def test_index_counts_the_runs_and_names_the_damaged_ones(root, capsys):
    keep_run(root), keep_run(root)
    damaged = keep_run(root)
    change_line(root / damaged, 2, event="party")
    assert cli.main(["index", "--runs", str(root)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"3 run(s) in {root}, 1 of them damaged",
        f"{damaged} is damaged: line 3 of events.jsonl is not an event "
        "(it is not one whole JSON object with the fields of an event).",
    ]


def test_index_makes_the_file_anew(root):
    run_id = keep_run(root)
    Index(root).entries()
    with sqlite3.connect(root / INDEX) as database:
        database.execute("create table old (x)")
        database.execute("update runs_1 set entry = replace(entry, 'finished', 'failed')")
    database.close()
    assert cli.main(["index", "--runs", str(root)]) == 0
    with sqlite3.connect(root / INDEX) as database:
        assert database.execute("select name from sqlite_master where type = 'table'").fetchall() == [("runs_1",)]
    database.close()
    assert [(entry.run_id, entry.status) for entry in Index(root).entries()] == [(run_id, "finished")]


def test_index_looks_where_the_app_keeps_its_runs(app_root, capsys):
    keep_run(app_root)
    assert cli.main(["index"]) == 0
    assert capsys.readouterr().out == f"1 run(s) in {app_root}, 0 of them damaged\n"


def test_index_of_a_folder_that_is_not_there_finds_nothing(root, capsys):
    assert cli.main(["index", "--runs", str(root)]) == 0
    assert capsys.readouterr().out.startswith("0 run(s) in ")
    assert not root.exists()


def test_index_of_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert "choose another folder of runs" in refusal(capsys, cli.main(["index", "--runs", str(tmp_path / "file")]))


def test_import_prints_the_id_of_the_run_it_kept(file, root, capsys):
    assert cli.main(["import", str(file), "--runs", str(root)]) == 0
    run_id = capsys.readouterr().out.strip()
    assert (root / run_id / EVENTS).read_bytes() == file.read_bytes()
    assert read_meta(root / run_id).tags == ("imported",)


def test_import_keeps_the_run_among_the_app_s(file, app_root, capsys):
    assert cli.main(["import", str(file)]) == 0
    assert read_events(app_root / capsys.readouterr().out.strip()) == read_events(file.parent)


def test_an_imported_run_is_in_the_index(file, root, capsys):
    cli.main(["import", str(file), "--runs", str(root)])
    run_id = capsys.readouterr().out.strip()
    assert [entry.run_id for entry in Index(root).entries(tag="imported")] == [run_id]


def test_import_refuses_a_damaged_file_and_keeps_nothing(file, root, capsys):
    change_line(file.parent, 2, bytes_total=1)
    assert "Line 3: bytes_total is 1" in refusal(capsys, cli.main(["import", str(file), "--runs", str(root)]))
    assert "cannot be read" in refusal(capsys, cli.main(["import", str(root / "none"), "--runs", str(root)]))
    assert not root.exists()
