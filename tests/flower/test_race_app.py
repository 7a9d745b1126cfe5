"""An experiment of the lab as a federation on Flower: its record says what the engine says, and its processes end."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("torch")
from fda_core.algorithm.events import LaneFinished, Round
from fda_core.federation import engine
from fda_core.runs.audit import audit
from fda_core.runs.store import read_events
from fda_core.settings.config import ExperimentConfig
from fda_core.setup import prepare
from tests.flower.apps import ROOT, config_of, played

APP = ROOT / "examples" / "flower-race"
LANES = [
    {"id": "fedopt-e2", "rule": "schedule", "epochs": 2}, {"id": "fda-opt", "rule": "adaptive", "max_epochs": 6},
    {"id": "adam", "rule": "adaptive", "max_epochs": 6, "server": "adam"},
]  # fmt: skip
CONFIG = ExperimentConfig(
    train_examples=96, test_examples=40, max_tokens=16, clients=3, client_lr=0.1, rounds=4, lanes=LANES, seed=3,
    target={"metric": "test_loss", "value": 0.72}, after_target_rounds=1,
)  # fmt: skip


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """Its file; outputs of the frozen layers are the test's own."""
    monkeypatch.setenv("FDA_OPT_LAB_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "experiment.json"
    file.write_text(json.dumps(CONFIG.to_json()))
    return file


def test_its_record_is_the_engine_s(experiment, tmp_path):
    folder = tmp_path / "20261127-120000-abcdef"
    run = config_of(APP, experiment=str(experiment), record=str(folder))
    played(APP, "flower_race", run, CONFIG.clients)
    assert not (report := audit(folder)).wrong and report.closed
    found, expected = read_events(folder), list(engine.run(prepare(CONFIG)))
    ends = {event.lane: (event.status, event.message) for event in expected if isinstance(event, LaneFinished)}
    assert {event.lane: (event.status, event.message) for event in found if isinstance(event, LaneFinished)} == ends
    ours = {(event.lane, event.round): event for event in found if isinstance(event, Round)}
    theirs = {(event.lane, event.round): event for event in expected if isinstance(event, Round)}
    assert ours.keys() == theirs.keys() and len({event.epochs for event in theirs.values()}) > 1
    for place, event in theirs.items():
        mine = ours[place]
        for name in ("clients", "epochs", "reason", "bytes_down", "bytes_up", "bytes_monitor", "bytes_total"):
            assert getattr(mine, name) == getattr(event, name), (place, name)
        assert mine.accuracy == pytest.approx(event.accuracy, abs=1 / 40)
        assert mine.test_loss == pytest.approx(event.test_loss, rel=1e-3)
        assert mine.variance == pytest.approx(event.variance, rel=1e-3)


COMMAND = [sys.executable, "-m", "fda_flower.here", "--app", str(APP), "--sites", "3", "--run-config"]
FILES = 'experiment="{folder}/experiment.json" record="{folder}/record"'


@pytest.mark.server
@pytest.mark.parametrize("end", ["stop", "death"])
def test_no_process_of_it_is_left(experiment, end):
    """Stopped, or because whoever started it has died."""
    long = json.dumps(CONFIG.to_json() | {"rounds": 500, "target": {"metric": "accuracy", "value": 1.0}})
    starter = "import subprocess, sys, time; p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE); time.sleep(999)"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "FDA_MARK": str(experiment)}
    process = subprocess.Popen(
        [*([sys.executable, "-c", starter] if end == "death" else []), *COMMAND, FILES, "--experiment", long],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stdout:
        if json.loads(line).get("stage") == "run":
            break
    until(lambda: len(marked(str(experiment))) > 5, "the federation's processes")
    if end == "death":
        process.send_signal(signal.SIGKILL)
    process.stdin.close()
    until(lambda: not marked(str(experiment)), "the end of all its processes")


def marked(mark: str) -> list[int]:
    """The processes that have inherited the mark, wherever they hang by now."""
    found = []
    for folder in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{folder}/environ", "rb") as file:
                if int(folder) != os.getpid() and f"FDA_MARK={mark}".encode() in file.read():
                    found.append(int(folder))
        except OSError:
            continue
    return found


def until(happened, what: str) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within 120 s"
        time.sleep(0.2)
