"""A client of the experiment: the number of its node's partition."""

from itertools import islice

import torch
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from fda_core.federation.clients import Cohort
from fda_flower import fda_mod
from fda_flower.vectors import flat
from flower_race.job import experiment

app = ClientApp(mods=[fda_mod])


@app.train()
def train(message: Message, context: Context) -> Message:
    """One local epoch, with the engine's batches of this round and epoch."""
    job, said = experiment(context.run_config), message.content["config"]
    client, config = int(context.node_config["partition-id"]), job.config
    weights = torch.from_numpy(flat(message.content["arrays"]).copy())
    cohort = Cohort(
        job.trainer, weights, job.partition, [client], config.batch_size, config.client_optimizer, config.client_lr,
        config.seed, said["server-round"],
    )  # fmt: skip
    before = (said.get("fda-epoch", 1) - 1) * cohort.steps
    next(islice(cohort.orders[0], before, before), None)  # the batches of the epochs before
    loss = cohort.train(cohort.steps).item() / cohort.steps
    metrics = MetricRecord({"train_loss": loss, "weight": weight(config.weighting, len(job.partition[client]))})
    arrays = ArrayRecord([cohort.weights[0].detach().numpy()])
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)


def weight(weighting: str, examples: int) -> float:
    """Of a client in the mean."""
    return float(examples) if weighting == "examples" else 1.0
