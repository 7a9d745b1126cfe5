"""The lesson's data lead to pages, settings and texts that are there; the quiz marks fairly."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from fda_core.settings import presets
from fda_core.settings.assignments import from_query
from tests.helpers.widgets import chosen_in
from ui.frame import tour
from ui.frame.lesson_steps import data
from ui.frame.style import KEY
from ui.state.address import OF_PAGES
from ui.text.i18n import catalogue, t
from ui.text.viewer import DEPTHS

PAGES = Path(__file__).parents[3] / "pages"
PLANS, TOUR, QUIZ = data()["plans"], data()["tour"], data()["quiz"]
STEPS = [*TOUR, *(step for plan in PLANS for step in plan["steps"])]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["id"])
def test_a_step_leads_to_a_page_with_settings_that_are_allowed(step):
    assert (PAGES / f"{step['page']}.py").is_file()
    settings = {name: word for name, word in step.get("query", {}).items() if name not in OF_PAGES}
    presets.build(from_query(urlencode(settings)))  # raises otherwise
    assert all(KEY.fullmatch(key) for key in step.get("highlight", ()))


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["id"])
def test_the_minutes_of_a_plan_add_up(plan):
    assert sum(step["minutes"] for step in plan["steps"]) == plan["minutes"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_step_answer_and_reason_has_its_text(language):
    texts = catalogue(language)
    wanted = [f"tour.{step['id']}" for step in TOUR]
    wanted += [f"plan.{plan['id']}_{step['id']}" for plan in PLANS for step in plan["steps"]]
    wanted += [f"quiz.{each['id']}_{n}" for each in QUIZ for n in [*range(1, each["answers"] + 1), "why"]]
    assert [key for key in wanted if key not in texts] == []
    spoken = {key.removesuffix("__manager") for key in texts if key.startswith(("quiz.", "plan."))}
    ends = {f"plan.{plan['id']}{end}" for plan in PLANS for end in ("", "_for", "_outcome")}
    assert spoken == {key for key in wanted if not key.startswith("tour.")} | ends | {f"quiz.{q['id']}" for q in QUIZ}


def test_every_step_of_the_tour_can_be_completed():
    assert {step["done"] for step in TOUR} <= set(tour.DONE)


def test_the_quiz_says_why_and_counts(visit):
    page = visit("lesson")
    assert not page.exception and not page.warning
    for number, each in enumerate(QUIZ):
        chosen_in(page.radio, f"quiz-{each['id']}").set_value(each["right"] if number else each["right"] % 3 + 1)
    page.run()
    assert len(page.warning) == 1 and t(f"quiz.{QUIZ[0]['id']}_why") in page.warning[0].value
    assert t("lesson.score", right=len(QUIZ) - 1, all=len(QUIZ)) in [caption.value for caption in page.caption]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["id"])
def test_a_plan_stands_on_the_page_with_what_people_learn_and_a_link_finds_it(visit, plan):
    page = visit("lesson", plan=plan["id"])
    assert not page.exception and [box.value for box in page.success] == [t(f"plan.{plan['id']}_outcome")]
    assert page.query_params.get("plan", PLANS[0]["id"]) == plan["id"] and plan["depth"] in DEPTHS


def test_a_plan_that_is_not_there_is_named_and_the_first_is_shown(visit):
    page = visit("lesson", plan="phd")
    assert "plan = phd" in page.warning[0].value
    assert [box.value for box in page.success] == [t(f"plan.{PLANS[0]['id']}_outcome")]
