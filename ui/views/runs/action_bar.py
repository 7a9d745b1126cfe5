"""One row of buttons for the runs that are chosen."""

from collections.abc import Callable, Sequence

import streamlit as st

from fda_core.runs.entries import Entry
from fda_core.runs.meta import LONGEST_NAME
from fda_core.runs.snapshot import LIVE, Snapshot
from ui.settings_panel.handover import follow_run
from ui.state.presenter import act, may_act
from ui.state.press import once
from ui.text.i18n import t
from ui.views.runs import downloads, run_actions
from ui.views.runs.run_list import backlog


def actions(chosen: Sequence[Entry], runs: Sequence[Snapshot], report: Callable[[], str]) -> None:
    """One row of buttons for all that is chosen. report: makes the page of the picture below, to be taken away."""
    ids, live = [entry.run_id for entry in chosen], [entry.run_id for entry in chosen if entry.status in LIVE]
    one = chosen[0] if len(chosen) == 1 else None
    places = st.columns(6, vertical_alignment="center")
    if places[0].button(
        t("runs.open"),
        key="open",
        disabled=one is None or not one.preset,
        icon=":material/sports_score:",
        width="stretch",
    ):
        follow_run(ids[0])
        st.switch_page("pages/race.py")
    with places[1].popover(t("runs.edit"), disabled=one is None or not may_act(), width="stretch"):
        if one is not None:
            naming(one)
    act_on(places[2], "study", "runs.study", one is not None and bool(runs), run_actions.study, ids[0])
    with places[3].popover(t("runs.export"), disabled=not runs, width="stretch"):
        downloads.downloads(chosen, runs, report)
    act_on(places[4], "stop_chosen", "runs.stop", bool(live), run_actions.stop, live)
    act_on(places[5], "delete", "runs.delete", not live, run_actions.delete, ids)


def act_on(place, key: str, label: str, enabled: bool, *action) -> None:
    """A button that calls `action`, its function and arguments, if the viewer may act; grey where not `enabled`."""
    place.button(
        t(label, count=run_actions.SEEDS), key=key, disabled=not (enabled and may_act()), width="stretch",
        **once(key, act, *action),
    )  # fmt: skip


def naming(entry: Entry) -> None:
    """A form for a run's name and tags; the tags of all runs are offered, new ones can be typed."""
    with st.form(f"naming-{entry.run_id}", border=False):
        st.text_input(t("runs.name"), entry.name, key=f"name-{entry.run_id}", max_chars=LONGEST_NAME)
        st.multiselect(
            t("runs.tags"), backlog().tags(), entry.tags, key=f"tags-{entry.run_id}", accept_new_options=True,
            placeholder=t("runs.tags_hint"),
        )  # fmt: skip
        st.form_submit_button(t("runs.save"), on_click=act, args=(run_actions.rename, entry.run_id))
