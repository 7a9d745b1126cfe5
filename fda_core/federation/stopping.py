"""When a lane is done: target reached, cap met, or diverged."""

import math
from typing import Literal

from fda_core.algorithm.checkpoint import State
from fda_core.federation.experiment import Score
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.support.messages import Message

# A model this much worse than the untrained one has diverged, even where every number is still finite.
DIVERGED_FACTOR = 1000

Verdict = Literal["target", "cap", "diverged"]


class StoppingCriterion:
    """Follows one lane's rounds; `diverged` says what went wrong, None while all is well."""

    def __init__(self, config: ExperimentConfig, spec: LaneSpec, first: Score):
        self.config, self.local_epochs = config, config.local_epochs_of(spec)
        self.worst_allowed = DIVERGED_FACTOR * first.test_loss
        self.diverged: str | None = None
        self.rounds = self.epochs = self.in_a_row = 0
        self.target_round: int | None = None

    def variance(self, value: float, round: int, epoch: int) -> None:
        """The exact variance at a check: one that is not finite is a divergence."""
        if not math.isfinite(value):
            self.diverged = str(Message("lane.no_weights", round=round, epoch=epoch))

    def round(self, score: Score, epochs: int) -> None:
        """Two rounds in a row at the target reach it; a loss that is no number, or absurd, is a divergence."""
        self.rounds += 1
        self.epochs += epochs
        if not score.test_loss <= self.worst_allowed:
            what = "lane.loss_absurd" if math.isfinite(score.test_loss) else "lane.loss_no_number"
            self.diverged = str(Message(what, round=self.rounds, loss=score.test_loss))
        target = self.config.target
        self.in_a_row = self.in_a_row + 1 if target.met(getattr(score, target.metric)) else 0
        if self.in_a_row == 2 and self.target_round is None:
            self.target_round = self.rounds

    def state(self) -> State:
        """What has been counted and reached so far."""
        return {name: getattr(self, name) for name in ("diverged", "rounds", "epochs", "in_a_row", "target_round")}

    def restore(self, state: State) -> None:
        """Undoes `state`."""
        vars(self).update(state)

    def verdict(self) -> tuple[Verdict, str] | None:
        """Status and message once the lane is done."""
        config, reached = self.config, self.target_round
        if self.diverged:
            return "diverged", self.diverged
        if reached is not None and self.rounds >= reached + config.after_target_rounds:
            return "target", str(Message("lane.target", round=reached))
        status: Verdict = "cap" if reached is None else "target"
        if self.rounds >= config.rounds:
            return status, str(Message("lane.rounds", rounds=config.rounds))
        if self.local_epochs is not None and self.epochs >= self.local_epochs:
            return status, str(Message("lane.epochs", epochs=self.local_epochs))
        return None
