"""The Schedules page: why not just pick a good E? Many timetables of the atlas beside FDA-OPT."""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

import streamlit as st

from fda_core.analysis.comparison import median_of_all, middle
from fda_core.analysis.effects import swing
from fda_core.analysis.saving import Saving, Spent, compared
from fda_core.analysis.summary import Cost
from fda_core.atlas import default_cell, default_figures
from fda_core.atlas.cells import DEFAULT, LOCAL_EPOCHS, Run
from fda_core.atlas.curves import Atlas
from fda_core.settings.config import ExperimentConfig, LaneSpec, Target
from fda_core.support.errors import LabError
from ui.components.live_chart import figure_json, live_chart
from ui.shared.atlas_numbers import atlas, labels
from ui.shared.lane_looks import palette
from ui.shared.run_tables import study_rows
from ui.shared.tables import text_table
from ui.state.address import keep_words
from ui.state.presenter import act, may_act
from ui.state.press import once
from ui.state.session import runner
from ui.text.glossary import marked
from ui.text.i18n import listed, t, together
from ui.text.numbers import megabytes, rounded, tenths
from ui.text.problems import said
from ui.text.sentences import goal
from ui.views.schedules import rate_map
from ui.views.schedules.schedules_charts import costs_chart, swing_chart

HEIGHT, SMALL = 340, 220


class Lane(NamedTuple):
    """A lane over the seeds; found: what each seed had spent at the target, None where it did not get there."""

    spec: LaneSpec
    label: str
    found: list[Cost | None]

    @property
    def costs(self) -> list[Cost]:
        """Of the seeds that reached the target."""
        return [cost for cost in self.found if cost]

    @property
    def runs(self) -> int:
        """How many seeds there are."""
        return len(self.found)

    def middle(self, what: str) -> float | None:
        """The median of a field of `Cost` over all seeds; None if half of them or more missed the target."""
        found = median_of_all([cost and getattr(cost, what) for cost in self.found])
        return found if isfinite(found) else None


def page() -> None:
    """The verdict, costs by timetable, a button to race them live, the table of seeds, and how the rules swing."""
    keep_words()
    if (found := atlas()) is None:
        st.warning(t("schedules.missing"))
        return
    lanes = lanes_of(found)
    words = verdict(lanes, goal(Target(value=default_cell.target())))
    st.markdown(marked(words))
    figure = costs_chart([lane for lane in lanes if lane.spec.is_fedopt], ours(lanes), palette())
    show("costs", figure, HEIGHT, words)
    st.caption(t("schedules.recorded", seeds=", ".join(map(str, default_figures.seeds(found))), epochs=LOCAL_EPOCHS))
    race = default_cell.experiment()
    st.button(
        t("schedules.live"), key="schedules_live", **once("schedules_live", act, start, race),
        icon=":material/play_arrow:", disabled=not may_act(), help=t("schedules.live_help", lanes=len(race.lanes)),
    )  # fmt: skip
    if st.session_state.pop("schedules_started", False):
        st.switch_page("pages/race.py", query_params={"run": st.session_state.run})
    if problem := st.session_state.pop("schedules_problem", None):
        st.warning(problem)
    rate_map.section(found)
    with st.container(key="schedules_table"):
        text_table(study_rows({lane.label: lane.found for lane in lanes}))
    # Of rules that mean to make all rounds alike; one that shortens them with the loss is not to be called unsteady.
    steady = [lane for lane in lanes if lane.spec.kind.sets_theta and not lane.spec.kind.hears_losses]
    with st.container(key="schedules_swing"):
        st.markdown(marked(swing_words(found, steady)))
        first = default_figures.seeds(found)[0]
        rounds = {lane.label: epochs_of(found, lane.spec.id, first) for lane in steady}
        show("swing", swing_chart(rounds, palette()), SMALL, t("schedules.alt_swing"))


