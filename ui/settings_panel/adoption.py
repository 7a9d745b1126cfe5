"""A configuration from elsewhere (a link, a run, a preset) becomes what the settings' widgets show."""

import streamlit as st

from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig, LaneSpec, default_lanes
from fda_core.settings.fields import THETAS
from ui.settings_panel import widgets
from ui.shared.links import LINKS

DEFAULT_THETA = THETAS[20]


def adopt(config: ExperimentConfig) -> None:
    """Puts a configuration into the widgets; call it before they are drawn."""
    state = st.session_state
    if config.preset not in presets.names():  # of a record of another version, which has the settings all the same
        config = config.model_copy(update={"preset": presets.names()[0]})
    state.base = config
    widgets.adopt(config)
    state.epochs, state.max_epochs, state.mode, theta, state.check, state.monitor = lane_values(config.lanes)
    if theta is not None or state.get("theta") not in THETAS:
        state.theta = DEFAULT_THETA if theta is None else theta
    link = (config.link.uplink_mbit, config.link.downlink_mbit, config.link.rtt_ms)
    state.link = next((name for name, speeds in LINKS.items() if speeds == link), "own")


def lane_values(lanes: tuple[LaneSpec, ...]) -> tuple[int, int, str, float | None, str, str]:
    """What `make_lanes` was given: E of the first FedOpt lane; M, mode, Θ, check and monitor of the last FDA lane."""
    schedules = [lane for lane in lanes if lane.is_fedopt]
    epochs = schedules[0].epochs if schedules else 1
    lane = [lane for lane in (*default_lanes(), *lanes) if lane.is_fda][-1]
    return epochs, lane.max_epochs, lane.rule, lane.theta, lane.check, lane.monitor
