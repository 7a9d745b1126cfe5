"""A run beside programs that keep every core busy: `python -m benchmarks.busy [--seconds S] [--programs N] [--json]`.

One viewer presses Start on `default` and draws the page again every second; then Stop. Once on an idle machine, once
beside the busy programs. The frozen layers' states are kept between the two.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import machine
from benchmarks.load import quantile
from benchmarks.viewer import Viewer
from fda_core.runs.store import EVENTS
from tests.helpers.server import Server

PATIENCE = 60  # seconds for a run to end
CLOSED = b'"event":"run_finished"'


@contextmanager
def busy(programs: int) -> Iterator[None]:
    """So many programs that compute without end, at the priority of any program."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(programs)]
    try:
        yield
    finally:
        for process in running:
            process.kill()


async def visit(server: Server, seconds: float) -> dict[str, float | None]:
    """What one viewer waited for, in seconds, and the rounds that were played."""
    async with Viewer(server.url, "race", "preset=default&seed=0") as viewer:
        began, redraws = time.time(), []
        started = await viewer.draw(press="Start")
        while time.time() - began < seconds:
            redraws.append(await viewer.draw())
            await asyncio.sleep(1)
        seen = viewer.seen.rounds
        before = time.perf_counter()
        answered = await viewer.draw(press="Stop")
        while not ended(server):
            if time.perf_counter() - before > PATIENCE:
                raise SystemExit(f"The run had not ended {PATIENCE} s after Stop.")
            await asyncio.sleep(0.05)
        return {
            "first_point": next((when - began for played, when in seen if played), None),
            "rounds": max((played for played, _ in seen), default=0),
            "redraw_p50": statistics.median(redraws), "redraw_p95": quantile(redraws, 0.95), "start": started,
            "stop_answered": answered, "stop_ended": time.perf_counter() - before,
        }  # fmt: skip


def ended(server: Server) -> bool:
    """Whether the record of the only run is closed."""
    return any(CLOSED in file.read_bytes() for file in server.runs.glob(f"*/{EVENTS}"))


def measured(programs: int, seconds: float, cache: str) -> dict[str, float | None]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), {"FDA_OPT_LAB_CACHE": cache})
        with busy(programs):
            try:
                return asyncio.run(visit(server.start(), seconds))
            finally:
                server.kill()


HEADS = {
    "first_point": "first point, s", "rounds": "rounds", "redraw_p50": "redraw p50, s", "redraw_p95": "p95, s",
    "start": "Start answered, s", "stop_answered": "Stop answered, s", "stop_ended": "run ended, s",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--programs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    facts = machine.about("benchmarks.busy")
    print(machine.lines(facts), flush=True)
    with tempfile.TemporaryDirectory() as cache:
        measured(0, 30, cache)  # computes the states, brings files into memory
        found = {programs: measured(programs, options.seconds, cache) for programs in (0, options.programs)}
    rows = [
        [str(programs), *("–" if row[name] is None else f"{row[name]:.3g}" for name in HEADS)]
        for programs, row in found.items()
    ]
    print(machine.table(["busy programs", *HEADS.values()], rows))
    if options.json:
        print(json.dumps({str(programs): row for programs, row in found.items()} | facts))


if __name__ == "__main__":
    main()
