"""Full fine-tuning of the embedded encoder at the size of the authors' runs: ten clients, all in every round, 400
reviews each, α = 1, FedAvg, client rate 0.01, seed 0. Does the picture of adapters hold for all weights?

Lanes do not depend on one another, so each is played by a process of its own; together they keep the device busy.
They end when their time is up; what they reached by then stands in cell-LANE.jsonl, an event a line.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch

from fda_core.algorithm.events import Round
from fda_core.federation import engine
from fda_core.models import devices
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig
from fda_core.setup import prepare

LANES = {
    "fedopt-1": {"id": "fedopt-1", "rule": "schedule", "epochs": 1},
    "fedopt-5": {"id": "fedopt-5", "rule": "schedule", "epochs": 5},
    "fda-opt": {"id": "fda-opt", "rule": "adaptive", "max_epochs": 10},
}
SHARES = (0.9, 0.95, 0.99)
CELL = {
    "clients": 10, "clients_per_round": None, "train_examples": 4000, "test_examples": 2000, "alpha": 1.0,
    "client_lr": 0.01, "trained": "full", "target": {"metric": "accuracy", "value": 1.0}, "seed": 0,
}  # fmt: skip


class TimeUp(Exception):
    """The lane's time is up."""


def config_of(lane: str, small: bool) -> ExperimentConfig:
    changes: dict[str, Any] = CELL | {"lanes": [LANES[lane]], "rounds": 10_000}
    if small:
        changes |= {"clients": 2, "train_examples": 32, "test_examples": 20, "max_tokens": 16}
    return presets.build(changes)


def race(options: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """All lanes at once for so many seconds, and what they came to."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--out", str(options.out), "--device", options.device]
    command += ["--carried", str(options.carried)] if options.carried else []
    command += ["--small"] if options.small else []
    environment = os.environ | {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // len(LANES)))}
    players = [
        subprocess.Popen([*command, "--lane", lane, "--lane-seconds", str(seconds)], env=environment) for lane in LANES
    ]
    for player in players:
        try:
            player.wait(timeout=seconds + 60)
        except subprocess.TimeoutExpired:
            player.kill()
            player.wait()
    played = {lane: rounds(options.out / f"cell-{lane}.jsonl") for lane in LANES}
    return {"exit codes": [player.returncode for player in players]} | picture(played)


def play(options: argparse.Namespace) -> None:
    """One lane, its events written as they come."""
    until = time.monotonic() + options.lane_seconds
    os.environ[devices.SETTING] = options.device
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))

    def tick() -> None:
        if time.monotonic() > until:
            raise TimeUp

    experiment = prepare(config_of(options.lane, options.small), keep=False)
    experiment.tick = tick
    with (options.out / f"cell-{options.lane}.jsonl").open("w", encoding="utf-8") as file:
        try:
            for event in engine.run(experiment):
                print(event.model_dump_json(), file=file, flush=True)
                if isinstance(event, Round):
                    print(
                        f"{options.lane}: round {event.round}, {event.epochs} epochs, {event.bytes_total / 1e6:.0f} MB,"
                        f" accuracy {event.accuracy:.4f}, loss {event.test_loss:.4f}, {event.seconds:.1f} s",
                        flush=True,
                    )
        except TimeUp:
            pass


def rounds(file: Path) -> list[dict[str, Any]]:
    """The rounds on record; none where the lane did not begin."""
    if not file.exists():
        return []
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return [line for line in lines if line["event"] == "round"]


def picture(played: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Best accuracies s, and what the first crossing of .90, .95 and .99 s* cost; s* is the best of all lanes."""
    done = {lane: totals(mine) for lane, mine in played.items()}
    star = max(each["best"] for each in done.values())
    crossings = {
        f"{share} s* = {share * star:.4f}": {lane: crossing(mine, share * star) for lane, mine in played.items()}
        for share in SHARES
    }
    return {"s*": star, "lanes": done, "crossings": crossings}


def totals(mine: list[dict[str, Any]]) -> dict[str, Any]:
    """What a lane did until its time was up."""
    return {
        "rounds": len(mine),
        "epochs": sum(each["epochs"] for each in mine),
        "MB": mine[-1]["bytes_total"] / 1e6 if mine else 0.0,
        "best": max((each["accuracy"] for each in mine), default=0.0),
        "epochs a round": [each["epochs"] for each in mine],
    }


def crossing(mine: list[dict[str, Any]], target: float) -> dict[str, Any] | None:
    """MB, rounds and local epochs at the first round that is as good as the target."""
    epochs = 0
    for each in mine:
        epochs += each["epochs"]
        if each["accuracy"] >= target:
            return {"MB": round(each["bytes_total"] / 1e6, 1), "round": each["round"], "epochs": epochs}
    return None
