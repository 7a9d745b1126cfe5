"""Training and test rows: no row in both, labels in like shares, everybody with something to train on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fda_core.data.split import default_sizes, split
from fda_core.support.errors import ConfigError


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=12, max_size=120), st.floats(0.1, 0.5),
    st.booleans(),
)  # fmt: skip
def test_no_row_is_in_both_halves_and_everybody_has_one_to_train_on(rows, share, natural):
    labels, clients = (np.unique(values, return_inverse=True)[1] for values in np.array(rows).T)
    test_examples = max(1, round(share * len(rows)) - 6)
    train_examples = len(rows) - test_examples
    train, test = split(labels, train_examples, test_examples, clients if natural else None)
    assert len(train) == train_examples and len(test) == test_examples
    assert sorted([*train, *test]) == list(range(len(rows)))
    assert set(labels[train]) == set(labels)
    if natural:
        assert set(clients[train]) == set(clients)


def test_labels_have_like_shares():
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    train, test = split(labels, 400, 200)
    assert np.bincount(labels[test]).tolist() == [120, 60, 20]
    assert np.abs(np.bincount(labels[train]) - [240, 120, 40]).max() <= 1


def test_the_split_is_the_same_every_time_and_the_test_rows_for_every_training_size():
    labels = np.arange(100) % 2
    first, again, smaller = split(labels, 80, 20), split(labels, 80, 20), split(labels, 40, 20)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert np.array_equal(first[1], smaller[1])


@pytest.mark.parametrize(
    ("train", "test", "words"), [(90, 20, "more than the 100 rows"), (3, 20, "choose at least 10")]
)
def test_what_does_not_fit_is_a_sentence(train, test, words):
    with pytest.raises(ConfigError, match=words):
        split(np.arange(100) % 2, train, test, np.arange(100) % 10)


@pytest.mark.parametrize(
    ("rows", "clients", "sizes"),
    [(10, 0, (8, 2)), (300, 0, (240, 60)), (100_000, 0, (4000, 1000)), (20_000, 5000, (5000, 1000))],
)
def test_the_sizes_nobody_chose(rows, clients, sizes):
    assert default_sizes(rows, clients) == sizes
