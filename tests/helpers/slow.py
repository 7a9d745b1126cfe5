"""The method written down a second time, slowly: one client after the other, in NumPy and float64.

Nothing of the algorithm is shared with the engine. Shared are who owns which examples, who trains when and in which
order the examples come, when a client drops out, and the sketch's random map, all tested on their own.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from fda_core.algorithm.sketch import Sketch
from fda_core.federation.batches import batches, cohorts
from fda_core.federation.clients import lifetimes
from fda_core.support.streams import stream
from tests.helpers.tiny import Points

WEIGHTS = 3
MODEL = 4 * WEIGHTS
STATES = {"exact": MODEL + 4, "naive": 4, "linear": 8, "sketch": 6_004}


@dataclass
class Told:
    """What one round of the slow version has to say; a list has one entry a local epoch, or one a client."""

    clients: list[int]
    train_losses: list[float] = field(default_factory=list)
    variances: list[float | None] = field(default_factory=list)
    squares: list[tuple[float | None, float | None]] = field(default_factory=list)  # mean‖u_k‖², ‖mean u_k‖²
    estimates: list[float | None] = field(default_factory=list)
    thresholds: list[float | None] = field(default_factory=list)
    checks: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    client_steps: list[int] = field(default_factory=list)
    client_sq_drifts: list[float | None] = field(default_factory=list)
    reason: str = ""
    threshold_next: float | None = None
    test_loss: float = 0.0
    accuracy: float = 0.0
    weights: np.ndarray | None = None
    bytes_down: int = 0
    bytes_up: int = 0
    bytes_monitor: int = 0


def loss_and_gradient(weights: np.ndarray, points: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Logistic regression: mean loss and its gradient."""
    chance = 1 / (1 + np.exp(-points @ weights))
    loss = -np.mean(np.where(labels == 1, np.log(chance), np.log(1 - chance)))
    return float(loss), points.T @ (chance - labels) / len(labels)


