"""Every page in both languages: no exception, nothing wider than the screen, its main picture at once, its controls."""

import pytest
from playwright.sync_api import Page

from tests.browser.race import CHART, ELEMENT, Race, address, wait
from ui.state.choice import selector

# By page, its main picture; the list of runs has tests of its own.
PAGES = {
    "": ".film", "race": ".st-key-race_recorded .main-svg", "inside": ".st-key-inside-variance .main-svg",
    "heterogeneity": ".st-key-mix-labels .main-svg", "schedules": ".st-key-schedules-costs .main-svg",
    "budget": ".st-key-budget_map .main-svg", "evidence": ".st-key-evidence_table table", "lesson": ".st-key-plans",
    "production": None, "runs": None,
}  # fmt: skip
FITS = """() => [document.documentElement, document.querySelector("[data-testid=stMain]")]
  .every((box) => box.scrollWidth <= box.clientWidth)"""
CUT = """() => [...document.querySelectorAll("[data-testid=stButtonGroup] [role=radiogroup]")]
  .filter((row) => row.scrollWidth > row.clientWidth).map((row) => row.innerText)"""


@pytest.fixture
def tab(server, context):
    page = context.new_page()
    yield page
    page.close()


def in_sight(place: dict[str, float] | None) -> bool:
    """Of a projector's 720 pixels."""
    return bool(place) and place["height"] > 200 and place["y"] >= 0 and place["y"] + place["height"] <= 720


def exceptions(tab: Page) -> int:
    return tab.locator('[data-testid="stException"]').count()


@pytest.fixture(scope="module", params=["lang=en", "lang=ja&depth=manager"])
def visitor(request, server, context):
    """One tab that goes from page to page by the links on top, as a person does: a page costs no loading anew."""
    page = context.new_page()
    page.goto(f"{server.url}/?{request.param}")
    page.locator(".st-key-chrome").wait_for()
    yield page
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_projector_and_a_phone_and_has_its_picture(visitor, name):
    visitor.set_viewport_size({"width": 1700, "height": 720})  # on narrower ones the last pages are behind "more"
    visitor.locator(f"[data-testid=stTopNavLink][href$='/{name}']").click()
    visitor.wait_for_function(f"location.pathname == '/{name}'")
    visitor.set_viewport_size({"width": 1280, "height": 720})
    if picture := PAGES[name]:
        box = visitor.locator(picture).first
        box.wait_for()
        # The page before leaves last, and its sidebar with it.
        wait(lambda: in_sight(box.bounding_box()), f"{name}'s picture in the first screen")
    for width, height in ((1280, 720), (390, 844)):
        visitor.set_viewport_size({"width": width, "height": height})
        visitor.wait_for_timeout(300)
        assert visitor.evaluate(FITS)
        wait(lambda width=width: width < 640 or visitor.evaluate(CUT) == [], "no choice cut; on a phone they scroll")
    charts = visitor.locator(CHART)
    assert all(charts.nth(i).get_attribute("aria-label") for i in range(charts.count()))
    assert exceptions(visitor) == 0


@pytest.mark.parametrize("viewer", ["lang=en&depth=manager", "lang=ja&depth=engineer"])  # the visitor has the others
def test_no_choice_of_the_race_is_cut(server, tab, viewer):
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.goto(f"{server.url}/race?{viewer}")
    tab.locator(PAGES["race"]).first.wait_for()
    assert tab.locator("[role=radiogroup]").count() > 1
    wait(lambda: tab.evaluate(CUT) == [], "choices in their full length, once the page has its fonts and its width")


def test_who_turns_the_pages_quickly_gets_no_empty_sidebar(visitor):
    """Streamlit kept one in two of five tries: a quarter of the page was lost until something was drawn again."""
    for _ in range(4):
        visitor.set_viewport_size({"width": 1700, "height": 720})
        for name in ("budget", "evidence"):
            visitor.locator(f"[data-testid=stTopNavLink][href$='/{name}']").click()
            visitor.wait_for_function(f"location.pathname == '/{name}'")
            visitor.locator(PAGES[name]).first.wait_for()
        visitor.set_viewport_size({"width": 1280, "height": 720})
        wait(
            lambda: in_sight(visitor.locator(PAGES["evidence"]).first.bounding_box()), "the table, as wide as the page"
        )


