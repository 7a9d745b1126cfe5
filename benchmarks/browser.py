"""One viewer in a real Chromium."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.browser.conftest import QUIET, browser_path
from tests.browser.race import Race


@contextmanager
def viewer(url: str) -> Iterator[Race]:
    """A tab of a fresh browser for the Race page of the app at `url`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(QUIET))
        try:
            yield Race(browser.new_page(viewport={"width": 1280, "height": 720}), url)
        finally:
            browser.close()


WATCH = """
(value) => {
  const now = () => (0, eval)(value);
  const before = now();
  window.fda_felt = new Promise((done) => {
    addEventListener("keydown", () => {
      const began = performance.now();
      const look = () => {
        if (now() !== before) requestAnimationFrame(() => done(performance.now() - began));  // it is painted then
        else requestAnimationFrame(look);
      };
      look();
    }, { once: true, capture: true });
  });
}
"""


def felt(page, value: str, press: Callable[[], None]) -> float:
    """Milliseconds, by the page's own clock, from the key that is pressed until a JavaScript expression has another
    value and that is painted."""
    page.evaluate(WATCH, value)
    press()
    return page.evaluate("window.fda_felt")
