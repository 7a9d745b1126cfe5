"""Our sketch against one with tables: `python -m benchmarks.sketch [--sizes D ...] [--threads T] [--json]`.

Of sizes above `--timed-up-to` the hundred sketches are not made but computed: set-up + 100 medians.

Seconds are medians of interleaved repeats; set-up is timed apart. Extra bytes are the growth of a fresh process's peak
resident memory (VmHWM) over set-up and two sketches, the vector itself excluded. Errors are of the estimated squared
norm of a Gaussian vector, over many maps.
"""

import argparse
import gc
import json
import math
import multiprocessing
import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks import machine
from fda_core.algorithm.sketch import Sketch, norm_squared

SIZES = [160_000, 1_000_000, 23_000_000, 66_000_000, 125_000_000]
REPEATED_NUMBERS = 30_000_000  # Small sketches are repeated until they have seen as many.
ERROR_SIZE, MAPS = 20_000, 2_000


class TableSketch:
    """A position (int64) and a sign (float32) for every number and row: 36 bytes a number at depth 3.

    Of index_add_, scatter_add_, torch.bincount and np.bincount, by row or for all rows, at once or in parts of 16 to
    256 thousand numbers, this was the fastest; without parts the products leave the cache and it takes twice as long.
    """

    PART = 1 << 18

    def __init__(self, size: int, seed: int, depth: int = 3, width: int = 500):
        generator = torch.Generator().manual_seed(seed)
        self.shape = depth, width
        self.positions = torch.randint(width, (depth, size), generator=generator)
        self.signs = torch.empty(depth, size).random_(0, 2, generator=generator).mul_(2).sub_(1)

    def __call__(self, vector: Tensor) -> Tensor:
        sums = torch.zeros(self.shape)
        for start in range(0, len(vector), self.PART):
            part = slice(start, start + self.PART)
            sums.scatter_add_(1, self.positions[:, part], self.signs[:, part] * vector[part])
        return sums


KINDS: dict[str, Callable] = {"ours": Sketch, "table": TableSketch}


def gaussian(size: int) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(0))


def timed(action: Callable):
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def resident(field: str) -> int:
    return int(re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


def peak_growth(kind: str, size: int, threads: int) -> int:
    """In a process of its own: bytes by which the peak exceeds what was there before."""
    torch.set_num_threads(threads)
    for make in KINDS.values():  # Libraries take their memory at first use.
        make(2_000, 0)(gaussian(2_000))
    vector = gaussian(size)
    Path("/proc/self/clear_refs").write_text("5")  # The peak begins anew.
    before = resident("VmRSS")
    sketch = KINDS[kind](size, 0)
    for _ in range(2):
        sketch(vector)
    return resident("VmHWM") - before


def extra_bytes(kind: str, size: int, threads: int) -> int:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(peak_growth, kind, size, threads).result()


def hundred(kind: str, size: int, vector: Tensor) -> float:
    def make_and_use():
        sketch = KINDS[kind](size, 0)
        for _ in range(100):
            sketch(vector)

    return timed(make_and_use)[0]


def compare(size: int, repeats: int, threads: int, timed_up_to: float = math.inf) -> dict:
    extra = {kind: extra_bytes(kind, size, threads) for kind in KINDS}
    vector = gaussian(size)
    setup, sketches, seconds = {}, {}, {kind: [] for kind in KINDS}
    for kind, make in KINDS.items():
        setup[kind], sketches[kind] = timed(lambda make=make: make(size, 0))
        sketches[kind](vector)
    for _ in range(max(repeats, REPEATED_NUMBERS // size)):
        for kind, sketch in sketches.items():
            seconds[kind].append(timed(lambda sketch=sketch: sketch(vector))[0])
    middle = {kind: statistics.median(values) for kind, values in seconds.items()}
    sketches.clear()  # Tables take 4.5 GB at 125 million numbers: not twice at once.
    if size <= timed_up_to:
        total = {kind: hundred(kind, size, vector) for kind in KINDS}
    else:
        total = {kind: setup[kind] + 100 * middle[kind] for kind in KINDS}
    return {
        "d": size,
        "setup_seconds": setup["ours"],
        "table_setup_seconds": setup["table"],
        "seconds": middle["ours"],
        "table_seconds": middle["table"],
        "time_ratio": middle["table"] / middle["ours"],
        "repeats": len(seconds["ours"]),
        "hundred_seconds": total["ours"],
        "table_hundred_seconds": total["table"],
        "hundred_is": "timed" if size <= timed_up_to else "computed",
        "extra_bytes": extra["ours"],
        "table_extra_bytes": extra["table"],
        "memory_ratio": extra["table"] / extra["ours"],
    }


def table_row(row: dict) -> str:
    cells = [f"{row['d']:,}"]
    cells += [f"{row[key]:.3f}" for key in ("setup_seconds", "table_setup_seconds")]
    cells += [f"{1000 * row[key]:.3f}" for key in ("seconds", "table_seconds")] + [f"{row['time_ratio']:.2f}"]
    cells += [f"{row['hundred_seconds']:.2f} / {row['table_hundred_seconds']:.2f} {row['hundred_is']}"]
    cells += [f"{row[key] / 1e6:.1f}" for key in ("extra_bytes", "table_extra_bytes")] + [f"{row['memory_ratio']:.1f}"]
    return f"| {' | '.join(cells)} |"


def error_quantiles(kind: str) -> list[float]:
    """5, 50 and 95 % of the signed relative error."""
    vector = gaussian(ERROR_SIZE)
    true = vector.double().square().sum().item()
    errors = [norm_squared(KINDS[kind](ERROR_SIZE, seed)(vector)) / true - 1 for seed in range(MAPS)]
    return np.quantile(errors, [0.05, 0.5, 0.95]).tolist()


HEAD = ["d", "set-up s", "table", "sketch ms", "table", "time ratio", "100 sketches with set-up s: ours / table"]
HEAD += ["extra MB", "table", "memory ratio"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--repeats", type=int, default=9, help="at least; small sizes get more")
    parser.add_argument(
        "--timed-up-to", type=int, default=math.inf, metavar="D", help="of larger sizes compute the 100"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    facts = machine.about("benchmarks.sketch")
    print(machine.lines(facts))
    print(machine.table(HEAD, []).rstrip("\n"), flush=True)
    rows = []
    for size in options.sizes:
        rows.append(compare(size, options.repeats, options.threads, options.timed_up_to))
        print(table_row(rows[-1]), flush=True)
        gc.collect()
    print(f"\nRelative error of the squared norm, d = {ERROR_SIZE:,}, {MAPS} maps\n")
    print("| | 5 % | 50 % | 95 % |\n|---|---|---|---|")
    quantiles = {kind: error_quantiles(kind) for kind in KINDS}
    for kind, values in quantiles.items():
        print(f"| {kind} | {' | '.join(f'{value:+.4f}' for value in values)} |")
    if options.json:
        print(json.dumps({"rows": rows, "error_quantiles": quantiles, **facts}))


if __name__ == "__main__":
    main()
