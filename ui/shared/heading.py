"""What every page begins and ends with: its title, and the way on, so that all pages make one path."""

import streamlit as st

from ui.shared.chrome import choose_depth
from ui.text.i18n import t

# From the task over the idea and the price to what one would do.
PATH = ("story", "inside", "race", "heterogeneity", "schedules", "budget", "evidence", "production", "lesson")


def heading(page: str) -> None:
    """The page's title; on the first page beside it for whom the pages are written."""
    if page != PATH[0]:
        st.subheader(t(f"heading.{page}"), anchor=False)
        return
    title, depth = st.columns([3, 1.2], vertical_alignment="bottom")
    title.subheader(t(f"heading.{page}"), anchor=False)
    with depth:
        choose_depth("story_depth")


def onward(page: str) -> None:
    """The next page of the path, with the question that it answers."""
    if page in PATH[:-1]:
        following = PATH[PATH.index(page) + 1]
        label = t("onward.next", question=t(f"onward.{following}"))
        with st.container(key="onward"):
            st.page_link(f"pages/{following}.py", label=label, icon=":material/arrow_forward:")
