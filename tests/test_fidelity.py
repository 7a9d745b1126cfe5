"""The engine against the method written down a second time, slowly: one client after the other, one number at a time.

Nothing of the algorithm is shared, only who owns which examples and in which order they come (both tested on their
own). Everything is in float64, so that the two may differ by rounding alone.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from fda_core import engine
from fda_core.data.batches import batches, cohorts
from tests.tiny import TEST, TRAIN, Points, TinyTrainer, epochs, fda_opt, fedopt, fixed, rounds, tiny_config, tiny_lab

ROUNDS = 8
Vector = list[float]


@dataclass
class Told:
    """What one round of the slow version has to say."""

    clients: list[int]
    train_losses: Vector = field(default_factory=list)  # one per local epoch
    variances: Vector = field(default_factory=list)
    reason: str = ""
    threshold_next: float | None = None
    test_loss: float = 0.0
    weights: Vector = field(default_factory=list)


def probability(weights: Vector, point: Vector) -> float:
    """Of label 1, at a point whose last coordinate is 1."""
    return 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, point, strict=True))))


def loss(weights: Vector, points: list[Vector], labels: list[int]) -> float:
    each = [
        -math.log(p if y else 1 - p) for p, y in zip((probability(weights, x) for x in points), labels, strict=True)
    ]
    return sum(each) / len(each)


def gradient(weights: Vector, points: list[Vector], labels: list[int]) -> Vector:
    total = [0.0] * len(weights)
    for point, label in zip(points, labels, strict=True):
        error = probability(weights, point) - label
        for i, x in enumerate(point):
            total[i] += error * x / len(points)
    return total


def squared_length(vector: Vector) -> float:
    return sum(x * x for x in vector)


def mean_of(vectors: list[Vector]) -> Vector:
    return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]


class SlowServer:
    """Design, section 2: the pseudo-gradient is minus the mean drift; PyTorch's definitions and defaults."""

    def __init__(self, name: str, lr: float):
        self.name, self.lr, self.steps = name, lr, 0
        self.first, self.second = [0.0] * 3, [0.0] * 3

    def step(self, weights: Vector, mean_drift: Vector) -> Vector:
        self.steps += 1
        moved = []
        for i, weight in enumerate(weights):
            g = -mean_drift[i]
            if self.name == "sgd":
                change = g
            elif self.name == "sgdm":
                change = self.first[i] = 0.9 * self.first[i] + g
            else:
                self.first[i] = 0.9 * self.first[i] + 0.1 * g
                self.second[i] = 0.999 * self.second[i] + 0.001 * g * g
                unbiased = self.first[i] / (1 - 0.9**self.steps)
                change = unbiased / (math.sqrt(self.second[i] / (1 - 0.999**self.steps)) + 1e-8)
            moved.append(weight - self.lr * change)
        return moved


def why_stop(lane, number: int, epoch: int, variance: float, threshold: float | None) -> str:
    """The reason to end the round after this local epoch, or nothing."""
    if lane.rule == "schedule":
        return "fixed-schedule" if epoch == lane.epochs else ""
    if lane.rule == "adaptive" and number == 1:
        return "first-round"
    if variance > threshold:
        return "threshold"
    return "epoch-cap" if epoch == lane.max_epochs else ""


def slow_run(config, lane, partition: list[np.ndarray], train: Points, test: Points) -> list[Told]:
    """FedOpt(E), FDA(Θ) or FDA-OPT(M) with the exact variance, as design, section 2, says it."""
    points, labels = train.inputs.tolist(), train.labels.tolist()
    weights, server = [0.0] * 3, SlowServer(*config.server_of(lane))
    threshold, told = lane.theta, []
    sampling = cohorts(config.clients, config.cohort_size, config.seed)
    for number in range(1, config.rounds + 1):
        told.append(one := Told(clients=next(sampling)))
        local = {client: list(weights) for client in one.clients}
        order = {c: batches(partition[c], config.batch_size, config.seed, number, c) for c in one.clients}
        steps = max(math.ceil(len(partition[c]) / config.batch_size) for c in one.clients)
        while not one.reason:
            losses = []
            for client in one.clients:
                for _ in range(steps):
                    rows = next(order[client]).tolist()
                    batch = [points[row] for row in rows], [labels[row] for row in rows]
                    losses.append(loss(local[client], *batch))
                    slope = gradient(local[client], *batch)
                    local[client] = [w - config.client_lr * g for w, g in zip(local[client], slope, strict=True)]
            drifts = [[w - start for w, start in zip(local[c], weights, strict=True)] for c in one.clients]
            variance = sum(map(squared_length, drifts)) / len(drifts) - squared_length(mean_of(drifts))
            one.train_losses.append(sum(losses) / len(losses))
            one.variances.append(variance)
            one.reason = why_stop(lane, number, len(one.variances), variance, threshold)
        weights = server.step(weights, mean_of(drifts))
        if lane.rule == "adaptive":
            threshold = (lane.max_epochs / 2) / len(one.variances) * variance
        one.threshold_next, one.weights = threshold, weights
        one.test_loss = loss(weights, test.inputs.tolist(), test.labels.tolist())
    return told


