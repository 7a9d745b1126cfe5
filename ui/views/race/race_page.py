"""The Race page's parts: buttons and progress, the live chart, the numbers, the sentences."""

import math
from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from fda_core.algorithm.events import LaneFinished, RunStarted
from fda_core.analysis.summary import LaneSummary, rounds_at_most, rounds_played, started, state_bytes, summarize
from fda_core.live.runner import Snapshot
from fda_core.models.payload import size_of
from fda_core.settings.config import BASELINE_RULES, ExperimentConfig
from fda_core.support import assets
from fda_core.support.callbacks import TEXTS
from fda_core.support.errors import LabError
from ui.components.live_chart import figure_json, live_chart
from ui.settings_panel import own_data
from ui.settings_panel.controls import adopt, settings
from ui.shared import replay_controls
from ui.shared.charts import race_chart
from ui.shared.frames import race_frame
from ui.shared.tables import text_table
from ui.state import axes
from ui.state.presenter import act, following, may_act, sign_in_form
from ui.state.session import from_address, has_settings, keep_address, linked, palette, runner, shown_run
from ui.state.viewing import engineer, viewing
from ui.text import sentences
from ui.text.glossary import marked
from ui.text.i18n import plain, t
from ui.text.problems import said
from ui.text.recorded_messages import recorded
from ui.views.race import annotations, budget_line, cost_line, held_equal, prediction, try_sentence

CHART_HEIGHT = 310
# Settings that do not touch what Var is measured on, so that a run's variances still speak for the sliders.
NOT_VARIANCE = {"preset", "lanes", "rounds", "target", "after_target_rounds", "link", "seed"}


def page() -> None:
    """Settings in the sidebar, everything live in one fragment."""
    arrived = "base" not in st.session_state or linked()
    if arrived and "run" not in st.query_params and not following():
        st.session_state.run = None  # a link to settings is one to a new run
    run, unreadable = shown_run()
    st.session_state.setdefault("notice", None)
    if arrived:
        follow = run is not None and (run.live or not has_settings())
        config, problem = (run.config, None) if follow else from_address()
        adopt(config)
        st.session_state.notice = t("settings.bad_link", problem=said(problem)) if problem else None
    axes.adopt()
    budget_line.adopt()
    live = run is not None and run.live
    with st.sidebar:
        config = settings(frozen=live and may_act(), measured=lambda config: comparable(run, config))
        sign_in_form()
    keep_address(config, budget=budget_line.word(), **axes.words())
    if unreadable:
        st.warning(unreadable)
    around = identity(run, config)
    often = (
        replay_controls.REDRAW
        if replay_controls.playing(run)
        else 1.0
        if live or following() or around.cost_awaited
        else None
    )
    st.fragment(run_every=often)(live_part)(config, around)


class Around(NamedTuple):
    """What matters to the page around the fragment."""

    run_id: str | None
    live: bool
    playing: bool
    cost_awaited: bool


def identity(run: Snapshot | None, config: ExperimentConfig | None) -> Around:
    soon = is_next(run, config) and cost_line.awaited(config)
    return Around(run.run_id, run.live, replay_controls.playing(run), soon) if run else Around(None, False, False, soon)


def is_next(run: Snapshot | None, config: ExperimentConfig | None) -> bool:
    """Whether the settings are those of a run that has not begun."""
    return run is None or (not run.live and config is not None and config != run.config)


def comparable(run: Snapshot | None, config: ExperimentConfig) -> tuple:
    """The events of the run shown if it had the same clients, data and learning rates."""
    if run is None or run.config.model_dump(exclude=NOT_VARIANCE) != config.model_dump(exclude=NOT_VARIANCE):
        return ()
    return run.events


def live_part(config: ExperimentConfig | None, around: Around) -> None:
    whole, _ = shown_run()
    if identity(whole, config) != around:
        # The settings in the sidebar freeze or thaw, the address changes, a replay moves or stands, a cost is known.
        st.rerun()
    prediction.settle(whole)
    run = replay_controls.replayed(whole)
    shown = run.config if run else config
    events = list(run.events) if run else []
    lanes = summarize(events)
    going_on = run is not None and (run.live or len(run.events) < len(whole.events))
    words = sentences.headline(shown, lanes, going_on) if lanes else before_the_first_round(whole)
    if st.session_state.notice:
        st.warning(st.session_state.notice)
    controls(whole, config)  # above the sentence, whose length changes: buttons must not move under the mouse
    replay_controls.controls(whole)
    if run is not None and run.status == "failed":
        st.error(recorded(run.message))
    if run is not None and run.status == "interrupted" and run.message:
        st.info(recorded(run.message))
    answer = prediction.answered(run, lanes, going_on)
    st.markdown(marked(f"{words} {answer}" if answer else words))
    if shown is not None:
        chart(run, shown, lanes, words, going_on)
    if lanes:
        numbers(shown, lanes)
        notes(run, config)
        held_equal.panel(run)
        try_sentence.panel(run)
    waiting(run)


