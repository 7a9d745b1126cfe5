"""What Stop costs, and what runs leave in memory: `python -m benchmarks.stops [--runs N] [--json]`.

The real server and one viewer over a real WebSocket: each run is stopped at a random moment after its first rounds.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from benchmarks import machine
from benchmarks.viewer import Viewer
from tests.helpers.server import Server

SETTINGS = "preset=default&rounds=5000&target.value=0.99"
PATIENCE = 120  # seconds
SOME = 5  # runs of which the median is taken: what torch holds differs from moment to moment


class Presser(Viewer):
    """A viewer that reads the status beside the buttons."""

    status = ""

    def _look_at(self, element) -> None:
        super()._look_at(element)
        if element.WhichOneof("type") == "progress":
            self.status = element.progress.text

    async def reaches(self, *words: str) -> float:
        """Seconds until the status begins with one of the words."""
        began = time.perf_counter()
        while not self.status.startswith(words):
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError(f"{words}: the status is {self.status!r}")
            await asyncio.sleep(0.02)
        return time.perf_counter() - began


async def one_run(viewer: Presser, pause: float) -> tuple[float, float]:
    """Seconds from the click until the page says so, and until the run has ended."""
    await viewer.draw(press="New run" if "New run" in viewer.buttons else "Start")
    await viewer.reaches("Running")
    await asyncio.sleep(pause)
    began = time.perf_counter()
    await viewer.draw(press="Stop")
    await viewer.reaches("Stopping", "Stopped")
    shown = time.perf_counter() - began
    await viewer.reaches("Stopped")
    return shown, time.perf_counter() - began


async def measure(url: str, process: psutil.Process, runs: int) -> dict:
    shown, ended, memory = [], [], []
    async with Presser(url, "race", SETTINGS) as viewer:
        for number in range(runs):
            viewer.buttons.pop("New run" if number == 0 else "Start", None)
            times = await one_run(viewer, random.Random(number).uniform(1, 4))
            shown.append(times[0])
            ended.append(times[1])
            memory.append(process.memory_info().rss / 1e6)
    return {
        "runs": runs, "shown_median": round(median(shown), 2), "shown_max": round(max(shown), 2),
        "ended_median": round(median(ended), 2), "ended_max": round(max(ended), 2),
        "mb_first_runs": round(median(memory[:SOME])), "mb_last_runs": round(median(memory[-SOME:])),
        "mb_highest": round(max(memory)), "errors": len(viewer.seen.errors),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stops", description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    facts = machine.about("benchmarks.stops")
    print(machine.lines(facts))
    with tempfile.TemporaryDirectory() as name:
        server = Server(Path(name)).start()
        try:
            result = asyncio.run(measure(server.url, psutil.Process(server.process.pid), options.runs))
        finally:
            server.kill()
    print(machine.table(["what", "value"], [[name.replace("_", " "), f"{value}"] for name, value in result.items()]))
    if options.json:
        print(json.dumps(result | facts))


if __name__ == "__main__":
    main()
