"""What the evidence consists of: one setting, six server optimisers, two heterogeneities, five seeds, four lanes.

Learning rates are chosen for FedOpt E=1 on a seed of their own, by the lowest late test loss, and then serve all lanes:
the comparison is on FedOpt's terms. The authors' rates have the highest peak metric over 200 to 1,000 rounds, which
favours smaller ones.
"""

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig

SEEDS = (0, 1, 2, 3, 4)
TUNING_SEED = 100
ALPHAS = (0.1, 1.0)
LOCAL_EPOCHS = 80  # of FedOpt E=1, which sends the most
LOCAL_EPOCHS_OTHERS = 160  # the others trade local epochs for bytes: they may train longer
EPOCHS, MAX_EPOCHS = (1, 5), 10
LATE_ROUNDS = 10  # the search compares means over the last ones
TARGET_SHARES = (0.5, 0.7, 0.9)  # of what FedOpt E=1 gained in accuracy on the tuning seed

# Fewer for adaptive servers, to save time: their step does not grow with the drift, but its direction depends on it.
CLIENT_LRS = {"sgd": (0.02, 0.05, 0.1, 0.2)}
OTHER_CLIENT_LRS = (0.05, 0.2)
SERVER_LRS = {
    "sgd": (1.0,),
    "sgdm": (0.1, 0.3, 1.0),
    "adam": (0.0003, 0.001, 0.003),
    "adamw": (0.0003, 0.001, 0.003),
    "adagrad": (0.001, 0.003, 0.01),
    "yogi": (0.001, 0.003, 0.01),
}

FEDOPT: list[dict[str, Any]] = [{"id": f"fedopt-e{e}", "rule": "schedule", "epochs": e} for e in EPOCHS]
FDA: list[dict[str, Any]] = [
    {"id": "fda-opt", "rule": "adaptive", "max_epochs": MAX_EPOCHS},
    {"id": "fda-smoothed", "rule": "smoothed", "max_epochs": MAX_EPOCHS},
]
BASELINE = "fedopt-e1"
LANES = tuple(lane["id"] for lane in FEDOPT + FDA)


@dataclass(frozen=True)
class Rates:
    """A pair of learning rates."""

    client: float
    server: float


@dataclass(frozen=True)
class Scope:
    """Which part of the evidence to run; everything unless narrowed. `changes` go into every config."""

    seeds: tuple[int, ...] = SEEDS
    servers: tuple[str, ...] = tuple(SERVER_LRS)
    alphas: tuple[float, ...] = ALPHAS
    local_epochs: int = LOCAL_EPOCHS
    local_epochs_others: int = LOCAL_EPOCHS_OTHERS
    changes: tuple[tuple[str, object], ...] = ()

    @property
    def cells(self) -> list[tuple[str, float]]:
        """Server and α of every comparison."""
        return list(product(self.servers, self.alphas))

    @property
    def lanes(self) -> list[dict]:
        """The competitors of a race, each with its own limit of local epochs."""
        others = [lane | {"local_epochs": self.local_epochs_others} for lane in FEDOPT[1:] + FDA]
        return [*FEDOPT[:1], *others]

    def config(self, server: str, alpha: float, seed: int, rates: Rates, lanes: list[dict]) -> ExperimentConfig:
        """Every lane is played until it has trained its local epochs: no target ends it earlier."""
        fixed = {
            "alpha": alpha, "seed": seed, "server_optimizer": server, "client_lr": rates.client,
            "server_lr": rates.server, "lanes": lanes, "rounds": 10_000, "local_epochs": self.local_epochs,
            "target": {"metric": "accuracy", "value": 1.0},
        }  # fmt: skip
        return presets.build(dict(self.changes) | fixed)


def grid(server: str) -> list[Rates]:
    """The learning rates tried for one server optimiser."""
    clients = CLIENT_LRS.get(server, OTHER_CLIENT_LRS)
    return [Rates(client, rate) for client, rate in product(clients, SERVER_LRS[server])]


def search_folder(root: Path, server: str, alpha: float, rates: Rates) -> Path:
    """Where a run of the search for learning rates lies."""
    return root / "search" / f"{server}-alpha{alpha:g}-client{rates.client:g}-server{rates.server:g}"


def race_folder(root: Path, server: str, alpha: float, seed: int) -> Path:
    """Where a race of all lanes lies."""
    return root / "race" / f"{server}-alpha{alpha:g}-seed{seed}"
