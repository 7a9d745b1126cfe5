"""How long a viewer waits: `python -m benchmarks.race [--repeats N] [--json]`, preset `default`, seed 0.

Seconds from Start to the first point (the first synchronisation) and until every lane has reached the target:
headless in a process that has run before, in a fresh process with an empty prefix cache, and in the app with one
viewer in Chromium: with an empty cache as soon as the page is there, with an empty cache after half a minute on the
page, and warm. Peak memory is that of the training process (headless) and of
the server (app). Medians of the repeats; the cold ones are measured once.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import machine
from fda_core.algorithm.events import Event, Round
from fda_core.analysis.summary import reached_at, rounds_of
from fda_core.settings import presets

MB = 1e6
LOOK = 30  # seconds that somebody reads before they press


class Watch:
    """Seconds from its making to the moments of a run."""

    def __init__(self, config):
        self.config, self.events, self.moments, self.progress = config, [], {}, []
        self.began = time.perf_counter()

    def see(self, event: Event) -> bool:
        """Notes an event; true once every lane has reached the target."""
        self.events.append(event)
        if isinstance(event, Round):
            self.note("first_point")
            rounds = {lane.id: rounds_of(self.events, lane.id) for lane in self.config.lanes}
            if all(reached_at(own, self.config.target) is not None for own in rounds.values()):
                self.note("all_at_target")
        return "all_at_target" in self.moments

    def note(self, moment: str) -> None:
        self.moments.setdefault(moment, time.perf_counter() - self.began)

    def prepared(self, done: int, total: int) -> None:
        self.note("first_progress")
        self.progress.append(done / total)


def headless(repeats: int) -> list[dict]:
    """In this process: one race to warm up, which is the cold one if the cache is empty, then the measured ones."""
    from fda_core.federation import engine
    from fda_core.setup import prepare

    config, results = presets.build({"seed": 0}), []
    for i in range(repeats + 1):
        watch = Watch(config)
        for event in engine.run(prepare(config, watch.prepared, whole=False)):
            if watch.see(event) or (i == 0 and "first_point" in watch.moments):
                break
        if i == 0:
            prepare(config)  # the rest of the cache, for the warm ones
        results.append(watch.moments | {"peak_mb": machine.peak_bytes() / MB, "progress_reports": len(watch.progress)})
    return results


def child(repeats: int, cache: Path) -> list[dict]:
    """`headless` in a process of its own; the first result is that of a process that has never run."""
    folder = {"FDA_OPT_LAB_CACHE": str(cache)}
    command = [sys.executable, "-m", "benchmarks.race", "--headless", str(repeats)]
    done = subprocess.run(command, env=os.environ | folder, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def in_the_app(repeats: int, look: float) -> list[dict]:
    """One viewer in Chromium presses Start on the default race; the first time the cache is empty, and they have looked
    at the page for so many seconds. Without repeats that race is stopped after its first point."""
    from benchmarks.browser import viewer
    from tests.helpers.server import Server

    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), {"FDA_OPT_LAB_CACHE": str(Path(folder) / "cache")}).start()
        try:
            with viewer(server.url) as race:
                first = viewed(race, server, look, stop_early=not repeats)
                return [first, *(viewed(race, server, 0, stop_early=False) for _ in range(repeats))]
        finally:
            server.kill()


def viewed(race, server, look: float, stop_early: bool) -> dict:
    config = presets.build({"seed": 0})
    race.open(preset="default", seed=0)
    time.sleep(look)
    untrained, watch = race.points(), Watch(config)
    race.press("Start")
    race.page.get_by_test_id("stProgress").wait_for()
    watch.note("first_progress")
    wait_until(lambda: race.points() > max(untrained, len(config.lanes)))
    watch.note("first_point")
    if stop_early:
        race.stop()
    else:
        # Reading the run's events takes processor time from the run: not too often.
        wait_until(lambda: reached(server, race, config), every=1.0)
        watch.note("all_at_target")
        race.stop()
    return watch.moments | {"peak_mb": high_water(server.process.pid)}


def reached(server, race, config) -> bool:
    from fda_core.runs.store import read_events

    events = read_events(server.runs / race.run_id())
    return all(reached_at(rounds_of(events, lane.id), config.target) is not None for lane in config.lanes)


def wait_until(happened: Callable[[], bool], patience: float = 600, every: float = 0.1) -> None:
    deadline = time.monotonic() + patience
    while not happened():
        if time.monotonic() > deadline:
            raise SystemExit("The app did not get there in ten minutes.")
        time.sleep(every)


def high_water(pid: int) -> float:
    """Peak resident memory of a process (Linux), MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / MB


def medians(results: list[dict]) -> dict:
    return {name: statistics.median(result[name] for result in results) for name in results[0]}


GOALS = {"first_point": 5, "all_at_target": 60, "peak_mb": 1500}


def report(rows: dict[str, dict]) -> None:
    print("| | first sign of life, s | first point, s | all lanes at the target, s | peak memory, MB |")
    print("|---|---|---|---|---|")
    for name, row in rows.items():
        cells = [row.get(key) for key in ("first_progress", "first_point", "all_at_target", "peak_mb")]
        print(f"| {name} | {' | '.join('–' if cell is None else f'{cell:,.1f}' for cell in cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-app", action="store_true", help="leave out the browser")
    parser.add_argument("--headless", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.headless is not None:
        print(json.dumps(headless(options.headless)))
        return
    facts = machine.about("benchmarks.race")
    print(machine.lines(facts), flush=True)
    rows = {}
    with tempfile.TemporaryDirectory() as cache:
        cold, *warm = child(options.repeats, Path(cache))
        rows |= {"headless, cold cache": cold, "headless, warm": medians(warm)}
    if not options.no_app:
        rows["app, cold cache, Start at once"] = in_the_app(0, 0)[0]
        cold, *warm = in_the_app(options.repeats, LOOK)
        rows |= {f"app, cold cache, Start after {LOOK} s on the page": cold, "app, warm": medians(warm)}
    report(rows)
    if options.json:
        print(json.dumps({"rows": rows, "goals": GOALS, **facts}))


if __name__ == "__main__":
    main()
