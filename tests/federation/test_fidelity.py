"""The engine against `slow.py`, event for event: every server with every monitor under every rule, and the options."""

import math
from functools import cache
from itertools import product

import pytest

from fda_core.federation.lane import Lane
from fda_core.settings.config import LaneSpec
from fda_core.settings.methods import MONITORS, SERVERS
from tests.helpers.slow import slow_run
from tests.helpers.tiers import tiered
from tests.helpers.tiny import (
    TEST,
    TRAIN,
    Points,
    TinyTrainer,
    epochs,
    fda_opt,
    fedopt,
    fixed,
    rounds,
    smoothed,
    tapered,
    tiny_config,
    tiny_experiment,
)

ROUNDS = 8
RATES = {"sgd": 1.0, "sgdm": 0.3, "nesterov": 0.3, "adam": 0.1, "adamw": 0.1, "adagrad": 0.3, "yogi": 0.1}
RULES = {
    "FDA every epoch": lambda monitor: fixed(0.2, 5, monitor=monitor),
    "FDA every step": lambda monitor: fixed(0.1, 3, monitor=monitor, check="step"),
    "FDA-OPT": lambda monitor: fda_opt(10, monitor=monitor),
    "smoothed": lambda monitor: smoothed(10, monitor=monitor),
    "tapered": lambda monitor: tapered(10, monitor=monitor),
}

RUNS = {f"FedOpt, {server}": (fedopt(3), {"server_optimizer": server}) for server in SERVERS}
RUNS |= {
    f"{rule}, {monitor}, {server}": (RULES[rule](monitor), {"server_optimizer": server})
    for rule, monitor, server in product(RULES, MONITORS, SERVERS)
}
PEERS = [LaneSpec(id=rule, rule=rule, epochs=6) for rule in ("adacomm", "decaying")]
RUNS |= {
    f"{lane.id}, {server}": (lane, {"server_optimizer": server, "client_lr": 2.0})
    for lane, server in product(PEERS, ("sgd", "adam"))
}
SOME = {"clients": 9, "clients_per_round": 5, "alpha": 0.1}
OPTIONS = {
    "clients with momentum": {"client_optimizer": "sgdm", "client_lr": 0.1},
    "clients with AdamW": {"client_optimizer": "adamw", "client_lr": 0.05},
    "weighted by examples": {"weighting": "examples"},
    "3 of 4 clients": {"clients_per_round": 3},
    "5 of 9 unlike clients": SOME,
    "5 of 9 clients, weighted": SOME | {"weighting": "examples"},
    "clients drop out": {"client_dropout": 0.3},
    "most clients drop out, weighted": SOME | {"client_dropout": 0.7, "weighting": "examples"},
    "batches of 5": {"batch_size": 5, "client_lr": 1.0},
    "another seed": {"seed": 11},
}
RUNS |= {
    f"{lane.id}, {name}": (lane, changes)
    for name, changes in OPTIONS.items()
    for lane in (
        fedopt(2),
        fda_opt(10),
        smoothed(10),
        tapered(10),
        fixed(0.1, 3, monitor="linear", check="step"),
        *PEERS,
    )
}


@cache
def compared(name: str):
    """The engine's events and final weights, and the slow version's account of the same run."""
    spec, changes = RUNS[name]
    trainer = TinyTrainer(Points.drawn(TRAIN, 1, "float64"), Points.drawn(TEST, 2, "float64"))
    server = changes.get("server_optimizer", "sgd")
    config = tiny_config(spec, rounds=ROUNDS, server_lr=RATES[server], **changes)
    experiment = tiny_experiment(config, trainer)
    lane = Lane(experiment, spec, experiment.score(experiment.initial))
    events = [event for _ in range(ROUNDS) for event in lane.play_round()]
    return (
        events,
        lane.server.weights.tolist(),
        slow_run(config, spec, experiment.partition, trainer.train, trainer.test),
    )


def close(values, monitor: str = "exact"):
    """Float64 on both sides: rounding only. The sketch itself is float32. None stands for itself."""
    if isinstance(values, list):
        return [close(value, monitor) for value in values]
    loose = monitor == "sketch"
    return None if values is None else pytest.approx(values, rel=1e-5 if loose else 1e-8, abs=1e-6 if loose else 1e-12)


def same_threshold(ours: float | None, slow: float | None, monitor: str) -> bool:
    """Before a first round has survived, the engine's Θ is −∞ and the slow version has none."""
    return (slow is None and ours == -math.inf) or ours == close(slow, monitor)


EVERY_DAY = list(RUNS)[::3]


@pytest.mark.parametrize("name", tiered(RUNS, EVERY_DAY, "slow"))
def test_the_engine_does_what_the_method_says(name):
    """One test for one round trip: the first difference is the one to look at, those after it follow from it."""
    events, weights, told = compared(name)
    monitor = RUNS[name][0].monitor
    for event, slow in zip(rounds(events), told, strict=True):
        local = epochs(events, round=event.round)
        assert event.clients == [str(client) for client in slow.clients]
        assert event.dropped == [str(client) for client in slow.dropped]
        assert [epoch.train_loss for epoch in local] == close(slow.train_losses)
        assert [epoch.variance for epoch in local] == close(slow.variances)
        squares = [[epoch.mean_sq_drift, epoch.sq_mean_drift] for epoch in local]
        assert squares == [close(list(pair)) for pair in slow.squares]
        assert [epoch.variance_estimate for epoch in local] == close(slow.estimates, monitor)
        for epoch, threshold in zip(local, slow.thresholds, strict=True):
            assert same_threshold(epoch.threshold, threshold, monitor)
        assert [(epoch.steps, epoch.checks) for epoch in local] == list(zip(slow.steps, slow.checks, strict=True))
        assert (event.epochs, event.reason) == (len(slow.variances), slow.reason)
        assert event.variance == close(slow.variances[-1])
        assert event.client_steps == slow.client_steps
        assert event.client_sq_drift == close(slow.client_sq_drifts)
        assert (event.test_loss, event.accuracy) == (close(slow.test_loss), close(slow.accuracy))
        sent = (event.bytes_down, event.bytes_up, event.bytes_monitor)
        assert sent == (slow.bytes_down, slow.bytes_up, slow.bytes_monitor)
        assert sum(epoch.bytes_monitor_up + epoch.bytes_monitor_down for epoch in local) == slow.bytes_monitor
        assert same_threshold(event.threshold_next, slow.threshold_next, monitor)
    assert rounds(events)[-1].bytes_total == sum(s.bytes_down + s.bytes_up + s.bytes_monitor for s in told)
    assert weights == close(told[-1].weights.tolist())


def test_the_runs_compared_take_many_decisions():
    """Otherwise agreement would be cheap: rounds of different lengths, ended for different reasons, some in the middle
    of an epoch, some deserted."""
    reasons, lengths, cut, dropped = set(), set(), 0, 0
    for name in EVERY_DAY:
        events, _, _ = compared(name)
        reasons |= {event.reason for event in rounds(events)}
        lengths |= {event.epochs for event in rounds(events)}
        cut += sum(epoch.steps < max(e.steps for e in epochs(events)) for epoch in epochs(events))
        dropped += sum(len(event.dropped) for event in rounds(events))
    assert reasons == {"fixed-schedule", "first-round", "threshold", "epoch-cap", "all-dropped"}
    assert len(lengths) > 5 and cut > 10 and dropped > 10
