"""Sentences and the table of what the target takes."""

import streamlit as st

from fda_core.cost.network_bill import Bill, BreakEven, Scenario, at_budget
from fda_core.models.payload import EMBEDDED, download
from fda_core.runs.snapshot import Snapshot
from ui.text.i18n import t, together
from ui.text.numbers import count, duration, gigabytes, loss, money, of_hundred, significant, tenths
from ui.text.sentences import goal
from ui.views.budget.network_form import OWN
from ui.views.budget.shared_results import slower


def sentences(
    run: Snapshot, labels: dict[str, str], ours: Bill, theirs: Bill, line: BreakEven | None
) -> tuple[str, str]:
    """What both lanes take to the target, and where the break-even lies."""
    state, us, them = st.session_state, labels[ours.lane], labels[theirs.lane]
    where = t("budget.where", sites=count(state.budget_sites), up=f"{state.budget_up:g}", rtt=f"{state.budget_rtt:g}")
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
    """Time, GB and dollars that a lane needs to the target, or that it does not get there."""
    if not bill.reached:
        return t("budget.misses", lane=label)
    values = {"time": duration(bill.seconds), "gb": gigabytes(bill.bytes), "dollars": money(bill.dollars)}
    return t("budget.costs", lane=label, **values)


def verdict(us: str, them: str, ours: Bill, theirs: Bill, line: BreakEven | None) -> str:
    """Who is faster here, and from which bandwidth on that changes."""
    if not (ours.reached and theirs.reached) or line is None:
        return t("budget.no_verdict", us=us, them=them)
    ratio = theirs.seconds / ours.seconds
    key = "same" if abs(ratio - 1) <= 0.05 else "faster" if ratio > 1 else "slower"
    here = t(f"budget.here_{key}", us=us, them=them, times=tenths(max(ratio, 1 / ratio)))
    if line.uplink is None:
        key = "always" if line.slow else "never"
    else:
        key = "break_even" if line.slow else "break_even_fast"
    return together([here, t(f"budget.line_{key}", us=us, them=them, line=significant(line.uplink or 0))])


def table(run: Snapshot, scenario: Scenario, labels: dict[str, str], found: dict[str, Bill]) -> list[dict[str, str]]:
    """One row a lane: what the target takes, and how good the model is within the budget of bytes."""
    within = at_budget(run.events, scenario, st.session_state.budget_gb)
    return [
        {
            t("table.lane"): labels[lane],
            t("budget.time"): duration(bill.seconds) if bill.reached else t("table.not_reached"),
            t("budget.money"): money(bill.dollars) if bill.reached else t("table.not_reached"),
            t("budget.sent"): gigabytes(bill.bytes) if bill.reached else t("table.not_reached"),
            t("table.rounds"): count(bill.rounds),
            t("table.epochs"): count(bill.local_epochs),
            t("budget.within", gb=f"{st.session_state.budget_gb:g}"): quality(within[lane]),
        }
        for lane, bill in found.items()
    ]


def quality(event) -> str:
    """Loss and accuracy at the event; in words where nothing was measured within the budget of bytes."""
    if event is None or event.test_loss is None:
        return t("budget.not_one")
    return t("budget.quality", loss=loss(event.test_loss), accuracy=of_hundred(event.accuracy or 0))


def assumed(run: Snapshot) -> str:
    """What the figures leave out, and what of them was calculated."""
    state = st.session_state
    encoder = EMBEDDED if state.budget_payload == OWN else state.budget_payload.split(" ")[0]
    words = t("budget.assumed", download=gigabytes(download(encoder) * state.budget_sites))
    return words if state.budget_payload == OWN else together([words, t("budget.slower", times=tenths(slower(run)))])
