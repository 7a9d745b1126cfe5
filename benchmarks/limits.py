"""How far the engine is from what the cores can do: `python -m benchmarks.limits [--repeats N] [--json]`.

One local epoch of round 1 of `default` in one thread, as each lane has on two cores: its floating-point operations, how
long they would take at the speed of a large matrix product on the same core, how long it takes, and where the rest
goes (torch's profiler; what no operator accounts for is Python, autograd and waiting for the core).
"""

import argparse
import json
import statistics
import time

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import machine
from benchmarks.loops import ROUND, Epoch
from fda_core.federation.batches import cohort_of
from fda_core.settings import presets
from fda_core.setup import prepare

SIDE = 1024  # of the large matrices
GROUPS = {
    "matrix products": ("mm", "addmm", "bmm", "baddbmm"),
    "gathering and copying": ("index_select", "copy_", "index", "cat", "fill_", "zero_", "clone"),
    "elementwise, norms, softmax": None,  # all other operators
}


def matrix_product(repeats: int = 20) -> float:
    """10⁹ floating-point operations a second; the fastest of some, which no other program has lengthened."""
    one = torch.randn(SIDE, SIDE)
    seconds = [timed(lambda: one @ one) for _ in range(repeats)]
    return 2 * SIDE**3 / min(seconds) / 1e9


def timed(action) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def spent(epoch: Epoch) -> tuple[dict[str, float], float]:
    """Seconds by group of operators, and all of the epoch's."""
    with profile(activities=[ProfilerActivity.CPU]) as found:
        whole = timed(lambda: train(epoch))
    groups = dict.fromkeys(GROUPS, 0.0)
    for row in found.key_averages():
        if row.key.startswith("aten::"):
            name = row.key.removeprefix("aten::")
            group = next((group for group, names in GROUPS.items() if names and name in names), list(GROUPS)[-1])
            groups[group] += row.self_cpu_time_total / 1e6
    return groups, whole


def train(epoch: Epoch) -> None:
    cohort = epoch.cohort()
    cohort.train(cohort.steps)


def measure(epoch: Epoch, repeats: int) -> dict:
    train(epoch)  # warms up
    with FlopCounterMode(display=False) as counter:
        train(epoch)
    flops = counter.get_total_flops()
    rounds = [(timed(lambda: train(epoch)), matrix_product(3)) for _ in range(repeats)]  # a slow moment meets both
    speed = max(each for _, each in rounds)
    seconds = statistics.median(each for each, _ in rounds)
    groups, whole = spent(epoch)
    groups["Python, autograd, waiting"] = max(0.0, whole - sum(groups.values()))
    return {
        "client_steps": len(epoch.clients) * epoch.steps, "flops": flops, "gflops_a_second": speed, "seconds": seconds,
        "fastest_seconds": min(each for each, _ in rounds), "arithmetic_seconds": flops / speed / 1e9,
        "shares": {name: value / whole for name, value in groups.items()},
    }  # fmt: skip


def report(found: dict) -> None:
    steps = found["client_steps"]
    rows = [
        ["floating-point operations a client-step", f"{found['flops'] / steps / 1e6:.1f} million"],
        ["a matrix product of 1,024², one core", f"{found['gflops_a_second']:.0f} · 10⁹ a second"],
        ["arithmetic's own time", f"{1000 * found['arithmetic_seconds'] / steps:.2f} ms a client-step"],
        ["measured: median", f"{1000 * found['seconds'] / steps:.2f} ms a client-step"],
        ["measured: fastest", f"{1000 * found['fastest_seconds'] / steps:.2f} ms a client-step"],
        ["of the limit, at the fastest", f"{100 * found['arithmetic_seconds'] / found['fastest_seconds']:.0f} %"],
        *([f"time in {name}", f"{100 * share:.0f} %"] for name, share in found["shares"].items()),
    ]
    print(machine.table(["one local epoch in one thread", ""], rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    options = parser.parse_args()
    torch.set_num_threads(1)
    facts = machine.about("benchmarks.limits")
    print(machine.lines(facts), flush=True)
    config = presets.build()
    epoch = Epoch(prepare(config), config, cohort_of(config.clients, config.cohort_size, config.seed, ROUND))
    found = measure(epoch, options.repeats)
    report(found)
    if options.json:
        print(json.dumps(found | facts))


if __name__ == "__main__":
    main()
