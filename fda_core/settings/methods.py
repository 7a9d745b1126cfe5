"""The parts a method is made of: rules that set Θ, monitors, server and client optimisers. Each is one row here.

A row is data: what the settings allow, what a lane of it has to say, what it costs, and the dotted name of its
implementation, which is looked up when a run is built. So a page can offer everything without loading torch.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any, Generic, Literal, Protocol, TypeVar


class Named(Protocol):
    """What every row has."""

    @property
    def name(self) -> str:
        """What settings call it."""


Row = TypeVar("Row", bound=Named)


class Registry(Mapping[str, Row], Generic[Row]):
    """Rows by their names, in the order in which they were added."""

    def __init__(self, *rows: Row):
        self._rows: dict[str, Row] = {}
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> ExitStack:
        """One more; the handle takes it back at the end of a `with`, or when it is closed.

        Raises `ValueError` for a name that is taken.
        """
        if row.name in self._rows:
            raise ValueError(f"{row.name} is registered already")
        self._rows[row.name] = row
        handle = ExitStack()
        handle.callback(self._rows.pop, row.name)
        return handle

    def __getitem__(self, name: str) -> Row:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def resolve(target: str | Callable[..., Any]) -> Callable[..., Any]:
    """What a row calls its implementation: a dotted name such as `package.module:Class`, or the thing itself."""
    return resolve_name(target) if isinstance(target, str) else target


def usual_epochs(lane: Any) -> int:
    """E for a schedule; M/2 for a threshold, which FDA-OPT sets so that this many are likely."""
    return lane.epochs or max(1, lane.max_epochs // 2)


@dataclass(frozen=True, kw_only=True)
class RuleKind:
    """When the lanes of a rule synchronise.

    method: whose family it is of; peers send models on a schedule that changes; baselines send nothing, are there for
    orientation and compete with nobody.
    needs: which of `epochs`, `max_epochs` and `theta` a lane has to say; FDA caps its rounds with `max_epochs`, the
    others end them after `epochs`. implementation: a `policies.Rule`, called with these in this order, and then with
    whether every step is checked, where that can be chosen. lane: the `federation.lane.Lane` that plays it.
    published: whether Θ for the next round is the paper's (M/2)/e · Var. hears_losses: whether it needs the clients'
    training losses. likely_epochs: of a round, for the cost.
    pooled: one client has all examples. alone: every client keeps a model of its own. lane_id: of the page's lane.
    """

    name: str
    method: Literal["fedopt", "fda", "peer", "baseline"]
    needs: tuple[str, ...]
    implementation: str | Callable[..., Any]
    lane: str | Callable[..., Any] = "fda_core.federation.lane:Lane"
    can_check_every_step: bool = False
    published: bool = False
    hears_losses: bool = False
    first_round_is_one_epoch: bool = False
    likely_epochs: Callable[[Any], int] = usual_epochs
    pooled: bool = False
    alone: bool = False
    lane_id: str = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a rule whose rounds nothing would end."""
        ends = "max_epochs" if self.method == "fda" else "epochs"
        if {"epochs", "max_epochs"} & set(self.needs) != {ends}:
            raise ValueError(f"{self.name} of {self.method} has to need {ends}")
        if not self.lane_id:
            family = {"fda": "fda-", "peer": ""}.get(self.method, "fedopt-")
            object.__setattr__(self, "lane_id", family + self.name)

    @property
    def sets_theta(self) -> bool:
        """Whether it is a threshold that finds its Θ itself."""
        return self.method == "fda" and "theta" not in self.needs

    def arguments(self, lane: Any) -> list[Any]:
        """What the implementation is called with for a lane."""
        return [getattr(lane, name) for name in self.needs] + [lane.every_step] * self.can_check_every_step


@dataclass(frozen=True, kw_only=True)
class MonitorKind:
    """How the variance is estimated.

    implementation: makes a `monitors.Monitor` from the number of trainable weights d and the seed. numbers: float32
    ones in the state that a client sends for a check, for d. sends_direction: whether clients that were not in the
    last round are sent a vector as long as the model.
    """

    name: str
    implementation: str | Callable[..., Any]
    numbers: Callable[[int], int]
    sends_direction: bool = False


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """An optimiser of torch's kind. vectors: how many numbers it remembers of each weight."""

    name: str
    implementation: str | Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    vectors: int

    def of(self, weights: Any, lr: float) -> Any:
        """One for these weights (a tensor)."""
        return resolve(self.implementation)([weights], lr=lr, **self.options)


@dataclass(frozen=True, kw_only=True)
class ServerOptimizer(Optimizer):
    """lr: where a configuration says none. with_fedopt, with_fda: what the field calls it with either method.

    averages: whether it is plain averaging at a rate of 1.
    """

    lr: float
    with_fedopt: str
    with_fda: str
    averages: bool = False


_POLICIES = "fda_core.algorithm.policies"
_BASELINES = "fda_core.federation.baselines"
_MONITORS = "fda_core.algorithm.monitors"

