"""Start, pause, step and stop, with the progress of the run beside them or the cost of the next below."""

import math
from collections.abc import Callable

import streamlit as st

from fda_core.analysis.summary import rounds_at_most, rounds_played
from fda_core.cost.time_left import seconds_left
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig
from fda_core.support import assets
from fda_core.support.callbacks import TEXTS
from fda_core.support.errors import LabError
from ui.settings_panel import own_data
from ui.state.presenter import act, may_act
from ui.state.press import once
from ui.state.session import runner
from ui.text.i18n import t
from ui.text.numbers import duration
from ui.text.problems import said
from ui.views.race import cost_line, prediction

FLOWER = ("superlink", "nodes", "run")  # stages of a federation on Flower, from `fda_flower.here`


def is_next(run: Snapshot | None, config: ExperimentConfig | None) -> bool:
    """Whether the settings are those of a run that has not begun."""
    return run is None or (not run.live and config is not None and config != run.config)


def controls(run: Snapshot | None, config: ExperimentConfig | None) -> None:
    """Start, pause, step and stop in one row with the progress."""
    with st.container(key="steering"):
        *places, progress = st.columns([1.5, 1.4, 1.1, 4.1], vertical_alignment="center")
    for place, choice in zip(places, choices(run, config), strict=True):
        button(place, *choice)
    if run is not None:
        share, text = progress_of(run)
        progress.progress(share, text)
    else:
        prediction.ask(progress, config)
    if is_next(run, config):
        cost_line.line(config)


def choices(run: Snapshot | None, config: ExperimentConfig | None) -> list[tuple]:
    """The three buttons of this moment: key, icon, label, whether it can be pressed, what it does."""
    ready = config is not None and assets.problem() is None and own_data.here(config)
    if run is not None and run.live:
        keeper, paused = runner(), run.status == "paused"
        steady = run.status == "running" and run.steerable
        return [
            ("resume", "play_arrow", "race.resume", True, keeper.unpause, run.run_id) if paused
            else ("pause", "pause", "race.pause", steady, keeper.pause, run.run_id),
            ("step", "skip_next", "race.step", paused, keeper.step, run.run_id),
            ("stop", "stop", "race.stop", run.status != "stopping", keeper.stop, run.run_id),
        ]  # fmt: skip
    stop = ("stop", "stop", "race.stop", False, start)
    if run is not None and run.status == "interrupted" and run.steerable:
        return [
            ("resume", "play_arrow", "race.resume", assets.problem() is None, resume, run.run_id),
            ("start", "restart_alt", "race.start_again", ready, start, config),
            stop,
        ]
    return [
        ("start", "play_arrow", "race.start_again" if run and run.steerable else "race.start", ready, start, config),
        ("step", "skip_next", "race.step", ready, start, config, 1),
        stop,
    ]


def button(place, key: str, icon: str, label: str, enabled: bool, action: Callable, *arguments) -> None:
    """A button whose action is a callback: it works in a redraw of the page as in one of the fragment."""
    place.button(
        t(label), key=key, icon=f":material/{icon}:", disabled=not (enabled and may_act()), width="stretch",
        **once(key, act, action, *arguments), type="primary" if key in ("start", "resume") else "secondary",
        help=t("race.step_help") if key == "step" else None,
    )  # fmt: skip


def start(config: ExperimentConfig, rounds: int | None = None) -> None:
    """Queues a run and shows it; what forbids it becomes the page's notice. rounds: pauses after so many."""
    try:
        st.session_state.run = runner().start(config, rounds, own_data.table_of(config))
        st.session_state.notice = None
    except LabError as error:
        st.session_state.notice = said(error)


def resume(run_id: str) -> None:
    """Queues an interrupted run to go on; what forbids it becomes the page's notice."""
    try:
        runner().resume(run_id)
        st.session_state.notice = None
    except LabError as error:
        st.session_state.notice = said(error)


def progress_of(run: Snapshot) -> tuple[float, str]:
    """Share done in 0…1 and the status in words."""
    played = rounds_played(run.events)
    done, total = run.prepared
    if run.status in ("queued", "preparing") and not run.place:
        if not total:
            return 0.0, t("status.loading") + still(run)
        if run.stage in FLOWER:
            return done / total, t(f"status.flower_{run.stage}")
        if run.stage != TEXTS:
            return done / total, t("status.downloading", done=round(done / 1e6), total=math.ceil(total / 1e6))
        return done / total, t("status.preparing", done=done, total=total) + still(run)
    expected = rounds_at_most(list(run.events), run.config.rounds, len(run.config.lanes))
    share = 1.0 if run.status == "finished" else min(1.0, played / max(1, expected))
    if run.status == "queued" and run.wait is not None:
        return share, t("status.queued_wait", place=run.place, wait=duration(60 * math.ceil(run.wait / 60)))
    return share, t(f"status.{run.status}", played=played, place=run.place) + still(run)


def still(run: Snapshot) -> str:
    """How long a run goes on at most, from its own rounds; on a machine that others keep busy nobody can say."""
    if run.status not in ("preparing", "running"):
        return ""
    if runner().others.crowding():
        return t("status.crowded")
    left = seconds_left(run.config, run.events, None)
    return "" if left is None else t("status.left", time=duration(left))
