"""The table in which runs are chosen, and the chosen ones as far as they can be read."""

from collections.abc import Sequence

import streamlit as st

from fda_core.runs.entries import Entry
from fda_core.runs.snapshot import Snapshot
from fda_core.support.errors import LabError
from ui.state.session import runner
from ui.text.i18n import plain, t
from ui.text.moments import zone_name
from ui.text.problems import said
from ui.text.recorded_messages import recorded
from ui.views.runs.run_list import table, title

ROW_HEIGHT, MOST_ROWS = 35, (14, 5)  # of the list, before and after runs are chosen


def pick(entries: list[Entry]) -> None:
    """The table; the rows chosen in it are kept by their run, because rows move."""
    ids, state = [entry.run_id for entry in entries], st.session_state
    # Other rows, or runs chosen by other means: another table, which begins with those.
    key = f"table-{state.get('choices', 0)}-{hash(tuple(ids))}"
    if key not in state:
        state.table_began = [row for row, run_id in enumerate(ids) if run_id in state.chosen]

    def picked() -> None:
        """A callback: keeps the chosen rows' runs, and takes away what the last action said."""
        state.chosen = [ids[row] for row in state[key].selection.rows if row < len(ids)]
        state.runs_notice = None

    zone = zone_name()
    height = 2 + ROW_HEIGHT * (1 + min(len(entries), MOST_ROWS[bool(state.chosen)]))
    st.dataframe(
        table(entries), key=key, on_select=picked, selection_mode="multi-row", hide_index=True, height=height,
        selection_default={"selection": {"rows": state.table_began}}, alt=t("runs.alt", count=len(entries)),
        column_config={
            t("runs.began", zone=zone): st.column_config.DatetimeColumn(
                format="YYYY-MM-DD HH:mm", timezone=zone, help=t("runs.began_help", zone=zone)
            ),
            t("runs.alpha"): st.column_config.NumberColumn(format="%g"),
            t("runs.tags"): st.column_config.ListColumn(),
        },
    )  # fmt: skip


def readable(chosen: Sequence[Entry]) -> list[Snapshot]:
    """The chosen runs that have events; what is wrong with the others is said."""
    runs = []
    for entry in chosen:
        try:
            run = runner().snapshot(entry.run_id, watching=True)
        except LabError as error:
            st.warning(said(error))
            continue
        if run is not None and run.events:
            runs.append(run)
        elif run is not None and run.message:
            st.warning(f"{plain(title(entry))}: {recorded(run.message)}")
    return runs
