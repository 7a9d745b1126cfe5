"""The break-even map: for each network and device, which of two lanes reaches the target first."""

import numpy as np
import plotly.graph_objects as go

from ui.text.i18n import t

# Orange where FedOpt is faster, blue where FDA-OPT is, grey between: told apart by every common kind of colour vision.
SCALE = [[0, "#E69F00"], [0.5, "#F2F2F2"], [1, "#0072B2"]]
FACTOR = 8  # from where on the colour is full


def map_chart(
    uplinks: np.ndarray, devices: np.ndarray, ratio: np.ndarray, point: tuple[float, float], us: str, them: str
) -> go.Figure:
    """ratio [devices, uplinks]: the time of `them` over that of `us`. point: the user's own uplink and device."""
    figure = go.Figure()
    limit = np.log2(FACTOR)
    ticks = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]
    texts = [t("budget.even") if tick == 1 else f"{max(tick, 1 / tick):g}×" for tick in ticks]
    figure.add_heatmap(
        x=uplinks, y=devices, z=np.clip(np.log2(ratio), -limit, limit), colorscale=SCALE, zmin=-limit, zmax=limit,
        customdata=ratio, hovertemplate=t("budget.hover"),
        colorbar={"title": {"text": t("budget.colours"), "side": "right"}, "thickness": 14,
                  "tickvals": np.log2(ticks), "ticktext": texts},
    )  # fmt: skip
    figure.add_contour(
        x=uplinks, y=devices, z=np.log2(ratio), showscale=False,
        contours={"start": 0, "end": 0, "size": 1, "coloring": "none"},
        line={"color": "#222222", "width": 3}, hoverinfo="skip", name=t("budget.line"), showlegend=False,
    )  # fmt: skip
    figure.add_scatter(
        x=[point[0]], y=[point[1]], mode="markers+text", text=[t("budget.you")], textposition="top center", name="",
        marker={"symbol": "star", "size": 20, "color": "#D55E00", "line": {"color": "white", "width": 1.5}},
        textfont={"color": "#222222", "size": 15}, hoverinfo="skip", showlegend=False, uid="you",
    )  # fmt: skip
    # In opposite corners: on a phone they would meet in a row.
    for x, y, lane in ((0.03, 0.04, us), (0.97, 0.96, them)):
        figure.add_annotation(
            x=x, y=y, xref="paper", yref="paper", text=t("budget.side", lane=lane), showarrow=False,
            font={"size": 14, "color": "#222222"}, bgcolor="rgba(255,255,255,0.75)",
            xanchor="left" if x < 0.5 else "right", yanchor="bottom" if y < 0.5 else "top",
        )  # fmt: skip
    figure.update_layout(
        xaxis={"type": "log", "title": t("budget.x"), "dtick": 1}, margin={"l": 60, "r": 10, "t": 12, "b": 46},
        yaxis={"type": "log", "title": t("budget.y"), "dtick": 1},
    )  # fmt: skip
    return figure
