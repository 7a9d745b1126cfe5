"""The variance by hand, its estimates, and what their states weigh."""

import math

import numpy as np
import pytest
import torch

from fda_core.algorithm.monitors import (
    DriftStatistics,
    ExactMonitor,
    LinearMonitor,
    NaiveMonitor,
    SketchMonitor,
    make_monitor,
)
from fda_core.algorithm.sketch import Sketch, norm_squared
from fda_core.settings.methods import MONITORS

# ‖u₁‖² = 1 + 4 + 4 = 9, ‖u₂‖² = 9 + 16 = 25, mean 17; mean drift (2, 1, 3), squared 4 + 1 + 9 = 14; Var = 17 - 14.
DRIFTS = torch.tensor([[1.0, 2.0, 2.0], [3.0, 0.0, 4.0]])
SIZE = 3_000


def some(clients: int, size: int = SIZE) -> DriftStatistics:
    return DriftStatistics.of(torch.randn(clients, size, generator=torch.Generator().manual_seed(0)))


def test_the_variance_by_hand():
    statistics = DriftStatistics.of(DRIFTS)
    assert statistics.sq_norms.tolist() == [9, 25]
    assert statistics.mean_drift.tolist() == [2, 1, 3]
    assert (statistics.mean_sq_drift, statistics.sq_mean_drift) == (17, 14)
    assert statistics.variance == pytest.approx(3, abs=1e-12)


def test_the_variance_is_the_mean_squared_distance_from_the_mean():
    drifts = torch.randn(5, 200, generator=torch.Generator().manual_seed(1))
    distances = (drifts.double() - drifts.double().mean(0)).square().sum(1)
    assert DriftStatistics.of(drifts).variance == pytest.approx(distances.mean().item(), rel=1e-5)


def test_norms_are_summed_in_float64():
    """In float32, 100,000 squares of 1e-8 beside one of 1 lose half of their digits."""
    drifts = torch.full((2, 100_001), 1e-4)
    drifts[:, 0] = 1.0
    value = float(torch.tensor(1e-4)) ** 2  # as float32 holds it
    assert DriftStatistics.of(drifts).sq_norms[0].item() == pytest.approx(1 + 100_000 * value, rel=1e-12)


@pytest.mark.parametrize("clients", [2, 3, 7, 10])
def test_clients_that_agree_have_no_variance(clients):
    """Up to the rounding of a float32 mean, which for some K is one digit in 2²⁴ off."""
    drift = torch.randn(SIZE, generator=torch.Generator().manual_seed(2))
    statistics = DriftStatistics.of(drift.repeat(clients, 1))
    assert 0 <= statistics.variance <= 2**-22 * statistics.mean_sq_drift


def test_rounding_never_makes_a_variance_negative():
    for seed in range(50):
        drift = torch.randn(100, generator=torch.Generator().manual_seed(seed))
        assert DriftStatistics.of(drift.repeat(3, 1)).variance >= 0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_not_hidden(bad):
    drifts = DRIFTS.clone()
    drifts[1, 1] = bad
    assert not math.isfinite(DriftStatistics.of(drifts).variance)


@pytest.mark.parametrize("name", MONITORS)
def test_estimates_of_no_numbers_are_no_numbers(name):
    drifts = torch.full((2, SIZE), math.nan)
    assert math.isnan(make_monitor(name, SIZE, seed=0).estimate(DriftStatistics.of(drifts)))


@pytest.mark.parametrize("name", MONITORS)
def test_a_lone_client_cannot_disagree(name):
    assert make_monitor(name, SIZE, seed=0).estimate(some(1)) == 0.0
    assert some(1).variance == 0.0


def test_the_exact_monitor_gives_the_variance():
    assert ExactMonitor(3).estimate(DriftStatistics.of(DRIFTS)) == pytest.approx(3, abs=1e-12)


def test_the_sketch_monitor_follows_its_formula():
    """v̂ = mean‖u_k‖² - M₂(mean of the clients' sketches)/(1 + ε), with every client sketching its own drift."""
    drifts = torch.randn(4, SIZE, generator=torch.Generator().manual_seed(0))
    sketch = Sketch(SIZE, seed=7)
    sent = np.stack([sketch(drift) for drift in drifts])
    by_hand = drifts.double().square().sum(1).mean().item() - norm_squared(sent.mean(0)) / (1 + 500**-0.5)
    assert SketchMonitor(sketch).estimate(DriftStatistics.of(drifts)) == pytest.approx(by_hand, rel=1e-6)


