"""The page Inside a round: how far the clients' models have drifted, what Θ says to it, and what was sent to know."""

import pandas as pd
import streamlit as st

from fda_core.analysis.one_round import Look, half_way, look
from fda_core.analysis.summary import rounds_of, started, state_bytes
from fda_core.evidence.tables import SKETCHES
from fda_core.runs.snapshot import Snapshot
from ui.components.live_chart import figure_json, live_chart
from ui.shared.lane_looks import palette
from ui.shared.large_model import ROBERTA
from ui.shared.shown_run import origin, run_to_show
from ui.state import address
from ui.state.address import keep_words
from ui.state.choice import choose
from ui.text.glossary import marked
from ui.text.i18n import named, t
from ui.text.numbers import megabytes, significant, size, tenths
from ui.text.sentences import epochs, lane_labels
from ui.text.viewer import engineer
from ui.views.inside import by_hand
from ui.views.inside import inside_charts as charts

HEIGHT, SMALL = 330, 260
ENOUGH = 3
WIDTH = 500  # buckets a row of the sketch


def page() -> None:
    """One round of one lane: why it ended, variance and drifts, for an engineer the rule; then the state to scale."""
    run = run_to_show(fit=explains)
    if run is None:
        st.info(t("inside.none"))
        return
    lane, number = choice(run)
    seen = look(run.events, run.config, lane, number)
    if seen is None:
        st.info(t("inside.no_round"))
        return
    keep_words(lane=lane, round=str(seen.round.round))
    st.markdown(marked(decision(seen)))
    left, right = st.columns([3, 2])
    with left:
        show("variance", charts.variance_chart(seen, palette()), HEIGHT, decision(seen))
        by_hand.slider(seen, run.run_id)
        if not run.steerable:
            st.caption(t("inside.ends_only"))
    with right.container(key="inside_drifts"):
        show(
            "drift", charts.drift_chart(seen, palette()), HEIGHT, t("inside.alt_drift", clients=len(seen.round.clients))
        )
    if engineer() and (rule := rule_words(seen)):
        with st.container(key="inside_rule"):
            st.markdown(marked(rule))
    origin(run, explains)
    to_scale(run)


def explains(run: Snapshot) -> bool:
    """Whether there are rounds enough: the first is one epoch by rule, the second tries the Θ found in it."""
    return any(len(rounds_of(run.events, lane.id)) >= ENOUGH for lane in run.config.lanes if lane.is_fda)


def choice(run: Snapshot) -> tuple[str, int]:
    """Lane and round, from the widgets, which begin with what the address says."""
    state = st.session_state
    labels = {spec.id: lane_labels(run.config)[spec.id] for spec in lanes(run)}
    address.adopt("lane", "inside_lane", address.one_of(labels), next(iter(labels)))
    address.adopt("round", "inside_round", whole, telling(run, next(iter(labels))))
    if state.inside_lane not in labels:  # another run than before
        state.inside_lane = next(iter(labels))
        state.inside_round = telling(run, state.inside_lane)
    left, turning = st.columns([2.2, 7.6], vertical_alignment="bottom")
    turning = turning.container(key="inside_turn")
    middle, back, forth = turning.columns([6, 0.8, 0.8], vertical_alignment="bottom")
    lane = choose("selectbox", t("table.lane"), labels, key="inside_lane", place=left, format_func=labels.get)
    last = max(1, len(rounds_of(run.events, lane)))
    state.inside_round = min(max(1, state.inside_round), last)
    if last > 1:
        middle.slider(t("inside.round"), 1, last, key="inside_round", persist_state="session")
    now = state.inside_round
    back.button("◀", key="inside_back", disabled=now <= 1, on_click=turn, args=(now - 1,), help=t("inside.back"))
    forth.button("▶", key="inside_forth", disabled=now >= last, on_click=turn, args=(now + 1,), help=t("inside.forth"))
    return lane, now


def telling(run: Snapshot, lane: str) -> int:
    """The first round that the threshold ended, which shows what the page is about; the second where there is none."""
    ended = [event.round for event in rounds_of(run.events, lane) if event.reason == "threshold"]
    return ended[0] if ended else 2


def lanes(run: Snapshot) -> list:
    """Those with a threshold first; references have no rounds of this kind."""
    specs = [spec for spec in run.config.lanes if not spec.is_baseline]
    return sorted(specs, key=lambda spec: not spec.is_fda) or list(run.config.lanes)


def whole(word: str) -> int | None:
    """The address's round; None for what is no number, or one of more than five digits."""
    return int(word) if word.isdecimal() and len(word) < 6 else None


def turn(number: int) -> None:
    """A callback, so that the slider, which is drawn before the arrows, already stands at the new round."""
    st.session_state.inside_round = number


def decision(seen: Look) -> str:
    """Why the round ended, with its numbers."""
    event = seen.round
    values = {
        "round": event.round, "last": seen.last, "epochs": epochs(event.epochs), "clients": len(event.clients),
        "variance": significant(event.variance), "threshold": significant(seen.threshold),
        "estimate": significant(seen.epochs[-1].variance_estimate if seen.epochs else None),
    }  # fmt: skip
    return t(f"inside.because_{event.reason.replace('-', '_')}", **values)


def rule_words(seen: Look) -> str | None:
    """The rule for the next Θ with this round's numbers in it."""
    after = seen.round.threshold_next
    if (published := half_way(seen)) is not None and after is not None:
        return t(
            "inside.rule_adaptive", half=f"{seen.lane.max_epochs / 2:g}", epochs=seen.round.epochs,
            variance=significant(seen.round.variance), theta=significant(published),
        )  # fmt: skip
    if seen.lane.kind.sets_theta and not seen.lane.kind.published:
        return named(f"inside.rule_{seen.lane.rule}", "", theta=significant(after)) or None
    return t("inside.rule_fixed", theta=significant(seen.threshold)) if seen.lane.theta is not None else None


def to_scale(run: Snapshot) -> None:
    """The state beside the model, this one and a large one; and what the sketch's width buys."""
    states, model = state_bytes(run.events), started(run.events).facts["model_bytes"]
    if not states:
        return
    state = max(states)
    words = t("inside.scale", state=size(state), here=tenths(model / state), there=tenths(ROBERTA / state))
    models = {
        t("inside.here", mb=megabytes(model)): model,
        t("inside.there", mb=megabytes(ROBERTA)): ROBERTA,
    }
    squares = charts.scale_chart(state, models, palette(), size(state))
    if not engineer():
        with st.container(key="inside_scale"):
            left, right = st.columns([2, 3], vertical_alignment="center")
            left.markdown(marked(words))
            with right:
                show("scale", squares, SMALL, t("inside.alt_scale"))
        return
    left, right = st.columns(2)
    with left.container(key="inside_scale"):
        st.markdown(marked(words))
        show("scale", squares, SMALL, t("inside.alt_scale"))
    with right.container(key="inside_error"):
        st.markdown(marked(t("inside.error")))
        show("error", charts.error_chart(sketches(), palette(), WIDTH), SMALL, t("inside.alt_error"))


@st.cache_data(show_spinner=False)
def sketches() -> pd.DataFrame:
    """The measured errors of the sketch, one row a vector and width; read once a server."""
    return pd.read_csv(SKETCHES)


def show(name: str, figure, height: int, alt: str) -> None:
    """A chart of this page, `height` px high; alt: its words for who cannot see it."""
    live_chart(
        figure_json(figure, name), key=f"inside-{name}", height=height, alt=alt, unavailable=t("chart.unavailable")
    )
