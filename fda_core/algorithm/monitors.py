"""How the server estimates the variance of the clients' models from the small states they send at a check.

A state is what one client sends; the estimate uses the mean of the states only (arXiv 2405.20988, section 3).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from fda_core.algorithm.checkpoint import State
from fda_core.algorithm.sketch import Sketch, variance_estimate
from fda_core.settings.methods import MONITORS, resolve
from fda_core.support.streams import stream

FLOAT_BYTES = 4


@dataclass(frozen=True)
class DriftStatistics:
    """How far the K clients have moved and how much they disagree; squared norms in float64.

    `mean_drift` [d] is the mean of u_k = w_k - w, where the models are; `sq_norms` [K] are the ‖u_k‖² and `shares` [K],
    which sum to 1, both in main memory.
    """

    mean_drift: Tensor
    sq_norms: Tensor
    shares: Tensor

    @classmethod
    def of(cls, drifts: Tensor, shares: Tensor | None = None) -> "DriftStatistics":
        """drifts [K, d] float32; shares [K], equal if left out."""
        mean = drifts.mean(0) if shares is None else shares.to(drifts) @ drifts
        if shares is None:
            shares = torch.full((len(drifts),), 1 / len(drifts), dtype=torch.float64)
        return cls(mean, torch.linalg.vector_norm(drifts, dim=1, dtype=torch.float64).square().cpu(), shares)

    @property
    def mean_sq_drift(self) -> float:
        """Mean ‖u_k‖², weighted by the shares."""
        return (self.shares @ self.sq_norms).item()

    @property
    def sq_mean_drift(self) -> float:
        """‖mean u_k‖², summed in float64."""
        return torch.linalg.vector_norm(self.mean_drift, dtype=torch.float64).square().item()

    @property
    def variance(self) -> float:
        """Var = mean‖u_k‖² - ‖mean u_k‖², never negative; exactly 0 for a single client."""
        if len(self.sq_norms) == 1:
            return 0.0
        value = self.mean_sq_drift - self.sq_mean_drift
        return value if value != value else max(0.0, value)


class Monitor(ABC):
    """An estimate of the variance, and the price of the states it needs."""

    state_bytes: int

    @classmethod
    def of(cls, size: int, seed: int) -> "Monitor":
        """For models of `size` trainable weights; what is random follows from the seed."""
        return cls()

    def estimate(self, statistics: DriftStatistics) -> float:
        """v̂; 0 for a lone client, which cannot disagree with itself, and the server knows how many it asked."""
        return 0.0 if len(statistics.sq_norms) == 1 else self._estimate(statistics)

    @abstractmethod
    def _estimate(self, statistics: DriftStatistics) -> float:
        """v̂ of several clients."""

    def uninformed(self, clients: list[int]) -> list[int]:
        """The clients that must be sent one more vector [d] before their first state."""
        return []

    def synchronised(self, clients: list[int], update: Tensor) -> None:  # noqa: B027 - most need not know
        """The round of these clients ended and moved the global weights by `update` [d]."""

    def state(self) -> State:
        """What the monitor remembers from round to round."""
        return {}

    def restore(self, state: State) -> None:  # noqa: B027 - most remember nothing
        """Undoes `state`."""


class ExactMonitor(Monitor):
    """State (‖u_k‖², u_k): the variance itself, at the price of the whole drift."""

    def __init__(self, size: int):
        self.state_bytes = FLOAT_BYTES * (size + 1)

    @classmethod
    def of(cls, size: int, seed: int) -> "ExactMonitor":
        """For `size` trainable weights; nothing in it is random."""
        return cls(size)

    def _estimate(self, statistics: DriftStatistics) -> float:
        return statistics.variance


class NaiveMonitor(Monitor):
    """State ‖u_k‖²: v̂ = mean‖u_k‖², as if the mean drift were 0; never too small (authors' code of 2405.20988)."""

    state_bytes = FLOAT_BYTES

    def _estimate(self, statistics: DriftStatistics) -> float:
        return statistics.mean_sq_drift


class LinearMonitor(Monitor):
    """State (‖u_k‖², ⟨ξ, u_k⟩), ‖ξ‖ = 1: v̂ = mean‖u_k‖² - ⟨ξ, mean u_k⟩², never too small (2405.20988, section 3.1).

    ξ is the direction of the last global update. Who was in the last round knows it for nothing, everyone else has to
    be sent it; in the first round it is a random direction that follows from the seed.
    """

    state_bytes = 2 * FLOAT_BYTES
    direction: Tensor

    def __init__(self, size: int, seed: int):
        self._point_along(torch.from_numpy(stream(seed, "direction").standard_normal(size)))
        self.informed: set[int] | None = None

    @classmethod
    def of(cls, size: int, seed: int) -> "LinearMonitor":
        """For `size` trainable weights; the first direction follows from the seed."""
        return cls(size, seed)

    def _estimate(self, statistics: DriftStatistics) -> float:
        self.direction = self.direction.to(statistics.mean_drift.device)  # drawn or restored in main memory
        return statistics.mean_sq_drift - (self.direction @ statistics.mean_drift.double()).item() ** 2

    def uninformed(self, clients: list[int]) -> list[int]:
        """Who has not been told ξ; nobody in the first round, whose direction follows from the seed."""
        return [] if self.informed is None else [client for client in clients if client not in self.informed]

    def synchronised(self, clients: list[int], update: Tensor) -> None:
        """ξ points along the update; after a round without one (all dropped out) it stays."""
        if update.any():
            self._point_along(update.double())
            self.informed = set(clients)
        elif self.informed is not None:
            self.informed |= set(clients)  # ξ stays, and these have been told it

    def state(self) -> State:
        """ξ [d] in float64 and the sorted ids of who knows it, None while it is the random one."""
        return {"direction": self.direction, "informed": None if self.informed is None else sorted(self.informed)}

    def restore(self, state: State) -> None:
        """Undoes `state`."""
        self.direction = state["direction"]
        self.informed = None if state["informed"] is None else set(state["informed"])

    def _point_along(self, vector: Tensor) -> None:
        self.direction = vector / vector.norm()


class SketchMonitor(Monitor):
    """State (‖u_k‖², sketch of u_k); v̂ = mean‖u_k‖² - M₂(mean sketch)/(1 + ε) (reference code, `fda_opt.py`)."""

    def __init__(self, sketch: Sketch):
        self.sketch = sketch
        self.state_bytes = FLOAT_BYTES * (1 + sketch.depth * sketch.width)

    @classmethod
    def of(cls, size: int, seed: int) -> "SketchMonitor":
        """With a sketch of the reference code's size, 3 × 500, which follows from the seed."""
        return cls(Sketch(size, seed))

    def _estimate(self, statistics: DriftStatistics) -> float:
        # The mean of the clients' sketches is the sketch of their mean drift: one pass instead of K.
        sketched = self.sketch(statistics.mean_drift.detach().cpu())
        return variance_estimate(statistics.mean_sq_drift, sketched, self.sketch.epsilon)


def make_monitor(name: str, size: int, seed: int) -> Monitor:
    """The monitor `name` for models of `size` trainable weights."""
    return resolve(MONITORS[name].implementation)(size, seed)
