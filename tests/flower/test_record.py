"""A run on Flower as the lab's own pages read it."""

import json

import pytest
from flwr.app import MetricRecord

from fda_flower import Fda, FdaAvg, LabRecord, fda_mod
from tests.flower import tiny_app
from tests.flower.local_grid import LocalGrid

LANES = {"fedopt-e1": Fda(rule="schedule", epochs=1), "fda-opt": Fda(max_epochs=6)}


@pytest.fixture
def folder(tmp_path):
    """Two lanes on the same clients, the second after the first."""
    folder = tmp_path / "20261127-120000-abcdef"
    accuracy = iter([0.3, *([0.5] * 100)])
    with LabRecord(folder, LANES, clients=4, per_round=4, rounds=5, facts={"labels": ["a", "b", "c"]}) as record:
        for lane, fda in LANES.items():
            local = LocalGrid(tiny_app.make_app(fda_mod), 4)
            strategy = FdaAvg(fda=fda, watcher=record.watch(lane), min_train_nodes=4, min_available_nodes=4)
            evaluate = lambda round, arrays: MetricRecord({"accuracy": next(accuracy), "loss": 1.0})  # noqa: E731
            strategy.start(local, tiny_app.initial(), 5, train_config=tiny_app.config(), evaluate_fn=evaluate)
    return folder


def test_the_lab_reads_it_and_its_audit_finds_nothing(folder):
    store = pytest.importorskip("fda_core.runs.store", exc_type=ImportError)
    from fda_core.runs.audit import audit

    events = store.read_events(folder)
    assert events[0].event == "run_started" and events[-1].event == "run_finished"
    assert events[0].source == "flower" and events[0].initial["accuracy"] == 0.3
    report = audit(folder)
    assert not report.wrong and report.closed


def test_bytes_are_the_method_s_and_those_of_the_messages_stand_beside(folder):
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    rounds = [e for e in events if e["event"] == "round"]
    assert {e["lane"]: e["round"] for e in rounds} == {"fedopt-e1": 5, "fda-opt": 5}
    size = 4 * (tiny_app.FEATURES * tiny_app.CLASSES + tiny_app.CLASSES)
    for each in rounds:
        assert each["bytes_down"] == each["bytes_up"] == 4 * size
        checks = each["epochs"] if each["lane"] == "fda-opt" else 0
        assert each["bytes_monitor"] == checks * 4 * 6_005
        assert each["metrics"]["wire_bytes_up"] > each["bytes_up"]


def test_a_run_that_fails_is_closed_with_its_reason(tmp_path):
    folder = tmp_path / "20261127-120000-abcdef"
    with pytest.raises(RuntimeError), LabRecord(folder, LANES, clients=4, per_round=4, rounds=5):
        raise RuntimeError("the power went")
    last = json.loads((folder / "events.jsonl").read_text().splitlines()[-1])
    assert (last["status"], last["message"]) == ("failed", "the power went")


def test_a_run_in_which_every_client_s_app_raises_does_not_look_finished(tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("no file of that name")

    monkeypatch.setattr(tiny_app, "trained", broken)
    folder = tmp_path / "20261127-120000-abcdef"
    with LabRecord(folder, LANES, clients=4, per_round=4, rounds=3) as record:
        for lane, fda in LANES.items():
            strategy = FdaAvg(
                fda=fda, watcher=record.watch(lane), min_train_nodes=4, min_available_nodes=4, fraction_evaluate=0.0
            )
            local = LocalGrid(tiny_app.make_app(fda_mod), 4)
            strategy.start(local, tiny_app.initial(), 3, train_config=tiny_app.config())
    last = json.loads((folder / "events.jsonl").read_text().splitlines()[-1])
    assert last["status"] == "failed" and "in any of 6 rounds" in last["message"]
    assert "no file of that name" in last["message"]
