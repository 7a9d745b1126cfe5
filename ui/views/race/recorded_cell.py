"""What the atlas has nearest to the settings, drawn before anything is started: it follows every slider at once."""

import re

import pandas as pd
import streamlit as st

from fda_core.analysis.saving import Saving
from fda_core.atlas.cells import BASELINE, COHORT, RACE, Cell, Run, specs
from fda_core.atlas.curves import Atlas, Curve
from fda_core.atlas.default_figures import cost
from fda_core.atlas.nearest import exact, nearest, neighbours
from fda_core.atlas.opponents import at_equal_settings, middle_seed, seeds_of
from fda_core.settings.config import ExperimentConfig, Target
from fda_core.settings.fields import row
from fda_core.settings.methods import SERVERS
from ui.components.drawn_ahead import drawn_ahead
from ui.components.live_chart import figure_json, live_chart
from ui.settings_panel.widgets import bounds, offered
from ui.shared.atlas_numbers import atlas, saving_words
from ui.shared.charts import X_COLUMNS, race_chart
from ui.shared.frames import COLUMNS
from ui.shared.lane_looks import look, palette
from ui.state.choice import selector
from ui.text.glossary import marked
from ui.text.i18n import t, together
from ui.text.sentences import lane_labels
from ui.text.viewer import viewing
from ui.views.race.axes_row import HEIGHT, choices

KIND = ("dataset", "model", "trained")  # other curves say nothing about these
BEYOND = 1.15  # times the bytes at which the last lane reaches the target: what follows is flat


def cell_for(config: ExperimentConfig) -> Cell | None:
    """None where the atlas has nothing like it, or not the clock that the viewer chose."""
    return None if st.session_state.get("x_axis") == "time" else nearest_cell(config)


def nearest_cell(config: ExperimentConfig) -> Cell | None:
    """None where the atlas has nothing like it: other data, another model, another part of it trained, or a measure
    that was not recorded."""
    known, usual = atlas(), ExperimentConfig()
    same = all(getattr(config, name) == getattr(usual, name) for name in KIND)
    return nearest(known, config) if known and same and config.target.metric != "mcc" else None


def show(config: ExperimentConfig, cell: Cell) -> None:
    """The curves of a seed with those of the others as thin lines, whose settings they are, and what they come to."""
    x, y, _ = choices(config)
    words = label(config, cell)
    live_chart(
        figure(cell, x, y, config.target.model_dump_json(), viewing()), key="race_recorded", height=HEIGHT, alt=words,
        unavailable=t("chart.unavailable"),
    )  # fmt: skip
    with st.container(key="race_recorded_words"):
        st.markdown(marked(together([words, *result(cell, config)])))
    follow(config, x, y)


def follow(config: ExperimentConfig, x: str, y: str) -> None:
    """The chart follows the sliders while they are being moved."""
    least, most = bounds(row("clients"))
    settings = config.model_dump_json(include={"client_lr", "server_lr", "server_optimizer"})
    cells, places = around(settings, tuple(offered(row("alpha"))), least, most)
    drawn_ahead(
        [figure(cell, x, y, config.target.model_dump_json(), viewing()) for cell in cells], places, key="race_ahead",
        chart="race_recorded", words="race_recorded_words",
        sliders=((selector("alpha"), 0), (selector("clients"), least)),
    )  # fmt: skip


@st.cache_data(max_entries=64, show_spinner=False)
def around(settings: str, alphas: tuple[float, ...], least: int, most: int) -> tuple[list[Cell], list[list[int]]]:
    """The cells that the two sliders lead to, and which of them at each α and number of clients; settings: the other
    ones of a configuration that count, as JSON."""
    found = neighbours(atlas(), ExperimentConfig.model_validate_json(settings), alphas, range(least, most + 1))
    cells = sorted({cell for line in found for cell in line})
    number = {cell: place for place, cell in enumerate(cells)}
    return cells, [[number[cell] for cell in line] for line in found]


def label(config: ExperimentConfig, cell: Cell) -> str:
    """Recorded; of these settings or of the nearest."""
    seeds = len(seeds_of(atlas(), cell, *RACE))
    key = "race.atlas" if exact(cell, config) else "race.atlas_near"
    place = {"clients": cell.clients, "alpha": f"{cell.alpha:g}", "rate": f"{cell.client_lr:g}", "cohort": COHORT}
    return t(key, seeds=seeds, server=server_of(cell), **place)


def server_of(cell: Cell) -> str:
    """Its name, and the rate where it has one."""
    server = SERVERS[cell.server]
    if server.averages and cell.server_lr == server.lr:
        return server.with_fedopt
    return t("race.atlas_server", server=server.with_fedopt, rate=f"{cell.server_lr:g}")