def test_the_rounds_of_a_run_can_be_turned(server, tab):
    tab.goto(f"{server.url}/inside?round=3")
    tab.get_by_text("Round 3 of").wait_for()
    tab.get_by_role("button", name="▶").click()
    tab.get_by_text("Round 4 of").wait_for()
    wait(lambda: "round=4" in address(tab), "the round in the address")


def test_the_clients_mix_follows_the_slider_and_every_bar_has_a_colour(server, tab):
    tab.goto(f"{server.url}/heterogeneity")
    tab.wait_for_selector(f"{CHART} .main-svg")
    slider = tab.locator(selector("mix_alpha")).get_by_role("slider")
    slider.press("ArrowRight")
    wait(lambda: "alpha=" in address(tab) or slider.press("ArrowRight"), "α in the address")
    fills = tab.evaluate(
        """[...document.querySelectorAll(".st-key-mix-labels .bars path")].map((bar) => getComputedStyle(bar).fill)"""
    )
    assert fills and "rgb(0, 0, 0)" not in fills


def test_a_network_of_one_s_own_changes_the_answer_and_the_link(server, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{server.url}/budget")
    tab.get_by_text("With 40 sites, 20 Mbit/s up").wait_for()
    box = tab.get_by_role("spinbutton", name="Up, Mbit/s")
    box.fill("2")
    box.press("Enter")
    tab.get_by_text("With 40 sites, 2 Mbit/s up").wait_for()
    wait(lambda: "up=2" in address(tab), "the uplink in the address")
    tab.get_by_role("button", name="For engineers").click()
    tab.get_by_role("combobox", name="Without").fill("What travels")
    tab.get_by_role("option", name="What travels").click()
    field = tab.get_by_role("textbox", name="Copy link")
    wait(lambda: "hide=" in field.input_value(), "the hidden control in the link")
    tab.get_by_role("button", name="Copy link").press("Enter")  # the list of controls still lies over it
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied == f"{server.url}/budget?up=2&hide=budget_payload"
    tab.goto(copied)
    tab.get_by_text("With 40 sites, 2 Mbit/s up").wait_for()
    assert tab.get_by_text("What travels", exact=True).is_hidden()
    tab.close()


def test_a_term_in_a_sentence_opens_the_glossary_and_nothing_else(server, tab):
    tab.goto(f"{server.url}/schedules")
    tab.wait_for_selector(f"{CHART} .main-svg")
    before, box = address(tab), tab.get_by_role("dialog", name="Glossary")
    word = tab.locator("a[href='#term-epoch']").first
    word.hover()
    assert word.get_attribute("title").startswith("One pass of a client over its own texts")  # a line, no more
    assert word.get_attribute("title").count(".") == 1
    word.focus()
    tab.keyboard.press("Enter")
    box.wait_for()
    assert box.locator("[data-asked]").inner_text().startswith("Local epoch\n")
    tab.keyboard.press("Escape")
    box.wait_for(state="hidden")
    assert address(tab) == before and exceptions(tab) == 0
    tab.get_by_role("button", name="Glossary").click()
    box.wait_for()
    tab.get_by_role("button", name="Close").click()
    box.wait_for(state="hidden")


def test_a_link_to_a_term_opens_it_on_a_phone(server, tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(f"{server.url}/evidence?lang=ja&term=sketch")
    asked = tab.locator("dialog [data-asked]")
    asked.wait_for()
    assert asked.inner_text().startswith("スケッチ") and tab.evaluate(FITS)
    assert tab.evaluate("document.documentElement.lang") == "ja"
    tab.keyboard.press("Escape")
    tab.get_by_text("判定の計算方法").click()
    tab.get_by_text("FDA-OPT だけが達しなかった組は 0 と数える").first.wait_for()


def test_the_tour_leads_from_page_to_page_and_ends(server, tab):
    tab.goto(f"{server.url}/lesson")
    tab.get_by_role("button", name="Start the guided tour").click()
    tab.get_by_text("1/8").wait_for()
    tab.get_by_role("button", name="Next", exact=True).click()
    tab.get_by_text("2/8").wait_for()
    wait(lambda: "/race" in address(tab), "the Race page")
    wait(lambda: tab.get_by_role("combobox").first.input_value() == "Quick: a first look", "the step's preset")
    tab.get_by_role("button", name="End tour").click()
    wait(lambda: tab.get_by_text("2/8").count() == 0, "the end of the tour")
    assert exceptions(tab) == 0


def test_a_plan_s_link_sets_the_page_up_although_it_was_open_before(server, context):
    race = Race(context.new_page(), server.url).open(clients=20)
    race.page.set_viewport_size({"width": 1600, "height": 720})  # on narrower ones the last pages are behind "more"
    race.page.get_by_role("link", name="Lesson").click()
    race.page.get_by_text("Class, 30 minutes").click()
    race.page.get_by_role("link", name="5. Race").click()
    wait(lambda: race.page.get_by_role("combobox").first.input_value() == "Where it loses", "the preset of the link")
    race.page.close()


def test_theta_is_moved_by_hand_without_the_server(server, tab):
    """On the recorded round 3, which the threshold ended after 6 epochs."""
    asked = []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda _: asked.append(1)))
    tab.goto(f"{server.url}/inside?lang=en&round=3")
    tab.wait_for_selector(".st-key-inside-variance .main-svg")
    theta, answer = tab.get_by_role("slider", name="Move Θ"), tab.locator(".fda-theta output")
    theta.wait_for()
    wait(lambda: "after 6 local epochs" in answer.inner_text(), "what the run did")
    tab.wait_for_timeout(500)
    before, level = len(asked), "document.querySelector('.st-key-inside-variance .fda-live-chart').layout.shapes[0].y0"
    line = tab.evaluate(level)
    theta.press("Home")
    assert "after 1 local epochs" in answer.inner_text()
    wait(lambda: tab.evaluate(level) < line / 10, "the line at the bottom")
    theta.press("End")
    assert "would have gone on beyond the 6 local epochs" in answer.inner_text()
    assert len(asked) == before and exceptions(tab) == 0
    tab.get_by_role("button", name="▶").click()
    wait(lambda: "after 6 local epochs" in answer.inner_text(), "the next round's own Θ")


