"""`presets`: the settings to start from, side by side."""

import argparse

from rich.table import Table

from fda_core.cli.output import console
from fda_core.settings import presets


def add(actions) -> None:
    actions.add_parser("presets", help="list the presets").set_defaults(action=list_presets)


def list_presets(options: argparse.Namespace) -> int:
    configs = [presets.build(preset=name) for name in presets.names()]
    table = Table("")
    for config in configs:
        table.add_column(config.preset, overflow="fold")  # several, in a narrow terminal
    for label, show in {
        "model": lambda c: c.model,
        "trained": lambda c: c.trained,
        "data": lambda c: c.dataset,
        "clients": lambda c: f"{c.clients}, {c.cohort_size} a round",
        "heterogeneity": lambda c: f"α = {c.alpha:g}",
        "client lr": lambda c: f"{c.client_lr:g}",
        "server": lambda c: f"{c.server_optimizer}, lr {c.server_lr:g}",
        "rounds at most": lambda c: str(c.rounds),
        "target": lambda c: f"{c.target.metric} {c.target.value:g}",
        "lanes": lambda c: "\n".join(lane.id for lane in c.lanes),
    }.items():
        table.add_row(label, *map(show, configs))
    console.print(table)
    return 0
