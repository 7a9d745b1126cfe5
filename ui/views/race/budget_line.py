"""A budget of bytes: typed by the viewer, kept in the address, drawn as a line, answered in a sentence."""

from collections.abc import Sequence

import streamlit as st

from fda_core.algorithm.events import Event
from fda_core.analysis.curves import within
from fda_core.analysis.summary import LaneSummary
from fda_core.analysis.summary import quality as measured
from fda_core.settings.config import ExperimentConfig
from ui.state import address
from ui.text.i18n import listed, t
from ui.text.numbers import megabytes, typed
from ui.text.numbers import quality as shown
from ui.text.sentences import lane_labels

LEAST, MOST = 0.1, 1e6  # MB


def adopt() -> None:
    """Takes the address's budget, if it has one."""
    address.adopt("budget", "budget", address.number(LEAST, MOST), None)


def word() -> str:
    """The budget as it stands in the address; empty without one."""
    budget = st.session_state.get("budget")
    return f"{budget:.10g}" if budget else ""


def choose(place) -> float | None:
    """The box to type it into; empty until somebody does."""
    return place.number_input(
        t("budget_line.label"), LEAST, MOST, value=None, step=10.0, format="%g", key="budget",
        placeholder=t("budget_line.label"), label_visibility="collapsed", on_change=keep, persist_state="session",
    )  # fmt: skip


def keep() -> None:
    """The page around the chart, which keeps the address, is not drawn again for this."""
    address.put("budget", word())


def sentence(
    config: ExperimentConfig, events: Sequence[Event], lanes: Sequence[LaneSummary], budget: float, quality: str
) -> str:
    """What each lane that sends bytes had at `budget` MB: its last synchronisation until then.

    quality: test_loss or accuracy. A lane that has not sent so much yet, or ended before, says so. Empty where no lane
    sends anything.
    """
    labels = lane_labels(config)
    silent = {lane.id for lane in config.lanes if lane.is_baseline}
    parts = [part(labels[lane.lane], lane, events, budget, quality) for lane in lanes if lane.lane not in silent]
    if not parts:
        return ""
    return t("budget_line.at", mb=typed(budget), quality=t(f"budget_line.{quality}"), lanes=listed(parts))


def part(label: str, lane: LaneSummary, events: Sequence[Event], budget: float, quality: str) -> str:
    """One lane's words of the sentence; MB: what it had sent by the end, or so far."""
    if not lane.spent.rounds:
        return t("budget_line.first_yet", lane=label)
    last = within(events, lane.lane, budget * 1e6)
    if last is None:
        return t("budget_line.too_dear", lane=label)
    values = {"lane": label, "value": shown(measured(last, quality), quality), "mb": megabytes(lane.spent.bytes)}
    if lane.spent.bytes >= budget * 1e6 or lane.spent.bytes > last.bytes_total:
        return t("budget_line.value", **values)
    return t("budget_line.so_far" if lane.status is None else "budget_line.ended", **values)
