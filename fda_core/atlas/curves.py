"""What the atlas keeps of a lane, and all of it together."""

from dataclasses import dataclass

import numpy as np

from fda_core.atlas.cells import Run


@dataclass(frozen=True, eq=False)
class Curve:
    """A lane from the untrained model on; all arrays are [rounds + 1].

    epochs: local epochs of each round; bytes_total: sent by then. theta: Θ, of a lane with a fixed one. status: how
    the lane ended, `cap` or `diverged`.
    """

    status: str
    theta: float | None
    epochs: np.ndarray
    bytes_total: np.ndarray
    test_loss: np.ndarray
    accuracy: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True, eq=False)
class Atlas:
    """Every run's curve, and the card: `config` that all share, `clients_per_round`, what each of the `lanes` has for
    itself, `versions`, `machine`, `commands`, first and last day."""

    curves: dict[Run, Curve]
    card: dict
