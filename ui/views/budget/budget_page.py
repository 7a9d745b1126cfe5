"""The Network budget page: time and money to the target on the user's own network, and where the break-even lies."""

from functools import partial

import numpy as np
import streamlit as st

from fda_core.analysis.summary import started
from fda_core.cost.network_bill import Bill, BreakEven, Scenario, at_budget, bills, break_even, times
from fda_core.models.payload import EMBEDDED, ENCODERS, TRAINED, download, payload, slowdown
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import Link
from ui.components.live_chart import figure_json, live_chart
from ui.settings_panel.controls import LINKS
from ui.shared.shown_run import SCHEDULES, origin, run_to_show
from ui.shared.tables import text_table
from ui.state import address
from ui.state.session import keep_words
from ui.state.viewing import engineer, viewing
from ui.text.glossary import marked
from ui.text.i18n import t
from ui.text.sentences import goal, lane_labels, main_lane
from ui.views.budget.budget_charts import map_chart

HEIGHT = 380
CELLS = 33
UPLINKS, DEVICES = np.geomspace(0.1, 1000, CELLS), np.geomspace(0.1, 100, CELLS)
OWN, RANK = "run", 8
# name: lowest, highest, default; all of them may stand in the address.
NUMBERS = {
    "sites": (1, 100_000, 40), "up": (0.01, 100_000.0, 20.0), "down": (0.01, 100_000.0, 50.0),
    "rtt": (0.0, 10_000.0, 80.0), "spread": (0.0, 2.0, 0.0), "device": (0.01, 1000.0, 1.0),
    "price": (0.0, 1000.0, 0.09), "gb": (0.001, 1e6, 200.0),
}  # fmt: skip


def page() -> None:
    run = run_to_show(SCHEDULES)
    lanes = rivals(run) if run else None
    if lanes is None:
        st.info(t("budget.none"))
        return
    us, theirs = lanes
    adopt(theirs)
    with st.sidebar:
        controls()
    st.fragment(results)(run, us, theirs)
    origin(run)


def results(run: Snapshot, us: str, theirs: list[str]) -> None:
    """All that follows from the settings; when the slider moves, this alone is drawn again."""
    state, labels = st.session_state, lane_labels(run.config)
    them, scenario, device = state.budget_lane, scenario_of(run), state.budget_device
    moment = (run.run_id, len(run.events), us, them, f"{scenario} {device}")
    found, line = shared_bills(moment, run, scenario)
    words = sentences(run, labels, found[us], found[them], line)
    st.markdown(marked(" ".join([f"**{words[0]}** {words[1]}", *control(run, us, them, labels, found)])))
    if len(theirs) > 1:  # a slider needs two ends
        st.select_slider(
            t("budget.against"), theirs, key="budget_lane", format_func=labels.get, persist_state="session"
        )
    keep(theirs[0])
    if figure := shared_map(moment, (viewing(), labels[us], labels[them]), run, scenario, device):
        live_chart(figure, key="budget_map", height=HEIGHT, alt=" ".join(words), unavailable=t("chart.unavailable"))
    else:
        st.info(t("budget.no_map"))
    with st.container(key="budget_table"):
        text_table(table(run, scenario, labels, found))
    st.caption(assumed(run))
    with st.popover(t("budget.copy"), key="budget_copy", icon=":material/content_copy:"):
        st.code(" ".join(words), language=None, wrap_lines=True)
    if engineer():
        with st.expander(t("budget.formula")):
            st.markdown(t("budget.formula_text"))


def rivals(run: Snapshot) -> tuple[str, list[str]] | None:
    """The FDA lane, and the FedOpt lanes it can be compared with, by their E."""
    ours = [lane for lane in run.config.lanes if lane.is_fda]
    theirs = sorted((lane for lane in run.config.lanes if lane.is_fedopt), key=lambda lane: lane.epochs)
    return (main_lane(ours).id, [lane.id for lane in theirs]) if ours and theirs else None


def adopt(theirs: list[str]) -> None:
    """What a link brought, else what the widgets say."""
    for name, (low, high, default) in NUMBERS.items():
        address.adopt(name, f"budget_{name}", partial(number, low=low, high=high, kind=type(default)), default)
    address.adopt("payload", "budget_payload", address.one_of(payloads()), OWN)
    address.adopt("against", "budget_lane", address.one_of(theirs), theirs[0])
    if st.session_state.budget_lane not in theirs:  # another run than before
        st.session_state.budget_lane = theirs[0]


