"""Two lanes that send nothing, for orientation: all data in one place, and every client alone."""

import numpy as np
from torch import Tensor

from fda_core.algorithm.checkpoint import Checkpoint, State
from fda_core.algorithm.ledger import Ledger
from fda_core.federation.experiment import Experiment, Score
from fda_core.federation.lane import Lane
from fda_core.federation.local_round import LocalRound
from fda_core.settings.config import LaneSpec
from fda_core.settings.methods import resolve


class Silent(Lane):
    """A lane without a network: no bytes, and its clock counts local steps only."""

    def __init__(self, experiment: Experiment, spec: LaneSpec, first: Score):
        super().__init__(experiment, spec, first)
        self.ledger = Ledger(model_bytes=0)

    def begin(self, weights: Tensor, partition: list[np.ndarray], clients: list[int]) -> LocalRound:
        self.ledger.begin_round()
        local = LocalRound(self.experiment, weights, partition, clients, self.round)
        local.lives[:] = np.inf  # nobody to drop out from
        return local

    def seconds(self, local: LocalRound) -> float:
        return self.experiment.network.compute_seconds(local.segments)


class Centralised(Silent):
    """One client that owns all training examples; a round is E passes over them."""

    def broadcast(self) -> LocalRound:
        everything = np.sort(np.concatenate(self.experiment.partition))
        return self.begin(self.server.weights, [everything], [0])

    def names(self, clients: list[int]) -> list[str]:
        return ["all"]


class LocalOnly(Silent):
    """The first round's clients go on training alone; the score is the mean of their models' scores."""

    def __init__(self, experiment: Experiment, spec: LaneSpec, first: Score):
        super().__init__(experiment, spec, first)
        self.clients = next(self.cohorts)
        self.models = experiment.initial.repeat(len(self.clients), 1)

    def broadcast(self) -> LocalRound:
        return self.begin(self.models, self.experiment.partition, self.clients)

    def synchronise(self, local: LocalRound) -> None:
        self.models = local.cohort.weights.detach().clone()

    def state(self) -> State:
        return super().state() | {"models": self.models}

    def restore(self, checkpoint: Checkpoint) -> None:
        super().restore(checkpoint)
        self.models = checkpoint.state["models"]

    def score(self) -> Score:
        scores = [self.experiment.score(model) for model in self.models]
        return Score(
            *(float(np.mean(each)) for each in zip(*((s.test_loss, s.accuracy, s.mcc) for s in scores), strict=True))
        )


def make_lane(experiment: Experiment, spec: LaneSpec, first: Score) -> Lane:
    """The lane of this rule; first: the untrained model's score, from which all lanes start."""
    return resolve(spec.kind.lane)(experiment, spec, first)
