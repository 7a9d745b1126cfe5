"""The recorded race that a run is drawn on top of: of the atlas, what is nearest to the run's own settings."""

import pandas as pd
import streamlit as st

from fda_core.atlas.cells import Cell
from fda_core.settings.config import ExperimentConfig
from ui.shared.atlas_numbers import atlas
from ui.shared.charts import X_COLUMNS, Behind
from ui.views.race.recorded_cell import drawn_seed, frame, mark, nearest_cell, shown_bytes

# All of a run's settings that decide what it is drawn on top of.
COUNTING = {
    "dataset", "model", "trained", "server_optimizer", "server_lr", "clients", "alpha", "client_lr", "target", "table",
}  # fmt: skip
WIDER = 2.0  # times as far as a run that is over got


def behind(config: ExperimentConfig, x: str, ended: pd.DataFrame | None = None) -> Behind | None:
    """What stands in grey behind the run's lanes; None where the atlas has nothing like it, or no such clock.

    ended: all rows of a run that is over, whose lanes take half of the axis at least.
    """
    if x == "time" or (found := recorded_race(config.model_dump_json(include=COUNTING))) is None:
        return None
    cell, rows = found
    if ended is not None and (end := ended[X_COLUMNS[x]].max()) > 0:
        rows = rows[rows[X_COLUMNS[x]] <= WIDER * end]
    return Behind(mark(cell), rows)


@st.cache_data(max_entries=64, show_spinner=False)
def recorded_race(settings: str) -> tuple[Cell, pd.DataFrame] | None:
    """The cell, and of its seed that is drawn with marks before a start what is drawn of it there. Once for all moments
    of all runs with these settings: those of a configuration that count, as JSON."""
    known, config = atlas(), ExperimentConfig.model_validate_json(settings)
    if (cell := nearest_cell(config)) is None:
        return None
    return cell, frame(known, cell, drawn_seed(cell, config.target), shown_bytes(known, cell, config.target))
