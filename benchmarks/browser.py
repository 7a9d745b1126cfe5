"""One viewer in a real Chromium."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser.conftest import QUIET
from tests.browser.race import Race


@contextmanager
def viewer(url: str) -> Iterator[Race]:
    """A tab of a fresh browser for the Race page of the app at `url`."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield Race(browser.new_page(viewport={"width": 1280, "height": 720}), url)
        finally:
            browser.close()
