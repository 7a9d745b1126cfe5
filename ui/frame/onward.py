"""Where a page leads on to, so that all pages make one path."""

import streamlit as st

from ui.text.i18n import t

# From the task over the idea and the price to what one would do.
PATH = ("story", "inside", "race", "heterogeneity", "schedules", "budget", "evidence", "production", "lesson")


def to_production() -> None:
    """The answer to how one would use it."""
    st.page_link("pages/production.py", label=t("production.link"), icon=":material/rocket_launch:")


def onward(page: str) -> None:
    """The next page of the path, with the question that it answers."""
    if page in PATH[:-1]:
        following = PATH[PATH.index(page) + 1]
        label = t("onward.next", question=t(f"onward.{following}"))
        with st.container(key="onward"):
            st.page_link(f"pages/{following}.py", label=label, icon=":material/arrow_forward:")
