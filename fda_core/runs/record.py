"""Plays one experiment into one run folder; the command line and the background runner both do it through here."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from fda_core.checkpoint import Keep
from fda_core.config import ExperimentConfig
from fda_core.errors import Cancelled, LabError, Parked
from fda_core.events import Event, RunStarted
from fda_core.resumption import Resumption
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import StoreError
from fda_core.runs.summary import summarize
from fda_core.types import Progress, Tick

log = logging.getLogger(__name__)

Producer = Callable[[ExperimentConfig, Progress, Tick, Keep, Resumption | None], Iterator[Event]]


def simulate(
    config: ExperimentConfig, progress: Progress, tick: Tick, keep: Keep, resumption: Resumption | None,
    shelf: Path | None = None,
) -> Iterator[Event]:  # fmt: skip
    """The real thing: loads the model and trains. Imported late, so that a page is drawn before torch is loaded.

    shelf: a folder of models that the caller trusts, in place of the one that may be named from a page.
    """
    from fda_core import engine
    from fda_core.lab import prepare

    lab = prepare(config, progress, shelf, resumption.facts if resumption else None)
    lab.tick = tick
    yield from engine.run(lab, keep, resumption)


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
) -> tuple[str, str]:
    """Writes events and summary, showing each event to `watch` once it is kept; returns status and message.

    Status is finished, stopped (`tick` or `progress` raised Cancelled, or Ctrl-C), failed, or parked (`tick` or
    `progress` raised Parked): then the record stays open, to be continued with `resume`, which shows the events on
    record to `watch` first. group: the seed study the run belongs to. Raises `StoreError` only if the folder cannot be
    used at all.
    """
    recorder = Recorder(folder, run_id, resume)
    events: list[Event] = []

    def show(event: Event) -> None:
        events.append(event)
        watch(event)

    status, message = "finished", ""
    try:
        for event in recorder.kept:
            show(event)
        for event in produce(config, progress, tick, recorder.keep, recorder.resumption if resume else None):
            if isinstance(event, RunStarted) and group:
                event = event.model_copy(update={"group": group})
            if not recorder.known(event):
                recorder.add(event)
                show(event)
    except Parked as parked:
        recorder.close()
        return "parked", str(parked)
    except (Cancelled, KeyboardInterrupt):
        status = "stopped"
    except LabError as error:
        status, message = "failed", str(error)
    except Exception as error:  # whatever it was, the user gets a sentence and the log the traceback
        log.exception("run %s failed", run_id)
        status, message = "failed", f"Unexpected {type(error).__name__}: {error}"
    try:
        close(recorder, status, message, show, events)
    except StoreError as error:
        status, message = "failed", str(error)
    finally:
        recorder.close()
    return status, message


def close(recorder: Recorder, status: str, message: str, show: Callable[[Event], None], events: list[Event]) -> None:
    for event in recorder.finish(status, message):
        show(event)
    recorder.write_summary({"lanes": [lane.to_dict() for lane in summarize(events)]})


def give_up(folder: Path) -> None:
    """Closes the record of an interrupted run as stopped. Raises `StoreError`."""
    with closing(Recorder(folder, folder.name, resume=True)) as recorder:
        events = list(recorder.kept)
        close(recorder, "stopped", "", events.append, events)
