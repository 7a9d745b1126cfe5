"""Plausible events for tests that never train; needs no torch."""

from fda_core.algorithm.events import Epoch, Round, RunStarted
from fda_core.settings.config import ExperimentConfig, LaneSpec

TWO_LANES = (
    LaneSpec(id="fedopt", rule="schedule", epochs=1),
    LaneSpec(id="fda-opt", rule="adaptive", max_epochs=5, monitor="exact"),
)


def started(*lanes: LaneSpec, **changes) -> RunStarted:
    """The first event of a run of these lanes, or of one lane each of FedOpt and FDA-OPT."""
    config = ExperimentConfig(**{"lanes": lanes or TWO_LANES} | changes)
    facts = {"model": "x", "trainable_parameters": 3, "model_bytes": 12}
    initial = {"test_loss": 0.7, "accuracy": 0.5, "metrics": {}}
    return RunStarted(config=config.to_json(), versions={"threads": 2}, facts=facts, initial=initial)


def a_round(lane: str = "fedopt", number: int = 1, **changes) -> Round:
    """48 bytes and two simulated seconds a round."""
    values = {
        "lane": lane, "round": number, "clients": ["0", "1"], "client_steps": [2, 2], "client_train_loss": [0.5, 0.6],
        "client_sq_drift": [1.0, 2.0], "epochs": 1, "reason": "fixed-schedule", "variance": 0.5, "mean_sq_drift": 1.5,
        "sq_mean_drift": 1.0, "threshold_next": None, "paths": [[[0.0, 1.0]], [[1.0, 0.0]]], "bytes_down": 24,
        "bytes_up": 24, "bytes_monitor": 0, "bytes_total": 48 * number, "test_loss": 0.6, "accuracy": 0.5,
        "seconds": 0.1, "simulated_seconds": 2.0 * number,
    }  # fmt: skip
    return Round(**values | changes)


def an_epoch(lane: str = "fedopt", number: int = 1, epoch: int = 1, **changes) -> Epoch:
    values = {
        "lane": lane, "round": number, "epoch": epoch, "steps": 2, "checks": 0, "train_loss": 0.5,
        "variance_estimate": None, "variance": 0.5, "mean_sq_drift": 1.5, "sq_mean_drift": 1.0, "threshold": None,
        "bytes_monitor_up": 0, "bytes_monitor_down": 0,
    }  # fmt: skip
    return Epoch(**values | changes)
