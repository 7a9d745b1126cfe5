"""Fixtures for the runner: a stand-in that trains on command, and runs that end with their test."""

import pytest

from fda_core.live.runner import Runner
from tests.helpers.fake import Fake, until


@pytest.fixture
def fake():
    """Every round waits for `fake.allow`."""
    return Fake(held=True)


@pytest.fixture
def root(tmp_path):
    """A folder of runs that is not there yet."""
    return tmp_path / "runs"


@pytest.fixture
def runner(tmp_path, fake):
    """Its last runs are stopped at the end, so that no thread goes on behind the next test."""
    runner = Runner(tmp_path / "runs", produce=fake)
    yield runner
    for run_id, _ in runner.queue():
        runner.stop(run_id)
    until(lambda: not runner.queue(), "runs went on")
