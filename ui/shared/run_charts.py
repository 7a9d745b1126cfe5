"""Charts of several runs: their curves over each other, or the band of one experiment's seeds."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from fda_core.analysis.bands import Band, band
from fda_core.settings.config import Target
from ui.shared.charts import WIDTHS, X_COLUMNS, dress, target_line
from ui.shared.lane_looks import DASHES, MARKERS
from ui.text.i18n import in_chart, t

MOST_RUNS = len(DASHES)


def overlay_chart(
    frame: pd.DataFrame, labels: Sequence[str], names: Sequence[str], palette: Sequence[str], x: str, y: str,
    target: Target | None,
) -> go.Figure:  # fmt: skip
    """A lane's name has its colour and marker, a run its dash; the legend shows each once. A run alone lends its dash
    to the lanes.

    frame: of `comparison.overlay_frame`. labels: lanes' names. names: the runs', at most `MOST_RUNS`. target: where
    all runs have the same.
    """
    figure, names = go.Figure(), [in_chart(name) for name in names]
    styles = {label: lane_style(place, palette) for place, label in enumerate(labels)}
    dashes = {label: DASHES[place % len(DASHES)] for place, label in enumerate(labels)}
    for (label, run), rows in frame.groupby(["label", "run"], sort=False):
        colour, symbol = styles[label]
        figure.add_scatter(
            x=rows[X_COLUMNS[x]].tolist(), y=rows[y].tolist(), name=f"{label} · {names[run]}", uid=f"{label} {run}",
            legendgroup=label, showlegend=False, mode="lines+markers", marker={"symbol": symbol, "size": 6},
            line={"color": colour, "dash": dashes[label] if len(names) == 1 else DASHES[run], "width": 2},
            customdata=rows[["round", "round_epochs"]].to_numpy().tolist(), hovertemplate=t("chart.hover"),
        )  # fmt: skip
    for label, (colour, symbol) in styles.items():
        line = {"color": colour, "width": 3, "dash": dashes[label] if len(names) == 1 else "solid"}
        _key(figure, label, legendgroup=label, mode="lines+markers", line=line, marker={"symbol": symbol, "size": 8})
    for run, name in enumerate(names if len(names) > 1 else ()):
        _key(figure, name, mode="lines", line={"color": "#888888", "dash": DASHES[run], "width": 2})
    _finish(figure, x, y, target)
    return figure


def lane_style(place: int, palette: Sequence[str]) -> tuple[str, str]:
    """Colour and marker."""
    return palette[place % len(palette)], MARKERS[place % len(MARKERS)]


def band_chart(
    frame: pd.DataFrame, labels: Sequence[str], palette: Sequence[str], x: str, y: str, target: Target | None
) -> go.Figure:
    """Per lane the median of the runs, and from the lowest to the highest of them as a band."""
    figure = go.Figure()
    for place, label in enumerate(labels):
        rows = frame[frame.label == label]
        found = band([(run[X_COLUMNS[x]], run[y]) for _, run in rows.groupby("run")])
        colour = palette[place % len(palette)]
        _area(figure, found, colour, label)
        figure.add_scatter(
            x=found.x.tolist(), y=found.middle.tolist(), name=label, uid=label, legendgroup=label, mode="lines",
            line={"color": colour, "dash": DASHES[place % len(DASHES)], "width": WIDTHS[min(place, 2)] + 1},
            hovertemplate=t("runs.hover_band"), customdata=list(zip(found.low, found.high, strict=True)),
        )  # fmt: skip
    _finish(figure, x, y, target)
    return figure


def _area(figure: go.Figure, found: Band, colour: str, label: str) -> None:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    figure.add_scatter(
        x=[*found.x, *found.x[::-1]], y=[*found.high, *found.low[::-1]], fill="toself", uid=f"{label} band",
        fillcolor=f"rgba({red},{green},{blue},0.18)", line={"width": 0}, legendgroup=label, showlegend=False,
        hoverinfo="skip", mode="lines",
    )  # fmt: skip


def _key(figure: go.Figure, name: str, **style) -> None:
    """An entry of the legend and nothing else."""
    figure.add_scatter(x=[None], y=[None], name=name, uid=f"key {name}", hoverinfo="skip", **style)


def _finish(figure: go.Figure, x: str, y: str, target: Target | None) -> None:
    if target is not None and target.metric == y:
        target_line(figure, target.value, y)
    dress(figure, x, y)
