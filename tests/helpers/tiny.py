"""A problem of three weights, so that the engine plays a round in a millisecond: logistic regression in the plane."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as logistic_loss

from fda_core.algorithm.events import Epoch, Event, Round
from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.algorithm.network import Network
from fda_core.data.partition import dirichlet_partition
from fda_core.federation import engine
from fda_core.federation.experiment import Experiment
from fda_core.federation.lane import Lane
from fda_core.settings.config import ExperimentConfig, LaneSpec

# 26 examples on 4 clients: sizes 7, 7, 6, 6, so that with batches of 2 the smaller clients begin their next pass
# within a local epoch and last batches are short.
TRAIN, TEST = 26, 40
LAYOUT = FlatParameters(names=("weight", "bias"), shapes=((2,), (1,)))
UNREACHABLE = {"metric": "test_loss", "value": 0}


@dataclass(frozen=True)
class Points:
    """Two overlapping clouds in the plane, one per label: `inputs` [n, 3] with a column of ones, `labels` [n]."""

    inputs: Tensor
    labels: Tensor

    @classmethod
    def drawn(cls, count: int, seed: int, dtype: str = "float32") -> "Points":
        rng = np.random.default_rng(seed)
        labels = np.arange(count) % 2
        places = rng.normal(size=(count, 2)) + 1.5 * labels[:, None]
        return cls(torch.from_numpy(np.c_[places, np.ones(count)].astype(dtype)), torch.tensor(labels))


@dataclass
class TinyTrainer:
    """The engine's `Trainer` for two labels, whose logits are 0 and the inputs' product with the weights."""

    train: Points = field(default_factory=lambda: Points.drawn(TRAIN, 1))
    test: Points = field(default_factory=lambda: Points.drawn(TEST, 2))
    layout: FlatParameters = LAYOUT
    concurrent: bool = False

    def gradients(self, weights: Tensor, rows: Tensor, mask: Tensor, out: Tensor) -> Tensor:
        inputs, real = self.train.inputs[rows], mask.to(weights.dtype)
        labels = self.train.labels[rows].to(weights.dtype)
        scores = torch.einsum("kbi,ki->kb", inputs, weights)
        share = real / real.sum(1, keepdim=True)
        out.copy_(torch.einsum("kb,kbi->ki", (scores.sigmoid() - labels) * share, inputs))
        return (logistic_loss(scores, labels, reduction="none") * share).sum(1)

    def logits(self, weights: Tensor) -> Tensor:
        scores = self.test.inputs @ weights
        return torch.stack([torch.zeros_like(scores), scores], 1)


class BreaksBeyond(TinyTrainer):
    """Gradients are no numbers any more for a client whose weights have grown longer than `length`."""

    length: float

    def __init__(self, length: float):
        super().__init__()
        self.length = length

    def gradients(self, weights: Tensor, rows: Tensor, mask: Tensor, out: Tensor) -> Tensor:
        losses = super().gradients(weights, rows, mask, out)
        out[weights.norm(dim=1) > self.length] = torch.nan
        return losses


class Scripted(TinyTrainer):
    """Trains as usual, but the test accuracies are the given ones: the untrained model's, then one a round."""

    def __init__(self, accuracies: list[float]):
        super().__init__()
        self.accuracies = iter(accuracies)

    def logits(self, weights: Tensor) -> Tensor:
        right = torch.arange(TEST) < round(next(self.accuracies) * TEST)
        return torch.nn.functional.one_hot(torch.where(right, self.test.labels, 1 - self.test.labels), 2).float()


def fedopt(epochs: int, id: str = "fedopt", **more) -> LaneSpec:
    return LaneSpec(id=id, rule="schedule", epochs=epochs, **more)


def fda_opt(max_epochs: int, id: str = "fda-opt", monitor: str = "exact", **more) -> LaneSpec:
    return LaneSpec(id=id, rule="adaptive", max_epochs=max_epochs, monitor=monitor, **more)


def smoothed(max_epochs: int, id: str = "fda-smoothed", monitor: str = "exact", **more) -> LaneSpec:
    return LaneSpec(id=id, rule="smoothed", max_epochs=max_epochs, monitor=monitor, **more)


def tapered(max_epochs: int, id: str = "fda-tapered", monitor: str = "exact", **more) -> LaneSpec:
    return LaneSpec(id=id, rule="tapered", max_epochs=max_epochs, monitor=monitor, **more)


def fixed(theta: float, max_epochs: int, id: str = "fda", monitor: str = "exact", **more) -> LaneSpec:
    return LaneSpec(id=id, rule="fixed", theta=theta, max_epochs=max_epochs, monitor=monitor, **more)


def tiny_config(*lanes: LaneSpec, **changes) -> ExperimentConfig:
    """Four rounds of four unlike clients; no lane reaches the target."""
    values = {
        "train_examples": TRAIN, "test_examples": TEST, "clients": 4, "alpha": 0.5, "batch_size": 2, "client_lr": 0.5,
        "rounds": 4, "target": UNREACHABLE,
    }  # fmt: skip
    return ExperimentConfig(**values | changes, lanes=lanes or (fedopt(1),))


def tiny_experiment(
    config: ExperimentConfig, trainer: TinyTrainer | None = None, initial: Tensor | None = None
) -> Experiment:
    """A Experiment around the tiny problem; the initial weights are 0 unless given."""
    trainer = trainer or TinyTrainer()
    return Experiment(
        config=config,
        trainer=trainer,
        test_labels=trainer.test.labels,
        partition=dirichlet_partition(trainer.train.labels.numpy(), config.clients, config.alpha, config.seed),
        network=Network.of(config.link, config.clients, config.seed),
        initial=torch.zeros(3, dtype=trainer.train.inputs.dtype) if initial is None else initial,
        facts={"model": "logistic regression", "trainable_parameters": 1, "model_bytes": 4},
    )


def play(*lanes: LaneSpec, trainer: TinyTrainer | None = None, **changes) -> list[Event]:
    """All events of a run on the tiny problem."""
    return list(engine.run(tiny_experiment(tiny_config(*lanes, **changes), trainer)))


def rounds(events: list[Event], lane: str | None = None) -> list[Round]:
    return [event for event in events if isinstance(event, Round) and lane in (None, event.lane)]


def epochs(events: list[Event], lane: str | None = None, round: int | None = None) -> list[Epoch]:
    found = [event for event in events if isinstance(event, Epoch) and lane in (None, event.lane)]
    return [event for event in found if round in (None, event.round)]


def weights_of(experiment: Experiment, spec: LaneSpec, count: int) -> list[Tensor]:
    """The global weights after each of a lane's first `count` rounds."""
    lane = Lane(experiment, spec, experiment.score(experiment.initial))
    history = []
    for _ in range(count):
        list(lane.play_round())
        history.append(lane.server.weights.clone())
    return history


def comparable(event: Event, *ignored: str) -> dict:
    """An event without what no two runs share: measured seconds."""
    return {name: value for name, value in event if name not in ("seconds", "versions", *ignored)}
