"""The chosen runs in a chart, a sentence and a table."""

from collections.abc import Callable, Sequence
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from fda_core.analysis.comparison import is_study
from fda_core.analysis.summary import summarize
from fda_core.runs.snapshot import Snapshot
from ui.components.live_chart import figure_json, live_chart
from ui.shared import run_tables
from ui.shared.lane_looks import palette
from ui.shared.run_charts import MOST_RUNS, band_chart, overlay_chart
from ui.shared.story_words import others
from ui.shared.tables import text_table
from ui.state import axes
from ui.text import sentences
from ui.text.i18n import plain, t, together
from ui.views.runs.report import html, texts

HEIGHT = 290


def picture(runs: Sequence[Snapshot], titles: Sequence[str], more: bool) -> Callable[[], str]:
    """One experiment with several seeds as a band, everything else as curves over each other; returns its report.

    more: others were chosen that were not read.
    """
    if not runs:
        return str
    study = is_study([run.config for run in runs])
    left, middle, right = st.columns([4, 2, 1.4], vertical_alignment="center")
    x, y = axes.choose(left, "x"), axes.choose(middle, "y")
    band = study and not right.toggle(t("runs.each_seed"), key="each_seed", persist_state="session")
    most = len(runs) if band else MOST_RUNS
    if len(runs) > most or more:
        st.info(t("runs.too_many", count=min(most, len(runs))))
        runs, titles = runs[:most], titles[:most]
    words = [run_tables.study_sentence(runs)] if study else [headline(run) for run in runs] if len(runs) == 1 else []
    if words:
        st.markdown(together(words))
    names = run_tables.names_of(runs, titles)
    figure = drawing(runs, names, x, y, band)
    alt = t("runs.chart_alt", x=t(f"chart.x_{x}"), y=t(f"chart.y_{y}"), runs="; ".join(names))
    view = f"{'+'.join(run.run_id for run in runs)}/{x}/{y}/{band}"
    live_chart(figure_json(figure, view), key="overlay", height=HEIGHT, alt=alt, unavailable=t("chart.unavailable"))
    rows = run_tables.study_table(runs) if study else run_tables.cost_table(runs, names)
    run = t("runs.run")
    with st.container(key="runs_costs"):
        text_table([row | {run: plain(row[run])} if run in row else row for row in rows])
    note = notes(runs, band)
    st.caption(note)
    return partial(html, texts(runs, names), words, figure, alt, rows, note)


def drawing(runs: Sequence[Snapshot], names: Sequence[str], x: str, y: str, band: bool) -> go.Figure:
    """A band over the seeds or the curves over each other; the target as a line only where all runs share it."""
    frame, labels = run_tables.overlay_frame(runs), run_tables.labels_of(runs)
    targets = {run.config.target for run in runs}
    target = targets.pop() if len(targets) == 1 else None
    if band:
        return band_chart(frame, labels, palette(), x, y, target)
    return overlay_chart(frame, labels, names, palette(), x, y, target)


def notes(runs: Sequence[Snapshot], band: bool) -> str:
    """How to read picture and table; of a single run also what others like it came to, where they are known."""
    seeds = filter(None, [others(runs[0])] if len(runs) == 1 else [])
    return together([t("runs.band_note" if band else "runs.overlay_note"), t("headline.reached"), *seeds])


def headline(run: Snapshot) -> str:
    """The Race's sentence for one run, as far as it has come."""
    return sentences.headline(run.config, summarize(list(run.events)), run.live)
