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
        """A round from weights [d] or [K, d] in which nobody drops out: there is nobody to drop out from."""
        self.ledger.begin_round()
        local = LocalRound(self.experiment, weights, partition, clients, self.round)
        local.lives[:] = np.inf
        return local

    def seconds(self, local: LocalRound) -> float:
        """Simulated seconds of the local steps alone."""
        return self.experiment.network.compute_seconds(local.segments)


class Centralised(Silent):
    """One client that owns all training examples; a round is E passes over them."""

    def broadcast(self) -> LocalRound:
        """Training goes on with all examples, in the order of their rows before they are shuffled."""
        everything = np.sort(np.concatenate(self.experiment.partition))
        return self.begin(self.server.weights, [everything], [0])

    def names(self, clients: list[int]) -> list[str]:
        """The only one is called `all`."""
        return ["all"]


class LocalOnly(Silent):
    """The first round's clients go on training alone; the score is the mean of their models' scores."""

    def __init__(self, experiment: Experiment, spec: LaneSpec, first: Score):
        super().__init__(experiment, spec, first)
        self.clients = next(self.cohorts)
        self.models = experiment.initial.repeat(len(self.clients), 1)

    def broadcast(self) -> LocalRound:
        """Each client goes on from its own model [K, d]."""
        return self.begin(self.models, self.experiment.partition, self.clients)

    def synchronise(self, local: LocalRound) -> None:
        """Everyone keeps their own model: nothing is sent, the global weights stay the initial ones."""
        self.models = local.cohort.weights.detach().clone()

    def state(self) -> State:
        """A lane's, and the clients' models [K, d]."""
        return super().state() | {"models": self.models}

    def restore(self, checkpoint: Checkpoint) -> None:
        """As any lane, and the clients' models with it."""
        super().restore(checkpoint)
        self.models = checkpoint.state["models"].to(self.models.device)

    def score(self) -> Score:
        """The mean over the clients of each measure; a measure that the data does not have stays None."""
        scores = [self.experiment.score(model) for model in self.models]
        correlations = [score.mcc for score in scores if score.mcc is not None]
        return Score(
            float(np.mean([score.test_loss for score in scores])),
            float(np.mean([score.accuracy for score in scores])),
            float(np.mean(correlations)) if correlations else None,
        )


def make_lane(experiment: Experiment, spec: LaneSpec, first: Score) -> Lane:
    """The lane of this rule; first: the untrained model's score, from which all lanes start."""
    return resolve(spec.kind.lane)(experiment, spec, first)
