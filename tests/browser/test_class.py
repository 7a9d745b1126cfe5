"""A class in real browsers: the presenter starts a run with the PIN, and it appears at everybody else's."""

import pytest

from fda_core.support.presenter_pin import PIN
from tests.browser.race import SMALL, Race, wait
from tests.helpers.server import Server

SECRET = "open-sesame"


@pytest.fixture
def classroom(tmp_path, driver):
    server = Server(tmp_path, {PIN: SECRET}).start()
    yield server
    server.kill()


def test_viewers_follow_what_the_presenter_starts_and_can_press_nothing(classroom, context):
    viewer = Race(context.new_page(), classroom.url).open()
    teacher = Race(context.new_page(), classroom.url).open(**SMALL)
    assert not viewer.page.get_by_role("button", name="Start").is_enabled()
    teacher.page.get_by_text("Presenter", exact=True).click()
    teacher.page.get_by_label("Presenter PIN").fill(SECRET)
    teacher.page.get_by_label("Presenter PIN").press("Enter")
    teacher.page.get_by_text("You are presenting").wait_for()
    teacher.press("Start")
    viewer.wait_for_points(5)
    assert viewer.run_id() == teacher.run_id()
    for name in ("Pause", "Stop"):
        assert not viewer.page.get_by_role("button", name=name).is_enabled()
        button = teacher.page.get_by_role("button", name=name)
        wait(button.is_enabled, f"{name} for the presenter, whose page is drawn once a second")
    viewer.page.goto(f"{classroom.url}/runs")
    viewer.page.wait_for_selector('[data-testid="stDataFrame"]')
    assert SECRET not in viewer.page.url + teacher.page.url
    assert SECRET not in classroom.log
    teacher.stop()
    viewer.page.close()
    teacher.page.close()
