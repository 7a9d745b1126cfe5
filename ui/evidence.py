"""The Evidence page: what was promised, what was published, what we measured, and the verdict of the numbers."""

import json
from pathlib import Path

import pandas as pd
import streamlit as st

from fda_core.events import Round
from fda_core.evidence.claims import Claim, Finding, claims
from fda_core.runs import recorded
from fda_core.runs.store import EVENTS
from fda_core.runs.summary import lane_ids, rounds_of, started, state_bytes
from ui.i18n import t
from ui.inside import ROBERTA
from ui.session import keep_words
from ui.source import DEFAULT

DOCS = Path(__file__).parents[1] / "docs"
COMMANDS = {
    "fewer_bytes": "python -m fda_core evidence", "early_loss": "python -m fda_core evidence",
    "local_work": "python -m fda_core evidence", "small_sketch": "python -m benchmarks.sketch_errors",
    "small_log": "python -m fda_core audit recorded/alpha-1", "drop_in": "–",
}  # fmt: skip
MARKS = {"holds": "✓", "partly": "◐", "fails": "✗", "unmeasured": "…"}


def page() -> None:
    keep_words()
    found = measured()
    st.markdown(summary(found))
    st.table([row(claim) for claim in found], hide_index=True)
    st.caption(t("evidence.source"))
    with st.expander(t("evidence.how")):
        st.markdown(t("evidence.rules"))


@st.cache_data(show_spinner=False)
def measured() -> list[Claim]:
    """Computed once a server from the tables that come with it."""
    from fda_core.evidence.measures import measures
    from fda_core.evidence.page import PUBLISHED, targets

    about = json.loads((DOCS / "evidence.json").read_text(encoding="utf-8"))
    table = measures(pd.read_csv(DOCS / "evidence.csv"), targets(about, about["target_shares"][0]))
    state = max(state_bytes(recorded.recorded(DEFAULT).events))
    return claims(table, pd.read_csv(PUBLISHED), state, ROBERTA, records())


def records() -> list[tuple[int, int]]:
    """Of each recorded run: bytes of its log, and bytes that its lanes sent."""
    found = []
    for name in recorded.names():
        events = recorded.recorded(name).events
        last = [rounds_of(events, lane)[-1:] for lane in lane_ids(started(events))]
        sent = sum(event.bytes_total for rounds in last for event in rounds if isinstance(event, Round))
        found.append(((recorded.folder_of(name) / EVENTS).stat().st_size, sent))
    return found


def summary(found: list[Claim]) -> str:
    counts = {verdict: sum(claim.verdict == verdict for claim in found) for verdict in MARKS}
    return t("evidence.summary", all=len(found), **counts)


def row(claim: Claim) -> dict[str, str]:
    return {
        t("evidence.claim"): t(f"evidence.claim_{claim.name}"),
        t("evidence.published"): told(claim.name, claim.published),
        t("evidence.ours"): told(claim.name, claim.ours),
        t("evidence.verdict"): f"{MARKS[claim.verdict]} {t(f'evidence.is_{claim.verdict}')}",
        t("evidence.command"): COMMANDS[claim.name],
    }


def told(name: str, finding: Finding) -> str:
    """A figure with its unit, and over how many runs."""
    if finding.value is None:
        return t("evidence.is_unmeasured")
    value = finding.value
    shown = {"early_loss": f"{value:+.3f}", "small_sketch": f"1 : {value:,.0f}", "small_log": f"{100 * value:.3f} %"}
    return t(f"evidence.unit_{name}", value=shown.get(name, f"{value:.1f}"), runs=finding.runs, all=finding.all)
