"""The same job through the lab's engine and through Flower's messages: the embedded encoder on the embedded reviews."""

import numpy as np
import pytest

pytest.importorskip("torch")
from fda_core.algorithm.events import Epoch, Round
from fda_core.federation import engine
from tests.flower.engine_app import CONFIG, play


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    from fda_core.setup import prepare

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FDA_OPT_LAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        return prepare(CONFIG)


@pytest.fixture(scope="module")
def engine_s(experiment):
    """Epochs and rounds as the engine plays them."""
    return [event for event in engine.run(experiment) if isinstance(event, Epoch | Round)]


@pytest.mark.parametrize("ahead", [1, 5])
def test_epochs_variance_and_threshold_are_the_engine_s(experiment, engine_s, ahead):
    found, _ = play(experiment, ahead)
    rounds = [event for event in engine_s if isinstance(event, Round)]
    assert [r.epochs for r in found] == [r.epochs for r in rounds]
    assert len({r.epochs for r in rounds}) > 1
    for ours, theirs in zip(found, rounds, strict=True):
        np.testing.assert_allclose(
            [ours.variance, ours.threshold_next], [theirs.variance, theirs.threshold_next], rtol=1e-5
        )
    estimates = [event.variance_estimate for event in engine_s if isinstance(event, Epoch)]
    told = [check.estimate for r in found for check in r.checks[: r.epochs]]
    np.testing.assert_allclose(told, estimates, rtol=1e-4)
