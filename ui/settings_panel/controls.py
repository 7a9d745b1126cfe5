"""The settings in the sidebar: widgets on one side, a validated `ExperimentConfig` on the other."""

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from fda_core.analysis.summary import variance_after
from fda_core.settings import presets
from fda_core.settings.assignments import merge, parse_value
from fda_core.settings.config import CLIENT_OPTIMIZERS, MONITORS, SERVERS, ExperimentConfig, LaneSpec
from fda_core.support.errors import ConfigError
from ui.settings_panel import model_controls, own_data
from ui.shared.links import LINKS
from ui.text.i18n import t
from ui.text.problems import said
from ui.text.sentences import epochs

ALPHAS = (1000.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
MODES = ("adaptive", "smoothed", "fixed")
# Eight steps a decade, equally far apart on the slider.
THETAS = tuple(round(10 ** (i / 8), 5) for i in range(-24, 17))
DEFAULT_THETA = THETAS[20]


def adopt(config: ExperimentConfig) -> None:
    """Puts a configuration into the widgets; call it before they are drawn."""
    state = st.session_state
    state.base = config
    state.preset, state.clients, state.alpha = config.preset, config.clients, config.alpha
    state.cohort, state.rounds, state.seed = config.cohort_size, config.rounds, config.seed
    state.server, state.server_lr, state.client_lr = config.server_optimizer, config.server_lr, config.client_lr
    state.client_optimizer, state.weighting = config.client_optimizer, config.weighting
    state.client_dropout = float(config.client_dropout)
    model_controls.adopt(config)
    state.epochs, state.max_epochs, state.mode, theta, state.check, state.monitor = lane_values(config.lanes)
    if theta is not None or state.get("theta") not in THETAS:
        state.theta = DEFAULT_THETA if theta is None else theta
    link = (config.link.uplink_mbit, config.link.downlink_mbit, config.link.rtt_ms)
    state.link = next((name for name, speeds in LINKS.items() if speeds == link), "own")


def lane_values(lanes: tuple[LaneSpec, ...]) -> tuple[int, int, str, float | None, str, str]:
    """What `make_lanes` was given: E of the first FedOpt lane; M, mode, Θ, check and monitor of the last FDA lane."""
    schedules = [lane for lane in lanes if lane.rule == "schedule"]
    monitored = [lane for lane in lanes if lane.max_epochs is not None]
    epochs = schedules[0].epochs if schedules else 1
    if not monitored:
        return epochs, 10, "adaptive", None, "epoch", "sketch"
    last = monitored[-1]
    return epochs, last.max_epochs, last.rule, last.theta, last.check, last.monitor


def make_lanes(
    epochs: int, max_epochs: int, mode: str, theta: float | None, check: str = "epoch", monitor: str = "sketch"
) -> tuple[LaneSpec, ...]:
    """FedOpt with E, FedOpt with the equal-work control E = M/2, and FDA with the chosen threshold."""
    schedules = dict.fromkeys((epochs, max(1, max_epochs // 2)))
    lanes = [LaneSpec(id=f"fedopt-e{e}", rule="schedule", epochs=e) for e in schedules]
    common = {"rule": mode, "max_epochs": max_epochs, "monitor": monitor}
    if mode == "fixed":
        return (*lanes, LaneSpec(id="fda-fixed", theta=theta, check=check, **common))
    return (*lanes, LaneSpec(id={"adaptive": "fda-opt", "smoothed": "fda-smoothed"}[mode], **common))


def settings(frozen: bool, measured: Callable[[ExperimentConfig], tuple]) -> ExperimentConfig | None:
    """Draws the widgets; None, and one sentence beside them, when what they say is not allowed.

    measured: the events of a run with the same configuration, for the marks beside the Θ slider.
    """
    state = st.session_state
    own_lanes = state.base.lanes != make_lanes(*lane_values(state.base.lanes))
    config, problem = _collect(own_lanes)
    st.subheader(t("settings.title"))
    if frozen:
        st.caption(t("settings.frozen"))
    st.selectbox(
        t("settings.preset"), presets.names(), key="preset", disabled=frozen, persist_state="session",
        format_func=lambda name: t(f"settings.preset_{name}"),
        on_change=lambda: adopt(own_data.on_the_same_data(presets.build(preset=state.preset), state.base)),
    )  # fmt: skip
    own_data.panel(frozen, config, adopt)
    natural = state.base.partition == "column"  # then the data itself says who the clients are
    st.slider(
        t("settings.clients"), 2 if state.clients > 1 else 1, max(200, state.clients), key="clients",
        disabled=frozen or natural, persist_state="session",
    )  # fmt: skip
    st.select_slider(
        t("settings.alpha"), sorted({*ALPHAS, state.alpha}, reverse=True), key="alpha",
        disabled=frozen or natural,
        format_func=lambda alpha: t("settings.alpha_value", alpha=alpha), help=t("settings.alpha_help"),
        persist_state="session",
    )  # fmt: skip
    ends(t("settings.alike"), t("settings.different"))
    if natural:
        st.caption(t("own.natural"))
    if own_lanes:
        st.caption(t("settings.lanes_own"))
    else:
        with st.container(key="threshold"):
            _threshold(frozen, measured(config) if config else ())
    model_controls.draw(frozen, config)
    with st.expander(t("settings.more"), key="more"):
        _more(frozen, own_lanes)
    if problem:
        st.error(said(problem))
    return config


def _threshold(frozen: bool, events: tuple) -> None:
    state = st.session_state
    st.radio(
        t("settings.threshold"), MODES, key="mode", disabled=frozen, persist_state="session",
        format_func=lambda mode: t(f"settings.{mode}"),
    )  # fmt: skip
    if state.mode == "fixed":
        options = sorted({*THETAS, state.theta})
        st.select_slider(
            t("settings.theta"), options, key="theta", disabled=frozen, format_func=lambda theta: f"{theta:.3g}",
            persist_state="session",
        )  # fmt: skip
        half = max(1, state.max_epochs // 2)
        marks = {epoch: variance_after(events, epoch) for epoch in dict.fromkeys((1, half))}
        marks = {epoch: variance for epoch, variance in marks.items() if variance}
        if marks:
            st.html(ruler(marks, options))
        st.caption(mark_words(marks, half))


def _more(frozen: bool, own_lanes: bool) -> None:
    state = st.session_state
    common = {"disabled": frozen, "persist_state": "session"}
    lanes = common | {"disabled": frozen or own_lanes}
    st.number_input(t("settings.cohort"), 1, 1000, key="cohort", **common)
    st.number_input(t("settings.epochs"), 1, 100, key="epochs", **lanes)
    st.number_input(t("settings.max_epochs"), 1, 200, key="max_epochs", **lanes)
    if not own_lanes:
        if state.mode == "fixed":
            choose("check", ("epoch", "step"), "check", lanes)
        choose("monitor", MONITORS, "monitor", lanes)
    st.number_input(t("settings.rounds"), 1, 10_000, key="rounds", **common)
    choose("client_optimizer", CLIENT_OPTIMIZERS, "client", common)
    st.selectbox(
        t("settings.client_lr"), sorted({*RATES, state.client_lr}, key=str), key="client_lr", accept_new_options=True,
        format_func=lambda rate: f"{rate:g}" if isinstance(rate, float) else str(rate), **common,
    )  # fmt: skip
    st.selectbox(
        t("settings.server"), SERVERS, key="server", format_func=lambda name: t(f"settings.server_{name}"),
        on_change=_default_server_lr, **common,
    )  # fmt: skip
    st.number_input(t("settings.server_lr"), 1e-9, 1e9, key="server_lr", format="%g", step=0.1, **common)
    choose("weighting", ("equal", "examples"), "weighting", common)
    st.number_input(
        t("settings.client_dropout"), 0.0, max(0.99, state.client_dropout), key="client_dropout", format="%g",
        step=0.05, **common,
    )  # fmt: skip
    st.number_input(t("settings.seed"), 0, 2**31 - 1, key="seed", **common)
    link = state.base.link
    st.selectbox(
        t("settings.link"), [*LINKS, *(["own"] if state.link == "own" else [])], key="link",
        format_func=lambda name: t(
            f"settings.link_{name}", up=link.uplink_mbit, down=link.downlink_mbit, rtt=link.rtt_ms
        ),
        **common,
    )  # fmt: skip


def choose(key: str, options: tuple[str, ...], words: str, common: dict[str, Any]) -> None:
    st.selectbox(
        t(f"settings.{key}"), options, key=key, format_func=lambda name: t(f"settings.{words}_{name}"), **common
    )


def _default_server_lr() -> None:
    st.session_state.server_lr = ExperimentConfig(server_optimizer=st.session_state.server).server_lr


def _collect(own_lanes: bool) -> tuple[ExperimentConfig | None, str | None]:
    """What the widgets say as a configuration, or the sentence why not."""
    state = st.session_state
    rate = state.client_lr
    changes: dict[str, Any] = {
        "preset": state.preset, "clients": state.clients, "alpha": state.alpha, "clients_per_round": state.cohort,
        "rounds": state.rounds, "seed": state.seed, "server_optimizer": state.server, "server_lr": state.server_lr,
        "client_optimizer": state.client_optimizer, "weighting": state.weighting,
        "client_dropout": state.client_dropout,
        "client_lr": parse_value(rate) if isinstance(rate, str) else rate,
        **model_controls.collect(),
    }  # fmt: skip
    if state.link in LINKS:
        changes["link"] = dict(zip(("uplink_mbit", "downlink_mbit", "rtt_ms"), LINKS[state.link], strict=True))
    try:
        if not own_lanes:
            values = (state.epochs, state.max_epochs, state.mode, state.theta, state.check, state.monitor)
            changes["lanes"] = make_lanes(*values)
        return ExperimentConfig(**merge(state.base.to_dict(), changes)), None
    except ConfigError as error:
        return None, error


def ends(left: str, right: str) -> None:
    """Two words under a slider, one at each end."""
    style = "display:flex;justify-content:space-between;font-size:.8rem;opacity:.8;margin-top:-.6rem"
    st.html(f'<div style="{style}"><span>{left}</span><span>{right}</span></div>')


def mark_words(marks: dict[int, float], half: int) -> str:
    if not marks:
        return t("settings.marks_none")
    if 1 in marks and half in marks and half != 1:
        return t("settings.marks", one=marks[1], many=marks[half], epochs=half)
    epoch, variance = next(iter(marks.items()))
    return t("settings.mark_one", one=variance, epochs=epochs(epoch), count=epoch)


def ruler(marks: dict[int, float], options: list[float]) -> str:
    """Small triangles under the Θ slider where the measured variances lie on its logarithmic scale."""
    scale = [math.log(theta) for theta in options if 0 < theta < math.inf]
    low, high = scale[0], scale[-1]
    ticks = "".join(
        f'<span style="position:absolute;left:{position:.1f}%;transform:translateX(-50%)">▲{epoch}</span>'
        for epoch, variance in marks.items()
        if 0 <= (position := 100 * (math.log(variance) - low) / (high - low)) <= 100
    )
    return f'<div style="position:relative;height:1.1rem;font-size:.75rem" aria-hidden="true">{ticks}</div>'
