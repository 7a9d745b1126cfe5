"""Divides labelled examples among clients: as the data itself says, or with label mixes from a Dirichlet distribution.

With equal sizes, client k draws a label mix p_k ~ Dir(α · prior) and owns n_k examples, n_k differing by at most one.
With uneven ones the labels are dealt one after the other, each by its own draw over the clients, as in the reference
code: sizes vary, and the skew at the same α is weaker (docs/method.md). Every example is owned by exactly one client.
"""

import numpy as np

from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError
from fda_core.support.streams import stream

LEAST, DEALS = 10, 100


def drawn(labels: np.ndarray, config: ExperimentConfig) -> list[np.ndarray]:
    """As the configuration has it: sorted row numbers per client. Raises `ConfigError`."""
    divide = uneven_partition if config.sizes == "dirichlet" else dirichlet_partition
    return divide(labels, config.clients, config.alpha, config.seed)


def dirichlet_partition(labels: np.ndarray, clients: int, alpha: float, seed: int) -> list[np.ndarray]:
    """Sorted row numbers per client; label proportions are as near to the drawn mix as the supply allows.

    labels: [n] integers from 0. Raises `ConfigError` when there are more clients than rows.
    """
    if not 1 <= clients <= len(labels):
        raise ConfigError("data.clients_not_rows", clients=clients, rows=len(labels))
    rng = stream(seed, "partition")
    supply = np.bincount(labels)
    sizes = np.full(clients, len(labels) // clients)
    sizes[rng.permutation(clients)[: len(labels) % clients]] += 1
    counts = whole(feasible(draw_mixes(rng, alpha * supply / supply.sum(), clients), sizes, supply), sizes, supply)
    pools = [rng.permutation(np.flatnonzero(labels == label)) for label in range(len(supply))]
    ends = np.cumsum(counts, axis=0)
    return [
        np.sort(np.concatenate([pool[ends[k, l] - counts[k, l] : ends[k, l]] for l, pool in enumerate(pools)]))
        for k in range(clients)
    ]


def uneven_partition(labels: np.ndarray, clients: int, alpha: float, seed: int) -> list[np.ndarray]:
    """Sorted row numbers per client; a label's examples are dealt by one draw from Dir(α) over the clients.

    Whoever has his fair share already gets none of the next label, and a deal that leaves a client with fewer than
    `LEAST` examples, or half of the fair share where that is less, is dealt again: NIID-Bench (Li et al. 2022,
    arXiv 2102.02079), with Flower's balancing. labels: [n] integers from 0.
    Raises `ConfigError` when there are more clients than rows, or no deal of `DEALS` gives all of them enough.
    """
    if not 1 <= clients <= len(labels):
        raise ConfigError("data.clients_not_rows", clients=clients, rows=len(labels))
    rng = stream(seed, "partition")
    least = max(1, min(LEAST, len(labels) // (2 * clients)))
    for _ in range(DEALS):
        owners = dealt(rng, labels, clients, alpha)
        if np.bincount(owners, minlength=clients).min() >= least:
            return natural_partition(owners, clients)
    raise ConfigError("data.too_uneven", clients=clients, least=least, alpha=alpha)


def dealt(rng: np.random.Generator, labels: np.ndarray, clients: int, alpha: float) -> np.ndarray:
    """[n] the client of each row, label by label."""
    owners, sizes = np.empty(len(labels), dtype=int), np.zeros(clients)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        mix = draw_mixes(rng, np.full(clients, alpha), 1)[0] * (sizes < len(labels) / clients)
        shares = mix / mix.sum() if mix.sum() else np.full(clients, 1 / clients)
        ends = np.append((np.cumsum(shares)[:-1] * len(rows)).astype(int), len(rows))
        owned = np.diff(ends, prepend=0)
        owners[rows] = np.repeat(np.arange(clients), owned)
        sizes += owned
    return owners


def natural_partition(clients: np.ndarray, count: int) -> list[np.ndarray]:
    """Sorted row numbers of each of `count` clients, of whom the data itself says who owns what: [n] numbers from 0."""
    return [np.flatnonzero(clients == client) for client in range(count)]


def draw_mixes(rng: np.random.Generator, concentration: np.ndarray, clients: int) -> np.ndarray:
    """[clients, labels] Dirichlet draws; a label without examples gets none.

    Gammas are drawn through their logarithms, so that a tiny α gives a pure client instead of 0/0.
    """
    present = concentration > 0
    shape = concentration[present]
    # log Gamma(a) = log Gamma(a + 1) + log(U) / a  (Marsaglia & Tsang 2000, section 6)
    logs = np.log(rng.gamma(shape + 1, size=(clients, len(shape)))) + np.log(rng.random((clients, len(shape)))) / shape
    mixes = np.zeros((clients, len(concentration)))
    mixes[:, present] = np.exp(logs - logs.max(axis=1, keepdims=True))
    return mixes / mixes.sum(axis=1, keepdims=True)


def feasible(mixes: np.ndarray, sizes: np.ndarray, supply: np.ndarray, sweeps: int = 500) -> np.ndarray:
    """[clients, labels] real-valued counts that use the supply exactly and stay closest to the mixes.

    Iterative proportional fitting (Deming & Stephan 1940): rows sum to the sizes, columns to the supply.
    """
    table = np.maximum(mixes, 1e-9 * (supply > 0)) * sizes[:, None]
    for _ in range(sweeps):
        columns = table.sum(axis=0)
        table *= np.divide(supply, columns, out=np.zeros_like(columns), where=columns > 0)
        rows = table.sum(axis=1)
        if np.allclose(rows, sizes, rtol=0, atol=1e-3):
            break
        table *= (sizes / rows)[:, None]
    return table


def whole(table: np.ndarray, sizes: np.ndarray, supply: np.ndarray) -> np.ndarray:
    """Integer counts with exactly these row and column sums, near the table.

    Each row is rounded by largest remainder; then examples move from labels used too often to labels used too
    seldom, at each step in the row where that costs least.
    """
    counts = np.floor(table).astype(int)
    for k, row in enumerate(table):
        missing = sizes[k] - counts[k].sum()
        counts[k, np.argsort(counts[k] - row, kind="stable")[:missing]] += 1
    while (excess := counts.sum(axis=0) - supply).any():
        source, sink = int(excess.argmax()), int(excess.argmin())
        cost = (table[:, source] - counts[:, source]) - (table[:, sink] - counts[:, sink])
        k = int(np.where(counts[:, source] > 0, cost, np.inf).argmin())
        counts[k, source] -= 1
        counts[k, sink] += 1
    return counts
