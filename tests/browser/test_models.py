"""What is trained of the model, chosen in a browser: its bytes are said before the run, and the run sends them."""

from playwright.sync_api import Page, TimeoutError

from fda_core.algorithm.events import RunStarted
from fda_core.models.payload import size_of
from fda_core.runs.store import read_events
from fda_core.settings import presets
from tests.browser.race import SMALL, wait
from ui.state.choice import selector
from ui.text.numbers import megabytes

PART = ".st-key-model_part"


def chosen(page: Page, option: str, word: str) -> bool:
    """False if the list closed again, or the choice did not get into the address: the page is drawn anew when the cost
    of a run is known, and what was pressed in that moment may be gone."""
    page.locator(selector("trained")).get_by_role("combobox").click()
    try:
        page.get_by_role("option", name=option).click(timeout=2000)
        page.wait_for_url(f"**{word}**", timeout=20_000)
    except TimeoutError:
        return False
    return True


def test_the_head_alone_is_chosen_and_what_it_sends_is_what_was_said(server, race):
    race.open(**SMALL | {"rounds": 1})
    page, head = race.page, size_of(presets.build({"trained": "head"}))
    page.locator(f"{PART} summary").click()
    wait(lambda: chosen(page, "The head alone", "trained=head"), "the choice")
    page.locator(PART).get_by_text(f"{megabytes(head.bytes)} MB per client").wait_for()
    race.press("Start")
    race.wait_for_status("Finished")
    started = next(event for event in read_events(server.runs / race.run_id()) if isinstance(event, RunStarted))
    assert started.facts["model_bytes"] == head.bytes and started.facts["path"] != "plain"
