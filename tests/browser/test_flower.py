"""A real federation on Flower, from Start on To production to Stop in the Race; where Flower's environment is there."""

from contextlib import suppress

import psutil
import pytest

from tests.browser.conftest import REQUIRED
from tests.browser.race import CHART, Race, wait
from tests.helpers.descendants import Descendants
from ui.views.production.on_flower import python

pytestmark = [
    pytest.mark.night,
    pytest.mark.skipif(python() is None and not REQUIRED, reason="Flower is not installed in .venv-flower"),
]


def federation(server) -> Descendants | None:
    """Of the process that holds the federation which this server has started."""
    for process in psutil.Process(server.process.pid).children(recursive=True):
        with suppress(psutil.Error):
            if "fda_flower.here" in process.cmdline():
                return Descendants(process.pid)
    return None


def test_a_federation_is_started_watched_and_stopped_and_leaves_no_process(context, server):
    page = context.new_page()
    page.goto(f"{server.url}/production")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/race?*")
    wait(lambda: federation(server), "the federation's process")
    started = federation(server)
    page.wait_for_selector(f"{CHART} .main-svg")
    race = Race(page, server.url)
    for points in range(1, 5):
        race.wait_for_points(points)
        started.look()
    assert "federation on Flower" in page.locator(".stMain").inner_text()
    assert page.get_by_role("button", name="Pause").is_disabled()
    assert len(started.alive()) > 3 and any(command.startswith("ray::") for command in started.commands())
    race.press("Stop")
    race.wait_for_status("Stopped")
    started.look()
    wait(lambda: not started.alive(), "the end of Flower's processes")
    page.close()
