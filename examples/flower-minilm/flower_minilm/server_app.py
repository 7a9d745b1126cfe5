"""What runs at the server."""

import torch
from flwr.app import ArrayRecord, ConfigRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAdam

from flower_minilm import task

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """The federation, and a test of the global model after every round."""
    run = context.run_config
    torch.set_num_threads(run["threads"])
    model, nodes = task.load_model(), run["min-nodes"]

    def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
        task.take(model, arrays.to_torch_state_dict())
        loss, accuracy = task.test(model, run["test-examples"], run["max-tokens"])
        print(f"round {server_round}: accuracy {accuracy:.3f}, loss {loss:.4f}", flush=True)
        return MetricRecord({"test_loss": loss, "accuracy": accuracy})

    settings = {"fraction_train": run["fraction-train"], "min_train_nodes": nodes, "min_available_nodes": nodes}
    strategy = FedAdam(eta=run["server-lr"], tau=1e-8, fraction_evaluate=0.0, **settings)
    strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord(task.trainable(model)),
        num_rounds=run["num-server-rounds"],
        train_config=ConfigRecord({"lr": run["client-lr"]}),
        evaluate_fn=evaluate,
    )
