"""The sidebar of the Runs page: search and tag, a record to take over, the trash."""

import streamlit as st

from fda_core.runs import trash
from fda_core.runs.store import runs_folder
from ui.state.presenter import act, may_act
from ui.state.press import once
from ui.text.i18n import t
from ui.views.runs import run_actions

LONGEST_SEARCH = 200  # characters


def filters(offered: list[str]) -> tuple[str, str | None]:
    """Draws both boxes; returns the search, which may be empty, and the tag, None for any. offered: tags."""
    state = st.session_state
    search = st.text_input(
        t("runs.search"), key="runs_search", placeholder=t("runs.search_hint"), max_chars=LONGEST_SEARCH,
        persist_state="session",
    )  # fmt: skip
    tags = sorted({*offered, state.runs_tag} - {None})
    tag = st.selectbox(
        t("runs.tag"), tags, index=None, key="runs_tag", disabled=not tags, placeholder=t("runs.tag_any"),
        persist_state="session",
    )  # fmt: skip
    return search, tag


def uploader() -> None:
    """The box for a record to take over; after each file a new one, so that the last is not taken twice."""
    with st.expander(t("runs.import"), key="runs_import", icon=":material/upload_file:"):
        key = run_actions.uploader_key()
        st.file_uploader(
            t("runs.import_file"), type=["jsonl"], key=key, on_change=act, args=(run_actions.take_over, key),
            disabled=not may_act(), help=t("runs.import_help"),
        )  # fmt: skip


def bin_of_runs() -> None:
    """Up to 20 deleted runs with a button each to restore them; nothing while the trash is empty."""
    gone = trash.deleted(runs_folder())
    if not gone:
        return
    with st.expander(t("runs.trash", count=len(gone)), key="runs_trash", icon=":material/delete:"):
        st.caption(t("runs.trash_kept", days=trash.KEPT_DAYS))
        for run_id in gone[:20]:
            st.button(
                t("runs.restore", run=run_id), key=f"restore-{run_id}", disabled=not may_act(), icon=":material/undo:",
                **once(f"restore-{run_id}", act, run_actions.restore, [run_id]),
            )  # fmt: skip