def labels_in(cell: Cell) -> dict[str, str]:
    """The lanes of a race there, as the viewer calls them."""
    return lane_labels(Run(cell, BASELINE, 0).config().model_copy(update={"lanes": specs(RACE)}))


def mark(cell: Cell) -> str:
    """What stands in a chart beside recorded curves."""
    place = {"clients": cell.clients, "cohort": COHORT, "alpha": f"{cell.alpha:g}", "rate": f"{cell.client_lr:g}"}
    return t("race.atlas_mark", server=server_of(cell), **place)


def in_two(words: str) -> str:
    """On two lines, which a phone has room for, divided after the comma nearest to the middle."""
    ends = [found.end() for found in re.finditer(", |、", words)]
    middle = min(ends, key=lambda end: abs(end - len(words) / 2), default=len(words))
    return "<br>".join(filter(None, (words[:middle].strip(), words[middle:])))


def result(cell: Cell, config: ExperimentConfig) -> list[str]:
    """What FDA-OPT saves there, where the target is an accuracy."""
    if config.target.metric != "accuracy":
        return []
    key = "saving.seeds" if exact(cell, config) else "saving.there"
    return [saving_words(key, saving(cell, config.target), labels_in(cell)[BASELINE])]


def saving(cell: Cell, target: Target) -> Saving:
    """Over the seeds, to the target's value as an accuracy."""
    return at_equal_settings(atlas(), cell, seeds_of(atlas(), cell, *RACE), target.value)


@st.cache_data(max_entries=256, show_spinner=False)
def figure(cell: Cell, x: str, y: str, target: str, words: object) -> str:
    """The chart as the browser gets it, made once for all who look at the cell with this target, and read alike."""
    known, goal = atlas(), Target.model_validate_json(target)
    seeds, first = seeds_of(known, cell, *RACE), drawn_seed(cell, goal)
    others = [seed for seed in seeds if seed != first]
    end = shown_bytes(known, cell, goal)
    frames = {seed: frame(known, cell, seed, end) for seed in seeds}
    reached = {name: spent.rounds for name in RACE if (spent := cost(known.curves[Run(cell, name, first)], goal))}
    named = labels_in(cell)
    drawn = race_chart(frames[first], named, palette(), x, y, goal, reached)
    for place, name in enumerate(RACE):
        colour = look(place, palette())[0]
        for seed in others:
            rows = frames[seed][frames[seed].lane == name]
            drawn.add_scatter(
                x=rows[X_COLUMNS[x]].tolist(), y=rows[y].tolist(), uid=f"{name} {seed}", mode="lines", opacity=0.35,
                line={"color": colour, "width": 1}, showlegend=False, hoverinfo="skip",
            )  # fmt: skip
    low = y == "accuracy"  # the corner that the curves leave free
    drawn.add_annotation(
        text=in_two(mark(cell)), xref="paper", align="right", yref="paper", x=1,
        y=0 if low else 1, xanchor="right", yanchor="bottom" if low else "top", showarrow=False, opacity=0.8,
    )  # fmt: skip
    return figure_json(drawn, f"atlas/{cell}/{x}/{y}")


def drawn_seed(cell: Cell, target: Target) -> int:
    """The one that is drawn with marks."""
    return middle_seed(seeds_of(atlas(), cell, *RACE), saving(cell, target))


def shown_bytes(known: Atlas, cell: Cell, target: Target) -> float:
    """A little beyond where the last lane of any seed got to the target; no end where none did."""
    runs = (Run(cell, name, seed) for seed in seeds_of(known, cell, *RACE) for name in RACE)
    found = (cost(known.curves[run], target) for run in runs)
    return BEYOND * max((each.bytes for each in found if each), default=float("inf"))


def frame(known: Atlas, cell: Cell, seed: int, end: float) -> pd.DataFrame:
    """The lanes of a seed as `frames.race_frame` has them, up to so many bytes."""
    named = [(name, known.curves[Run(cell, name, seed)]) for name in RACE]
    return pd.concat([rows(name, curve, end) for name, curve in named], ignore_index=True)


def rows(lane: str, curve: Curve, end: float) -> pd.DataFrame:
    """One row a round that has sent no more than `end` bytes, the untrained model first."""
    count = int((curve.bytes_total <= end).sum())
    table = pd.DataFrame(
        {
            "round": range(count), "epochs": curve.epochs[:count].cumsum(), "round_epochs": curve.epochs[:count],
            "megabytes": curve.bytes_total[:count] / 1e6, "test_loss": curve.test_loss[:count].astype(float),
            "accuracy": curve.accuracy[:count].astype(float),
        }
    )  # fmt: skip
    return table.assign(lane=lane, seconds=float("nan"), mcc=float("nan"), reason="")[COLUMNS]
