"""The statistics of the sketch's errors: of drifts that are known, counted by hand."""

import numpy as np
import pytest
import torch

from benchmarks import sketch_errors
from fda_core.algorithm.monitors import DriftStatistics


@pytest.fixture
def drifts():
    generator = torch.Generator().manual_seed(0)
    return {
        "drift, round 10, epoch 1": torch.randn(4, 3_000, generator=generator),
        "drift, round 2, epoch 3": torch.ones(4, 3_000) + torch.randn(4, 3_000, generator=generator),
    }


def test_how_often_the_estimate_is_too_small_is_counted_from_the_estimates_themselves(drifts):
    """v̂ < Var, by comparing the two, not by the rule about ε."""
    spread = DriftStatistics.of(drifts["drift, round 2, epoch 3"])
    found = sketch_errors.row("drift", spread.mean_drift, 50, 60, spread)
    error = sketch_errors.errors(spread.mean_drift, 50, 60)
    estimates = spread.mean_sq_drift - (1 + error) * spread.sq_mean_drift / (1 + 50**-0.5)
    assert found["below"] == (estimates < spread.variance).mean()
    assert 0 < found["below"] < 0.5
    assert found["q05"] < found["q50"] < found["q95"]


def test_drifts_are_played_once_and_then_read_in_the_order_of_the_run(drifts, tmp_path, monkeypatch):
    played = []
    monkeypatch.setattr(sketch_errors, "drifts_of_a_run", lambda: played.append(1) or drifts)
    for _ in range(2):
        stored = sketch_errors.stored_drifts(tmp_path)
    assert len(played) == 1
    assert list(stored) == ["drift, round 2, epoch 3", "drift, round 10, epoch 1"]
    torch.testing.assert_close(stored["drift, round 10, epoch 1"], drifts["drift, round 10, epoch 1"], rtol=0, atol=0)


def test_wider_sketches_err_less_and_the_tables_name_every_vector(drifts):
    found = sketch_errors.measured(drifts, maps=40)
    table = sketch_errors.vectors_table(found)
    assert all(f"| {name} |" in table for name in [*drifts, "Gaussian", "sparse", "constant"])
    by_width = found[found.vector.isin(drifts)].groupby("width").mean_absolute.mean()
    assert by_width[125] > 2 * by_width[2000]
    assert np.isnan(found[found.vector == "sparse"].estimate_q05).all()
