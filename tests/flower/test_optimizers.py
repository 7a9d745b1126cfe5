"""The server optimisers in numpy are torch's, step for step."""

import numpy as np
import pytest

from fda_flower.server_optimizers import Adagrad, Adam, Momentum, ServerOptimizer, Yogi

torch = pytest.importorskip("torch")

PAIRS = {
    "sgd": ServerOptimizer(1.0), "sgdm": Momentum(0.3), "nesterov": Momentum(0.7, nesterov=True),
    "adam": Adam(0.001), "adamw": Adam(0.001, weight_decay=0.01),
    "adagrad": Adagrad(0.003), "yogi": Yogi(0.003),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_ten_steps_are_torch_s(name):
    from fda_core.algorithm.servers import Server

    rng, ours = np.random.default_rng(0), PAIRS[name]
    weights = rng.standard_normal(500, np.float32)
    server = Server(name, ours.lr, torch.from_numpy(weights))
    for _ in range(10):
        drift = 0.1 * rng.standard_normal(500, np.float32)
        weights = ours.step(weights, drift)
        server.step(torch.from_numpy(drift))
        assert weights.dtype == np.float32
        np.testing.assert_allclose(weights, server.weights.numpy(), rtol=2e-6, atol=2e-7)


def test_none_of_the_lab_s_is_missing():
    """An experiment with a server that Flower's half does not know would fail there, after the engine has played it."""
    from fda_core.settings.methods import SERVERS

    assert set(PAIRS) == set(SERVERS)
