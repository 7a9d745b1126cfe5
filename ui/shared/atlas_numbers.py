"""The figures of the atlas in words, the same on every page: each with its opponent, spread and number of runs."""

from typing import TYPE_CHECKING

import streamlit as st

from fda_core.analysis.saving import Saving, compared
from fda_core.atlas import default_cell, headline
from fda_core.atlas.cells import ATLAS, BASELINE, DEFAULT
from ui.text.i18n import t, together
from ui.text.numbers import tenths
from ui.text.sentences import lane_label

if TYPE_CHECKING:
    from fda_core.atlas.curves import Atlas


@st.cache_resource(show_spinner=False)
def atlas() -> "Atlas | None":
    """The one that comes with the app, read once a server; None where it has no seed of the preset Default."""
    # Not before a page draws its curves: with what reads them, they take 80 MB.
    from fda_core.atlas.default_figures import seeds
    from fda_core.atlas.file import AtlasError, load

    try:
        found = load(ATLAS)
    except AtlasError:
        return None
    return found if seeds(found) else None


def labels() -> dict[str, str]:
    """The lanes of the cell Default, as the viewer calls them."""
    return {spec.id: lane_label(spec) for spec in default_cell.lanes()}


def over_seeds() -> str:
    """What FDA-OPT saves with the default settings, against FedOpt E=1 and against the best schedule; empty without."""
    if (found := headline.shown()) is None:
        return ""
    told = [saving_words("saving.seeds", found.equal, labels()[BASELINE])]
    if found.rate != DEFAULT.client_lr:
        told.append(saving_words("saving.fastest", found.faster, labels()[BASELINE], rate=f"{found.rate:g}"))
    if found.best != BASELINE:
        told.append(saving_words("saving.best", found.schedule, labels()[found.best]))
    return together(told)


def saving_words(key: str, saving: Saving, them: str, **more: str) -> str:
    """One opponent: the median ratio and its spread, over how many of the runs; or who missed the target on most."""
    runs, both = len(saving.pairs), len(saving.ratios)
    if saving.standing != "ratio":  # one of the two missed on most
        ours, theirs = (sum(pair[who].to_target is None for pair in saving.pairs) for who in (0, 1))
        kind = "saving.mostly_open" if saving.counts["open"] else "saving.mostly"
        return t(kind, them=them, runs=runs, ours=ours, theirs=theirs, open=saving.counts["open"])
    word, shown = ratio_words(saving)
    return t(f"{key}_{word}", them=them, runs=runs, both=both, **shown, **more)


def ratio_words(saving: Saving) -> tuple[str, dict[str, str]]:
    """Which word the median asks for, and median and spread: times fewer where it is `fewer`, else times as many."""
    assert saving.spread and saving.standing == "ratio", "most seeds have both"
    low, middle, high = saving.spread
    word = compared(1, middle)  # fewer, where theirs is the larger
    if word != "fewer":
        low, middle, high = 1 / high, 1 / middle, 1 / low
    return word, {"times": tenths(middle), "low": tenths(low), "high": tenths(high)}
