"""What has to be said below the race: what was held equal, when a target is reached, what was trained, what failed."""

import streamlit as st

from fda_core.algorithm.events import LaneFinished, RunStarted
from fda_core.analysis.summary import started, state_bytes
from fda_core.data.table import Notes
from fda_core.models.payload import size_of
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig
from ui.shared.row_notes import row_words
from ui.shared.story_words import others
from ui.state.presenter import following
from ui.state.press import once
from ui.text.glossary import marked
from ui.text.i18n import named, plain, t, together
from ui.text.numbers import megabytes, size
from ui.text.recorded_messages import recorded
from ui.text.sentences import lane_labels
from ui.text.viewer import engineer
from ui.views.race.recorded_cell import cell_for


def notes(run: Snapshot, config: ExperimentConfig | None) -> None:
    """Warns of diverged lanes, says when settings wait for the next run, then a caption of what was trained."""
    start: RunStarted = started(run.events)
    labels = lane_labels(run.config)
    for event in run.events:
        if isinstance(event, LaneFinished) and event.status == "diverged":
            st.warning(t("table.diverged_note", lane=labels[event.lane], message=recorded(event.message)))
    if not run.live and config is not None and config != run.config:
        st.info(t("race.applies_next"))
        if cell_for(config) and not following():
            st.button(t("race.put_away"), key="put_away", icon=":material/history:", **once("put_away", put_away))
    facts = start.facts
    words = [
        *([seeds] if not run.live and (seeds := others(run)) else ()),
        t("race.held", examples=run.config.train_examples, clients=run.config.clients, seed=run.config.seed),
        t("headline.reached"),
        *(technical(run, facts) if engineer() else ()),
        *(() if run.steerable else [t("race.on_flower")]),
        *([t("race.plain_path")] if facts.get("path") == "plain" else ()),
        *(row_words(Notes.told(rows), "race.rows") if (rows := facts.get("rows")) else ()),
    ]
    for lane in run.config.lanes:
        if lane.is_baseline:
            words.append(named(f"race.reference_{lane.rule.replace('-', '_')}", lane.rule, lane=labels[lane.id]))
    st.caption(marked(together(words)))


def put_away() -> None:
    """A callback: the run goes out of sight, and what is recorded of the settings follows them again."""
    st.session_state.run = None


def technical(run: Snapshot, facts: dict) -> list[str]:
    """What is trained, and what a check sends."""
    key = "race.model_head" if mostly_head(run.config) else "race.model"
    words = [
        t(
            key, model=plain(str(facts["model"])[:200]), trained=facts["trainable_parameters"],
            bytes_mb=megabytes(facts["model_bytes"]),
        )
    ]  # fmt: skip
    if states := state_bytes(run.events):
        words.append(t("race.state", sizes=f" {t('race.state_or')} ".join(map(size, states))))
    return words


def mostly_head(config: ExperimentConfig) -> bool:
    """Whether most of the trained weights are those of the classification head."""
    known = size_of(config)
    return config.trained != "head" and known is not None and 2 * known.head > known.trained