def test_the_recorded_curves_follow_a_slider_that_is_still_held(server, tab):
    """Somebody who explains drags it to and fro while they speak; a server is asked only when it stands."""
    race = Race(tab, server.url).open(preset="default")
    cell, words = f"{ELEMENT}.layout.uirevision", tab.locator(".st-key-race_recorded_words")
    pale = "Number(document.querySelector('.st-key-race_recorded_words').style.opacity || 1) < 1"
    tab.locator(".fda-drawn-ahead").wait_for(state="attached")
    before, sentence = tab.evaluate(cell), words.inner_text()
    handle = tab.locator(f"{selector('alpha')} [data-testid='stSliderThumbValue']").locator("..").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 60, y, steps=6)
    wait(lambda: tab.evaluate(cell) != before, "the curves of another cell")
    assert words.inner_text() == sentence and tab.evaluate(pale)  # which are of the cell before
    drawn = tab.evaluate(cell)
    tab.mouse.up()
    wait(lambda: words.inner_text() != sentence and not tab.evaluate(pale), "words about it")
    assert tab.evaluate(cell) == drawn and race.run_id() is None and exceptions(tab) == 0


def test_a_page_clicked_while_the_first_one_is_still_settling_is_not_left_empty(server, tab):
    """Whoever knows where to go clicks at once, and often found a heading with nothing below it."""
    for _ in range(4):
        tab.goto(f"{server.url}/lesson?lang=en")
        tab.locator(PAGES["lesson"]).wait_for()
        tab.get_by_role("link", name="Schedules", exact=True).click()
        tab.wait_for_timeout(1500)  # what emptied the page came after it was drawn
        tab.locator(PAGES["schedules"]).first.wait_for(timeout=10_000)
