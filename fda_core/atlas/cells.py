"""What the atlas consists of: its cells, the lanes that are played in one, the seeds, and the order of it all.

A cell is one setting of what decides who needs fewer bytes; everything else is the same in all of them. The protocol
cell is the authors' setting at the size of the embedded reviews: N = K = 10, 400 reviews a client, α = 1, FedAvg, the
client rate at which FedOpt E=1 reaches its highest accuracy (`docs/evidence.md`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fda_core.settings.config import ExperimentConfig, LaneSpec

ATLAS = Path(__file__).parent / "atlas.parquet"  # comes with the app; its card beside it
LOCAL_EPOCHS = 200  # of every lane, however many rounds that makes
COHORT, TRAIN, TEST = 10, 4000, 1000
# What is chosen by a run is chosen by these, and no verdict rests on them.
TUNING_SEEDS = (100, 101)
BASELINE, OURS, TAPERED = "fedopt-e1", "fda-opt", "fda-tapered"
SHARED = {
    "preset": "atlas", "train_examples": TRAIN, "test_examples": TEST, "clients_per_round": COHORT, "rounds": 10_000,
    "local_epochs": LOCAL_EPOCHS, "target": {"metric": "accuracy", "value": 1.0},  # no target ends a lane earlier
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Cell:
    """A setting: server optimiser and its rate, clients N, Dirichlet α, client rate."""

    server: str = "sgd"
    clients: int = 10
    alpha: float = 1.0
    client_lr: float = 0.01
    server_lr: float = 1.0


@dataclass(frozen=True)
class Lane:
    """A competitor: a lane of the settings, and what else its method prescribes.

    theta_scale: of the lanes with a fixed Θ, how many times the Θ that FDA-OPT settled at on the tuning seed.
    """

    spec: Mapping[str, Any]
    changes: Mapping[str, Any] = field(default_factory=dict)
    theta_scale: float | None = None


LANES: dict[str, Lane] = {
    **{f"fedopt-e{e}": Lane({"rule": "schedule", "epochs": e}) for e in (1, 2, 3, 5, 10, 20)},
    "fda-m4": Lane({"rule": "adaptive", "max_epochs": 4}),
    "fda-opt": Lane({"rule": "adaptive", "max_epochs": 10}),
    "fda-m20": Lane({"rule": "adaptive", "max_epochs": 20}),
    "fda-smoothed": Lane({"rule": "smoothed", "max_epochs": 10}),
    "fda-tapered": Lane({"rule": "tapered", "max_epochs": 10}),
    **{
        f"fda-fixed-{name}": Lane({"rule": "fixed", "max_epochs": 20}, theta_scale=scale)
        for name, scale in {"low": 0.3, "mid": 1.0, "high": 3.0}.items()
    },
    "adacomm": Lane({"rule": "adacomm", "epochs": 10}),
    "decaying": Lane({"rule": "decaying", "epochs": 10}),
    "diloco": Lane(
        {"rule": "schedule", "epochs": 10},
        {"client_optimizer": "adamw", "client_lr": 0.001, "server_optimizer": "nesterov", "server_lr": 0.7},
    ),
}  # fmt: skip


def specs(names: Iterable[str]) -> tuple[LaneSpec, ...]:
    """These lanes as settings have them."""
    return tuple(LaneSpec(id=name, **LANES[name].spec) for name in names)


PEERS = ("adacomm", "decaying", "diloco")
FEDOPT = tuple(name for name in LANES if name.startswith("fedopt-"))
PROTOCOL = Cell()
PROTOCOL_SEEDS, SEEDS = (0, 1, 2, 3, 4), (0, 1, 2)
RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
ALPHAS = (0.1, 0.3, 1.0, 10.0)
# Tried for the adaptive servers, at the client rate of the preset Default.
SERVER_RATES = {
    "adam": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
    "adagrad": (0.001, 0.003, 0.01, 0.03, 0.1),
}  # fmt: skip
RACE = ("fedopt-e1", "fedopt-e5", "fda-opt")  # where time is short, what every page compares


@dataclass(frozen=True)
class Part:
    """A piece of the atlas that is worth having by itself: these lanes in these cells on these seeds."""

    name: str
    cells: tuple[Cell, ...]
    lanes: tuple[str, ...]
    seeds: tuple[int, ...]


DEFAULT = Cell(clients=40, client_lr=0.05)  # the preset Default
MANY = Cell(clients=100, client_lr=0.1)  # at the rate at which FedOpt E=1 gets highest on the tuning seeds
TUNED = (PROTOCOL, DEFAULT, MANY)  # whose client rates were tried on the tuning seeds
# Of each adaptive server and α, the server rate at which FedOpt E=1 gets highest on the tuning seeds.
SERVERS = tuple(
    replace(DEFAULT, server=server, server_lr=rate, alpha=alpha)
    for (server, alpha), rate in {
        ("adam", 0.1): 0.01, ("adam", 1.0): 0.03,
        ("adagrad", 0.1): 0.03, ("adagrad", 1.0): 0.03,
    }.items()
)  # fmt: skip


def at_rates(cell: Cell, rates: tuple[float, ...] = RATES) -> tuple[Cell, ...]:
    """The cell at each of these client rates."""
    return tuple(replace(cell, client_lr=rate) for rate in rates)


# The most important first: an atlas that is interrupted has whole parts.
PARTS = (
    Part("default", (DEFAULT,), (*FEDOPT, OURS, "fda-smoothed", TAPERED), PROTOCOL_SEEDS),
    Part("default-tuning", at_rates(DEFAULT), (BASELINE,), TUNING_SEEDS),
    Part("default-rates", at_rates(DEFAULT), RACE, SEEDS),
    Part("default-map", at_rates(DEFAULT), ("fedopt-e2", "fedopt-e10"), SEEDS),
    Part("tuning", at_rates(PROTOCOL), (BASELINE,), TUNING_SEEDS),
    Part("protocol", (PROTOCOL,), ("fedopt-e1", OURS, TAPERED, "fedopt-e2", "fedopt-e5", "fedopt-e10"), PROTOCOL_SEEDS),
    Part("heterogeneity", tuple(replace(DEFAULT, alpha=alpha) for alpha in ALPHAS), RACE, SEEDS),
    Part("peers", (PROTOCOL,), PEERS, SEEDS),
    Part(
        "servers-tuning",
        tuple(replace(cell, server_lr=rate) for cell in SERVERS for rate in SERVER_RATES[cell.server]),
        (BASELINE,), TUNING_SEEDS,
    ),
    Part("servers", SERVERS, RACE, SEEDS),
    Part("clients-tuning", at_rates(MANY), (BASELINE,), TUNING_SEEDS),
    Part("clients", at_rates(MANY), (BASELINE,), SEEDS),
    Part("clients-race", (MANY,), RACE, SEEDS),
    Part("variants", (DEFAULT,), tuple(LANES), SEEDS),
    Part(
        "tapered",
        (*at_rates(DEFAULT, (0.02, 0.1)), replace(DEFAULT, alpha=0.3), replace(DEFAULT, alpha=10.0)),
        (TAPERED,), SEEDS,
    ),
    Part("protocol-rates", at_rates(PROTOCOL), (BASELINE,), SEEDS),
    Part("protocol-map", at_rates(PROTOCOL), (OURS, "fedopt-e5", "fedopt-e10"), SEEDS),
    Part("grid", tuple(cell for a in ALPHAS for cell in at_rates(replace(DEFAULT, alpha=a))), RACE, SEEDS),
)  # fmt: skip
TUNING = ("default-tuning", "tuning", "servers-tuning", "clients-tuning")


@dataclass(frozen=True, order=True)
class Run:
    """One lane of one cell on one seed, the unit that is played and kept."""

    cell: Cell
    lane: str
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        cell = self.cell
        return (
            f"{cell.server}-{cell.server_lr:g}-n{cell.clients}-alpha{cell.alpha:g}-lr{cell.client_lr:g}"
            f"-{self.lane}-seed{self.seed}"
        )

    def config(self, theta: float | None = None) -> ExperimentConfig:
        """theta: Θ, for the lanes that take a fixed one."""
        lane, cell = LANES[self.lane], self.cell
        spec = {"id": self.lane, **lane.spec} | ({} if theta is None else {"theta": theta})
        own = {
            "server_optimizer": cell.server, "server_lr": cell.server_lr, "clients": cell.clients,
            "alpha": cell.alpha, "client_lr": cell.client_lr, "seed": self.seed,
        }  # fmt: skip
        return ExperimentConfig(**SHARED | own | dict(lane.changes), lanes=[spec])


def runs(parts: tuple[Part, ...] = PARTS) -> Iterator[Run]:
    """All runs in the order in which they are to be played, each once: cell by cell, because a few cells with all their
    seeds say more than many with one."""
    seen: set[Run] = set()
    for part in parts:
        for cell in part.cells:
            for seed in part.seeds:
                for lane in part.lanes:
                    run = Run(cell, lane, seed)
                    if run not in seen:
                        seen.add(run)
                        yield run


def scale_of(run: Run) -> Run:
    """The run whose Θ a lane with a fixed one goes by."""
    return Run(run.cell, OURS, TUNING_SEEDS[0])
