"""Which run a page explains: the viewer's own, or one that comes with the app."""

from collections.abc import Callable

import streamlit as st

from fda_core.analysis.summary import rounds_played
from fda_core.runs.recorded import recorded
from fda_core.runs.snapshot import Snapshot
from fda_core.support.errors import LabError
from ui.shared.replay_controls import label
from ui.state.session import shown_run
from ui.text.i18n import t

DEFAULT = "default"  # the preset Default on the seed that is the median of all (fda_core/atlas/default_cell.py)
SCHEDULES = "schedules-1"  # the same seed with many lanes of FedOpt


def run_to_show(otherwise: str = DEFAULT, fit: Callable[[Snapshot], bool] = lambda _: True) -> Snapshot | None:
    """The run this viewer looks at, if it has rounds and is `fit` or was asked for all the same; else a recorded one.

    None if not even that can be read.
    """
    own = own_run()
    if own is not None and (fit(own) or st.session_state.get("all_the_same") == own.run_id):
        return own
    try:
        return recorded(otherwise)
    except LabError:
        return None


def own_run() -> Snapshot | None:
    """The run this viewer looks at, if it has rounds."""
    own, _ = shown_run()
    return own if own is not None and rounds_played(own.events) else None


def origin(run: Snapshot, fit: Callable[[Snapshot], bool] = lambda _: True) -> None:
    """Says which run it is: when and where it was made, and with which seed; and offers the other one, if there is."""
    own = own_run()
    if own is None or fit(own):
        mine = own is not None and own.run_id == run.run_id
        st.caption(t("source.own" if mine else "source.recorded", label=label(run)))
        return
    if own.run_id == run.run_id:
        st.caption(t("source.own", label=label(run)))
        st.button(t("source.to_recorded"), key="to_recorded", on_click=show, args=(None,), type="tertiary")
    else:
        st.caption(f"{t('source.unfit', label=label(own))} {t('source.recorded', label=label(run))}")
        st.button(t("source.to_own"), key="to_own", on_click=show, args=(own.run_id,), type="tertiary")


def show(run_id: str | None) -> None:
    """A callback: the viewer's own run all the same, or no longer."""
    st.session_state.all_the_same = run_id