def test_the_sketch_errs_on_the_side_of_too_much_variance():
    """What the division by 1 + ε is for. On vectors of one block the sketch is exact and nothing else is left."""
    statistics = some(4, size=400)
    estimate = SketchMonitor(Sketch(400, seed=0)).estimate(statistics)
    excess = statistics.sq_mean_drift * (1 - 1 / (1 + 500**-0.5))
    assert estimate == pytest.approx(statistics.variance + excess, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_sketch_estimate_is_near_the_variance(seed):
    """The squared norm of the mean drift is known to 10 % nine times in ten (test_sketch.py), plus ε."""
    statistics = some(4)
    assert make_monitor("sketch", SIZE, seed).estimate(statistics) == pytest.approx(
        statistics.variance, abs=0.15 * statistics.sq_mean_drift
    )


@pytest.mark.parametrize(
    ("name", "size", "weight"),
    [
        pytest.param("exact", 3, 16, id="a norm and three weights"),
        pytest.param("exact", 160_898, 643_596, id="a norm and the whole drift"),
        pytest.param("naive", 160_898, 4, id="a norm"),
        pytest.param("linear", 160_898, 8, id="a norm and a product"),
        pytest.param("sketch", 3, 6_004, id="a norm and 1,500 sums"),
        pytest.param("sketch", 160_898, 6_004, id="the same for every model"),
    ],
)
def test_what_a_state_weighs(name, size, weight):
    assert make_monitor(name, size, seed=0).state_bytes == weight


def test_the_sketch_s_map_belongs_to_the_seed():
    same, other = (make_monitor("sketch", SIZE, seed=seed).estimate(some(3)) for seed in (1, 2))
    assert make_monitor("sketch", SIZE, seed=1).estimate(some(3)) == same != other


def test_shares_weigh_the_mean_drift_and_the_norms_alike():
    """Shares 1/4 and 3/4: norms 9/4 + 75/4 = 21; mean drift (2.5, 0.5, 3.5), squared 18.75; Var 2.25."""
    statistics = DriftStatistics.of(DRIFTS, torch.tensor([0.25, 0.75], dtype=torch.float64))
    assert statistics.mean_drift.tolist() == [2.5, 0.5, 3.5]
    assert (statistics.mean_sq_drift, statistics.sq_mean_drift) == pytest.approx((21, 18.75), rel=1e-12)
    assert statistics.variance == pytest.approx(2.25, abs=1e-12)


def test_the_naive_monitor_takes_the_mean_drift_for_nothing():
    assert NaiveMonitor().estimate(DriftStatistics.of(DRIFTS)) == 17


def test_the_linear_monitor_by_hand():
    """ξ along (0, 0, 2): the mean drift has 3 along it; 17 - 9."""
    monitor = LinearMonitor(3, seed=0)
    monitor.synchronised([0], torch.tensor([0.0, 0.0, 2.0]))
    assert monitor.estimate(DriftStatistics.of(DRIFTS)) == pytest.approx(8, rel=1e-12)


def test_the_linear_monitor_begins_with_a_random_direction_of_length_1_that_belongs_to_the_seed():
    first, again, other = (LinearMonitor(SIZE, seed).direction for seed in (1, 1, 2))
    assert first.norm().item() == pytest.approx(1, rel=1e-12)
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_client_that_was_not_in_the_last_round_has_to_be_sent_the_direction():
    monitor = LinearMonitor(3, seed=0)
    assert monitor.uninformed([0, 1, 2]) == []  # the first one follows from the seed
    monitor.synchronised([0, 1], torch.ones(3))
    assert monitor.uninformed([0, 1]) == []
    assert monitor.uninformed([1, 2, 5]) == [2, 5]
    monitor.synchronised([2, 5], torch.ones(3))
    assert monitor.uninformed([0, 1, 2]) == [0, 1]


def test_a_round_that_moved_nothing_leaves_the_direction_and_adds_who_knows_it():
    monitor = LinearMonitor(3, seed=0)
    monitor.synchronised([0, 1], torch.ones(3))
    before = monitor.direction
    monitor.synchronised([2], torch.zeros(3))
    assert torch.equal(monitor.direction, before)
    assert monitor.uninformed([0, 1, 2, 3]) == [3]


@pytest.mark.parametrize("name", ["exact", "naive", "sketch"])
def test_other_monitors_need_no_direction(name):
    monitor = make_monitor(name, SIZE, seed=0)
    monitor.synchronised([0], torch.ones(SIZE))
    assert monitor.uninformed([0, 1]) == []
