"""Simulated seconds recomputed by hand: a round waits for its slowest client at every barrier."""

import numpy as np
import pytest

from fda_core.algorithm.network import Network
from fda_core.settings.config import Link

# Bytes a second; client 1 is the slowest up, client 2 the slowest down; a step takes 0.5 s, a round trip 0.25 s.
NETWORK = Network(up=np.array([200.0, 50.0, 100.0]), down=np.array([400.0, 200.0, 100.0]), step_seconds=0.5, rtt=0.25)
MODEL, STATE = 1_000, 100

CELLS = {
    # Down 2.5, 5, 10; two epochs of 4 steps 4; up 5, 20, 10: sums 11.5, 29, 24.
    "FedOpt, E = 2": ([0, 1, 2], [[4, 4, 4]] * 2, None, 29 + 0.25),
    "FedOpt without the slowest client": ([0, 2], [[4, 4]] * 2, None, 24 + 0.25),
    # Steps 2 and 6: 2.5 + 1 + 5 = 8.5 and 10 + 3 + 10 = 23.
    "FedOpt with unequal steps": ([0, 2], [[2, 6]], None, 23 + 0.25),
    # Epoch 2 s; states 0.5, 2, 1. First: 5, 9, 13. Then 2.5, 4, 3 twice. Up 20.
    "FDA, 3 epochs": ([0, 1, 2], [[4, 4, 4]] * 3, STATE, (13 + 0.25) + 2 * (4 + 0.25) + (20 + 0.25)),
    # The same in one epoch: one barrier, then the models.
    "FDA, 1 epoch": ([0, 1, 2], [[4, 4, 4]], STATE, (13 + 0.25) + (20 + 0.25)),
    # Clients 2 and 0 in this order: 13 and 5; the next epoch of 10 and 2 steps 6 and 1.5; up 10.
    "FDA, unequal steps": ([2, 0], [[4, 4], [10, 2]], STATE, (13 + 0.25) + (6 + 0.25) + (10 + 0.25)),
}


@pytest.mark.parametrize(("clients", "steps", "state", "seconds"), CELLS.values(), ids=CELLS)
def test_a_round_is_a_sum_of_maxima(clients, steps, state, seconds):
    assert NETWORK.round_seconds(clients, steps, MODEL, state) == pytest.approx(seconds)


GONE = np.nan
DROPPED = {
    # Client 1, the slow one, drops out in the second epoch: 13; then 4 · 0.5 + 1 = 3 of client 2; up 10.
    "FDA": ([[4, 4, 4], [4, GONE, 4]], STATE, (13 + 0.25) + (3 + 0.25) + (10 + 0.25)),
    # Sums 11.5 and 24 of those left.
    "FedOpt": ([[4, 4, 4], [4, GONE, 4]], None, 24 + 0.25),
    "everybody, FDA: one epoch, then nobody answers": ([[4, 4, 4], [GONE] * 3], STATE, (13 + 0.25) + 0.25 + 0.25),
    "everybody, FedOpt": ([[GONE] * 3], None, 0.25),
}


@pytest.mark.parametrize(("segments", "state", "seconds"), DROPPED.values(), ids=DROPPED)
def test_nobody_waits_for_a_client_that_has_dropped_out(segments, state, seconds):
    assert NETWORK.round_seconds([0, 1, 2], segments, MODEL, state) == pytest.approx(seconds)


def test_a_client_that_needs_the_linear_monitor_s_direction_waits_for_two_models():
    """Client 2 downloads 2,000 bytes at 100 a second: 20 + 2 + 1 = 23 instead of 13; up 20."""
    seconds = NETWORK.round_seconds([0, 1, 2], [[4, 4, 4]], MODEL, STATE, uninformed=[2])
    assert seconds == pytest.approx((23 + 0.25) + (20 + 0.25))


def test_without_a_network_only_steps_take_time():
    assert NETWORK.compute_seconds([np.array([4, 2]), np.array([1.0, GONE])]) == 0.5 * (4 + 1)


def test_asking_does_not_change_the_network():
    first, again = (NETWORK.round_seconds([0, 1], [[4, 4]] * 3, MODEL, STATE) for _ in range(2))
    assert first == again


def test_without_spread_all_links_are_those_of_the_settings():
    network = Network.of(Link(uplink_mbit=8, downlink_mbit=16, rtt_ms=100, step_seconds=0.2), 3, seed=0)
    assert network.up.tolist() == [1e6] * 3  # 8 Mbit/s are a million bytes a second
    assert network.down.tolist() == [2e6] * 3
    assert (network.step_seconds, network.rtt) == (0.2, 0.1)


def test_the_median_client_has_the_settings_speeds():
    """The median of 4,000 normal numbers of deviation 0.5 has a standard error of 1.2533 · 0.5/√4000 = 1 %: four."""
    network = Network.of(Link(uplink_mbit=8, spread=0.5), 4000, seed=0)
    assert np.median(network.up) == pytest.approx(1e6, rel=0.04)
    assert np.log(network.up).std() == pytest.approx(0.5, rel=0.05)


def test_a_slow_client_is_slow_both_ways():
    network = Network.of(Link(uplink_mbit=10, downlink_mbit=50, spread=1), 20, seed=0)
    np.testing.assert_allclose(network.down / network.up, 5)


def test_the_links_belong_to_the_seed():
    link = Link(spread=1)
    same, again, other = (Network.of(link, 10, seed).up.tolist() for seed in (1, 1, 2))
    assert same == again != other
