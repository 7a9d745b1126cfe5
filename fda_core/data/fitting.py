"""From a table to the settings of a run on it."""

from typing import Any

from fda_core.data.examples import of_table
from fda_core.data.split import default_sizes
from fda_core.data.table import Table
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError


def settings_for(table: Table, asked: dict[str, Any]) -> dict[str, Any]:
    """What `asked`, changes of a preset, leaves open: the splits' sizes and, for a natural split, the clients."""
    natural = bool(table.clients) and asked.get("partition", "column") == "column"
    clients = len(table.clients) if natural else 0
    train, test = default_sizes(len(table), clients)
    for name in ("test_examples", "train_examples"):
        if isinstance(given := asked.get(name), int) and given >= len(table):
            raise ConfigError("data.more_than_rows", count=given, rows=len(table))
    if isinstance(given := asked.get("test_examples"), int):
        train = min(train, len(table) - given)
    if isinstance(given := asked.get("train_examples"), int):
        test = min(test, len(table) - given)
    settings = {
        "dataset": "table", "table": {"sha256": table.sha256}, "train_examples": train, "test_examples": test,
        "partition": "column" if natural else "dirichlet",
    }  # fmt: skip
    if natural:
        base = presets.settings(asked.get("preset", "default"))
        settings |= {"clients": clients, "clients_per_round": min(clients, base.get("clients_per_round", clients))}
    return settings


def build(table: Table, asked: dict[str, Any]) -> ExperimentConfig:
    """The configuration of a run on the table. Raises `ConfigError`, also for what only the table can tell."""
    config = presets.build(settings_for(table, asked) | asked)
    check(table, config)
    return config


def check(table: Table, config: ExperimentConfig) -> None:
    """Raises `ConfigError` where the table has not the rows or the sites that the configuration speaks of."""
    of_table(table, config).partition(config)
