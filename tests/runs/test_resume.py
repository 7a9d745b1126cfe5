"""An interrupted run is resumed where its record ends, and goes on as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fda_core.algorithm.events import Epoch, Round
from fda_core.federation import engine
from fda_core.runs.audit import audit
from fda_core.runs.record import Callbacks, Recording, record
from fda_core.runs.recorder import Recorder
from fda_core.runs.snapshot import stored
from fda_core.runs.store import CHECKPOINTS, EVENTS, config_of, hold, read_events
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import Preempted, StoreError
from tests.helpers.stored_runs import keep_run
from tests.helpers.tiny import comparable, fda_opt, fedopt, rounds, tiny_config, tiny_experiment
from tests.helpers.tiny_events import a_round

CONFIG = tiny_config(fedopt(1), fda_opt(6), rounds=30, clients_per_round=2, server_optimizer="adam", client_dropout=0.1)
PLAY = """
import sys
from pathlib import Path
from fda_core.runs.record import Callbacks, Recording, record
from tests.runs.test_resume import CONFIG, tiny

folder = Path(sys.argv[1])
say = Callbacks(lambda event: print(event.event, flush=True))
print(record(Recording(CONFIG, folder, "the-run", resume=folder.exists()), say, tiny))
"""


def tiny(config, progress, tick, keep, resumption):
    experiment = tiny_experiment(config)
    experiment.tick = tick
    yield from engine.run(experiment, keep, resumption)


def play(folder: Path, resume=False, tick=lambda: None, config: ExperimentConfig = CONFIG):
    seen = []
    outcome = record(Recording(config, folder, "the-run", resume=resume), Callbacks(seen.append, tick=tick), tiny)
    return outcome, seen


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert play(folder)[0] == ("finished", "")
    return read_events(folder)


def training(events) -> list[dict]:
    """What the run computed: everything but when, how fast and how often it was interrupted."""
    return [comparable(event) for event in events if event.event not in ("run_started", "run_resumed", "run_finished")]


def preempted_after(ticks: int):
    left = iter(range(ticks))

    def tick():
        if next(left, None) is None:
            raise Preempted

    return tick


def test_a_preempted_run_goes_on_to_the_same_end(tmp_path, whole):
    folder, outcome, preempted = tmp_path / "run", None, 0
    while outcome != ("finished", ""):
        outcome, seen = play(folder, resume=folder.exists(), tick=preempted_after(70))
        preempted += outcome == ("preempted", "")
    assert preempted >= 3
    assert training(read_events(folder)) == training(whole)
    assert [e for e in seen if not isinstance(e, Epoch)] == [e for e in read_events(folder) if not isinstance(e, Epoch)]
    assert audit(folder).problems == []


def test_a_preempted_run_reads_as_interrupted(tmp_path):
    play(tmp_path / "run", tick=preempted_after(70))
    assert stored(tmp_path / "run").status == "interrupted"


def killed_after(folder: Path, lines: int) -> int:
    """Rounds that a real process had announced as kept when it was killed."""
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", PLAY, folder], cwd=root, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    said = []
    for line in process.stdout:
        said.append(line.strip())
        if len(said) == lines:
            process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it was killed"
    return said.count("round")


@pytest.mark.slow
def test_a_process_killed_twice_loses_no_round_and_the_rest_is_as_if_it_had_not_been(tmp_path, whole):
    folder, drawn = tmp_path / "run", random.Random(0)
    for lines in (drawn.randint(10, 60), drawn.randint(120, 150)):
        announced = killed_after(folder, lines)
        assert len(rounds(read_events(folder))) >= announced > 0
        assert stored(folder).status == "interrupted"
    assert play(folder, resume=True)[0] == ("finished", "")
    assert training(read_events(folder)) == training(whole)
    assert audit(folder).problems == []


@pytest.mark.parametrize("damage", ["gone", "cut", "newer"])
def test_without_a_usable_checkpoint_the_lane_begins_again_and_nothing_is_written_twice(tmp_path, whole, damage):
    folder = tmp_path / "run"
    play(folder, tick=preempted_after(70))
    file = folder / CHECKPOINTS / "fda-opt.safetensors"
    if damage == "gone":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:50])
    else:
        lines = (folder / EVENTS).read_bytes().splitlines(keepends=True)
        last = max(n for n, line in enumerate(lines) if b'"event":"round","lane":"fda-opt"' in line)
        (folder / EVENTS).write_bytes(b"".join(lines[:last]))
    assert play(folder, resume=True)[0] == ("finished", "")
    assert sorted(map(json.dumps, training(read_events(folder)))) == sorted(map(json.dumps, training(whole)))
    assert audit(folder).problems == []


def test_a_run_that_has_ended_cannot_be_resumed(tmp_path):
    config = tiny_config(fedopt(1), rounds=2)
    play(tmp_path / "run", config=config)
    before = (tmp_path / "run" / EVENTS).read_bytes()
    with pytest.raises(StoreError, match="has ended: there is nothing to resume"):
        play(tmp_path / "run", resume=True, config=config)
    assert (tmp_path / "run" / EVENTS).read_bytes() == before


def test_a_folder_without_a_run_cannot_be_resumed(tmp_path):
    with pytest.raises(StoreError, match="holds no run to resume"):
        Recorder(tmp_path / "nothing", "the-run", resume=True)


def test_a_run_that_another_process_writes_is_left_to_it(tmp_path):
    folder = tmp_path / "run"
    play(folder, tick=preempted_after(70))
    lock = hold(folder)
    with pytest.raises(StoreError, match="being written by another process"):
        play(folder, resume=True)
    lock.release()
    assert play(folder, resume=True)[0] == ("finished", "")


def test_the_config_for_a_resumption_comes_from_the_record(tmp_path):
    folder = tmp_path / "run"
    play(folder, tick=preempted_after(70))
    assert config_of(read_events(folder), folder) == CONFIG


def test_events_of_the_resumed_part_carry_the_same_run_and_numbers_that_go_on(tmp_path):
    folder = tmp_path / "run"
    play(folder, tick=preempted_after(70))
    play(folder, resume=True)
    rows = [json.loads(line) for line in (folder / EVENTS).read_text().splitlines()]
    assert {row["run_id"] for row in rows} == {"the-run"}
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    resumed = [row for row in rows if row["event"] == "run_resumed"]
    assert len(resumed) == 1 and resumed[0]["from_round"] and "versions" in resumed[0]
    assert isinstance(read_events(folder)[-3], Round) or rows[-3]["event"] == "lane_finished"


@pytest.mark.parametrize("lane", ["../../elsewhere", "fda-opt-2", ""])
def test_a_record_that_speaks_of_a_lane_it_has_not_is_not_resumed(tmp_path, lane):
    folder = tmp_path / keep_run(tmp_path, [a_round(lane)], status=None)
    before = (folder / EVENTS).read_bytes()
    with pytest.raises(StoreError, match="which it does not have"):
        Recorder(folder, folder.name, resume=True)
    assert (folder / EVENTS).read_bytes() == before
    hold(folder).release()  # nobody holds it
