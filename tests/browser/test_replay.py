"""A replay in a real browser: points come one after another, and the slider takes them back."""

import pytest
from playwright.sync_api import Page

from tests.browser.race import Race, wait

LANES = 3


@pytest.fixture
def stopped(context, server):
    """A run of some rounds that was stopped."""
    page: Page = context.new_page()
    race = Race(page, server.url).start()
    race.wait_for_points(25)  # enough that the replay takes seconds
    race.stop()
    yield race
    page.close()


def all_points(race: Race) -> int:
    """Of the whole run: the slider goes over its rounds, and each lane has a point of the untrained model besides."""
    slider = race.page.get_by_role("slider", name="Rounds shown")
    return int(slider.get_attribute("max") or slider.get_attribute("aria-valuemax")) + LANES


def test_a_stopped_run_replays_point_by_point_to_its_end(stopped):
    stopped.shows("Replay")
    whole = all_points(stopped)
    wait(lambda: stopped.points() == whole, "every round of the stopped run")
    stopped.press("Replay")
    wait(lambda: stopped.points() < whole, "fewer points than in the whole run")
    wait(lambda: stopped.points() == whole, "the replay's end")
    slider = stopped.page.get_by_role("slider", name="Rounds shown")
    slider.press("Home")
    wait(lambda: stopped.points() < whole, "fewer points after scrubbing back")
    stopped.press("Show all")
    wait(lambda: stopped.points() == whole, "the whole run")
