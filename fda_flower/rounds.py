"""One FDA round as the server plays it, and what it came to."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from flwr.app import Message, RecordDict
from flwr.serverapp import Grid

from fda_core.algorithm.policies import Reason, Rule
from fda_core.algorithm.sketch import variance_estimate
from fda_flower.orders import ORDER, REPLY, STATES, Order, without
from fda_flower.settings import Fda
from fda_flower.vectors import flat, model_of

DEPTH = 3  # rows of the sketch, as in the reference code


@dataclass
class Told:
    """What the server knows of one client within a round.

    name: the client's own, empty until it has answered once in the run; losses: of its local epochs.
    """

    node: int
    sent: Message
    name: str = ""
    states: list[np.ndarray] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    weight: float = 1.0
    reply: Message | None = None
    problem: str = ""
    sq_drift: float | None = None


@dataclass
class Check:
    """After one local epoch: the estimate, and what it came from; threshold: Θ in force; clients: those left."""

    epoch: int
    estimate: float | None
    mean_sq_drift: float | None
    threshold: float | None
    clients: int


@dataclass
class Played:
    """A whole FDA round. variance: the exact one, of the models that arrived; trained: local epochs of each client,
    thrown-away ones included; bytes: of all messages, as their records count themselves; model_bytes: 4 · d."""

    number: int
    clients: list[Told]
    checks: list[Check]
    epochs: int
    reason: Reason
    variance: float | None
    mean_sq_drift: float | None
    sq_mean_drift: float | None
    threshold_next: float | None
    trained: int
    exchanges: int
    bytes_down: int
    bytes_up: int
    model_bytes: int
    seconds: float

    @property
    def left(self) -> list[Told]:
        """The clients whose models arrived."""
        return [client for client in self.clients if not client.problem]


class FdaRound:
    """One round: the model goes out, states come back until the rule says so, then the models do.

    names: of the clients by their nodes, as far as earlier rounds have told them.
    """

    def __init__(
        self, grid: Grid, fda: Fda, rule: Rule, number: int, messages: Sequence[Message], timeout: float | None,
        names: Mapping[int, str],
    ):  # fmt: skip
        self.grid, self.fda, self.rule, self.number = grid, fda, rule, number
        self.deadline = fda.deadline or timeout
        nodes = [message.metadata.dst_node_id for message in messages]
        self.clients = [
            Told(node, message, names.get(node, "")) for node, message in zip(nodes, messages, strict=True)
        ]  # fmt: skip
        self.checks: list[Check] = []
        self.trained = self.exchanges = self.bytes_down = self.bytes_up = 0
        self.errors: list[Message] = []

    @property
    def left(self) -> list[Told]:
        """The clients that have answered all that they were asked."""
        return [client for client in self.clients if not client.problem]

    def play(self) -> tuple[Played, list[Message]]:
        """What happened, and the replies for the strategy: models in the order of the clients, then errors."""
        began = time.perf_counter()
        epochs, reason = self.until_the_rule_ends_it()
        if self.left and not self.left[0].reply:
            self.exchange(Order(self.number, epochs, 0, True, False, self.fda.seed), self.uploaded)
        variance, spread, moved = self.exact()
        if variance is not None:
            self.rule.hear(self.first_loss())
            self.rule.learn(epochs, variance)
        elif not self.left:
            reason = "all-dropped"
        played = Played(
            self.number, self.clients, self.checks, epochs, reason, variance, spread, moved,
            self.rule.threshold, self.trained, self.exchanges, self.bytes_down, self.bytes_up,
            flat(model_of(self.clients[0].sent.content)[1]).nbytes, time.perf_counter() - began,
        )  # fmt: skip
        replies = [client.reply for client in self.left if client.reply]
        return played, [*replies, *self.errors]

    def until_the_rule_ends_it(self) -> tuple[int, Reason]:
        """Local epochs of the round, and why it ended with them."""
        if not self.rule.monitored:
            self.exchange(Order(self.number, 0, self.fda.most, True, False, self.fda.seed), self.trained_on)
            self.checks = [Check(e, None, None, None, len(self.left)) for e in range(1, self.fda.most + 1)]
            return self.fda.most, "fixed-schedule"
        done = 0
        while True:
            # The first round of FDA-OPT is one epoch whatever the states say; so is, in the end, the last one allowed.
            first = self.rule.threshold == -math.inf
            epochs = 1 if first else min(self.fda.look_ahead, self.fda.most - done)
            final = first or (epochs == 1 and done + 1 == self.fda.most)
            self.exchange(Order(self.number, done, epochs, final, True, self.fda.seed), self.trained_on)
            if not self.left:  # the epoch counts, since it was begun
                self.checks.append(Check(done + 1, None, None, self.rule.threshold, 0))
                return done + 1, "all-dropped"
            for epoch in range(done + 1, done + epochs + 1):
                if reason := self.check(epoch):
                    return epoch, reason
            done += epochs

    def check(self, epoch: int) -> Reason | None:
        """The rule's word on the states of one local epoch; None to go on."""
        shares = self.shares()
        states = np.stack([client.states[epoch - 1] for client in self.left]).astype(np.float64)
        mean = shares @ states
        sketch = mean[1:].reshape(DEPTH, -1)
        estimate = 0.0 if len(self.left) == 1 else variance_estimate(float(mean[0]), sketch, sketch.shape[1] ** -0.5)
        self.checks.append(Check(epoch, estimate, float(mean[0]), self.rule.threshold, len(self.left)))
        return self.rule.verdict(epoch, estimate)

    def shares(self) -> np.ndarray:
        """Of the clients left, summing to 1."""
        weights = np.array([client.weight for client in self.left], np.float64)
        return weights / weights.sum()

    def exact(self) -> tuple[float | None, float | None, float | None]:
        """Var of the models that arrived, mean‖u‖² and ‖mean u‖²; None each without models."""
        if not self.left:
            return None, None, None
        shares, mean, squares = self.shares(), np.float32(0), []
        for share, client in zip(shares, self.left, strict=True):
            assert client.reply, "those that are left have uploaded"
            drift = flat(model_of(client.reply.content)[1]) - flat(model_of(client.sent.content)[1])
            client.sq_drift = float(np.square(drift, dtype=np.float64).sum())
            squares.append(client.sq_drift)
            mean = mean + np.float32(share) * drift
        spread, moved = float(shares @ np.array(squares)), float(np.square(mean, dtype=np.float64).sum())
        return (0.0 if len(self.left) == 1 else max(0.0, spread - moved)), spread, moved

    def first_loss(self) -> float:
        """The clients' mean training loss in the first local epoch, nan where nobody says one.

        Raises `ValueError` where the rule cannot do without.
        """
        said = [client.losses[0] for client in self.left if client.losses and math.isfinite(client.losses[0])]
        if not said and self.fda.kind.hears_losses:
            raise ValueError(f"rule = {self.fda.rule!r} needs the training loss: reply with a metric `train_loss`.")
        return sum(said) / len(said) if said else math.nan

    # Exchanges.

    def exchange(self, order: Order, take: Callable[[Told, Message, Order], None]) -> None:
        """Sends one order to the clients left and takes what comes back in time; who fails is out of this round."""
        asked = {client.node: client for client in self.left}
        self.exchanges += 1
        self.trained += order.epochs
        orders = [self.message(client, order) for client in asked.values()]
        self.bytes_down += sum(map(size, orders))
        heard: set[int] = set()
        for node, reply in self.replies(orders):
            if node not in heard:
                heard.add(node)
                self.hear(asked[node], reply, order, take)
        for client in asked.values():
            if client.node not in heard:
                client.problem = f"no answer within {self.deadline:g} s" if self.deadline else "no answer"
        self.clients.sort(key=place_of)

    def replies(self, orders: list[Message]) -> Iterator[tuple[int, Message]]:
        """What comes back, by the node that was asked: an error's own source may be the SuperLink."""
        found = list(self.grid.send_and_receive(orders, timeout=self.deadline))
        asked = {order.metadata.message_id: order.metadata.dst_node_id for order in orders}
        for reply in found:
            if (node := asked.get(reply.metadata.reply_to_message_id)) is not None:  # else of an earlier exchange
                yield node, reply

    def hear(self, client: Told, reply: Message, order: Order, take: Callable[[Told, Message, Order], None]) -> None:
        """One answer."""
        if reply.has_error():
            client.problem = reply.error.reason or f"error {reply.error.code}"
            self.errors.append(reply)
            return
        self.bytes_up += size(reply)
        try:
            take(client, reply, order)
        except (ValueError, KeyError) as problem:
            client.problem = str(problem)

    def message(self, client: Told, order: Order) -> Message:
        """The strategy's own message with the order, or, once the client has that, the order alone."""
        content = RecordDict(dict(client.sent.content.items())) if order.epoch == 0 else RecordDict()
        content[ORDER] = order.record()
        metadata = client.sent.metadata
        return Message(content, client.node, metadata.message_type, ttl=metadata.ttl, group_id=metadata.group_id)

    def trained_on(self, client: Told, reply: Message, order: Order) -> None:
        """States, losses and weight. Raises `ValueError` for states that are no numbers, or not of all epochs."""
        content = reply.content
        said = content.config_records[REPLY]
        client.name, client.losses = str(said["client"]), client.losses + [float(loss) for loss in said["losses"]]
        client.weight = self.weight(content)
        if order.states:
            states = content.array_records[STATES]["states"].numpy()
            if len(states) != order.epochs or not np.isfinite(states).all():
                raise ValueError(f"the states of {order.epochs} local epochs are not finite numbers")
            client.states += list(states)
        if order.upload:
            self.uploaded(client, reply, order)

    def uploaded(self, client: Told, reply: Message, order: Order) -> None:
        """The model, in a reply as the user's app made it. Raises `ValueError` for one that is no numbers."""
        reply.content = without(reply.content, STATES, REPLY)
        if not np.isfinite(flat(model_of(reply.content)[1])).all():
            raise ValueError("the model that arrived is not finite")
        client.reply = reply

    def weight(self, content: RecordDict) -> float:
        """The client's, before they are made to sum to 1. Raises `ValueError` where the metric is missing."""
        if self.fda.weighted_by is None:
            return 1.0
        found = [record[self.fda.weighted_by] for record in content.metric_records.values()
                 if self.fda.weighted_by in record]  # fmt: skip
        if len(found) != 1 or not isinstance(found[0], int | float) or not 0 < found[0] < math.inf:
            raise ValueError(f"the reply has no weight {self.fda.weighted_by} above 0")
        return float(found[0])


def place_of(client: Told) -> tuple[bool, int, str]:
    """What clients are put in order by: numbers by their size, then other names."""
    name = client.name or str(client.node)
    return not name.isdecimal(), int(name) if name.isdecimal() else 0, name


def size(message: Message) -> int:
    """Bytes of a message's records, as they count themselves; Flower's envelope comes on top."""
    return sum(record.count_bytes() for record in message.content.values())
