"""The experiment as a generator of events: lanes play their rounds in the order of the simulated network clock.

Whoever consumes the generator sets the pace: not asking for the next event is a pause.
"""

from collections.abc import Iterator
from time import perf_counter

from fda_core.algorithm.checkpoint import Keep
from fda_core.algorithm.events import Event, LaneFinished, RunResumed, RunStarted
from fda_core.algorithm.ledger import Ledger
from fda_core.algorithm.monitors import make_monitor
from fda_core.algorithm.policies import Reason, make_rule
from fda_core.algorithm.servers import Server
from fda_core.federation import lane_events
from fda_core.federation.batches import cohorts
from fda_core.federation.local_round import LocalRound
from fda_core.federation.resumption import Restorable, Resumption, taken_up
from fda_core.federation.stopping import Judge
from fda_core.settings.config import LaneSpec
from fda_core.setup import Lab, Score


def run(lab: Lab, keep: Keep = lambda lane, checkpoint: None, resumption: Resumption | None = None) -> Iterator[Event]:
    """All events of an experiment except the closing `run_finished`, which belongs to whoever keeps the record.

    `keep` is given a lane's checkpoint once its round has been consumed. With a `resumption` the lanes go on from their
    checkpoints, those without one from the beginning: events of rounds that are on record come again.
    """
    first = lab.score(lab.initial)
    racing = [make_lane(lab, spec, first) for spec in lab.config.lanes]
    if resumption is None:
        yield RunStarted(
            config=lab.config.to_json(), versions=lab.versions(), facts=lab.facts,
            initial={"test_loss": first.test_loss, "accuracy": first.accuracy, "metrics": first.metrics},
        )  # fmt: skip
    else:
        yield RunResumed(from_round=dict(resumption.recorded), versions=lab.versions())
        racing = taken_up(racing, resumption)
    while racing:
        lane = min(racing, key=lambda lane: lane.clock)  # the lane that is behind; ties in the order given
        if not lane.judge.verdict():  # a restored lane may have been about to end
            yield from lane.play_round()
            keep(lane.spec.id, lane.checkpoint())
        if finished := lane.finished():
            racing.remove(lane)
            yield finished


def make_lane(lab: Lab, spec: LaneSpec, first: Score) -> "Lane":
    from fda_core.federation.baselines import REFERENCES  # lanes themselves: they need this module first

    return REFERENCES.get(spec.rule, Lane)(lab, spec, first)


class Lane(Restorable):
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
        self.judge = Judge(config, spec, first)

    def play_round(self) -> Iterator[Event]:
        """One round; docs/method.md has the same in symbols."""
        began, self.round = perf_counter(), self.round + 1
        local, reason = self.broadcast(), None
        while reason is None:
            local.begin_epoch()
            for steps in self.rule.legs(local.cohort.steps):
                local.train(steps)
                estimate, reason = self.check(local)
                if reason or self.judge.diverged:
                    break
            local.end_epoch()
            yield lane_events.epoch(self, local, estimate)
            if self.judge.diverged:
                return
        self.synchronise(local)
        self.clock += self.seconds(local)
        score = self.score()
        yield lane_events.round(self, local, reason, score, perf_counter() - began)
        self.judge.round(score, local.epochs)

    def broadcast(self) -> LocalRound:
        """The global weights go to the round's clients, and with them what the monitor needs at the clients."""
        clients = next(self.cohorts)
        self.ledger.begin_round()
        self.ledger.model_down(len(clients))
        self.strangers = self.monitor.strangers(clients) if self.rule.monitored else []
        self.ledger.direction_down(len(self.strangers))
        return LocalRound(self.lab, self.server.weights, self.lab.partition, clients, self.round)

    def check(self, local: LocalRound) -> tuple[float | None, Reason | None]:
        """The states arrive: v̂, and why to synchronise now, if so."""
        if local.spread is None:
            return None, "all-dropped"
        self.judge.variance(local.spread.variance, self.round, local.epochs)
        estimate = None
        if self.rule.monitored:
            self.ledger.check(int(local.left.sum()), self.monitor.state_bytes)
            estimate = self.monitor.estimate(local.spread)
        return estimate, self.rule.verdict(local.epochs_done, estimate)

    def synchronise(self, local: LocalRound) -> None:
        """The models of the clients left arrive: the server moves, and the rule learns the exact variance."""
        before = self.server.weights.clone()
        if local.spread:
            self.ledger.model_up(int(local.left.sum()))
            self.server.step(local.spread.mean_drift)
            self.rule.learn(local.epochs, local.spread.variance)
        self.monitor.synchronised(local.clients, self.server.weights - before)

    def seconds(self, local: LocalRound) -> float:
        """The round on the simulated network."""
        state_bytes = self.monitor.state_bytes if self.rule.monitored else None
        return self.lab.network.round_seconds(
            local.clients, local.legs, self.lab.model_bytes, state_bytes, self.strangers
        )

    def score(self) -> Score:
        return self.lab.score(self.server.weights)

    def names(self, clients: list[int]) -> list[str]:
        return [str(client) for client in clients]

    def finished(self) -> LaneFinished | None:
        verdict = self.judge.verdict()
        return verdict and LaneFinished(lane=self.spec.id, status=verdict[0], message=verdict[1])
