"""Plays one experiment into one run folder; the command line and the background runner both do it through here."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from fda_core.algorithm.checkpoint import Keep
from fda_core.algorithm.events import Event, RunStarted
from fda_core.analysis.summary import summarize
from fda_core.data import table_files
from fda_core.data.table import Table
from fda_core.federation.resumption import Resumption
from fda_core.runs.recorder import Recorder
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Progress, Tick
from fda_core.support.errors import Cancelled, LabError, Preempted, StoreError
from fda_core.support.messages import unexpected

log = logging.getLogger(__name__)

Producer = Callable[..., Iterator[Event]]  # called as `simulate` is


def simulate(
    config: ExperimentConfig, progress: Progress, tick: Tick, keep: Keep, resumption: Resumption | None,
    home: Path | None = None, models_folder: Path | None = None,
) -> Iterator[Event]:  # fmt: skip
    """The real thing: loads the model and trains. Imported late, so that a page is drawn before torch is loaded.

    home: the run's folder; given to runs on a table of the user's own, which lies there. models_folder: one that
    the caller trusts, in place of the one that may be named from a page.
    """
    from fda_core.federation import engine
    from fda_core.setup import prepare

    experiment = prepare(config, progress, models_folder, resumption.facts if resumption else None, home)
    experiment.tick = tick
    yield from engine.run(experiment, keep, resumption)


def record(
    config: ExperimentConfig,
    folder: Path,
    run_id: str,
    watch: Callable[[Event], None],
    progress: Progress = lambda *_: None,
    tick: Tick = lambda: None,
    produce: Producer = simulate,
    resume: bool = False,
    group: str | None = None,
    table: Table | None = None,
) -> tuple[str, str]:
    """Writes events and summary, showing each event to `watch` once it is kept; returns status and message.

    Status is finished, stopped (`tick` or `progress` raised Cancelled, or Ctrl-C), failed, preempted (`tick` or
    `progress` raised Preempted), or interrupted (the folder cannot be written any more): after the last two the record
    stays open, to be continued with `resume`, which shows the events on record to `watch` first. group: the seed study
    the run belongs to. table: the user's own, for a new run on it, which keeps it in its folder. Raises `StoreError`
    only if the folder cannot be used at all.
    """
    recorder = Recorder(folder, run_id, resume, None if resume else config.to_json())
    events: list[Event] = []

    def show(event: Event) -> None:
        events.append(event)
        watch(event)

    status, message = "finished", ""
    try:
        for event in recorder.kept:
            show(event)
        if table is not None:
            table_files.keep(table, folder)
        home = {"home": folder} if table_files.needs_table(config) else {}
        for event in produce(config, progress, tick, recorder.keep, recorder.resumption, **home):
            if isinstance(event, RunStarted) and group:
                event = event.model_copy(update={"group": group})
            if not recorder.known(event):
                recorder.add(event)
                show(event)
    except Preempted as preempted:
        recorder.close()
        return "preempted", str(preempted)
    except StoreError as error:  # not closed, even where that has room: what is missing can still be played
        recorder.close()
        return "interrupted", str(error)
    except (Cancelled, KeyboardInterrupt):
        status = "stopped"
    except LabError as error:
        status, message = "failed", str(error)
    except Exception as error:  # whatever it was, the user gets a sentence and the log the traceback
        log.exception("run %s failed", run_id)
        status, message = "failed", unexpected(error)
    try:
        close(recorder, status, message, show, events)
    except StoreError as error:
        status, message = "interrupted", str(error)
    finally:
        recorder.close()
    return status, message


def close(recorder: Recorder, status: str, message: str, show: Callable[[Event], None], events: list[Event]) -> None:
    for event in recorder.finish(status, message):
        show(event)
    try:
        recorder.write_summary({"lanes": [lane.to_dict() for lane in summarize(events)]})
    except StoreError as error:  # the record is whole, and says all that would be in it
        log.warning("%s The run has no summary.", error)


def give_up(folder: Path) -> None:
    """Closes the record of an interrupted run as stopped. Raises `StoreError`."""
    with closing(Recorder(folder, folder.name, resume=True)) as recorder:
        events = list(recorder.kept)
        close(recorder, "stopped", "", events.append, events)
