"""The runs that wait or train besides the one shown, each with a button to watch it."""

import streamlit as st

from fda_core.runs.snapshot import Snapshot
from ui.settings_panel.handover import follow_run
from ui.state.session import runner
from ui.text.i18n import t


def waiting(run: Snapshot | None) -> None:
    """The queue, where this viewer's run is not alone in it."""
    others = [(run_id, status) for run_id, status in runner().queue() if run is None or run_id != run.run_id]
    if not others or (run is not None and run.live and run.status != "queued"):
        return
    st.info(t("race.others"))
    for place, (run_id, _) in enumerate(others, 1):
        label = f"{place}. {run_id}: {t('race.watch')}"
        if st.button(label, key=f"watch-{run_id}", on_click=follow_run, args=(run_id,)):
            st.rerun()