def start(config: ExperimentConfig) -> None:
    """A callback: queues the recorded experiment and shows it in the Race; leaves a sentence where it cannot be."""
    try:
        st.session_state.run = runner().start(config)
        st.session_state.schedules_started = True
    except LabError as error:
        st.session_state.schedules_problem = said(error)


def lanes_of(found: Atlas) -> list[Lane]:
    """Every lane of the preset Default over all its seeds."""
    named = labels()
    return [Lane(spec, named[spec.id], default_figures.costs(found, spec.id)) for spec in default_cell.lanes()]


def ours(lanes: Sequence[Lane]) -> Lane:
    """The first lane under the published rule for Θ."""
    return next(lane for lane in lanes if lane.spec.kind.published)


def verdict(lanes: Sequence[Lane], target: str) -> str:
    """The best timetable against FDA-OPT, the worst, and those that do not get there: all from the runs."""
    us = ours(lanes)
    timed = [lane for lane in lanes if lane.spec.is_fedopt]
    whole = [lane for lane in timed if len(lane.costs) >= len(us.costs)]
    if not whole or us.middle("bytes") is None:
        return t("schedules.missed" if whole else "schedules.open", goal=target, us=us.label)
    best, worst = (choice(whole, key=lambda lane: lane.middle("bytes")) for choice in (min, max))
    mine = us.middle("bytes")
    key = {"more": "well", "tie": "even", "fewer": "ours"}[compared(1, times(us, best))]
    words = [
        t(
            f"schedules.{key}", goal=target, us=us.label, our_mb=megabytes(mine), best=best.label,
            best_mb=megabytes(best.middle("bytes")), our_epochs=rounded(us.middle('local_epochs')),
            best_epochs=rounded(best.middle('local_epochs')),
        ),
        t("schedules.badly", worst=worst.label, worst_mb=megabytes(worst.middle("bytes")),
          times=tenths(times(us, worst)), runs=us.runs, **spread(saving(us, worst))),
    ]  # fmt: skip
    missed = [lane for lane in (*timed, us) if len(lane.costs) < lane.runs]
    late = [t("schedules.late", lane=lane.label, count=len(lane.costs), all=lane.runs) for lane in missed]
    return together([*words, *late, t("schedules.gift")])


def epochs_of(found: Atlas, lane: str, seed: int) -> list[int]:
    """Local epochs of each round."""
    return found.curves[Run(DEFAULT, lane, seed)].epochs[1:].tolist()


def times(us: Lane, them: Lane) -> float:
    """How many times fewer bytes than theirs ours needed in the median."""
    return saving(us, them).middle or 0


def saving(us: Lane, them: Lane) -> Saving:
    """Over the seeds."""
    return Saving([(spent(mine), spent(other)) for mine, other in zip(us.found, them.found, strict=True)])


def spread(saving: Saving) -> dict[str, str]:
    """The least and the most of the seeds on which both got there."""
    return {"low": tenths(min(saving.ratios)), "high": tenths(max(saving.ratios))}


def spent(cost: Cost | None) -> Spent:
    """The lane was played on after the target; how far does not matter where all got there."""
    return Spent(cost and cost.bytes, cost.bytes if cost else 0)


def swing_words(found: Atlas, lanes: Sequence[Lane]) -> str:
    """How much the rules change their minds, over all seeds."""
    told = []
    for lane in lanes:
        low, mid, high = middle([swing(epochs_of(found, lane.spec.id, seed)) for seed in default_figures.seeds(found)])
        told.append(t("schedules.swing", lane=lane.label, middle=tenths(mid), low=tenths(low), high=tenths(high)))
    return t("schedules.swings", told=listed(told, "schedules.and"))


def show(name: str, figure, height: int, alt: str) -> None:
    """A chart of this page, `height` px high; alt: its words, here without bold."""
    live_chart(
        figure_json(figure, name), key=f"schedules-{name}", height=height, alt=alt,
        unavailable=t("chart.unavailable"),
    )  # fmt: skip
