"""A lane's state put into words: the events of a local epoch and of a round."""

from typing import Any, Protocol

import numpy as np
import torch

from fda_core.algorithm.events import Epoch, Round
from fda_core.algorithm.ledger import Ledger
from fda_core.algorithm.policies import Reason, Rule
from fda_core.federation.experiment import Score
from fda_core.federation.local_round import LocalRound
from fda_core.settings.config import LaneSpec


class LaneState(Protocol):
    """What of a lane is told; clock: simulated seconds."""

    spec: LaneSpec
    rule: Rule
    ledger: Ledger
    round: int
    clock: float

    def names(self, clients: list[int]) -> list[str]:
        """What the events call these clients."""


def drift_fields(local: LocalRound) -> dict[str, Any]:
    """The exact variance and its two parts as last seen; None each when all have dropped out."""
    names = ("variance", "mean_sq_drift", "sq_mean_drift")
    return {name: getattr(local.statistics, name) if local.statistics else None for name in names}


def epoch(lane: LaneState, local: LocalRound, estimate: float | None) -> Epoch:
    """The epoch that just ended; ends the ledger's too. estimate: v̂ of its last check, None without a monitor."""
    tally = lane.ledger.end_epoch()
    losses = local.losses[-1].cpu()[torch.from_numpy(local.trained)]
    return Epoch(
        lane=lane.spec.id, round=lane.round, epoch=local.epochs, steps=local.steps, checks=tally.checks,
        train_loss=losses.mean().item(), variance_estimate=estimate, threshold=lane.rule.threshold,
        bytes_monitor_up=tally.monitor_up, bytes_monitor_down=tally.monitor_down, **drift_fields(local),
    )  # fmt: skip


def round(lane: LaneState, local: LocalRound, reason: Reason, score: Score, seconds: float) -> Round:
    """The round after its synchronisation: what was sent, trained and reached. seconds: measured, not simulated."""
    tally, left = lane.ledger.round, local.left
    squares = iter(local.statistics.sq_norms.tolist() if local.statistics else [])
    epochs = np.minimum(local.lives, local.epochs).astype(int)  # each client's own
    losses = torch.stack(local.losses).T.cpu()
    return Round(
        lane=lane.spec.id, round=lane.round, clients=lane.names(local.clients),
        client_steps=local.client_steps.tolist(),
        client_train_loss=[mine[:own].mean().item() for mine, own in zip(losses, epochs, strict=True)],
        client_sq_drift=[next(squares) if stays else None for stays in left],
        dropped=[name for name, stays in zip(lane.names(local.clients), left, strict=True) if not stays],
        epochs=local.epochs, reason=reason, threshold_next=lane.rule.threshold,
        paths=[path[:own] for path, own in zip(local.projection.paths(), epochs, strict=True)],
        bytes_down=tally.down, bytes_up=tally.up, bytes_monitor=tally.monitor_up + tally.monitor_down,
        bytes_total=lane.ledger.total, test_loss=score.test_loss, accuracy=score.accuracy, metrics=score.metrics,
        seconds=seconds, simulated_seconds=lane.clock, **drift_fields(local),
    )  # fmt: skip
