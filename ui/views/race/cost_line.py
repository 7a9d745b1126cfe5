"""What a run will cost, in one line beside Start; for an engineer also lane by lane."""

from collections.abc import Callable

import streamlit as st

from fda_core.cost.estimate import CostEstimate, LaneCost, Span
from fda_core.live.guard import Limits, available_mb
from fda_core.models.payload import trainable
from fda_core.settings import model_names
from fda_core.settings.config import MODELS, ExperimentConfig
from ui.settings_panel import own_data
from ui.shared.tables import text_table
from ui.state.presenter import may_act
from ui.state.session import runner
from ui.text.i18n import t
from ui.text.numbers import count, duration, megabytes
from ui.text.sentences import lane_labels
from ui.text.viewer import engineer

MB = 1e6


def at_hand(config: ExperimentConfig) -> bool:
    """Whether model and data are on this computer: nothing is fetched for a number that nobody has asked for."""
    model = config.model in MODELS or config.model.startswith(model_names.FOLDER)
    return model and config.dataset in ("reviews", "table")


def cost(config: ExperimentConfig | None) -> tuple[CostEstimate | None, bool]:
    """What is known of a run to come, and whether more will be known soon."""
    if config is None:
        return None, False
    measure = may_act() and at_hand(config)
    return runner().cost(config, trainable(config, own_data.label_count(config)), measure, own_data.table_of(config))


def awaited(config: ExperimentConfig | None) -> bool:
    """Whether the cost is still being measured: the page looks again until it is there."""
    return cost(config)[1]


def line(config: ExperimentConfig | None) -> None:
    """Nothing for settings that are not allowed."""
    known, more = cost(config)
    if known is None and not more:
        return
    with st.container(horizontal=True, wrap=False, key="cost", vertical_alignment="center"):
        busy = runner().others.crowding()
        words = [sentence(known, timed=not busy)] if known else []
        words += [t("cost.crowded")] if busy else [t("cost.measuring")] if more else warnings(known)
        st.caption(" ".join(words))
        if known and engineer():
            with st.popover(t("cost.by_lane"), type="tertiary", icon=":material/table:"):
                details(config, known)


def sentence(known: CostEstimate, timed: bool = True) -> str:
    """Likely and most: MB to send, and once a step has been measured also time, with the memory in MB.

    timed: whether the time means anything; what was measured does not hold beside other programs.
    """
    values = {"mb": megabytes(known.bytes.likely), "most_mb": megabytes(known.bytes.most)}
    if known.seconds is None or not timed:
        return t("cost.sends", **values)
    times = {"time": duration(known.seconds.likely), "most_time": duration(known.seconds.most)}
    return t("cost.takes", **values, **times, memory=megabytes(known.memory))


def warnings(known: CostEstimate) -> list[str]:
    """What the guard would do to this run."""
    if known.seconds is None:
        return [t("cost.unmeasured")]
    limits, free = Limits.here(), available_mb()
    obstacle = limits.obstacle(known.seconds.likely, known.more_memory / MB, free)
    if obstacle == "memory":
        return [f":material/warning: {t('cost.memory', more=megabytes(known.more_memory), free=megabytes(free * MB))}"]
    return [f":material/warning: {t('cost.minutes', minutes=limits.minutes)}"] if obstacle else []


def details(config: ExperimentConfig, known: CostEstimate) -> None:
    """The table by lane, for an engineer, with how long the preparation takes where that is known."""
    labels = lane_labels(config)
    text_table([row(labels[lane.lane], lane) for lane in known.lanes])
    words = [t("cost.note")]
    if known.seconds is not None:
        words.append(t("cost.preparing", time=duration(known.preparing)))
    st.caption(" ".join(words))


def row(label: str, lane: LaneCost) -> dict[str, str]:
    """Likely values, with the upper bounds where these differ."""
    shown = {
        t("table.lane"): label,
        t("table.rounds"): span(lane.rounds, count),
        t("table.epochs"): span(lane.epochs, count),
        t("cost.round_mb"): span(lane.round_bytes, megabytes),
        t("table.megabytes"): span(lane.bytes, megabytes),
    }
    return shown | ({t("cost.time"): span(lane.seconds, duration)} if lane.seconds else {})


def span(value: Span, show: Callable[[float], str]) -> str:
    """Likely to most, as `show` writes them; one figure where both read alike."""
    likely, most = show(value.likely), show(value.most)
    return likely if likely == most else t("cost.span", likely=likely, most=most)
