"""From a moved slider to the drawn curves of the Race: `python -m benchmarks.drag [--moves N]`, in Chromium.

Before anything is started, the page draws the nearest recorded cell. Milliseconds from the press of an arrow key on
the slider of α until Plotly has drawn the curves of the cell that is the nearest then; a move that leads to no other
cell is not counted. Each cell was drawn once before, as for all viewers but the first.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import machine
from benchmarks.browser import viewer
from tests.browser.race import ELEMENT
from tests.helpers.server import Server

SLIDER = ".st-key-alpha input[type='range']"
WAIT = 3000  # ms; a move that changes nothing by then leads to no other cell
WATCH = f"""
() => {{
  const cell = () => {ELEMENT}?.layout?.uirevision ?? "";
  const before = cell();
  window.fda_moved = new Promise((done) => {{
    addEventListener("keydown", () => {{
      const began = performance.now();
      const look = () => {{
        const passed = performance.now() - began;
        if (cell() !== before) requestAnimationFrame(() => done(performance.now() - began));  // it is painted then
        else if (passed > {WAIT}) done(null);
        else requestAnimationFrame(look);
      }};
      look();
    }}, {{ once: true, capture: true }});
  }});
}}
"""


def moved(page, key: str) -> float | None:
    """Milliseconds until the other cell's chart is drawn; None if the key leads to none."""
    page.evaluate(WATCH)
    page.locator(SLIDER).press(key)
    passed = page.evaluate("window.fda_moved")
    page.wait_for_timeout(500)  # a person looks before the next move
    return passed


def moves(page, count: int) -> list[float]:
    """The milliseconds of `count` moves that led to another cell, to one end of the slider and back."""
    found: list[float] = []
    steps = page.locator(SLIDER).evaluate("one => one.max - one.min")
    while len(found) < count:
        for key in ["ArrowLeft"] * int(steps) + ["ArrowRight"] * int(steps):
            if (passed := moved(page, key)) is not None:
                found.append(passed)
    return found[:count]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--moves", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder)).start()
        try:
            with viewer(server.url) as race:
                race.open(preset="default")
                moves(race.page, 6)
                found = moves(race.page, asked.moves)
        finally:
            server.kill()
    median, late = np.percentile(found, [50, 95])
    print(machine.lines(machine.about("benchmarks.drag")))
    print()
    print(machine.table(["moves", "median, ms", "p95, ms"], [[str(len(found)), f"{median:.0f}", f"{late:.0f}"]]))


if __name__ == "__main__":
    main()
