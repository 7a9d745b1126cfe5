"""Which run a page explains: the viewer's own, or one that comes with the app."""

import streamlit as st

from fda_core.analysis.summary import rounds_played
from fda_core.runs.recorded import recorded
from fda_core.runs.snapshot import Snapshot
from fda_core.support.errors import LabError
from ui.shared.replay_controls import label
from ui.state.session import shown_run
from ui.text.i18n import t

DEFAULT = "alpha-1"  # the preset Default, seed 0
SCHEDULES = "schedules-0"  # the same with many lanes of FedOpt


def run_to_show(otherwise: str = DEFAULT) -> Snapshot | None:
    """The run this viewer looks at, if it has rounds, else a recorded one. None if not even that can be read."""
    own, _ = shown_run()
    if own is not None and rounds_played(own.events):
        return own
    try:
        return recorded(otherwise)
    except LabError:
        return None


def origin(run: Snapshot) -> None:
    """Says which run it is: when and where it was made, and with which seed."""
    own = run.run_id == st.session_state.get("run")
    st.caption(t("source.own" if own else "source.recorded", label=label(run)))
