"""Buttons that hand runs out: a report of all that are chosen; slides, film, CSV, JSON and events of one."""

from collections.abc import Callable, Sequence

import streamlit as st

from fda_core.runs.entries import Entry
from fda_core.runs.exports import to_csv, to_json
from fda_core.runs.snapshot import Snapshot
from fda_core.runs.store import EVENTS, runs_folder
from ui.takeaway.offers import film_button, slides_button
from ui.text.i18n import t


def downloads(chosen: Sequence[Entry], runs: Sequence[Snapshot], make_report: Callable[[], str]) -> None:
    """Buttons; what they give is made when they are pressed. runs: those of the chosen that can be read;
    make_report: () -> HTML."""
    st.download_button(
        t("runs.report"), make_report, "fda-opt-lab.html", "text/html", key="report", on_click="ignore",
        width="stretch", help=t("runs.report_help"),
    )  # fmt: skip
    if len(chosen) > 1:
        st.caption(t("runs.one_for_data"))
        return
    for run in runs:
        slides_button(run)
        film_button(run)
    folder = runs_folder() / chosen[0].run_id
    for kind, mime, make in (
        ("csv", "text/csv", lambda: to_csv(folder).encode("utf-8-sig")),  # the mark tells spreadsheets the encoding
        ("json", "application/json", lambda: to_json(folder)),
        ("jsonl", "application/jsonl", lambda: (folder / EVENTS).read_bytes()),
    ):
        st.download_button(
            t(f"runs.file_{kind}"), make, f"{folder.name}.{kind}", mime, key=kind, on_click="ignore", width="stretch",
            help=t(f"runs.help_{kind}"),
        )  # fmt: skip
