"""The settings in the sidebar: widgets on one side, a validated `ExperimentConfig` on the other."""

import math
from collections.abc import Callable

import streamlit as st

from fda_core.analysis.summary import variance_after
from fda_core.settings import presets
from fda_core.settings.assignments import merge
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.settings.fields import placed, row
from fda_core.settings.methods import RULES
from fda_core.support.errors import ConfigError
from ui.settings_panel import model_controls, own_data, widgets
from ui.settings_panel.adoption import adopt, lane_values
from ui.settings_panel.widgets import draw, offered
from ui.shared.links import LINKS
from ui.text.i18n import t
from ui.text.problems import said
from ui.text.sentences import epochs


def modes() -> list[str]:
    """FDA's rules, those first that find Θ themselves."""
    return sorted((name for name, rule in RULES.items() if rule.method == "fda"), key=lambda m: not RULES[m].sets_theta)


def make_lanes(
    epochs: int, max_epochs: int, mode: str, theta: float | None, check: str = "epoch", monitor: str = "sketch"
) -> tuple[LaneSpec, ...]:
    """FedOpt with E, FedOpt with the equal-work control E = M/2, and FDA with the chosen threshold."""
    schedules = dict.fromkeys((epochs, max(1, max_epochs // 2)))
    lanes = [LaneSpec(id=f"fedopt-e{e}", rule="schedule", epochs=e) for e in schedules]
    kind, values = RULES[mode], {"max_epochs": max_epochs, "theta": theta}
    needed = {name: values[name] for name in kind.needs} | ({"check": check} if kind.can_check_every_step else {})
    return (*lanes, LaneSpec(id=kind.lane_id, rule=mode, monitor=monitor, **needed))


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
    draw(
        row("preset"), frozen, presets.names(),
        on_change=lambda: adopt(own_data.on_the_same_data(presets.build(preset=state.preset), state.base)),
    )  # fmt: skip
    own_data.panel(frozen, config, adopt)
    natural = state.base.partition == "column"  # then the data itself says who the clients are
    draw(row("clients"), frozen or natural)
    draw(row("alpha"), frozen or natural)
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
    draw(row("mode"), frozen, modes())
    if not RULES[state.mode].sets_theta:
        draw(row("theta"), frozen)
        half = max(1, state.max_epochs // 2)
        marks = {epoch: variance_after(events, epoch) for epoch in dict.fromkeys((1, half))}
        marks = {epoch: variance for epoch, variance in marks.items() if variance}
        if marks:
            st.html(ruler(marks, offered(row("theta"))))
        st.caption(mark_words(marks, half))


def _more(frozen: bool, own_lanes: bool) -> None:
    state, link = st.session_state, st.session_state.base.link
    hidden = {"check", "monitor"} if own_lanes else set() if RULES[state.mode].can_check_every_step else {"check"}
    for setting in placed("more"):
        if setting.key == "link":
            options = [*LINKS, *(["own"] if state.link == "own" else [])]
            speeds = {"up": link.uplink_mbit, "down": link.downlink_mbit, "rtt": link.rtt_ms}
            draw(setting, frozen, options, values=speeds)
        elif setting.key not in hidden:
            draw(setting, frozen or (setting.of_lanes and own_lanes))


def _collect(own_lanes: bool) -> tuple[ExperimentConfig | None, str | None]:
    """What the widgets say as a configuration, or the sentence why not."""
    state = st.session_state
    changes = widgets.collect()
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
    """The variances measured after local epochs 1 and `half`; without any, how to come by them."""
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
