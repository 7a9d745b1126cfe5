"""The numbers of the race: one row a lane."""

import streamlit as st

from fda_core.analysis.summary import LaneSummary
from fda_core.settings.config import ExperimentConfig
from ui.shared.tables import text_table
from ui.text.i18n import t
from ui.text.numbers import count, megabytes, percent
from ui.text.sentences import lane_labels, spent
from ui.text.viewer import engineer


def numbers(config: ExperimentConfig, lanes: list[LaneSummary]) -> None:
    """One row a lane: bytes by kind, work, quality, and what the target cost."""
    labels = lane_labels(config)
    with st.container(key="numbers"):
        text_table([row(labels[lane.lane], lane) for lane in lanes])


def row(label: str, lane: LaneSummary) -> dict[str, str]:
    """A manager gets all bytes in one number, an engineer each kind."""
    kinds = {
        t("table.down"): megabytes(lane.bytes_down),
        t("table.up"): megabytes(lane.bytes_up),
        t("table.monitor"): megabytes(lane.bytes_monitor),
    }
    return {
        t("table.lane"): label,
        t("table.status"): t(f"lane_status.{lane.status or 'racing'}"),
        t("table.rounds"): count(lane.spent.rounds),
        t("table.epochs"): count(lane.spent.local_epochs),
        **(kinds if engineer() else {t("table.megabytes"): megabytes(lane.spent.bytes)}),
        t("table.best"): percent(lane.best_accuracy),
        t("table.to_target"): spent(lane.to_target),
    }
