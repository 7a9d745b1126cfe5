"""The table of what the target takes, and what its figures leave out."""

import streamlit as st

from fda_core.analysis.saving import compared, factor
from fda_core.cost.network_bill import Bill, Scenario, Within, at_budget
from fda_core.models.payload import EMBEDDED, download
from fda_core.runs.snapshot import Snapshot
from ui.shared.own_network import OWN, slower
from ui.shared.story_words import others
from ui.text.i18n import t, together
from ui.text.numbers import count, duration, gigabytes, loss, money, of_hundred, tenths, typed


def table(
    run: Snapshot, scenario: Scenario, labels: dict[str, str], found: dict[str, Bill], us: str
) -> list[dict[str, str]]:
    """One row a lane: what the target takes, and how good the model is within the budget of bytes.

    us: the lane whose bytes are the budget where the viewer has named none.
    """
    named = st.session_state.budget_gb
    within = at_budget(run.events, scenario, named * 1e9 or found[us].bytes)
    budget = typed(named) if named else gigabytes(found[us].bytes)
    return [
        {
            t("table.lane"): labels[lane],
            t("budget.time"): duration(bill.seconds) if bill.reached else t("table.not_reached"),
            t("budget.money"): money(bill.dollars) if bill.reached else t("table.not_reached"),
            t("budget.sent"): gigabytes(bill.bytes) if bill.reached else t("table.not_reached"),
            t("table.rounds"): count(bill.rounds),
            t("table.epochs"): count(bill.local_epochs),
            t("budget.within", gb=budget): quality(within[lane]),
        }
        for lane, bill in found.items()
    ]


def quality(within: Within) -> str:
    """Loss and accuracy by then; in words where nothing was measured within the budget, or no more was sent."""
    event = within.last
    if event is None or event.test_loss is None:
        return t("budget.not_one")
    words = t("budget.quality", loss=loss(event.test_loss), accuracy=of_hundred(event.accuracy or 0))
    return words if within.ended is None else t("budget.ended", quality=words, gb=gigabytes(within.ended))


def first_year(us: str, them: str, ours: Bill, theirs: Bill) -> list[str]:
    """Both lanes over a year of such runs, with the download that every site needs once; nothing for no runs."""
    state = st.session_state
    if not state.budget_year or not (ours.reached and theirs.reached):
        return []
    once, price = fetched(), state.budget_price / 1e9
    mine, other = (state.budget_year * bill.bytes + once for bill in (ours, theirs))
    word = compared(mine, other)
    return [
        t(
            f"budget.year_{word}", runs=count(state.budget_year), download=gigabytes(once), us=us, them=them,
            ours=gigabytes(mine), theirs=gigabytes(other), our_money=money(mine * price),
            their_money=money(other * price), times=tenths(factor(mine, other)),
        )
    ]  # fmt: skip


def fetched() -> float:
    """Bytes of the frozen encoder, by all sites together."""
    word = st.session_state.budget_payload
    return download(EMBEDDED if word == OWN else word.split(" ")[0]) * st.session_state.budget_sites


def assumed(run: Snapshot) -> str:
    """What the figures leave out, what of them was calculated, and what runs like this one came to over all seeds."""
    word = st.session_state.budget_payload
    words = [t("budget.assumed", download=gigabytes(fetched())), t("headline.reached")]
    if word != OWN:
        words.append(t("budget.slower", times=tenths(slower(run, word))))
    return together([*words, *filter(None, [others(run)])])
