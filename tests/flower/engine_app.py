"""The lab's own job as a Flower app: the embedded encoder on the embedded reviews, with the engine's own batches."""

import torch
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from fda_core.federation.clients import Cohort
from fda_core.settings.config import ExperimentConfig
from fda_flower import Fda, FdaAvg, fda_mod
from fda_flower.vectors import flat
from tests.flower.apps import Kept
from tests.flower.local_grid import LocalGrid

CONFIG = ExperimentConfig(
    train_examples=96, test_examples=32, max_tokens=32, clients=3, clients_per_round=3, alpha=1.0, client_lr=0.1,
    batch_size=8, rounds=6, lanes=[{"id": "fda-opt", "rule": "adaptive", "max_epochs": 10}], seed=3,
)  # fmt: skip


def app_of(experiment) -> ClientApp:
    """One local epoch a call, with the engine's own batches."""
    app = ClientApp(mods=[fda_mod])

    @app.train()
    def train(message, context):
        said, client = message.content["config"], int(context.node_config["partition-id"])
        weights = torch.from_numpy(flat(message.content["arrays"]).copy())
        cohort = Cohort(
            experiment.trainer, weights, experiment.partition, [client], CONFIG.batch_size, CONFIG.client_optimizer,
            CONFIG.client_lr, CONFIG.seed, said["server-round"],
        )  # fmt: skip
        for _ in range((said["fda-epoch"] - 1) * cohort.steps):  # the batches of the epochs before
            next(cohort.orders[0])
        loss = cohort.train(cohort.steps).item() / cohort.steps
        metrics = MetricRecord({"train_loss": loss, "num-examples": len(experiment.partition[client])})
        arrays = ArrayRecord([cohort.weights[0].detach().numpy()])
        return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)

    return app


def play(experiment, ahead: int = 1) -> tuple[list, LocalGrid]:
    """The job through Flower's messages, in this process: its rounds, and the grid that carried them."""
    kept, grid = Kept(), LocalGrid(app_of(experiment), CONFIG.clients)
    strategy = FdaAvg(
        fda=Fda(max_epochs=10, look_ahead=ahead, seed=CONFIG.seed), watcher=kept, min_train_nodes=CONFIG.clients,
        min_available_nodes=CONFIG.clients, fraction_evaluate=0.0,
    )  # fmt: skip
    strategy.start(grid, ArrayRecord([experiment.initial.numpy()]), CONFIG.rounds, train_config=ConfigRecord())
    return kept.rounds, grid
