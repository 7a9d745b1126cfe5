"""FDA-OPT on Flower, in an environment of its own (requirements-flower.txt); elsewhere these tests are left out."""

import os
from importlib.util import find_spec

import pytest

os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")

if find_spec("flwr") is None:
    collect_ignore_glob = ["*"]


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    """What clients spill goes to the test's folder."""
    monkeypatch.setenv("FDA_FLOWER_STATE", str(tmp_path / "states"))
