"""The Runs page: the list, and what can be done with the runs chosen in it."""

from collections.abc import Callable, Sequence
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from fda_core.analysis.comparison import is_study
from fda_core.analysis.summary import summarize
from fda_core.live.runner import LIVE
from fda_core.runs import trash
from fda_core.runs.entries import Entry
from fda_core.runs.meta import LONGEST_NAME
from fda_core.runs.snapshot import Snapshot
from fda_core.runs.store import runs_folder
from fda_core.support.errors import LabError
from ui.components.live_chart import figure_json, live_chart
from ui.shared import run_tables
from ui.shared.run_charts import MOST_RUNS, band_chart, overlay_chart
from ui.shared.tables import text_table
from ui.state import address, axes
from ui.state.presenter import act, may_act, sign_in_form
from ui.state.session import keep_words, palette, runner
from ui.text import sentences
from ui.text.i18n import plain, t
from ui.text.problems import said
from ui.text.recorded_messages import recorded
from ui.views.race.race_page import follow_run
from ui.views.runs import downloads, run_actions
from ui.views.runs.report import html, texts
from ui.views.runs.run_list import index, listed, table, title

REDRAW = 2.0  # seconds, while something is under way
CHART_HEIGHT = 290
MOST_READ = 20  # runs at a time, each of them whole in memory: a tick in the table's head chooses all there are
LONGEST_SEARCH = 200  # characters
ROW_HEIGHT, MOST_ROWS = 35, (14, 5)  # of the list, before and after runs are chosen


def page() -> None:
    """Search, upload and trash in the sidebar; the list and the chosen runs in one fragment."""
    adopt()
    with st.sidebar:
        search, tag = filters()
        uploader()
        bin_of_runs()
        sign_in_form()
    going_on = bool(runner().queue())
    st.fragment(run_every=REDRAW if going_on else None)(part)(search, tag, going_on)


def adopt() -> None:
    """Takes what the address says: runs, search, tag, axes, single seeds. Runs that are not here are named."""
    address.adopt("runs", "chosen", known, [])
    address.adopt("search", "runs_search", lambda word: word[:LONGEST_SEARCH], "")
    address.adopt("tag", "runs_tag", lambda word: word[:LONGEST_SEARCH] or None, None)
    address.adopt("seeds", "each_seed", {"each": True}.get, False)
    axes.adopt()


def known(word: str) -> list[str] | None:
    """Those of the runs in the address that are here; None if there is none of them."""
    here = {entry.run_id for entry in everything()} | set(dict(runner().queue()))
    ids = [run_id for run_id in word.split(",") if run_id]
    found = [run_id for run_id in ids if run_id in here]
    if found and len(found) < len(ids):
        address.refuse("runs", ",".join(run_id for run_id in ids if run_id not in here))
    return found or None


def filters() -> tuple[str, str | None]:
    state = st.session_state
    search = st.text_input(
        t("runs.search"), key="runs_search", placeholder=t("runs.search_hint"), max_chars=LONGEST_SEARCH,
        persist_state="session",
    )  # fmt: skip
    tags = sorted({tag for entry in everything() for tag in entry.tags} | {state.runs_tag} - {None})
    tag = st.selectbox(
        t("runs.tag"), tags, index=None, key="runs_tag", disabled=not tags, placeholder=t("runs.tag_any"),
        persist_state="session",
    )  # fmt: skip
    return search, tag


def everything() -> list[Entry]:
    try:
        return index().entries()
    except LabError:  # the list says it
        return []


def uploader() -> None:
    with st.expander(t("runs.import"), key="runs_import", icon=":material/upload_file:"):
        key = f"upload-{st.session_state.get('uploads', 0)}"
        st.file_uploader(
            t("runs.import_file"), type=["jsonl"], key=key, on_change=act, args=(run_actions.take_over, key),
            disabled=not may_act(), help=t("runs.import_help"),
        )  # fmt: skip


