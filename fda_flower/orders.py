"""What the server asks of a client within an FDA round, and the states that come back.

An order travels as one more ConfigRecord in Flower's own train message, states as one more ArrayRecord in the reply.
A round of e local epochs is e + 1 exchanges without look-ahead: `train` e times, the model in the first of them alone,
then `upload`; an epoch that ends the round in any case brings the model along.
"""

from dataclasses import asdict, dataclass

from flwr.app import ConfigRecord, RecordDict

ORDER, STATES, REPLY = "fda", "fda-states", "fda-reply"
EPOCH = "fda-epoch"  # in the user's own configuration: which local epoch of the round it is, from 1


@dataclass(frozen=True)
class Order:
    """One order to one client.

    round: a number of its own for each round of a run. epoch: how many local epochs of the round come before this
    order; with `upload` alone, the one whose model is wanted. epochs: how many to train. upload: whether the model
    comes back. states: whether the drift's states do, one an epoch. seed: of the sketch.
    """

    round: int
    epoch: int
    epochs: int
    upload: bool
    states: bool
    seed: int

    def record(self) -> ConfigRecord:
        """As it travels."""
        return ConfigRecord(asdict(self))


def order_of(content: RecordDict) -> Order | None:
    """What a message orders; None for a message of a server that knows nothing of FDA."""
    record = content.get(ORDER)
    return Order(**record) if isinstance(record, ConfigRecord) else None


def without(content: RecordDict, *names: str) -> RecordDict:
    """The same records but these."""
    return RecordDict({name: record for name, record in content.items() if name not in names})
