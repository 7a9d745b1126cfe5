"""What follows from a run on a network, made once for all viewers: bills, break-even, map."""

import numpy as np
import streamlit as st

from fda_core.analysis.summary import started
from fda_core.cost.network_bill import Bill, BreakEven, Scenario, bills, break_even, times
from fda_core.models.payload import payload, slowdown
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import Link
from ui.components.live_chart import figure_json
from ui.text.sentences import lane_labels
from ui.views.budget.budget_charts import map_chart
from ui.views.budget.network_form import OWN, RANK

CELLS = 33
UPLINKS, DEVICES = np.geomspace(0.1, 1000, CELLS), np.geomspace(0.1, 100, CELLS)
# Of which run after how many events, which lanes, on which network: what follows from it is made once for all viewers.
Moment = tuple[str, int, str, str, str]


def scenario_of(run: Snapshot) -> Scenario:
    """The run on the viewer's network; a step takes as long as measured, times device and model, at most an hour."""
    state, facts = st.session_state, started(run.events).facts
    measured = facts.get("seconds_per_step") or run.config.link.step_seconds
    link = Link(
        uplink_mbit=state.budget_up, downlink_mbit=state.budget_down, rtt_ms=state.budget_rtt,
        spread=state.budget_spread, price_per_gb=state.budget_price,
        step_seconds=min(3600, measured * state.budget_device * slower(run)),
    )  # fmt: skip
    word = state.budget_payload
    size = facts["model_bytes"] if word == OWN else payload(*word.split(" "), RANK)
    return Scenario(link, size, scale=state.budget_sites / run.config.clients)


def slower(run: Snapshot) -> float:
    """How many times as long a step takes because another model is trained than in the run."""
    word = st.session_state.budget_payload
    return 1.0 if word == OWN else slowdown(*word.split(" "), run.config.lora.layers)


@st.cache_data(max_entries=256, show_spinner=False)
def shared_bills(moment: Moment, _run: Snapshot, _scenario: Scenario) -> tuple[dict[str, Bill], BreakEven | None]:
    """Bills by lane, and the break-even of the moment's two; kept by `moment` alone, so it names all that counts."""
    us, them = moment[2:4]
    return (
        {bill.lane: bill for bill in bills(_run.events, _scenario)},
        break_even(_run.events, us, them, _scenario),
    )  # fmt: skip


@st.cache_data(max_entries=64, show_spinner=False)
def shared_map(moment: Moment, words: object, _run: Snapshot, _scenario: Scenario, _device: float) -> str | None:
    """The ratio of both lanes' times in every cell, as the browser gets it. words: what the viewer reads in it."""
    us, them = moment[2:4]
    speed, device = (grid.ravel() for grid in np.meshgrid(UPLINKS / _scenario.link.uplink_mbit, DEVICES))
    both = [times(_run.events, lane, _scenario, speed, device / _device) for lane in (us, them)]
    if any(found is None for found in both):
        return None
    ratio = (both[1] / both[0]).reshape(CELLS, CELLS)
    labels, point = lane_labels(_run.config), (_scenario.link.uplink_mbit, _device)
    return figure_json(map_chart(UPLINKS, DEVICES, ratio, point, labels[us], labels[them]), "budget")