class SlowOptimizer:
    """PyTorch's definitions and defaults; Yogi as Reddi et al. (2021), algorithm 2."""

    def __init__(self, name: str, lr: float):
        self.name, self.lr, self.steps = name, lr, 0
        self.first = np.zeros(WEIGHTS)
        self.second = np.full(WEIGHTS, 1e-6 if name == "yogi" else 0.0)

    def step(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        self.steps += 1
        match self.name:
            case "sgd":
                return weights - self.lr * g
            case "sgdm":
                self.first = 0.9 * self.first + g
                return weights - self.lr * self.first
            case "nesterov":
                self.first = 0.9 * self.first + g
                return weights - self.lr * (g + 0.9 * self.first)
            case "adagrad":
                self.second = self.second + g**2
                return weights - self.lr * g / (np.sqrt(self.second) + 1e-10)
            case "yogi":
                self.first = 0.9 * self.first + 0.1 * g
                self.second = self.second - 0.001 * g**2 * np.sign(self.second - g**2)
                return weights - self.lr * self.first / (np.sqrt(self.second) + 1e-3)
        self.first = 0.9 * self.first + 0.1 * g
        self.second = 0.999 * self.second + 0.001 * g**2
        first, second = self.first / (1 - 0.9**self.steps), self.second / (1 - 0.999**self.steps)
        decayed = weights * (1 - self.lr * 0.01) if self.name == "adamw" else weights
        return decayed - self.lr * first / (np.sqrt(second) + 1e-8)


class SlowMonitor:
    """v̂ from what every client sends by itself."""

    def __init__(self, name: str, seed: int):
        self.name = name
        self.sketch = Sketch(WEIGHTS, seed)
        direction = stream(seed, "direction").standard_normal(WEIGHTS)
        self.direction = direction / math.sqrt(sum(direction**2))
        self.told: set[int] | None = None  # who knows ξ; None: everyone, it follows from the seed

    def estimate(self, drifts: list[np.ndarray], shares: list[float]) -> float:
        if len(drifts) == 1:
            return 0.0
        mean = lambda sent: sum(share * one for share, one in zip(shares, sent, strict=True))  # noqa: E731
        norms = mean([sum(drift**2) for drift in drifts])
        match self.name:
            case "exact":
                return norms - sum(mean(drifts) ** 2)
            case "naive":
                return norms
            case "linear":
                return norms - mean([self.direction @ drift for drift in drifts]) ** 2
        sketched = mean([self.sketch(drift).astype(float) for drift in drifts])
        return norms - float(np.median((sketched**2).sum(1))) / (1 + 1 / math.sqrt(500))

    def moved(self, clients: list[int], update: np.ndarray) -> None:
        if update.any():
            self.direction, self.told = update / math.sqrt(sum(update**2)), set(clients)
        elif self.told is not None:
            self.told = self.told | set(clients)


class SlowRule:
    """When to stop, and the next Θ."""

    def __init__(self, lane):
        self.lane, self.threshold, self.slope = lane, lane.theta, None
        self.rounds, self.length, self.first_loss = 0, lane.epochs, None

    def reason(self, epochs: int, estimate: float | None) -> str:
        lane = self.lane
        if not lane.is_fda:
            return "fixed-schedule" if epochs == self.length else ""
        if lane.rule in ("adaptive", "smoothed", "tapered") and self.threshold is None:
            return "first-round"
        if estimate > self.threshold:
            return "threshold"
        return "epoch-cap" if epochs == lane.max_epochs else ""

    def learn(self, estimates: list[float], variance: float, loss: float) -> None:
        self.rounds += 1
        self.first_loss = self.first_loss or loss
        if self.lane.rule == "decaying":
            self.length = math.ceil(self.lane.epochs * (self.rounds + 1) ** (-1 / 3) - 1e-9)
        if self.lane.rule == "adacomm":
            self.length = min(self.length, math.ceil(self.lane.epochs * (loss / self.first_loss) ** 0.5))
        epochs, half = len(estimates), (self.lane.max_epochs or 0) / 2
        if self.lane.rule == "adaptive":
            self.threshold = half / epochs * variance
        if self.lane.rule == "tapered":
            self.threshold = half * (loss / self.first_loss) ** 2 / epochs * variance
        if self.lane.rule == "smoothed":
            before = self.slope
            if epochs > 1 and min(estimates) > 0:
                x, y = np.log(np.arange(1, epochs + 1)), np.log(estimates)
                steep = sum((x - x.mean()) * (y - y.mean())) / sum((x - x.mean()) ** 2)
                self.slope = min(max(steep, 0.1), 2.0)
            wanted = variance * (half / epochs) ** (1 if self.slope is None else self.slope)
            average = before is not None and self.threshold > 0
            self.threshold = math.sqrt(self.threshold * wanted) if average else wanted


def slow_run(config, lane, partition: list[np.ndarray], train: Points, test: Points) -> list[Told]:
    """One lane of an experiment on three weights that start at 0."""
    points, labels = train.inputs.numpy(), train.labels.numpy()
    weights, server = np.zeros(WEIGHTS), SlowOptimizer(*config.server_of(lane))
    rule, monitor, monitored = SlowRule(lane), SlowMonitor(lane.monitor, config.seed), lane.is_fda
    sampling, told = cohorts(config.clients, config.cohort_size, config.seed), []
    for number in range(1, config.rounds + 1):
        told.append(one := Told(clients=next(sampling)))
        one.bytes_down = MODEL * len(one.clients)
        if monitored and lane.monitor == "linear" and monitor.told is not None:
            one.bytes_monitor = MODEL * sum(client not in monitor.told for client in one.clients)
        lives = dict(zip(one.clients, lifetimes(config.client_dropout, one.clients, config.seed, number), strict=True))
        local = {client: weights.copy() for client in one.clients}
        taken = dict.fromkeys(one.clients, 0)
        optimizers = {c: SlowOptimizer(config.client_optimizer, config.client_lr) for c in one.clients}
        order = {c: batches(partition[c], config.batch_size, config.seed, number, c) for c in one.clients}
        tau = max(math.ceil(len(partition[c]) / config.batch_size) for c in one.clients)
        while not one.reason:
            epoch = len(one.steps) + 1
            training = [client for client in one.clients if lives[client] >= epoch]
            losses, checks, steps = [], 0, 0
            while steps < tau and not one.reason:
                steps += 1
                for client in training:
                    rows = next(order[client])
                    value, slope = loss_and_gradient(local[client], points[rows], labels[rows])
                    local[client] = optimizers[client].step(local[client], slope)
                    taken[client] += 1
                    losses.append(value)
                if steps < tau and lane.check == "epoch":
                    continue
                left = [client for client in training if lives[client] > epoch or steps < tau]
                if not left:
                    one.reason, variance, estimate, squares = "all-dropped", None, None, (None, None)
                    break
                examples = [len(partition[c]) if config.weighting == "examples" else 1 for c in left]
                shares = [count / sum(examples) for count in examples]
                drifts = [local[client] - weights for client in left]
                mean = sum(share * drift for share, drift in zip(shares, drifts, strict=True))
                squares = sum(s * sum(u**2) for s, u in zip(shares, drifts, strict=True)), sum(mean**2)
                variance = squares[0] - squares[1]
                estimate = monitor.estimate(drifts, shares) if monitored else None
                checks += monitored
                one.bytes_monitor += monitored * len(left) * (STATES[lane.monitor] + 1)
                one.reason = rule.reason(epoch if steps == tau else epoch - 1, estimate)
            one.train_losses.append(sum(losses) / len(losses))
            one.variances.append(variance)
            one.squares.append(squares)
            one.estimates.append(estimate)
            one.thresholds.append(rule.threshold)
            one.checks.append(checks)
            one.steps.append(steps)
        before, survived = weights, one.reason != "all-dropped"
        if survived:
            weights = server.step(weights, -mean)
            rule.learn(one.estimates, variance, one.train_losses[0])
            one.bytes_up = MODEL * len(left)
        one.dropped = [client for client in one.clients if client not in left]
        one.client_steps = [taken[client] for client in one.clients]
        one.client_sq_drifts = [sum((local[c] - before) ** 2) if c in left else None for c in one.clients]
        monitor.moved(one.clients, weights - before)
        one.threshold_next, one.weights = rule.threshold, weights
        one.test_loss = loss_and_gradient(weights, test.inputs.numpy(), test.labels.numpy())[0]
        one.accuracy = float(np.mean((test.inputs.numpy() @ weights > 0) == test.labels.numpy()))
    return told
