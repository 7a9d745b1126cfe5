"""What follows from a run on a network, made once for all viewers: bills, break-even, map."""

import numpy as np
import streamlit as st

from fda_core.cost.network_bill import Bill, BreakEven, Scenario, bills, break_even, times
from fda_core.runs.snapshot import Snapshot
from ui.components.live_chart import figure_json
from ui.text.sentences import lane_labels
from ui.views.budget.budget_charts import map_chart

CELLS = 33
UPLINKS, DEVICES = np.geomspace(0.1, 1000, CELLS), np.geomspace(0.1, 100, CELLS)
# Of which run after how many events, which lanes, on which network: what follows from it is made once for all viewers.
Moment = tuple[str, int, str, str, str]


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
