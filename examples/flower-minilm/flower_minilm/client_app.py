"""What runs at each site."""

import torch
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from flower_minilm import task

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    """One local epoch on the site's own reviews."""
    run, said = context.run_config, message.content["config"]
    torch.set_num_threads(run["threads"])
    model = task.load_model()
    task.take(model, message.content["arrays"].to_torch_state_dict())
    data = task.of_client(context.node_config["partition-id"], run["examples"], run["test-examples"])
    seed = 1000 * said["server-round"] + said.get("fda-epoch", 1)
    loss = task.train(model, data, run["max-tokens"], said["lr"], seed)
    content = RecordDict({
        "arrays": ArrayRecord(task.trainable(model)),
        "metrics": MetricRecord({"train_loss": loss, "num-examples": len(data)}),
    })  # fmt: skip
    return Message(content=content, reply_to=message)
