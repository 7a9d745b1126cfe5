"""What is written into the race chart beside the curves: where FDA gets ahead for good, and the viewer's budget."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from fda_core.algorithm.events import Event
from fda_core.analysis.curves import Point, crossing
from fda_core.settings.config import ExperimentConfig
from ui.shared.charts import GREY
from ui.text.i18n import t
from ui.text.numbers import megabytes, typed
from ui.text.sentences import lane_labels, main_lane

STRIP = 0.12  # of the height of the curves; the axis adds as much again


def rivals(config: ExperimentConfig) -> tuple[str, str] | None:
    """The FDA lane that is compared, and the FedOpt lane that synchronises most often; None without one of them."""
    ours = [lane for lane in config.lanes if lane.is_fda]
    theirs = [lane for lane in config.lanes if lane.is_fedopt]
    return (main_lane(ours).id, min(theirs, key=lambda lane: lane.epochs).id) if ours and theirs else None


def annotate(
    figure: go.Figure, frame: pd.DataFrame, config: ExperimentConfig, events: Sequence[Event], y: str,
    budget: float | None, over: bool,
) -> None:  # fmt: skip
    """Both marks, on an axis of bytes. frame: of all curves. over: nothing more is coming, so that "for good" can be
    said."""
    pair = rivals(config)
    if over and pair and (point := crossing(events, *pair, y)):
        late = point.bytes / 1e6 > 0.5 * max(frame.megabytes.max(), budget or 0)
        mark_crossing(figure, lane_labels(config)[pair[0]], point, late, y == "test_loss")
        make_room(figure, frame[y], y == "test_loss")
    if budget:
        mark_budget(figure, budget)


def mark_crossing(figure: go.Figure, label: str, point: Point, late: bool, falling: bool) -> None:
    """A thin line with a ring at the crossing; its text stands beyond it, or before it where it comes late.

    falling: curves go down, as losses do, and the text stands at the top, otherwise at the bottom.
    """
    figure.add_vline(
        x=point.bytes / 1e6, line={"color": GREY, "width": 1}, annotation_font={"size": 12},
        annotation_text=t("marks.ahead", lane=label, mb=megabytes(point.bytes)),
        annotation_position=f"{'top' if falling else 'bottom'} {'left' if late else 'right'}",
    )  # fmt: skip
    ring = {"symbol": "circle-open", "size": 12, "color": GREY, "line": {"width": 2}}
    figure.add_scatter(
        x=[point.bytes / 1e6], y=[point.value], uid="crossing", mode="markers", marker=ring, showlegend=False,
        hoverinfo="skip",
    )  # fmt: skip


def make_room(figure: go.Figure, values: pd.Series, falling: bool) -> None:
    """A strip without curves for the text: above them where they fall, below where they rise."""
    low, high = values.min(), values.max()
    edge = high + STRIP * (high - low) if falling else low - STRIP * (high - low)
    figure.update_yaxes(autorangeoptions={"include": [float(edge)]})


def mark_budget(figure: go.Figure, budget: float) -> None:
    """A vertical line at so many MB, explained in the legend; the axis reaches at least that far."""
    figure.add_vline(
        x=budget, line={"color": GREY, "dash": "dot", "width": 2}, name=t("marks.budget", mb=typed(budget)),
        showlegend=True, legendrank=3000,
    )  # fmt: skip
    figure.update_xaxes(autorangeoptions={"include": [budget]})
