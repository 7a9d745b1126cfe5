"""Trains one run, shows how far it is, and prints what came of it."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.table import Table

from fda_core.algorithm.events import RunStarted
from fda_core.analysis.summary import Cost, LaneSummary, summarize
from fda_core.cli.output import console, megabytes
from fda_core.cli.progress import RunBar
from fda_core.data import table as tables
from fda_core.runs.record import Callbacks, Recording, record, simulate
from fda_core.runs.store import new_run_id, read_events
from fda_core.settings.config import ExperimentConfig

SAID = {"weights", "parameters", "path", "device", "memory_bytes"}  # what `about_model` needs besides a reader


def play(
    config: ExperimentConfig, folder: Path, models: Path | None, resume: bool, table: tables.Table | None = None
) -> int:
    """models: the folder in which the model is looked up, where the command line named one."""
    trusted = {"produce": partial(simulate, models_folder=models)} if models else {}
    with RunBar(config) as bar:
        status, message = record(
            Recording(config, folder, new_run_id(), table=table, resume=resume),
            Callbacks(bar.watch, bar.prepared),
            **trusted,
        )
    events = read_events(folder)
    start = next((event for event in events if isinstance(event, RunStarted)), None)
    if start and start.facts.keys() >= SAID:
        print(about_model(start.facts, config))
        if rows := start.facts.get("rows"):
            print(tables.words_of(tables.Notes.told(rows)))
    console.print(lane_table(config, summarize(events)))
    if message:
        print(message, file=sys.stderr)
    print(f"{status}: {folder}")
    return {"finished": 0, "stopped": 130}.get(status, 1)


def about_model(facts: dict, config: ExperimentConfig) -> str:
    """What was trained, what it weighs, and which way was taken."""
    sent = facts["model_bytes"] / 1e6
    return (
        f"{facts['model']} ({facts['weights']})\ntrained: {config.trained},"
        f" {facts['trainable_parameters']:,} of {facts['parameters']:,} parameters,"
        f" {sent:.3g} MB per client and direction, {2 * config.cohort_size * sent:,.3g} MB a round\n"
        f"{facts['path']} path on {facts['device']}, about {facts['memory_bytes'] / 1e9:.1f} GB of memory at most"
    )


def lane_table(config: ExperimentConfig, lanes: list[LaneSummary]) -> Table:
    """One column a lane: it fits a narrow terminal."""
    target = f"{config.target.metric} {config.target.value:g}"
    table = Table(title=f"{config.preset}, seed {config.seed}; target: {target} on two consecutive rounds")
    table.add_column("")
    for lane in lanes:
        table.add_column(lane.lane, justify="right")
    for label, show in {
        "status": lambda lane: lane.status or "–",
        "rounds": lambda lane: str(lane.spent.rounds),
        "local epochs": lambda lane: str(lane.spent.local_epochs),
        "MB down": lambda lane: megabytes(lane.bytes_down),
        "MB up": lambda lane: megabytes(lane.bytes_up),
        "MB monitor": lambda lane: megabytes(lane.bytes_monitor),
        "best accuracy": lambda lane: "–" if lane.best_accuracy is None else f"{lane.best_accuracy:.3f}",
        "MB to target": lambda lane: cost(lane, lambda spent: megabytes(spent.bytes)),
        "rounds to target": lambda lane: cost(lane, lambda spent: str(spent.rounds)),
        "epochs to target": lambda lane: cost(lane, lambda spent: str(spent.local_epochs)),
    }.items():
        table.add_row(label, *map(show, lanes))
    return table


def cost(lane: LaneSummary, show: Callable[[Cost], str]) -> str:
    """What the lane had spent at the target, as a cell of the table."""
    return show(lane.to_target) if lane.to_target else "not reached"
