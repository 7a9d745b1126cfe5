"""Charts of the page Inside a round: events in, figures out."""

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from fda_core.analysis.one_round import Look
from ui.text.i18n import in_chart, t
from ui.text.numbers import significant

GREY, DARK = "#888888", "#222222"
MARGIN = {"l": 56, "r": 12, "t": 34, "b": 42}
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}


def variance_chart(seen: Look, palette: Sequence[str]) -> go.Figure:
    """Exact Var and the estimate v̂ after each local epoch, Θ as a level line, the decision written at its epoch."""
    figure = go.Figure()
    x = [epoch.epoch for epoch in seen.epochs]
    figure.add_scatter(x=x, y=[e.variance for e in seen.epochs], name=t("inside.exact"), mode="lines+markers",
                       line={"color": palette[0], "width": 3}, uid="exact")  # fmt: skip
    if any(epoch.variance_estimate is not None for epoch in seen.epochs):
        figure.add_scatter(x=x, y=[e.variance_estimate for e in seen.epochs], name=t("inside.estimate"), uid="estimate",
                           mode="lines+markers", line={"color": palette[1], "dash": "dot", "width": 3},
                           marker={"symbol": "diamond", "size": 9})  # fmt: skip
    if seen.threshold is not None:
        figure.add_hline(y=seen.threshold, line={"color": palette[5], "dash": "dash", "width": 2},
                         annotation={"text": t("inside.theta", value=significant(seen.threshold)),
                                     "font": {"color": palette[5]}}, annotation_position="top left")  # fmt: skip
    if seen.epochs:
        last = seen.epochs[-1]
        height = last.variance_estimate if last.variance_estimate is not None else last.variance
        figure.add_annotation(x=last.epoch, y=height, text=t("inside.travels"), arrowcolor=GREY, ax=-70, ay=-30)
    limit = seen.lane.max_epochs or seen.lane.epochs or len(x)
    figure.update_layout(
        xaxis={"title": t("inside.x_epochs"), "range": [0.5, limit + 0.5], "dtick": 1 if limit <= 20 else None},
        yaxis={"title": t("inside.y_variance"), "rangemode": "tozero"}, legend=LEGEND, margin=MARGIN,
    )  # fmt: skip
    return figure


def drift_chart(seen: Look, palette: Sequence[str]) -> go.Figure:
    """Each client's drift, epoch by epoch, in the plane in which they differ most; the mean is kept."""
    figure = go.Figure()
    for place, (client, path) in enumerate(zip(seen.round.clients, seen.round.paths, strict=False)):
        points = [(0.0, 0.0), *((x, y) for x, y in path if x is not None and y is not None)]
        figure.add_scatter(x=[p[0] for p in points], y=[p[1] for p in points], mode="lines+markers", uid=client,
                           line={"color": palette[4], "width": 1.5}, marker={"size": 4}, showlegend=place == 0,
                           name=t("inside.each"), legendgroup="clients",
                           hovertemplate=t("inside.hover_client", client=in_chart(client[:40])))  # fmt: skip
    ends = [path[-1] for path in seen.round.paths if path and None not in path[-1]]
    if ends:
        mean = [sum(axis) / len(ends) for axis in zip(*ends, strict=True)]
        figure.add_scatter(x=[0, mean[0]], y=[0, mean[1]], mode="lines+markers", name=t("inside.mean"), uid="mean",
                           line={"color": palette[5], "width": 4}, marker={"symbol": "star", "size": 13})  # fmt: skip
    figure.add_scatter(x=[0], y=[0], mode="markers", name=t("inside.global"), uid="global",
                       marker={"symbol": "square", "size": 11, "color": GREY})  # fmt: skip
    figure.update_layout(
        xaxis={"showticklabels": False, "zeroline": False},
        yaxis={"showticklabels": False, "scaleanchor": "x", "zeroline": False}, legend=LEGEND,
        margin={"l": 12, "r": 12, "t": 34, "b": 12},
    )  # fmt: skip
    return figure


def scale_chart(state: int, models: dict[str, int], palette: Sequence[str], label: str) -> go.Figure:
    """One square a model, and in its corner the state, both with an area in proportion to their bytes.

    label: of the state, with an arrow to where it is, because beside a large model it is smaller than a pixel.
    """
    figure = go.Figure()
    for place, (name, size) in enumerate(models.items()):
        left, side = 1.3 * place, math.sqrt(state / size)
        for width, colour in ((1.0, palette[4]), (side, palette[5])):
            figure.add_shape(type="rect", x0=left, x1=left + width, y0=0, y1=width, line={"width": 0}, fillcolor=colour)
        figure.add_annotation(x=left + 0.5, y=-0.12, text=name, showarrow=False, font={"size": 14})
        figure.add_annotation(x=left + side, y=side, text=label, ax=40, ay=-40, font={"size": 14, "color": DARK},
                              arrowcolor=DARK)  # fmt: skip
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        xaxis=hidden | {"range": [-0.15, 1.3 * len(models)]},
        yaxis=hidden | {"range": [-0.25, 1.05], "scaleanchor": "x"},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )  # fmt: skip
    return figure


def error_chart(frame: pd.DataFrame, palette: Sequence[str], width: int) -> go.Figure:
    """Relative error of the sketch on stored real drifts against its width: the middle 90 % of the maps, and the mean.

    frame: of sketch.csv. width: the one in use.
    """
    rows = frame[frame.vector.str.startswith("drift")].groupby("width")[["q05", "q95", "mean_absolute"]].mean()
    figure = go.Figure()
    x = rows.index.tolist()
    figure.add_scatter(x=[*x, *x[::-1]], y=[*rows.q95, *rows.q05[::-1]], fill="toself", mode="lines", uid="band",
                       line={"width": 0}, fillcolor="rgba(0,114,178,0.2)", name=t("inside.error_band"))  # fmt: skip
    figure.add_scatter(x=x, y=rows.mean_absolute.tolist(), mode="lines+markers", uid="mean",
                       name=t("inside.error_mean"), line={"color": palette[0]})  # fmt: skip
    figure.add_vline(x=width, line={"color": GREY, "dash": "dot"})
    figure.update_layout(
        xaxis={"title": t("inside.x_width"), "type": "log", "tickvals": x}, legend=LEGEND, margin=MARGIN,
        yaxis={"title": t("inside.y_error"), "tickformat": ".0%"},
    )  # fmt: skip
    return figure
