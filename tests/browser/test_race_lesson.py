"""The Race as a lesson, in a real browser: predict, run, see the answer, set a budget, ask the models."""

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.race import ELEMENT, SMALL, Race, address, wait
from ui.state.choice import selector

TEXT = "A warm, funny film with a wonderful ending."


def played(race: Race) -> Race:
    """Predicts that nobody gets there, and plays three rounds a lane, in which nobody can."""
    race.open(**SMALL | {"rounds": 3})
    race.page.locator(f"{selector('prediction')} input").click()
    race.page.get_by_role("option", name="My prediction: no lane reaches the target").click()
    race.page.locator(f"{selector('prediction')} input[value*='no lane']").wait_for()
    race.press("Start")
    race.wait_for_status("Finished")
    return race


def shapes(race: Race) -> list[str]:
    return race.page.evaluate(f"({ELEMENT}._fullLayout?.shapes ?? []).map(shape => shape.name).filter(Boolean)")


def asked(page: Page, answer: Locator) -> bool:
    """Asks; on a busy machine the page may say to ask again, because the model is still being loaded."""
    page.get_by_role("button", name="Ask").click()
    page.wait_for_timeout(2000)
    return answer.is_visible()


def test_a_lesson_from_the_prediction_to_a_sentence_of_one_s_own(race):
    played(race)
    race.page.get_by_text("You predicted that no lane would reach the target: right.").wait_for()
    assert race.page.locator(selector("prediction")).count() == 0
    page = race.page

    box = page.get_by_role("spinbutton", name="Budget, MB")
    box.fill("10")
    box.press("Enter")
    page.get_by_text("At 10 MB, accuracy:").wait_for()
    wait(lambda: shapes(race) == ["budget 10 MB"], "the line of the budget")
    wait(lambda: "budget=10" in address(page), "the budget in the address")
    page.reload()
    race.drawn()
    wait(lambda: shapes(race) == ["budget 10 MB"], "the line after a refresh")

    page.get_by_text("Fair race: what is held equal").click()
    page.get_by_text("found equal in all 3 rounds").wait_for()

    page.get_by_text("Try a sentence: what do the models say?").click()
    page.get_by_label("A film review in English").fill(TEXT)
    wait(lambda: asked(page, page.get_by_text("FDA-OPT M=10, after round 3")), "an answer")
    assert page.get_by_text("Before training, the same for all lanes").count() == 1
    assert page.locator('[data-testid="stException"]').count() == 0
    assert "warm" not in page.url


def test_a_sentence_can_be_tried_while_the_run_goes_on_and_its_answer_stays(race, server):
    race.start()
    page = race.page
    page.get_by_text("Try a sentence: what do the models say?").click()
    page.get_by_label("A film review in English").fill(TEXT)
    answer = page.get_by_text("Before training, the same for all lanes")
    wait(lambda: asked(page, answer), "an answer")
    before = race.points()
    race.wait_for_points(before + 5)
    assert answer.is_visible() and race.frozen()  # the panel stays open, and the run went on
    assert page.get_by_label("A film review in English").input_value() == TEXT
    assert "wonderful" not in server.log


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_the_question_and_the_cost_do_not_push_the_chart_off_the_projector(race, size):
    race.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    race.open()
    race.page.locator(selector("prediction")).wait_for()
    race.page.locator(".st-key-cost").get_by_text("MB sent").wait_for()
    assert race.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if size[0] > 1000:
        bottom = race.page.evaluate(f"{ELEMENT}.getBoundingClientRect().bottom")
        assert bottom <= size[1]
