"""The list of runs: what is on record, and what waits for its turn."""

import re
from dataclasses import replace

import pandas as pd
import streamlit as st

from fda_core.runs.backlog import Backlog
from fda_core.runs.entries import Entry, created_at
from fda_core.runs.exports import is_formula
from fda_core.runs.index import Index
from fda_core.runs.snapshot import Snapshot
from fda_core.runs.store import held, runs_folder
from fda_core.settings import presets
from ui.state.session import runner
from ui.text.i18n import JOINER, t
from ui.text.moments import moment, zone_name
from ui.text.numbers import DASH, megabytes

SCHEDULE = re.compile(r"fedopt-e([1-9][0-9]{0,2})")


@st.cache_resource(show_spinner=False)
def backlog() -> Backlog:
    """The one of this process."""
    return Backlog(Index(runs_folder()))


def listed(search: str, tag: str | None) -> list[Entry]:
    """The runs that match, newest first, and without a search those that only wait as well. Raises `StoreError`."""
    live = dict(runner().queue())
    found = [replace(entry, status=status_of(entry, live)) for entry in backlog().entries(search, tag)]
    if search or tag:
        return found
    known = {entry.run_id for entry in found}
    waiting = [runner().snapshot(run_id) for run_id in live if run_id not in known]
    return [*(waits(run) for run in reversed(waiting) if run), *found]


def status_of(entry: Entry, live: dict[str, str]) -> str:
    """As the index has it; this process's own runs, and those of others that are being written, are further."""
    if entry.run_id in live:
        return live[entry.run_id]
    return "elsewhere" if entry.status == "interrupted" and held(runs_folder() / entry.run_id) else entry.status


def waits(run: Snapshot) -> Entry:
    """A run that waits without a folder, because none could be made, or begins just now."""
    config = run.config
    return Entry(
        run.run_id, created_at(runs_folder() / run.run_id), status=run.status, preset=config.preset,
        clients=config.clients, alpha=config.alpha, seed=config.seed, model=config.model,
        server_optimizer=config.server_optimizer, lanes=tuple(lane.id for lane in config.lanes),
    )  # fmt: skip


def title(entry: Entry) -> str:
    """The name that somebody gave it, else when it began, by the reader's clock."""
    return entry.name or moment(entry.created)


def table(entries: list[Entry]) -> pd.DataFrame:
    """One row a run; bytes to the target in MB (10⁶), by lane."""
    known = presets.names()
    columns = {
        t("runs.name"): [harmless(entry.name) or DASH for entry in entries],
        t("runs.began", zone=zone_name()): [entry.created for entry in entries],
        t("runs.status"): [t(f"runs.is_{entry.status}") for entry in entries],
        t("runs.preset"): [
            t(f"settings.preset_{entry.preset}") if entry.preset in known else entry.preset for entry in entries
        ],
        t("runs.clients"): [entry.clients for entry in entries],
        t("runs.alpha"): [entry.alpha for entry in entries],
        t("runs.seed"): [entry.seed for entry in entries],
        t("runs.rounds"): [entry.rounds for entry in entries],
        t("runs.to_target"): [to_target(entry) for entry in entries],
        t("runs.tags"): [[harmless(tag) for tag in entry.tags] for entry in entries],
    }
    return pd.DataFrame(columns)


def harmless(text: str) -> str:
    """For the table, which has a button of Streamlit's own that makes a CSV of it: no formula for a spreadsheet."""
    return f"{JOINER}{text}" if is_formula(text) else text


def to_target(entry: Entry) -> str:
    """MB to the target by lane; a dash for a lane that did not reach it."""
    costs = entry.to_target.items()
    return " · ".join(f"{called(lane)} {DASH if cost is None else megabytes(cost)}" for lane, cost in costs)


def called(lane: str) -> str:
    """The usual lanes by their names; the list knows no more of them than their ids."""
    schedule = SCHEDULE.fullmatch(lane)
    return f"FedOpt E={schedule[1]}" if schedule else {"fda-opt": "FDA-OPT"}.get(lane, lane)
