"""What a barrier after every local epoch costs among many unlike clients: `python -m benchmarks.barriers`.

Local epochs take log-normal times around 1, anew for each client and epoch; a round has five of them. Beside it, what
the wait is where a round goes on without the slowest tenth at each barrier. Arithmetic on drawn numbers, no training.
"""

import numpy as np

from benchmarks import machine

EPOCHS, SPREADS, CLIENTS, DRAWS = 5, (0.25, 0.5), (10, 100, 1_000, 10_000), 40


def row(spread: float, clients: int, rng: np.random.Generator) -> list[str]:
    """Times the median client's, per local epoch: one barrier a round, one an epoch, and that at nine in ten."""
    times = rng.lognormal(0, spread, (DRAWS, clients, EPOCHS))
    once = times.sum(2).max(1).mean() / EPOCHS
    each = times.max(1).sum(1).mean() / EPOCHS
    nine = np.quantile(times, 0.9, axis=1).sum(1).mean() / EPOCHS
    return [f"{spread:g}", f"{clients:,}", f"{once:.2f}", f"{each:.2f}", f"{each / once:.2f}", f"{nine:.2f}"]


def main() -> None:
    """The table."""
    rng = np.random.default_rng(0)
    head = ["spread σ", "clients a round", "FedOpt E = 5", "a check an epoch", "ratio", "without the slowest tenth"]
    print(machine.table(head, [row(spread, clients, rng) for spread in SPREADS for clients in CLIENTS]))


if __name__ == "__main__":
    main()
