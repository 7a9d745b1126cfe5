"""What all viewers share, the runner, and which run one viewer looks at."""

import gc
import os
import runpy
import sys
import threading
import time
from pathlib import Path

import streamlit as st

from fda_core.cost.estimate import Timings
from fda_core.data.table import Table
from fda_core.live.runner import Runner
from fda_core.runs.snapshot import Snapshot
from fda_core.runs.store import runs_folder
from fda_core.runs.tidy import tidy
from fda_core.settings.config import ExperimentConfig
from fda_core.support import assets
from fda_core.support.callbacks import Tick
from fda_core.support.errors import LabError
from ui.state.presenter import following
from ui.text.i18n import plain, t
from ui.text.problems import said

# Of 0 (as the pages) to 19. Beside two busy programs a run played 14 rounds at 0, 9 at 2, 1 at 4, none at 10.
PRIORITY, TRAINING_PRIORITY = "FDA_OPT_LAB_NICE", 2
# Seconds that a thread may keep Python to itself while others wait. In a class of 30 a click waits 0.14 to 0.20 s at
# 0.02, 0.22 to 0.28 at Python's own 0.005, 0.6 at 0.001: who is interrupted holds locks for which the others wait.
TURN = 0.02
ENTRY = Path(__file__).parents[2] / "app.py"


@st.cache_resource(show_spinner=False)
def runner() -> Runner:
    """The one runner of this process; its thread loads the heavy libraries while the first page is read."""
    keeper = Runner(on_start=warm_up, measure=measure, ahead=ahead)
    keeper.wake()
    return keeper


def measure(config: ExperimentConfig, tick: Tick, table: Table | None) -> Timings:
    """Runs in the thread that trains, while no run waits."""
    from fda_core.cost.calibration import measure

    return measure(config, tick, table=table)


def ahead(config: ExperimentConfig, tick: Tick) -> None:
    """Runs in the thread that trains, after the measurement."""
    from fda_core.setup import ahead

    ahead(config, tick)


def warm_up() -> None:
    """Runs in the thread that trains, before its first run."""
    time.sleep(1)  # the first page is drawn before torch takes the processor
    polite = give_way()
    tidy(runs_folder())
    assets.problem(read=True)  # reads the weights, for which no page should wait; pages say what was found
    import torch

    import fda_core.setup  # noqa: F401

    cores = os.cpu_count() or 2
    default = cores if polite else max(1, cores - 1)
    torch.set_num_threads(int(os.environ.get("FDA_OPT_LAB_THREADS") or default))
    # Python looks through everything alive now and then; through these libraries that takes a quarter of a second, in
    # which nothing trains and no page is drawn.
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(TURN)  # not before: pages would wait as long for the import of torch


def give_way() -> bool:
    """Lowers this thread's priority, and so that of all it starts: pages answer while every core trains.

    True where that is possible: only Linux knows the priority of a single thread.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        priority = int(os.environ.get(PRIORITY) or TRAINING_PRIORITY)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), priority)
    except (OSError, ValueError):
        return False
    return True


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
