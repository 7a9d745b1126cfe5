"""Datasets of the hub: the tasks of GLUE in the paper's split, and any other by its columns.

Files only: code that a dataset brings is never run. Whatever the hub does becomes one sentence.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fda_core.data.examples import Examples, Split, of_table
from fda_core.data.reading import Sheet
from fda_core.data.split import SPLIT_SEED, stratified
from fda_core.data.table import MOST_LABELS, TEXTS, Columns, Table, cell, normalise, numbered, ordered, with_clients
from fda_core.settings import glue
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Progress
from fda_core.support.errors import ConfigError, LabError
from fda_core.support.streams import stream
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
    if "client" in own and source.columns.client:
        own, _ = with_clients(own, source.columns.client)
    return both_splits(Table(own), Table(labelled(frame_of(test, source, clients=False), source.columns)), config)


def both_splits(train: Table, test: Table, config: ExperimentConfig) -> Examples:
    """As many of each as are asked for, labels in like shares."""
    labels = ordered(pd.concat([train.frame.label, test.frame.label]))
    if not 2 <= len(labels) <= MOST_LABELS:
        raise ConfigError(
            f"{config.dataset} has {len(labels):,} different labels: choose a column with 2 to {MOST_LABELS}."
        )
    return Examples(
        part(train, labels, config.train_examples, "train_examples"),
        part(test, labels, config.test_examples, "test_examples"), labels, train.clients,
    )  # fmt: skip


def part(table: Table, labels: tuple[str, ...], count: int, name: str) -> Split:
    """`count` rows of a split, labels in like shares, the same rows for every seed.

    labels: of both splits together; name: the setting that asks for so many. Raises `ConfigError` for too many.
    """
    if count > len(table):
        raise ConfigError(f"{name} = {count:,} is more than the {len(table):,} there are: choose at most so many.")
    numbers = numbered(table.frame.label, labels)
    rows = stratified(numbers, stream(SPLIT_SEED, "split").permutation(len(table)), count)
    cells = {column: table.frame[column].iloc[rows].tolist() for column in TEXTS if column in table.frame}
    clients = table.client_numbers
    return Split(cells["text"], cells.get("text_pair"), numbers[rows], None if clients is None else clients[rows])


def labelled(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The rows with a text and a label, otherwise as the hub has them: the split is somebody else's."""
    chosen = {ours: theirs for ours, theirs in columns.chosen().items() if theirs in frame}
    found = pd.DataFrame(
        {ours: np.array([cell(value, theirs) for value in frame[theirs]], dtype=object)
         for ours, theirs in chosen.items()}
    )  # fmt: skip
    return found[found.ne("").all(axis=1)].reset_index(drop=True)


def frame_of(data: "Dataset", source: Source, clients: bool) -> pd.DataFrame:
    """The columns that are wanted, labels by their names. Raises `HubDataError` where one is missing."""
    from datasets import ClassLabel

    chosen = source.columns.chosen()
    wanted = [theirs for ours, theirs in chosen.items() if clients or ours != "client"]
    if missing := next((name for name in wanted if name not in data.column_names), None):
        raise HubDataError(
            f"{source.repo} has no column {missing!r}: its columns are {', '.join(map(repr, data.column_names[:20]))}."
        )
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
        raise HubDataError(sentence(error, source, split)) from None


def sentence(error: BaseException, source: Source, split: str) -> str:
    """What went wrong and what to do; `datasets` says much of it in words only."""
    from datasets.exceptions import DataFilesNotFoundError, DatasetGenerationError, DatasetNotFoundError

    name, words = source.repo, " ".join(str(part) for part in chain_of(error))
    if "OfflineModeIsEnabled" in words or "offline mode" in words.lower():
        return f"{name} has not been downloaded and HF_HUB_OFFLINE forbids to do so: unset it and fetch it once."
    if "gated" in words.lower():
        return f"Access to {name} is granted on request: accept its terms on the hub and log in with 'hf auth login'."
    if isinstance(error, DatasetNotFoundError):
        return f"The hub has no dataset {name}, or it is private: check the id, or log in with 'hf auth login'."
    if "BuilderConfig" in words or "Config name is missing" in words:
        return f"{name} consists of several datasets or has none of that name: set table.subset to one of its names."
    if "Unknown split" in words or "Bad split" in words:
        return f"{name} has no split {split!r}: set table.split and table.test_split to two of its own."
    if "scripts are no longer supported" in words or "trust_remote_code" in words:
        return f"{name} brings code to load it, which is not run here: choose one that has its data in files."
    if found := next((code for part in chain_of(error) if (code := status_of(part))), None):
        return f"The hub answered {found} for {name}: try again later."
    if isinstance(error, DataFilesNotFoundError | FileNotFoundError):
        return f"{name} has no files that are read here: choose a dataset in Parquet, CSV or JSON."
    if isinstance(error, ConnectionError | TimeoutError) or "Connect" in words or "timed out" in words.lower():
        return f"The hub cannot be reached for {name}: check the connection, or give a file with --data."
    if isinstance(error, DatasetGenerationError) or any(type(part).__name__ in BROKEN_OFF for part in chain_of(error)):
        return f"The files of {name} are damaged or broke off on the way: try again, or choose another dataset."
    return f"{name} cannot be read ({type(error).__name__}): try again, or choose another dataset."


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
