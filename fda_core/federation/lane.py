"""One competitor: its weights, rule, monitor, server optimiser, ledger and clock, from round to round."""

from collections.abc import Iterator
from time import perf_counter

from fda_core.algorithm.checkpoint import Checkpoint, State
from fda_core.algorithm.events import Event, LaneFinished
from fda_core.algorithm.ledger import Ledger
from fda_core.algorithm.monitors import make_monitor
from fda_core.algorithm.policies import Reason, make_rule
from fda_core.algorithm.servers import Server
from fda_core.federation import lane_events
from fda_core.federation.batches import cohorts
from fda_core.federation.experiment import Experiment, Score
from fda_core.federation.local_round import LocalRound
from fda_core.federation.stopping import StoppingCriterion
from fda_core.settings.config import LaneSpec

# What knows its own state; a checkpoint calls the stopping criterion "judge", as those written before it was renamed.
PARTS = {"server": "server", "rule": "rule", "monitor": "monitor", "judge": "stopping"}


class Lane:
    """One competitor's state between rounds: weights, rule, ledger, clock."""

    def __init__(self, experiment: Experiment, spec: LaneSpec, first: Score):
        config = experiment.config
        self.experiment, self.spec = experiment, spec
        self.server = Server(*config.server_of(spec), experiment.initial)
        self.rule = make_rule(spec)
        self.monitor = make_monitor(spec.monitor, experiment.trainer.layout.size, config.seed)
        self.ledger = Ledger(experiment.model_bytes)
        self.cohorts = cohorts(config.clients, config.cohort_size, config.seed)
        self.round, self.clock = 0, 0.0
        self.stopping = StoppingCriterion(config, spec, first)

    def play_round(self) -> Iterator[Event]:
        """One round; docs/method.md has the same in symbols."""
        began, self.round = perf_counter(), self.round + 1
        local, reason = self.broadcast(), None
        while reason is None:
            local.begin_epoch()
            for steps in self.rule.segments(local.cohort.steps):
                local.train(steps)
                estimate, reason = self.check(local)
                if reason or self.stopping.diverged:
                    break
            local.end_epoch()
            yield lane_events.epoch(self, local, estimate)
            if self.stopping.diverged:
                return
        self.synchronise(local)
        self.clock += self.seconds(local)
        score = self.score()
        yield lane_events.round(self, local, reason, score, perf_counter() - began)
        self.stopping.round(score, local.epochs)

    def broadcast(self) -> LocalRound:
        """The global weights go to the round's clients, and with them what the monitor needs at the clients."""
        clients = next(self.cohorts)
        self.ledger.begin_round()
        self.ledger.model_down(len(clients))
        self.uninformed = self.monitor.uninformed(clients) if self.rule.monitored else []
        self.ledger.direction_down(len(self.uninformed))
        return LocalRound(self.experiment, self.server.weights, self.experiment.partition, clients, self.round)

    def check(self, local: LocalRound) -> tuple[float | None, Reason | None]:
        """The states arrive: v̂, and why to synchronise now, if so."""
        if local.statistics is None:
            return None, "all-dropped"
        self.stopping.variance(local.statistics.variance, self.round, local.epochs)
        estimate = None
        if self.rule.monitored:
            self.ledger.check(int(local.left.sum()), self.monitor.state_bytes)
            estimate = self.monitor.estimate(local.statistics)
        return estimate, self.rule.verdict(local.epochs_done, estimate)

    def synchronise(self, local: LocalRound) -> None:
        """The models of the clients left arrive: the server moves, and the rule learns the exact variance."""
        before = self.server.weights.clone()
        if local.statistics:
            self.ledger.model_up(int(local.left.sum()))
            self.server.step(local.statistics.mean_drift)
            self.rule.hear(local.losses[0].mean().item())
            self.rule.learn(local.epochs, local.statistics.variance)
        self.monitor.synchronised(local.clients, self.server.weights - before)

    def seconds(self, local: LocalRound) -> float:
        """The round on the simulated network."""
        state_bytes = self.monitor.state_bytes if self.rule.monitored else None
        return self.experiment.network.round_seconds(
            local.clients, local.segments, self.experiment.model_bytes, state_bytes, self.uninformed
        )

    def score(self) -> Score:
        """Of the global weights, on the test set."""
        return self.experiment.score(self.server.weights)

    def names(self, clients: list[int]) -> list[str]:
        """What the events call these clients: their numbers as words."""
        return [str(client) for client in clients]

    def finished(self) -> LaneFinished | None:
        """The lane's last event, None while it has rounds to play."""
        verdict = self.stopping.verdict()
        return verdict and LaneFinished(lane=self.spec.id, status=verdict[0], message=verdict[1])

    def state(self) -> State:
        """What the lane is between two rounds; nested values are tensors or what JSON has."""
        parts = {name: getattr(self, part).state() for name, part in PARTS.items()}
        return parts | {"clock": self.clock, "bytes_total": self.ledger.total}

    def checkpoint(self) -> Checkpoint:
        """The tensors are the lane's own: they change with its next round."""
        return Checkpoint(self.round, self.state())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Takes over from another lane of the same experiment, as it was after the checkpoint's round."""
        for name, part in PARTS.items():
            getattr(self, part).restore(checkpoint.state[name])
        self.clock, self.ledger.total = checkpoint.state["clock"], checkpoint.state["bytes_total"]
        while self.round < checkpoint.round:
            self.round += 1
            next(self.cohorts)
