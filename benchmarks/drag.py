"""From a moved slider to the drawn curves of the Race: `python -m benchmarks.drag [--moves N]`, in Chromium.

Before anything is started, the page draws the nearest recorded cell. Milliseconds from the press of an arrow key on
the slider of α until Plotly has drawn the curves of the cell that is the nearest then. Each cell was drawn once before,
as for all viewers but the first.
"""

import argparse
import tempfile
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks import machine
from benchmarks.browser import felt, viewer
from tests.browser.race import ELEMENT
from tests.helpers.server import Server
from ui.state.choice import selector

SLIDER = f"{selector('alpha')} input[type='range']"
CELL = f"{ELEMENT}?.layout?.uirevision ?? ''"


def moved(page, key: str) -> float:
    """Milliseconds until the other cell's chart is drawn."""
    passed = felt(page, CELL, lambda: page.locator(SLIDER).press(key))
    page.wait_for_timeout(500)  # a person looks before the next move
    return passed


def moves(page, count: int) -> list[float]:
    """The milliseconds of `count` moves between α = 1, 0.3 and 0.1, each of which is a cell of the atlas."""
    return [moved(page, key) for _, key in zip(range(count), cycle(["ArrowRight"] * 2 + ["ArrowLeft"] * 2))]


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
                moves(race.page, 4)
                found = moves(race.page, asked.moves)
        finally:
            server.kill()
    median, late = np.percentile(found, [50, 95])
    print(machine.lines(machine.about("benchmarks.drag")))
    print()
    print(machine.table(["moves", "median, ms", "p95, ms"], [[str(len(found)), f"{median:.0f}", f"{late:.0f}"]]))


if __name__ == "__main__":
    main()
