"""The film's file, opened from a folder without a network: it plays."""

import pytest

from fda_core.analysis.timeline import timeline, until_target
from fda_core.runs.recorded import recorded
from tests.browser.race import wait
from ui.shared.shown_run import DEFAULT
from ui.takeaway.offers import make_film
from ui.text.viewer import Viewing


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ja", 390)])
def test_it_plays_to_its_end_without_a_network(chromium, tmp_path, language, width):
    file = tmp_path / "film.html"
    file.write_text(make_film(recorded(DEFAULT), Viewing(language)), encoding="utf-8")
    offline = chromium.new_context(offline=True, viewport={"width": width, "height": 720})
    page, problems = offline.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    page.goto(file.as_uri())
    place = page.locator(".controls .place")
    before = float(place.input_value())
    wait(lambda: float(place.input_value()) > before, "a later moment")
    wait(lambda: page.locator(".packet:visible").count() > 0, "a packet on its way")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    place.focus()
    page.keyboard.press("End")
    sent = [int(lane.get_attribute("data-bytes")) for lane in page.locator(".lane[data-bytes]").all()]
    assert sorted(sent) == sorted(track.bytes for track in timeline(until_target(recorded(DEFAULT).events)).tracks)
    assert problems == []
    offline.close()
