"""The row above a chart of the race: what it is drawn against, and a budget."""

import streamlit as st

from fda_core.settings.config import ExperimentConfig
from ui.state import axes
from ui.views.race import budget_line

HEIGHT = 310  # of the chart below it


def choices(config: ExperimentConfig) -> tuple[str, str, float | None]:
    """The chart's x and its y axis, and a budget in MB, None while none was typed."""
    with st.container(key="race_axes"):
        left, right, limit = st.columns([2.7, 1.35, 1.2])
    return axes.choose(left, "x"), axes.choose(right, "y", measures(config)), budget_line.choose(limit)


def measures(config: ExperimentConfig) -> tuple[str, ...]:
    """What the vertical axis can show: the measure of the target first, then the loss or what people know."""
    metric = config.target.metric
    return (metric, "accuracy" if metric == "test_loss" else "test_loss")
