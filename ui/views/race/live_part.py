"""The part of the Race page that is drawn again by itself: it puts the others in their order."""

from typing import NamedTuple

import streamlit as st

from fda_core.analysis.summary import started, summarize
from fda_core.runs.snapshot import Snapshot, Status
from fda_core.settings.config import ExperimentConfig
from ui.shared import replay_controls
from ui.shared.shown_run import run_to_show
from ui.state.presenter import may_act
from ui.state.session import shown_run
from ui.text.glossary import marked
from ui.text.i18n import t
from ui.text.recorded_messages import recorded
from ui.text.sentences import headline
from ui.views.race import cost_line, prediction, recorded_cell
from ui.views.race.lane_table import numbers
from ui.views.race.notes import notes
from ui.views.race.queue_list import waiting
from ui.views.race.race_figure import chart, curves
from ui.views.race.run_controls import controls, is_next


class Around(NamedTuple):
    """What matters to the page around the fragment. live: events may still come, from here or another process.

    begun: there is something to see of it.
    """

    run_id: str | None
    live: bool
    begun: bool
    playing: bool
    cost_awaited: bool


def identity(run: Snapshot | None, config: ExperimentConfig | None) -> Around:
    """What the page around the fragment was drawn for; once it differs, the whole page is drawn again."""
    soon = is_next(run, config) and cost_line.awaited(config)
    if run is None:
        return Around(None, False, False, False, soon)
    live = run.live or run.status == Status.ELSEWHERE
    return Around(run.run_id, live, started(run.events) is not None, replay_controls.playing(run), soon)


def live_part(config: ExperimentConfig | None, around: Around) -> None:
    """Buttons, sentence, chart and table of the run at this moment; `around`: what the page was drawn for."""
    whole, _ = shown_run()
    if identity(whole, config) != around:
        # The settings in the sidebar freeze or thaw, the address changes, a replay moves or stands, a cost is known.
        st.rerun()
    prediction.settle(whole)
    run = replay_controls.replayed(whole)
    events = list(run.events) if run else []
    lanes = summarize(events)
    going_on = run is not None and (run.live or len(run.events) < len(whole.events))
    words = headline(run.config, lanes, going_on) if lanes else before_the_first_round(whole)
    if st.session_state.notice:
        st.warning(st.session_state.notice)
    controls(whole, config)  # above the sentence, whose length changes: buttons must not move under the mouse
    replay_controls.controls(whole)
    if run is not None and run.status == "failed":
        st.error(recorded(run.message))
    if run is not None and run.status == "interrupted" and run.message:
        st.info(recorded(run.message))
    answer = prediction.answered(run, lanes, going_on)
    st.markdown(marked(f"{words} {answer}" if answer else words))
    if lanes or (run is not None and run.live):
        chart(run, run.config, lanes, words, going_on)
    else:
        example(config)
    if lanes:
        numbers(run.config, lanes)
        notes(run, config)
    waiting(run)


def example(config: ExperimentConfig | None) -> None:
    """What a race looks like, where there is none to be seen: a recorded one, which says so.

    Of Matthews' correlation none is recorded: another measure is drawn in its place, which is not there to be chosen,
    or it would become the viewer's choice.
    """
    if config is not None and (cell := recorded_cell.cell_for(config)):
        recorded_cell.show(config, cell)
        return
    run = run_to_show()
    if run is None:
        return
    lanes = summarize(list(run.events))
    words = headline(run.config, lanes, False)
    if config is not None and config.target.metric == "mcc":
        curves(run, run.config, lanes, words, False, ("bytes", run.config.target.metric, None), alone=True)
    else:
        chart(run, run.config, lanes, words, False, example=True)
    st.caption(t("race.example", label=replay_controls.label(run)))


def before_the_first_round(run: Snapshot | None) -> str:
    """What stands in the sentence's place: an invitation, the place in the queue, or that all is being got ready."""
    if run is None:
        return t("race.empty") if may_act() else t("class.wait")
    if run.place:
        return t("race.in_the_queue")
    return t("race.getting_ready") if run.live else t("race.nothing_played")