def bin_of_runs() -> None:
    gone = trash.deleted(runs_folder())
    if not gone:
        return
    with st.expander(t("runs.trash", count=len(gone)), key="runs_trash", icon=":material/delete:"):
        st.caption(t("runs.trash_kept", days=trash.KEPT_DAYS))
        for run_id in gone[:20]:
            st.button(
                t("runs.restore", run=run_id), key=f"restore-{run_id}", on_click=act, disabled=not may_act(),
                args=(run_actions.restore, [run_id]), icon=":material/undo:",
            )  # fmt: skip


def part(search: str, tag: str | None, going_on: bool) -> None:
    if bool(runner().queue()) != going_on:
        st.rerun()  # the page stops or begins to look again by itself
    notice()
    try:
        entries = listed(search, tag)
    except LabError as error:
        st.error(said(error))
        return
    if not entries:
        keep_words(search=search, tag=tag or "", **axes.words())
        st.info(t("runs.none_found" if search or tag else "runs.none"))
        return
    pick(entries)
    chosen = [entry for entry in entries if entry.run_id in st.session_state.chosen]
    seeds = "each" if st.session_state.each_seed else ""
    keep_words(
        runs=",".join(entry.run_id for entry in chosen), search=search, tag=tag or "", seeds=seeds, **axes.words()
    )
    if not chosen:
        st.caption(t("runs.choose"))
        return
    bar, runs = st.container(key="runs_actions"), readable(chosen[:MOST_READ])
    titles = [title(entry) for entry in chosen if entry.run_id in {run.run_id for run in runs}]
    report = picture(runs, titles, len(chosen) > MOST_READ)
    with bar:
        actions(chosen, runs, report)


def notice() -> None:
    kind, words = st.session_state.get("runs_notice") or (None, None)
    if kind is None:
        return
    left, right = st.columns([5, 1], vertical_alignment="center")
    (left.success if kind == "success" else left.warning)(words)
    if gone := st.session_state.get("deleted"):
        right.button(
            t("runs.undo"), key="undo", on_click=act, args=(run_actions.restore, gone), icon=":material/undo:",
            width="stretch",
        )  # fmt: skip


def pick(entries: list[Entry]) -> None:
    """The table; the rows chosen in it are kept by their run, because rows move."""
    ids, state = [entry.run_id for entry in entries], st.session_state
    # Other rows, or runs chosen by other means: another table, which begins with those.
    key = f"table-{state.get('choices', 0)}-{hash(tuple(ids))}"
    if key not in state:
        state.table_began = [row for row, run_id in enumerate(ids) if run_id in state.chosen]

    def picked() -> None:
        state.chosen = [ids[row] for row in state[key].selection.rows if row < len(ids)]
        state.runs_notice = None

    height = 2 + ROW_HEIGHT * (1 + min(len(entries), MOST_ROWS[bool(state.chosen)]))
    st.dataframe(
        table(entries), key=key, on_select=picked, selection_mode="multi-row", hide_index=True, height=height,
        selection_default={"selection": {"rows": state.table_began}}, alt=t("runs.alt", count=len(entries)),
        column_config={
            t("runs.began"): st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", timezone="UTC"),
            t("runs.alpha"): st.column_config.NumberColumn(format="%g"),
            t("runs.tags"): st.column_config.ListColumn(),
        },
    )  # fmt: skip


def readable(chosen: Sequence[Entry]) -> list[Snapshot]:
    """The chosen runs that have events; what is wrong with the others is said."""
    runs = []
    for entry in chosen:
        try:
            run = runner().snapshot(entry.run_id, watching=True)
        except LabError as error:
            st.warning(said(error))
            continue
        if run is not None and run.events:
            runs.append(run)
        elif run is not None and run.message:
            st.warning(f"{plain(title(entry))}: {recorded(run.message)}")
    return runs