def before_the_first_round(run: Snapshot | None) -> str:
    if run is None:
        return t("race.empty") if may_act() else t("class.wait")
    if run.place:
        return t("race.in_the_queue")
    return t("race.getting_ready") if run.live else t("race.nothing_played")


def controls(run: Snapshot | None, config: ExperimentConfig | None) -> None:
    """Start, pause, step and stop in one row with the progress."""
    with st.container(key="steering"):
        *places, progress = st.columns([1.1, 1.5, 1, 4.5], vertical_alignment="center")
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
        return [
            ("resume", "play_arrow", "race.resume", True, keeper.unpause, run.run_id) if paused
            else ("pause", "pause", "race.pause", run.status == "running", keeper.pause, run.run_id),
            ("step", "skip_next", "race.step", paused, keeper.step, run.run_id),
            ("stop", "stop", "race.stop", run.status != "stopping", keeper.stop, run.run_id),
        ]  # fmt: skip
    stop = ("stop", "stop", "race.stop", False, start)
    if run is not None and run.status == "interrupted":
        return [
            ("resume", "play_arrow", "race.resume", assets.problem() is None, resume, run.run_id),
            ("start", "restart_alt", "race.start_again", ready, start, config),
            stop,
        ]
    return [
        ("start", "play_arrow", "race.start_again" if run else "race.start", ready, start, config),
        ("step", "skip_next", "race.step", ready, start, config, 1),
        stop,
    ]


def button(place, key: str, icon: str, label: str, enabled: bool, action: Callable, *arguments) -> None:
    """A button whose action is a callback: it works in a redraw of the page as in one of the fragment."""
    place.button(
        t(label), key=key, icon=f":material/{icon}:", disabled=not (enabled and may_act()), width="stretch",
        on_click=act, args=(action, *arguments), type="primary" if key in ("start", "resume") else "secondary",
        help=t("race.step_help") if key == "step" else None,
    )  # fmt: skip


def start(config: ExperimentConfig, rounds: int | None = None) -> None:
    try:
        st.session_state.run = runner().start(config, rounds, own_data.table_of(config))
        st.session_state.notice = None
    except LabError as error:
        st.session_state.notice = said(error)


def resume(run_id: str) -> None:
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
            return 0.0, t("status.loading")
        if run.stage != TEXTS:
            return done / total, t("status.downloading", done=round(done / 1e6), total=math.ceil(total / 1e6))
        return done / total, t("status.preparing", done=done, total=total)
    expected = rounds_at_most(list(run.events), run.config.rounds, len(run.config.lanes))
    share = 1.0 if run.status == "finished" else min(1.0, played / max(1, expected))
    if run.status == "queued" and run.wait is not None:
        return share, t("status.queued_wait", place=run.place, wait=duration(run.wait))
    return share, t(f"status.{run.status}", played=played, place=run.place)


