"""The record of a run on Flower in the lab's own schema: its pages show, audit and replay it as any other run."""

import json
import math
import platform
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flwr.app import MetricRecord

from fda_core.algorithm.ledger import VERDICT_BYTES, WIRE_BYTES_PER_PARAMETER, state_bytes
from fda_core.runs.journal import Journal, begin
from fda_core.support.files import replace_whole
from fda_flower.numbering import Numbers
from fda_flower.rounds import Played
from fda_flower.settings import Fda

SCORES = {"test_loss": ("test_loss", "test-loss", "loss"), "accuracy": ("accuracy", "acc")}
CONFIG, EVENTS = "config.json", "events.jsonl"


class LabRecord:
    """Writes one run into a new folder; `watch` gives what a strategy or a grid is to tell a lane's rounds.

    lanes: what is raced, in the order in which it will be played. clients, per_round: how many there are, and take part
    in a round. settings: of the lab's configuration, where more is known: the model, the data, the server's optimiser.
    facts: such as `model`, `dataset`, `labels`. versions: of what else the numbers may depend on. Closed by `close`, or
    as a context. Raises OSError and `StoreError` where the folder cannot be written, or holds a run.
    """

    def __init__(
        self, folder: Path, lanes: Mapping[str, Fda], clients: int, per_round: int, rounds: int,
        settings: Mapping[str, Any] | None = None, facts: Mapping[str, Any] | None = None,
        versions: Mapping[str, Any] | None = None,
    ):  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = locked(folder)
        self.config = {
            "clients": clients, "clients_per_round": per_round, "rounds": rounds,
            **(settings or {}), "lanes": [lane_of(name, fda) for name, fda in lanes.items()],
        }  # fmt: skip
        self.facts, self.versions = dict(facts or {}), dict(versions or {})
        replace_whole(folder / CONFIG, (json.dumps(self.config, indent=2) + "\n").encode())
        self.journal = Journal(begin(folder / EVENTS), folder, folder.name)
        self.lanes = {name: LaneRecord(self, name) for name in lanes}
        self.numbers = Numbers(clients)
        self.started = self.closed = False

    def watch(self, lane: str) -> "LaneRecord":
        """The watcher of one lane."""
        return self.lanes[lane]

    def start(self, model_bytes: int, initial: Mapping[str, Any]) -> None:
        """The first line, once the model's size and its untrained scores are known."""
        if self.started:
            return
        self.started = True
        facts = {"model": "a Flower app's own", "dataset": "", **self.facts} | {
            "trainable_parameters": model_bytes // WIRE_BYTES_PER_PARAMETER, "model_bytes": model_bytes,
            "wire_bytes_per_parameter": WIRE_BYTES_PER_PARAMETER,
        }  # fmt: skip
        self.write({
            "event": "run_started", "schema": 1, "group": None, "source": "flower", "config": self.config,
            "versions": installed() | self.versions, "facts": facts, "initial": dict(initial),
        })  # fmt: skip

    def write(self, *events: dict[str, Any]) -> None:
        """Some lines, which become durable together. Raises `StoreError`."""
        for event in events:
            self.journal.add(json.dumps(finite(event)))
        self.journal.flush()

    def close(self, status: str = "finished", message: str = "") -> None:
        """The last lines: every lane's end, and the digest of all before it."""
        if self.closed:
            return
        self.closed = True
        try:
            for lane in self.lanes.values():
                lane.settle()
            self.start(WIRE_BYTES_PER_PARAMETER, {"test_loss": None, "accuracy": None, "metrics": {}})
            if status == "finished" and (reason := self.nobody_answered()):
                status, message = "failed", reason
            for lane in self.lanes.values():
                lane.end("cap" if status == "finished" else "stopped", message)
            self.write({
                "event": "run_finished", "status": status, "message": message, "count": self.journal.count,
                "digest": self.journal.digest.hexdigest(),
            })  # fmt: skip
        finally:
            self.journal.close()
            if self.lock:
                self.lock.close()

    def nobody_answered(self) -> str:
        """Where no client's model arrived in any round: that, and what the last client said; else empty."""
        rounds = sum(lane.rounds for lane in self.lanes.values())
        if not rounds or any(lane.answered for lane in self.lanes.values()):
            return ""
        said = next((lane.problem for lane in self.lanes.values() if lane.problem), "")
        return f"No client's model arrived in any of {rounds} rounds" + (f": {said}" if said else ".")

    def __enter__(self) -> "LabRecord":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        self.close("failed" if error else "finished", str(error) if error else "")


