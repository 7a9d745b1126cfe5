"""The app in a real browser: a server on a free port, and Chromium where there is one.

Nothing here outlives this folder's tests: while Playwright is on, its event loop keeps others from running theirs.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.browser.race import Race
from tests.helpers.server import Server

HERE = Path(__file__).parent
REQUIRED = os.environ.get("FDA_OPT_LAB_REQUIRE_BROWSER") == "1"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """All of this folder are marked `browser`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


def unavailable(reason: str) -> None:
    """Without a browser these tests are left out, unless somebody insists on them."""
    (pytest.fail if REQUIRED else pytest.skip)(reason)


def browser_path() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="package")
def driver():
    if browser_path() is None:
        unavailable("no Chromium here: install one, or give its path in CHROMIUM")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("the package playwright is not installed: see requirements-dev.txt")
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="package")
def chromium(driver):
    """For contexts of one's own, without a network or with less motion."""
    browser = driver.launch(executable_path=browser_path(), args=list(QUIET))
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory, driver):
    # Its runs go on while pages are tested: they leave the cores to them.
    quiet = {"FDA_OPT_LAB_THREADS": "1", "FDA_OPT_LAB_NICE": "10"}
    server = Server(tmp_path_factory.mktemp("server"), quiet).start()
    yield server
    server.kill()


@pytest.fixture(scope="package")
def context(driver, tmp_path_factory):
    """One for all tests, each tab being a viewer of its own anyway. In a folder a browser keeps scripts as they were
    compiled, and loads a page in two thirds of the time."""
    context = driver.launch_persistent_context(
        tmp_path_factory.mktemp("browser"), executable_path=browser_path(), args=list(QUIET),
        viewport={"width": 1280, "height": 720},
    )  # fmt: skip
    context.set_default_timeout(120_000)
    yield context
    context.close()


@pytest.fixture
def race(server, context):
    """The Race page in a tab of its own."""
    race = Race(context.new_page(), server.url)
    yield race
    race.stop()
    race.page.close()
