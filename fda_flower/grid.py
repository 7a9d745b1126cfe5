"""The server's half: a grid that turns one "send train messages" of any strategy into an FDA round.

Strategies know nothing of it: they are given ordinary replies with whole models, later than usual. So it works in front
of any of them, and of the wrappers around them.
"""

import logging
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from flwr.app import Message, MessageType, RecordDict
from flwr.serverapp import Grid

from fda_flower.rounds import FdaRound, Played
from fda_flower.settings import Fda
from fda_flower.vectors import retyped, types_of

log = logging.getLogger("flwr")  # what a run's log shows


class Watcher(Protocol):
    """Is told what happens: a record, for example."""

    def played(self, round: Played) -> None:
        """A round ended; nothing has been aggregated yet."""

    def scored(self, metrics: Any) -> None:
        """What the global model of the last round, or the untrained one, was found to be worth."""


class FdaGrid(Grid):
    """`grid` itself but for train messages.

    The order of replies is that of the clients' own ids (`partition-id` of their node's configuration, or the node's),
    so that the same run gives the same numbers whoever answers first.
    """

    def __init__(self, grid: Grid, fda: Fda = Fda(), watcher: Watcher | None = None):  # noqa: B008 - it is frozen
        self.grid, self.fda, self.watcher = grid, fda, watcher
        self.rule = fda.make_rule()
        self.rounds = 0
        self.names: dict[int, str] = {}  # of clients by their nodes: who is silent in a round has one all the same
        self.types: dict[str, np.dtype] = {}  # of the model's arrays, as the run's first order had them

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """An FDA round for messages that ask for training; everything else goes through as it is."""
        messages = self.typed(messages)
        if not messages or not all(map(trains, messages)):
            return self.grid.send_and_receive(messages, timeout=timeout)
        self.rounds += 1
        round = FdaRound(self.grid, self.fda, self.rule, self.rounds, messages, timeout, self.names)
        played, replies = round.play()
        self.names |= {client.node: client.name for client in played.clients if client.name}
        log.info(
            "FDA round %d: %d local epochs (%s), variance %.6g, next threshold %.6g; %d of %d clients, %d exchanges",
            played.number, played.epochs, played.reason, played.variance or 0, played.threshold_next or 0,
            len(played.left), len(played.clients), played.exchanges,
        )  # fmt: skip
        for client in played.clients:
            if client.problem:
                name = client.name or client.node
                log.warning("FDA round %d: client %s is out: %s", played.number, name, client.problem)
        if self.watcher:
            self.watcher.played(played)
        return replies

    def typed(self, messages: Iterable[Message]) -> list[Message]:
        """The same with arrays of the first order's types: some strategies compute in float64 and leave it at that."""
        messages = list(messages)
        done: dict[int, tuple[RecordDict, RecordDict]] = {}
        for message in messages:  # strategies share one content among them: it is replaced, never changed
            if not self.types and trains(message):
                self.types = types_of(message.content)
            if (whole := id(message.content)) not in done:
                done[whole] = message.content, retyped(message.content, self.types)  # both, or an id comes twice
            message.content = done[whole][1]
        return messages

    def set_run(self, run: Any) -> None:
        """See `Grid`."""
        self.grid.set_run(run)

    @property
    def run(self) -> Any:
        """See `Grid`."""
        return self.grid.run

    def create_message(self, *args: Any, **kwargs: Any) -> Message:
        """See `Grid`."""
        return self.grid.create_message(*args, **kwargs)

    def get_node_ids(self) -> Iterable[int]:
        """See `Grid`."""
        return self.grid.get_node_ids()

    def get_nodes(self) -> Iterable[Any]:
        """See `Grid`."""
        return self.grid.get_nodes()

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """See `Grid`."""
        return self.grid.push_messages(messages)

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """See `Grid`."""
        return self.grid.pull_messages(message_ids)


def trains(message: Message) -> bool:
    """Whether a message asks for training; Flower lets an app name several kinds of it."""
    return message.metadata.message_type.split(".")[0] == MessageType.TRAIN
