"""What every page begins with: its title, and for whom it is written."""

import streamlit as st

from ui.frame.chrome import choose_depth, reader
from ui.frame.onward import PATH
from ui.text.i18n import t


def heading(page: str) -> None:
    """The page's title, and beside it for whom the pages are written; on the first page as a choice in plain sight."""
    with st.container(key="heading", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(t(f"heading.{page}"), anchor=False, width="content")
        if page == PATH[0]:
            choose_depth("story_depth", "collapsed")
        reader(page, says_depth=page != PATH[0])
