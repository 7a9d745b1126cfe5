"""The experiment's lanes, one after the other on the same clients, and a record that the lab's pages show."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import torch
from flwr.app import ArrayRecord, ConfigRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp

from fda_core.federation.experiment import Score
from fda_core.federation.stopping import StoppingCriterion
from fda_core.settings.config import LaneSpec
from fda_core.settings.methods import SERVERS
from fda_core.setup import Prepared
from fda_flower import Fda, FdaAdagrad, FdaAdam, FdaAdamW, FdaAvg, FdaAvgM, FdaYogi, LabRecord
from fda_flower.record import LaneRecord
from fda_flower.rounds import Played
from fda_flower.strategies import FdaOpt
from flower_race.job import experiment


def with_momentum(server: str) -> Callable[..., FdaAvgM]:
    """Flower's own default is none."""
    options = SERVERS[server].options
    return partial(FdaAvgM, server_momentum=options["momentum"], nesterov=options.get("nesterov", False))


STRATEGIES = {
    "sgd": (FdaAvg, "eta"), "sgdm": (with_momentum("sgdm"), "server_learning_rate"),
    "nesterov": (with_momentum("nesterov"), "server_learning_rate"),
    "adam": (FdaAdam, "eta"), "adamw": (FdaAdamW, "eta"), "adagrad": (FdaAdagrad, "eta"), "yogi": (FdaYogi, "eta"),
}  # fmt: skip

app = ServerApp()


class Over(Exception):
    """The lane has ended: at its target, say."""


class Lane:
    """A watcher that records one lane and ends it where the engine would. record: the lane's."""

    def __init__(self, job: Prepared, spec: LaneSpec, record: LaneRecord):
        self.record, self.epochs = record, 0
        self.stopping = StoppingCriterion(job.config, spec, job.score(job.initial))

    def played(self, round: Played) -> None:
        """A round."""
        self.epochs = round.epochs
        self.record.played(round)

    def scored(self, metrics: MetricRecord) -> None:
        """Its score, or that of the untrained model. Raises `Over`."""
        self.record.scored(metrics)
        if self.epochs:
            self.stopping.round(Score(metrics["test_loss"], metrics["accuracy"]), self.epochs)
        if verdict := self.stopping.verdict():
            self.record.end(*verdict)
            raise Over


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Plays and records all lanes, all clients in every round."""
    run = context.run_config
    job = experiment(run)
    config = job.config
    rules = {lane.id: rule_of(lane, int(run["look-ahead"]), config.seed) for lane in config.lanes}

    def evaluate(_: int, arrays: ArrayRecord) -> MetricRecord:
        score = job.score(torch.from_numpy(arrays.to_numpy_ndarrays()[0].copy()))
        return MetricRecord({"test_loss": score.test_loss, "accuracy": score.accuracy})

    folder, sites = Path(str(run["record"])), config.clients
    with LabRecord(folder, rules, sites, sites, config.rounds, config.to_json(), job.facts, job.versions()) as record:
        for spec in config.lanes:
            lane = Lane(job, spec, record.watch(spec.id))
            strategy = strategy_of(job, spec, rules[spec.id], lane)
            with suppress(Over):
                strategy.start(
                    grid, ArrayRecord([job.initial.numpy()]), config.rounds, train_config=ConfigRecord(),
                    evaluate_fn=evaluate,
                )  # fmt: skip


def rule_of(lane: LaneSpec, look_ahead: int, seed: int) -> Fda:
    """Raises `ValueError` for a lane that has no counterpart in Flower's messages."""
    needs = {name: getattr(lane, name) for name in lane.kind.needs}
    return Fda(rule=lane.rule, **needs, look_ahead=look_ahead, weighted_by="weight", seed=seed)


def strategy_of(job: Prepared, lane: LaneSpec, fda: Fda, watcher: Lane) -> FdaOpt:
    """The lane's server optimiser at its rate."""
    server, rate = job.config.server_of(lane)
    make, name = STRATEGIES[server]
    nodes = job.config.clients
    return make(
        **{name: rate}, fda=fda, watcher=watcher, weighted_by_key="weight", min_train_nodes=nodes,
        min_available_nodes=nodes, fraction_evaluate=0.0,
    )  # fmt: skip
