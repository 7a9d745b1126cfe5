"""The Evidence page: what was promised, what was published, what we measured, and the verdict of the numbers."""

from math import inf

import pandas as pd
import streamlit as st

from fda_core.analysis.summary import lane_ids, rounds_of, started, state_bytes
from fda_core.evidence import authors, flower
from fda_core.evidence.claims import OURS, Claim, Finding, by_server, claims, finding, like_published, reached_by_both
from fda_core.evidence.collect import load, targets
from fda_core.evidence.measures import measures
from fda_core.evidence.published import theirs
from fda_core.evidence.tables import COMPARISONS
from fda_core.runs import recorded
from fda_core.runs.store import EVENTS
from fda_core.settings.methods import SERVERS
from ui.shared.atlas_numbers import atlas
from ui.shared.large_model import ROBERTA
from ui.shared.shown_run import DEFAULT
from ui.shared.tables import text_table
from ui.state.address import keep_words
from ui.text.glossary import marked
from ui.text.i18n import listed, t
from ui.text.numbers import loss, percent, significant, tenths
from ui.text.viewer import engineer
from ui.views.evidence import opponents

TABLES, RECORDS = "python -m fda_core evidence", "python -m fda_core audit fda_core/recorded/…"
ATLAS = "python -m fda_core atlas"
COMMANDS = {
    "fewer_bytes": ATLAS, "early_loss": TABLES, "stable": TABLES, "local_work": ATLAS, "small_sketch": RECORDS,
    "small_log": RECORDS, "drop_in": "python -m benchmarks.flower",
}  # fmt: skip
CROSSINGS = ("fewer_bytes", "local_work")  # the claims that both sides' `Crossing` answers
COLOURS = {"holds": "green", "partly": "orange", "fails": "red", "unmeasured": "gray"}
NO_DIFFERENCE = 0.0005  # of a loss: it would be shown as 0.000
MARKS = {"holds": "✓", "partly": "◐", "fails": "✗", "unmeasured": "…"}


def page() -> None:
    """One sentence of verdicts, the table of claims, the other targets and servers, and how it was judged."""
    keep_words()
    found = measured()
    with st.container(key="evidence_summary"):
        st.markdown(summary(found))
    with st.container(key="evidence_table"):
        text_table([row(claim) for claim in found])
    with st.container(key="evidence_opponents"):
        opponents.section()
    if engineer():
        with st.container(key="evidence_others"):
            st.markdown(marked(others()))
    st.caption(source(found))
    if engineer():
        with st.expander(t("evidence.how"), key="evidence_how"):
            st.markdown(t("evidence.rules", share=percent(authors.JUDGED, 0)))


@st.cache_data(show_spinner=False)
def by_share() -> dict[float, pd.DataFrame]:
    """The measures of our own runs for each target, a share of what FedOpt E=1 gains; computed once a server."""
    table, about = load(COMPARISONS)
    return {share: measures(table, targets(about, share)) for share in about["target_shares"]}


@st.cache_data(show_spinner=False)
def measured() -> list[Claim]:
    """The claims; the losses at a part of the way to the first target, which most runs reach."""
    first = next(iter(by_share().values()))
    state = max(state_bytes(recorded.recorded(DEFAULT).events))
    return claims(first, authors.ours(atlas()), theirs(), state, ROBERTA, records(), flower.measured())


def source(found: list[Claim]) -> str:
    """Which runs the figures come from, and what they count."""
    by_name = {claim.name: claim for claim in found}
    pairs = by_name["fewer_bytes"]
    return t(
        "evidence.source",
        share=percent(authors.JUDGED, 0),
        theirs=pairs.published.all,
        ours=pairs.ours.all,
        losses=by_name["early_loss"].ours.all,
        gain=percent(next(iter(by_share())), 0),
    )


def others() -> str:
    """The bytes at the targets of `evidence.csv`, and server by server at the first: one figure would hide both."""
    tables = by_share()
    shares = [(share, finding_of(like_published(table[table.lane == OURS]))) for share, table in tables.items()]
    told = [
        t(
            "evidence.at_share",
            share=percent(share, 0),
            value=tenths(found.value),
            runs=found.runs,
            all=found.all,
            **spread(found),
        )
        for share, found in shares
    ]
    first = next(iter(tables.values()))
    servers = [
        t(
            "evidence.at_server",
            server=SERVERS[name].with_fedopt,
            value=tenths(found.value),
            runs=found.runs,
            all=found.all,
            **spread(found),
        )
        for name, found in by_server(first).items()
    ]
    return t("evidence.others", shares=listed(told), servers=listed(servers))


def finding_of(ours: pd.DataFrame) -> Finding:
    """FedOpt's bytes over FDA-OPT's: the median of the runs in which both reach the target, out of all."""
    return finding(reached_by_both(ours).bytes_ratio, len(ours))


def records() -> list[tuple[int, int]]:
    """Of each recorded run: bytes of its log, and bytes that its lanes sent."""
    found = []
    for name in recorded.names():
        events = recorded.recorded(name).events
        last = [rounds_of(events, lane)[-1:] for lane in lane_ids(started(events))]
        sent = sum(event.bytes_total for rounds in last for event in rounds)
        found.append(((recorded.folder_of(name) / EVENTS).stat().st_size, sent))
    return found


def summary(found: list[Claim]) -> str:
    """How many claims there are, and how many of them got each verdict."""
    counts = {verdict: sum(claim.verdict == verdict for claim in found) for verdict in MARKS}
    return t("evidence.summary", all=len(found), **counts)


def row(claim: Claim) -> dict[str, str]:
    """A claim's cells: what was published, what we measured, the verdict, and the command that prints our figures."""
    cells = {
        t("evidence.claim"): t(f"evidence.claim_{claim.name}"),
        t("evidence.published"): told(claim.name, claim.published, t("evidence.not_taken")),
        t("evidence.ours"): told(claim.name, claim.ours, t("evidence.is_unmeasured")),
        t("evidence.verdict"): verdict(claim),
    }
    return cells | ({t("evidence.command"): COMMANDS[claim.name]} if engineer() else {})


def verdict(claim: Claim) -> str:
    """Its sign and word, in its colour."""
    return f":{COLOURS[claim.verdict]}[**{MARKS[claim.verdict]} {t(f'evidence.is_{claim.verdict}')}**]"


def spread(finding: Finding) -> dict[str, str]:
    """The least and the most of its runs, where it is a median."""
    return dict(zip(("low", "high"), map(tenths, finding.spread or ()), strict=False))


def told(name: str, finding: Finding, otherwise: str) -> str:
    """A figure with its unit, and over how many runs."""
    if finding.value is None:
        return otherwise
    value, share = finding.value, percent(authors.JUDGED, 0)
    if name in CROSSINGS and not (0 < value < inf and finding.runs):
        return t("evidence.mostly_one", share=share, runs=finding.runs, all=finding.all)
    if name in ("early_loss", "stable") and abs(value) < NO_DIFFERENCE:
        return t(f"evidence.same_{name}", runs=finding.runs)
    shown = {
        "early_loss": loss(value, "+"),
        "stable": loss(value, "+"),
        "small_sketch": f"1 : {tenths(value)}",
        "small_log": percent(value, 3),
        "drop_in": f"{value:.0f}",
    }
    besides = spread(finding) | {
        key: percent(one, 1) if key == "over" else significant(one) for key, one in finding.besides.items()
    }
    besides |= {"value": shown.get(name, tenths(value)), "share": share}
    return t(f"evidence.unit_{name}", runs=finding.runs, all=finding.all, **besides)
