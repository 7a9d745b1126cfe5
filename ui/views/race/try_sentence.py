"""Try a sentence: a film review of one's own, read by the model of every lane. It stays in this viewer's session."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from fda_core import predict
from fda_core.analysis.summary import started
from fda_core.data.labels import LABELS
from fda_core.models import language
from fda_core.predict import Answer
from fda_core.runs.snapshot import Snapshot
from fda_core.runs.store import folder_of
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import LabError
from ui.shared.tables import text_table
from ui.text.i18n import plain, t
from ui.text.numbers import of_hundred, percent
from ui.text.problems import said
from ui.text.sentences import lane_labels

SHOWN = 3  # labels of a row


def panel(run: Snapshot) -> None:
    """Closed until somebody asks."""
    facts = started(run.events).facts
    with st.expander(t("ask.title"), key="ask", icon=":material/rate_review:"):
        folder = folder_of(run.run_id)
        if folder is None or not predict.kept(folder):
            st.markdown(t("ask.not_yet" if run.live else "ask.no_weights"))
            return
        if facts.get("pairs"):
            st.markdown(t("ask.pairs"))
            return
        names = label_names(run.config, facts)
        if text := form(own=names is not None):
            st.session_state.asked = (run.run_id, text, *read(run.config, folder, text, len(names or LABELS)))
        show(run, names)
        st.caption(t("ask.note" if names is None else "ask.note_own", percent=of_hundred(1 / len(names or LABELS), 0)))


def label_names(config: ExperimentConfig, facts: dict) -> list[str] | None:
    """What the data calls its labels; None for the reviews, whose labels have names in both languages."""
    names = facts.get("labels")
    if config.dataset == "reviews" or not isinstance(names, list) or len(names) < 2:
        return None
    return [str(name) for name in names]


def form(own: bool) -> str | None:
    """The text, in the draw that follows the button. own: the models know other texts than reviews."""
    with st.form("ask_form", border=False):
        words, button = st.columns([6, 1], vertical_alignment="bottom")
        text = words.text_input(
            t("ask.label_own" if own else "ask.label"), max_chars=predict.LONGEST, key="ask_text",
            placeholder="" if own else t("ask.hint"), autocomplete="off",
        )  # fmt: skip
        pressed = button.form_submit_button(t("ask.button"), width="stretch")
    return text.strip() if pressed else None


def read(config: ExperimentConfig, folder: Path, text: str, labels: int) -> tuple[list[Answer], str]:
    """Answers, or a sentence why there are none."""
    if not predict.ready():
        return [], t("ask.loading")
    try:
        if language.foreign(config.model, [text]):
            return [], t("ask.language")
        return predict.answers(config, folder, text, labels), ""
    except LabError as error:
        return [], said(error)


def show(run: Snapshot, names: Sequence[str] | None) -> None:
    """The text and what the models make of it, or why nothing; only under the run that was asked."""
    run_id, text, answers, problem = st.session_state.get("asked") or (None, "", [], "")
    if run_id != run.run_id:
        return
    if problem:
        st.warning(problem)
        return
    st.text(text)  # as it was typed: no Markdown is made of it
    text_table(rows(run.config, answers, names))


def rows(config: ExperimentConfig, answers: list[Answer], names: Sequence[str] | None = None) -> list[dict[str, str]]:
    """One row a model: what it makes of the text, and of several labels its likeliest."""
    labels = lane_labels(config)
    return [
        {t("ask.model"): t("ask.untrained") if one.lane is None else after(labels[one.lane], one.round)}
        | (of_review(one) if names is None else likeliest(one, names))
        for one in answers
    ]


def of_review(one: Answer) -> dict[str, str]:
    """The shares of favourable and unfavourable in %, the favourable first."""
    bad, good = one.shares
    return {t("ask.favourable"): percent(good, 0), t("ask.unfavourable"): percent(bad, 0)}


def likeliest(one: Answer, names: Sequence[str]) -> dict[str, str]:
    """The labels with the largest shares, in that order."""
    order = sorted(range(len(names)), key=lambda i: -one.shares[i])[:SHOWN]
    cells = (t("ask.share", label=plain(names[i]), share=percent(one.shares[i], 0)) for i in order)
    return {t("ask.place", place=place): cell for place, cell in enumerate(cells, 1)}


def after(label: str, round: int) -> str:
    """A model's name in the table: its lane, and after how many rounds."""
    return t("ask.after", lane=label, round=round)
