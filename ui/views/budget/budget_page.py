"""The Network budget page: time and money to the target on the user's own network, and where the break-even lies."""

import streamlit as st

from fda_core.analysis.summary import cost_to_target
from fda_core.runs.snapshot import Snapshot
from ui.components.live_chart import live_chart
from ui.shared.bill_sentences import control, sentences
from ui.shared.own_network import own_network, rivals, scenario
from ui.shared.shown_run import SCHEDULES, origin, run_to_show
from ui.shared.tables import text_table
from ui.state.choice import choose
from ui.text.glossary import marked
from ui.text.i18n import t, together
from ui.text.sentences import lane_labels
from ui.text.viewer import engineer, viewing
from ui.views.budget.bill_words import assumed, first_year, table
from ui.views.budget.network_form import adopt, controls, keep
from ui.views.budget.shared_results import shared_bills, shared_map

HEIGHT = 330


def page() -> None:
    """Settings in the sidebar, results in a fragment; a hint where the run lacks an FDA or a FedOpt lane."""
    run = run_to_show(SCHEDULES, compares)
    lanes = rivals(run) if run else None
    if lanes is None:
        st.info(t("budget.none"))
        return
    us, theirs = lanes
    adopt(theirs)
    with st.sidebar:
        controls()
    st.fragment(results)(run, us, theirs)
    origin(run, compares)


def results(run: Snapshot, us: str, theirs: list[str]) -> None:
    """All that follows from the settings; when the slider moves, this alone is drawn again."""
    state, labels = st.session_state, lane_labels(run.config)
    them, network = state.budget_lane, own_network(run)
    there, device = scenario(run, network), network.device
    moment = (run.run_id, len(run.events), us, them, f"{there} {device}")
    found, line = shared_bills(moment, run, there)
    words = sentences(run, network, labels, found[us], found[them], line)
    year = first_year(labels[us], labels[them], found[us], found[them])
    st.markdown(marked(together([f"**{words[0]}**", words[1], *control(run, us, them, labels, found), *year])))
    if len(theirs) > 1:  # a slider needs two ends
        choose("select_slider", t("budget.against"), theirs, key="budget_lane", format_func=labels.get)
    keep(theirs[0])
    if figure := shared_map(moment, (viewing(), labels[us], labels[them]), run, there, device):
        live_chart(figure, key="budget_map", height=HEIGHT, alt=together(words), unavailable=t("chart.unavailable"))
    else:
        st.info(t("budget.no_map"))
    with st.container(key="budget_table"):
        text_table(table(run, there, labels, found, us))
    st.caption(assumed(run))
    with st.popover(t("budget.copy"), key="budget_copy", icon=":material/content_copy:"):
        st.code(together(words), language=None, wrap_lines=True)
    if engineer():
        with st.expander(t("budget.formula")):
            st.markdown(t("budget.formula_text"))


def compares(run: Snapshot) -> bool:
    """Whether FDA and a lane of FedOpt are known to reach the target: otherwise there is nothing to price."""
    if (found := rivals(run)) is None:
        return False
    us, theirs = found
    return all(any(cost_to_target(run.events, lane) for lane in lanes) for lanes in ([us], theirs))
