"""The Race page: settings in the sidebar, the run in a fragment that is drawn again while something is under way."""

import streamlit as st

from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig
from ui.settings_panel.adoption import adopt
from ui.settings_panel.controls import settings
from ui.shared import replay_controls
from ui.state import address, axes
from ui.state.presenter import following, may_act, sign_in_form
from ui.state.session import shown_run
from ui.text.i18n import t
from ui.text.problems import said
from ui.views.race import budget_line
from ui.views.race.live_part import identity, live_part
from ui.views.race.panels import panels

# Settings that do not touch what Var is measured on, so that a run's variances still speak for the sliders.
NOT_VARIANCE = {"preset", "lanes", "rounds", "target", "after_target_rounds", "link", "seed"}
SELDOM = 10.0  # seconds between two draws of what changes little while a run trains


def page() -> None:
    """Settings in the sidebar, everything live in one fragment, below it what is asked for."""
    arrived = "base" not in st.session_state or address.linked() or address.moved()
    if arrived and "run" not in st.query_params and not following():
        st.session_state.run = None  # a link to settings is one to a new run
    run, unreadable = shown_run()
    st.session_state.setdefault("notice", None)
    if arrived:
        follow = run is not None and (run.live or not address.settings())
        config, problem = (run.config, None) if follow else address.from_address()
        adopt(config)
        st.session_state.notice = t("settings.bad_link", problem=said(problem)) if problem else None
    axes.adopt()
    budget_line.adopt()
    live = run is not None and run.live
    with st.sidebar:
        config = settings(frozen=live and may_act(), measured=lambda config: comparable(run, config))
        sign_in_form()
    address.keep_address(config, budget=budget_line.word(), **axes.words())
    if unreadable:
        st.warning(unreadable)
    around = identity(run, config)
    often = (
        replay_controls.REDRAW
        if replay_controls.playing(run)
        else 1.0
        if around.live or following() or around.cost_awaited
        else None
    )
    st.fragment(run_every=often)(live_part)(config, around)
    if around.begun:
        st.fragment(run_every=SELDOM if around.live else None)(panels)()


def comparable(run: Snapshot | None, config: ExperimentConfig) -> tuple:
    """The events of the run shown if it had the same clients, data and learning rates."""
    if run is None or run.config.model_dump(exclude=NOT_VARIANCE) != config.model_dump(exclude=NOT_VARIANCE):
        return ()
    return run.events
