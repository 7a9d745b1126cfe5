"""What a round costs as clients and LoRA rank grow: `python -m benchmarks.scaling [--quick] [--json]`.

Rounds of FDA-OPT with M = 1, which are one local epoch with its sketches and check, a synchronisation and a test; all
else as in preset `default`. Medians over rounds; each case in a fresh process, whose peak resident memory is shown.
The 4,000 training examples are divided among all clients: more clients mean fewer steps in an epoch, so milliseconds
per client-step are shown too. `--quick` measures fewer cases on fewer texts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch

from benchmarks import machine
from fda_core.federation.lane import Lane
from fda_core.settings import presets
from fda_core.settings.config import LaneSpec
from fda_core.setup import prepare

LANE = LaneSpec(id="fda-opt-m1", rule="adaptive", max_epochs=1)
CASES = {
    "clients": [{"clients": n} for n in (10, 100, 1000)],
    "clients per round": [{"clients": 100, "clients_per_round": k} for k in (2, 5, 10, 20, 50, 100)],
    "LoRA rank": [{"rank": r} for r in (1, 4, 8, 16, 64)],
}
QUICK = {
    "clients": [{"clients": 10}, {"clients": 40}],
    "LoRA rank": [{"rank": 1}],
}
BASE = {"clients": 40, "clients_per_round": 10, "rank": 8}
HEAD = ["what grows", "N", "K", "rank", "steps", "s per round", "training s", "ms per client-step", "scoring s"]
HEAD += ["rest s", "peak MB", "MB a client and round, one way"]


class TimedLane(Lane):
    """A lane that notes how long local training and scoring take."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.spent = {"local": 0.0, "score": 0.0}

    def broadcast(self):
        local = super().broadcast()
        local.cohort.train = self._timed("local", local.cohort.train)
        self.steps = local.cohort.steps
        return local

    def score(self):
        return self._timed("score", super().score)()

    def _timed(self, what: str, action: Callable) -> Callable:
        def run(*arguments):
            began = time.perf_counter()
            result = action(*arguments)
            self.spent[what] += time.perf_counter() - began
            return result

        return run


def case(values: dict) -> dict:
    """Measured in this process: medians over rounds after a first one that warms up."""
    torch.set_num_threads(values["threads"])
    changes = {"clients": values["clients"], "clients_per_round": values["clients_per_round"]}
    changes |= {"lora": {"rank": values["rank"]}, "lanes": [LANE.model_dump(exclude_none=True)]}
    experiment = prepare(presets.build(changes | values.get("data", {})))
    lane = TimedLane(experiment, LANE, experiment.score(experiment.initial))
    rounds = []
    for _ in range(values["rounds"] + 1):
        lane.spent = {"local": 0.0, "score": 0.0}
        began = time.perf_counter()
        list(lane.play_round())
        rounds.append({"round": time.perf_counter() - began, **lane.spent})
    middle = {name: statistics.median(spent[name] for spent in rounds[1:]) for name in rounds[0]}
    return {
        "clients": values["clients"],
        "clients_per_round": values["clients_per_round"],
        "rank": values["rank"],
        "steps": lane.steps,
        "seconds_per_round": middle["round"],
        "local_seconds": middle["local"],
        "score_seconds": middle["score"],
        "ms_per_client_step": 1000 * middle["local"] / (lane.steps * values["clients_per_round"]),
        "peak_mb": machine.peak_bytes() / 1e6,
        "model_bytes": experiment.model_bytes,
    }


def fresh(values: dict) -> dict:
    """A case in a process of its own. This one must stay small: Linux lets a child's peak begin at its parent's."""
    command = [sys.executable, "-m", "benchmarks.scaling", "--case", json.dumps(values)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{values}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def cells(row: dict) -> list[str]:
    rest = row["seconds_per_round"] - row["local_seconds"] - row["score_seconds"]
    return [
        row["what"], f"{row['clients']:,}", str(row["clients_per_round"]), str(row["rank"]), str(row["steps"]),
        f"{row['seconds_per_round']:.3f}", f"{row['local_seconds']:.3f}", f"{row['ms_per_client_step']:.2f}",
        f"{row['score_seconds']:.3f}", f"{rest:.3f}", f"{row['peak_mb']:,.0f}", f"{row['model_bytes'] / 1e6:.3f}",
    ]  # fmt: skip


def measure(cases: dict[str, list[dict]], common: dict) -> list[dict]:
    fresh(BASE | common | {"rounds": 1})  # fills the cache of the frozen layers, whose computing takes memory too
    rows = []
    for what, changes in cases.items():
        for change in changes:
            rows.append({"what": what, **fresh(BASE | common | change)})
            print(machine.table(HEAD, [cells(rows[-1])]).splitlines()[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three cases on 400 texts")
    parser.add_argument("--rounds", type=int, default=7, help="measured rounds of each case")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.add_argument("--case", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(case(options.case)))
        return
    torch.set_num_threads(options.threads)
    facts = machine.about("benchmarks.scaling")
    print(machine.lines(facts))
    print(machine.table(HEAD, []).rstrip("\n"), flush=True)
    common = {"threads": options.threads, "rounds": options.rounds}
    if options.quick:
        common |= {"rounds": 2, "data": {"train_examples": 400, "test_examples": 100}}
    rows = measure(QUICK if options.quick else CASES, common)
    if options.json:
        print(json.dumps({"rows": rows, **facts}))


if __name__ == "__main__":
    main()
