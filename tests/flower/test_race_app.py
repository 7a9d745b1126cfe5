"""An experiment of the lab as a federation on Flower: its record says what the engine says, and its processes end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from ipaddress import ip_address

import pytest

pytest.importorskip("torch")
from fda_core.algorithm.events import LaneFinished, Round
from fda_core.federation import engine
from fda_core.runs.audit import audit
from fda_core.runs.store import read_events
from fda_core.settings.config import ExperimentConfig
from fda_core.setup import prepare
from tests.flower.apps import ROOT, config_of, played, write_tiny
from tests.helpers.descendants import Descendants

APP = ROOT / "examples" / "flower-race"
LANES = [
    {"id": "fedopt-e2", "rule": "schedule", "epochs": 2}, {"id": "fda-opt", "rule": "adaptive", "max_epochs": 6},
    {"id": "adam", "rule": "adaptive", "max_epochs": 6, "server": "adam"},
    {"id": "sgdm", "rule": "schedule", "epochs": 1, "server": "sgdm"},
    {"id": "nesterov", "rule": "schedule", "epochs": 2, "server": "nesterov"},
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
    assert_the_engine_s(folder, CONFIG)


def assert_the_engine_s(folder, config: ExperimentConfig) -> None:
    """The record says of every round, and of every lane's end, what the engine says."""
    assert not (report := audit(folder)).wrong and report.closed
    found, expected = read_events(folder), list(engine.run(prepare(config)))
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
    """Stopped, or because whoever started it has died. Ray's workers are among those that are looked at."""
    long = json.dumps(CONFIG.to_json() | {"rounds": 500, "target": {"metric": "accuracy", "value": 1.0}})
    starter = "import subprocess, sys, time; p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE); time.sleep(999)"
    process = subprocess.Popen(
        [*([sys.executable, "-c", starter] if end == "death" else []), *COMMAND, FILES, "--experiment", long],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    started = Descendants(process.pid)

    def workers() -> list[str]:
        started.look()
        return [command for command in started.commands() if command.startswith("ray::")]

    def ended() -> bool:
        started.look()  # what is begun while it ends
        return not started.alive()

    for line in process.stdout:
        if json.loads(line).get("stage") == "run":
            break
    until(workers, "Ray's workers")
    for _ in range(10):
        time.sleep(0.5)
        started.look()
    assert len(started.alive()) > 5
    if end == "death":
        process.send_signal(signal.SIGKILL)
    process.stdin.close()
    until(ended, "the end of all its processes")


@pytest.mark.server
@pytest.mark.parametrize("runtime", [[], ["--nodes", "3"]], ids=["simulation", "processes"])
def test_in_a_runtime_of_its_own_it_still_is(experiment, tmp_path, runtime):
    """Ray's simulation, and a SuperLink with three SuperNodes, play what the engine plays, and nobody else can reach
    them: Ray would listen at the machine's own address."""
    config = ExperimentConfig(**CONFIG.to_json() | {"lanes": [LANES[1]], "rounds": 3})
    folder = tmp_path / "20261128-120000-abcdef"
    files = f'experiment="{{folder}}/experiment.json" record="{folder}"'
    process = subprocess.Popen(
        [*COMMAND, files, "--experiment", json.dumps(config.to_json()), *runtime],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    started, addresses = Descendants(process.pid), set()

    def watch() -> None:
        while process.poll() is None:
            started.look()
            addresses.update(started.listening())
            time.sleep(0.5)

    threading.Thread(target=watch, daemon=True).start()
    end = next(said for said in map(json.loads, process.stdout) if "status" in said)
    process.stdin.close()
    assert process.wait(60) == 0 and end["status"] == "finished", end
    assert addresses and all(ip_address(each.removeprefix("::ffff:")).is_loopback for each in addresses), addresses
    assert_the_engine_s(folder, config)


@pytest.mark.server
def test_an_app_that_raises_ends_as_failed_with_the_words_of_the_exception(tmp_path):
    """As the page says it: one sentence, the run's log behind it."""
    app = write_tiny(tmp_path / "tiny-app")
    server = app / "tiny" / "server_app.py"
    raising = 'raise RuntimeError("no model at this place")'
    server.write_text(server.read_text().replace("    run = context.run_config\n", f"    {raising}\n"))
    process = subprocess.Popen(
        [*COMMAND[: COMMAND.index("--app")], "--app", str(app)], env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = next(said for said in map(json.loads, process.stdout) if "status" in said)
    process.stdin.close()
    assert process.wait(60) == 0
    assert (end["status"], end["why"]) == ("failed", "RuntimeError: no model at this place"), end


def until(happened, what: str) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within 120 s"
        time.sleep(0.2)
