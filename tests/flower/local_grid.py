"""A grid in this process: nodes answer at once, through Flower's own serialisation, and can be made to fail."""

import math
import random
from collections.abc import Callable, Iterable
from itertools import count

from flwr.app import Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.common.serde import message_from_proto, message_to_proto
from flwr.serverapp import Grid
from flwr.supercore.task_identity import TaskIdentity

RUN, LINK = 7, 1
Fault = Callable[[Message, Message | None], list[Message]]  # order and reply; what arrives in its place
Takes = Callable[[Message], float]  # seconds, by no clock, until an order is answered


class LocalGrid(Grid):
    """`nodes` clients with partition-ids from 0 and node ids as Flower draws them; shuffle: who answers first.

    takes: what takes longer than the timeout of its exchange is done, but does not arrive. timeouts: of all exchanges
    so far, each with what it asked for.
    """

    def __init__(
        self, app: ClientApp, nodes: int, shuffle: int | None = None, fault: Fault | None = None,
        takes: Takes = lambda _: 0.0,
    ):  # fmt: skip
        TaskIdentity.run_id, TaskIdentity.node_id, TaskIdentity.task_id = RUN, LINK, 1
        ids = random.Random(shuffle or 0).sample(range(2**40), nodes)
        self.app, self.shuffle, self.fault = app, random.Random(shuffle) if shuffle is not None else None, fault
        self.contexts = {
            node: Context(RUN, node, {"partition-id": i, "num-partitions": nodes}, RecordDict(), {})
            for i, node in enumerate(ids)
        }  # fmt: skip
        self.exchanges, self.bytes_down, self.bytes_up, self.ids = 0, 0, 0, count(1)
        self.orders: list[Message] = []
        self.takes, self.timeouts = takes, []

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        messages = list(messages)
        self.exchanges += 1
        self.timeouts += [(kind, timeout) for kind in {message.metadata.message_type for message in messages}]
        answers = [(self.takes(message), self.ask(message)) for message in messages]
        arrived = [reply for taken, replies in answers for reply in replies if taken <= (timeout or math.inf)]
        if self.shuffle:
            self.shuffle.shuffle(arrived)
        return arrived

    def ask(self, message: Message) -> list[Message]:
        message.metadata.__dict__["_message_id"] = str(next(self.ids))
        packed = message_to_proto(message)
        self.bytes_down += packed.ByteSize()
        order = message_from_proto(packed)
        self.orders.append(message_from_proto(packed))
        try:
            reply = self.app(order, self.contexts[message.metadata.dst_node_id])
        except Exception as error:  # as a SuperNode: what an app raises becomes an error of the message
            reply = Message(Error(2, str(error)), reply_to=message)
        replies = [reply] if self.fault is None else self.fault(message, reply)
        for each in replies:
            self.bytes_up += message_to_proto(each).ByteSize()
        return [message_from_proto(message_to_proto(each)) for each in replies]

    def get_node_ids(self) -> list[int]:
        return list(self.contexts)

    def set_run(self, run) -> None: ...

    @property
    def run(self):
        return None

    create_message = push_messages = pull_messages = None  # the abstract rest, which no strategy asks for