def number(word: str, low: float, high: float, kind: type) -> float | None:
    """None for what is no number between both."""
    try:
        value = float(word)
    except ValueError:
        return None
    return kind(value) if low <= value <= high else None


def payloads() -> list[str]:
    return [OWN, *(f"{encoder} {what}" for encoder in ENCODERS for what in TRAINED)]


def controls() -> None:
    st.selectbox(
        t("budget.preset"), LINKS, index=None, key="budget_link", format_func=lambda name: t(f"budget.link_{name}"),
        placeholder=t("budget.preset_hint"), on_change=take_link,
    )  # fmt: skip
    left, right = st.columns(2)
    for one, other in (("up", "down"), ("rtt", "price"), ("sites", "device")):
        field(left, one)
        field(right, other)
    st.selectbox(
        t("budget.payload"), payloads(), key="budget_payload", format_func=payload_name, persist_state="session"
    )
    with st.expander(t("settings.more"), key="budget_more"):
        field(st, "spread")
        field(st, "gb")


def keep(first: str) -> None:
    """The settings in the address; first: the lane that is compared unless another is chosen."""
    state = st.session_state
    values = {name: state[f"budget_{name}"] for name in NUMBERS}
    keep_words(
        against=state.budget_lane if state.budget_lane != first else "",
        payload=state.budget_payload if state.budget_payload != OWN else "",
        **{name: f"{value:g}" for name, value in values.items() if value != NUMBERS[name][2]},
    )


def field(place, name: str) -> None:
    low, high, default = NUMBERS[name]
    place.number_input(
        t(f"budget.{name}"), low, high, key=f"budget_{name}", help=t(f"budget.{name}_help"), persist_state="session",
        format="%d" if isinstance(default, int) else "%g",
    )  # fmt: skip


def take_link() -> None:
    state = st.session_state
    if state.budget_link:
        state.budget_up, state.budget_down, state.budget_rtt = LINKS[state.budget_link]


def payload_name(word: str) -> str:
    if word == OWN:
        return t("budget.payload_run")
    encoder, what = word.split(" ")
    return t(f"budget.payload_{what}", encoder=encoder, mb=f"{payload(encoder, what, RANK) / 1e6:,.1f}", rank=RANK)


def slower(run: Snapshot) -> float:
    """How many times as long a step takes because another model is trained than in the run."""
    word = st.session_state.budget_payload
    return 1.0 if word == OWN else slowdown(*word.split(" "), run.config.lora.layers)


def scenario_of(run: Snapshot) -> Scenario:
    state, facts = st.session_state, started(run.events).facts
    measured = facts.get("seconds_per_step") or run.config.link.step_seconds
    link = Link(
        uplink_mbit=state.budget_up, downlink_mbit=state.budget_down, rtt_ms=state.budget_rtt,
        spread=state.budget_spread, price_per_gb=state.budget_price,
        step_seconds=min(3600, measured * state.budget_device * slower(run)),
    )  # fmt: skip
    word = state.budget_payload
    size = facts["model_bytes"] if word == OWN else payload(*word.split(" "), RANK)
    return Scenario(link, size, scale=state.budget_sites / run.config.clients)


def assumed(run: Snapshot) -> str:
    """What the figures leave out, and what of them was calculated."""
    state = st.session_state
    encoder = EMBEDDED if state.budget_payload == OWN else state.budget_payload.split(" ")[0]
    words = t("budget.assumed", download=f"{download(encoder) * state.budget_sites / 1e9:,.1f}")
    return words if state.budget_payload == OWN else f"{words} {t('budget.slower', times=f'{slower(run):.2g}')}"


# Of which run after how many events, which lanes, on which network: what follows from it is made once for all viewers.
Moment = tuple[str, int, str, str, str]


@st.cache_data(max_entries=256, show_spinner=False)
def shared_bills(moment: Moment, _run: Snapshot, _scenario: Scenario) -> tuple[dict[str, Bill], BreakEven | None]:
    us, them = moment[2:4]
    return (
        {bill.lane: bill for bill in bills(_run.events, _scenario)},
        break_even(_run.events, us, them, _scenario),
    )  # fmt: skip


