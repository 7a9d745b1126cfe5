"""Try a sentence: a film review of one's own, read by the model of every lane. It stays in this viewer's session."""

from pathlib import Path

import streamlit as st

from fda_core import asking
from fda_core.asking import Answer
from fda_core.config import ExperimentConfig
from fda_core.errors import LabError
from fda_core.runs.snapshot import Snapshot
from fda_core.runs.store import folder_of
from ui.i18n import plain, t
from ui.sentences import lane_labels


def panel(run: Snapshot) -> None:
    """Closed until somebody asks."""
    with st.expander(t("ask.title"), key="ask", icon=":material/rate_review:"):
        folder = folder_of(run.run_id)
        if folder is None or not asking.kept(folder):
            st.markdown(t("ask.not_yet" if run.live else "ask.no_weights"))
            return
        if text := form():
            st.session_state.asked = (run.run_id, text, *read(run.config, folder, text))
        show(run)
        st.caption(t("ask.note"))


def form() -> str | None:
    """The text, in the draw that follows the button."""
    with st.form("ask_form", border=False):
        words, button = st.columns([6, 1], vertical_alignment="bottom")
        text = words.text_input(
            t("ask.label"), max_chars=asking.LONGEST, key="ask_text", placeholder=t("ask.hint"), autocomplete="off"
        )
        pressed = button.form_submit_button(t("ask.button"), width="stretch")
    return text.strip() if pressed else None


def read(config: ExperimentConfig, folder: Path, text: str) -> tuple[list[Answer], str]:
    """Answers, or a sentence why there are none."""
    if not asking.ready():
        return [], t("ask.loading")
    try:
        return asking.answers(config, folder, text), ""
    except LabError as error:
        return [], plain(str(error))


def show(run: Snapshot) -> None:
    run_id, text, answers, problem = st.session_state.get("asked") or (None, "", [], "")
    if run_id != run.run_id:
        return
    if problem:
        st.warning(problem)
        return
    st.text(text)  # as it was typed: no Markdown is made of it
    st.table(rows(run.config, answers), hide_index=True)


def rows(config: ExperimentConfig, answers: list[Answer]) -> list[dict[str, str]]:
    """One row a model: what it makes of the text."""
    labels = lane_labels(config)
    return [
        {
            t("ask.model"): t("ask.untrained") if one.lane is None else after(labels[one.lane], one.round),
            t("ask.favourable"): percent(one.favourable),
            t("ask.unfavourable"): percent(1 - one.favourable),
        }
        for one in answers
    ]


def after(label: str, round: int) -> str:
    return t("ask.after", lane=label, round=round)


def percent(share: float) -> str:
    """A model that diverged has no answer."""
    return f"{100 * share:.0f} %" if share == share else t("table.not_reached")
