"""A class in one room: `python -m benchmarks.load [--viewers N] [--seconds S] [--json]`, preset `default`, seed 0.

N viewers look at one run that trains on the same cores; its target is out of reach, so that it trains until the last
of them has left. They are real WebSocket clients that speak Streamlit's protocol (30 Chromiums would need more than two
cores for themselves) and click every few seconds; one real Chromium comes last.
First paint: from opening the connection to the whole page. Update delay: from a round being on record to its being
shown. Interaction: a click that draws the whole page again.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks import machine
from benchmarks.viewer import Viewer
from fda_core.runs.store import EVENTS, read_events

GOALS = {"first_paint_p95": 2.0, "interaction_p95": 0.5, "errors": 0}
CLICK_EVERY = (4.0, 8.0)  # seconds
SETTINGS = "preset=default&rounds=5000&target.value=0.99"
ARRIVE_WITHIN = 10.0  # seconds: nobody's class presses Enter at the same instant
RUN = "Start"


async def room(server, viewers: int, seconds: float) -> dict:
    """Everybody's waits, pooled."""
    async with Viewer(server.url, "race", SETTINGS) as teacher:
        await teacher.draw(press=RUN)
        await until_training(teacher)
        run_id = next(server.runs.glob("2*")).name
        alone = psutil.Process(server.process.pid).memory_info().rss
        drawn = random.Random(0)
        seen = await asyncio.gather(
            *(visit(server, f"run={run_id}", drawn.random(), seconds) for _ in range(viewers)),
        )
        memory = psutil.Process(server.process.pid).memory_info().rss
        rounds, training = round_times(server.runs / run_id), not ended(server.runs / run_id)
    return {
        "first_paint": [each.first_paint for each in seen],
        "interaction": [wait for each in seen for wait in each.interactions],
        "redraw": [wait for each in seen for wait in each.redraws],
        "update_delay": [delay for each in seen for delay in delays(each.rounds, rounds)],
        "errors": [error for each in seen for error in each.errors],
        "rounds": len(rounds), "still_training": training, "memory_mb": memory / 1e6,
        "memory_per_viewer_mb": (memory - alone) / 1e6 / viewers,
    }  # fmt: skip


async def until_training(teacher: Viewer) -> None:
    deadline = time.monotonic() + 300
    while not teacher.seen.rounds or teacher.seen.rounds[-1][0] < 1:
        if time.monotonic() > deadline:
            raise SystemExit("The run did not begin within five minutes.")
        await asyncio.sleep(0.5)


async def visit(server, query: str, chance: float, seconds: float):
    drawn = random.Random(chance)
    await asyncio.sleep(chance * ARRIVE_WITHIN)
    async with Viewer(server.url, "race", query) as viewer:
        leave = time.monotonic() + seconds
        while (left := leave - time.monotonic()) > 0:
            await asyncio.sleep(min(left, drawn.uniform(*CLICK_EVERY)))
            await viewer.interact()
    return viewer.seen


def round_times(folder: Path) -> list[float]:
    """When each round was on record."""
    rows = (json.loads(line) for line in (folder / EVENTS).read_text().splitlines())
    return [datetime.fromisoformat(row["time"]).timestamp() for row in rows if row["event"] == "round"]


def ended(folder: Path) -> bool:
    return any(event.event == "run_finished" for event in read_events(folder)[-1:])


def delays(shown: list[tuple[int, float]], recorded: list[float]) -> list[float]:
    """For every round that came while the viewer was there, how long after it the page showed it."""
    found = []
    for (before, _), (count, moment) in pairwise(shown):
        found += [moment - recorded[i] for i in range(before, min(count, len(recorded)))]
    return found


def quantile(values: list[float], share: float) -> float:
    """Nearest rank; nan without values."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def in_chromium(server, run: str) -> float:
    """Seconds from the address to the drawn chart in a real browser with an empty cache."""
    from benchmarks.browser import viewer

    with viewer(server.url) as race:
        began = time.perf_counter()
        race.open(run=run)
        return time.perf_counter() - began


def measure(viewers: int, seconds: float) -> dict:
    from tests.helpers.server import Server

    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder)).start()
        try:
            found = asyncio.run(room(server, viewers, seconds))
            found["chromium_first_paint"] = in_chromium(server, next(server.runs.glob("2*")).name)
            log = (Path(folder) / "server.log").read_text()
        finally:
            server.kill()
    found["errors"] += [line for line in log.splitlines() if line.startswith("Traceback")]
    return found


def summary(found: dict) -> dict:
    waits = ("first_paint", "interaction", "redraw", "update_delay")
    result = {f"{name}_p{int(100 * share)}": quantile(found[name], share) for name in waits for share in (0.5, 0.95)}
    counts = {f"{name}s_counted": len(found[name]) for name in waits}
    kept = ("rounds", "still_training", "memory_mb", "memory_per_viewer_mb", "chromium_first_paint")
    return result | counts | {name: found[name] for name in kept} | {"errors": len(found["errors"])}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--viewers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    facts = machine.about("benchmarks.load")
    print(machine.lines(facts))
    found = measure(options.viewers, options.seconds)
    result = summary(found)
    rows = [
        [name.replace("_", " "), f"{result[f'{name}_p50']:.2f}", f"{result[f'{name}_p95']:.2f}",
         f"{result[f'{name}s_counted']:,}"]
        for name in ("first_paint", "interaction", "redraw", "update_delay")
    ]  # fmt: skip
    print(machine.table([f"{options.viewers} viewers, seconds", "p50", "p95", "counted"], rows))
    print(
        f"\nErrors: {result['errors']}. Memory of the server: {result['memory_mb']:,.0f} MB, "
        f"{result['memory_per_viewer_mb']:.1f} MB a viewer. First paint in Chromium afterwards: "
        f"{result['chromium_first_paint']:.2f} s. Rounds played meanwhile: {result['rounds']}; "
        f"still training at the end: {'yes' if result['still_training'] else 'no'}."
    )
    for error in sorted(set(found["errors"])):
        print("error:", error)
    if options.json:
        print(json.dumps(result | {"goals": GOALS, "viewers": options.viewers} | facts))


if __name__ == "__main__":
    main()
