"""The Schedules page: why not just pick a good E? Recorded runs of many timetables beside FDA-OPT."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import streamlit as st

from fda_core.analysis.comparison import costs_to_target, middle
from fda_core.analysis.effects import swing
from fda_core.analysis.summary import Cost, rounds_of
from fda_core.runs.recorded import names, recorded
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.support.errors import LabError
from ui.components.live_chart import figure_json, live_chart
from ui.shared.lane_looks import palette
from ui.shared.run_tables import study_table
from ui.shared.tables import text_table
from ui.state.address import keep_words
from ui.state.presenter import act, may_act
from ui.state.press import once
from ui.state.session import runner
from ui.text.glossary import marked
from ui.text.i18n import listed, t, together
from ui.text.numbers import megabytes, rounded, tenths
from ui.text.problems import said
from ui.text.sentences import goal, lane_labels
from ui.views.schedules.schedules_charts import costs_chart, swing_chart

SERIES = "schedules-"  # the recorded runs: one experiment, several seeds
HEIGHT, SMALL = 340, 220


class Lane(NamedTuple):
    """A lane over the recorded seeds; costs: of those that reached the target, in the order of the seeds."""

    spec: LaneSpec
    label: str
    costs: list[Cost]
    runs: int

    def middle(self, what: str) -> float | None:
        """The median of a field of `Cost`; None if no seed reached the target."""
        return median(getattr(cost, what) for cost in self.costs) if self.costs else None


def page() -> None:
    """The verdict, costs by timetable, a button to race them live, the table of seeds, and how the rules swing."""
    keep_words()
    runs = series()
    lanes = lanes_of(runs)
    words = verdict(lanes, goal(runs[0].config.target))
    st.markdown(marked(words))
    figure = costs_chart([lane for lane in lanes if lane.spec.is_fedopt], ours(lanes), palette())
    show("costs", figure, HEIGHT, words)
    st.caption(t("schedules.recorded", seeds=listed(str(run.config.seed) for run in runs)))
    st.button(
        t("schedules.live"), key="schedules_live", **once("schedules_live", act, start, runs[0].config),
        icon=":material/play_arrow:", disabled=not may_act(), help=t("schedules.live_help"),
    )  # fmt: skip
    if st.session_state.pop("schedules_started", False):
        st.switch_page("pages/race.py", query_params={"run": st.session_state.run})
    if problem := st.session_state.pop("schedules_problem", None):
        st.warning(problem)
    with st.container(key="schedules_table"):
        text_table(study_table(runs))
    adaptive = [lane for lane in lanes if lane.spec.kind.sets_theta]
    with st.container(key="schedules_swing"):
        st.markdown(marked(swing_words(runs, adaptive)))
        rounds = {lane.label: epochs_of(runs[0], lane.spec.id) for lane in adaptive}
        show("swing", swing_chart(rounds, palette()), SMALL, t("schedules.alt_swing"))


def start(config: ExperimentConfig) -> None:
    """A callback: queues the recorded experiment and shows it in the Race; leaves a sentence where it cannot be."""
    try:
        st.session_state.run = runner().start(config)
        st.session_state.schedules_started = True
    except LabError as error:
        st.session_state.schedules_problem = said(error)


def series() -> list[Snapshot]:
    """The recorded runs of the timetables, a seed each, by name."""
    return [recorded(name) for name in names() if name.startswith(SERIES)]


def lanes_of(runs: Sequence[Snapshot]) -> list[Lane]:
    """Every lane over all seeds, in the order of the first run, which has the same lanes as the others."""
    labels, events = lane_labels(runs[0].config), [run.events for run in runs]
    return [
        Lane(spec, labels[spec.id], [cost for cost in costs_to_target(events, spec.id) if cost], len(runs))
        for spec in runs[0].config.lanes
    ]


def ours(lanes: Sequence[Lane]) -> Lane:
    """The first lane under the published rule for Θ."""
    return next(lane for lane in lanes if lane.spec.kind.published)


def verdict(lanes: Sequence[Lane], target: str) -> str:
    """The best timetable against FDA-OPT, the worst, and those that do not get there: all from the runs."""
    us = ours(lanes)
    timed = [lane for lane in lanes if lane.spec.is_fedopt]
    whole = [lane for lane in timed if len(lane.costs) == lane.runs]
    if not whole or len(us.costs) < us.runs:
        return t("schedules.open", goal=target)
    best, worst = (choice(whole, key=lambda lane: lane.middle("bytes")) for choice in (min, max))
    mine = us.middle("bytes")
    key = "well" if best.middle("bytes") < 0.95 * mine else "even" if best.middle("bytes") <= 1.05 * mine else "ours"
    words = [
        t(
            f"schedules.{key}", goal=target, us=us.label, our_mb=megabytes(mine), best=best.label,
            best_mb=megabytes(best.middle("bytes")), our_epochs=rounded(us.middle('local_epochs')),
            best_epochs=rounded(best.middle('local_epochs')),
        ),
        t("schedules.badly", worst=worst.label, worst_mb=megabytes(worst.middle("bytes")),
          times=tenths(worst.middle('bytes') / mine)),
    ]  # fmt: skip
    missed = [lane for lane in timed if lane not in whole]
    late = [t("schedules.late", lane=lane.label, count=len(lane.costs), all=lane.runs) for lane in missed]
    return together([*words, *late, t("schedules.gift")])


def epochs_of(run: Snapshot, lane: str) -> list[int]:
    """Local epochs of each round."""
    return [event.epochs for event in rounds_of(run.events, lane)]


def swing_words(runs: Sequence[Snapshot], lanes: Sequence[Lane]) -> str:
    """How much the rules change their minds, over all seeds."""
    told = []
    for lane in lanes:
        low, mid, high = middle([swing(epochs_of(run, lane.spec.id)) for run in runs])
        told.append(t("schedules.swing", lane=lane.label, middle=tenths(mid), low=tenths(low), high=tenths(high)))
    return t("schedules.swings", told=listed(told, "schedules.and"))


def show(name: str, figure, height: int, alt: str) -> None:
    """A chart of this page, `height` px high; alt: its words, here without bold."""
    live_chart(
        figure_json(figure, name), key=f"schedules-{name}", height=height, alt=alt,
        unavailable=t("chart.unavailable"),
    )  # fmt: skip
