"""The pages of the app, in the order of the navigation."""

from copy import copy
from functools import lru_cache

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui.text.i18n import t
from ui.text.viewer import viewing


def pages() -> list[StreamlitPage]:
    """With this viewer's titles. Streamlit follows a page's file through the disk's folders when it makes one, fifty
    calls of the system at every draw, and in a class another thread takes over at each; so copies are given out."""
    language, depth, _ = viewing()
    return [copy(page) for page in made(language, depth)]


@lru_cache(maxsize=8)
def made(language: str, depth: str) -> tuple[StreamlitPage, ...]:
    """For readers of one kind; to be called in a draw of the app."""
    return (
        st.Page("pages/story.py", title=t("app.story"), icon=":material/menu_book:", default=True),
        st.Page("pages/race.py", title=t("app.race"), icon=":material/sports_score:"),
        st.Page("pages/inside.py", title=t("app.inside"), icon=":material/zoom_in:"),
        st.Page("pages/heterogeneity.py", title=t("app.heterogeneity"), icon=":material/diversity_3:"),
        st.Page("pages/schedules.py", title=t("app.schedules"), icon=":material/schedule:"),
        st.Page("pages/budget.py", title=t("app.budget"), icon=":material/payments:"),
        st.Page("pages/evidence.py", title=t("app.evidence"), icon=":material/fact_check:"),
        st.Page("pages/production.py", title=t("app.production"), icon=":material/rocket_launch:"),
        st.Page("pages/lesson.py", title=t("app.lesson"), icon=":material/school:"),
        st.Page("pages/runs.py", title=t("app.runs"), icon=":material/folder_open:"),
    )
