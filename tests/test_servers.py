"""Server optimisers against two steps by hand."""

import pytest
import torch

from fda_core.config import SERVER_LR, SERVERS
from fda_core.servers import OPTIMIZERS, Server

START = torch.tensor([1.0, -2.0])
DRIFTS = [torch.tensor([0.5, 0.0]), torch.tensor([-1.0, 0.25])]

# The pseudo-gradients are g₁ = (-0.5, 0) and g₂ = (1, -0.25).
AFTER_TWO_STEPS = {
    # w - lr (g₁ + g₂)
    "sgd, lr 1": ("sgd", 1.0, [0.5, -1.75]),
    "sgd, lr 0.1": ("sgd", 0.1, [0.95, -1.975]),
    # Velocity v₁ = g₁, v₂ = 0.9 g₁ + g₂ = (0.55, -0.25); w - lr (v₁ + v₂) = w - lr (0.05, -0.25)
    "sgdm, lr 1": ("sgdm", 1.0, [0.95, -1.75]),
    "sgdm, lr 0.1": ("sgdm", 0.1, [0.995, -1.975]),
    # β₁ 0.9, β₂ 0.999, ε 1e-8, bias-corrected. Step 1 is lr · sign(g₁): (1.1, -2).
    # First coordinate: m₂ = 0.9 · (-0.05) + 0.1 = 0.055, /(1 - 0.81) = 0.289474; v₂ = 0.999 · 0.00025 + 0.001 =
    # 0.00124975, /(1 - 0.998001) = 0.625188, root 0.790688; step 0.1 · 0.289474/0.790688 = 0.0366104.
    # Second: m₂ = -0.025, /0.19 = -0.131579; v₂ = 0.0000625, /0.001999 = 0.0312656, root 0.176821; step -0.0744138.
    "adam, lr 0.1": ("adam", 0.1, [1.0633896, -1.9255862]),
}


@pytest.mark.parametrize(("name", "lr", "expected"), AFTER_TWO_STEPS.values(), ids=AFTER_TWO_STEPS)
def test_two_steps_by_hand(name, lr, expected):
    server = Server(name, lr, START)
    for drift in DRIFTS:
        server.step(drift)
    assert server.weights.tolist() == pytest.approx(expected, abs=1e-6)


def test_plain_sgd_with_rate_1_is_averaging():
    clients = torch.randn(7, 50, generator=torch.Generator().manual_seed(0))
    weights = torch.randn(50, generator=torch.Generator().manual_seed(1))
    server = Server("sgd", 1.0, weights)
    server.step((clients - weights).mean(0))
    torch.testing.assert_close(server.weights, clients.mean(0))


def test_the_first_momentum_step_is_not_damped():
    server = Server("sgdm", 1.0, START)
    server.step(DRIFTS[0])
    assert server.weights.tolist() == [1.5, -2.0]


@pytest.mark.parametrize("name", SERVERS)
def test_the_initial_weights_are_not_touched(name):
    initial = START.clone()
    Server(name, 1.0, initial).step(DRIFTS[0])
    assert torch.equal(initial, START)


@pytest.mark.parametrize("name", SERVERS)
def test_clients_that_did_not_move_leave_a_fresh_server_where_it_is(name):
    server = Server(name, 1.0, START)
    server.step(torch.zeros(2))
    assert torch.equal(server.weights, START)


def test_every_server_a_config_may_name_exists_and_has_a_rate():
    assert set(OPTIMIZERS) == set(SERVERS) == set(SERVER_LR)
