"""A table of the viewer's own for the Race page: chosen in a dialog, checked, and kept in this viewer's session.

Nothing of it is on disk before a run on it begins, nor in an address, a log or a cache that others share.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from fda_core.data import fitting
from fda_core.data import table as tables
from fda_core.data.guess import guess
from fda_core.data.reading import AnySheet, read
from fda_core.data.split import default_sizes
from fda_core.data.table import Columns, Table
from fda_core.models import language
from fda_core.runs import kept_tables
from fda_core.runs.store import runs_folder
from fda_core.settings import glue, presets
from fda_core.settings.assignments import merge
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import LabError
from ui.shared.row_notes import row_words
from ui.state.choice import choose
from ui.state.presenter import may_act
from ui.text.i18n import listed, plain, t, together
from ui.text.numbers import of_hundred
from ui.text.problems import said

TYPES = ["csv", "tsv", "txt", "json", "jsonl", "parquet"]
LABELS_SHOWN = 12
# What of a configuration belongs to its data.
OF_DATA = ("dataset", "table", "partition", "train_examples", "test_examples")
TASKS = {f"glue/{key}": task for key, task in glue.TASKS.items()}


def panel(frozen: bool, config: ExperimentConfig | None, adopt: Callable[[ExperimentConfig], None]) -> None:
    """Which data the next run takes, and the buttons to change that.

    config: what the settings say now. adopt: puts a configuration into them.
    """
    state = st.session_state
    state.own_now = config or state.base
    if state.base.dataset != "reviews":
        st.caption(in_use(config or state.base))
        if not here(state.base):
            st.warning(t("own.not_here"))
        elif mine := table_of(state.base):
            language_note(mine, state.own_now.model)
        st.button(
            t("own.back"), key="own_back", disabled=frozen, on_click=to_reviews, args=(adopt,), icon=":material/undo:"
        )
    st.button(
        t("own.open" if state.base.dataset != "table" else "own.other"), key="own_button", on_click=show,
        disabled=frozen or not may_act(), icon=":material/upload_file:",
    )  # fmt: skip
    if state.get("own_open") and may_act() and not frozen:
        st.dialog(t("own.title"), width="large", on_dismiss=hide)(dialog)(adopt)


def show() -> None:
    """A callback: the dialog opens at the next draw, and stays open over the draws that its widgets cause."""
    st.session_state.own_open = True


def hide() -> None:
    """No dialog from the next draw on: it was dismissed, or the data was chosen."""
    st.session_state.own_open = False


def in_use(config: ExperimentConfig) -> str:
    """One sentence: the data of the configuration, its numbers of training and test examples, and its clients."""
    return t(
        "own.using" if config.dataset == "table" else "own.using_hub",
        name=plain(config.dataset),
        train=config.train_examples,
        test=config.test_examples,
        clients=config.clients,
    )


def here(config: ExperimentConfig) -> bool:
    """Whether a run on the configuration's data can be started."""
    return config.dataset != "table" or table_of(config) is not None or kept_tables.holder(
        config.table.sha256, runs_folder()
    ) is not None  # fmt: skip


def table_of(config: ExperimentConfig) -> Table | None:
    """The configuration's table, if this viewer has brought it."""
    mine: Table | None = st.session_state.get("own_table")
    named = config.table.sha256 if config.dataset == "table" else None
    return mine if mine is not None and mine.sha256 == named else None


def dialog(adopt: Callable[[ExperimentConfig], None]) -> None:
    """The file, its columns, what is in it."""
    st.markdown(t("own.privacy"))
    upload = st.file_uploader(t("own.file"), type=TYPES, key="own_file", help=t("own.file_help"))
    if upload is None:
        st.caption(t("own.limits", labels=tables.MOST_LABELS, clients=tables.MOST_CLIENTS))
        st.divider()
        public(adopt)
        return
    try:
        sheet = sheet_of(upload)
        columns = pick(sheet, upload.file_id)
        table = checked(upload.file_id, sheet, columns)
        config = config_on(table)
    except LabError as error:
        st.error(said(error))
        return
    summary(table, sheet, config)
    if st.button(t("own.use"), key="own_use", type="primary", on_click=use, args=(table, config, adopt)):
        st.rerun()
    st.caption(t("own.preview"))
    st.dataframe(pd.DataFrame(tables.preview(sheet)), hide_index=True, alt=t("own.preview"))


