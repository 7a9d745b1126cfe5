"""One viewer in a real Chromium."""

from collections.abc import Iterator
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
