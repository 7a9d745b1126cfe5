"""How long the pages take while a run trains: `python -m benchmarks.pages [--repeats N] [--json]`, one real Chromium.

A run with the settings of `default`, but without an end, trains in the same server. Page switch: from the click on a
page's name to its main picture being drawn. Slider: from the browser's request to the redrawn chart; *felt* is from the
key. A first visit to every page is not counted: there, recorded runs are read and charts computed that all viewers
share from then on.
"""

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks import machine
from benchmarks.load import quantile
from benchmarks.race import wait_until
from ui.state.choice import selector

GOALS = {"switch_p95": 0.5, "budget_p95": 0.2}
# By page: what has to be there for it to be drawn. The story is there when the server is done; live pages never are.
PAGES = {
    "": "[data-test-script-state=notRunning]", "race": ".st-key-race_recorded .main-svg",
    "inside": ".st-key-inside-variance .main-svg",
    "heterogeneity": ".st-key-mix-labels .main-svg", "schedules": ".st-key-schedules-costs .main-svg",
    "budget": ".st-key-budget_map .main-svg", "evidence": ".st-key-evidence_table table", "lesson": ".st-key-plans",
    "runs": ".st-key-runs_search", "production": ".st-key-production_wire",
}  # fmt: skip
# Page, slider and chart; the keys go to and fro, so that every press changes something.
SLIDERS = {
    "budget": ("budget", f"{selector('budget_lane')} input[type=range]", ".st-key-budget_map"),
    "round": ("inside", f"{selector('inside_round')} input[type=range]", ".st-key-inside-variance"),
    "alpha": ("heterogeneity", f"{selector('mix_alpha')} input[type=range]", ".st-key-mix-labels"),
}
WIDE = {"width": 1920, "height": 1080}  # every page's name has its place there
ENDLESS = {"preset": "default", "seed": 0, "rounds": 5000, "target.value": 0.99}
# Runs in every page before its own scripts: notes when a key was pressed and when a request left.
CLOCK = """
  window.clock = {};
  document.addEventListener("keydown", () => (window.clock.key = performance.now()), true);
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (...data) {
    window.clock.sent = performance.now();
    return send.apply(this, data);
  };
"""
SWITCH = """([path, ready]) => new Promise((resolve, reject) => {
  const began = performance.now();
  [...document.querySelectorAll("[data-testid=stTopNavLink]")].find((a) => new URL(a.href).pathname === path).click();
  const look = () => {
    const there = location.pathname === path && document.querySelector(ready) && window.clock.sent > began;
    there ? resolve(performance.now() - began) : requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  setTimeout(() => reject(`${path} was not drawn in a minute`), 60000);
})"""
# Ready before the key is pressed: resolves at the chart's next drawing.
LISTEN = """(chart) => {
  const node = document.querySelector(`${chart} .fda-live-chart`), before = node.liveChart.figure;
  window.drawn = new Promise((resolve) => {
    const look = () => {
      if (node.liveChart.figure === before) return;
      node.removeListener("plotly_afterplot", look);
      const { key, sent } = window.clock;
      resolve({ redraw: performance.now() - sent, felt: performance.now() - key });
    };
    node.on("plotly_afterplot", look);
  });
}"""


def measure(repeats: int) -> dict[str, list[float]]:
    """Seconds by name."""
    from benchmarks.browser import viewer
    from tests.helpers.server import Server

    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder)).start()
        try:
            with viewer(server.url) as race:
                race.open(**ENDLESS)
                race.press("Start")
                wait_until(lambda: race.points() > 5)  # the first time, the texts are prepared before
                found = look_around(race.page.context.browser.new_page(viewport=WIDE), server.url, repeats)
                if not race.frozen():
                    raise SystemExit("The run ended before the pages were measured.")
                return found
        finally:
            server.kill()


def look_around(tab, url: str, repeats: int) -> dict[str, list[float]]:
    """All pages by their names at the top, then all sliders."""
    tab.add_init_script(CLOCK)
    tab.goto(url)
    tab.get_by_test_id("stTopNavLink").nth(len(PAGES) - 1).wait_for()
    found = {f"switch {name or 'story'}": [] for name in PAGES}
    order = [*list(PAGES)[1:], ""]
    for turn in range(repeats + 1):
        for name in order:
            milliseconds = tab.evaluate(SWITCH, [f"/{name}", PAGES[name]])
            if turn:
                found[f"switch {name or 'story'}"].append(milliseconds / 1000)
    for name, (page, slider, chart) in SLIDERS.items():
        tab.evaluate(SWITCH, [f"/{page}", PAGES[page]])
        found |= {f"{kind} {name}": times for kind, times in slide(tab, slider, chart, repeats).items()}
    return found


def slide(tab, slider: str, chart: str, repeats: int) -> dict[str, list[float]]:
    times = {"redraw": [], "felt": []}
    tab.locator(slider).first.focus()
    for turn in range(2 * repeats + 2):
        tab.evaluate(LISTEN, chart)
        tab.keyboard.press("ArrowLeft" if turn % 2 else "ArrowRight")
        for kind, milliseconds in tab.evaluate("window.drawn").items():
            if turn > 1:
                times[kind].append(milliseconds / 1000)
    return times


def summary(found: dict[str, list[float]]) -> dict[str, float]:
    """p50 and p95 of all switches together, and of each slider."""
    groups = {"switch": [time for name, times in found.items() if name.startswith("switch") for time in times]}
    groups |= {name: found[f"redraw {name}"] for name in SLIDERS}
    return {
        f"{name}_p{int(100 * share)}": quantile(times, share) for name, times in groups.items() for share in (0.5, 0.95)
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--repeats", type=int, default=10, help="visits of every page, and moves of a slider each way")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    facts = machine.about("benchmarks.pages")
    print(machine.lines(facts), flush=True)
    found = measure(options.repeats)
    rows = [
        [name, f"{1000 * quantile(times, 0.5):.0f}", f"{1000 * quantile(times, 0.95):.0f}", f"{len(times)}"]
        for name, times in found.items()
    ]
    print(machine.table(["milliseconds", "p50", "p95", "counted"], rows))
    result = summary(found)
    print(
        f"\nAll page switches: p95 {1000 * result['switch_p95']:.0f} ms (goal {1000 * GOALS['switch_p95']:.0f}). "
        f"Slider of the budget: p95 {1000 * result['budget_p95']:.0f} ms (goal {1000 * GOALS['budget_p95']:.0f})."
    )
    if options.json:
        print(json.dumps(result | {"goals": GOALS, "repeats": options.repeats} | facts))


if __name__ == "__main__":
    main()
