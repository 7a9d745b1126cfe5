"""Charts of the Schedules page: what the target costs against E, and the lengths of rounds."""

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ui.shared.lane_looks import DASHES
from ui.text.i18n import t


def costs_chart(timed: Sequence, us, palette: Sequence[str]) -> go.Figure:
    """MB and local epochs to the target against E: a mark a seed, a line through the medians; FDA-OPT as a level band.

    timed, us: lanes with their costs over the seeds (ui.views.schedules.schedules_page.Lane).
    """
    titles = [t("schedules.title_bytes"), t("schedules.title_epochs")]
    figure = make_subplots(rows=1, cols=2, subplot_titles=titles, horizontal_spacing=0.1)
    for column, (what, unit) in enumerate((("bytes", 1e6), ("local_epochs", 1)), 1):
        points = [(lane.spec.epochs, getattr(cost, what) / unit) for lane in timed for cost in lane.costs]
        figure.add_scatter(x=[x for x, _ in points], y=[y for _, y in points], mode="markers", row=1, col=column,
                           name=t("schedules.seed"), showlegend=column == 1, uid=f"seeds {what}",
                           marker={"color": palette[0], "size": 7, "opacity": 0.75})  # fmt: skip
        reached = [lane for lane in timed if lane.middle(what) is not None]  # over all seeds, also those that missed
        figure.add_scatter(x=[lane.spec.epochs for lane in reached], y=[lane.middle(what) / unit for lane in reached],
                           mode="lines+markers", row=1, col=column, name=t("schedules.median"), showlegend=column == 1,
                           line={"color": palette[0], "dash": DASHES[0], "width": 2}, uid=f"median {what}",
                           marker={"size": 9, "symbol": "diamond"})  # fmt: skip
        level(figure, us, what, unit, column, palette[2])
    ticks = [lane.spec.epochs for lane in timed]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=list(map(str, ticks)), title=t("schedules.x"))
    figure.update_yaxes(rangemode="tozero")
    figure.update_annotations(font={"size": 14})
    figure.update_layout(margin={"l": 50, "r": 10, "t": 40, "b": 70}, legend={"orientation": "h", "y": -0.34})
    return figure


def level(figure: go.Figure, us, what: str, unit: float, column: int, colour: str) -> None:
    """FDA-OPT's median and the range of its seeds; drawn last: plotly leaves such shapes out of an empty picture."""
    own = [getattr(cost, what) / unit for cost in us.costs]
    if not own or us.middle(what) is None:
        return
    figure.add_hrect(y0=min(own), y1=max(own), fillcolor=colour, opacity=0.2, line_width=0, row=1, col=column)
    figure.add_hline(
        y=us.middle(what) / unit, line={"color": colour, "width": 3}, row=1, col=column,
        annotation={"text": us.label, "font": {"color": colour}}, annotation_position="top left",
    )  # fmt: skip


def swing_chart(rounds: dict[str, list[int]], palette: Sequence[str]) -> go.Figure:
    """Local epochs of each round, a line a rule."""
    figure = go.Figure()
    for place, (label, epochs) in enumerate(rounds.items()):
        style = {"color": palette[2 + place], "dash": ("solid", "dot")[place % 2], "width": 2}
        x = list(range(1, len(epochs) + 1))
        figure.add_scatter(x=x, y=epochs, name=label, uid=label, mode="lines+markers", line=style)
    figure.update_layout(
        xaxis={"title": t("inside.round")}, yaxis={"title": t("schedules.y_epochs"), "rangemode": "tozero"},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        margin={"l": 50, "r": 10, "t": 30, "b": 44},
    )  # fmt: skip
    return figure
