"""A prediction before the run, and what became of it. It stays with this viewer; nobody has to make one."""

from collections.abc import Sequence

import streamlit as st

from fda_core.analysis.saving import compared
from fda_core.analysis.summary import LaneSummary
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig
from ui.state.choice import choose
from ui.text.i18n import t
from ui.text.numbers import megabytes
from ui.text.sentences import lane_labels

NOBODY = ""  # no lane has this id


def ask(place, config: ExperimentConfig | None) -> None:
    """The question, in one line."""
    if config is None:
        return
    labels = {lane: t("predict.lane", lane=label) for lane, label in competing(config).items()}
    labels |= {NOBODY: t("predict.nobody")}
    state = st.session_state
    state.prediction = state.guess if state.get("guess") in labels else None
    choose(
        "selectbox", t("predict.question"), list(labels), key="prediction", place=place, on_change=remember, index=None,
        format_func=labels.get, placeholder=t("predict.question"), label_visibility="collapsed",
    )  # fmt: skip


def remember() -> None:
    """A callback: keeps the guess where it outlasts the box, which goes away when the run starts."""
    st.session_state.guess = st.session_state.prediction


def competing(config: ExperimentConfig) -> dict[str, str]:
    """Names by id of the lanes that send bytes."""
    labels = lane_labels(config)
    return {lane.id: labels[lane.id] for lane in config.lanes if not lane.is_baseline}


def settle(run: Snapshot | None) -> None:
    """The first run under way after the question is the one that was meant."""
    guess = st.session_state.get("guess")
    if guess is None or run is None or not run.live:
        return
    st.session_state.guess = None
    if guess == NOBODY or guess in competing(run.config):
        st.session_state.predicted = (run.run_id, guess)


def answered(run: Snapshot | None, lanes: Sequence[LaneSummary], going_on: bool) -> str | None:
    """What became of this viewer's prediction, once the run it was meant for is over."""
    run_id, choice = st.session_state.get("predicted") or (None, None)
    if run is None or going_on or not lanes or run.run_id != run_id:
        return None
    return answer(run.config, lanes, choice)


def answer(config: ExperimentConfig, lanes: Sequence[LaneSummary], choice: str) -> str:
    """The prediction `choice`, a lane's id or NOBODY, against the numbers of a run that is over."""
    names = competing(config)
    racing = [lane for lane in lanes if lane.lane in names]
    reached = sorted((lane for lane in racing if lane.to_target), key=lambda lane: lane.to_target.bytes)
    undecided = [lane for lane in racing if might_win(lane, reached)]
    others = [lane for lane in reached if lane.lane != choice]
    rival = {"other": names[others[0].lane], "other_mb": megabytes(others[0].to_target.bytes)} if others else {}
    if choice == NOBODY:
        if reached:
            return t("predict.nobody_wrong", **rival)
        return t("predict.nobody_open" if undecided else "predict.nobody_right")
    mine = next(lane for lane in racing if lane.lane == choice)
    if mine.to_target is None:
        if mine in undecided or (undecided and not reached):
            return t("predict.open", lane=names[choice])
        return t("predict.late" if reached else "predict.none", lane=names[choice], **rival)
    result = compared(mine.to_target.bytes, others[0].to_target.bytes) if others else "alone"
    if undecided and result != "more":
        return t("predict.open", lane=names[choice])
    return t(f"predict.{result}", lane=names[choice], mb=megabytes(mine.to_target.bytes), **rival)


def might_win(lane: LaneSummary, reached: Sequence[LaneSummary]) -> bool:
    """Whether a lane that was broken off could still have reached the target with the fewest bytes."""
    if lane.to_target or lane.status not in (None, "stopped"):
        return False
    return not reached or lane.spent.bytes < reached[0].to_target.bytes