@st.cache_data(max_entries=64, show_spinner=False)
def shared_map(moment: Moment, words: object, _run: Snapshot, _scenario: Scenario, _device: float) -> str | None:
    """The ratio of both lanes' times in every cell, as the browser gets it. words: what the viewer reads in it."""
    us, them = moment[2:4]
    speed, device = (grid.ravel() for grid in np.meshgrid(UPLINKS / _scenario.link.uplink_mbit, DEVICES))
    both = [times(_run.events, lane, _scenario, speed, device / _device) for lane in (us, them)]
    if any(found is None for found in both):
        return None
    ratio = (both[1] / both[0]).reshape(CELLS, CELLS)
    labels, point = lane_labels(_run.config), (_scenario.link.uplink_mbit, _device)
    return figure_json(map_chart(UPLINKS, DEVICES, ratio, point, labels[us], labels[them]), "budget")


def sentences(
    run: Snapshot, labels: dict[str, str], ours: Bill, theirs: Bill, line: BreakEven | None
) -> tuple[str, str]:
    """What both lanes take to the target, and where the break-even lies."""
    state, us, them = st.session_state, labels[ours.lane], labels[theirs.lane]
    where = t("budget.where", sites=f"{state.budget_sites:,}", up=f"{state.budget_up:g}", rtt=f"{state.budget_rtt:g}")
    first = t(
        "budget.takes", where=where, goal=goal(run.config.target), ours=costs(us, ours), theirs=costs(them, theirs)
    )
    return first, verdict(us, them, ours, theirs, line)


def control(run: Snapshot, us: str, them: str, labels: dict[str, str], found: dict[str, Bill]) -> list[str]:
    """What FedOpt with the same local training, E = M/2, would take, where the run has it beside the other."""
    half = next(lane.max_epochs for lane in run.config.lanes if lane.id == us) // 2
    lanes = [lane.id for lane in run.config.lanes if lane.is_fedopt and lane.epochs == half]
    return [t("budget.control", costs=costs(labels[lane], found[lane])) for lane in lanes if lane != them]


def costs(label: str, bill: Bill) -> str:
    if not bill.reached:
        return t("budget.misses", lane=label)
    size, dollars = f"{bill.bytes / 1e9:.3g}", f"{bill.dollars:,.2f}"
    return t("budget.costs", lane=label, time=duration(bill.seconds), gb=size, dollars=dollars)


def duration(seconds: float) -> str:
    """42 s, 7 min, 5.2 h, 3.1 days."""
    for limit, unit, name in ((120, 1, "seconds"), (7200, 60, "minutes"), (172_800, 3600, "hours")):
        if seconds < limit:
            return t(f"budget.unit_{name}", count=f"{seconds / unit:.3g}")
    return t("budget.unit_days", count=f"{seconds / 86_400:,.3g}")


def verdict(us: str, them: str, ours: Bill, theirs: Bill, line: BreakEven | None) -> str:
    """Who is faster here, and from which bandwidth on that changes."""
    if not (ours.reached and theirs.reached) or line is None:
        return t("budget.no_verdict", us=us, them=them)
    ratio = theirs.seconds / ours.seconds
    key = "same" if abs(ratio - 1) <= 0.05 else "faster" if ratio > 1 else "slower"
    here = t(f"budget.here_{key}", us=us, them=them, times=f"{max(ratio, 1 / ratio):.2g}")
    if line.uplink is None:
        key = "always" if line.slow else "never"
    else:
        key = "break_even" if line.slow else "break_even_fast"
    return f"{here} {t(f'budget.line_{key}', us=us, them=them, line=f'{line.uplink or 0:.3g}')}"


def table(run: Snapshot, scenario: Scenario, labels: dict[str, str], found: dict[str, Bill]) -> list[dict[str, str]]:
    """One row a lane: what the target takes, and how good the model is within the budget of bytes."""
    within = at_budget(run.events, scenario, st.session_state.budget_gb)
    return [
        {
            t("table.lane"): labels[lane],
            t("budget.time"): duration(bill.seconds) if bill.reached else t("table.not_reached"),
            t("budget.money"): f"{bill.dollars:,.2f}" if bill.reached else t("table.not_reached"),
            t("budget.sent"): f"{bill.bytes / 1e9:.3g}" if bill.reached else t("table.not_reached"),
            t("table.rounds"): f"{bill.rounds}",
            t("table.epochs"): f"{bill.local_epochs}",
            t("budget.within", gb=f"{st.session_state.budget_gb:g}"): quality(within[lane]),
        }
        for lane, bill in found.items()
    ]


def quality(event) -> str:
    if event is None or event.test_loss is None:
        return t("budget.not_one")
    return t("budget.quality", loss=f"{event.test_loss:.3f}", accuracy=f"{100 * (event.accuracy or 0):.1f}")
