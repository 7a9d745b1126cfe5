"""Charts of the Heterogeneity page: tables in, figures out."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fda_core.analysis.effects import Effect
from fda_core.atlas.by_alpha import Played
from ui.shared.lane_looks import DASHES, MARKERS
from ui.text.i18n import in_chart, t

GREY = "#888888"
MOST_NAMES = 12  # clients whose names have room below their bars
SHADES = ("", "/", "x", ".", "\\", "+")  # a pattern for each label, for whoever sees no colours


def labels_chart(
    counts: np.ndarray, labels: Sequence[str], palette: Sequence[str], names: Sequence[str] | None = None
) -> go.Figure:
    """One bar a client, its examples stacked by label, the most one-sided clients at the ends.

    counts: [clients, labels]. names: of the clients, where they have some.
    """
    order = np.argsort(counts[:, 0] / counts.sum(axis=1), kind="stable")
    who = [escaped(names[k]) for k in order] if names else order.tolist()
    figure = go.Figure()
    for i, label in enumerate(labels):
        figure.add_bar(
            x=list(range(1, len(counts) + 1)), y=counts[order, i].tolist(), name=escaped(label), uid=f"label-{i}",
            customdata=who, hovertemplate=t("heterogeneity.hover"),
            marker={
                "color": palette[i % len(palette)], "line": {"width": 0},
                # The second time round the palette every colour meets another pattern.
                "pattern": {"shape": SHADES[(i + i // len(palette)) % len(SHADES)], "size": 6, "fgcolor": "white",
                            "solidity": 0.2, "fillmode": "overlay"},
            },
        )  # fmt: skip
    figure.update_layout(
        barmode="stack", bargap=0.1, legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": t("heterogeneity.x_clients"), "showticklabels": bool(names) and len(counts) <= MOST_NAMES,
               "tickvals": list(range(1, len(counts) + 1)), "ticktext": who},
        yaxis={"title": t("heterogeneity.y_examples")}, margin={"l": 50, "r": 10, "t": 34, "b": 40},
    )  # fmt: skip
    return figure


def escaped(name: str, longest: int = 24) -> str:
    """A name from somebody's data, short enough for a legend."""
    return in_chart(name if len(name) <= longest else f"{name[:longest]}…")


def effects_chart(
    runs: Sequence[Effect], cells: Sequence[Played], labels: dict[str, str], palette: Sequence[str], alpha: float
) -> go.Figure:
    """Three small charts over α, alike clients on the left: Var, local epochs a round, best accuracy.

    runs: one seed each, for Var; cells: over their seeds, medians as lines, each seed as a faint mark. labels: lanes'
    names by id, in their order. alpha: where a line stands.
    """
    figure = make_subplots(
        rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.11,
        subplot_titles=[t(f"heterogeneity.title_{name}") for name in ("variance", "epochs", "accuracy")],
    )  # fmt: skip
    figure.add_scatter(x=[run.alpha for run in runs], y=[run.variance for run in runs], row=1, col=1,
                       showlegend=False, uid="variance", mode="lines+markers", line={"color": GREY},
                       hovertemplate="%{y:.3g}<extra></extra>")  # fmt: skip
    for place, (id, label) in enumerate(labels.items()):
        add_lane(figure, place, id, label, cells, palette[place % len(palette)])
    alphas = sorted({run.alpha for run in runs} | {each.cell.alpha for each in cells})
    low, high = min(*alphas, alpha), max(*alphas, alpha)
    figure.update_xaxes(type="log", range=[np.log10(high) + 0.15, np.log10(low) - 0.15], tickvals=alphas,
                        ticktext=[f"{value:g}" for value in alphas])  # fmt: skip
    figure.update_yaxes(type="log", nticks=3, row=1, col=1)  # more would lie over one another
    figure.update_xaxes(title=t("heterogeneity.x_alpha"), row=3, col=1)
    figure.add_vline(x=alpha, line={"color": GREY, "dash": "dot", "width": 1})
    figure.update_annotations(font={"size": 12})
    # At the very bottom, below the axis title, however many rows it takes.
    legend = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"}
    figure.update_layout(margin={"l": 50, "r": 10, "t": 24, "b": 92}, legend=legend)
    return figure


def add_lane(figure: go.Figure, place: int, id: str, label: str, cells: Sequence[Played], colour: str) -> None:
    """A lane's local epochs a round and best accuracy: the medians, and faintly every seed."""
    style = {
        "line": {"color": colour, "dash": DASHES[place % len(DASHES)]}, "legendgroup": id,
        "marker": {"symbol": MARKERS[place % len(MARKERS)], "size": 8}, "mode": "lines+markers", "name": label,
    }  # fmt: skip
    faint = {"mode": "markers", "marker": {"color": colour, "size": 5}, "opacity": 0.35, "legendgroup": id,
             "showlegend": False, "hoverinfo": "skip"}  # fmt: skip
    for row, what in ((2, "epochs"), (3, "best")):
        lanes = [(each.cell.alpha, each.lanes[id]) for each in cells]
        points = [(x, value) for x, lane in lanes for value in getattr(lane, what)]
        figure.add_scatter(x=[x for x, _ in points], y=[y for _, y in points], row=row, col=1, uid=f"{id} {what} seeds",
                           **faint)  # fmt: skip
        figure.add_scatter(x=[x for x, _ in lanes], y=[getattr(lane, f"middle_{what}") for _, lane in lanes], row=row,
                           col=1, uid=f"{id} {what}", showlegend=row == 3, **style)  # fmt: skip
