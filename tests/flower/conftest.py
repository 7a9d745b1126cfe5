"""FDA-OPT on Flower, in an environment of its own (requirements-flower.txt); elsewhere these tests are left out."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REQUIRED = os.environ.get("FDA_OPT_LAB_REQUIRE_FLOWER") == "1"
os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")

if find_spec("flwr") is None:
    collect_ignore_glob = ["*"]
    if REQUIRED:
        pytest.exit("flwr is not installed: see requirements-flower.txt", returncode=1)


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    """What clients spill goes to the test's folder."""
    monkeypatch.setenv("FDA_FLOWER_STATE", str(tmp_path / "states"))
