"""A Flower app as its quickstart writes one: logistic regression in numpy. Nothing in it knows of FDA but one line."""

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

FEATURES, CLASSES, EXAMPLES = 20, 3, 40


def data(client: int, examples: int = EXAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """Clients see the classes in different shares."""
    rng = np.random.default_rng([3, client])
    labels = rng.choice(CLASSES, examples, p=rng.dirichlet([1.0] * CLASSES))
    means = np.random.default_rng(0).normal(size=(CLASSES, FEATURES))
    return (means[labels] + rng.normal(size=(examples, FEATURES))).astype(np.float32), labels


def initial() -> ArrayRecord:
    return ArrayRecord({"w": _array(np.zeros((FEATURES, CLASSES))), "b": _array(np.zeros(CLASSES))})


def _array(values: np.ndarray):
    from flwr.app import Array

    return Array(values.astype(np.float32))


def trained(w: np.ndarray, b: np.ndarray, client: int, lr: float) -> tuple[np.ndarray, np.ndarray, float]:
    """One local epoch of SGD in batches of 8, in a fixed order."""
    x, y = data(client, EXAMPLES + 8 * client)
    w, b, total = w.copy(), b.copy(), 0.0
    for start in range(0, len(x), 8):
        inputs, labels = x[start : start + 8], y[start : start + 8]
        scores = inputs @ w + b
        p = np.exp(scores - scores.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        total += -np.log(p[np.arange(len(labels)), labels]).sum()
        p[np.arange(len(labels)), labels] -= 1
        w -= np.float32(lr) * (inputs.T @ p) / len(labels)
        b -= np.float32(lr) * p.mean(0)
    return w, b, float(total / len(x))


def make_app(*mods) -> ClientApp:
    app = ClientApp(mods=list(mods))

    @app.train()
    def train(message: Message, context: Context) -> Message:
        arrays = message.content["arrays"]
        lr = message.content["config"]["lr"]
        client = int(context.node_config["partition-id"])
        w, b, loss = trained(arrays["w"].numpy(), arrays["b"].numpy(), client, lr)
        content = RecordDict({
            "arrays": ArrayRecord({"w": _array(w), "b": _array(b)}),
            "metrics": MetricRecord({"train_loss": loss, "num-examples": EXAMPLES + 8 * client}),
        })  # fmt: skip
        return Message(content=content, reply_to=message)

    @app.evaluate()
    def evaluate(message: Message, context: Context) -> Message:
        arrays = message.content["arrays"]
        x, y = data(int(context.node_config["partition-id"]))
        hits = (x @ arrays["w"].numpy() + arrays["b"].numpy()).argmax(1) == y
        metrics = MetricRecord({"accuracy": float(hits.mean()), "num-examples": len(y)})
        return Message(content=RecordDict({"metrics": metrics}), reply_to=message)

    return app


def config() -> ConfigRecord:
    return ConfigRecord({"lr": 0.2})
