"""What is cut or lies over something else: `python -m benchmarks.looks [--pages …] [--pictures DIR]`, in Chromium.

Every page in both languages, both depths and three widths is measured by geometry: text that its box cuts, and pieces
of text, also those of charts, that lie over one another. Prints what it found, a line each; the exit code is 1 for
any. `--pictures` keeps a screenshot of every view.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from tests.browser.conftest import QUIET, browser_path
from tests.helpers.server import Server

PAGES = ("", "race", "inside", "heterogeneity", "schedules", "budget", "evidence", "production", "lesson", "runs")
VIEWS = tuple(product(("en", "ja"), ("manager", "engineer")))
WIDTHS = {1280: 720, 1024: 768, 390: 844}
SETTLED = 1200  # ms for charts to be drawn
# Two pixels of a letter's box are air.
MEASURE = """() => {
  const AIR = 2, found = [], main = document.querySelector('[data-testid="stAppViewContainer"]');
  const seen = (node) => {
    // A sidebar may be put away.
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    const there = box.width > 1 && box.height > 1 && box.right > 0 && box.left < innerWidth;
    const drawn = style.visibility !== "hidden" && style.display !== "none" && style.opacity !== "0";
    return node.checkVisibility() && drawn && there;
  };
  const short = (node) => node.textContent.trim().replace(/\\s+/g, " ").slice(0, 40);
  const boxed = 'button, [role="radio"], label p, th, td, h3, a p, [data-baseweb="select"] div';
  for (const node of main.querySelectorAll(boxed)) {
    if (!seen(node) || !node.textContent.trim()) continue;
    const cut = getComputedStyle(node).overflowX !== "visible" && node.scrollWidth > node.clientWidth + 1;
    if (cut) found.push(`cut: ${short(node)}`);
  }
  const texts = [...main.querySelectorAll(
    'h2, h3, p, th, td, .legendtext, .xtitle, .ytitle, .gtitle, .annotation-text, .cbtitle text'
  )].filter((node) => seen(node) && node.textContent.trim() && !node.querySelector("p"));
  const boxes = texts.map((node) => {
    if (node.closest("svg")) return [node, [node.getBoundingClientRect()]];
    const range = document.createRange();
    range.selectNodeContents(node);
    return [node, [...range.getClientRects()]];
  });
  const clipped = (box, node) => {  // what a scrolled or hidden part does not show cannot lie over anything
    for (let up = node.parentElement; up && up !== main; up = up.parentElement) {
      if (getComputedStyle(up).overflowX === "visible") continue;
      const frame = up.getBoundingClientRect();
      if (box.bottom <= frame.top || box.top >= frame.bottom || box.right <= frame.left || box.left >= frame.right)
        return true;
    }
    return false;
  };
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [one, ones] = boxes[i], [other, others] = boxes[j];
    if (one.contains(other) || other.contains(one)) continue;
    const over = ones.some((a) => others.some((b) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > AIR
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > AIR && !clipped(a, one) && !clipped(b, other)));
    if (over) found.push(`over one another: ${short(one)} | ${short(other)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth + 1) found.push("wider than the window");
  return found;
}"""


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser_path(), args=list(QUIET))
        yield chromium
        chromium.close()


def look(tab: Any, address: str, picture: Path | None = None) -> list[str]:
    """What is wrong with the page at this address, as the tab's window shows it."""
    tab.goto(address)
    tab.locator(".st-key-chrome").wait_for(timeout=60_000)
    tab.get_by_text("arXiv 2505.04535").last.wait_for(timeout=60_000)
    tab.wait_for_timeout(SETTLED)
    if picture:
        tab.screenshot(path=picture, full_page=True)
    return tab.evaluate(MEASURE)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pages", nargs="*", default=PAGES, help="of the address; story is the empty one")
    parser.add_argument("--widths", nargs="*", type=int, default=list(WIDTHS), choices=list(WIDTHS))
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    asked = parser.parse_args()
    if asked.pictures:
        asked.pictures.mkdir(parents=True, exist_ok=True)
    count = 0
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        server = Server(Path(folder)).start()
        try:
            for width in asked.widths:
                tab = chromium.new_page(viewport={"width": width, "height": WIDTHS[width]})
                for page, (language, depth) in product(asked.pages, VIEWS):
                    name = f"{page or 'story'}-{language}-{depth}-{width}"
                    picture = asked.pictures / f"{name}.png" if asked.pictures else None
                    for problem in look(tab, f"{server.url}/{page}?lang={language}&depth={depth}", picture):
                        count += 1
                        print(f"{name}: {problem}", flush=True)
                tab.close()
        finally:
            server.kill()
    print(f"{count} found in {len(asked.pages) * len(VIEWS) * len(asked.widths)} views")
    raise SystemExit(1 if count else 0)


if __name__ == "__main__":
    main()