def duration(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return t("status.minute") if minutes <= 1 else t("status.minutes", count=minutes)


def chart(
    run: Snapshot | None, config: ExperimentConfig, lanes: list[LaneSummary], words: str, going_on: bool
) -> None:  # fmt: skip
    left, right, limit = st.columns([2.7, 1.35, 1.2])
    x, y = axes.choose(left, "x"), axes.choose(right, "y", measures(config))
    budget = budget_line.choose(limit)
    view = f"{run.run_id if run else 'none'}/{x}/{y}"
    moment = (viewing(), run.revision, len(run.events)) if run else (viewing(), config.to_json())
    live_chart(
        shared_figure(view, moment, x, y, budget, not going_on, run, config, lanes),
        key="race",
        height=CHART_HEIGHT,
        alt=t("chart.alt", x=t(f"chart.x_{x}"), y=t(f"chart.y_{y}"), headline=words.replace("**", "")),
        unavailable=t("chart.unavailable"),
    )
    if budget and lanes:
        st.markdown(budget_line.sentence(config, run.events, lanes, budget, y))


@st.cache_data(max_entries=64, show_spinner=False)
def shared_figure(
    view: str, moment: object, x: str, y: str, budget: float | None, over: bool, _run: Snapshot | None,
    _config: ExperimentConfig, _lanes: list[LaneSummary],
) -> str:  # fmt: skip
    """The chart as the browser gets it, made once for all who look at this moment of a run with this budget."""
    frame = race_frame(_run.events if _run else ())
    reached = {lane.lane: lane.to_target.rounds for lane in _lanes if lane.to_target}
    figure = race_chart(frame, sentences.lane_labels(_config), palette(), x, y, _config.target, reached)
    if x == "bytes" and not frame.empty:
        annotations.annotate(figure, frame, _config, _run.events, y, budget, over)
    return figure_json(figure, view)


def measures(config: ExperimentConfig) -> tuple[str, ...]:
    """What the vertical axis can show: the measure of the target where accuracy is not it."""
    return ("test_loss", "mcc" if config.target.metric == "mcc" else "accuracy")


def numbers(config: ExperimentConfig, lanes: list[LaneSummary]) -> None:
    """One row a lane: bytes by kind, work, quality, and what the target cost."""
    labels = sentences.lane_labels(config)
    with st.container(key="numbers"):
        text_table([row(labels[lane.lane], lane) for lane in lanes])


def row(label: str, lane: LaneSummary) -> dict[str, str]:
    """A manager gets all bytes in one number, an engineer each kind."""
    kinds = {
        t("table.down"): f"{lane.bytes_down / 1e6:,.1f}",
        t("table.up"): f"{lane.bytes_up / 1e6:,.1f}",
        t("table.monitor"): f"{lane.bytes_monitor / 1e6:,.1f}",
    }
    return {
        t("table.lane"): label,
        t("table.status"): t(f"lane_status.{lane.status or 'racing'}"),
        t("table.rounds"): f"{lane.spent.rounds}",
        t("table.epochs"): f"{lane.spent.local_epochs}",
        **(kinds if engineer() else {t("table.megabytes"): sentences.megabytes(lane.spent.bytes)}),
        t("table.best"): "–" if lane.best_accuracy is None else f"{100 * lane.best_accuracy:.1f} %",
        t("table.to_target"): sentences.spent(lane.to_target),
    }


def notes(run: Snapshot, config: ExperimentConfig | None) -> None:
    start: RunStarted = started(run.events)
    labels = sentences.lane_labels(run.config)
    for event in run.events:
        if isinstance(event, LaneFinished) and event.status == "diverged":
            st.warning(t("table.diverged_note", lane=labels[event.lane], message=recorded(event.message)))
    if not run.live and config is not None and config != run.config:
        st.info(t("race.applies_next"))
    facts = start.facts
    words = [
        t("race.held", examples=run.config.train_examples, clients=run.config.clients, seed=run.config.seed),
        *(technical(run, facts) if engineer() else ()),
        *([t("race.plain_path")] if facts.get("path") == "plain" else ()),
    ]
    for lane in run.config.lanes:
        if lane.rule in BASELINE_RULES:
            key = "race.reference_centralised" if lane.rule == "centralised" else "race.reference_local_only"
            words.append(t(key, lane=labels[lane.id]))
    st.caption(marked(" ".join(words)))


def technical(run: Snapshot, facts: dict) -> list[str]:
    """What is trained, and what a check sends."""
    key = "race.model_head" if mostly_head(run.config) else "race.model"
    words = [
        t(
            key, model=plain(str(facts["model"])[:200]), trained=facts["trainable_parameters"],
            bytes_mb=f"{facts['model_bytes'] / 1e6:.2f}",
        )
    ]  # fmt: skip
    if states := state_bytes(run.events):
        words.append(t("race.state", sizes=f" {t('race.state_or')} ".join(map(sentences.size, states))))
    return words


def mostly_head(config: ExperimentConfig) -> bool:
    size = size_of(config)
    return config.trained != "head" and size is not None and 2 * size.head > size.trained


def waiting(run: Snapshot | None) -> None:
    """The queue, where this viewer's run is not alone in it."""
    others = [(run_id, status) for run_id, status in runner().queue() if run is None or run_id != run.run_id]
    if not others or (run is not None and run.live and run.status != "queued"):
        return
    st.info(t("race.others"))
    for place, (run_id, _) in enumerate(others, 1):
        label = f"{place}. {run_id}: {t('race.watch')}"
        if st.button(label, key=f"watch-{run_id}", on_click=follow_run, args=(run_id,)):
            st.rerun()


def follow_run(run_id: str) -> None:
    """A callback: it may change the settings because it runs before they are drawn."""
    st.session_state.run = run_id
    adopt(runner().snapshot(run_id).config)
