"""What only a browser shows: live points, zoom and legend that stay, refreshes, and a server that dies."""

import pytest

from tests.browser.race import CHART, ELEMENT, SMALL, Race, wait

# Streamlit looks for its server under the page's own address first and finds it on the second try.
PROBES = ("/race/_stcore/health", "/race/_stcore/host-config")


def runs(server) -> list[str]:
    return sorted(path.name for path in server.runs.iterdir())


def test_the_first_visitor_may_come_by_the_pages_own_address(race):
    """It stands first, because only then is it the server's first request."""
    race.open(clients=20)
    race.page.get_by_role("link", name="Story").wait_for()
    assert race.page.get_by_role("link", name="Race").count() == 1
    assert race.page.get_by_role("button", name="Start").is_enabled()
    assert race.clients() == 20


def test_zoom_and_legend_stay_while_points_arrive(race):
    race.start()
    race.page.evaluate(f"window.node = {ELEMENT}")
    race.page.locator(".legendtoggle").nth(1).click()
    wait(lambda: race.visible()[1] == "legendonly", "the hidden lane")
    race.zoom()
    zoomed, before = race.range(), race.points()
    race.wait_for_points(before + 3)
    assert race.range() == zoomed
    assert race.visible() == [True, "legendonly", True]
    assert race.page.evaluate(f"window.node === {ELEMENT}")


def test_hover_stays_while_points_arrive(race):
    race.start()
    point = race.page.locator(f"{CHART} .scatterlayer .point").first.bounding_box()
    race.page.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2, steps=3)
    race.page.wait_for_selector(f"{CHART} .hoverlayer > g", state="attached")
    before = race.points()
    race.wait_for_points(before + 2)
    assert race.page.locator(f"{CHART} .hoverlayer > g").count() > 0


def test_a_refresh_and_a_second_tab_find_the_run(race, context):
    race.start()
    run_id, before = race.run_id(), race.points()
    race.page.reload()
    race.wait_for_points(before + 1)
    assert race.run_id() == run_id and race.frozen()
    other = Race(context.new_page(), race.url).open(run=run_id)
    other.wait_for_points(before + 1)
    assert other.frozen() and other.run_id() == run_id
    other.page.close()


def test_refreshes_in_a_row_leave_one_run(race, server):
    race.start()
    run_id, folders = race.run_id(), runs(server)
    for _ in range(6):
        race.page.reload(wait_until="domcontentloaded")
    race.drawn()
    race.wait_for_points(6)
    assert race.run_id() == run_id and run_id in folders
    assert runs(server) == folders
    assert race.page.get_by_text("Watch it").count() == 0


def test_pause_step_and_stop(race):
    race.start()
    race.press("Pause")
    race.shows("Resume")
    paused = race.settled()
    race.press("Step")
    race.wait_for_points(paused + 1)
    assert race.settled() == paused + 1
    race.wait_for_status("Paused")
    race.press("Stop")
    race.wait_for_status("Stopped")
    wait(lambda: not race.frozen(), "the settings' thaw")
    assert race.page.get_by_role("button", name="New run").is_enabled()
    assert race.points() == paused + 1


def test_leaving_the_page_and_coming_back_keeps_run_and_settings(race):
    race.start()
    run_id, before = race.run_id(), race.points()
    race.page.get_by_role("link", name="Story").click()
    race.page.get_by_role("heading", name="Teaching a language model").wait_for()
    race.page.get_by_role("link", name="Race").click()
    race.drawn().wait_for_points(before + 1)
    assert race.run_id() == run_id
    assert race.clients() == SMALL["clients"]


def test_whoever_waits_can_watch_the_run_under_way(race, context):
    race.start()
    other = Race(context.new_page(), race.url).open()
    other.page.get_by_role("button", name="Watch it").click()
    other.wait_for_points(5)
    assert other.run_id() == race.run_id() and other.frozen()
    assert other.page.locator('[data-testid="stException"]').count() == 0
    other.page.close()


def test_the_console_is_clean_and_nothing_leaves_this_computer(race):
    errors, strangers = [], []
    race.page.on("console", lambda message: message.type == "error" and errors.append(message.location["url"]))
    race.page.on("pageerror", lambda error: errors.append(str(error)))
    race.page.on("request", lambda request: strangers.append(request.url) if stranger(request.url, race) else None)
    race.start()
    race.zoom()
    race.page.get_by_text("Accuracy", exact=True).click()
    race.page.get_by_role("link", name="Story").click()
    race.page.get_by_role("heading", name="Teaching a language model").wait_for()
    race.page.get_by_role("link", name="Race").click()
    race.drawn()
    assert [error for error in errors if not error.endswith(PROBES)] == []
    assert strangers == []


@pytest.mark.parametrize("name", ["clients", "run"])
def test_an_address_cannot_make_the_page_ask_another_server(race, name):
    """The text of a link is shown, never drawn: a picture in it would tell a stranger who opened it."""
    strangers = []
    race.page.on("request", lambda request: strangers.append(request.url) if stranger(request.url, race) else None)
    race.open(**{name: "![x](http://elsewhere.invalid/x)"})
    race.page.get_by_role("alert").first.wait_for()
    race.page.wait_for_timeout(500)
    assert strangers == []


def stranger(url: str, race: Race) -> bool:
    return not url.startswith((race.url, "data:", "blob:"))


def test_after_a_crash_the_run_is_shown_with_its_rounds(server, context):
    """It stands last, because it kills the server of the others."""
    race = Race(context.new_page(), server.url).start()
    run_id, before = race.run_id(), race.points()
    server.kill()
    server.start()
    again = Race(context.new_page(), server.url).open(run=run_id)
    again.wait_for_status("Interrupted")
    assert again.points() >= before
    assert again.page.get_by_role("button", name="New run").is_enabled()
