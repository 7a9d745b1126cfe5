"""Strategies to write in place of Flower's: `FedAdam(...)` becomes `FdaAdam(...)`.

`FdaMixin` makes one of any strategy. The six here have server optimisers equal to torch's, which are those of the
paper's code; Flower's own are a mixin away: `class FdaKrum(FdaMixin, Krum): pass`.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAvg, Result

from fda_flower.grid import FdaGrid, Watcher
from fda_flower.server_optimizers import Adagrad, Adam, Momentum, ServerOptimizer, Yogi
from fda_flower.settings import Fda
from fda_flower.vectors import flat, shaped

Evaluate = Callable[[int, ArrayRecord], MetricRecord | None]


class FdaMixin:
    """In front of a strategy: its rounds become FDA rounds. watcher: is told of them, a `LabRecord` for example."""

    def __init__(self, *args: Any, fda: Fda = Fda(), watcher: Watcher | None = None, **kwargs: Any):  # noqa: B008
        super().__init__(*args, **kwargs)
        self.fda, self.watcher = fda, watcher

    def start(self, grid: Grid, *args: Any, evaluate_fn: Evaluate | None = None, **kwargs: Any) -> Result:
        """As the strategy's own; see Flower's documentation."""
        watched = told(evaluate_fn, self.watcher) if evaluate_fn and self.watcher else evaluate_fn
        started: Any = super()
        return started.start(FdaGrid(grid, self.fda, self.watcher), *args, evaluate_fn=watched, **kwargs)


def told(evaluate: Evaluate, watcher: Watcher) -> Evaluate:
    """The same evaluation, of which the watcher hears."""

    def evaluate_and_tell(round: int, arrays: ArrayRecord) -> MetricRecord | None:
        metrics = evaluate(round, arrays)
        watcher.scored(metrics)
        return metrics

    return evaluate_and_tell


class FdaOpt(FdaMixin, FedAvg):
    """FedAvg's sampling and weighing, and a server optimiser of torch's kind on the mean drift.

    Those below take every argument that Flower's strategy of the name takes. `eta_l`, the clients' rate, is one that
    Flower's log alone knows, and goes nowhere here either.
    """

    def __init__(self, *args: Any, optimizer: ServerOptimizer, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.optimizer = optimizer
        self.before: ArrayRecord | None = None

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """As FedAvg; what is sent is what the drift is measured from."""
        self.before = arrays
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """FedAvg's mean, taken as a step of the optimiser."""
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None or self.before is None:
            return mean, metrics
        before = flat(self.before)
        moved = shaped(self.optimizer.step(before, flat(mean) - before), mean)
        for name, array in self.before.items():  # float64 nowhere that was float32 before
            if moved[name].dtype != array.dtype:
                moved[name] = type(array)(moved[name].numpy().astype(array.dtype))
        return moved, metrics


class FdaAvg(FdaOpt):
    """FedAvg: the mean of the clients' models."""

    def __init__(self, *args: Any, eta: float = 1.0, **kwargs: Any):
        super().__init__(*args, optimizer=ServerOptimizer(eta), **kwargs)


class FdaAvgM(FdaOpt):
    """FedAvgM; names and defaults as in Flower's: without `server_momentum` it is FedAvg. nesterov: ours."""

    def __init__(
        self, *args: Any, server_learning_rate: float = 1.0, server_momentum: float = 0.0, nesterov: bool = False,
        **kwargs: Any,
    ):  # fmt: skip
        optimizer = Momentum(server_learning_rate, beta=server_momentum, nesterov=nesterov)
        super().__init__(*args, optimizer=optimizer, **kwargs)


class FdaAdam(FdaOpt):
    """FedAdam; names as in Flower's, rate, β and ε by default as in torch."""

    def __init__(
        self, *, eta: float = 1e-3, eta_l: float | None = None, beta_1: float = 0.9, beta_2: float = 0.999,
        tau: float = 1e-8, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(optimizer=Adam(eta, betas=(beta_1, beta_2), eps=tau), **kwargs)


class FdaAdamW(FdaOpt):
    """FedAdamW, which Flower has not; as `FdaAdam`, and torch's weight decay."""

    def __init__(
        self, *, eta: float = 1e-3, eta_l: float | None = None, beta_1: float = 0.9, beta_2: float = 0.999,
        tau: float = 1e-8, weight_decay: float = 0.01, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(optimizer=Adam(eta, betas=(beta_1, beta_2), eps=tau, weight_decay=weight_decay), **kwargs)


class FdaAdagrad(FdaOpt):
    """FedAdagrad; names as in Flower's, ε by default as in torch."""

    def __init__(self, *, eta: float = 3e-3, eta_l: float | None = None, tau: float = 1e-10, **kwargs: Any):
        super().__init__(optimizer=Adagrad(eta, eps=tau), **kwargs)


class FdaYogi(FdaOpt):
    """FedYogi; names as in Flower's."""

    def __init__(
        self, *, eta: float = 3e-3, eta_l: float | None = None, beta_1: float = 0.9, beta_2: float = 0.999,
        tau: float = 1e-3, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(optimizer=Yogi(eta, betas=(beta_1, beta_2), eps=tau), **kwargs)