RULES = Registry(
    RuleKind(name="schedule", method="fedopt", needs=("epochs",), implementation=f"{_POLICIES}:Schedule"),
    RuleKind(
        name="fixed", method="fda", needs=("theta", "max_epochs"), implementation=f"{_POLICIES}:FixedThreshold",
        can_check_every_step=True,
    ),
    RuleKind(
        name="adaptive", method="fda", needs=("max_epochs",), implementation=f"{_POLICIES}:AdaptiveThreshold",
        published=True, first_round_is_one_epoch=True, lane_id="fda-opt",
    ),
    RuleKind(
        name="smoothed", method="fda", needs=("max_epochs",), implementation=f"{_POLICIES}:SmoothedThreshold",
        first_round_is_one_epoch=True,
    ),
    # Likely epochs: the mean over 140 local epochs at the protocol cell of the atlas, two seeds.
    RuleKind(
        name="tapered", method="fda", needs=("max_epochs",), implementation=f"{_POLICIES}:TaperedThreshold",
        first_round_is_one_epoch=True, hears_losses=True,
        likely_epochs=lambda lane: max(1, round(0.25 * lane.max_epochs)),
    ),
    # Likely epochs: AdaComm's first rounds on the embedded reviews, and the mean of 1/∛r over 60 rounds.
    RuleKind(
        name="adacomm", method="peer", needs=("epochs",), implementation=f"{_POLICIES}:AdaComm", hears_losses=True,
        likely_epochs=lambda lane: max(1, round(0.8 * lane.epochs)),
    ),
    RuleKind(
        name="decaying", method="peer", needs=("epochs",), implementation=f"{_POLICIES}:Decaying",
        likely_epochs=lambda lane: max(1, round(0.4 * lane.epochs)),
    ),
    RuleKind(
        name="centralised", method="baseline", needs=("epochs",), implementation=f"{_POLICIES}:Schedule",
        lane=f"{_BASELINES}:Centralised", pooled=True,
    ),
    RuleKind(
        name="local-only", method="baseline", needs=("epochs",), implementation=f"{_POLICIES}:Schedule",
        lane=f"{_BASELINES}:LocalOnly", alone=True,
    ),
)  # fmt: skip

SKETCH_NUMBERS = 3 * 500
MONITORS = Registry(
    MonitorKind(name="sketch", implementation=f"{_MONITORS}:SketchMonitor.of", numbers=lambda d: 1 + SKETCH_NUMBERS),
    MonitorKind(name="exact", implementation=f"{_MONITORS}:ExactMonitor.of", numbers=lambda d: d + 1),
    MonitorKind(
        name="linear", implementation=f"{_MONITORS}:LinearMonitor.of", numbers=lambda d: 2, sends_direction=True
    ),
    MonitorKind(name="naive", implementation=f"{_MONITORS}:NaiveMonitor.of", numbers=lambda d: 1),
)

# sgd with lr 1 is plain averaging; the other rates are starting points (docs/evidence.md has tuned ones).
SERVERS = Registry(
    ServerOptimizer(
        name="sgd", implementation="torch.optim:SGD", vectors=0, lr=1.0, with_fedopt="FedAvg", with_fda="FDA-SGD",
        averages=True,
    ),
    ServerOptimizer(
        name="sgdm", implementation="torch.optim:SGD", options={"momentum": 0.9}, vectors=1, lr=0.3,
        with_fedopt="FedAvgM", with_fda="FDA-SGDM",
    ),
    ServerOptimizer(
        name="nesterov", implementation="torch.optim:SGD", options={"momentum": 0.9, "nesterov": True}, vectors=1,
        lr=0.7, with_fedopt="FedNesterov", with_fda="FDA-Nesterov",
    ),
    ServerOptimizer(
        name="adam", implementation="torch.optim:Adam", vectors=2, lr=0.001, with_fedopt="FedAdam",
        with_fda="FDA-Adam",
    ),
    ServerOptimizer(
        name="adamw", implementation="torch.optim:AdamW", vectors=2, lr=0.001, with_fedopt="FedAdamW",
        with_fda="FDA-AdamW",
    ),
    ServerOptimizer(
        name="adagrad", implementation="torch.optim:Adagrad", vectors=1, lr=0.003, with_fedopt="FedAdagrad",
        with_fda="FDA-Adagrad",
    ),
    ServerOptimizer(
        name="yogi", implementation="fda_core.algorithm.servers:Yogi", vectors=2, lr=0.003, with_fedopt="FedYogi",
        with_fda="FDA-Yogi",
    ),
)  # fmt: skip

# Each works on every weight by itself, so that one of them serves all clients without mixing them.
CLIENT_OPTIMIZERS = Registry(
    Optimizer(name="sgd", implementation="torch.optim:SGD", vectors=0),
    Optimizer(name="sgdm", implementation="torch.optim:SGD", options={"momentum": 0.9}, vectors=1),
    Optimizer(name="adamw", implementation="torch.optim:AdamW", vectors=2),
)


def is_baseline(rule: object) -> bool:
    """Whether a record's lane sends nothing; False for a rule that is unknown here."""
    return isinstance(rule, str) and rule in RULES and RULES[rule].method == "baseline"
