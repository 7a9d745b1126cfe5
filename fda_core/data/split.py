"""Divides a table into training and test rows: the same for every seed of a run, labels in like shares."""

import numpy as np

from fda_core.support.errors import ConfigError
from fda_core.support.streams import stream

# As for the reviews: every seed is judged on the same texts, and one cache serves them all.
SPLIT_SEED = 0
TEST_SHARE = 0.2
# What a run takes of a large table unless told otherwise: minutes on a laptop.
MOST_TRAIN, MOST_TEST = 4000, 1000


def default_sizes(rows: int, clients: int = 0) -> tuple[int, int]:
    """Training and test examples of a table with so many rows, each client having one to train on."""
    test = max(2, min(MOST_TEST, round(TEST_SHARE * rows)))
    return min(max(MOST_TRAIN, clients), rows - test), test


def split(
    labels: np.ndarray, train_examples: int, test_examples: int, clients: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers to train and to test on, in mixed order; labels [n] and clients [n] are numbers from 0.

    Every label, and every client, has a row to train on. Raises `ConfigError` when there are not so many rows.
    """
    rows = len(labels)
    if train_examples + test_examples > rows:
        raise ConfigError("data.more_than_rows", count=train_examples + test_examples, rows=rows)
    order = stream(SPLIT_SEED, "split").permutation(rows)
    kept = needed(labels, order, train_examples, clients)
    free = order[~np.isin(order, kept)]
    test = stratified(labels, free, test_examples)
    rest = free[~np.isin(free, test)]
    train = np.concatenate([kept, stratified(labels, rest, train_examples - len(kept))])
    return train[stream(SPLIT_SEED, "split", 1).permutation(len(train))], test


def part_of(labels: np.ndarray, count: int, clients: np.ndarray | None = None) -> np.ndarray:
    """`count` row numbers of a split that is somebody else's, labels in like shares, in mixed order.

    With clients [n], every label and every client has a row. Raises `ConfigError` where that takes more rows.
    """
    order = stream(SPLIT_SEED, "split").permutation(len(labels))
    if clients is None:
        return stratified(labels, order, count)
    kept = needed(labels, order, count, clients)
    taken = np.concatenate([kept, stratified(labels, order[~np.isin(order, kept)], count - len(kept))])
    return order[np.isin(order, taken)]


def needed(labels: np.ndarray, order: np.ndarray, count: int, clients: np.ndarray | None) -> np.ndarray:
    """A row of each label and each client. Raises `ConfigError` where they are more than `count`."""
    kept = first_of_each(labels, order)
    if clients is not None:
        kept = np.union1d(kept, first_of_each(clients, order))
    if len(kept) > count:
        raise ConfigError("data.too_few_to_train", count=count, fewest=len(kept))
    return kept


def first_of_each(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """For each value the row that comes first in `order`."""
    _, places = np.unique(values[order], return_index=True)
    return order[places]


def stratified(labels: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """`count` of the rows, each label with its share, rounded by largest remainder: the first of its rows."""
    supply = np.bincount(labels[rows], minlength=labels.max() + 1)
    shares = count * supply / max(1, supply.sum())
    takes = np.floor(shares).astype(int)
    takes[np.argsort(takes - shares, kind="stable")[: count - takes.sum()]] += 1
    taken = np.concatenate([rows[labels[rows] == label][:take] for label, take in enumerate(takes)])
    return rows[np.isin(rows, taken)]
