"""Fixtures for the runner: a stand-in that trains on command, and runs that end with their test."""

import pytest

from fda_core.runs import index as module
from fda_core.runs.index import Index
from fda_core.runs.runner import Runner
from tests.runs.fake import Fake, until


@pytest.fixture
def fake():
    """Every round waits for `fake.allow`."""
    return Fake(held=True)


@pytest.fixture
def root(tmp_path):
    """A folder of runs that is not there yet."""
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


@pytest.fixture
def runner(tmp_path, fake):
    """Its last runs are stopped at the end, so that no thread goes on behind the next test."""
    runner = Runner(tmp_path / "runs", produce=fake)
    yield runner
    for run_id, _ in runner.queue():
        runner.stop(run_id)
    until(lambda: not runner.queue(), "runs went on")
