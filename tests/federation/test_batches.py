"""Who trains when, and on what, is a function of the seed; nobody is left out and nobody comes twice."""

from itertools import chain, islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fda_core.federation.batches import batches, cohort_of, cohorts
from fda_core.support.errors import ConfigError


@st.composite
def samplings(draw):
    """Clients N, clients per round K ≤ N, seed."""
    clients = draw(st.integers(1, 15))
    return clients, draw(st.integers(1, clients)), draw(st.integers(0, 99))


@given(samplings())
def test_a_round_has_k_different_clients(sampling):
    clients, per_round, _ = sampling
    for cohort in islice(cohorts(*sampling), 20):
        assert len(set(cohort)) == per_round
        assert set(cohort) <= set(range(clients))


@given(samplings())
def test_nobody_is_ever_two_turns_ahead_of_anybody(sampling):
    turns = np.zeros(sampling[0], int)
    for cohort in islice(cohorts(*sampling), 40):
        turns[cohort] += 1
        assert np.ptp(turns) <= 1


@pytest.mark.parametrize(
    ("clients", "per_round"),
    [(12, 4), (12, 5), (7, 3), (5, 4), (5, 1), (6, 6)],
    ids=lambda value: str(value),
)
def test_after_whole_passes_everybody_has_trained_equally_often(clients, per_round):
    """K rounds of N clients are K·N turns: exactly K turns each, also when K does not divide N."""
    for multiple in (1, 2, 3):
        rounds = islice(cohorts(clients, per_round, seed=3), multiple * clients)
        turns = np.bincount(np.concatenate(list(rounds)), minlength=clients)
        assert turns.tolist() == [multiple * per_round] * clients


def test_a_dividing_round_makes_whole_passes():
    """N = 6, K = 2: every three rounds are a pass."""
    rounds = list(islice(cohorts(6, 2, seed=1), 9))
    assert [sorted(chain(*rounds[start : start + 3])) for start in (0, 3, 6)] == [list(range(6))] * 3


def test_a_round_across_two_passes_takes_the_rest_of_the_old_one_first():
    """N = 5, K = 3: round 2 holds the two clients that round 1 left over."""
    first, second = islice(cohorts(5, 3, seed=0), 2)
    assert set(range(5)) - set(first) <= set(second)


def test_passes_are_shuffled():
    assert len({tuple(cohort) for cohort in islice(cohorts(10, 5, seed=0), 0, 20, 2)}) > 1


@given(samplings(), st.integers(1, 12))
def test_a_round_can_be_asked_for_by_its_number(sampling, number):
    assert cohort_of(*sampling, number) == list(islice(cohorts(*sampling), number))[-1]


def take(count: int, rows=range(10), batch_size=4, seed=0, round=1, client=0) -> list[list[int]]:
    stream = batches(np.array(rows), batch_size, seed, round, client)
    return [batch.tolist() for batch in islice(stream, count)]


def test_each_pass_is_a_permutation_whose_last_batch_is_short():
    found = take(6, rows=range(100, 110))
    assert [len(batch) for batch in found] == [4, 4, 2, 4, 4, 2]
    for start in (0, 3):
        assert sorted(chain(*found[start : start + 3])) == list(range(100, 110))


def test_the_passes_differ():
    found = take(6)
    assert found[:3] != found[3:]


def test_a_client_with_less_than_a_batch_gives_what_it_has():
    assert [sorted(batch) for batch in take(3, rows=[5, 7])] == [[5, 7]] * 3


def test_the_order_is_repeatable():
    assert take(6) == take(6)


@pytest.mark.parametrize("changed", [{"seed": 1}, {"round": 2}, {"client": 1}], ids=str)
def test_seed_round_and_client_change_the_order(changed):
    assert take(3) != take(3, **changed)


def test_the_batch_size_cuts_the_same_order():
    """What pairs lanes: the order belongs to seed, round and client, not to how it is read."""
    assert [*chain(*take(3, batch_size=4))] == [*chain(*take(5, batch_size=2))]


def test_passes_over_nothing_are_refused():
    with pytest.raises(ConfigError, match="nothing to train on"):
        next(batches(np.array([], dtype=int), 8, seed=0, round=1, client=0))


@pytest.mark.parametrize("per_round", [0, 4])
def test_a_round_of_more_clients_than_there_are_is_refused(per_round):
    with pytest.raises(ValueError, match="from 1 to 3"):
        next(cohorts(3, per_round, seed=0))
