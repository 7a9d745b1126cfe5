"""The experiment as a generator of events: lanes play their rounds in the order of the simulated network clock.

Whoever consumes the generator sets the pace: not asking for the next event is a pause.
"""

import math
from collections.abc import Iterator
from itertools import count
from time import perf_counter

import torch
from torch import Tensor

from fda_core.clients import Cohort
from fda_core.config import LaneSpec
from fda_core.data.batches import cohorts
from fda_core.events import Epoch, Event, LaneFinished, Round, RunStarted
from fda_core.lab import Lab, Score
from fda_core.ledger import Ledger
from fda_core.monitors import Spread, make_monitor
from fda_core.policies import make_rule
from fda_core.servers import Server


def run(lab: Lab) -> Iterator[Event]:
    """All events of an experiment except the closing `run_finished`, which belongs to whoever keeps the record."""
    config = lab.config
    first = lab.score(lab.initial)
    yield RunStarted(
        config=config.to_json(), versions=lab.versions(), facts=lab.facts,
        initial={"test_loss": first.test_loss, "accuracy": first.accuracy, "metrics": {}},
    )  # fmt: skip
    racing = [Lane(lab, spec, first) for spec in config.lanes]
    while racing:
        lane = min(racing, key=lambda lane: lane.clock)  # the lane that is behind; ties in the order given
        yield from lane.play_round()
        if finished := lane.finished():
            racing.remove(lane)
            yield finished


class Lane:
    """One competitor's state between rounds: weights, rule, ledger, clock."""

    def __init__(self, lab: Lab, spec: LaneSpec, first: Score):
        config = lab.config
        self.lab, self.spec = lab, spec
        self.server = Server(*config.server_of(spec), lab.initial)
        self.rule = make_rule(spec)
        self.monitor = make_monitor(spec.monitor, lab.trainer.layout.size, config.seed)
        self.ledger = Ledger(lab.model_bytes)
        self.cohorts = cohorts(config.clients, config.cohort_size, config.seed)
        self.round, self.clock = 0, 0.0
        self.worst_allowed = DIVERGED_FACTOR * first.test_loss
        self.diverged: str | None = None
        self.in_a_row = 0
        self.target_round: int | None = None

    def play_round(self) -> Iterator[Event]:
        """One round; see docs/method.md for the same in symbols."""
        began = perf_counter()
        self.round += 1
        lab, config, size = self.lab, self.lab.config, self.lab.config.cohort_size
        clients = next(self.cohorts)
        bytes_down = self.ledger.model_down(size)
        cohort = Cohort(
            lab.trainer, self.server.weights, lab.partition, clients,
            config.batch_size, config.client_lr, config.seed, self.round, lab.tick,
        )  # fmt: skip
        losses, plane, monitor_bytes = [], Plane(), 0
        for epoch in count(1):
            losses.append(cohort.local_epoch())
            drifts = cohort.drifts
            spread = Spread.of(drifts)
            plane.add(drifts)
            estimate = self.monitor.estimate(spread) if self.rule.monitored else None
            up, down = self.ledger.check(size, self.monitor.state_bytes) if self.rule.monitored else (0, 0)
            monitor_bytes += up + down
            yield Epoch(
                lane=self.spec.id, round=self.round, epoch=epoch, steps=cohort.steps, checks=int(self.rule.monitored),
                train_loss=losses[-1].mean().item(), variance_estimate=estimate, variance=spread.variance,
                mean_sq_drift=spread.mean_sq_drift, sq_mean_drift=spread.sq_mean_drift,
                threshold=self.rule.threshold, bytes_monitor_up=up, bytes_monitor_down=down,
            )  # fmt: skip
            if not math.isfinite(spread.variance):
                self.diverged = f"the clients' weights stopped being numbers in round {self.round}, epoch {epoch}"
                return
            if reason := self.rule.verdict(epoch, estimate):
                break
        bytes_up = self.ledger.model_up(size)
        self.server.step(spread.mean_drift)
        self.rule.learn(epoch, spread.variance)
        score = lab.score(self.server.weights)
        state_bytes = self.monitor.state_bytes if self.rule.monitored else None
        steps = [[cohort.steps] * size] * epoch
        self.clock += lab.network.round_seconds(clients, steps, lab.model_bytes, state_bytes)
        yield Round(
            lane=self.spec.id, round=self.round, clients=[str(client) for client in clients],
            client_steps=[cohort.steps * epoch] * size, client_train_loss=torch.stack(losses).mean(0).tolist(),
            client_sq_drift=spread.sq_norms.tolist(), epochs=epoch, reason=reason, variance=spread.variance,
            mean_sq_drift=spread.mean_sq_drift, sq_mean_drift=spread.sq_mean_drift,
            threshold_next=self.rule.threshold, paths=plane.paths(), bytes_down=bytes_down, bytes_up=bytes_up,
            bytes_monitor=monitor_bytes, bytes_total=self.ledger.total, test_loss=score.test_loss,
            accuracy=score.accuracy, seconds=perf_counter() - began, simulated_seconds=self.clock,
        )  # fmt: skip
        self._judge(score)

    def _judge(self, score: Score) -> None:
        """Two rounds in a row at the target reach it; a loss that is no number, or absurd, is a divergence."""
        if not score.test_loss <= self.worst_allowed:
            finite = math.isfinite(score.test_loss)
            now = f"is {score.test_loss:,.0f}" if finite else "is not a number any more"
            self.diverged = f"the test loss after round {self.round} {now}"
        target = self.lab.config.target
        self.in_a_row = self.in_a_row + 1 if target.met(getattr(score, target.metric)) else 0
        if self.in_a_row == 2 and self.target_round is None:
            self.target_round = self.round

    def finished(self) -> LaneFinished | None:
        config, reached = self.lab.config, self.target_round
        if self.diverged:
            return LaneFinished(lane=self.spec.id, status="diverged", message=self.diverged)
        if reached is not None and self.round >= reached + config.after_target_rounds:
            return LaneFinished(lane=self.spec.id, status="target", message=f"target reached in round {reached}")
        if self.round >= config.rounds:
            status = "cap" if reached is None else "target"
            return LaneFinished(lane=self.spec.id, status=status, message=f"all {config.rounds} rounds played")
        return None


# A model this much worse than the untrained one has diverged, even where every number is still finite.
DIVERGED_FACTOR = 1000


class Plane:
    """The clients' drifts of one round in two dimensions: axis 1 along the first epoch's mean drift, axis 2 along
    the direction in which that epoch's drifts disagree most."""

    def __init__(self):
        self.points: list[Tensor] = []
        self.axes: Tensor | None = None

    def add(self, drifts: Tensor) -> None:
        """drifts [K, d]"""
        if self.axes is None:
            self.axes = self._axes(drifts)
        self.points.append(drifts @ self.axes.T)

    def paths(self) -> list[list[list[float]]]:
        """[K][epochs][2], rounded to six digits: they are for drawing."""
        table = torch.stack(self.points, 1).tolist()
        return [[[float(f"{x:.6g}") for x in point] for point in path] for path in table]

    @staticmethod
    def _axes(drifts: Tensor) -> Tensor:
        mean = drifts.mean(0)
        first = mean / mean.norm().clamp_min(1e-30)
        rest = drifts - mean
        rest = rest - (rest @ first)[:, None] * first
        # The main direction of K vectors, found among their K² inner products instead of in d dimensions.
        gram = torch.nan_to_num(rest @ rest.T)
        second = torch.linalg.eigh(gram).eigenvectors[:, -1] @ rest
        return torch.stack([first, second / second.norm().clamp_min(1e-30)])
