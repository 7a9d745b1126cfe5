"""The client's half: `ClientApp(mods=[fda_mod])`. The user's `@app.train()` stays as it is.

It is called once for each local epoch, as a round of one local epoch would call it; between the epochs the model stays
here, and what is sent is its drift's state: ‖u‖² and a sketch of u, 1,501 float32 numbers.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Error, Message, RecordDict
from flwr.clientapp.typing import ClientAppCallable
from flwr.common.constant import ErrorCode

from fda_core.algorithm.sketch import Sketch
from fda_flower import keeping
from fda_flower.keeping import LostState
from fda_flower.orders import EPOCH, ORDER, REPLY, STATES, Order, order_of, without
from fda_flower.vectors import flat, model_of

START, SENT, BACK = "start", "sent/", "back/"  # what is kept: the round's first model, its message, an epoch's reply


class Refused(Exception):
    """The user's app answered with an error, which goes on to the server."""

    def __init__(self, reply: Message):
        super().__init__(str(reply.error))
        self.reply = reply


def fda_mod(message: Message, context: Context, call_next: ClientAppCallable) -> Message:
    """A Flower mod; messages without an order of ours pass through."""
    order = order_of(message.content) if message.has_content() else None
    if order is None:
        return call_next(message, context)
    try:
        content = Client(message, context, call_next, order).answer()
    except Refused as refused:
        return refused.reply
    except (LostState, ValueError, OSError) as problem:
        keeping.forget(context)
        return Message(Error(ErrorCode.MOD_FAILED_PRECONDITION, str(problem)), reply_to=message)
    return Message(content, reply_to=message)


class Client:
    """One order, carried out."""

    def __init__(self, message: Message, context: Context, call_next: ClientAppCallable, order: Order):
        self.message, self.context, self.call_next, self.order = message, context, call_next, order
        self.run = message.metadata.run_id

    def answer(self) -> RecordDict:
        """The reply's content. Raises `LostState`, `Refused`, OSError, and `ValueError` for a model of no use."""
        order = self.order
        if order.epochs == 0:
            return self.upload()
        sent, start, model = self.beginning()
        states, losses, replies = [], [], {}
        for epoch, reply in self.train(sent, model):
            if order.states:
                states.append(state(reply, start, order.seed))
            losses.append(loss(reply))
            replies[epoch] = reply
        last = replies[order.epoch + order.epochs]
        if order.upload:
            keeping.forget(self.context)
        else:
            self.keep(sent, start, replies)
        content = reported(last, states, order.upload)
        content[REPLY] = ConfigRecord({"client": self.client, "losses": losses})
        return content

    @property
    def client(self) -> str:
        """What the server puts clients in order by: Flower draws the nodes' own ids anew for every run."""
        return str(self.context.node_config.get("partition-id", self.context.node_id))

    def upload(self) -> RecordDict:
        """The user's own reply of the epoch that was asked for: it may lie before the last one that was trained."""
        found = self.kept_since(self.order.epoch)
        keeping.forget(self.context)
        content = taken(found, f"{BACK}{self.order.epoch}/")
        content[REPLY] = ConfigRecord({"client": self.client})
        return content

    def beginning(self) -> tuple[RecordDict, ArrayRecord, ArrayRecord]:
        """The records of the round's message, the model that it began with, and the model now."""
        order = self.order
        if order.epoch == 0:
            sent = without(self.message.content, ORDER)
            start = model_of(sent)[1]
            return sent, start, start
        found = keeping.kept(self.context, self.run, order.round, order.epoch)
        sent, start = taken(found, SENT), found[START]
        assert isinstance(start, ArrayRecord), "kept so"
        return sent, start, model_of(taken(found, f"{BACK}{order.epoch}/"))[1]

    def train(self, sent: RecordDict, model: ArrayRecord) -> Iterator[tuple[int, RecordDict]]:
        """Number and reply of each local epoch of the user's app."""
        name = next((name for name in sent if isinstance(sent[name], ArrayRecord)), "arrays")
        for epoch in range(self.order.epoch + 1, self.order.epoch + self.order.epochs + 1):
            content = RecordDict(dict(sent.items()))
            content[name] = model
            for each, record in sent.config_records.items():
                content[each] = ConfigRecord({**record, EPOCH: epoch})
            self.message.content = content
            reply = self.call_next(self.message, self.context)
            if reply.has_error():
                raise Refused(reply)
            model = model_of(reply.content)[1]
            yield epoch, reply.content

    def keep(self, sent: RecordDict, start: ArrayRecord, replies: dict[int, RecordDict]) -> None:
        """What a later order of this round goes on from, or takes back."""
        records = {START: start}
        records |= {SENT + name: record for name, record in sent.items() if not isinstance(record, ArrayRecord)}
        records |= {SENT + name: ArrayRecord() for name in sent.array_records}
        for epoch, reply in replies.items():
            records |= {f"{BACK}{epoch}/{name}": record for name, record in reply.items()}
        keeping.keep(self.context, self.run, self.order.round, max(replies), records)

    def kept_since(self, epoch: int) -> RecordDict:
        """What was kept at the last order, whatever its last epoch was. Raises `LostState` without that epoch."""
        mark = self.context.state.get(keeping.MARK)
        last = int(str(mark["epoch"])) if isinstance(mark, ConfigRecord) else epoch
        found = keeping.kept(self.context, self.run, self.order.round, last)
        if not any(name.startswith(f"{BACK}{epoch}/") for name in found):
            raise LostState(f"This client has no model of epoch {epoch} of round {self.order.round} any more.")
        return found


def taken(found: RecordDict, stem: str) -> RecordDict:
    """The records whose names begin so, by the rest of their names."""
    return RecordDict({name.removeprefix(stem): found[name] for name in found if name.startswith(stem)})


def state(reply: RecordDict, start: ArrayRecord, seed: int) -> np.ndarray:
    """‖u‖² and the sketch of the drift u, [1 + 3 · 500] float32: what a check costs to send.

    Raises `ValueError` for a model of another size than the one that was sent.
    """
    before, after = flat(start), flat(model_of(reply)[1])
    if before.shape != after.shape:
        raise ValueError(f"The app was given {len(before)} numbers to train and returned {len(after)}.")
    drift = after - before
    squared = np.square(drift, dtype=np.float64).sum()
    return np.concatenate([[squared], sketch(len(drift), seed)(drift).ravel()]).astype(np.float32)


@lru_cache(maxsize=1)
def sketch(size: int, seed: int) -> Sketch:
    """The map that all clients of a run share."""
    return Sketch(size, seed)


def loss(reply: RecordDict) -> float:
    """What the app calls its training loss; nan where it says none."""
    for record in reply.metric_records.values():
        for name in ("train_loss", "train-loss", "loss"):
            if isinstance(value := record.get(name), int | float):
                return float(value)
    return float("nan")


def reported(last: RecordDict, states: list[np.ndarray], upload: bool) -> RecordDict:
    """A reply: the app's own, without the model unless that is wanted, and the states."""
    content = RecordDict({
        name: record for name, record in last.items() if upload or not isinstance(record, ArrayRecord)
    })  # fmt: skip
    if states:
        content[STATES] = ArrayRecord({"states": Array(np.stack(states))})
    return content
