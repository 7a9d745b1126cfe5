"""Where a page leads on to."""

import streamlit as st

from ui.text.i18n import t


def to_production() -> None:
    """The answer to how one would use it."""
    st.page_link("pages/production.py", label=t("production.link"), icon=":material/rocket_launch:")
