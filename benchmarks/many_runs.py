"""The Runs page with many stored runs: `python -m benchmarks.many_runs [--runs N] [--repeats N]`, in Chromium.

Seconds from the click on *Runs* until its table stands there, on a server that has read the folder before, and
milliseconds from Enter in the search box until the table has the runs that were searched for, by the page's own clock.
Medians.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import machine
from benchmarks.browser import felt, viewer
from tests.helpers.server import Server
from tests.helpers.stored_runs import keep_run

TABLE = """document.querySelector('[aria-label^="Table of runs; rows:"]')?.getAttribute("aria-label")"""


def table(page, count: int) -> None:
    """Waits for the table with so many runs."""
    page.locator(f'[aria-label="Table of runs; rows: {count}"]').first.wait_for(state="attached")


def opened(page, url: str, count: int) -> float:
    """Seconds, from another page of the app."""
    page.goto(f"{url}/lesson?lang=en")
    page.locator(".st-key-plans").wait_for()
    began = time.perf_counter()
    page.get_by_role("link", name="Runs", exact=True).click()
    table(page, count)
    return time.perf_counter() - began


def searched(page, count: int) -> float:
    """Milliseconds until one run of `count` is left, which has its seed to itself."""
    box = page.get_by_label("Search", exact=True)
    box.fill("seed 7")
    passed = felt(page, TABLE, lambda: box.press("Enter"))
    table(page, 1)
    box.fill("")
    box.press("Enter")
    table(page, count)
    return passed


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), {"FDA_OPT_LAB_DEPTH": "engineer"})
        for number in range(asked.runs):
            keep_run(server.runs, seed=number if number == 7 else 10**6)
        server.start()
        try:
            with viewer(server.url) as race:
                page = race.page
                opened(page, server.url, asked.runs)  # reads the folder
                count = asked.runs
                found = [(opened(page, server.url, count), searched(page, count)) for _ in range(asked.repeats)]
        finally:
            server.kill()
    opens, searches = (statistics.median(column) for column in zip(*found, strict=True))
    print(machine.lines(machine.about("benchmarks.many_runs")))
    print()
    head = ["stored runs", "page opened, s", "searched, ms"]
    print(machine.table(head, [[f"{asked.runs:,}", f"{opens:.2f}", f"{searches:.0f}"]]))
    print(f"\nMedians of {asked.repeats}. Goals: 1 s, 200 ms.")


if __name__ == "__main__":
    main()
