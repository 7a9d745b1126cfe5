"""From the command to the Story: `python -m benchmarks.start [--repeats N] [--json]`.

Seconds from starting the server until it answers, until the whole first page has reached a viewer, and, where there is
a Chromium, until the Story's picture stands there; the server's memory then, before anything trains. Medians, on a disk
that has the files in memory. Below it, what is imported on the way to the first page and takes longest.
"""

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks import machine
from benchmarks.viewer import Viewer
from tests.browser.conftest import QUIET, browser_path
from tests.helpers.server import ROOT, Server

PICTURE = "svg.stage"
IMPORT = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \|( *)(\S+)")
FIRST_PAGE = (
    "import streamlit.web.bootstrap, streamlit.runtime.app_session; import ui.views.story.story_page, ui.frame.chrome"
)


@contextmanager
def served() -> Iterator[tuple[Server, float]]:
    """A server, and when its command was given."""
    with tempfile.TemporaryDirectory() as folder:
        server, began = Server(Path(folder)), time.perf_counter()
        try:
            yield server.start(every=0.01), began
        finally:
            server.kill()


def without_browser() -> dict[str, float]:
    async def visit(url: str) -> float | None:
        async with Viewer(url, "") as viewer:
            return viewer.seen.first_paint

    with served() as (server, began):
        answers = time.perf_counter() - began
        page = answers + asyncio.run(visit(server.url))
        return {
            "answers": answers,
            "page": page,
            "memory_mb": psutil.Process(server.process.pid).memory_info().rss / 1e6,
        }


def in_browser(chromium) -> float:
    page = chromium.new_page()
    try:
        with served() as (server, began):
            page.goto(server.url)
            page.locator(PICTURE).first.wait_for()
            return time.perf_counter() - began
    finally:
        page.close()


def imports(most: int = 12) -> list[tuple[str, float]]:
    """Packages, and the milliseconds that importing their own modules takes on the way to the first page."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", FIRST_PAGE],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    taken: dict[str, float] = {}
    for own, _, _, name in IMPORT.findall(done.stderr):
        package = name.split(".")[0]
        taken[package] = taken.get(package, 0.0) + int(own) / 1000
    return sorted(taken.items(), key=lambda item: -item[1])[:most]


def report(starts: list[dict[str, float]], pictures: list[float], slow: list[tuple[str, float]]) -> dict:
    middle = {name: statistics.median(start[name] for start in starts) for name in starts[0]}
    if pictures:
        middle["picture"] = statistics.median(pictures)
    heads = {
        "answers": "server answers, s", "page": "first page complete, s", "picture": "picture in Chromium, s",
        "memory_mb": "memory, MB",
    }  # fmt: skip
    shown = {
        heads[name]: f"{middle[name]:.2f}" if name != "memory_mb" else f"{middle[name]:.0f}"
        for name in heads
        if name in middle
    }
    print(machine.table(list(shown), [list(shown.values())]))
    print(f"\nMedians of {len(starts)}.\n")
    print(machine.table(["imported for it", "ms"], [[name, f"{took:.0f}"] for name, took in slow]))
    return middle | {"imports_ms": dict(slow)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    facts = machine.about("benchmarks.start")
    print(machine.lines(facts), flush=True)
    without_browser()  # brings the files into memory
    starts, pictures = [without_browser() for _ in range(options.repeats)], []
    if path := browser_path():
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=path, args=list(QUIET))
            pictures = [in_browser(chromium) for _ in range(options.repeats + 1)][1:]
            chromium.close()
    found = report(starts, pictures, imports())
    if options.json:
        print(json.dumps(found | facts))


if __name__ == "__main__":
    main()
