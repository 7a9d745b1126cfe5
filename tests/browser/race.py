"""The Race page as a person sees it: its buttons, its chart, its address."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Error, Page

# Small enough that the prefix takes seconds; the target cannot be reached, so a run lasts until it is stopped.
SMALL = {
    "train_examples": 100, "test_examples": 40, "max_tokens": 32, "clients": 10, "clients_per_round": 4, "rounds": 5000,
    "target.value": 0.99,
}  # fmt: skip
CHART = ".fda-live-chart"
ELEMENT = f"document.querySelector('{CHART}')"
PLAYED = "!trace.uid?.startsWith('behind_')"  # not of the recorded race that the run grows over
PATIENCE = 180  # seconds; the first run of a server also loads torch and computes the prefix, beside another server


class Race:
    """One browser tab on the Race page."""

    def __init__(self, page: Page, url: str):
        self.page, self.url = page, url

    def open(self, **query) -> "Race":
        self.page.goto(f"{self.url}/race?{urlencode(query)}")
        return self.drawn()

    def drawn(self) -> "Race":
        self.page.wait_for_selector(f"{CHART} .main-svg")
        return self

    def start(self) -> "Race":
        """Starts a small run and waits for its first synchronisations."""
        self.open(**SMALL)
        self.press("Start")
        self.wait_for_points(5)
        return self

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=False).click()

    def shows(self, name: str) -> None:
        """Waits for a button."""
        self.page.get_by_role("button", name=name).wait_for(timeout=PATIENCE * 1000)

    def points(self) -> int:
        """Points drawn in all lanes, the untrained models' included, marks of other kinds not."""
        view = f"{ELEMENT}?.layout?.uirevision ?? ''"  # before there is a run, something recorded is shown
        example = f"/^(alpha-|default[/]|atlas[/])/.test({view})"
        traces = f"({example} ? [] : {ELEMENT}?._fullData ?? [])"
        lanes = f"{traces}.filter((trace) => {PLAYED} && (trace.mode ?? 'lines').includes('lines'))"
        return self.page.evaluate(f"{lanes}.reduce((sum, trace) => sum + trace._length, 0)")

    def wait_for_points(self, count: int) -> int:
        wait(lambda: self.points() >= count, f"{count} points")
        return self.points()

    def settled(self, still: float = 3) -> int:
        """Waits until no point has come for so many seconds: what was on its way when something was pressed is there.

        How long that takes is the machine's affair; of a run that goes on it is never true.
        """
        known, since = self.points(), time.monotonic()

        def stands() -> bool:
            nonlocal known, since
            if (now := self.points()) != known:
                known, since = now, time.monotonic()
            return time.monotonic() - since >= still

        wait(stands, f"{still} s without a point")
        return known

    def status(self) -> str:
        return self.page.locator('[data-testid="stProgress"]').inner_text()

    def wait_for_status(self, words: str) -> None:
        wait(lambda: words in self.status(), words)

    def run_id(self) -> str | None:
        return parse_qs(urlsplit(address(self.page)).query).get("run", [None])[0]

    def frozen(self) -> bool:
        return self.page.get_by_text("Settings are frozen").count() == 1

    def clients(self) -> int:
        return int(self.page.get_by_role("slider").first.input_value())

    def range(self) -> list[float]:
        return self.page.evaluate(f"{ELEMENT}.layout.xaxis.range")

    def visible(self) -> list:
        """Of what this run has drawn, whether it is seen."""
        return self.page.evaluate(f"{ELEMENT}._fullData.filter(trace => {PLAYED}).map(trace => trace.visible)")

    def zoom(self) -> None:
        """Drags over a part of the chart."""
        self.page.locator(CHART).first.scroll_into_view_if_needed()
        box = self.page.locator(f"{CHART} .nsewdrag").first.bounding_box()
        x, y = box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"]
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 0.3 * box["width"], y + 0.5 * box["height"], steps=4)
        self.page.mouse.up()
        wait(lambda: self.page.evaluate(f"{ELEMENT}._fullLayout.xaxis.autorange") is False, "the zoom")

    def stop(self) -> None:
        """Whatever state the tab is in: the run ends, so that the next test's need not wait in the queue."""
        button = self.page.get_by_role("button", name="Stop")
        if self.page.url.startswith(self.url) and button.count() and attempt(lambda: button.is_enabled(timeout=2000)):
            button.click()
            wait(lambda: not self.frozen(), "the end of the run")


def address(page: Page) -> str:
    """As the browser has it now: Playwright's own `page.url` stays as it was while a test sleeps."""
    return page.evaluate("location.href")


def wait(happened: Callable[[], bool], what: str) -> None:
    """Polls, because what is waited for is spread over redraws in which the page may have no chart at all."""
    deadline = time.monotonic() + PATIENCE
    while not attempt(happened):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s"
        time.sleep(0.05)


def attempt(happened: Callable[[], bool]) -> bool:
    try:
        return happened()
    except Error:  # the element was replaced while it was being read
        return False
