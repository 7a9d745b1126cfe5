"""The walks of the default tier, on one server: a race is started and watched, and settings go through languages."""

import pytest

from tests.browser.race import address, wait
from tests.browser.test_language import JA, choose, exceptions
from tests.helpers.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory, driver):
    """The rest of the tier takes all cores meanwhile: a run that gave way to it would hardly begin."""
    server = Server(tmp_path_factory.mktemp("server"), {"FDA_OPT_LAB_THREADS": "1", "FDA_OPT_LAB_NICE": "0"}).start()
    yield server
    server.kill()


@pytest.mark.walk
def test_start_draws_points_and_more_follow(race):
    race.start()
    first = race.points()
    assert race.frozen()
    assert race.wait_for_points(first + 3) >= first + 3
    assert race.page.get_by_text("No lane has held 99 % accuracy for two rounds yet").count() == 1


@pytest.mark.walk
def test_settings_survive_a_switch_of_language_and_depth(race):
    race.open(clients=20, preset="quick", server_optimizer="adam")
    choose(race, "日本語")
    race.shows(JA["race.start"])
    assert race.clients() == 20 and exceptions(race) == 0
    assert race.page.get_by_role("combobox").first.input_value() == JA["settings.preset_quick"]
    assert race.page.get_by_role("radio", name=JA["settings.adaptive"]).is_checked()
    choose(race, JA["chrome.manager"])
    wait(lambda: race.page.get_by_text(JA["settings.more"], exact=True).is_hidden(), "the engineer's settings to go")
    wait(
        lambda: all(word in address(race.page) for word in ("depth=manager", "clients=20", "adam")),
        "all in the address",
    )
    race.page.get_by_role("link", name=JA["app.heterogeneity"]).click()
    race.shows(JA["heterogeneity.race"])
    race.page.get_by_role("link", name=JA["app.race"], exact=True).click()
    race.shows(JA["race.start"])
    assert race.clients() == 20 and exceptions(race) == 0
