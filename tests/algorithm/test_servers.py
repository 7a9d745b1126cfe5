"""Server optimisers against two steps by hand."""

import pytest
import torch

from fda_core.algorithm.servers import Server
from fda_core.settings.methods import SERVERS

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
    # The same velocities, each once more by 0.9 ahead: w - lr (1.9 g₁ + g₂ + 0.9 v₂) = w - lr (0.545, -0.475)
    "nesterov, lr 1": ("nesterov", 1.0, [0.455, -1.525]),
    # β₁ 0.9, β₂ 0.999, ε 1e-8, bias-corrected. Step 1 is lr · sign(g₁): (1.1, -2).
    # First coordinate: m₂ = 0.9 · (-0.05) + 0.1 = 0.055, /(1 - 0.81) = 0.289474; v₂ = 0.999 · 0.00025 + 0.001 =
    # 0.00124975, /(1 - 0.998001) = 0.625188, root 0.790688; step 0.1 · 0.289474/0.790688 = 0.0366104.
    # Second: m₂ = -0.025, /0.19 = -0.131579; v₂ = 0.0000625, /0.001999 = 0.0312656, root 0.176821; step -0.0744138.
    "adam, lr 0.1": ("adam", 0.1, [1.0633896, -1.9255862]),
    # Adam, but before each step the weights shrink by 0.1 · 0.01: 1 · 0.999 + 0.1 = 1.099, · 0.999 - 0.0366104;
    # -2 · 0.999 = -1.998, · 0.999 + 0.0744138.
    "adamw, lr 0.1": ("adamw", 0.1, [1.0612906, -1.9215882]),
    # Sums of squares 0.25, then 1.25; and 0.0625: 1 + 0.1 · 0.5/0.5 - 0.1 · 1/1.118034; -2 + 0.1 · 0.25/0.25.
    "adagrad, lr 0.1": ("adagrad", 0.1, [1.0105573, -1.9]),
    # v₀ 1e-6, ε 1e-3. First: m₁ = -0.05, v₁ = 1e-6 + 0.001 · 0.25 = 0.000251, root 0.0158430, step 0.2968596;
    # m₂ = 0.055, v₂ = 0.001251, root 0.0353695, step -0.1512257.
    # Second: v₁ = 1e-6 - 0, m₂ = -0.025, v₂ = 0.0000635, root 0.0079687, step 0.2787475.
    "yogi, lr 0.1": ("yogi", 0.1, [1.1456339, -1.7212525]),
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
    """But for AdamW: its weight decay, lr · 0.01, works every round (PyTorch's default, as in the reference code)."""
    server = Server(name, 1.0, START)
    server.step(torch.zeros(2))
    torch.testing.assert_close(server.weights, START * (0.99 if name == "adamw" else 1), rtol=0, atol=0)


def test_yogi_s_second_moment_comes_down_slowly():
    """Additive: after a large gradient v falls by 0.001 g² of the small ones, where Adam's falls by 0.001 v."""
    server = Server("yogi", 1.0, torch.zeros(1))
    server.step(torch.tensor([-10.0]))
    server.step(torch.tensor([-0.1]))
    v = server.optimizer.state[server.weights]["v"].item()
    assert v == pytest.approx(1e-6 + 0.1 - 0.001 * 0.01, rel=1e-6)