def public(adopt: Callable[[ExperimentConfig], None]) -> None:
    """A task that everybody knows, instead of a file."""
    named = choose(
        "selectbox", t("own.task"), TASKS, key="own_task", index=None, help=t("own.task_help"),
        placeholder=t("own.task_hint"), format_func=lambda dataset: t(f"own.task_{dataset.removeprefix('glue/')}"),
    )  # fmt: skip
    if st.button(t("own.use"), key="own_use_task", disabled=not named, on_click=use_task, args=(named, adopt)):
        st.rerun()


def use_task(dataset: str, adopt: Callable[[ExperimentConfig], None]) -> None:
    """A callback: the next run is one on this task of GLUE."""
    if may_act():
        leave_own(adopt, dataset)


def sheet_of(upload: Any) -> AnySheet:
    """Read once for each upload."""
    kept = st.session_state.get("own_sheet")
    if kept is None or kept[0] != upload.file_id:
        kept = st.session_state.own_sheet = (upload.file_id, read(upload.getvalue(), upload.name))
    return kept[1]


def pick(sheet: AnySheet, file_id: str) -> Columns:
    """Draws four choices of columns, text and label as guessed; each upload has widgets of its own."""
    names, likely = sheet.names, guess(sheet)
    left, right = st.columns(2)
    text = left.selectbox(t("own.text"), names, names.index(likely.text), key=f"own_text-{file_id}")
    label = right.selectbox(t("own.label"), names, names.index(likely.label), key=f"own_label-{file_id}")
    optional = {"index": None, "placeholder": t("own.none")}
    pair = left.selectbox(t("own.pair"), names, key=f"own_pair-{file_id}", help=t("own.pair_help"), **optional)
    site = right.selectbox(t("own.site"), names, key=f"own_site-{file_id}", help=t("own.site_help"), **optional)
    return Columns(text, label, pair, site)


def checked(file_id: str, sheet: AnySheet, columns: Columns) -> Table:
    """Once for each choice of columns. Raises `TableError`."""
    kept = st.session_state.get("own_checked")
    if kept is None or kept[0] != (file_id, columns):
        kept = st.session_state.own_checked = ((file_id, columns), tables.normalise(sheet, columns))
    return kept[1]


