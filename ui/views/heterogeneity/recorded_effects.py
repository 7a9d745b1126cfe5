"""What heterogeneity did to real runs: costs over all seeds of the atlas; the variance, which that has not, on one."""

from collections.abc import Sequence
from math import isfinite

import numpy as np
import streamlit as st

from fda_core.analysis.comparison import median_of_all
from fda_core.analysis.effects import Effect, effect
from fda_core.atlas.by_alpha import LaneSeeds, Played, by_alpha, nearest_to
from fda_core.atlas.cells import BASELINE, OURS, RACE
from fda_core.atlas.default_cell import target
from fda_core.runs.recorded import names, recorded
from fda_core.settings.config import Target
from ui.shared.atlas_numbers import atlas, labels, saving_words
from ui.text.i18n import t
from ui.text.numbers import megabytes, percent, rounded, significant, tenths
from ui.text.sentences import goal

SERIES = "alpha-"  # how their names begin


def series_names() -> list[str]:
    """The recorded runs that differ in α only, in alphabetical order."""
    return [name for name in names() if name.startswith(SERIES)]


@st.cache_data(show_spinner=False)
def series() -> list[Effect]:
    """The recorded runs, the most alike clients first."""
    return sorted((effect(recorded(name).events) for name in series_names()), key=lambda run: -run.alpha)


@st.cache_resource(show_spinner=False)
def cells() -> list[Played]:
    """What the atlas has, the most alike clients first; nothing where it cannot be read."""
    return by_alpha(known) if (known := atlas()) else []


def target_words() -> str:
    """The preset's, within a sentence."""
    return goal(Target(value=target()))


def race_labels() -> dict[str, str]:
    """The lanes that the atlas has at every α, as the viewer calls them."""
    return {lane: label for lane, label in labels().items() if lane in RACE}


def variance_sentences(runs: Sequence[Effect], alpha: float) -> list[str]:
    """The recorded run nearest to the α against the one with the most alike clients."""
    if len(runs) < 2:
        return []
    alike, near = runs[0], min(runs, key=lambda run: abs(np.log(run.alpha / alpha)))
    if near is alike or None in (near.variance, alike.variance):
        return [t("heterogeneity.alike", alpha=f"{alike.alpha:g}")]
    times = tenths(near.variance / alike.variance)
    return [t("heterogeneity.effect", near=f"{near.alpha:g}", alike=f"{alike.alpha:g}", times=times)]


def cost_sentences(found: Sequence[Played], alpha: float) -> list[str]:
    """Of the cell nearest to the α: which it is, what FDA-OPT saves there, and what stays open."""
    if not found:
        return []
    near = nearest_to(alpha, found)
    key = "heterogeneity.at" if near.cell.alpha == alpha else "heterogeneity.at_nearest"
    told = [
        t(key, alpha=f"{near.cell.alpha:g}", clients=near.cell.clients, goal=target_words()),
        saving_words("saving.there", near.saving, labels()[BASELINE]),
    ]
    if (count := near.saving.counts["open"]) and near.saving.standing == "ratio":  # else it has been said
        told.append(t("heterogeneity.open", count=count, runs=near.runs))
    return told


def table(found: Sequence[Played], runs: Sequence[Effect]) -> list[dict[str, str]]:
    """One row a cell: α, FDA-OPT's local epochs, each lane's way to the target; Var of the recorded run."""
    variances = {run.alpha: run.variance for run in runs}
    return [
        {
            t("runs.alpha"): f"{each.cell.alpha:g}",
            t("heterogeneity.variance"): significant(variances.get(each.cell.alpha)),
            t("heterogeneity.epochs"): tenths(each.lanes[OURS].middle_epochs),
            **{label: way(each.lanes[lane]) for lane, label in race_labels().items()},
        }
        for each in found
    ]


def way(lane: LaneSeeds) -> str:
    """What the lane spent to the target, where most of its runs got there; how many did, and its best accuracy."""
    values = {"reached": lane.reached, "runs": len(lane.costs), "best": percent(lane.middle_best)}
    bytes, epochs = ([cost and getattr(cost, what) for cost in lane.costs] for what in ("bytes", "local_epochs"))
    if not isfinite(middle := median_of_all(bytes)):
        return t("heterogeneity.cell_missed", **values)
    low, high = (pick(count for count in bytes if count is not None) for pick in (min, max))
    shown = {name: megabytes(count) for name, count in (("mb", middle), ("low", low), ("high", high))}
    return t("heterogeneity.cell", **values, **shown, epochs=rounded(median_of_all(epochs)))
