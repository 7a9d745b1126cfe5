"""Throw-away rows for the registries, and what every registered name has to have: words, and a place in the docs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fda_core.algorithm.monitors import FLOAT_BYTES, DriftStatistics, Monitor
from fda_core.algorithm.policies import FixedThreshold, Reason
from fda_core.settings.methods import (
    CLIENT_OPTIMIZERS,
    MONITORS,
    RULES,
    SERVERS,
    MonitorKind,
    Optimizer,
    RuleKind,
    ServerOptimizer,
)
from ui.text.i18n import catalogue

ROOT = Path(__file__).parents[2]
REGISTRIES = {"rule": RULES, "monitor": MONITORS, "server": SERVERS, "client optimiser": CLIENT_OPTIMIZERS}
FENCED, CODE = re.compile(r"```.*?```", re.DOTALL), re.compile(r"`[^`]+`")


class SecondEpoch(FixedThreshold):
    """Synchronises after two local epochs, whatever the estimate."""

    def __init__(self, max_epochs: int):
        super().__init__(0.0, max_epochs)

    def verdict(self, epochs: int, estimate: float) -> Reason | None:
        return "threshold" if epochs == 2 else "epoch-cap" if epochs >= self.max_epochs else None


class Largest(Monitor):
    """The largest ‖u_k‖²."""

    state_bytes = 3 * FLOAT_BYTES

    def _estimate(self, statistics: DriftStatistics) -> float:
        return statistics.sq_norms.max().item()


RULE = RuleKind(
    name="second-epoch", method="fda", needs=("max_epochs",), implementation="tests.helpers.registered:SecondEpoch",
    likely_epochs=lambda lane: min(2, lane.max_epochs),
)  # fmt: skip
SERVER = ServerOptimizer(
    name="rmsprop", implementation="torch.optim:RMSprop", vectors=1, lr=0.007, with_fedopt="FedRMSprop",
    with_fda="FDA-RMSprop",
)  # fmt: skip
MONITOR = MonitorKind(name="largest", implementation=Largest.of, numbers=lambda size: 3)
CLIENT = Optimizer(name="adamax", implementation="torch.optim:Adamax", vectors=2)


@contextmanager
def throw_aways() -> Iterator[None]:
    """One of each kind, for a while; each takes one call."""
    with RULES.add(RULE), SERVERS.add(SERVER), MONITORS.add(MONITOR), CLIENT_OPTIMIZERS.add(CLIENT):
        yield


def not_in_docs() -> list[str]:
    """Registered names that neither the method page nor the README has in code type."""
    pages = [FENCED.sub("", (ROOT / page).read_text(encoding="utf-8")) for page in ("docs/method.md", "README.md")]
    code = {word for page in pages for span in CODE.findall(page) for word in re.findall(r"[\w-]+", span)}
    return [f"{kind} {name}" for kind, rows in REGISTRIES.items() for name in rows if name not in code]


def without_words(language: str) -> list[str]:
    """Keys that a registered name needs in the catalogue and that are not there."""
    return [key for key in words() if key not in catalogue(language)]


def words() -> Iterator[str]:
    for rule in RULES.values():
        key = rule.name.replace("-", "_")
        yield f"lane.{key}"
        yield f"race.reference_{key}" if rule.method == "baseline" else f"method.{rule.name}"
        if rule.method == "fda":
            yield from (f"settings.{rule.name}", f"fair.when_{rule.name}")
        if rule.sets_theta and not rule.published:
            yield f"inside.rule_{rule.name}"
    for name in MONITORS:
        yield f"settings.monitor_{name}"
    yield from (f"settings.server_{name}" for name in SERVERS)
    yield from (f"settings.client_{name}" for name in CLIENT_OPTIMIZERS)
