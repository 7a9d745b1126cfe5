"""The same numbers in this process, in Flower's simulation and on real processes; and what a killed node costs."""

import pytest

from tests.flower.apps import ROOT, changed_lines, config_of, in_process, told, write_minilm, write_tiny
from tests.flower.federation import Federation

pytestmark = pytest.mark.server  # minutes
SMALL = {"num-server-rounds": 3, "examples": 48, "test-examples": 48, "max-tokens": 16, "min-nodes": 3}


@pytest.fixture(autouse=True)
def library(monkeypatch):
    """As if it were installed for the processes that Flower starts."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def same(found: list[tuple], expected: list[tuple]) -> None:
    assert [each[:2] for each in found] == [each[:2] for each in expected]
    for mine, theirs in zip(found, expected, strict=True):
        assert mine[2:] == pytest.approx(theirs[2:], rel=1e-4)


def test_the_patch_changes_two_lines_besides_the_imports():
    assert changed_lines() == (2, 2)


def test_the_example_in_simulation_is_what_it_is_in_this_process(tmp_path):
    app = write_minilm(tmp_path / "minilm")
    expected = told(in_process(app, "flower_minilm", config_of(app, **SMALL), 3))
    assert expected[0][0] == 1 and max(each[0] for each in expected) > 1
    with Federation(tmp_path / "federation") as federation:
        federation.start(app, " ".join(f"{name}={value}" for name, value in SMALL.items()), nodes=3)
        log = federation.finished()
        assert federation.status() == "finished:completed", log[-3000:]
        same(federation.rounds(), expected)


def test_on_real_processes_too_and_a_killed_node_costs_its_share(tmp_path):
    app = write_tiny(tmp_path / "tiny-app")
    expected = told(in_process(app, "tiny", config_of(app), 3))
    with Federation(tmp_path / "federation", nodes=3) as federation:
        federation.start(app, "rounds=2", nodes=3)
        log = federation.finished()
        assert federation.status() == "finished:completed", log[-3000:]
        same(federation.rounds(), expected[:2])
        federation.start(app, "rounds=3 nodes=2", nodes=3)
        federation.until(lambda: len(federation.rounds()) == 3, "the second run's first round")
        federation.kill("node1")
        log = federation.finished()
        assert federation.status() == "finished:completed" and len(federation.rounds()) == 5, log[-3000:]
        assert "is out" in log
