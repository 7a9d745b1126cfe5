"""Plays one experiment into one run folder; the command line and the background runner both do it through here."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from fda_core.algorithm.checkpoint import Keep
from fda_core.algorithm.events import Event, RunStarted
from fda_core.analysis.summary import summarize
from fda_core.data import table_files
from fda_core.data.table import Table
from fda_core.federation.resumption import Resumption
from fda_core.runs.recorder import Recorder
from fda_core.runs.snapshot import Status
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

    facts = resumption.facts if resumption else None
    experiment = prepare(config, progress, models_folder, facts, home, whole=False)
    experiment.tick = tick
    yield from engine.run(experiment, keep, resumption)


@dataclass(frozen=True)
class Recording:
    """Which experiment is recorded, and where.

    resume: go on with the record that is in the folder. group: the seed study that the run belongs to. table: the
    user's own, for a new run on it, which keeps it in its folder. lock: on the folder, of whoever promised the run and
    goes on holding it.
    """

    config: ExperimentConfig
    folder: Path
    run_id: str
    group: str | None = None
    table: Table | None = None
    resume: bool = False
    lock: FileLock | None = None


@dataclass(frozen=True)
class Callbacks:
    """What is called meanwhile, in the thread that trains. watch: with each event, once it is kept."""

    watch: Callable[[Event], None] = lambda _: None
    progress: Progress = lambda *_: None
    tick: Tick = lambda: None


class Outcome(NamedTuple):
    """How a recording ended, in a sentence where there is something to say.

    Finished, stopped (`tick` or `progress` raised `Cancelled`, or Ctrl-C) or failed; or, with a record that stays
    open, to be resumed: preempted (`tick` or `progress` raised `Preempted`) or interrupted (the folder cannot be
    written any more).
    """

    status: Status
    message: str = ""


SILENT = Callbacks()
OPEN = (Status.PREEMPTED, Status.INTERRUPTED)  # outcomes that leave the record to be resumed


def record(recording: Recording, callbacks: Callbacks = SILENT, produce: Producer = simulate) -> Outcome:
    """Plays the experiment and writes its events and summary.

    A resumed recording shows the events on record to `watch` first. Raises `StoreError` only if the folder cannot be
    used at all.
    """
    new = None if recording.resume else recording.config.to_json()
    events: list[Event] = []

    def show(event: Event) -> None:
        events.append(event)
        callbacks.watch(event)

    with closing(Recorder(recording.folder, recording.run_id, recording.resume, new, recording.lock)) as recorder:
        outcome = attempt(recorder, recording, replace(callbacks, watch=show), produce)
        if outcome.status in OPEN:
            return outcome
        try:
            close(recorder, outcome, show, events)
        except StoreError as error:
            return Outcome(Status.INTERRUPTED, str(error))
    return outcome


def attempt(recorder: Recorder, recording: Recording, callbacks: Callbacks, produce: Producer) -> Outcome:
    """Plays until the end or the first obstacle, whatever it is."""
    try:
        play(recorder, recording, callbacks, produce)
    except Preempted as preempted:
        return Outcome(Status.PREEMPTED, str(preempted))
    except StoreError as error:  # not closed, even where that has room: what is missing can still be played
        return Outcome(Status.INTERRUPTED, str(error))
    except (Cancelled, KeyboardInterrupt):
        return Outcome(Status.STOPPED)
    except LabError as error:
        return Outcome(Status.FAILED, str(error))
    except Exception as error:  # whatever it was, the user gets a sentence and the log the traceback
        log.exception("run %s failed", recording.run_id)
        return Outcome(Status.FAILED, unexpected(error))
    return Outcome(Status.FINISHED)


def play(recorder: Recorder, recording: Recording, callbacks: Callbacks, produce: Producer) -> None:
    """Shows what is on record, then records and shows what is produced. Raises what `produce` raises."""
    config, folder = recording.config, recording.folder
    for event in recorder.kept:
        callbacks.watch(event)
    if recording.table is not None:
        table_files.keep(recording.table, folder)
    home = {"home": folder} if table_files.needs_table(config) else {}
    for event in produce(config, callbacks.progress, callbacks.tick, recorder.keep, recorder.resumption, **home):
        if isinstance(event, RunStarted) and recording.group:
            event = event.model_copy(update={"group": recording.group})
        if not recorder.known(event):
            recorder.add(event)
            callbacks.watch(event)


def close(recorder: Recorder, outcome: Outcome, show: Callable[[Event], None], events: list[Event]) -> None:
    """Ends the record, shows the events that this takes, and writes the summary of all. Raises `StoreError`."""
    for event in recorder.finish(outcome.status, outcome.message):
        show(event)
    try:
        recorder.write_summary({"lanes": [lane.to_dict() for lane in summarize(events)]})
    except StoreError as error:  # the record is whole, and says all that would be in it
        log.warning("%s The run has no summary.", error)


def give_up(folder: Path, outcome: Outcome = Outcome(Status.STOPPED), lock: FileLock | None = None) -> None:  # noqa: B008
    """Closes the record of an interrupted run, as stopped if nothing else is said. Raises `StoreError`."""
    with closing(Recorder(folder, folder.name, resume=True, lock=lock)) as recorder:
        events = list(recorder.kept)
        close(recorder, outcome, events.append, events)
