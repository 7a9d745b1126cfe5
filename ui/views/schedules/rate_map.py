"""The map of Schedules: what the target costs at each client rate under each timetable, and FDA-OPT's row below."""

from collections.abc import Sequence
from math import inf, log10

import plotly.graph_objects as go
import streamlit as st

from fda_core.analysis.saving import Saving
from fda_core.atlas import default_cell
from fda_core.atlas.cells import LOCAL_EPOCHS, OURS
from fda_core.atlas.curves import Atlas
from fda_core.atlas.rate_map import Square, cheapest, savings, squares
from fda_core.settings.config import Target
from ui.components.live_chart import figure_json, live_chart
from ui.shared.atlas_numbers import labels, ratio_words
from ui.text.glossary import marked
from ui.text.i18n import listed, t, together
from ui.text.numbers import megabytes
from ui.text.sentences import goal

HEIGHT, RATES = 330, 3  # a map of fewer rates is no map


def section(found: Atlas) -> None:
    """Nothing while too few rates were played."""
    known = squares(found)
    if len({square.rate for square in known}) < RATES:
        return
    with st.container(key="schedules_map"):
        st.subheader(t("schedules.map"), anchor=False)
        words = told(found, known)
        st.markdown(marked(words))
        live_chart(
            figure_json(map_chart(known, labels()), "rate-map"), key="schedules-map", height=HEIGHT, alt=words,
            unavailable=t("chart.unavailable"),
        )  # fmt: skip
        few, many = (pick(square.seeds for square in known) for pick in (min, max))
        target = goal(Target(value=default_cell.target()))
        st.caption(t("schedules.map_how", goal=target, epochs=LOCAL_EPOCHS, few=few, many=many))


def told(found: Atlas, known: Sequence[Square]) -> str:
    """What FDA-OPT saves at each rate, and the cheapest square of both."""
    each = [
        saved(f"{rate:g}", saving)
        for rate, saving in savings(found).items()
        if saving.middle is not None and saving.middle < inf
    ]
    words = [t("schedules.map_saves", each=listed(each))] if each else []
    if both := cheapest(known):
        ours, theirs = both
        words.append(
            t("schedules.map_best", us=labels()[OURS], our_mb=megabytes(ours.bytes), our_rate=f"{ours.rate:g}",
              them=labels()[theirs.lane], their_mb=megabytes(theirs.bytes), their_rate=f"{theirs.rate:g}",
              our_runs=runs(ours), their_runs=runs(theirs))
        )  # fmt: skip
    return together(words)


def runs(square: Square) -> str:
    """On how many of its seeds it got there."""
    return t("schedules.map_runs", reached=square.reached, all=square.seeds)


def saved(rate: str, saving: Saving) -> str:
    """What FDA-OPT saves at a rate; where it did not get there on most seeds, whether that is lost or open."""
    runs = len(saving.pairs)
    if saving.standing != "ratio":
        key = "schedules.map_missed" if saving.standing == "missed" else "schedules.map_open"
        return t(key, rate=rate, runs=runs, open=saving.counts["open"])
    word, shown = ratio_words(saving)
    return t(f"schedules.map_{word}", rate=rate, runs=runs, both=len(saving.ratios), **shown)


def map_chart(known: Sequence[Square], named: dict[str, str]) -> go.Figure:
    """MB as colour and as a number, a column a rate; what was not played is blank, what was not reached has a dash."""
    at = {(square.lane, square.rate): square.bytes for square in known}
    rates = sorted({square.rate for square in known})
    timetables = list(dict.fromkeys(square.lane for square in known if square.lane != OURS))
    rows = [OURS, "", *reversed(timetables)]  # from below; a gap between what adapts and what does not
    most = max(bytes for bytes in at.values() if bytes < inf)
    values = [[colour(at.get((lane, rate)), most) for rate in rates] for lane in rows]
    texts = [[shown(at.get((lane, rate))) for rate in rates] for lane in rows]
    figure = go.Figure()
    figure.add_heatmap(
        x=[f"{rate:g}" for rate in rates], y=[named.get(lane, " ") for lane in rows], z=values, text=texts,
        texttemplate="%{text}", colorscale="Blues", xgap=2, ygap=2, showscale=False, hoverinfo="skip", uid="map",
    )  # fmt: skip
    figure.update_layout(
        margin={"l": 110, "r": 10, "t": 10, "b": 44}, xaxis={"title": t("schedules.map_x"), "type": "category"},
        yaxis={"type": "category"},
    )  # fmt: skip
    return figure


def colour(bytes: float | None, most: float) -> float | None:
    """By the logarithm; what was not reached is as dark as the dearest that was."""
    return None if bytes is None else log10(min(bytes, most))


def shown(bytes: float | None) -> str:
    """MB, a dash where the target was not reached, nothing where nothing was played."""
    return "" if bytes is None else t("schedules.map_mb", mb=megabytes(bytes)) if bytes < inf else "–"
