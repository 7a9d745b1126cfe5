"""The charts' JavaScript library, put where Streamlit serves it."""

import logging
from pathlib import Path

import streamlit as st

from ui.components.live_chart import publish

log = logging.getLogger(__name__)

STATIC = Path(__file__).parents[2] / "static"


@st.cache_resource(show_spinner=False)
def publish_chart_library() -> None:
    """Once for each server. A folder that cannot be written to is logged, and the page goes on without the chart."""
    try:
        publish(STATIC)
    except OSError:  # everything but the chart works, and the chart says that its library is missing
        log.exception("the chart library could not be published")
