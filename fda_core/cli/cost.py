"""`run --dry-run`: what a run would cost, measured for some seconds."""

from pathlib import Path

from rich.table import Table

from fda_core.cli.output import console, megabytes, minutes, span
from fda_core.cost.estimate import CostEstimate
from fda_core.cost.timings import TimingStore
from fda_core.data import table as tables
from fda_core.runs.store import runs_folder
from fda_core.settings.config import ExperimentConfig


def print_cost(config: ExperimentConfig, models: Path | None, table: tables.Table | None) -> int:
    timings = TimingStore(runs_folder)
    if not timings.fresh(config):
        from fda_core.cost.calibration import measure

        with console.status("measuring"):
            timings.put(config, measure(config, models=models, table=table))
    cost = timings.cost(config, largest=tables.largest_site(config, table))
    console.print(cost_table(config, cost))
    print(f"in all: {span(cost.bytes, megabytes)} MB sent, {span(cost.seconds, minutes)} minutes on this machine,")
    print(
        f"of which model and data take {minutes(cost.preparing)}; memory at the peak about {cost.memory / 1e6:,.0f} MB"
    )
    return 0


def cost_table(config: ExperimentConfig, cost: CostEstimate) -> Table:
    """One column a lane, as in `lane_table`."""
    table = Table("", title=f"{config.preset}: cost of all rounds, likely (≤ at most)")
    for lane in cost.lanes:
        table.add_column(lane.lane, justify="right")
    for label, show in {
        "rounds": lambda lane: span(lane.rounds, lambda count: f"{count:.0f}"),
        "local epochs": lambda lane: span(lane.epochs, lambda count: f"{count:.0f}"),
        "MB a round": lambda lane: span(lane.round_bytes, megabytes),
        "MB in all": lambda lane: span(lane.bytes, megabytes),
        "minutes": lambda lane: span(lane.seconds, minutes),
    }.items():
        table.add_row(label, *map(show, cost.lanes))
    return table
