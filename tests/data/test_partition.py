"""Every example has one owner, nobody is empty, and label mixes follow the Dirichlet distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fda_core.data.partition import (
    LEAST,
    dirichlet_partition,
    draw_mixes,
    natural_partition,
    uneven_partition,
    whole,
)
from fda_core.support.errors import ConfigError
from fda_core.support.streams import stream

BALANCED = np.arange(4000) % 2
MRPC = np.repeat([0, 1], [1194, 2474])
TEN_LABELS = np.arange(2000) % 10


def table(labels: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """[clients, labels] counts."""
    return np.array([np.bincount(labels[rows], minlength=labels.max() + 1) for rows in parts])


@st.composite
def problems(draw):
    """Labels (all present or not, rare or not), clients, alpha, seed."""
    labels = np.array(draw(st.lists(st.integers(0, draw(st.integers(0, 9))), min_size=1, max_size=120)))
    return labels, draw(st.integers(1, len(labels))), draw(st.floats(1e-3, 1e4)), draw(st.integers(0, 99))


@settings(max_examples=150, deadline=None)
@given(problems())
def test_every_example_has_exactly_one_owner(problem):
    labels = problem[0]
    owned = np.concatenate(dirichlet_partition(*problem))
    assert sorted(owned.tolist()) == list(range(len(labels)))


@settings(max_examples=150, deadline=None)
@given(problems())
def test_sizes_differ_by_at_most_one_and_nobody_is_empty(problem):
    sizes = [len(rows) for rows in dirichlet_partition(*problem)]
    assert len(sizes) == problem[1]
    assert min(sizes) >= 1 and max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("alpha", [0.001, 0.1, 1.0, 1000.0])
@pytest.mark.parametrize("labels", [BALANCED, TEN_LABELS, np.repeat([0, 1], [990, 10])], ids=["2", "10", "rare"])
def test_the_clients_together_hold_what_there_is_of_each_label(labels, alpha):
    parts = dirichlet_partition(labels, 40, alpha, seed=0)
    assert table(labels, parts).sum(0).tolist() == np.bincount(labels).tolist()


def test_the_same_seed_gives_the_same_partition():
    first, again = (dirichlet_partition(BALANCED, 40, 0.3, seed=5) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_another_seed_gives_another_partition():
    first, other = (dirichlet_partition(BALANCED, 40, 0.3, seed=seed) for seed in (5, 6))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("labels", [BALANCED, TEN_LABELS], ids=["2 labels", "10 labels"])
def test_a_tiny_alpha_gives_clients_as_pure_as_the_supply_allows(labels):
    counts = table(labels, dirichlet_partition(labels, 40, 1e-4, seed=0))
    # Where more clients want a label than it has examples for, the rest of them must be something else.
    wanted = np.bincount(counts.argmax(1), weights=counts.sum(1), minlength=counts.shape[1])
    possible = np.minimum(wanted, np.bincount(labels)).sum() / len(labels)
    assert counts.max(1).sum() / len(labels) > possible - 0.02


@pytest.mark.parametrize("labels", [BALANCED, TEN_LABELS], ids=["2 labels", "10 labels"])
def test_a_huge_alpha_gives_everyone_the_overall_mix(labels):
    counts = table(labels, dirichlet_partition(labels, 40, 1e6, seed=0))
    assert np.abs(counts / counts.sum(1, keepdims=True) - 1 / counts.shape[1]).max() < 0.03


@pytest.mark.parametrize("alpha", [0.1, 1.0, 10.0])
def test_the_mixes_have_mean_and_variance_of_the_dirichlet_distribution(alpha):
    """For p ~ Dir(α·prior): mean prior_l, variance prior_l (1 - prior_l) / (α + 1)."""
    prior, draws = np.array([0.5, 0.3, 0.2]), 20_000
    mixes = draw_mixes(stream(0, "partition"), alpha * prior, draws)
    variance = prior * (1 - prior) / (alpha + 1)
    # Five standard errors of the mean; shares lie in [0, 1], so their squared deviations vary by at most 1/4.
    np.testing.assert_allclose(mixes.mean(0), prior, atol=5 * np.sqrt(variance.max() / draws))
    np.testing.assert_allclose(mixes.var(0), variance, atol=5 * np.sqrt(variance.max() / 4 / draws))


@pytest.mark.parametrize(("share", "alpha"), [(0.5, 0.5), (0.5, 2.0), (0.5, 20.0), (0.2, 20.0)])
def test_the_clients_shares_vary_as_dirichlet_says(share, alpha):
    """As the draws themselves do, but after 1,600 clients of 40 examples had to divide one supply.

    The share of a label has mean prior and variance prior (1 - prior)/(α + 1). The fit to the supply takes away the
    draws' common deviation, a 1/1,600 effect; whole examples add about 1/40²/12, at most 1 %. A sample variance of n
    draws has a relative standard error of √((kurtosis - 1)/n); the Beta distributions here have a kurtosis below 3.3,
    which makes 3.8 %. Four of them are allowed.
    """
    labels = (np.arange(64_000) % 10 < 10 * share).astype(int)
    counts = table(labels, dirichlet_partition(labels, 1_600, alpha, seed=1))
    shares = counts[:, 1] / counts.sum(1)
    assert shares.mean() == pytest.approx(share)
    assert shares.var() == pytest.approx(share * (1 - share) / (alpha + 1), rel=4 * 0.038)


def test_a_label_nobody_has_is_given_to_nobody():
    labels = np.array([0, 2] * 10)  # label 1 does not occur
    counts = table(labels, dirichlet_partition(labels, 4, 0.5, seed=0))
    assert counts[:, 1].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("clients", [0, 11], ids=["no client", "more clients than examples"])
def test_clients_must_be_one_to_the_number_of_examples(clients):
    with pytest.raises(ValueError, match=rf"clients = {clients} .* from 1 to 10"):
        dirichlet_partition(np.arange(10) % 2, clients, 1.0, seed=0)


def test_a_natural_split_gives_each_client_its_own_rows():
    rows = natural_partition(np.array([2, 0, 2, 1, 0]), 3)
    assert [own.tolist() for own in rows] == [[1, 4], [3], [0, 2]]


def test_a_client_s_share_is_rounded_to_the_label_that_misses_most():
    drawn = np.array([[1.8, 0.2], [0.2, 1.8]])
    assert whole(drawn, sizes=np.array([2, 2]), supply=np.array([2, 2])).tolist() == [[2, 0], [0, 2]]


@settings(max_examples=100, deadline=None)
@given(problems())
def test_uneven_sizes_give_every_example_one_owner_or_are_refused_in_a_sentence(problem):
    labels, clients, *_ = problem
    try:
        parts = uneven_partition(*problem)
    except ConfigError as error:
        assert "choose a larger alpha, fewer clients, or sizes = equal" in str(error)
        return
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    assert len(parts) == clients and min(map(len, parts)) >= 1


def test_with_uneven_sizes_the_same_alpha_means_less_skew():
    """As on the reference code's division of MRPC: |p₀ − prior| .216 with uneven sizes, .299 with equal ones."""

    def skew(divide) -> float:
        tables = [table(MRPC, divide(MRPC, 10, 1.0, seed)) for seed in range(40)]
        return float(np.mean([abs(counts[:, 0] / counts.sum(axis=1) - 1194 / 3668).mean() for counts in tables]))

    assert skew(uneven_partition) < 0.95 * skew(dirichlet_partition)


def test_uneven_sizes_vary_more_the_smaller_alpha_is():
    spread = [np.std([len(rows) for rows in uneven_partition(BALANCED, 10, alpha, 3)]) for alpha in (100.0, 1.0)]
    assert spread[0] < 0.5 * spread[1]
    assert min(len(rows) for rows in uneven_partition(BALANCED, 10, 1.0, 3)) >= LEAST


def test_a_deal_by_hand():
    """A client with its fair share already gets none of the next label: with two clients the first label decides."""
    labels = np.array([0] * 10 + [1] * 10)
    for seed in range(20):
        first, second = table(labels, uneven_partition(labels, 2, 0.5, seed))
        assert first[0] + second[0] == first[1] + second[1] == 10
        more = first if first[0] >= 10 else second if second[0] >= 10 else None
        assert more is None or more[1] == 0
