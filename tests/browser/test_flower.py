"""A real federation on Flower, from Start on To production to Stop in the Race; where Flower's environment is there."""

import os

import pytest

from tests.browser.conftest import REQUIRED
from tests.browser.race import CHART, Race, wait
from ui.views.production.on_flower import python

pytestmark = [
    pytest.mark.night,
    pytest.mark.skipif(python() is None and not REQUIRED, reason="Flower is not installed in .venv-flower"),
]


def of_flower(server) -> set[int]:
    """The processes of a federation that this server has started, whatever their parents are by now."""
    found = set()
    for folder in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{folder}/environ", "rb") as file:
                inherited = file.read()
        except OSError:
            continue
        if f"FDA_OPT_LAB_RUNS={server.runs}".encode() in inherited and b"FLWR_HOME=" in inherited:
            found.add(int(folder))
    return found


def test_a_federation_is_started_watched_and_stopped_and_leaves_no_process(context, server):
    page = context.new_page()
    page.goto(f"{server.url}/production")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/race?*")
    page.wait_for_selector(f"{CHART} .main-svg")
    race = Race(page, server.url)
    race.wait_for_points(4)
    assert "federation on Flower" in page.locator(".stMain").inner_text()
    assert page.get_by_role("button", name="Pause").is_disabled()
    assert len(of_flower(server)) > 3
    race.press("Stop")
    race.wait_for_status("Stopped")
    wait(lambda: not of_flower(server), "the end of Flower's processes")
    page.close()
