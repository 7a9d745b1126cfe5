"""Server optimisers in numpy, equal to torch's: the mean drift, turned around, is the gradient.

As `fda_core/algorithm/servers.py` has them, and as the reference code: PyTorch's own formulas and defaults. Flower's
differ: its FedAdam corrects the bias with the round's number plus one, and with NumPy 2 returns float64.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass
class ServerOptimizer:
    """lr: the server's rate. Vectors [d] are float32, as torch's are; `step` counts from 1."""

    lr: float
    steps: int = 0
    moments: dict[str, np.ndarray] = field(default_factory=dict)

    def step(self, weights: np.ndarray, mean_drift: np.ndarray) -> np.ndarray:
        """The new global weights [d] float32, after the pseudo-gradient g = -mean u_k."""
        self.steps += 1
        return self.moved(weights, -mean_drift).astype(np.float32)

    def moved(self, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Plain SGD; at a rate of 1 it is averaging."""
        return weights - np.float32(self.lr) * gradient

    def moment(self, name: str, like: np.ndarray, start: float = 0.0) -> np.ndarray:
        """A vector that is remembered from step to step."""
        return self.moments.setdefault(name, np.full_like(like, start))


@dataclass
class Momentum(ServerOptimizer):
    """SGD with momentum β (FedAvgM), Nesterov's on request: with long rounds DiLoCo's."""

    beta: float = 0.9
    nesterov: bool = False

    def moved(self, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The first velocity is the gradient itself."""
        before = self.moments.get("velocity")
        velocity = gradient.copy() if before is None else np.float32(self.beta) * before + gradient
        self.moments["velocity"] = velocity
        direction = gradient + np.float32(self.beta) * velocity if self.nesterov else velocity
        return weights - np.float32(self.lr) * direction


@dataclass
class Adam(ServerOptimizer):
    """Adam (FedAdam); with weight_decay above 0 AdamW, whose decay is decoupled."""

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def moved(self, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Bias-corrected with the number of steps."""
        first, second = self.betas
        m, v = self.moment("m", gradient), self.moment("v", gradient)
        m += np.float32(1 - first) * (gradient - m)
        v *= np.float32(second)
        v += np.float32(1 - second) * gradient * gradient
        weights = weights * np.float32(1 - self.lr * self.weight_decay)
        rate = self.lr / (1 - first**self.steps)
        spread = np.sqrt(v) / np.float32((1 - second**self.steps) ** 0.5) + np.float32(self.eps)
        return weights - np.float32(rate) * m / spread


@dataclass
class Adagrad(ServerOptimizer):
    """Adagrad (FedAdagrad)."""

    eps: float = 1e-10

    def moved(self, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The rate falls with the sum of squares."""
        total = self.moment("sum", gradient)
        total += gradient * gradient
        return weights - np.float32(self.lr) * gradient / (np.sqrt(total) + np.float32(self.eps))


@dataclass
class Yogi(ServerOptimizer):
    """Yogi (FedYogi): no bias correction, v₀ = ε² (Reddi et al. 2021, algorithm 2)."""

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-3

    def moved(self, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The second moment moves by at most (1 - β₂)g² a step."""
        first, second = self.betas
        m, v, squared = self.moment("m", gradient), self.moment("v", gradient, self.eps**2), gradient * gradient
        m += np.float32(1 - first) * (gradient - m)
        v += np.float32(1 - second) * np.sign(squared - v) * squared
        return weights - np.float32(self.lr) * m / (np.sqrt(v) + np.float32(self.eps))


Make = Callable[[], ServerOptimizer]
