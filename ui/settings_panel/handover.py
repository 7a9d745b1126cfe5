"""What other pages hand to the Race page: settings for a new run, or a run to look at."""

import streamlit as st

from fda_core.settings.config import ExperimentConfig
from ui.settings_panel.adoption import adopt
from ui.state.session import runner


def to_race(config: ExperimentConfig) -> None:
    """Opens the Race page with these settings, for a new run."""
    st.session_state.run, st.session_state.notice = None, None
    adopt(config)
    st.switch_page("pages/race.py")


def follow_run(run_id: str) -> None:
    """The Race page shows this run. Call it before the settings are drawn, which become the run's."""
    st.session_state.run = run_id
    adopt(runner().snapshot(run_id).config)
