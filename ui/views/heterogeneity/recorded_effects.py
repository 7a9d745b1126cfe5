"""What heterogeneity did to real runs: the recorded ones that differ in α only."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from fda_core.analysis.effects import Effect, effect
from fda_core.runs.recorded import names, recorded
from ui.text.i18n import t
from ui.text.numbers import percent, significant, tenths
from ui.text.sentences import lane_labels, spent

SERIES = "alpha-"  # how their names begin


def series_names() -> list[str]:
    """The recorded runs that differ in α only, in alphabetical order."""
    return [name for name in names() if name.startswith(SERIES)]


@st.cache_data(show_spinner=False)
def series() -> list[Effect]:
    """The recorded runs, the most alike clients first."""
    return sorted((effect(recorded(name).events) for name in series_names()), key=lambda run: -run.alpha)


def labels_of() -> dict[str, str]:
    """Lanes' labels by id, from the first of the series: all of its runs have the same lanes."""
    return lane_labels(recorded(series_names()[0]).config)


def effect_sentences(runs: Sequence[Effect], alpha: float) -> list[str]:
    """The recorded run nearest to the α against the one with the most alike clients."""
    if len(runs) < 2:
        return []
    alike, near = runs[0], min(runs, key=lambda run: abs(np.log(run.alpha / alpha)))
    ours, before = monitored(near), monitored(alike)
    if near is alike or None in (near.variance, alike.variance, ours.epochs, before.epochs):
        return [t("heterogeneity.alike", alpha=f"{alike.alpha:g}")]
    return [
        t(
            "heterogeneity.effect", near=f"{near.alpha:g}", alike=f"{alike.alpha:g}",
            times=tenths(near.variance / alike.variance), epochs=tenths(ours.epochs), before=tenths(before.epochs),
        ),
        t("heterogeneity.reached_both" if ours.to_target and schedule(near).to_target else
          "heterogeneity.reached_ours" if ours.to_target else
          "heterogeneity.reached_theirs" if schedule(near).to_target else "heterogeneity.reached_none",
          ours=spent(ours.to_target), theirs=spent(schedule(near).to_target)),
    ]  # fmt: skip


def monitored(run: Effect):
    """The FDA lane."""
    return next(lane for lane in run.lanes if lane.lane.startswith("fda"))


def schedule(run: Effect):
    """The first FedOpt lane."""
    return next(lane for lane in run.lanes if lane.lane.startswith("fedopt"))


def table(runs: Sequence[Effect]) -> list[dict[str, str]]:
    """One row a recorded run: α, Var after one epoch, FDA's local epochs, and each lane's way to the target."""
    labels = labels_of()
    return [
        {
            t("runs.alpha"): f"{run.alpha:g}",
            t("heterogeneity.variance"): significant(run.variance),
            t("heterogeneity.epochs"): tenths(monitored(run).epochs),
            **{labels[lane.lane]: cell(lane) for lane in run.lanes},
        }
        for run in runs
    ]


def cell(lane) -> str:
    """What the lane spent to the target, or that it missed it, with its best accuracy in %."""
    return t("heterogeneity.cell", spent=spent(lane.to_target), best=percent(lane.best_accuracy))
