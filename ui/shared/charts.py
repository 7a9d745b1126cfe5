"""Chart builders: tables in, figures out. A lane keeps its colour, dash and marker in every chart."""

from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from fda_core.settings.config import Target
from ui.shared.lane_looks import look
from ui.text.i18n import t

WIDTHS = (2, 2, 3)
X_COLUMNS = {"bytes": "megabytes", "rounds": "round", "epochs": "epochs", "time": "seconds"}
GREY = "#888888"


class Behind(NamedTuple):
    """Lanes of another race that these grow over, and what they are called together."""

    name: str
    rows: pd.DataFrame


def race_chart(
    frame: pd.DataFrame,
    labels: dict[str, str],
    palette: list[str],
    x: str,
    y: str,
    target: Target,
    reached: dict[str, int],
    behind: Behind | None = None,
) -> go.Figure:
    """Test loss or accuracy (`y`) against bytes, rounds, epochs or time (`x`); one mark a synchronisation.

    labels: the lanes' names in drawing order. palette: one colour a lane, repeated when it runs out.
    reached: per lane the round in which it had reached the target.
    """
    figure = go.Figure()
    if behind is not None:
        _behind(figure, behind, X_COLUMNS[x], y)
    for i, (lane, label) in enumerate(labels.items()):
        rows, (colour, dash, marker) = frame[frame.lane == lane], look(i, palette)
        if x == "bytes" and len(rows) > 1 and not rows.megabytes.any():
            line = {"color": colour, "dash": "dot", "width": 2}
            _reference(figure, rows[y], frame.megabytes.max(), y, line, label, lane)
            continue
        figure.add_scatter(
            x=rows[X_COLUMNS[x]].tolist(),
            y=rows[y].tolist(),
            name=label,
            uid=lane,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": WIDTHS[min(i, 2)]},
            marker={"symbol": marker, "size": 6},
            customdata=rows[["round", "round_epochs"]].to_numpy().tolist(),
            hovertemplate=t("chart.hover"),
        )
        if lane in reached:
            _star(figure, rows[rows["round"] == reached[lane]], X_COLUMNS[x], y, colour, lane)
    if frame.empty and behind is None:
        return _waiting(figure)
    if reached:
        _explain_stars(figure)
    if target.metric == y:
        target_line(figure, target.value, y)
    dress(figure, x, y)
    return figure


def _behind(figure: go.Figure, behind: Behind, x: str, y: str) -> None:
    """Thin, in no lane's colour, each with the dashes that its place has; one legend entry for all."""
    lanes = list(behind.rows.lane.unique())
    for i, lane in enumerate(lanes):
        rows = behind.rows[behind.rows.lane == lane]
        figure.add_scatter(
            x=rows[x].tolist(), y=rows[y].tolist(), uid=f"behind {lane}", mode="lines", opacity=0.7,
            line={"color": GREY, "dash": look(i, [GREY])[1], "width": 1}, name=behind.name, legendgroup="behind",
            showlegend=i == len(lanes) - 1, legendrank=2500, hoverinfo="skip",
        )  # fmt: skip


def target_line(figure: go.Figure, value: float, y: str) -> None:
    """A dashed level line at the target; its words keep to the corner that the curves leave free."""
    figure.add_hline(
        y=value, line={"color": GREY, "dash": "dash", "width": 1},
        annotation={"text": t("chart.target", value=f"{value:g}"), "font": {"size": 12}},
        annotation_position="top right" if y == "test_loss" else "bottom right",
    )  # fmt: skip


def _reference(figure: go.Figure, values: pd.Series, width: float, y: str, line: dict, label: str, lane: str) -> None:
    """A lane that sends nothing has no place on an axis of bytes: a level line at its best value."""
    best = float(values.min() if y == "test_loss" else values.max())
    figure.add_scatter(
        x=[0, width or 1], y=[best, best], name=label, uid=lane, mode="lines", line=line,
        hovertemplate=t("chart.hover_reference"),
    )  # fmt: skip


def _star(figure: go.Figure, point: pd.DataFrame, x: str, y: str, colour: str, lane: str) -> None:
    """Marks where a lane had reached the target."""
    stars = {"symbol": "star", "size": 16, "color": colour, "line": {"color": "white", "width": 1}}
    figure.add_scatter(
        x=point[x].tolist(), y=point[y].tolist(), uid=f"{lane} reached", mode="markers", marker=stars,
        name=t("chart.reached"), legendgroup="reached", showlegend=False, hoverinfo="skip",
    )  # fmt: skip


def _explain_stars(figure: go.Figure) -> None:
    """One legend entry for all stars, in no lane's colour."""
    figure.add_scatter(
        x=[None], y=[None], uid="reached", mode="markers", name=t("chart.reached"), legendgroup="reached",
        legendrank=2000, marker={"symbol": "star", "size": 14, "color": GREY}, hoverinfo="skip",
    )  # fmt: skip


def dress(figure: go.Figure, x: str, y: str) -> None:
    """Axes, hover and legend as all charts of curves have them."""
    figure.update_layout(
        xaxis={"title": t(f"chart.x_{x}"), "rangemode": "tozero", "hoverformat": ",.1f" if x == "bytes" else ",.0f"},
        yaxis={"title": t(f"chart.y_{y}")},
        hovermode="closest",
        hoverdistance=30,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        margin={"l": 56, "r": 16, "t": 34, "b": 46},
    )


def _waiting(figure: go.Figure) -> go.Figure:
    """The chart before the first point: a frame and a hint instead of axes without a meaning."""
    hidden = {"showticklabels": False, "showgrid": False, "zeroline": False, "range": [0, 1], "fixedrange": True}
    figure.add_annotation(text=t("chart.empty"), x=0.5, y=0.5, showarrow=False, font={"size": 15})
    figure.update_layout(xaxis=hidden, yaxis=hidden, showlegend=False, margin={"l": 16, "r": 16, "t": 34, "b": 16})
    return figure
