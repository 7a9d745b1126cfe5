"""The clients' half of a round: who trains, for how long, who is left, and how far they have moved."""

import numpy as np
import torch
from torch import Tensor

from fda_core.algorithm.drift_projection import DriftProjection
from fda_core.algorithm.monitors import DriftStatistics
from fda_core.federation.clients import Cohort, lifetimes
from fda_core.federation.experiment import Experiment


class LocalRound:
    """Local training of some clients from `weights`, [d] or [K, d], on their parts of the data.

    `segments` are the local steps between one check and the next, [K] each, nan for a client that has dropped out;
    `losses` the mean training losses of each local epoch, [K] each; `statistics` are those of the clients left,
    None when nobody is.
    """

    def __init__(
        self, experiment: Experiment, weights: Tensor, partition: list[np.ndarray], clients: list[int], round: int
    ):
        config = experiment.config
        self.clients = clients
        experiment.ready(torch.from_numpy(np.concatenate([partition[client] for client in clients])), experiment.tick)
        self.cohort = Cohort(
            experiment.trainer, weights, partition, clients, config.batch_size,
            config.client_optimizer, config.client_lr, config.seed, round, experiment.tick,
        )  # fmt: skip
        self.lives = lifetimes(config.client_dropout, clients, config.seed, round)
        self.examples = torch.tensor([len(partition[client]) for client in clients]).double()
        self.weighted = config.weighting == "examples"
        self.epochs, self.steps = 0, 0  # begun; in the one in progress
        self.segments: list[np.ndarray] = []
        self.losses: list[Tensor] = []
        self.projection = DriftProjection()
        self.statistics: DriftStatistics | None = None

    @property
    def epochs_done(self) -> int:
        """Local epochs completed: the one in progress counts once all its steps are made."""
        return self.epochs - (self.steps < self.cohort.steps)

    @property
    def left(self) -> np.ndarray:
        """Which clients have not dropped out, [K]; one drops out at the end of its last local epoch."""
        return self.lives > self.epochs_done

    @property
    def trained(self) -> np.ndarray:
        """Which clients took part in the epoch in progress, [K]."""
        return self.lives >= self.epochs

    @property
    def client_steps(self) -> np.ndarray:
        """Local steps of each client in this round, [K] whole numbers; a client takes all of its last epoch's."""
        done = (self.epochs - 1) * self.cohort.steps + self.steps
        return np.minimum(self.lives * self.cohort.steps, done).astype(int)

    def begin_epoch(self) -> None:
        """One more local epoch, of `cohort.steps` steps."""
        self.epochs, self.steps = self.epochs + 1, 0
        self.total = torch.zeros(len(self.clients), device=self.cohort.weights.device)
        self.losses.append(self.total)

    def train(self, steps: int) -> None:
        """Some local steps within the epoch, and the spread they lead to."""
        self.total = self.total + self.cohort.train(steps)
        self.steps += steps
        self.losses[-1] = self.total / self.steps
        left = self.left
        self.segments.append(np.where(left, float(steps), np.nan))
        self.statistics = self._statistics(torch.from_numpy(left)) if left.any() else None

    def end_epoch(self) -> None:
        """Keeps where the clients' models are, for drawing."""
        self.projection.add(self.cohort.drifts)

    def _statistics(self, left: Tensor) -> DriftStatistics:
        drifts = self.cohort.drifts
        if left.all() and not self.weighted:
            return DriftStatistics.of(drifts)
        shares = self.examples[left] if self.weighted else torch.ones(int(left.sum())).double()
        return DriftStatistics.of(drifts[left.to(drifts.device)], shares / shares.sum())
