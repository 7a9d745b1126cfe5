"""Datasets of the hub: the tasks of GLUE in the paper's split, and any other by its columns.

Files only: code that a dataset brings is never run. Whatever the hub does becomes one sentence.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from fda_core.data.examples import Examples, Split, of_table
from fda_core.data.sheet import Sheet
from fda_core.data.split import part_of
from fda_core.data.table import (
    MOST_LABELS,
    TEXTS,
    Columns,
    Notes,
    Table,
    accounted,
    check_values,
    listed,
    normalise,
    numbered,
    ordered,
    shortened,
    with_clients,
    words,
)  # fmt: skip
from fda_core.settings import glue
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Progress
from fda_core.support.errors import ConfigError, LabError
from fda_core.support.waiting import wait_for

if TYPE_CHECKING:  # seconds to import, for nothing but this name
    from datasets import Dataset

log = logging.getLogger(__name__)

BROKEN_OFF = ("RemoteProtocolError", "ReadError", "IncompleteRead", "ArrowInvalid")  # of the libraries below `datasets`


class HubDataError(LabError):
    """A dataset that the hub does not hand out, or not in a form that can be used."""


@dataclass(frozen=True)
class Source:
    """A dataset of the hub. test_split: None where the test examples come out of `split`."""

    repo: str
    subset: str | None
    columns: Columns
    split: str
    test_split: str | None


def source_of(config: ExperimentConfig) -> Source:
    """Where the dataset of a config lies: a task of GLUE, or one of the hub with the columns that the config names."""
    if task := glue.task_of(config.dataset):
        subset = config.dataset.removeprefix("glue/")
        return Source(glue.REPO, subset, Columns(task.text, "label", task.pair), "train", task.test_split)
    spec = config.table
    assert spec and spec.text and spec.label, "a config with a dataset of the hub names its columns"
    columns = Columns(spec.text, spec.label, spec.text_pair, spec.partition)
    return Source(config.dataset.removeprefix("hub:"), spec.subset, columns, spec.split, spec.test_split)


def examples(config: ExperimentConfig, progress: Progress = lambda *_: None) -> Examples:
    """Raises `HubDataError`, `ConfigError`, `TableError`, and what `progress` raises while the hub is waited for."""
    source = source_of(config)
    look = lambda: progress(0, 0)  # noqa: E731
    train = wait_for(lambda: load(source, source.split), look)
    if (test_split := source.test_split) is None:
        return of_table(normalise(Sheet(frame_of(train, source, clients=True), "hub"), source.columns), config)
    test = wait_for(lambda: load(source, test_split), look)
    own = labelled(frame_of(train, source, clients=True), source.columns)
    return both_splits(own, labelled(frame_of(test, source, clients=False), source.columns), config)


def both_splits(train: Table, test: Table, config: ExperimentConfig) -> Examples:
    """As many of each as are asked for, labels in like shares."""
    labels = ordered(pd.concat([train.frame.label, test.frame.label]))
    if not 2 <= len(labels) <= MOST_LABELS:
        raise ConfigError("data.hub_labels", dataset=config.dataset, count=len(labels), most=MOST_LABELS)
    return Examples(
        part(train, labels, config.train_examples, "train_examples"),
        part(test, labels, config.test_examples, "test_examples"), labels, train.clients, train.notes + test.notes,
    )  # fmt: skip


def part(table: Table, labels: tuple[str, ...], count: int, name: str) -> Split:
    """`count` rows of a split, labels in like shares, the same rows for every seed.

    labels: of both splits together; name: the setting that asks for so many. Raises `ConfigError` for too many.
    """
    if count > len(table):
        raise ConfigError("data.hub_examples", name=name, count=count, supply=len(table))
    numbers = numbered(table.frame.label, labels)
    rows = part_of(numbers, count, table.client_numbers)
    cells = {column: table.frame[column].iloc[rows].tolist() for column in TEXTS if column in table.frame}
    clients = table.client_numbers
    return Split(cells["text"], cells.get("text_pair"), numbers[rows], None if clients is None else clients[rows])


def labelled(frame: pd.DataFrame, columns: Columns) -> Table:
    """The rows with a text and a label, otherwise as the hub has them: the split is somebody else's.

    Raises `TableError` for what a table of one's own is refused for: cells, or names of labels or sites, that are none.
    """
    chosen = {ours: theirs for ours, theirs in columns.chosen().items() if theirs in frame}
    found = pd.DataFrame({ours: words(frame[theirs], ours, theirs) for ours, theirs in chosen.items()})
    found = found[found.ne("").all(axis=1)].reset_index(drop=True)
    check_values(found, chosen)
    found, cut = shortened(found)
    found, merged = with_clients(found, chosen["client"]) if "client" in chosen else (found, 0)
    return accounted(Table(found, Notes(rows=len(frame), empty=len(frame) - len(found), cut=cut, merged=merged)))


def frame_of(data: "Dataset", source: Source, clients: bool) -> pd.DataFrame:
    """The columns that are wanted, labels by their names. Raises `HubDataError` where one is missing."""
    from datasets import ClassLabel

    chosen = source.columns.chosen()
    wanted = [theirs for ours, theirs in chosen.items() if clients or ours != "client"]
    if missing := next((name for name in wanted if name not in data.column_names), None):
        raise HubDataError("data.hub_no_column", repo=source.repo, column=missing, columns=listed(data.column_names))
    frame = pd.DataFrame({name: pd.Series(data[name][:], dtype=object) for name in wanted})
    if isinstance(kind := data.features[source.columns.label], ClassLabel):
        known = dict(enumerate(kind.names))  # -1 stands for no label
        frame[source.columns.label] = frame[source.columns.label].map(known.get)
    return frame


def load(source: Source, split: str) -> "Dataset":
    """One split from the hub or its cache. Raises `HubDataError`."""
    from datasets import DownloadConfig, load_dataset

    try:
        return load_dataset(source.repo, source.subset, split=split, download_config=DownloadConfig(max_retries=1))
    except Exception as error:  # a stranger's files and servers: whatever they lead to becomes a sentence
        log.info("the hub and %s: %r", source.repo, error)
        raise refusal(error, source, split) from None


def refusal(error: BaseException, source: Source, split: str) -> HubDataError:
    """What went wrong and what to do; `datasets` says much of it in words only."""
    from datasets.exceptions import DataFilesNotFoundError, DatasetGenerationError, DatasetNotFoundError

    name, words = source.repo, " ".join(str(part) for part in chain_of(error))
    if "OfflineModeIsEnabled" in words or "offline mode" in words.lower():
        return HubDataError("data.hub_offline", name=name)
    if "gated" in words.lower():
        return HubDataError("data.hub_gated", name=name)
    if isinstance(error, DatasetNotFoundError):
        return HubDataError("data.hub_unknown", name=name)
    if "BuilderConfig" in words or "Config name is missing" in words:
        return HubDataError("data.hub_subset", name=name)
    if "Unknown split" in words or "Bad split" in words:
        return HubDataError("data.hub_split", name=name, split=split)
    if "scripts are no longer supported" in words or "trust_remote_code" in words:
        return HubDataError("data.hub_code", name=name)
    if found := next((code for part in chain_of(error) if (code := status_of(part))), None):
        return HubDataError("data.hub_status", code=found, name=name)
    if isinstance(error, DataFilesNotFoundError | FileNotFoundError):
        return HubDataError("data.hub_no_files", name=name)
    if isinstance(error, ConnectionError | TimeoutError) or "Connect" in words or "timed out" in words.lower():
        return HubDataError("data.hub_away", name=name)
    if isinstance(error, DatasetGenerationError) or any(type(part).__name__ in BROKEN_OFF for part in chain_of(error)):
        return HubDataError("data.hub_damaged", name=name)
    return HubDataError("data.hub_not_read", name=name, error=type(error).__name__)


def chain_of(error: BaseException | None) -> list[BaseException]:
    """The error and what lies behind it."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an error carries, if any."""
    return getattr(getattr(error, "response", None), "status_code", None)