RUNS = {
    "FedOpt, E = 1": (fedopt(1), {}),
    "FedOpt, E = 3": (fedopt(3), {}),
    "FedOpt with momentum": (fedopt(2), {"server_optimizer": "sgdm", "server_lr": 0.3}),
    "FedOpt with Adam": (fedopt(2), {"server_optimizer": "adam", "server_lr": 0.1}),
    "FDA, fixed Θ": (fixed(0.2, 5), {}),
    "FDA-OPT, M = 10": (fda_opt(10), {}),
    "FDA-OPT, M = 5": (fda_opt(5), {}),
    "FDA-OPT, 3 of 4 clients": (fda_opt(10), {"clients_per_round": 3}),
    "FDA-OPT, 5 of 9 small clients": (fda_opt(8), {"clients": 9, "clients_per_round": 5, "alpha": 0.1}),
    "FDA-OPT with momentum": (fda_opt(10), {"server_optimizer": "sgdm", "server_lr": 0.3}),
    "FDA-OPT with Adam": (fda_opt(10), {"server_optimizer": "adam", "server_lr": 0.1}),
    "FDA-OPT, batches of 5": (fda_opt(10), {"batch_size": 5, "client_lr": 1.0}),
    "FDA-OPT, another seed": (fda_opt(10), {"seed": 11}),
}


@pytest.fixture(params=RUNS)
def both(request):
    """The engine's events and final weights, and the slow version's account of the same run."""
    spec, changes = RUNS[request.param]
    trainer = TinyTrainer(Points.drawn(TRAIN, 1, torch.float64), Points.drawn(TEST, 2, torch.float64))
    config = tiny_config(spec, rounds=ROUNDS, **changes)
    lab = tiny_lab(config, trainer)
    lane = engine.Lane(lab, spec, lab.score(lab.initial))
    events = [event for _ in range(ROUNDS) for event in lane.play_round()]
    return events, lane.server.weights.tolist(), slow_run(config, spec, lab.partition, trainer.train, trainer.test)


def close(values):
    """Float64 on both sides: rounding only. Variances are differences of numbers of order 1."""
    return pytest.approx(values, rel=1e-8, abs=1e-12)


def test_the_engine_does_what_the_method_says(both):
    """One test for one round trip: the first difference is the one to look at, those after it follow from it."""
    events, weights, told = both
    for event, slow in zip(rounds(events), told, strict=True):
        local = epochs(events, round=event.round)
        assert event.clients == [str(client) for client in slow.clients]
        assert [epoch.train_loss for epoch in local] == close(slow.train_losses)
        assert [epoch.variance for epoch in local] == close(slow.variances)
        assert (event.epochs, event.reason) == (len(slow.variances), slow.reason)
        assert event.variance == close(slow.variances[-1])
        assert event.threshold_next == (None if slow.threshold_next is None else close(slow.threshold_next))
        assert event.test_loss == close(slow.test_loss)
    assert weights == close(told[-1].weights)


def test_the_runs_compared_take_many_decisions():
    """Otherwise agreement would be cheap: rounds of different lengths, ended for different reasons."""
    reasons, lengths = set(), set()
    for spec, changes in RUNS.values():
        config = tiny_config(spec, rounds=ROUNDS, **changes)
        lab = tiny_lab(config)
        for event in rounds(list(engine.run(lab))):
            reasons.add(event.reason)
            lengths.add(event.epochs)
    assert reasons == {"fixed-schedule", "first-round", "threshold", "epoch-cap"}
    assert len(lengths) > 5
