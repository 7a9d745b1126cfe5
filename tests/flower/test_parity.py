"""The same job through the lab's engine and through Flower's messages: the embedded encoder on the embedded reviews."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict  # noqa: E402
from flwr.clientapp import ClientApp  # noqa: E402

from fda_core.algorithm.events import Epoch, Round  # noqa: E402
from fda_core.federation import engine  # noqa: E402
from fda_core.federation.clients import Cohort  # noqa: E402
from fda_core.settings.config import ExperimentConfig  # noqa: E402
from fda_flower import Fda, FdaAvg, fda_mod  # noqa: E402
from fda_flower.vectors import flat  # noqa: E402
from tests.flower.local_grid import LocalGrid  # noqa: E402
from tests.flower.test_round import Kept  # noqa: E402

CONFIG = ExperimentConfig(
    train_examples=96, test_examples=32, max_tokens=32, clients=3, clients_per_round=3, alpha=1.0, client_lr=0.1,
    batch_size=8, rounds=6, lanes=[{"id": "fda-opt", "rule": "adaptive", "max_epochs": 10}], seed=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    from fda_core.setup import prepare

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FDA_OPT_LAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        return prepare(CONFIG)


@pytest.fixture(scope="module")
def engine_s(experiment):
    """Epochs and rounds as the engine plays them."""
    return [event for event in engine.run(experiment) if isinstance(event, Epoch | Round)]


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


@pytest.mark.parametrize("ahead", [1, 5])
def test_epochs_variance_and_threshold_are_the_engine_s(experiment, engine_s, ahead):
    kept = Kept()
    strategy = FdaAvg(
        fda=Fda(max_epochs=10, look_ahead=ahead, seed=CONFIG.seed), watcher=kept, min_train_nodes=3,
        min_available_nodes=3, fraction_evaluate=0.0,
    )  # fmt: skip
    initial = ArrayRecord([experiment.initial.numpy()])
    strategy.start(LocalGrid(app_of(experiment), 3), initial, CONFIG.rounds, train_config=ConfigRecord())
    rounds = [event for event in engine_s if isinstance(event, Round)]
    assert [r.epochs for r in kept.rounds] == [r.epochs for r in rounds]
    assert len({r.epochs for r in rounds}) > 1
    for ours, theirs in zip(kept.rounds, rounds, strict=True):
        np.testing.assert_allclose(
            [ours.variance, ours.threshold_next], [theirs.variance, theirs.threshold_next], rtol=1e-5
        )
    estimates = [event.variance_estimate for event in engine_s if isinstance(event, Epoch)]
    found = [check.estimate for r in kept.rounds for check in r.checks[: r.epochs]]
    np.testing.assert_allclose(found, estimates, rtol=1e-4)
