"""What buttons of the Runs page do: callbacks, each of which leaves one sentence behind where something went wrong."""

from collections.abc import Callable, Sequence

import streamlit as st

from fda_core.runs import trash
from fda_core.runs.imports import import_events
from fda_core.runs.meta import Meta, write_meta
from fda_core.runs.store import folder_of, runs_folder
from fda_core.support.errors import LabError
from ui.state.session import runner
from ui.text.i18n import t
from ui.text.problems import said

SEEDS = 5


def say(kind: str, words: str) -> None:
    """A sentence for the top of the page, until the next action. kind: success or warning."""
    st.session_state.runs_notice = (kind, words)


def tried(action: Callable[[], str]) -> None:
    """Says what the action answers, or why it could not be done."""
    try:
        say("success", action())
    except LabError as error:
        say("warning", said(error))


def choose(run_ids: Sequence[str]) -> None:
    """Chooses these runs instead of the others; counts up, so that the table begins anew with them."""
    st.session_state.chosen = list(run_ids)
    st.session_state.choices = st.session_state.get("choices", 0) + 1


def rename(run_id: str) -> None:
    """Keeps the name and tags of the run's form; says so where the run is gone."""

    def action() -> str:
        """What became of it. Raises `StoreError` where the folder cannot be written."""
        name, tags = st.session_state[f"name-{run_id}"], st.session_state[f"tags-{run_id}"]
        if folder := folder_of(run_id):
            write_meta(folder, Meta(name=name, tags=tuple(tags)))
        return t("runs.renamed") if folder else t("runs.gone")

    tried(action)


def delete(run_ids: Sequence[str]) -> None:
    """All that can be deleted are; the others stay chosen."""
    gone, problems = [], []
    for run_id in run_ids:
        try:
            runner().delete(run_id)
            gone.append(run_id)
        except LabError as error:
            problems.append(said(error))
    st.session_state.deleted = gone
    choose([run_id for run_id in run_ids if run_id not in gone])
    if problems:
        say("warning", " ".join(problems))
    else:
        say("success", t("runs.deleted", count=len(gone)))


def restore(run_ids: Sequence[str]) -> None:
    """Moves runs back from the trash and chooses them; there is nothing to undo after that."""

    def action() -> str:
        """All of them, in order. Raises `StoreError` at the first that cannot be moved back."""
        for run_id in run_ids:
            trash.restore(run_id, runs_folder())
        choose(run_ids)
        return t("runs.restored", count=len(run_ids))

    st.session_state.deleted = []
    tried(action)


def stop(run_ids: Sequence[str]) -> None:
    """Ends those that are under way within one local step; finished rounds are kept."""
    for run_id in run_ids:
        runner().stop(run_id)


def study(run_id: str) -> None:
    """The same experiment with several seeds, from its own upwards."""

    def action() -> str:
        """Queues the seeds and chooses their runs. Raises `LabError` where they are not admitted."""
        config = runner().snapshot(run_id).config
        choose(runner().start_study(config, SEEDS))
        return t("runs.study_queued", count=SEEDS, first=config.seed, last=config.seed + SEEDS - 1)

    tried(action)


def uploader_key() -> str:
    """Of the box that takes the next file."""
    return f"upload-{st.session_state.get('uploads', 0)}"


def take_over(key: str) -> None:
    """Keeps the uploaded record as a run; once, although the file may come twice before its box is gone."""
    if key != uploader_key() or (upload := st.session_state[key]) is None:
        return

    def action() -> str:
        """Chooses the run that the record became. Raises `StoreError` for what is no record of a run."""
        run_id = import_events(upload.getvalue(), runs_folder())
        choose([run_id])
        return t("runs.imported")

    tried(action)
    st.session_state.uploads = st.session_state.get("uploads", 0) + 1  # an empty uploader takes its place
