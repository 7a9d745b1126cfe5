"""Every page for who sees little or reads by ear: axe finds nothing serious, in light and in dark."""

from importlib.resources import files

import pytest

from tests.browser.race import SMALL, Race
from tests.helpers.stored_runs import keep_run

PAGES = ("", "race", "inside", "heterogeneity", "schedules", "budget", "evidence", "production", "lesson", "runs")
FOUND = """(rules) => axe.run(rules ? { runOnly: rules } : {}).then((found) => found.violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 120))]))"""

GROUND = 'getComputedStyle(document.querySelector(".stApp")).backgroundColor'


@pytest.fixture(scope="module")
def axe() -> str:
    """The program that looks at a page."""
    pytest.importorskip("axe_playwright_python")
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


# What can be worked and is to be reached by Tab; of a group of radio buttons one, from which arrows lead on.
CONTROLS = """() => {
  window.visited = new Set();
  document.addEventListener("focusin", (event) => window.visited.add(event.target));
  const seen = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getBoundingClientRect().width > 1;
  const kept = "[inert], [aria-hidden=true], .modebar-container";
  const able = (node) => seen(node) && !node.disabled && !node.closest(kept);
  const words = "button, a[href], input, select, textarea, [role=slider], [role=combobox], [role=tab], summary";
  window.controls = [...document.querySelectorAll(words)].filter(able);
  document.activeElement?.blur();
  return window.controls.length;
}"""
MISSED = """() => {
  // Of a field that has buttons of its own, arrow keys do what these do.
  const groups = "[role=radiogroup], [role=tablist]," + ["ButtonGroup", "NumberInput", "Selectbox", "MultiSelect"]
    .map((name) => `[data-testid=st${name}]`);
  const group = (node) => node.closest(groups) ?? node;
  const reached = new Set([...window.visited].map(group));
  const missed = (node) => node.isConnected && !reached.has(group(node)) && !window.visited.has(node);
  return window.controls.filter(missed).map((node) => node.outerHTML.slice(0, 160));
}"""


def unreached(page) -> list[str]:
    """The controls of a page that Tab alone does not come to, from its top to its end."""
    count = page.evaluate(CONTROLS)
    assert count > 5
    for _ in range(count + 20):
        page.keyboard.press("Tab")
    return page.evaluate(MISSED)


@pytest.mark.slow
def test_no_page_keeps_anybody_out(server, context, axe):
    """All pages, one with a run and the list with runs chosen, then settings that are frozen beside a run: by axe, and
    by who has a keyboard alone."""
    ids = [keep_run(server.runs, seed=seed) for seed in (721, 722)]
    page, found, grounds, missed = context.new_page(), {}, set(), {}

    def look(path: str) -> None:
        """In light by all rules, in dark by the one that colours make a difference to."""
        page.evaluate(axe)
        for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(400)
            found[f"{path} in {scheme}"] = page.evaluate(FOUND, rules)
            grounds.add((scheme, page.evaluate(GROUND)))
        page.emulate_media(color_scheme="light")

    page.emulate_media(color_scheme="light")
    for path in (*PAGES, f"race?run={ids[0]}", f"runs?runs={','.join(ids)}", "race?lang=ja&depth=manager"):
        page.goto(f"{server.url}/{path}")
        page.locator(".st-key-chrome").wait_for()
        page.get_by_text("arXiv 2505.04535").last.wait_for()  # the last line of every page
        page.wait_for_timeout(800)
        look(path)
        assert page.locator('[aria-label*="**"]').count() == 0
        missed[path] = unreached(page)
    race = Race(page, server.url)
    race.open(**SMALL)
    race.press("Start")
    race.wait_for_points(5)
    look("a run under way")
    race.stop()
    page.close()
    assert len({ground for _, ground in grounds}) == len(grounds) == 2  # it was light and dark
    assert {path: nodes for path, nodes in found.items() if nodes} == {}
    assert {path: nodes for path, nodes in missed.items() if nodes} == {}
