"""How well a run's cost is known beforehand: `python -m benchmarks.cost_estimate [--only NAME] [--clock cpu] [--json]`.

For each configuration the estimate, then the run itself in a process of its own, all of whose rounds are played. Ratios
are estimated / actual: likely seconds, bytes, peak memory; beside them the upper bounds of seconds and bytes. Goal:
every ratio from 0.5 to 2. One timings serves all configurations of a group, as it does in the app, where sliders only
recompute: it is measured with the group's first, in a process of its own too.
`--clock cpu` compares seconds of the processor instead of seconds on the wall, for a machine that others use too.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks import machine
from fda_core.algorithm.events import Round
from fda_core.cost.estimate import CostEstimate, estimate
from fda_core.cost.timings import from_dict
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig

UNREACHABLE = {"metric": "accuracy", "value": 1.0}
SMALL = {"target": UNREACHABLE, "rounds": 4, "train_examples": 1000, "test_examples": 400}
# The first of each group is the one that is calibrated.
GROUPS: dict[str, dict[str, dict]] = {
    "last layer": {
        "10 of 40 clients": {},
        "40 of 200 clients": {"clients": 200, "clients_per_round": 40},
        "2 of 10 clients": {"clients": 10, "clients_per_round": 2, "rounds": 3},
        "α = 0.1, FedAdam": {"alpha": 0.1, "server_optimizer": "adam"},
        "E = 3, M = 6": {
            "lanes": [
                {"id": "fedopt-e3", "rule": "schedule", "epochs": 3},
                {"id": "fda-opt", "rule": "adaptive", "max_epochs": 6},
            ]
        },
        "Θ = 0.001 every step": {
            "lanes": [{"id": "fda", "rule": "fixed", "theta": 0.001, "max_epochs": 4, "check": "step"}]
        },
        "all 4,000 reviews": {"train_examples": 4000, "test_examples": 1000, "rounds": 2},
    },
    "head": {"10 of 40 clients, head only": {"trained": "head"}},
    "rank 64": {"10 of 40 clients, rank 64": {"lora": {"rank": 64}}},
    "two layers, plain": {
        "3 of 10 clients, two layers": {
            "lora": {"layers": 2}, "clients": 10, "clients_per_round": 3, "rounds": 1, "train_examples": 160,
            "test_examples": 100,
        },
        "1 of 10 clients, two layers": {
            "lora": {"layers": 2}, "clients": 10, "clients_per_round": 1, "rounds": 2, "train_examples": 160,
            "test_examples": 100,
        },
    },
    "everything, plain": {
        "2 of 10 clients, full fine-tuning": {
            "trained": "full", "clients": 10, "clients_per_round": 2, "rounds": 1, "train_examples": 80,
            "test_examples": 60, "client_lr": 0.005,
        },
    },
}  # fmt: skip
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}
HEAD = ["configuration", "s likely", "s at most", "s actual", "ratio", "MB likely", "MB at most", "MB actual", "ratio"]
HEAD += ["memory, MB", "actual", "ratio"]


def config_of(group: str, name: str) -> ExperimentConfig:
    return presets.build(SMALL | GROUPS[group][name])


def calibrated(group: str, clock: str, threads: int) -> dict:
    """In this process: the timings of a group."""
    from fda_core.cost.calibration import measure

    torch.set_num_threads(threads)
    return asdict(measure(config_of(group, next(iter(GROUPS[group]))), clock=CLOCKS[clock]))


def played(group: str, name: str, clock: str, threads: int) -> dict:
    """In this process, with an empty cache: what the run took."""
    from fda_core.runs.record import Callbacks, Recording, record

    torch.set_num_threads(threads)
    now, events = CLOCKS[clock], []
    with tempfile.TemporaryDirectory() as folder:
        began = now()
        recording = Recording(config_of(group, name), Path(folder) / "run", "run")
        status, message = record(recording, Callbacks(events.append))
        seconds = now() - began
    if status != "finished":
        raise SystemExit(f"{name}: {status}. {message}")
    sent = {event.lane: event.bytes_total for event in events if isinstance(event, Round)}
    epochs = {lane: sum(e.epochs for e in events if isinstance(e, Round) and e.lane == lane) for lane in sent}
    return {"seconds": seconds, "bytes": sum(sent.values()), "memory": machine.peak_bytes(), "epochs": epochs}


def fresh(cache: str, *words: str) -> dict:
    """A process of its own, whose memory is its own and whose cache of prefixes is given."""
    command = [sys.executable, "-m", "benchmarks.cost_estimate", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"FDA_OPT_LAB_CACHE": cache})
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(name: str, estimate: CostEstimate, actual: dict) -> dict:
    return {
        "name": name,
        "estimated": {
            "seconds": estimate.seconds.likely, "seconds_at_most": estimate.seconds.most,
            "bytes": estimate.bytes.likely, "bytes_at_most": estimate.bytes.most, "memory": estimate.memory,
        },
        "actual": actual,
        "ratios": {
            "seconds": estimate.seconds.likely / actual["seconds"],
            "bytes": estimate.bytes.likely / actual["bytes"],
            "memory": estimate.memory / actual["memory"],
        },
    }  # fmt: skip


def cells(row: dict) -> list[str]:
    estimated, actual, ratios = row["estimated"], row["actual"], row["ratios"]
    return [
        row["name"],
        *(f"{value:.1f}" for value in (estimated["seconds"], estimated["seconds_at_most"], actual["seconds"])),
        f"**{ratios['seconds']:.2f}**",
        *(f"{value / 1e6:.1f}" for value in (estimated["bytes"], estimated["bytes_at_most"], actual["bytes"])),
        f"**{ratios['bytes']:.2f}**",
        *(f"{value / 1e6:,.0f}" for value in (estimated["memory"], actual["memory"])),
        f"**{ratios['memory']:.2f}**",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=GROUPS, help="one group of configurations")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.add_argument("--calibrate", metavar="GROUP", help=argparse.SUPPRESS)
    parser.add_argument("--play", nargs=2, metavar=("GROUP", "NAME"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    common = ("--clock", options.clock, "--threads", str(options.threads))
    if options.calibrate:
        print(json.dumps(calibrated(options.calibrate, options.clock, options.threads)))
        return
    if options.play:
        print(json.dumps(played(*options.play, options.clock, options.threads)))
        return
    torch.set_num_threads(options.threads)
    facts = machine.about("benchmarks.cost_estimate")
    print(machine.lines(facts))
    print(machine.table(HEAD, []).rstrip("\n"), flush=True)
    rows, calibrations = [], {}
    for group in [options.only] if options.only else GROUPS:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as cache:
            timings = from_dict(fresh(cache, "--calibrate", group, *common))
        calibrations[group] = time.perf_counter() - began
        for name in GROUPS[group]:
            with tempfile.TemporaryDirectory() as cache:
                actual = fresh(cache, "--play", group, name, *common)
            rows.append(compare(name, estimate(config_of(group, name), timings.parameters, timings), actual))
            print(machine.table(HEAD, [cells(rows[-1])]).splitlines()[-1], flush=True)
    ratios = [ratio for row in rows for ratio in row["ratios"].values()]
    farthest = math.exp(max(abs(math.log(ratio)) for ratio in ratios))
    print(f"\nfarthest ratio: a factor of {farthest:.2f}")
    if options.json:
        print(json.dumps({"rows": rows, "farthest": farthest, "calibration_seconds": calibrations, **facts}))


if __name__ == "__main__":
    main()
