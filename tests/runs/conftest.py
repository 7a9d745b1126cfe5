"""Fixtures for folders of runs and their index."""

import pytest

from fda_core.runs import index as module
from fda_core.runs.index import Index
from tests.helpers.run_fixtures import fake, root, runner  # noqa: F401 - fixtures


@pytest.fixture
def index(root):  # noqa: F811 - the fixture
    return Index(root)


@pytest.fixture
def read(monkeypatch):
    """The ids of the runs whose folders were read."""
    seen, real = [], module.read_entry
    monkeypatch.setattr(module, "read_entry", lambda folder: seen.append(folder.name) or real(folder))
    return seen
