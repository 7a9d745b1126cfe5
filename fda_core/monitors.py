"""How the server estimates the variance of the clients' models from the small states they send after a local epoch.

A state is what one client sends; the estimate uses the mean of the states only (arXiv 2405.20988, section 3).
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from fda_core.sketch import Sketch, norm_squared

FLOAT_BYTES = 4


@dataclass(frozen=True)
class Spread:
    """How far the K clients have moved and how much they disagree; squared norms in float64.

    `mean_drift` [d] is the mean of u_k = w_k - w; `sq_norms` [K] are the ‖u_k‖².
    """

    mean_drift: Tensor
    sq_norms: Tensor

    @classmethod
    def of(cls, drifts: Tensor) -> "Spread":
        """drifts [K, d] float32."""
        return cls(drifts.mean(0), torch.linalg.vector_norm(drifts, dim=1, dtype=torch.float64).square())

    @property
    def mean_sq_drift(self) -> float:
        return self.sq_norms.mean().item()

    @property
    def sq_mean_drift(self) -> float:
        return torch.linalg.vector_norm(self.mean_drift, dtype=torch.float64).square().item()

    @property
    def variance(self) -> float:
        """Var = mean‖u_k‖² - ‖mean u_k‖², never negative; exactly 0 for a single client."""
        if len(self.sq_norms) == 1:
            return 0.0
        value = self.mean_sq_drift - self.sq_mean_drift
        return value if value != value else max(0.0, value)


class Monitor(Protocol):
    """An estimate of the variance and the price of the state it needs."""

    state_bytes: int

    def estimate(self, spread: Spread) -> float: ...


class ExactMonitor:
    """State (‖u_k‖², u_k): the variance itself, at the price of the whole drift."""

    def __init__(self, size: int):
        self.state_bytes = FLOAT_BYTES * (size + 1)

    def estimate(self, spread: Spread) -> float:
        return spread.variance


class SketchMonitor:
    """State (‖u_k‖², sketch of u_k); v̂ = mean‖u_k‖² - M₂(mean sketch)/(1 + ε) (reference code, `fda_opt.py`)."""

    def __init__(self, sketch: Sketch):
        self.sketch = sketch
        self.state_bytes = FLOAT_BYTES * (1 + sketch.depth * sketch.width)

    def estimate(self, spread: Spread) -> float:
        if len(spread.sq_norms) == 1:
            return 0.0  # a lone client cannot disagree with itself, and the server knows how many it asked
        # The mean of the clients' sketches is the sketch of their mean drift: one pass instead of K.
        return spread.mean_sq_drift - norm_squared(self.sketch(spread.mean_drift)) / (1 + self.sketch.epsilon)


def make_monitor(name: str, size: int, seed: int) -> Monitor:
    """The monitor `name` for models of `size` trainable weights."""
    return {"exact": lambda: ExactMonitor(size), "sketch": lambda: SketchMonitor(Sketch(size, seed))}[name]()