def config_on(table: Table) -> ExperimentConfig:
    """The present settings on this table; simulated clients are as many as have two examples to train on."""
    now: ExperimentConfig = st.session_state.own_now
    if not table.clients:
        clients = min(now.clients, default_sizes(len(table))[0] // 2)
        now = ExperimentConfig(
            **now.to_dict() | {"clients": clients, "clients_per_round": min(clients, now.cohort_size)}
        )
    settings = fitting.settings_for(table, {"preset": now.preset})
    config = ExperimentConfig(**merge(without_data(now), settings))
    fitting.check(table, config)
    return config


def without_data(config: ExperimentConfig) -> dict[str, Any]:
    """The settings that hold on any data, by name."""
    return {name: value for name, value in config.to_dict().items() if name not in OF_DATA}


def summary(table: Table, sheet: AnySheet, config: ExperimentConfig) -> None:
    """What a run would be given, and what was left out."""
    words = [
        t("own.examples", train=config.train_examples, test=config.test_examples, encoding=sheet.encoding),
        t("own.labels", labels=label_words(table)),
        t("own.sites", clients=len(table.clients)) if table.clients else t("own.no_sites", clients=config.clients),
    ]
    st.markdown(together(words))
    language_note(table, config.model)
    st.caption(together(row_words(table.notes, "own.rows")))
    if config.train_examples + config.test_examples < len(table):
        st.caption(t("own.part", rows=len(table)))


def language_note(table: Table, model: str) -> None:
    """Says before a run begins that the model does not know the language of the texts, and which ones might."""
    if share := foreign_share(table, model):
        models = listed(f"`{name}`" for name in language.MULTILINGUAL)
        st.warning(t("own.language", percent=of_hundred(share, 0), model=plain(model), models=models))


def foreign_share(table: Table, model: str) -> float | None:
    """Once for each table and model: as `language.foreign`; None too where the tokenizer is not installed."""
    kept = st.session_state.get("own_language")
    if kept is None or kept[0] != (table.sha256, model):
        try:
            share = language.foreign(model, table.frame.text)
        except LabError:
            share = None
        kept = st.session_state.own_language = ((table.sha256, model), share)
    return kept[1]


def label_words(table: Table) -> str:
    """The labels and how many rows each has, the most frequent first; past `LABELS_SHOWN` only how many more."""
    counts = sorted(tables.label_counts(table).items(), key=lambda item: -item[1])
    parts = [t("own.label_count", label=plain(label), count=count) for label, count in counts[:LABELS_SHOWN]]
    more = [t("own.more_labels", count=len(counts) - LABELS_SHOWN)] if len(counts) > LABELS_SHOWN else []
    return listed(parts + more)


def use(table: Table, config: ExperimentConfig, adopt: Callable[[ExperimentConfig], None]) -> None:
    """A callback: the next run is one on this table."""
    if may_act():
        st.session_state.own_table = table
        hide()
        st.session_state.run = None
        adopt(config)


def to_reviews(adopt: Callable[[ExperimentConfig], None]) -> None:
    """A callback: back to the embedded data, other settings as they are."""
    leave_own(adopt, "reviews")


def leave_own(adopt: Callable[[ExperimentConfig], None], dataset: str) -> None:
    """To data with sizes and a target of their own; simulated clients, as the preset has them, replace sites."""
    now: ExperimentConfig = st.session_state.own_now
    for name in ("own_table", "own_sheet", "own_checked"):
        st.session_state.pop(name, None)
    hide()
    base = presets.build({"dataset": dataset}, now.preset).to_dict()
    taken = {*OF_DATA} | ({"target"} if {now.dataset, dataset} & {*TASKS} else set())
    taken |= {"clients", "clients_per_round"} if now.partition == "column" else set()
    kept = {name: value for name, value in now.to_dict().items() if name not in taken}
    adopt(ExperimentConfig(**kept | {name: base[name] for name in taken if name in base}))


def label_count(config: ExperimentConfig) -> int:
    """Labels of the configuration's data; two where it is not at hand, as most data of the hub has."""
    if config.dataset != "table":
        return TASKS[config.dataset].labels if config.dataset in TASKS else 2
    if mine := table_of(config):
        return len(mine.labels)
    try:
        return labels_of_stored(config.table.sha256)
    except LabError:
        return 2


@st.cache_data(max_entries=32, show_spinner=False)
def labels_of_stored(sha256: str) -> int:
    """Of the table in a run's folder. Raises `LabError`."""
    return len(kept_tables.find(sha256, runs_folder()).labels)


def on_the_same_data(preset: ExperimentConfig, base: ExperimentConfig) -> ExperimentConfig:
    """Another preset's settings on the data of `base`."""
    if base.dataset == "reviews":
        return preset
    data = {name: value for name, value in base.to_dict().items() if name in OF_DATA}
    clients = base.clients if base.partition == "column" else min(preset.clients, base.train_examples // 2)
    data |= {"clients": clients, "clients_per_round": min(clients, preset.cohort_size)}
    return presets.build(data | {"preset": preset.preset})
