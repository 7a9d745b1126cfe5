"""The Runs page: the list, and what can be done with the runs chosen in it."""

import streamlit as st

from fda_core.runs.store import RUN_ID, runs_folder
from fda_core.support.errors import LabError
from ui.state import address, axes
from ui.state.address import keep_words
from ui.state.presenter import act, sign_in_form
from ui.state.press import once
from ui.state.session import runner
from ui.text.i18n import t
from ui.text.problems import said
from ui.views.runs import run_actions
from ui.views.runs.action_bar import actions
from ui.views.runs.list_filters import LONGEST_SEARCH, bin_of_runs, filters, uploader
from ui.views.runs.picker import pick, readable
from ui.views.runs.picture import picture
from ui.views.runs.run_list import backlog, listed, title

REDRAW = 2.0  # seconds, while something is under way
MOST_READ = 20  # runs at a time, each of them whole in memory: a tick in the table's head chooses all there are


def page() -> None:
    """Search, upload and trash in the sidebar; the list and the chosen runs in one fragment."""
    adopt()
    with st.sidebar:
        offered = backlog().tags()  # before it is looked again: a scan of a thousand folders a draw is enough
        search, tag = filters(offered)
        uploader()
        bin_of_runs()
        sign_in_form()
    going_on = changing()
    st.fragment(run_every=REDRAW if going_on else None)(part)(search, tag, going_on, offered)


def changing() -> bool:
    """Whether the list becomes another by itself: runs are under way, or are still being read."""
    return bool(runner().queue()) or backlog().reading() is not None


def adopt() -> None:
    """Takes what the address says: runs, search, tag, axes, single seeds. Runs that are not here are named."""
    address.adopt("runs", "chosen", known, [])
    address.adopt("search", "runs_search", lambda word: word[:LONGEST_SEARCH], "")
    address.adopt("tag", "runs_tag", lambda word: word[:LONGEST_SEARCH] or None, None)
    address.adopt("seeds", "each_seed", {"each": True}.get, False)
    axes.adopt()


def known(word: str) -> list[str] | None:
    """Those of the runs in the address that are here; None if there is none of them."""
    ids, queue = [run_id for run_id in word.split(",") if run_id], dict(runner().queue())
    found = [run_id for run_id in ids if run_id in queue or kept(run_id)]
    if found and len(found) < len(ids):
        address.refuse("runs", ",".join(run_id for run_id in ids if run_id not in found))
    return found or None


def kept(run_id: str) -> bool:
    """Whether there is such a run on record; the list may not have read it yet."""
    return RUN_ID.fullmatch(run_id) is not None and (runs_folder() / run_id).is_dir()


def part(search: str, tag: str | None, going_on: bool, offered: list[str]) -> None:
    """The fragment: list, buttons and picture; going_on: whether it was begun with runs under way, and with which tags
    to choose from."""
    try:
        entries, problem = listed(search, tag), None
    except LabError as error:
        entries, problem = [], said(error)
    # Who looks may find many runs that are still to be read, and tags that nobody has been offered.
    if changing() != going_on or backlog().tags() != offered:
        st.rerun()  # the page stops or begins to look again by itself
    notice()
    if reading := backlog().reading():
        done, total = reading
        st.progress(done / total, t("runs.reading", done=done, total=total))
    if problem:
        st.error(problem)
        return
    if not entries:
        keep_words(search=search, tag=tag or "", **axes.words())
        if not reading:
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
    """What the last action said, with the way back where it deleted runs."""
    kind, words = st.session_state.get("runs_notice") or (None, None)
    if kind is None:
        return
    left, right = st.columns([5, 1], vertical_alignment="center")
    (left.success if kind == "success" else left.warning)(words)
    if gone := st.session_state.get("deleted"):
        right.button(
            t("runs.undo"), key="undo", icon=":material/undo:", width="stretch",
            **once("undo", act, run_actions.restore, gone),
        )  # fmt: skip
