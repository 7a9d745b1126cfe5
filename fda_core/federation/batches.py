"""Who trains in a round and in which order each client sees its examples: functions of the seed alone."""

from collections.abc import Iterator
from itertools import count, islice

import numpy as np

from fda_core.support.errors import ConfigError
from fda_core.support.streams import stream


def cohorts(clients: int, per_round: int, seed: int) -> Iterator[list[int]]:
    """The client ids of round 1, 2, …: shuffled passes over all clients, every client once a pass.

    A pass that ends within a round is continued by the next one; a client already in the round waits in front of
    the queue for the following round. Raises ValueError for more clients a round than there are.
    """
    if not 1 <= per_round <= clients:
        raise ValueError(f"per_round = {per_round} is not allowed: choose a whole number from 1 to {clients}")
    queue: list[int] = []
    passes = count(1)
    while True:
        chosen: list[int] = []
        while len(chosen) < per_round:
            ready = next((client for client in queue if client not in chosen), None)
            if ready is None:
                queue += stream(seed, "sampling", round=next(passes)).permutation(clients).tolist()
                continue
            queue.remove(ready)
            chosen.append(ready)
        yield sorted(chosen)


def batches(rows: np.ndarray, batch_size: int, seed: int, round: int, client: int) -> Iterator[np.ndarray]:
    """Batches of a client within a round: fresh permutations of its rows, the last batch of each pass short.

    Raises `ConfigError` for a client without rows, whose passes would never end.
    """
    if not len(rows) or batch_size < 1:
        raise ConfigError("data.client_without_rows", empty=1, count=1)
    rng = stream(seed, "batches", round, client)
    while True:
        order = rng.permutation(rows)
        yield from (order[start : start + batch_size] for start in range(0, len(order), batch_size))


def cohort_of(clients: int, per_round: int, seed: int, round: int) -> list[int]:
    """The client ids of one round, computed from the beginning: nothing needs to be remembered."""
    return next(islice(cohorts(clients, per_round, seed), round - 1, None))
