"""One press is one action, Back leads to what its address names, and every button can be reached."""

from playwright.sync_api import Page

from fda_core.runs.store import RUN_ID
from tests.browser.race import CHART, SMALL, Race, address, wait
from tests.helpers.stored_runs import keep_run

# Of every button, whether it is what the mouse presses in its middle.
COVERED = """() => [...document.querySelectorAll("[data-testid=stMain] button, .fda-live-chart .legendtoggle")]
  .map((button) => [button, button.getBoundingClientRect()])
  .filter(([button, box]) => box.width && box.height && !button.closest("[data-testid=stElementToolbar]"))
  .filter(([button, box]) => box.top >= 60 && box.bottom <= innerHeight)
  .map(([button, box]) => [button, document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)])
  .filter(([button, on]) => !(button === on || button.contains(on)))
  .map(([button]) => button.innerText || button.getAttribute("class"))"""
FOCUS = "document.activeElement.innerText"


def stored(server) -> set[str]:
    return {path.name for path in server.runs.iterdir() if RUN_ID.fullmatch(path.name)}


def twice(page: Page, name: str, pause: int = 90) -> None:
    """A double-click, as two clicks at one place: another button may stand there by the second."""
    box = page.get_by_role("button", name=name).bounding_box()
    for _ in range(2):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(pause)


def test_a_press_twice_is_one_and_the_focus_goes_to_what_stands_there_now(race, server):
    before, page = stored(server) if server.runs.exists() else set(), race.open(**SMALL).page
    twice(page, "Start")
    race.wait_for_points(5)
    assert len(stored(server) - before) == 1 and page.get_by_text("Watch it").count() == 0
    wait(lambda: any(name in page.evaluate(FOCUS) for name in ("Pause", "Stop")), "the focus in the row")
    wait(lambda: page.get_by_role("button", name="Pause").is_enabled(), "a run to pause")
    twice(page, "Pause")
    race.wait_for_status("Paused")
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    race.wait_for_status("Stopped")
    wait(lambda: "New run" in page.evaluate(FOCUS), "the focus on what begins the next run")
    assert len(stored(server) - before) == 1


def test_a_page_is_one_entry_and_back_shows_the_run_that_its_address_names(server, context):
    """A viewer looks at a run, prepares another by way of the Story page, and goes back and forth."""
    run_id = keep_run(server.runs, seed=711)
    race = Race(context.new_page(), server.url).open(run=run_id)
    page = race.page
    wait(lambda: "seed=711" in address(page), "the settings in the address")
    entries = page.evaluate("history.length")
    page.get_by_role("link", name="Story").click()
    page.get_by_role("button", name="Run it yourself").click()
    race.shows("Start")
    wait(lambda: "/race" in address(page) and "run=" not in address(page), "an address without a run")
    page.go_back()
    page.wait_for_selector(".film .lane .stage")
    page.go_back()
    race.wait_for_status("Finished; rounds played: 3")
    assert f"run={run_id}" in address(page) and "seed=711" in address(page)
    page.go_forward()
    page.wait_for_selector(".film .lane .stage")
    page.go_forward()
    race.shows("Start")
    wait(lambda: "run=" not in address(page), "the address without a run")
    assert page.evaluate("history.length") == entries + 2
    page.close()


def test_nothing_that_comes_up_under_the_mouse_lies_over_a_button(server, context):
    run_id = keep_run(server.runs, seed=713)
    keep_run(server.runs, seed=714)  # a list is left when the other one is deleted
    page = context.new_page()
    page.goto(f"{server.url}/runs?runs={run_id}")
    page.wait_for_selector(f"{CHART} .main-svg")
    page.get_by_role("button", name="Delete").dblclick(delay=60)
    page.get_by_text("Runs moved to the trash: 1.").wait_for()  # and not that there is nothing to delete
    undo = page.get_by_role("button", name="Undo")
    wait(lambda: "Undo" in page.evaluate(FOCUS), "the focus on Undo")
    page.locator('[data-testid="stDataFrame"]').first.hover()
    page.wait_for_selector('[data-testid="stElementToolbar"]')
    page.wait_for_timeout(300)
    assert page.evaluate(COVERED) == []
    undo.click()
    page.get_by_text("Runs restored: 1.").wait_for()
    for path in (f"race?run={run_id}", "inside", "schedules", "budget", f"runs?runs={run_id}"):
        page.goto(f"{server.url}/{path}")
        page.wait_for_selector(f"{CHART} .main-svg")
        page.locator(f"{CHART} .nsewdrag").first.hover(force=True)
        page.wait_for_timeout(300)
        assert page.evaluate(COVERED) == [], path
    page.close()
