"""The chart of the race, made once for all who look at the same moment, with its axes and its budget."""

import pandas as pd
import streamlit as st

from fda_core.analysis.summary import LaneSummary
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig
from ui.components.live_chart import figure_json, live_chart
from ui.shared.charts import race_chart
from ui.shared.frames import race_frame
from ui.shared.lane_looks import palette
from ui.text.i18n import t
from ui.text.sentences import lane_labels
from ui.text.viewer import viewing
from ui.views.race import annotations, budget_line, ghost
from ui.views.race.axes_row import HEIGHT, choices


def chart(
    run: Snapshot, config: ExperimentConfig, lanes: list[LaneSummary], words: str, going_on: bool, example: bool = False
) -> None:  # fmt: skip
    """Axes and budget to choose, the curves, and below them the answer to a budget, which is about no example; words:
    the headline, as alt."""
    x, y, budget = choices(config)
    curves(run, config, lanes, words, going_on, (x, y, budget), alone=example)
    if budget and lanes and not example:
        st.markdown(budget_line.sentence(config, run.events, lanes, budget, y))


def curves(
    run: Snapshot, config: ExperimentConfig, lanes: list[LaneSummary], words: str, going_on: bool,
    chosen: tuple[str, str, float | None], alone: bool,
) -> None:  # fmt: skip
    """On the axes and with the budget that were chosen; alone: with nothing recorded behind them."""
    x, y, budget = chosen
    # What lies between two rounds changes no curve: a moment is what the lanes have come to. As text, because Streamlit
    # takes longer to hash the numbers one by one.
    view, moment = f"{run.run_id}/{x}/{y}", f"{viewing()} {lanes}"
    live_chart(
        shared_figure(view, moment, x, y, budget, not going_on, run, config, lanes, alone),
        key="race",
        height=HEIGHT,
        alt=t("chart.alt", x=t(f"chart.x_{x}"), y=t(f"chart.y_{y}"), headline=words),
        unavailable=t("chart.unavailable"),
    )


@st.cache_data(max_entries=64, show_spinner=False)
def shared_figure(
    view: str, moment: str, x: str, y: str, budget: float | None, over: bool, _run: Snapshot,
    _config: ExperimentConfig, _lanes: list[LaneSummary], alone: bool = False,
) -> str:  # fmt: skip
    """The chart as the browser gets it, made once for all who look at this moment of a run with this budget."""
    frame = race_frame(_run.events)
    reached = {lane.lane: lane.to_target.rounds for lane in _lanes if lane.to_target}
    recorded = None if alone else ghost.behind(_config, x, frame if over else None)
    figure = race_chart(frame, lane_labels(_config), palette(), x, y, _config.target, reached, recorded)
    if x == "bytes" and not frame.empty:
        parts = [frame] if recorded is None else [frame, recorded.rows]
        seen = pd.concat([part[["megabytes", y]] for part in parts])
        annotations.annotate(figure, seen, _config, _run.events, y, budget, over)
    return figure_json(figure, view)
