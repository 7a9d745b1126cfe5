"""Japanese and English, manager and engineer, switched in the middle of things."""

import pytest

from tests.browser.race import SMALL, Race, address
from ui.text.i18n import catalogue

JA = catalogue("ja")


@pytest.fixture
def race(server, context):
    race = Race(context.new_page(), server.url)
    yield race
    race.page.goto(f"{server.url}/race?lang=en&run={race.run_id() or ''}")
    race.drawn()
    race.stop()
    race.page.close()


def choose(race: Race, name: str) -> None:
    """Opens the menu in the corner if it is not open."""
    option = race.page.get_by_text(name, exact=True).first
    if not option.is_visible():
        race.page.locator(".st-key-reader").get_by_role("button").first.click()
    option.click()


def exceptions(race: Race) -> int:
    return race.page.locator('[data-testid="stException"]').count()


def test_a_switch_of_language_keeps_run_zoom_and_settings(race):
    race.start()
    race.zoom()
    run_id, zoomed = race.run_id(), race.range()
    choose(race, "日本語")
    race.shows(JA["race.pause"])
    before = race.points()
    race.wait_for_points(before + 2)
    assert race.run_id() == run_id and race.range() == zoomed and exceptions(race) == 0
    assert "lang=ja" in address(race.page) and race.clients() == SMALL["clients"]
    choose(race, "English")
    race.shows("Pause")
    assert race.run_id() == run_id and exceptions(race) == 0


def test_a_hidden_control_is_not_shown(race):
    race.open(hide="clients,<script>,more")
    assert race.page.get_by_text("More", exact=True).is_hidden()
    assert race.page.get_by_text("Preset", exact=True).is_visible()
