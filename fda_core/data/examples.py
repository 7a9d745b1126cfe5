"""The examples of a run: texts, label numbers, and whose they are where the data says so."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fda_core.data.partition import drawn, natural_partition
from fda_core.data.split import split
from fda_core.data.table import TEXTS, Notes, Table
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError

if TYPE_CHECKING:  # seconds to import, for nothing but this name
    from datasets import Dataset


@dataclass(frozen=True)
class Split:
    """texts: [n], or [n] pairs' first and second parts; labels: [n] numbers from 0; clients: [n] or None."""

    texts: list[str]
    pairs: list[str] | None
    labels: np.ndarray
    clients: np.ndarray | None = None

    def as_columns(self) -> dict[str, list]:
        """As the tokenizer's caller wants it (`models/tokens.py`)."""
        pairs = {} if self.pairs is None else {"text_pair": self.pairs}
        return {"text": self.texts, **pairs, "label": self.labels.tolist()}


@dataclass(frozen=True)
class Examples:
    """Both splits; names of labels and, for a natural split, of clients ("" for the one that small ones share).

    notes: what was left out of the rows they were taken from, where that is known.
    """

    train: Split
    test: Split
    labels: tuple[str, ...]
    clients: tuple[str, ...] = ()
    notes: Notes = field(default=Notes())

    def partition(self, config: ExperimentConfig) -> list[np.ndarray]:
        """Row numbers of the training half for each client, none without any. Raises `ConfigError`."""
        found = self._partition(config)
        if empty := sum(not len(rows) for rows in found):
            raise ConfigError("data.client_without_rows", empty=empty, count=len(found))
        return found

    def _partition(self, config: ExperimentConfig) -> list[np.ndarray]:
        if config.partition == "dirichlet":
            return drawn(self.train.labels, config)
        if not self.clients or self.train.clients is None:
            raise ConfigError("data.partition_column")
        if config.clients != len(self.clients):
            raise ConfigError("data.not_the_sites", clients=config.clients, sites=len(self.clients))
        return natural_partition(self.train.clients, len(self.clients))


def split_of(data: "Dataset") -> Split:
    """Of a dataset with the columns `text` and `label`."""
    return Split(list(data["text"][:]), None, np.array(data["label"][:]))


def of_table(table: Table, config: ExperimentConfig) -> Examples:
    """The table's rows in two splits of the sizes that the config asks for. Raises `ConfigError` for too many."""
    train, test = split(table.label_numbers, config.train_examples, config.test_examples, table.client_numbers)
    return Examples(rows_of(table, train), rows_of(table, test), table.labels, table.clients, table.notes)


def rows_of(table: Table, rows: np.ndarray) -> Split:
    """Some rows of the table by their numbers, in this order."""
    cells = {name: table.frame[name].iloc[rows].tolist() for name in TEXTS if name in table.frame}
    clients = table.client_numbers
    return Split(
        cells["text"], cells.get("text_pair"), table.label_numbers[rows], None if clients is None else clients[rows]
    )


def owners(
    partition: Sequence[np.ndarray], labels: np.ndarray, label_count: int, names: Sequence[str] = ()
) -> list[dict]:
    """What a run's facts say of each client: examples, labels [label_count], and its name where the data has one."""
    return [
        {"id": str(k), "examples": len(rows), "labels": np.bincount(labels[rows], minlength=label_count).tolist()}
        | ({"name": names[k]} if names else {})
        for k, rows in enumerate(partition)
    ]
