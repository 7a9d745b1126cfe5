"""A replay in a real browser: points come one after another, and the slider takes them back."""

import pytest
from playwright.sync_api import Page

from tests.browser.race import Race, wait


@pytest.fixture
def stopped(context, server):
    """A run of some rounds that was stopped."""
    page: Page = context.new_page()
    race = Race(page, server.url).start()
    race.wait_for_points(25)  # enough that the replay takes seconds
    race.stop()
    yield race
    page.close()


def settled(race: Race) -> int:
    """Points once hardly any more come: the last ones may be drawn after the buttons."""
    before = -1
    while (points := race.points()) != before:
        before = points
        race.page.wait_for_timeout(2500)
    return points


def test_a_stopped_run_replays_point_by_point_to_its_end(stopped):
    stopped.shows("Replay")
    whole = settled(stopped)
    stopped.press("Replay")
    wait(lambda: stopped.points() < whole, "fewer points than in the whole run")
    wait(lambda: stopped.points() >= whole, "the replay's end")
    slider = stopped.page.get_by_role("slider", name="Rounds shown")
    slider.press("Home")
    wait(lambda: stopped.points() < whole, "fewer points after scrubbing back")
    stopped.press("Show all")
    wait(lambda: stopped.points() >= whole, "the whole run")
