"""What every page begins and ends with: its title, and the way on, so that all pages make one path."""

import streamlit as st

from ui.shared.chrome import choose_depth, reader
from ui.text.i18n import t

# From the task over the idea and the price to what one would do.
PATH = ("story", "inside", "race", "heterogeneity", "schedules", "budget", "evidence", "production", "lesson")


def heading(page: str) -> None:
    """The page's title, and beside it for whom the pages are written; on the first page as a choice in plain sight."""
    with st.container(key="heading", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(t(f"heading.{page}"), anchor=False, width="content")
        if page == PATH[0]:
            choose_depth("story_depth", "collapsed")
        reader(page, says_depth=page != PATH[0])


def onward(page: str) -> None:
    """The next page of the path, with the question that it answers."""
    if page in PATH[:-1]:
        following = PATH[PATH.index(page) + 1]
        label = t("onward.next", question=t(f"onward.{following}"))
        with st.container(key="onward"):
            st.page_link(f"pages/{following}.py", label=label, icon=":material/arrow_forward:")
