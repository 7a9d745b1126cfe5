"""Many runs that nobody has read yet: who looks gets an answer at once, and all of them soon."""

import threading

import pytest

from fda_core.runs import backlog, index
from fda_core.runs.backlog import Backlog
from fda_core.runs.index import Index
from tests.helpers.fake import until
from tests.helpers.stored_runs import ids, keep_run


@pytest.fixture
def many(tmp_path, monkeypatch):
    """Five runs are many here, and two are read at once."""
    monkeypatch.setattr(backlog, "FEW", 3)
    monkeypatch.setattr(backlog, "AT_ONCE", 2)
    return sorted(keep_run(tmp_path, seed=seed) for seed in range(5))


def test_who_looks_is_answered_before_the_runs_are_read(tmp_path, monkeypatch, many):
    allowed, real = threading.Event(), index.read_entry
    monkeypatch.setattr(index, "read_entry", lambda folder: allowed.wait(20) and real(folder))
    runs = Backlog(Index(tmp_path))
    assert runs.entries() == [] and runs.reading() == (0, 5)
    allowed.set()
    until(lambda: runs.reading() is None, "the runs are still being read")
    assert sorted(ids(runs.entries())) == many and runs.reading() is None
    assert [entry.seed for entry in runs.entries("seed 3")] == [3]


def test_a_few_are_waited_for(tmp_path, many):
    Index(tmp_path).entries()
    new = keep_run(tmp_path, seed=9)
    runs = Backlog(Index(tmp_path))
    assert new in ids(runs.entries()) and runs.reading() is None


def test_where_reading_in_the_background_fails_they_are_waited_for(tmp_path, monkeypatch, many):
    runs = Backlog(Index(tmp_path))
    monkeypatch.setattr(runs.index, "read", lambda run_ids: 1 / 0)
    assert runs.entries() == []
    until(lambda: runs.reading() is None, "the runs are still being read")
    assert sorted(ids(runs.entries())) == many
