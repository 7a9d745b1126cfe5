"""The Lesson page: the guided tour, three lesson plans whose links set everything up, and a quiz."""

import streamlit as st

from ui.frame import tour
from ui.frame.lesson_steps import data
from ui.frame.onward import to_production
from ui.state import address
from ui.state.address import keep_words
from ui.state.choice import choose
from ui.text.glossary import marked
from ui.text.i18n import t


def page() -> None:
    """The tour's button, the chosen plan with its links, and the quiz with its score."""
    words, start = st.columns([3, 1], vertical_alignment="center")
    words.markdown(t("lesson.lead"))
    if start.button(t("lesson.tour"), type="primary", key="tour_start", icon=":material/tour:", width="stretch"):
        tour.begin()
    with st.container(key="plans"):
        show(chosen())
    with st.container(key="quiz"):
        st.subheader(t("lesson.quiz"), anchor=False)
        right = sum(question(number, each) for number, each in enumerate(data()["quiz"], 1))
        st.caption(t("lesson.score", right=right, all=len(data()["quiz"])))
    to_production()


def chosen() -> dict:
    """The plan to show; a link may bring it."""
    plans = {plan["id"]: plan for plan in data()["plans"]}
    address.adopt("plan", "lesson_plan", address.one_of(plans), next(iter(plans)))
    st.segmented_control(
        t("chrome.plans"), list(plans), key="lesson_plan", required=True, label_visibility="collapsed",
        format_func=lambda id: plan_title(plans[id]), persist_state="session",
    )  # fmt: skip
    id = st.session_state.lesson_plan
    keep_words(plan=id if id != next(iter(plans)) else "")
    return plans[id]


def plan_title(plan: dict) -> str:
    """A plan's name with its minutes."""
    return t("lesson.plan", name=t(f"plan.{plan['id']}"), minutes=plan["minutes"])


def show(plan: dict) -> None:
    """What the plan is for, its steps with links and minutes, and what people should then be able to say."""
    st.write(t(f"plan.{plan['id']}_for"))
    for number, step in enumerate(plan["steps"], 1):
        time, link, words = st.columns([1, 2.2, 9], vertical_alignment="center")
        time.markdown(t("lesson.minutes", minutes=step["minutes"]))
        name = t(f"app.{step['page']}")
        query = {"depth": plan["depth"]} | step.get("query", {})
        link.page_link(f"pages/{step['page']}.py", label=f"{number}. {name}", query_params=query)
        words.markdown(marked(t(f"plan.{plan['id']}_{step['id']}")))
    st.success(t(f"plan.{plan['id']}_outcome"), icon=":material/flag:")


def question(number: int, each: dict) -> bool:
    """Draws it and says why as soon as it is answered; whether it was answered rightly."""
    id = each["id"]
    asked = t(f"quiz.{id}")
    answer = choose(
        "radio", f"{number}. {asked}", range(1, each["answers"] + 1), key=f"quiz-{id}", index=None,
        format_func=lambda answer: t(f"quiz.{id}_{answer}"),
    )  # fmt: skip
    if answer is None:
        return False
    right = answer == each["right"]
    why = t(f"quiz.{id}_why")
    (st.success if right else st.warning)(t("lesson.right", why=why) if right else t("lesson.wrong", why=why))
    return right
