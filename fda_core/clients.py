"""Local training: the sampled clients start at the global weights and train, one local epoch at a time."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from fda_core.data.batches import batches
from fda_core.models.adapted import Layout
from fda_core.types import Tick


class Trainer(Protocol):
    """What the engine needs of a model; see `models/plain.py` for the meaning of each."""

    layout: Layout

    def gradients(self, weights: Tensor, rows: Tensor, mask: Tensor, out: Tensor) -> Tensor: ...

    def logits(self, weights: Tensor) -> Tensor: ...


class Cohort:
    """The K clients of one round, each with its own weights, plain SGD, and its own order of batches.

    A local epoch has the same number of steps τ for all: the largest ⌈n_k/B⌉ among them; a client with fewer batches
    begins its next pass.
    """

    def __init__(
        self, trainer: Trainer, weights: Tensor, rows: list[np.ndarray], clients: list[int],
        batch_size: int, lr: float, seed: int, round: int, tick: Tick = lambda: None,
    ):  # fmt: skip
        self.trainer, self.lr, self.tick = trainer, lr, tick
        self.start = weights
        self.weights = weights.repeat(len(clients), 1)
        self.gradients = torch.empty_like(self.weights)
        self.orders = [batches(rows[c], batch_size, seed, round, c) for c in clients]
        self.steps = max(-(-len(rows[c]) // batch_size) for c in clients)

    def local_epoch(self) -> Tensor:
        """One local epoch of every client; the mean over its steps of each client's training loss, [K]."""
        total = 0
        for _ in range(self.steps):
            self.tick()
            rows, mask = stack([next(order) for order in self.orders])
            total = total + self.trainer.gradients(self.weights, rows, mask, self.gradients)
            self.weights.add_(self.gradients, alpha=-self.lr)
        return total / self.steps

    @property
    def drifts(self) -> Tensor:
        """u_k = w_k - w, [K, d]."""
        return self.weights - self.start


def stack(rows: list[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Batches of unequal length as row numbers [K, B] and the mask of the real ones."""
    table = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    mask = torch.zeros(table.shape, dtype=torch.bool)
    for k, mine in enumerate(rows):
        table[k, : len(mine)] = torch.from_numpy(mine)
        mask[k, : len(mine)] = True
    return table, mask