class LaneRecord:
    """One lane's watcher: a round is written once its score is known, or the next one comes."""

    def __init__(self, record: LabRecord, name: str):
        self.record, self.name = record, name
        self.pending: Played | None = None
        self.first: Mapping[str, Any] | None = None
        self.score: Mapping[str, Any] = score(None)
        self.rounds, self.total, self.clock = 0, 0, 0.0
        self.answered, self.problem = False, ""
        self.ended = False

    def played(self, round: Played) -> None:
        """A round has been played; its events wait for its score."""
        self.settle()
        self.record.start(round.model_bytes, self.first or self.score)
        self.pending = round

    def scored(self, metrics: MetricRecord | None) -> None:
        """Of the untrained model before the first round, of the global model after each."""
        self.score = score(metrics)
        if self.pending:
            self.settle()
        elif not self.rounds:
            self.first = self.score

    def settle(self) -> None:
        """Writes the round that waits."""
        if played := self.pending:
            self.pending = None
            self.rounds += 1
            self.answered |= bool(played.left)
            self.problem = next((client.problem for client in played.clients if client.problem), self.problem)
            self.record.write(*self.epochs(played), self.round(played))

    def end(self, status: str, message: str = "") -> None:
        """The lane's last line. status: `target`, `cap`, `diverged` or `stopped`; the first that is said counts."""
        if not self.ended:
            self.ended = True
            self.settle()
            self.record.write({"event": "lane_finished", "lane": self.name, "status": status, "message": message})

    def epochs(self, played: Played) -> list[dict[str, Any]]:
        """One event a local epoch. The exact variance is known at the end of a round alone: models travel then."""
        state = state_bytes("sketch", played.model_bytes // WIRE_BYTES_PER_PARAMETER)
        events = []
        for check in played.checks[: played.epochs]:
            monitored = check.estimate is not None
            last, each = check.epoch == played.epochs, [c.losses[check.epoch - 1 : check.epoch] for c in played.clients]
            losses = [loss[0] for loss in each if loss and math.isfinite(loss[0])]
            events.append({
                "event": "epoch", "lane": self.name, "round": self.rounds, "epoch": check.epoch, "steps": 1,
                "checks": int(monitored), "train_loss": sum(losses) / len(losses) if losses else None,
                "variance_estimate": check.estimate, "variance": played.variance if last else None,
                "mean_sq_drift": played.mean_sq_drift if last else check.mean_sq_drift,
                "sq_mean_drift": played.sq_mean_drift if last else None,
                "threshold": check.threshold if check.threshold != -math.inf else None,
                "bytes_monitor_up": monitored * check.clients * state,
                "bytes_monitor_down": monitored * check.clients * VERDICT_BYTES,
            })  # fmt: skip
        return events

    def round(self, played: Played) -> dict[str, Any]:
        """The synchronisation: bytes by the method's own count, those of the messages beside them."""
        monitor = sum(epoch["bytes_monitor_up"] + epoch["bytes_monitor_down"] for epoch in self.epochs(played))
        down, up = len(played.clients) * played.model_bytes, len(played.left) * played.model_bytes
        self.total, self.clock = self.total + down + up + monitor, self.clock + played.seconds
        numbers = self.record.numbers.of(played.clients)
        clients = [client for client in played.clients if client.node in numbers]
        names = [numbers[client.node] for client in clients]
        wire = {
            "wire_bytes_down": played.bytes_down, "wire_bytes_up": played.bytes_up, "exchanges": played.exchanges,
            "epochs_trained": played.trained,
        }  # fmt: skip
        return {
            "event": "round", "lane": self.name, "round": self.rounds, "clients": names,
            "client_steps": [len(client.losses) for client in clients],
            "client_train_loss": [mean(client.losses[: played.epochs]) for client in clients],
            "client_sq_drift": [client.sq_drift if not client.problem else None for client in clients],
            "dropped": [numbers[client.node] for client in clients if client.problem],
            "epochs": played.epochs, "reason": played.reason, "variance": played.variance,
            "mean_sq_drift": played.mean_sq_drift, "sq_mean_drift": played.sq_mean_drift,
            "threshold_next": played.threshold_next if played.threshold_next != -math.inf else None,
            "paths": [[] for _ in names], "bytes_down": down, "bytes_up": up, "bytes_monitor": monitor,
            "bytes_total": self.total, "test_loss": self.score["test_loss"], "accuracy": self.score["accuracy"],
            "metrics": self.score["metrics"] | wire, "seconds": played.seconds, "simulated_seconds": self.clock,
        }  # fmt: skip


def lane_of(name: str, fda: Fda) -> dict[str, Any]:
    """A lane of the lab's configuration."""
    return {"id": name, "rule": fda.rule} | {need: getattr(fda, need) for need in fda.kind.needs}


def score(metrics: MetricRecord | None) -> dict[str, Any]:
    """Loss and accuracy by the names that apps give them, None where there is none; other numbers beside them."""
    said = {name: float(value) for name, value in (metrics or {}).items() if isinstance(value, int | float)}
    found: dict[str, Any] = {
        name: next((said.pop(word) for word in words if word in said), None) for name, words in SCORES.items()
    }
    return found | {"metrics": said}


def mean(losses: list[float]) -> float | None:
    """None without one that is a number."""
    known = [loss for loss in losses if math.isfinite(loss)]
    return sum(known) / len(known) if known else None


def finite(value: Any) -> Any:
    """The same with null for every number that is none: JSON has no others."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def locked(folder: Path) -> Any:
    """Tells other processes that the run is being written; the lock ends with this one. None where none can be had."""
    with suppress(ImportError):  # Windows has no such module: there a run that is written looks interrupted
        import fcntl

        lock = open(folder / "lock", "ab")  # noqa: SIM115 - closed with the record
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    return None


def installed() -> dict[str, str]:
    """For the record."""
    names = ("flwr", "numpy")
    return {name: version(name) for name in names} | {
        "python": platform.python_version(), "platform": platform.platform(), "processor": platform.processor(),
    }  # fmt: skip
