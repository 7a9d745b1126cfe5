"""Every page in both languages: no exception, nothing wider than the screen, its main picture there."""

import pytest

from tests.browser.race import CHART, Race, wait

PAGES = ("", "race", "inside", "heterogeneity", "schedules", "budget", "evidence", "lesson", "runs")
PICTURES = {"race", "inside", "heterogeneity", "schedules", "budget"}


@pytest.fixture
def tab(server, context):
    page = context.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("words", ["lang=en", "lang=ja&depth=manager"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_projector_and_a_phone_and_has_its_picture(server, tab, name, words):
    tab.goto(f"{server.url}/{name}?{words}")
    tab.locator(".st-key-chrome").wait_for()
    if name in PICTURES:
        tab.wait_for_selector(f"{CHART} .main-svg")
    for width, height in ((1280, 720), (390, 844)):
        tab.set_viewport_size({"width": width, "height": height})
        tab.wait_for_timeout(300)
        assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert tab.locator('[data-testid="stException"]').count() == 0


def test_the_rounds_of_a_run_can_be_turned(server, tab):
    tab.goto(f"{server.url}/inside?round=3")
    tab.get_by_text("Round 3 of").wait_for()
    tab.get_by_role("button", name="▶").click()
    tab.get_by_text("Round 4 of").wait_for()
    wait(lambda: "round=4" in tab.url, "the round in the address")


def test_a_network_of_one_s_own_changes_the_answer(server, tab):
    tab.goto(f"{server.url}/budget")
    tab.get_by_text("With 40 sites, 20 Mbit/s up").wait_for()
    box = tab.get_by_role("spinbutton", name="Up, Mbit/s")
    box.fill("2")
    box.press("Enter")
    tab.get_by_text("With 40 sites, 2 Mbit/s up").wait_for()
    wait(lambda: "up=2" in tab.url, "the uplink in the address")


def test_the_tour_leads_from_page_to_page_and_ends(server, tab):
    tab.goto(f"{server.url}/lesson")
    tab.get_by_role("button", name="Start the guided tour").click()
    tab.get_by_text("1/8").wait_for()
    tab.get_by_role("button", name="Next").click()
    tab.get_by_text("2/8").wait_for()
    wait(lambda: "/race" in tab.url, "the Race page")
    assert tab.get_by_role("combobox").first.input_value() == "Quick: a first look"
    tab.get_by_role("button", name="End tour").click()
    wait(lambda: tab.get_by_text("2/8").count() == 0, "the end of the tour")
    assert tab.locator('[data-testid="stException"]').count() == 0


def test_a_plan_s_link_sets_the_page_up_although_it_was_open_before(server, context):
    race = Race(context.new_page(), server.url).open(clients=20)
    race.page.set_viewport_size({"width": 1600, "height": 720})  # on narrower ones the last pages are behind "more"
    race.page.get_by_role("link", name="Lesson").click()
    race.page.get_by_role("tab", name="Class, 30 minutes").click()
    race.page.get_by_role("link", name="5. Race").click()
    wait(lambda: race.page.get_by_role("combobox").first.input_value() == "Where it loses", "the preset of the link")
    race.page.close()
