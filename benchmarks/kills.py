"""Kills training processes at random moments, resumes their runs, and compares them with one that was left alone."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from fda_core.algorithm.events import Event, Round
from fda_core.runs.audit import audit
from fda_core.runs.record import Callbacks, Recording, record
from fda_core.runs.snapshot import stored
from fda_core.runs.store import EVENTS, new_run_id, read_events
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig

INTERRUPTIONS = ("run_started", "run_resumed", "run_finished")
MEASURED = {"seconds", "versions"}  # what no two runs share
EARLY = 0.25  # of a run's first kills: while libraries are loaded and texts prepared, before its first event


@dataclass
class Found:
    """Of all killed runs: finished rounds that were not on record, runs whose numbers were those of the undisturbed.

    early: kills before the first event. unlisted: runs on record that a list did not call interrupted.
    """

    kills: int = 0
    early: int = 0
    unlisted: int = 0
    rounds_lost: int = 0
    damaged: int = 0
    runs: int = 0
    equal: int = 0


def config() -> ExperimentConfig:
    """Real training, short enough to be repeated: two lanes, some seconds."""
    lanes = [
        {"id": "fedopt-e1", "rule": "schedule", "epochs": 1},
        {"id": "fda-opt", "rule": "adaptive", "max_epochs": 4},
    ]
    size = {"train_examples": 400, "test_examples": 200, "clients": 10, "clients_per_round": 5, "max_tokens": 48}
    end = {"rounds": 40, "target": {"metric": "accuracy", "value": 1.0}}
    return presets.build({"lanes": lanes, "server_optimizer": "adam", "server_lr": 0.001} | size | end)


def play(folder: Path) -> None:
    """What a killed process does: plays or resumes the run and says every event that is on record."""
    resume = (folder / EVENTS).exists()
    say = Callbacks(lambda event: print(event.event, flush=True))
    record(Recording(config(), folder, new_run_id(), resume=resume), say)


def launch(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-c", f"from benchmarks.kills import *; play(Path({str(folder)!r}))"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def kill(process: subprocess.Popen, after: float, begin: tuple[str, int] | None) -> tuple[int, bool]:
    """Rounds said by the time it was killed, so many seconds after it began; whether it was still there.

    begin: the event, and which of its kind, after which this process trains; None: from when it was launched.
    """
    said = []
    while begin and (line := process.stdout.readline()):
        said.append(line)
        if (line.strip(), said.count(line)) == begin:
            break
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    said += process.stdout.readlines()
    return sum(line.strip() == "round" for line in said), process.wait() == -signal.SIGKILL


def numbers(events: list[Event]) -> list[dict]:
    return [
        {name: value for name, value in event if name not in MEASURED}
        for event in events
        if event.event not in INTERRUPTIONS
    ]


def measure(kills: int, folder: Path, seed: int = 0) -> Found:
    found, drawn = Found(), random.Random(seed)
    launched, began = time.monotonic(), None
    alone = launch(folder / "alone")
    for _ in alone.stdout:
        began = began or time.monotonic()
    alone.wait()
    whole = numbers(read_events(folder / "alone"))
    lengths = (began - launched, time.monotonic() - began)  # seconds before the first event, and after it
    while found.kills < kills:
        disturb(folder / f"run{found.runs}", kills, lengths, drawn, whole, found)
    return found


def disturb(
    folder: Path, kills: int, lengths: tuple[float, float], drawn: random.Random, whole: list[dict], found: Found
) -> None:
    """One run, killed again and again until it gets to its end."""
    while found.kills < kills and not ended(folder):
        known = on_record(folder)
        resumed = sum(event.event == "run_resumed" for event in known)
        early = not known and drawn.random() < EARLY
        begin = None if early else ("run_resumed", resumed + 1) if known else ("run_started", 1)
        said, in_time = kill(launch(folder), drawn.uniform(0, lengths[0] if early else lengths[1] / 2), begin)
        # A resumed process says the rounds on record too, so what it said is all there must be.
        found.rounds_lost += max(0, said - sum(isinstance(event, Round) for event in on_record(folder)))
        found.kills, found.early = found.kills + in_time, found.early + (in_time and early)
        if (folder / EVENTS).exists():
            found.damaged += bool(audit(folder).problems) and not only_torn(folder)
            found.unlisted += not ended(folder) and stored(folder).status != "interrupted"
    if not ended(folder):
        launch(folder).communicate()
    found.runs += 1
    found.equal += numbers(read_events(folder)) == whole and not audit(folder).problems


def on_record(folder: Path) -> list[Event]:
    """Nothing where the process was killed before it had made the folder."""
    return read_events(folder) if (folder / EVENTS).exists() else []


def ended(folder: Path) -> bool:
    return any(event.event == "run_finished" for event in on_record(folder)[-1:])


def only_torn(folder: Path) -> bool:
    """A torn last line is what a kill may leave; readers drop it."""
    problems = audit(folder).problems
    return len(problems) == 1 and "torn" in problems[0]