def actions(chosen: Sequence[Entry], runs: Sequence[Snapshot], report: Callable[[], str]) -> None:
    """One row of buttons for all that is chosen. report: makes the page of the picture below, to be taken away."""
    ids, live = [entry.run_id for entry in chosen], [entry.run_id for entry in chosen if entry.status in LIVE]
    one = chosen[0] if len(chosen) == 1 else None
    places = st.columns(6, vertical_alignment="center")
    if places[0].button(
        t("runs.open"),
        key="open",
        disabled=one is None or not one.preset,
        icon=":material/sports_score:",
        width="stretch",
    ):
        follow_run(ids[0])
        st.switch_page("pages/race.py")
    with places[1].popover(t("runs.edit"), disabled=one is None or not may_act(), width="stretch"):
        if one is not None:
            naming(one)
    act_on(places[2], "study", "runs.study", one is not None and bool(runs), run_actions.study, ids[0])
    with places[3].popover(t("runs.export"), disabled=not runs, width="stretch"):
        downloads.downloads(chosen, report)
    act_on(places[4], "stop_chosen", "runs.stop", bool(live), run_actions.stop, live)
    act_on(places[5], "delete", "runs.delete", not live, run_actions.delete, ids)


def act_on(place, key: str, label: str, enabled: bool, *action) -> None:
    place.button(
        t(label, count=run_actions.SEEDS), key=key, disabled=not (enabled and may_act()), on_click=act, args=action,
        width="stretch",
    )  # fmt: skip


def naming(entry: Entry) -> None:
    known = sorted({tag for other in everything() for tag in other.tags})
    with st.form(f"naming-{entry.run_id}", border=False):
        st.text_input(t("runs.name"), entry.name, key=f"name-{entry.run_id}", max_chars=LONGEST_NAME)
        st.multiselect(
            t("runs.tags"), known, entry.tags, key=f"tags-{entry.run_id}", accept_new_options=True,
            placeholder=t("runs.tags_hint"),
        )  # fmt: skip
        st.form_submit_button(t("runs.save"), on_click=act, args=(run_actions.rename, entry.run_id))


def picture(runs: Sequence[Snapshot], titles: Sequence[str], more: bool) -> Callable[[], str]:
    """One experiment with several seeds as a band, everything else as curves over each other; returns its report.

    more: others were chosen that were not read.
    """
    if not runs:
        return str
    study = is_study([run.config for run in runs])
    left, middle, right = st.columns([4, 2, 1.4], vertical_alignment="center")
    x, y = axes.choose(left, "x"), axes.choose(middle, "y")
    band = study and not right.toggle(t("runs.each_seed"), key="each_seed", persist_state="session")
    most = len(runs) if band else MOST_RUNS
    if len(runs) > most or more:
        st.info(t("runs.too_many", count=min(most, len(runs))))
        runs, titles = runs[:most], titles[:most]
    words = [run_tables.study_sentence(runs)] if study else [headline(run) for run in runs] if len(runs) == 1 else []
    if words:
        st.markdown(" ".join(words))
    names = run_tables.names_of(runs, titles)
    figure = drawing(runs, names, x, y, band)
    alt = t("runs.chart_alt", x=t(f"chart.x_{x}"), y=t(f"chart.y_{y}"), runs="; ".join(names))
    view = f"{'+'.join(run.run_id for run in runs)}/{x}/{y}/{band}"
    live_chart(
        figure_json(figure, view), key="overlay", height=CHART_HEIGHT, alt=alt, unavailable=t("chart.unavailable")
    )
    rows = run_tables.study_table(runs) if study else run_tables.cost_table(runs, names)
    run = t("runs.run")
    with st.container(key="runs_costs"):
        text_table([row | {run: plain(row[run])} if run in row else row for row in rows])
    note = t("runs.band_note" if band else "runs.overlay_note")
    st.caption(note)
    return partial(html, texts(runs, names), words, figure, alt, rows, note)


def drawing(runs: Sequence[Snapshot], names: Sequence[str], x: str, y: str, band: bool) -> go.Figure:
    frame, labels = run_tables.overlay_frame(runs), run_tables.labels_of(runs)
    targets = {run.config.target for run in runs}
    target = targets.pop() if len(targets) == 1 else None
    if band:
        return band_chart(frame, labels, palette(), x, y, target)
    return overlay_chart(frame, labels, names, palette(), x, y, target)


def headline(run: Snapshot) -> str:
    return sentences.headline(run.config, summarize(list(run.events)), run.live)
