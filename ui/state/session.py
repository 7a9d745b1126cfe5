"""What all viewers share (the runner) and what one viewer has chosen (the run shown, the settings in the address)."""

import gc
import logging
import os
import runpy
import sys
import threading
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from fda_core.cost.estimate import Timings
from fda_core.data.table import Table
from fda_core.live.runner import Runner, Snapshot
from fda_core.runs.store import runs_folder
from fda_core.runs.tidy import tidy
from fda_core.settings import presets
from fda_core.settings.assignments import from_query, to_query
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Tick
from fda_core.support.errors import LabError
from fda_core.support.messages import Message
from ui.components.live_chart import publish
from ui.state.address import EVERYWHERE, OF_PAGES, written
from ui.state.presenter import following
from ui.text.i18n import plain, t
from ui.text.problems import said

log = logging.getLogger(__name__)

TRAINING_PRIORITY = 10  # of 0 (as the pages) to 19
ENTRY = Path(__file__).parents[2] / "app.py"
STATIC = ENTRY.parent / "static"


@st.cache_resource(show_spinner=False)
def runner() -> Runner:
    """The one runner of this process; its thread loads the heavy libraries while the first page is read."""
    keeper = Runner(on_start=warm_up, measure=measure)
    keeper.wake()
    return keeper


def measure(config: ExperimentConfig, tick: Tick, table: Table | None) -> Timings:
    """Runs in the thread that trains, while no run waits."""
    from fda_core.cost.calibration import measure

    return measure(config, tick, table=table)


def warm_up() -> None:
    """Runs in the thread that trains, before its first run."""
    time.sleep(1)  # the first page is drawn before torch takes the processor
    polite = give_way()
    tidy(runs_folder())
    import torch

    import fda_core.setup  # noqa: F401

    cores = os.cpu_count() or 2
    default = cores if polite else max(1, cores - 1)
    torch.set_num_threads(int(os.environ.get("FDA_OPT_LAB_THREADS") or default))
    # Python looks through everything alive now and then; through these libraries that takes a quarter of a second, in
    # which nothing trains and no page is drawn.
    gc.collect()
    gc.freeze()


def give_way() -> bool:
    """Lowers this thread's priority, and so that of all it starts: pages answer while every core trains.

    True where that is possible: only Linux knows the priority of a single thread.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), TRAINING_PRIORITY)
    except OSError:
        return False
    return True


@st.cache_resource(show_spinner=False)
def publish_chart_library() -> None:
    try:
        publish(STATIC)
    except OSError:  # everything but the chart works, and the chart says that its library is missing
        log.exception("the chart library could not be published")


def palette() -> list[str]:
    """The lanes' colours; they stand in the theme and nowhere else."""
    return st.get_option("theme.chartCategoricalColors")


def require_app() -> None:
    """Call it first on every page: the entry script has run, or it runs now.

    The first visitor of a fresh server may come by a page's own address; Streamlit then takes the folder `pages` for
    its old kind of multipage app and runs the page's file alone. The entry script's st.navigation ends that.
    """
    if "run" not in st.session_state:
        runpy.run_path(str(ENTRY))
        st.stop()


def presented() -> str | None:
    """In a class, the run under way, which viewers follow."""
    queue = runner().queue() if following() else []
    return queue[0][0] if queue else None


def shown_run() -> tuple[Snapshot | None, str | None]:
    """The run this viewer looks at, or a sentence why it cannot be shown; neither where none was chosen."""
    if live := presented():
        st.session_state.run = live
    run_id = st.session_state.get("run")
    if run_id is None:
        return None, None
    try:
        run = runner().snapshot(run_id, watching=True)
    except LabError as error:
        return None, said(error)
    return run, None if run else t("race.unknown_run", run=plain(run_id[:40]))


def linked() -> bool:
    """Whether a link brought settings that this page did not write into the address itself."""
    words = {name: st.query_params[name] for name in st.query_params if name not in EVERYWHERE | OF_PAGES}
    written = st.session_state.get("address") or {}
    return bool(words) and words != {name: word for name, word in written.items() if name not in OF_PAGES}


def has_settings() -> bool:
    return any(name not in EVERYWHERE | OF_PAGES for name in st.query_params)


def from_address() -> tuple[ExperimentConfig, Message | None]:
    """The settings in the page's address, or the default ones and what was wrong with the address."""
    words = [(name, st.query_params[name]) for name in st.query_params if name not in EVERYWHERE | OF_PAGES]
    try:
        return presets.build(from_query(urlencode(words))), None
    except LabError as error:
        return presets.build(), Message(error.id, **error.values)  # without the frames an error holds on to


def keep_address(config: ExperimentConfig | None, **words: str) -> None:
    """Writes run, settings and a page's own words into the address, so that a refresh or a copied link finds them."""
    settings = {}
    if config is not None:
        settings = dict(parse_qsl(to_query(config, presets.build(preset=config.preset))))
        if not st.session_state.get("run") and len(settings) == 1 and config.preset == "default":
            settings = {}
    keep_words(**settings, **words)


def keep_words(**words: str) -> None:
    """Writes the run and a page's own words into the address; empty ones are left out, and so are other pages'."""
    wanted = {name: st.query_params[name] for name in EVERYWHERE - {"run"} if name in st.query_params}
    if run_id := st.session_state.get("run"):
        wanted["run"] = run_id
    st.session_state.address = {name: word for name, word in words.items() if word}
    for name, word in st.session_state.address.items():
        written(name).add(word)
    wanted |= st.session_state.address
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
