"""Local training: the sampled clients start at the global weights and train, one local epoch at a time."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.federation.batches import batches
from fda_core.settings.methods import CLIENT_OPTIMIZERS
from fda_core.support.callbacks import Tick
from fda_core.support.streams import stream


class Trainer(Protocol):
    """What the engine needs of a model: losses, gradients and scores as functions of its trainable weights.

    concurrent: whether several threads may use it at once.
    """

    layout: FlatParameters
    concurrent: bool

    def gradients(self, weights: Tensor, rows: Tensor, mask: Tensor, out: Tensor) -> Tensor:
        """Mean loss per client [K] of one batch each; `out` [K, d] receives the gradients.

        weights [K, d]; rows [K, B] row numbers of the training set; mask [K, B] marks the real ones. Rows and mask are
        in main memory, all else is where the weights are.
        """

    def logits(self, weights: Tensor) -> Tensor:
        """Scores [n, labels] of the test set under weights [d], in main memory."""


class Cohort:
    """The K clients of one round, each with its own weights, its own order of batches and a fresh optimiser.

    A local epoch has the same number of steps τ for all: the largest ⌈n_k/B⌉ among them; a client with fewer batches
    begins its next pass. weights: [d], or [K, d] where the clients start from different places.
    """

    def __init__(
        self, trainer: Trainer, weights: Tensor, rows: list[np.ndarray], clients: list[int], batch_size: int,
        optimizer: str, lr: float, seed: int, round: int, tick: Tick = lambda: None,
    ):  # fmt: skip
        self.trainer, self.clients, self.tick = trainer, clients, tick
        self.start = weights
        self.weights = weights.expand(len(clients), -1).clone()
        self.gradients = self.weights.grad = torch.empty_like(self.weights)
        self.optimizer = CLIENT_OPTIMIZERS[optimizer].of(self.weights, lr)
        self.orders = [batches(rows[c], batch_size, seed, round, c) for c in clients]
        self.steps = max(-(-len(rows[c]) // batch_size) for c in clients)

    def train(self, steps: int) -> Tensor:
        """Some local steps of every client; the sum over the steps of each client's training loss, [K]."""
        total = torch.zeros(len(self.clients), device=self.weights.device)
        for _ in range(steps):
            self.tick()
            rows, mask = stack([next(order) for order in self.orders])
            total = total + self.trainer.gradients(self.weights, rows, mask, self.gradients)
            self.optimizer.step()
        return total

    @property
    def drifts(self) -> Tensor:
        """u_k = w_k - w, [K, d]."""
        return self.weights - self.start


def lifetimes(hazard: float, clients: list[int], seed: int, round: int) -> np.ndarray:
    """After how many local epochs each client of the round drops out, [K]; infinite without a hazard.

    A client drops out after each local epoch with probability `hazard`, the same epoch in every lane.
    """
    if hazard == 0:
        return np.full(len(clients), np.inf)
    return np.array([float(stream(seed, "client_dropout", round, client).geometric(hazard)) for client in clients])


def stack(rows: list[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Batches of unequal length as row numbers [K, B] and the mask of the real ones."""
    table = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros(table.shape, dtype=bool)
    for mine, row, real in zip(rows, table, mask, strict=True):
        row[: len(mine)], real[: len(mine)] = mine, True
    return torch.from_numpy(table), torch.from_numpy(mask)
